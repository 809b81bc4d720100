#include "filters/lists/gather.h"

#include "base/hash.h"

struct about {
	const struct lists *l;
	struct query *q;
	struct slice name;
	struct query_name said;
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

static void take(const struct image_rule **to, const struct image_rule *r)
{
	if (r != NULL && (*to == NULL || (rule_is_important(r) && !rule_is_important(*to))))
		*to = r;
}

static bool hear(void *arg, const struct image_rule *r)
{
	const uint32_t changes = MODE_MAX_AGE | 3u << MODE_SAME_SITE_SHIFT;
	struct about *a = arg;

	if (!names_it(a, r))
		return false;
	if (rule_excepts(r))
		take(&a->said.except, r);
	else if ((rule_mode(a->l, r) & changes) != 0)
		take(&a->said.change, r);
	else
		take(&a->said.remove, r);
	return false;
}

/* ---- rules that are filed under no name ---- */

static bool keep(void *arg, const struct image_rule *r)
{
	struct query *q = arg;

	q->cookie_rule[q->cookie_rules_n++] = r;
	q->cookie_rules_id = key_fold(q->cookie_rules_id, r->text);
	return q->cookie_rules_n == QUERY_COOKIE_RULES_MAX;
}

/* A request has many cookies, and most rules are about hosts. */
static void find_rules(const struct lists *l, struct query *q)
{
	q->cookie_rules_of = l;
	q->cookie_rules_n = 0;
	q->cookie_rules_id = l->h->checksum;
	walk(l, q, REALM_COOKIE, keep, q);
	if (q->names_of == l->image)
		return;
	memset(q->names, 0, sizeof(q->names));
	q->names_of = l->image;
}

/* What they say; where the work went out meanwhile it is not remembered. */
static struct query_name hear_rules(const struct lists *l, struct query *q, struct slice name)
{
	struct about a = { .l = l, .q = q, .name = name };
	uint64_t id = key_fold(q->cookie_rules_id, hash_bytes(name.p, name.n)) | 1;
	struct query_name *places = q->names[id >> (64 - QUERY_NAMES_BITS)];

	for (unsigned i = 0; i < QUERY_NAMES_WAYS; i++)
		if (places[i].id == id)
			return places[i];
	for (unsigned i = 0; i < q->cookie_rules_n; i++)
		hear(&a, q->cookie_rule[i]);
	a.said.id = id;
	if (q->left == 0)
		return a.said;
	memmove(places + 1, places, (QUERY_NAMES_WAYS - 1) * sizeof(places[0]));
	places[0] = a.said;
	return a.said;
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

bool lists_have_cookies(const struct lists *l)
{
	return l->realm[REALM_COOKIE].n != 0;
}

void lists_match_cookie(const struct lists *l, struct query *q, struct slice name,
			struct lists_cookie *out)
{
	struct about a = { .l = l, .q = q, .name = name };
	struct query_name *said = &a.said, rest;

	*out = (struct lists_cookie){ .action = LISTS_COOKIE_NOTHING };
	if (l->realm[REALM_COOKIE].n == 0)
		return;
	if (q->cookie_rules_of != l)
		find_rules(l, q);
	walk_key(l, q, &l->realm[REALM_COOKIE], key_of(name, KEY_NAME), hear, &a);
	if (q->cookie_rules_n != 0) {
		rest = hear_rules(l, q, name);
		take(&said->remove, rest.remove);
		take(&said->change, rest.change);
		take(&said->except, rest.except);
	}
	if (outlives(said->remove, said->except)) {
		out->action = LISTS_COOKIE_REMOVE;
		rule_say(l, said->remove->text, &out->rule);
	} else if (outlives(said->change, said->except)) {
		say_change(l, said->change, out);
	} else if (said->except != NULL && (said->remove != NULL || said->change != NULL)) {
		out->action = LISTS_COOKIE_EXCEPT;
		rule_say(l, said->except->text, &out->rule);
	}
}
