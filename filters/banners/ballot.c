#include "filters/banners/ballot.h"

#include <stdio.h>

static const char *const state_words[] = { "none",   "undecided", "unreadable", "implied",
					   "refuse", "partial",	  "accept" };

const char *banner_state_word(enum banner_state state)
{
	return state <= BANNER_ACCEPT ? state_words[state] : "?";
}

bool banner_state_of_word(struct slice word, enum banner_state *out)
{
	for (unsigned i = 0; i <= BANNER_ACCEPT; i++) {
		if (slice_eq(word, slice_str(state_words[i]))) {
			*out = (enum banner_state)i;
			return true;
		}
	}
	return false;
}

static unsigned purpose_bit(enum banner_meaning meaning)
{
	switch (meaning) {
	case MEANS_FUNCTIONAL:
		return BANNER_FUNCTIONAL;
	case MEANS_ANALYTICS:
		return BANNER_ANALYTICS;
	case MEANS_ADVERTISING:
		return BANNER_ADVERTISING;
	default:
		return 0;
	}
}

void ballot_vote(struct ballot *b, enum banner_meaning meaning, enum banner_vote vote)
{
	unsigned bit = purpose_bit(meaning);

	if (vote == VOTE_NONE || (bit == 0 && meaning != MEANS_UNKNOWN))
		return;
	b->asked |= bit;
	if (vote == VOTE_YES) {
		b->yes++;
		b->yes_mask |= bit;
		return;
	}
	b->no_mask |= bit;
	if (vote == VOTE_NO)
		b->no++;
	else
		b->open++;
}

/* The word that grants less wins where a product says two. */
static void hint(struct ballot *b, enum banner_state state)
{
	if (b->hint == BANNER_NONE || state < b->hint)
		b->hint = state;
}

void ballot_mean(struct ballot *b, enum banner_meaning meaning)
{
	switch (meaning) {
	case MEANS_ACCEPT:
		hint(b, BANNER_ACCEPT);
		break;
	case MEANS_REFUSE:
		hint(b, BANNER_REFUSE);
		break;
	case MEANS_PARTIAL:
		hint(b, BANNER_PARTIAL);
		break;
	case MEANS_IMPLIED:
		b->implied = true;
		break;
	case MEANS_UNDECIDED:
		b->undecided = true;
		break;
	case MEANS_UNREADABLE:
		b->unreadable = true;
		break;
	case MEANS_OPEN:
		b->gate_open = true;
		break;
	default:
		break;
	}
}

void ballot_time(struct ballot *b, int64_t seconds)
{
	if (seconds > b->answered_s)
		b->answered_s = seconds;
}

void ballot_tc(struct ballot *b, const struct tcf *tc)
{
	/* Of two strings the one that grants less counts. */
	if (b->has_tc)
		b->tc_consent &= tc->purpose_consents;
	else
		b->tc_consent = tc->purpose_consents;
	b->has_tc = true;
	ballot_time(b, (int64_t)(tc->last_updated_ds / 10));
	b->legitimate = b->legitimate || tc->purpose_legitimate_interests != 0;
}

static bool has_own_record(const struct ballot *b)
{
	return b->yes != 0 || b->no != 0 || b->open != 0 || b->hint != BANNER_NONE;
}

/* Nothing is stored without purpose 1, so no purpose of ours is granted without it. */
static unsigned tc_purposes(uint32_t consent)
{
	unsigned mask = 0;

	if (!flag_has(consent, 1))
		return 0;
	if (flag_has(consent, 5) && flag_has(consent, 6))
		mask |= BANNER_FUNCTIONAL;
	if (flag_has(consent, 8) && flag_has(consent, 9))
		mask |= BANNER_ANALYTICS;
	if (flag_has(consent, 3) && flag_has(consent, 4))
		mask |= BANNER_ADVERTISING;
	return mask;
}

/* All ten of TCF 2.0 and later; the eleventh came with 2.2. */
#define TC_ALL_PURPOSES UINT32_C(0x3ff)

static void count_tc(struct ballot *b)
{
	bool some = b->tc_consent != 0 || (b->has_ac && b->ac_some);

	b->asked = BANNER_ALL;
	if (!some) {
		b->no++;
		b->no_mask = BANNER_ALL;
	} else if ((b->tc_consent & TC_ALL_PURPOSES) == TC_ALL_PURPOSES) {
		b->yes++;
		b->yes_mask = BANNER_ALL;
	} else {
		b->yes++;
		b->no++;
		b->yes_mask = tc_purposes(b->tc_consent);
	}
}

static void merge_tc(struct ballot *b)
{
	if (!b->has_tc && b->list != VOTE_NONE) {
		ballot_vote(b, MEANS_UNKNOWN, b->list);
		b->incomplete = true;
	}
	if (!has_own_record(b)) {
		if (b->has_tc)
			count_tc(b);
		b->unreadable = b->unreadable || b->tc_unreadable;
		return;
	}
	if (b->has_tc && b->tc_consent == 0 && (b->yes != 0 || b->hint > BANNER_REFUSE)) {
		b->no++;
		b->no_mask = BANNER_ALL;
	}
}

static enum banner_state count(const struct ballot *b)
{
	if (b->hint == BANNER_REFUSE || (b->yes == 0 && b->no == 0 && b->open == 0))
		return b->hint;
	if (b->yes == 0 && b->open != 0)
		return BANNER_UNDECIDED;
	if (b->yes == 0)
		return b->hint > BANNER_REFUSE ? BANNER_PARTIAL : BANNER_REFUSE;
	if (b->no != 0 || b->open != 0 || b->hint == BANNER_PARTIAL)
		return BANNER_PARTIAL;
	if (b->incomplete && b->yes_mask != BANNER_ALL)
		return BANNER_PARTIAL;
	return BANNER_ACCEPT;
}

static enum banner_state conclude(const struct ballot *b, bool report)
{
	enum banner_state state = count(b);

	if (b->undecided)
		return BANNER_UNDECIDED;
	if (b->unreadable && state != BANNER_REFUSE)
		return BANNER_UNREADABLE;
	if (!banner_explicit(state))
		return BANNER_UNDECIDED;
	if (b->implied || (!report && b->row != NULL && b->row->gated && !b->gate_open))
		return BANNER_IMPLIED;
	if (b->implied_yes && state != BANNER_REFUSE)
		return BANNER_IMPLIED;
	return state;
}

static void say_why(const struct ballot *b, struct banner_reading *r)
{
	int n = (int)(r->product.n < 40 ? r->product.n : 40);
	unsigned all = b->yes + b->no + b->open;
	const char *what = NULL;

	if (r->state == BANNER_UNDECIDED)
		what = "nobody has answered yet";
	else if (r->state == BANNER_UNREADABLE)
		what = "not in a form that is known";
	else if (all == 0)
		what = r->state == BANNER_IMPLIED ? "set, but by no act of a person"
						  : "said in one word";
	if (what != NULL)
		snprintf(r->why, sizeof(r->why), "%.*s: %s", n, r->product.p, what);
	else
		snprintf(r->why, sizeof(r->why), "%.*s: %u of %u yes%s", n, r->product.p, b->yes,
			 all, r->state == BANNER_IMPLIED ? ", but by no act of a person" : "");
}

void ballot_close(struct ballot *b, bool report, struct banner_reading *out)
{
	unsigned sure;

	*out = (struct banner_reading){ .state = BANNER_NONE };
	if (b->row == NULL)
		return;
	merge_tc(b);
	sure = b->yes_mask & ~b->no_mask;
	out->state = conclude(b, report);
	out->product = b->row->product;
	out->line = b->row->line;
	if (count(b) != BANNER_REFUSE)
		out->claimed = count(b) == BANNER_ACCEPT ? BANNER_ALL : sure;
	if (out->state == BANNER_ACCEPT)
		out->granted = BANNER_ALL;
	else if (out->state == BANNER_PARTIAL)
		out->granted = sure;
	out->asked = b->asked;
	out->legitimate = b->legitimate;
	out->answered_s = b->answered_s;
	out->privacy_signal = b->privacy_signal;
	say_why(b, out);
}
