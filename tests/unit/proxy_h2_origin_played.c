#include "tests/unit/proxy_h2_origin_played.h"

#include "proxy/pool.h"
#include "proxy/visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

unsigned unshared;

void pool_unshare(struct pool *p, struct h2_origin *h)
{
	(void)p;
	assert_non_null(h);
	unshared++;
}

void visitor_hold(struct visitors *all, struct visitor *v)
{
	(void)all;
	v->holds++;
}

void visitor_let_go(struct visitors *all, struct visitor *v)
{
	(void)all;
	v->holds--;
}

void origin_own(struct origin *o, origin_cb *cb, void *arg)
{
	o->cb = cb;
	o->arg = arg;
}

const struct origin_target *origin_target(const struct origin *o)
{
	return &o->target;
}

const char *origin_site(const struct origin *o)
{
	(void)o;
	return "site.example";
}

struct stream *origin_stream(struct origin *o)
{
	return o->stream;
}

const struct origin_failure *origin_failure(const struct origin *o)
{
	return o->failed ? &o->failure : NULL;
}

void origin_close(struct origin *o, enum stream_how how)
{
	assert_int_equal(o->closed++, 0);
	stream_close(o->stream, how);
	o->stream = NULL;
}

void tell_origin(struct origin *o, enum origin_event event)
{
	if (o->closed == 0)
		o->cb(o, event, o->arg);
}

void on_origin_stream(struct stream *s, enum stream_event event, void *arg)
{
	struct origin *o = arg;

	(void)s;
	switch (event) {
	case STREAM_READ:
		tell_origin(o, ORIGIN_BYTES);
		break;
	case STREAM_DRAINED:
		tell_origin(o, ORIGIN_ROOM);
		break;
	case STREAM_EOF:
		tell_origin(o, ORIGIN_ENDED);
		break;
	case STREAM_ERROR:
		o->failed = true;
		o->failure.fault = FAULT_BROKEN;
		snprintf(o->failure.text, sizeof(o->failure.text), "it broke");
		tell_origin(o, ORIGIN_FAILED);
		break;
	default:
		break;
	}
}
