#include "proxy/inner.h"

#include "proxy/client.h"
#include "proxy/worker.h"

struct stream *inner_open(struct worker *w, const struct address *peer, const struct address *local,
			  stream_cb *cb, void *arg)
{
	struct stream *ends[2];

	if (!stream_pair(w->loop, local, ends))
		return NULL;
	stream_set_cb(ends[0], cb, arg);
	client_take(w, ends[1], peer);
	return ends[0];
}
