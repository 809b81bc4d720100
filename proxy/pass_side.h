/*
 * pass_side.h - the passes (passes.h) of a worker: what they come to outside.
 *
 *   - What one worker learns goes to the others as MSG_PASS; the body is passes.h's letter.  So
 *     does what a worker that retires hands over.
 *   - The beginning of a pass is a `pass` entry of its own, why "refused-by-client: ..." or
 *     "challenge: ...", and so is its end, why "ended: ...".  Each tunnel under it has another,
 *     as tunnels have (tunnel.h).
 *   - The operator gets a line when one begins and when it ends.
 *   - When one begins, the visitor's intercepted connections to the host end after what they
 *     have in work; when one ends, so do its tunnels.
 */
#ifndef CRUMBGATE_PROXY_PASS_SIDE_H
#define CRUMBGATE_PROXY_PASS_SIDE_H

#include "proxy/passes.h"

struct stream;
struct worker;

/* After the post, the tap and the visitors; passes_free() ends it.  NULL: no memory. */
struct passes *pass_side_new(struct worker *w);

/*
 * The client's connection is over, by whomever: pass_try_over() with what its stream tells.  To be
 * called before the stream is closed; `s` runs TLS as a server.
 */
void pass_side_over(struct worker *w, struct pass_try *t, struct visitor *v, struct slice host,
		    const struct stream *s);

#endif
