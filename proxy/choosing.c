#include "proxy/choosing.h"

#include "base/diag.h"
#include "base/msg.h"
#include "evidence/recorder.h"
#include "proxy/peers.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#define LETTER_MAX 4096u

bool choosing_is_own(const struct choice *c)
{
	return c->state != CHOICE_NONE &&
	       (c->seen == SEEN_DESK || c->seen == SEEN_CLI || c->seen == SEEN_SESSION);
}

/* ---- the other workers ---- */

static void tell_peers(struct worker *w, const uint8_t id[CLIENT_ID_LEN], struct slice site,
		       const struct choice *now)
{
	struct buf body;

	if (w->setup->workers < 2)
		return;
	buf_init(&body, LETTER_MAX);
	msg_put_bytes(&body, slice_of((const char *)id, CLIENT_ID_LEN));
	msg_put_bytes(&body, site);
	msg_put_bytes(&body, slice_str(choice_word(now->state)));
	msg_put_bytes(&body, slice_str(seen_word(now->seen)));
	msg_put_i64(&body, now->when_ms);
	if (buf_ok(&body))
		peers_tell(w, MSG_CHOSEN, buf_slice(&body));
	buf_release(&body);
}

bool choosing_letter(struct worker *w, struct slice body)
{
	struct slice key, site, state, seen;
	struct choice now = { .state = CHOICE_NONE }, here;
	uint8_t id[CLIENT_ID_LEN];
	struct msg_reader r;

	msg_reader_init(&r, body);
	key = msg_get_bytes(&r);
	site = msg_get_bytes(&r);
	state = msg_get_bytes(&r);
	seen = msg_get_bytes(&r);
	now.when_ms = msg_get_i64(&r);
	if (!msg_end(&r) || key.n != CLIENT_ID_LEN || !choice_of_word(state, &now.state) ||
	    !seen_of_word(seen, &now.seen) || now.state == CHOICE_PUT_BACK ||
	    now.seen != SEEN_BANNER)
		return false;
	memcpy(id, key.p, CLIENT_ID_LEN);
	here = choices_find(w->choices, id, site, now.when_ms);
	/* Who tells it had not heard of the person's own yet; the recorder will say so. */
	if (!choosing_is_own(&here))
		(void)choices_set(w->choices, id, site, &now);
	return true;
}

/* ---- telling ---- */

struct choice choosing_tell(struct worker *w, const struct visitor *v, struct slice site,
			    enum choice_state state, enum choice_seen seen, int64_t wall_ms)
{
	const struct choice now = { state, seen, wall_ms };
	const struct recorder_choice told = {
		.op = state == CHOICE_NONE ? RECORDER_CHOICE_CLEAR : RECORDER_CHOICE_SET,
		.client = slice_str(v->address),
		.site = site,
		.profile = slice_str(profile_word(v->profile)),
		.choice = slice_str(choice_word(state)),
		.seen = slice_str(seen_word(seen)),
		.when = wall_ms,
	};
	struct buf body;

	(void)choices_set(w->choices, v->id, site, &now);
	tell_peers(w, v->id, site, &now);
	buf_init(&body, LETTER_MAX);
	recorder_put_choice(&body, &told);
	/* It is in force all the same; only who asks later will not find it. */
	if (!buf_ok(&body) || !post_send(w->post, POST_RECORDER, MSG_CHOICE, 0, buf_slice(&body)))
		diag_warning("a choice could not be told to the recorder: it will not last");
	buf_release(&body);
	return choices_find(w->choices, v->id, site, wall_ms);
}
