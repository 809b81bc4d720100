#include "filters/banners/change.h"

/* The memory: was it looked at, the state, what is granted, and did an act bring it about. */
#define LOOKED 1u
#define STATE_SHIFT 1
#define GRANTED_SHIFT 4
#define ACTED 128u
/* The server wrote a record of its own since a person could have: what comes back is no act. */
#define SERVED 256u

static const char *const change_words[] = { "same", "before", "act", "lapsed", "unasked" };

const char *banner_change_word(enum banner_change change)
{
	return change <= BANNER_UNASKED ? change_words[change] : "?";
}

static uint32_t pack(const struct banner_reading *now, bool acted)
{
	return LOOKED | (uint32_t)now->state << STATE_SHIFT |
	       (now->granted & BANNER_ALL) << GRANTED_SHIFT | (acted ? ACTED : 0);
}

static enum banner_state state_of(uint32_t memory)
{
	return (enum banner_state)(memory >> STATE_SHIFT & 7u);
}

static unsigned granted_of(uint32_t memory)
{
	return memory >> GRANTED_SHIFT & BANNER_ALL;
}

static bool by_hand(const struct banner_moment *m)
{
	return m->since_document_ms >= BANNER_HAND_MS;
}

/* A choice that was not there, or more consent than there was. */
static enum banner_change judge_new(uint32_t before, const struct banner_moment *m)
{
	if (m->prefetch)
		return BANNER_BEFORE;
	if (m->by == BANNER_IN_SET_COOKIE) {
		if ((m->posts || !m->document) && by_hand(m))
			return BANNER_ACT;
		return BANNER_UNASKED;
	}
	if ((before & LOOKED) == 0 || (before & SERVED) != 0 || m->since_document_ms < 0)
		return BANNER_BEFORE;
	return by_hand(m) ? BANNER_ACT : BANNER_UNASKED;
}

static enum banner_change judge_report(uint32_t before, const struct banner_reading *now,
				       const struct banner_moment *m, uint32_t *after)
{
	if (!banner_explicit(now->state))
		return BANNER_SAME;
	if ((now->granted & ~granted_of(before)) != 0 && !by_hand(m)) {
		*after = pack(now, false);
		return BANNER_UNASKED;
	}
	*after = pack(now, true);
	return before == *after ? BANNER_SAME : BANNER_ACT;
}

static bool grants_less(uint32_t before, const struct banner_reading *now)
{
	return granted_of(before) != 0 && (now->granted & ~granted_of(before)) == 0;
}

enum banner_change banner_change(uint32_t before, const struct banner_reading *now,
				 const struct banner_moment *m, uint32_t *after)
{
	enum banner_change change;

	*after = before;
	if (m->by == BANNER_IN_REPORT)
		return judge_report(before, now, m, after);
	if (now->state == BANNER_NONE) {
		/* That a cookie is missing says something only while none has been seen. */
		if (before == 0 && m->by == BANNER_IN_REQUEST && m->whole)
			*after = pack(now, false);
		return BANNER_SAME;
	}
	if ((before & LOOKED) != 0 && state_of(before) == now->state &&
	    granted_of(before) == now->granted)
		return BANNER_SAME;
	if (!banner_explicit(now->state)) {
		*after = pack(now, false) | (before & SERVED);
		return granted_of(before) != 0 ? BANNER_LAPSED : BANNER_SAME;
	}
	change = grants_less(before, now) ? BANNER_ACT : judge_new(before, m);
	*after = pack(now, change == BANNER_ACT);
	/* A refusal that nobody's act produced takes nothing from anybody. */
	if (change == BANNER_UNASKED && now->state == BANNER_REFUSE)
		return BANNER_SAME;
	return change;
}

uint32_t banner_served(uint32_t memory)
{
	return memory | SERVED;
}
