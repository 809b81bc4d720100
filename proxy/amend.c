#include "proxy/amend.h"

#include "filters/lists/modify.h"
#include "proxy/blocking.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"
#include "proxy/worker.h"

#include <stdlib.h>

#define EDITS_MAX 16u

/* What is left to do to the answer.  The rules' slices are the lists'. */
struct amend {
	size_t n;
	struct lists_field edits[];
};

static void remove_named(struct fields *f, struct slice name)
{
	const struct field *at;

	while ((at = fields_find_name(f, name)) != NULL)
		fields_remove(f, at);
}

static void record(struct worker *w, const struct cookie_scene *s, const struct lists_field *e)
{
	static const char *const whys[] = {
		[LISTS_REMOVE_FROM_REQUEST] = "list: field of the request",
		[LISTS_REMOVE_FROM_ANSWER] = "list: field of the answer",
		[LISTS_ADD_CSP] = "list: Content-Security-Policy added",
		[LISTS_ADD_PERMISSIONS] = "list: Permissions-Policy added",
	};

	claim_record(w, s, ENTRY_STRIP, slice_head(e->rule.text, ENTRY_WHY_MAX), whys[e->edit]);
}

static struct amend *keep(const struct lists_field *edits, size_t n)
{
	struct amend *a = n != 0 ? malloc(sizeof(*a) + n * sizeof(edits[0])) : NULL;

	if (a == NULL)
		return NULL;
	a->n = n;
	memcpy(a->edits, edits, n * sizeof(edits[0]));
	return a;
}

struct amend *amend_request(struct worker *w, struct cookie_scene *s, struct request_head *r)
{
	struct lists_field edits[EDITS_MAX];
	size_t n = blocking_edits(w, s, edits, EDITS_MAX), left = 0;

	for (size_t i = 0; i < n; i++) {
		if (edits[i].edit != LISTS_REMOVE_FROM_REQUEST) {
			edits[left++] = edits[i];
			continue;
		}
		if (fields_find_name(r->fields, edits[i].value) == NULL)
			continue;
		remove_named(r->fields, edits[i].value);
		record(w, s, &edits[i]);
	}
	return keep(edits, left);
}

void amend_answer(const struct amend *a, struct worker *w, const struct cookie_scene *s,
		  struct fields *f)
{
	for (size_t i = 0; a != NULL && i < a->n; i++) {
		const struct lists_field *e = &a->edits[i];

		if (e->edit == LISTS_ADD_CSP)
			fields_add(f, SLICE("Content-Security-Policy"), e->value);
		else if (e->edit == LISTS_ADD_PERMISSIONS)
			fields_add(f, SLICE("Permissions-Policy"), e->value);
		else if (fields_find_name(f, e->value) == NULL)
			continue;
		else
			remove_named(f, e->value);
		record(w, s, e);
	}
}

void amend_free(struct amend *a)
{
	free(a);
}
