/*
 * libFuzzer: the claims on a request.  The lines of the input are path, query, Cookie and Sec-GPC; the rest is
 * the body, JSON where it begins with a bracket.
 */
#include "filters/claims/contradict.h"
#include "filters/claims/find.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct claims *c)
{
	const struct claim_choice choices[] = {
		{ CHOICE_REFUSED, CHOICE_REFUSED, CHOICE_REFUSED, true, true },
		{ CHOICE_NONE, CHOICE_ACCEPTED, CHOICE_NONE, false, false },
	};
	struct contradictions found;
	const char *why;

	if (c->n > CLAIMS_MAX || c->used > CLAIMS_SCRATCH)
		abort();
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].refused == NULL &&
		    !claim_check(c->list[i].kind, c->list[i].value, &why))
			abort();
	for (size_t i = 0; i < 2; i++) {
		contradictions_find(c, &choices[i], &found);
		for (size_t k = 0; k < found.n; k++)
			if (strlen(found.list[k].words) < 20)
				abort();
	}
}

static void find(struct slice text)
{
	static struct claims claims;
	struct claim_request r = { .body_type = CLAIM_BODY_TEXT };
	struct slice *const lines[] = { &r.path, &r.query, &r.cookie, &r.sec_gpc };

	for (size_t i = 0; i < 4 && text.p != NULL; i++)
		text = slice_cut(text, '\n', lines[i]);
	r.body = text;
	claims_find(&r, &claims);
	check(&claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size > 8192)
		return 0;
	text = malloc(size + 1);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	find(slice_of(text, size));
	free(text);
	return 0;
}
