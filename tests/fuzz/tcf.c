/*
 * libFuzzer: one TC string.  What was decoded is walked in every way and printed in both forms; a set that
 * names a vendor when asked for it names it when walked.  The text has nothing behind it that may be read.
 */
#include "filters/claims/contradict.h"
#include "filters/claims/print.h"
#include "filters/claims/tcf.h"

#include <stdlib.h>

#define OUT_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct vendor_set *set)
{
	struct vendor_walk w = vendor_walk(set);
	struct vendor_ids ids = { { 0 } };
	uint16_t first, last;
	size_t runs = 0;

	vendor_ids_add(&ids, set);
	while (vendor_next(&w, &first, &last)) {
		if (first == 0 || last < first || last > set->max || ++runs > VENDOR_ID_MAX)
			abort();
		if (runs < 16 && (!vendor_set_has(set, first) || !vendor_set_has(set, last)))
			abort();
		if ((ids.words[first / 64] >> first % 64 & 1) == 0)
			abort();
	}
}

static void show(const struct tcf *tc, bool json)
{
	struct claim_printer p;
	struct buf out;

	buf_init(&out, OUT_MAX);
	p = (struct claim_printer){ .out = &out, .json = json };
	print_open(&p, NULL);
	print_tcf(&p, tc);
	print_close(&p);
	if (p.depth != 0)
		abort();
	buf_release(&out);
}

static void check(const struct tcf *tc)
{
	const struct claim_choice refused = { CHOICE_REFUSED, CHOICE_REFUSED, CHOICE_REFUSED, true,
					      true };
	struct contradictions found = { .n = 0 };
	struct restrictions at = tc->restrictions;
	struct restriction r;

	if (tc->version != 2 || tc->segments == 0)
		abort();
	walk(&tc->vendor_consents);
	walk(&tc->vendor_legitimate_interests);
	walk(&tc->vendors_disclosed);
	walk(&tc->vendors_allowed);
	while (restrictions_next(&at, &r))
		walk(&r.vendors);
	show(tc, true);
	show(tc, false);
	contradictions_of_tcf(tc, &refused, &found);
	contradictions_in_tcf(tc, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	char *text;
	struct tcf tc;

	if (size > 4096)
		return 0;
	text = malloc(size + 1); /* its own, so that reading behind it is seen */
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	if (tcf_decode(slice_of(text, size), &tc, &why))
		check(&tc);
	else if (why == NULL || tc.version != 0)
		abort();
	free(text);
	return 0;
}
