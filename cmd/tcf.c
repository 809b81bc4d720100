#include "cmd/claim.h"

#include "filters/claims/contradict.h"

/*
 * The signals beside a TC string are told by their forms, of which each begins in its own way: "2~1.35",
 * "G111", "11p1p1p1p5", "1YNN".
 */
static bool is_ac(struct slice s)
{
	return slice_starts(s, SLICE("1~")) || slice_starts(s, SLICE("2~"));
}

static bool is_gcs(struct slice s)
{
	return s.n == 4 && slice_starts(s, SLICE("G1"));
}

static bool is_gcd(struct slice s)
{
	return s.n > 4 && s.p[0] == '1' && ascii_digit(s.p[1]);
}

static bool is_usp(struct slice s)
{
	return s.n == 4 && s.p[0] == '1';
}

/* For whoever reads the table: what the string has against the framework's own rules. */
static void remarks(struct claim_printer *p, const struct tcf *tc)
{
	struct contradictions found = { .n = 0 };

	contradictions_in_tcf(tc, &found);
	for (size_t i = 0; !p->json && i < found.n; i++)
		buf_addf(p->out, "note: %s\n", found.list[i].words);
}

static bool show(struct claim_printer *p, struct slice text, const char **why)
{
	struct ac_string ac;
	struct gcs gcs;
	struct gcd gcd;
	struct usp usp;
	struct tcf tc;
	bool good;

	if (is_ac(text)) {
		if ((good = ac_decode(text, &ac, why)))
			print_ac(p, &ac);
	} else if (is_gcs(text)) {
		if ((good = gcs_decode(text, &gcs, why)))
			print_gcs(p, &gcs);
	} else if (is_gcd(text)) {
		if ((good = gcd_decode(text, &gcd, why)))
			print_gcd(p, &gcd);
	} else if (is_usp(text)) {
		if ((good = usp_decode(text, &usp, why)))
			print_usp(p, &usp);
	} else if ((good = tcf_decode(text, &tc, why))) {
		print_tcf(p, &tc);
		remarks(p, &tc);
	}
	return good;
}

int cmd_tcf(int argc, char **argv)
{
	return claim_command(argc, argv, show);
}
