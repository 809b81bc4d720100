/*
 * desk_side.h - the desk's pages (proxy/desk, pure) brought to a client's connection.
 *
 * Questions to the recorder carry an id of this worker; a request whose client went away
 * meanwhile is forgotten, and one that gets no answer in DESK_PATIENCE_MS is told so.
 */
#ifndef CRUMBGATE_PROXY_DESK_SIDE_H
#define CRUMBGATE_PROXY_DESK_SIDE_H

#include "base/post.h"

#define DESK_PATIENCE_MS 5000

struct desk_side;
struct downstream;
struct request_head;
struct slice;
struct worker;

struct desk_side *desk_side_new(struct worker *w);
void desk_side_free(struct desk_side *d);
/*
 * A request for crumbgate.internal, or (direct) for the proxy itself; it is answered some time
 * after desk_body_end() by d->ops->own().  desk_drop(): the client went away; nothing when there is
 * no desk work.
 */
void desk_request(struct downstream *d, const struct request_head *r, bool direct);
void desk_body(struct downstream *d, const struct slice *spans, size_t n);
void desk_body_end(struct downstream *d);
void desk_drop(struct downstream *d);
/* MSG_ANSWER and MSG_ACK. */
void desk_side_letter(struct desk_side *d, const struct letter *letter);

#endif
