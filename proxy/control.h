/*
 * control.h - the socket STATE/control.sock, by which `crumbgate choice` reaches a running proxy.
 *
 * A connection carries one request line and gets one answer, then it is closed:
 *
 *	choice set CLIENT SITE refused|accepted	-> "ok"
 *	choice clear CLIENT SITE		-> "ok"
 *	choice list				-> JSON lines, then an empty line
 *	ping					-> "ok"
 *
 * or "error TEXT".  CLIENT is a client's canonical address ("local" for this machine), SITE a
 * registrable domain or "*".  The socket has mode 0600 in a 0700 folder: whoever can open it may
 * read the ledger anyway.  The supervisor answers nothing itself: it puts letters into the
 * recorder's box and gives back what the recorder says.
 */
#ifndef CRUMBGATE_PROXY_CONTROL_H
#define CRUMBGATE_PROXY_CONTROL_H

#include "base/post.h"

struct control;
struct event_base;

/* NULL: said on stderr why.  A socket file that nobody answers on is replaced. */
struct control *control_new(struct event_base *base, struct post *post, const char *state);
/* True when the letter answered one of our questions. */
bool control_letter(struct control *c, const struct letter *letter);
void control_free(struct control *c);

#endif
