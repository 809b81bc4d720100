#include "filters/lists/gather.h"
#include "filters/lists/skip.h"

#define FIELD_MODES (MODE_REQUEST | MODE_CSP | MODE_PERMISSIONS)

static enum lists_field_edit edit_of(uint32_t mode)
{
	if ((mode & MODE_CSP) != 0)
		return LISTS_ADD_CSP;
	if ((mode & MODE_PERMISSIONS) != 0)
		return LISTS_ADD_PERMISSIONS;
	return (mode & MODE_REQUEST) != 0 ? LISTS_REMOVE_FROM_REQUEST : LISTS_REMOVE_FROM_ANSWER;
}

static bool is_said(const struct lists_field *said, size_t n, enum lists_field_edit edit,
		    struct slice value)
{
	for (size_t i = 0; i < n; i++)
		if (said[i].edit == edit && slice_eq(said[i].value, value))
			return true;
	return false;
}

size_t lists_match_fields(const struct lists *l, struct query *q, struct lists_field *out, size_t n)
{
	struct gathered g;
	size_t said = 0;

	g.n = 0;
	gather(l, q, REALM_FIELD, gather_add, &g);
	for (unsigned i = 0; i < g.n && said < n; i++) {
		const struct image_rule *r = g.rule[i];
		enum lists_field_edit edit = edit_of(rule_mode(l, r));
		struct slice value = rule_value(l, r);

		if (rule_excepts(r) || value.p == NULL || is_said(out, said, edit, value) ||
		    value_excepted(l, &g, r, FIELD_MODES))
			continue;
		out[said].edit = edit;
		out[said].value = value;
		rule_say(l, r->text, &out[said++].rule);
	}
	return said;
}

bool lists_skip(const struct lists *l, struct query *q, bool blocked, struct buf *url,
		struct lists_rule *by)
{
	struct gathered g;

	g.n = 0;
	gather(l, q, REALM_SKIP, gather_add, &g);
	for (unsigned i = 0; i < g.n; i++) {
		const struct image_rule *r = g.rule[i];
		struct slice steps = rule_value(l, r);

		if (rule_excepts(r) || steps.p == NULL || value_excepted(l, &g, r, 0) ||
		    !skip_follow(q->facts->url, steps, blocked, url))
			continue;
		rule_say(l, r->text, by);
		return true;
	}
	return false;
}
