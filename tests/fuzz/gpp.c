/* libFuzzer: one GPP string, and what was decoded printed in both forms. */
#include "filters/claims/contradict.h"
#include "filters/claims/gpp.h"
#include "filters/claims/print.h"

#include <stdlib.h>

#define OUT_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct gpp *gpp, bool json)
{
	struct claim_printer p;
	struct buf out;

	buf_init(&out, OUT_MAX);
	p = (struct claim_printer){ .out = &out, .json = json };
	print_open(&p, NULL);
	print_gpp(&p, gpp);
	print_close(&p);
	if (p.depth != 0)
		abort();
	buf_release(&out);
}

static void check(const struct gpp *gpp)
{
	const struct claim_choice refused = { CHOICE_REFUSED, CHOICE_REFUSED, CHOICE_REFUSED, true,
					      true };
	struct contradictions found = { .n = 0 };

	if (gpp->count > GPP_SECTIONS_MAX)
		abort();
	for (size_t i = 0; i < gpp->count; i++)
		if (gpp->sections[i].text.n == 0 ||
		    gpp_find(gpp, gpp->sections[i].id) != &gpp->sections[i])
			abort();
	show(gpp, true);
	show(gpp, false);
	contradictions_of_gpp(gpp, &refused, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct gpp gpp;
	char *text;

	if (size > 4096)
		return 0;
	text = malloc(size + 1);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	if (gpp_decode(slice_of(text, size), &gpp, &why))
		check(&gpp);
	else if (why == NULL || gpp.count != 0)
		abort();
	free(text);
	return 0;
}
