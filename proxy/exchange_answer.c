/* The second half of an exchange: what the origin answers, brought to the browser. */
#include "base/config.h"
#include "proxy/banner_side.h"
#include "proxy/challenges.h"
#include "proxy/exchange_parts.h"
#include "proxy/heal.h"
#include "proxy/http/h2_session.h"
#include "proxy/passes.h"
#include "proxy/tap.h"
#include "proxy/worker.h"

static void cut(struct exchange *x)
{
	exchange_go(x, EXCHANGE_OVER);
	x->down->ops->cut(x->down);
}

static void on_interim(void *arg, unsigned status, struct fields *f)
{
	struct exchange *x = arg;

	/* A cookie of an interim answer would have been judged by nobody. */
	fields_remove_all(f, FIELD_SET_COOKIE);
	x->down->ops->interim(x->down, status, f);
}

/*
 * A frame of a third party may look like a page of its own as long as the page around it is not
 * known: what is only likely is not enough to stop reading a host.
 */
static bool is_surely_first(const struct site_verdict *v)
{
	return v->party == PARTY_FIRST &&
	       (v->confidence == CONFIDENCE_HIGH || v->by == BY_NAVIGATION);
}

/*
 * Is a robot thought to be calling, and we be it?  Then the next connection is the browser's own.
 */
static void mind_challenge(struct exchange *x, unsigned status, const struct fields *f)
{
	const char *by = x->scene.secure ? challenge_of(status, f) : NULL;

	if (by != NULL)
		passes_challenged(x->w->passes, x->scene.visitor, slice_str(x->target.identity), by,
				  is_surely_first(&x->scene.site));
}

/* Nothing of the answer went on yet. */
static void refuse_answer(struct exchange *x)
{
	tap_send(x->w->tap);
	x->up->ops->drop(x->up);
	x->up = NULL;
	exchange_block(x);
}

static void on_head(void *arg, const struct upstream_head *h)
{
	struct exchange *x = arg;
	struct answer_head head = {
		.status = h->status, .reason = h->reason, .fields = h->fields, .framing = h->framing
	};
	struct slice path = slice_of(x->head.mem + x->path_at, x->path_n);

	exchange_hear_choice(x);
	blocking_begin_answer(x->w, &x->scene, h->fields);
	if (blocking_refuses_answer(x->w, &x->scene, h->fields, &x->blocked)) {
		refuse_answer(x);
		return;
	}
	banner_answer(x->w, &x->scene, h->fields);
	cookies_of_answer(x->w, &x->scene, h->status, h->fields);
	banner_write_refusal(x->w, &x->scene, h->fields);
	cookies_expire(x->w, &x->scene, path, h->fields, &x->expiries);
	heal_redirect(x->w, &x->scene, h->status, path, fields_value(h->fields, FIELD_LOCATION));
	mind_challenge(x, h->status, h->fields);
	amend_answer(x->amend, x->w, &x->scene, h->fields);
	tap_send(x->w->tap);
	if (x->w->config->via)
		fields_add(h->fields, SLICE("Via"),
			   x->up == &x->as.h2.up ? SLICE("2 crumbgate") : SLICE("1.1 crumbgate"));
	if (h->framing.kind == FRAMING_TUNNEL)
		head.upgrade = buf_slice(&x->upgrade);
	if (h->websockets && x->down->ops->websockets != NULL)
		x->down->ops->websockets(x->down);
	exchange_go(x, EXCHANGE_ANSWERED);
	if (!x->down->ops->head(x->down, &head)) {
		x->up->ops->drop(x->up);
		x->up = NULL;
		cut(x);
		return;
	}
	buf_release(&x->head);
	buf_release(&x->body);
}

static void on_body(void *arg, const struct slice *spans, size_t n, uint64_t total)
{
	struct exchange *x = arg;

	x->down->ops->body(x->down, spans, n, total);
	if (x->up != NULL && x->down->ops->is_full(x->down))
		x->up->ops->pause(x->up);
}

static void on_end(void *arg, const struct fields *trailers)
{
	struct exchange *x = arg;

	x->up = NULL;
	exchange_go(x, EXCHANGE_OVER);
	x->down->ops->end(x->down, trailers);
}

static void on_room(void *arg)
{
	struct exchange *x = arg;

	if (!x->body_ended)
		x->down->ops->want_body(x->down);
}

static void on_tunnel(void *arg, struct stream *s)
{
	struct exchange *x = arg;

	x->up = NULL;
	exchange_go(x, EXCHANGE_OVER);
	x->down->ops->tunnel(x->down, s);
}

static void on_failed(void *arg, const struct origin_failure *why, bool unprocessed)
{
	struct exchange *x = arg;
	bool heard = x->up->heard;

	if (x->up == &x->as.h2.up && x->as.h2.error == H2_HTTP_1_1_REQUIRED &&
	    x->method != METHOD_CONNECT) {
		/*
		 * Section 7 of RFC 9113: the origin wants this very request another way.  An
		 * extended CONNECT has no other.
		 */
		x->reach.protocol = REACH_H1_ONLY;
		unprocessed = true;
	}
	x->up = NULL;
	/* Who waited so long is not made to wait as long again. */
	if (why->fault != FAULT_TIMEOUT && exchange_ask_again(x, heard, unprocessed))
		return;
	if (x->state == EXCHANGE_ANSWERED)
		cut(x);
	else
		exchange_refuse(x, why);
}

const struct upstream_events exchange_answer = {
	.interim = on_interim,
	.head = on_head,
	.body = on_body,
	.end = on_end,
	.room = on_room,
	.tunnel = on_tunnel,
	.failed = on_failed,
};
