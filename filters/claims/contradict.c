#include "filters/claims/contradict.h"

#include "filters/claims/contradict_parts.h"
#include "filters/claims/gpp_us.h"

#include <stdarg.h>
#include <stdio.h>

#define OPTED_OUT 1
#define DID_NOT_OPT_OUT 2

const char *contradiction_word(enum contradiction_kind v)
{
	static const char *const words[] = {
		[CONTRA_TC_GRANTS] = "tc-grants",
		[CONTRA_TC_UNASKED] = "tc-unasked",
		[CONTRA_MODE_GRANTS] = "mode-grants",
		[CONTRA_MODE_UNASKED] = "mode-unasked",
		[CONTRA_AC_GRANTS] = "ac-grants",
		[CONTRA_AC_UNASKED] = "ac-unasked",
		[CONTRA_PERSONALISED] = "personalised",
		[CONTRA_GPC_IGNORED] = "gpc-ignored",
		[CONTRA_CHILD_DENIED] = "child-denied",
		[CONTRA_LI_PROFILING] = "li-profiling",
		[CONTRA_LI_STORAGE] = "li-storage",
		[CONTRA_TC_GLOBAL] = "tc-global",
		[CONTRA_TC_POLICY] = "tc-policy",
		[CONTRA_TC_UNDISCLOSED] = "tc-undisclosed",
		[CONTRA_TC_TIMES] = "tc-times",
		[CONTRA_TC_DIFFER] = "tc-differ",
		[CONTRA_GDPR_WITHOUT_TC] = "gdpr-without-tc",
	};

	return v < CONTRADICTION_KINDS ? words[v] : "?";
}

void contradiction_add(struct contradictions *out, enum contradiction_kind kind, const char *fmt,
		       ...)
{
	struct contradiction *c;
	va_list args;

	for (size_t i = 0; i < out->n; i++)
		if (out->list[i].kind == kind)
			return;
	if (out->n == CONTRADICTIONS_MAX)
		return;
	c = &out->list[out->n++];
	c->kind = kind;
	va_start(args, fmt);
	vsnprintf(c->words, sizeof(c->words), fmt, args);
	va_end(args);
}

enum choice_state choice_of_any(const struct claim_choice *c)
{
	const enum choice_state all[] = { c->functional, c->analytics, c->advertising };
	enum choice_state any = CHOICE_NONE;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] == CHOICE_ACCEPTED)
			return CHOICE_ACCEPTED;
		if (all[i] == CHOICE_REFUSED)
			any = CHOICE_REFUSED;
	}
	return any;
}

/* ---- Google consent mode ---- */

#define TYPE_LIST 96

struct mode {
	const char *parameter;
	bool granted[CONSENT_TYPES];
	bool asked; /* some type was granted by more than the page's default */
};

/* The types that are granted though the person's answer is `state`; false: none. */
static bool types_granted(const struct mode *m, const struct claim_choice *choice,
			  enum choice_state state, char out[TYPE_LIST])
{
	size_t n = 0;

	for (int i = 0; i < CONSENT_TYPES; i++) {
		enum choice_state answer =
			i == ANALYTICS_STORAGE ? choice->analytics : choice->advertising;

		if (m->granted[i] && answer == state)
			n += (size_t)snprintf(out + n, TYPE_LIST - n, "%s%s", n == 0 ? "" : ", ",
					      consent_type_word((enum consent_type)i));
	}
	return n != 0;
}

static void of_mode(const struct mode *m, const struct claim_choice *choice,
		    struct contradictions *out)
{
	const char *how = m->asked ? "" : " by default";
	char list[TYPE_LIST];

	if (types_granted(m, choice, CHOICE_REFUSED, list))
		contradiction_add(out, CONTRA_MODE_GRANTS,
				  "%s claims as granted%s what the person refused: %s",
				  m->parameter, how, list);
	if (types_granted(m, choice, CHOICE_NONE, list))
		contradiction_add(out, CONTRA_MODE_UNASKED,
				  "%s claims as granted%s, and no choice was seen: %s",
				  m->parameter, how, list);
}

void contradictions_of_gcs(const struct gcs *gcs, const struct claim_choice *choice,
			   struct contradictions *out)
{
	struct mode m = { .parameter = "gcs", .asked = true };

	m.granted[AD_STORAGE] = gcs->ad_storage == STATE_GRANTED;
	m.granted[ANALYTICS_STORAGE] = gcs->analytics_storage == STATE_GRANTED;
	of_mode(&m, choice, out);
}

void contradictions_of_gcd(const struct gcd *gcd, const struct claim_choice *choice,
			   struct contradictions *out)
{
	struct mode m = { .parameter = "gcd" };

	for (int i = 0; i < CONSENT_TYPES; i++) {
		char letter = gcd->letters[i];

		m.granted[i] = gcd_state(letter) == STATE_GRANTED;
		m.asked = m.asked || (m.granted[i] && !gcd_by_default_only(letter));
	}
	of_mode(&m, choice, out);
}

/* ---- the others ---- */

void contradictions_of_ac(const struct ac_string *ac, const struct claim_choice *choice,
			  struct contradictions *out)
{
	if (ac->consented.n == 0)
		return;
	if (choice->advertising == CHOICE_REFUSED)
		contradiction_add(out, CONTRA_AC_GRANTS,
				  "the additional consent string claims consent for Google's "
				  "providers, and the person refused advertising");
	else if (choice->advertising == CHOICE_NONE)
		contradiction_add(out, CONTRA_AC_UNASKED,
				  "the additional consent string claims consent for Google's "
				  "providers, and no choice was seen");
}

static void gpc_ignored(const char *who, const char *what, struct contradictions *out)
{
	contradiction_add(out, CONTRA_GPC_IGNORED, "%s says %s, though the browser sent Sec-GPC: 1",
			  who, what);
}

void contradictions_of_usp(const struct usp *usp, const struct claim_choice *choice,
			   struct contradictions *out)
{
	if (choice->gpc && usp->opt_out_sale == 'N')
		gpc_ignored("us_privacy", "that nobody opted out of sale", out);
}

static void of_us_section(const struct gpp_section *s, const struct claim_choice *choice,
			  struct contradictions *out)
{
	struct gpp_us us;
	const char *why;

	if (!choice->gpc || !gpp_us_read(s->id, s->text, &us, &why))
		return;
	if (gpp_us_answer(&us, SLICE("SaleOptOut")) == DID_NOT_OPT_OUT)
		gpc_ignored("GPP", "that nobody opted out of sale", out);
	else if (us.has_gpc && !us.gpc && gpp_us_answer(&us, SLICE("SaleOptOut")) != OPTED_OUT)
		gpc_ignored("GPP", "that there is no such signal", out);
}

void contradictions_of_gpp(const struct gpp *gpp, const struct claim_choice *choice,
			   struct contradictions *out)
{
	for (size_t i = 0; i < gpp->count; i++) {
		const struct gpp_section *s = &gpp->sections[i];
		const char *why;
		struct tcf tc;
		struct usp usp;

		if (s->id == GPP_TCF_EU && tcf_decode_section(s->text, &tc, &why)) {
			contradictions_of_tcf(&tc, choice, out);
			contradictions_in_tcf(&tc, out);
		} else if (s->id == GPP_USP_V1 && usp_decode(s->text, &usp, &why)) {
			contradictions_of_usp(&usp, choice, out);
		} else if (s->known && s->id >= GPP_US_FIRST) {
			of_us_section(s, choice, out);
		}
	}
}

void contradictions_of_switch(enum claim_kind kind, bool on, const struct claim_choice *choice,
			      struct contradictions *out)
{
	if (kind == CLAIM_NPA && !on && choice->advertising == CHOICE_REFUSED)
		contradiction_add(out, CONTRA_PERSONALISED,
				  "npa claims that ads may be personalised, which the person "
				  "refused");
	if (kind == CLAIM_CHILD && !on && choice->minor)
		contradiction_add(out, CONTRA_CHILD_DENIED,
				  "a flag claims that this is no child, and the client is in the "
				  "profile of minors");
}
