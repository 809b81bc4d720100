/*
 * One frame being written, for all sessions.
 *
 * Each nghttp2 session takes a buffer of a frame's size, 16 KiB, when it is made, and holds it for
 * life: two thirds of what an idle connection would cost.  What is in it matters from the packing
 * of a frame until on_send() or on_send_data() took it, and h2_send() never leaves nghttp2 between
 * the two: both always take all, and nothing that they call sends for another session.  So the
 * sessions share one.
 *
 * _Thread_local: a session is used by the thread that made it, or h2_send() alone would break the
 * rule.
 */
#include "proxy/http/h2_parts.h"

#include <stdlib.h>

#define FRAME 16384
#define SCRATCH (FRAME + 64)

static _Thread_local char scratch[SCRATCH];

static void *scratch_malloc(size_t n, void *s)
{
	(void)s;
	return malloc(n);
}

static void *scratch_calloc(size_t n, size_t size, void *s)
{
	(void)s;
	return calloc(n, size);
}

static void scratch_free(void *p, void *s)
{
	(void)s;
	if (p != scratch)
		free(p);
}

/*
 * nghttp2's way to get a buffer.  More of them, for longer heads, are the session's own and go when
 * they are sent.
 */
static void *scratch_realloc(void *p, size_t n, void *arg)
{
	struct h2_session *s = arg;
	void *moved;

	if (p == NULL && s->beginning && n >= FRAME && n <= SCRATCH) {
		s->beginning = false;
		return scratch;
	}
	if (p != scratch)
		return realloc(p, n);
	moved = malloc(n);
	if (moved != NULL)
		memcpy(moved, p, n < SCRATCH ? n : SCRATCH);
	return moved;
}

nghttp2_mem h2_scratch(struct h2_session *s)
{
	return (nghttp2_mem){
		.mem_user_data = s,
		.malloc = scratch_malloc,
		.free = scratch_free,
		.calloc = scratch_calloc,
		.realloc = scratch_realloc,
	};
}
