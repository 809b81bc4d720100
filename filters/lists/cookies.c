#include "filters/lists/gather.h"

struct about {
	const struct lists *l;
	struct query *q;
	struct slice name;
	/* The strongest of each kind, the first of equals. */
	const struct image_rule *remove, *change, *except;
};

static bool names_it(const struct about *a, const struct image_rule *r)
{
	const uint32_t *regex = rule_option(a->l, r, OPT_VALUE_REGEX);
	struct slice value = rule_value(a->l, r);

	if (value.p == NULL)
		return true;
	if (regex != NULL)
		return rule_finds(a->l, a->q, r, regex[0], a->name);
	return slice_eq(value, a->name);
}

static bool hear(void *arg, const struct image_rule *r)
{
	const uint32_t changes = MODE_MAX_AGE | 3u << MODE_SAME_SITE_SHIFT;
	struct about *a = arg;
	const struct image_rule **to = &a->remove;

	if (!names_it(a, r))
		return false;
	if (rule_excepts(r))
		to = &a->except;
	else if ((rule_mode(a->l, r) & changes) != 0)
		to = &a->change;
	if (*to == NULL || (rule_is_important(r) && !rule_is_important(*to)))
		*to = r;
	return false;
}

static bool outlives(const struct image_rule *r, const struct image_rule *except)
{
	return r != NULL &&
	       (except == NULL || (rule_is_important(r) && !rule_is_important(except)));
}

static void say_change(const struct lists *l, const struct image_rule *r, struct lists_cookie *out)
{
	const uint32_t *age = rule_option(l, r, OPT_MAX_AGE);

	out->action = LISTS_COOKIE_CHANGE;
	out->has_max_age = age != NULL;
	out->max_age = age != NULL ? age[0] : 0;
	out->same_site = (enum lists_same_site)(rule_mode(l, r) >> MODE_SAME_SITE_SHIFT & 3);
	rule_say(l, r->text, &out->rule);
}

/* A request has many cookies, and most rules are about hosts. */
static bool keep(void *arg, const struct image_rule *r)
{
	struct query *q = arg;

	q->cookie_rule[q->cookie_rules_n++] = r;
	return q->cookie_rules_n == QUERY_COOKIE_RULES_MAX;
}

static void find_rules(const struct lists *l, struct query *q)
{
	q->cookie_rules_of = l;
	q->cookie_rules_n = 0;
	walk(l, q, REALM_COOKIE, keep, q);
}

bool lists_have_cookies(const struct lists *l)
{
	return l->realm[REALM_COOKIE].n != 0;
}

void lists_match_cookie(const struct lists *l, struct query *q, struct slice name,
			struct lists_cookie *out)
{
	struct about a = { .l = l, .q = q, .name = name };

	*out = (struct lists_cookie){ .action = LISTS_COOKIE_NOTHING };
	if (l->realm[REALM_COOKIE].n == 0)
		return;
	walk_key(l, q, &l->realm[REALM_COOKIE], key_of(name, KEY_NAME), hear, &a);
	if (q->cookie_rules_of != l)
		find_rules(l, q);
	for (unsigned i = 0; i < q->cookie_rules_n; i++)
		hear(&a, q->cookie_rule[i]);
	if (outlives(a.remove, a.except)) {
		out->action = LISTS_COOKIE_REMOVE;
		rule_say(l, a.remove->text, &out->rule);
	} else if (outlives(a.change, a.except)) {
		say_change(l, a.change, out);
	} else if (a.except != NULL && (a.remove != NULL || a.change != NULL)) {
		out->action = LISTS_COOKIE_EXCEPT;
		rule_say(l, a.except->text, &out->rule);
	}
}
