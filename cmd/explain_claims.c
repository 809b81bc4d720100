#include "cmd/explain_claims.h"

#include "cmd/evidence.h"
#include "filters/claims/find.h"
#include "filters/claims/gpp.h"
#include "filters/claims/signals.h"
#include "filters/claims/tcf.h"

static void add_purposes(struct buf *out, const char *what, uint32_t flags)
{
	const char *between = "";

	buf_adds(out, what);
	for (unsigned i = 1; i <= TCF_PURPOSES; i++) {
		if (!flag_has(flags, i))
			continue;
		buf_addf(out, "%s%u (%s)", between, i, tcf_purpose_words(i));
		between = ", ";
	}
	if (*between == '\0')
		buf_adds(out, "none");
}

static void add_tc(struct buf *out, struct slice text)
{
	const char *why = "";
	struct tcf tc;

	if (!tcf_decode(text, &tc, &why))
		return;
	add_purposes(out, "consent for purposes: ", tc.purpose_consents);
	add_purposes(out, "; legitimate interest for: ", tc.purpose_legitimate_interests);
}

static void add_gpp(struct buf *out, struct slice text)
{
	const char *why = "";
	struct gpp gpp;

	if (!gpp_decode(text, &gpp, &why))
		return;
	buf_adds(out, "sections:");
	for (size_t i = 0; i < gpp.count; i++) {
		buf_addf(out, " %u ", (unsigned)gpp.sections[i].id);
		buf_add(out, gpp_section_name(gpp.sections[i].id));
	}
}

static const char *state_words(enum consent_state s)
{
	static const char *const words[] = {
		[STATE_NOT_SET] = "not set", [STATE_DENIED] = "denied", [STATE_GRANTED] = "granted"
	};

	return words[s];
}

static void add_gcs(struct buf *out, struct slice text)
{
	const char *why = "";
	struct gcs gcs;

	if (gcs_decode(text, &gcs, &why))
		buf_addf(out, "ad_storage %s, analytics_storage %s", state_words(gcs.ad_storage),
			 state_words(gcs.analytics_storage));
}

static void add_gcd(struct buf *out, struct slice text)
{
	const char *why = "";
	struct gcd gcd;

	if (!gcd_decode(text, &gcd, &why))
		return;
	for (unsigned i = 0; i < CONSENT_TYPES; i++)
		buf_addf(out, "%s%s %s", i != 0 ? ", " : "",
			 consent_type_word((enum consent_type)i), gcd_words(gcd.letters[i]));
}

static void add_usp(struct buf *out, struct slice text)
{
	const char *why = "";
	struct usp usp;

	if (usp_decode(text, &usp, &why))
		buf_addf(out, "notice given: %c, opted out of the sale: %c, under the LSPA: %c",
			 usp.notice, usp.opt_out_sale, usp.lspa_covered);
}

static void add_ac(struct buf *out, struct slice text)
{
	const char *why = "";
	struct ac_string ac;
	uint32_t id;
	unsigned n = 0;

	if (!ac_decode(text, &ac, &why))
		return;
	while (ac_next(&ac.consented, &id))
		n++;
	buf_addf(out, "consent for %u providers outside the framework", n);
}

static void add_switch(struct buf *out, const char *what, struct slice text)
{
	const char *why = "";
	bool on;

	if (switch_decode(text, &on, &why))
		buf_addf(out, "%s: %s", what, on ? "yes" : "no");
}

static void add_words(struct buf *out, const struct claim *c)
{
	switch (c->kind) {
	case CLAIM_TC:
		add_tc(out, c->value);
		break;
	case CLAIM_GPP:
		add_gpp(out, c->value);
		break;
	case CLAIM_AC:
		add_ac(out, c->value);
		break;
	case CLAIM_US_PRIVACY:
		add_usp(out, c->value);
		break;
	case CLAIM_GCS:
		add_gcs(out, c->value);
		break;
	case CLAIM_GCD:
		add_gcd(out, c->value);
		break;
	case CLAIM_GDPR:
		add_switch(out, "the GDPR applies", c->value);
		break;
	case CLAIM_NPA:
		add_switch(out, "no personalised ads", c->value);
		break;
	case CLAIM_CHILD:
		add_switch(out, "to be treated as a child", c->value);
		break;
	case CLAIM_RESTRICTED:
		add_switch(out, "restricted data processing", c->value);
		break;
	case CLAIM_LIMITED:
		add_switch(out, "limited ads", c->value);
		break;
	case CLAIM_GPP_SID:
	case CLAIM_GPC:
	case CLAIM_KINDS:
		break;
	}
}

static void put_claim(struct explain_out *o, const struct claim *c)
{
	struct buf words;

	buf_init(&words, 4096);
	if (c->refused != NULL)
		buf_addf(&words, "malformed, so it gives no consent: %s", c->refused);
	else
		add_words(&words, c);
	if (buf_slice(&words).n == 0)
		buf_adds(&words, "well-formed");
	out_item(o);
	(void)out_line(o);
	out_str(o, "kind", claim_kind_word(c->kind));
	out_bytes(o, "name", c->name);
	out_bool(o, "well_formed", c->refused == NULL);
	out_bytes(o, "says", buf_slice(&words));
	if (!o->json) {
		put_plain(&o->text, c->name);
		buf_addf(&o->text, " (%s): ", claim_kind_word(c->kind));
		put_plain(&o->text, buf_slice(&words));
	}
	out_line_close(o);
	out_item_close(o);
	buf_release(&words);
}

void explain_put_claims(struct explain_out *o, struct slice target)
{
	struct claim_request r = { .body_type = CLAIM_BODY_NONE };
	struct claims claims;

	r.query = slice_cut(target, '?', &r.path);
	if (r.query.p == NULL)
		r.query = slice_of("", 0);
	claims_find(&r, &claims);
	if (claims.n == 0)
		return;
	out_list(o, "claims");
	for (size_t i = 0; i < claims.n; i++)
		put_claim(o, &claims.list[i]);
	out_list_close(o);
	if (claims.more)
		out_str(o, "more_claims", "there are more than are read");
}
