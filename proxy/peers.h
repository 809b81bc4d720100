/*
 * peers.h - what one worker learns that the others of its generation must know.
 *
 * A page or frame that a visitor loaded (MSG_PAGE: bytes address, then filters/pages.h's event).  The
 * letter is put before the answer's bytes go out, and boxes are read before sockets, so whatever
 * the browser asks next is judged with it, at whichever worker it arrives.
 */
#ifndef CRUMBGATE_PROXY_PEERS_H
#define CRUMBGATE_PROXY_PEERS_H

#include "filters/pages.h"
#include "base/post.h"

struct visitor;
struct worker;

void peers_tell_page(struct worker *w, const struct visitor *v, const struct page_event *e);
/* False: malformed. */
bool peers_letter(struct worker *w, const struct letter *letter);

#endif
