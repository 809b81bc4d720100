#include "proxy/choosing.h"

#include "base/diag.h"
#include "evidence/recorder.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#define LETTER_MAX 4096u

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
	buf_init(&body, LETTER_MAX);
	recorder_put_choice(&body, &told);
	/* It is in force all the same; only who asks later will not find it. */
	if (!buf_ok(&body) || !post_send(w->post, POST_RECORDER, MSG_CHOICE, 0, buf_slice(&body)))
		diag_warning("a choice could not be told to the recorder: it will not last");
	buf_release(&body);
	return choices_find(w->choices, v->id, site, wall_ms);
}
