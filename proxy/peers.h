/*
 * peers.h - what one worker learns that the others of its generation must know.
 *
 * A page or frame that a visitor loaded (MSG_PAGE: bytes address, then filters/pages.h's event).
 * The letter is put before the answer's bytes go out, and boxes are read before sockets, so
 * whatever the browser asks next is judged with it, at whichever worker it arrives.
 *
 * What passes unread (MSG_PASS: the body is passes.h's letter) goes the same way.
 */
#ifndef CRUMBGATE_PROXY_PEERS_H
#define CRUMBGATE_PROXY_PEERS_H

#include "filters/pages.h"
#include "base/post.h"

struct visitor;
struct worker;

/* The worker's number in its generation; the first is 0. */
unsigned peers_self(const struct worker *w);
/* A letter to every other worker. */
void peers_tell(struct worker *w, enum msg_type type, struct slice body);
/*
 * To the generation that takes this one's place, once it serves: to the worker with this one's
 * number, or to all.  False: a letter cannot be put.
 */
bool peers_hand(struct worker *w, enum msg_type type, struct slice body, bool all);
void peers_tell_page(struct worker *w, const struct visitor *v, const struct page_event *e);
/* MSG_PAGE.  False: malformed. */
bool peers_letter(struct worker *w, const struct letter *letter);

#endif
