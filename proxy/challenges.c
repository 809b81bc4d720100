#include "proxy/challenges.h"

#define STATUSES_MAX 4

/* Values are compared without case. */
static const struct marker {
	const char *by, *field;
	const char *values[4];		 /* none: any */
	uint16_t statuses[STATUSES_MAX]; /* none: any */
} markers[] = {
	/*
	 * Cloudflare's documentation, "Detect a Challenge Page response": the field is there with
	 * every kind of challenge page, "challenge" is its only value.
	 */
	{ "cloudflare", "cf-mitigated", { "challenge" }, { 0 } },
	/* AWS WAF's developer guide, "CAPTCHA and Challenge action behavior". */
	{ "aws-waf", "x-amzn-waf-action", { "challenge" }, { 202 } },
	{ "aws-waf", "x-amzn-waf-action", { "captcha" }, { 405 } },
	/* Observed: Vercel's attack challenge mode; "deny" is a refusal and no question. */
	{ "vercel", "x-vercel-mitigated", { "challenge" }, { 403, 429 } },
	/*
	 * Observed: DataDome's kind of challenge.  Its "x-datadome: protected" stands in every
	 * answer and says nothing.
	 */
	{ "datadome", "x-dd-b", { "1", "2", "3" }, { 401, 403 } },
	/* Observed: Kasada's token comes with the answer that asks for a proof of work. */
	{ "kasada", "x-kpsdk-ct", { NULL }, { 429 } },
};

static bool status_fits(const struct marker *m, unsigned status)
{
	for (size_t i = 0; i < STATUSES_MAX && m->statuses[i] != 0; i++)
		if (m->statuses[i] == status)
			return true;
	return m->statuses[0] == 0;
}

static bool value_fits(const struct marker *m, struct slice value)
{
	for (size_t i = 0; i < sizeof(m->values) / sizeof(m->values[0]) && m->values[i] != NULL;
	     i++)
		if (slice_ieq(value, slice_str(m->values[i])))
			return true;
	return m->values[0] == NULL;
}

const char *challenge_of(unsigned status, const struct fields *f)
{
	/* Nearly all answers: a challenge is never a plain success, a redirection or a 304. */
	if (status != 202 && status < 400)
		return NULL;
	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
		const struct marker *m = &markers[i];
		const struct field *found;

		if (!status_fits(m, status))
			continue;
		found = fields_find_name(f, slice_str(m->field));
		if (found != NULL && value_fits(m, found->value))
			return m->by;
	}
	return NULL;
}
