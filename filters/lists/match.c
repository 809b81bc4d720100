#include "filters/lists/match.h"

#include "filters/lists/keys.h"
#include "filters/lists/walk.h"

/* ---- the first rule of a realm that matches ---- */

struct found {
	bool any;
	uint32_t text;
	unsigned flags;
};

struct search {
	unsigned need; /* flags that a rule must have */
	struct found found;
};

static void take(struct search *s, uint32_t text, unsigned flags)
{
	s->found = (struct found){ true, text, flags };
}

static bool take_rule(void *arg, const struct image_rule *r)
{
	struct search *s = arg;

	if ((r->flags & s->need) != s->need)
		return false;
	take(s, r->text, r->flags);
	return true;
}

/* The record holds the host's place in the text: there it has to stand, and end. */
static bool host_is(const struct lists *l, const struct image_host *r, struct slice host)
{
	size_t at = (size_t)r->text + r->at;

	return l->text_n - at > host.n && memcmp(l->text + at, host.p, host.n) == 0 &&
	       !is_host_char(l->text[at + host.n]);
}

static bool search_hosts(const struct lists *l, struct query *q, const struct index *x,
			 struct search *s)
{
	const struct image_host *r = x->records;

	for (unsigned i = 0; i < q->host.count; i++) {
		uint32_t key = q->host.key[i], at, end;
		struct slice host =
			slice_of(q->host.host + q->host.at[i], q->host.n - q->host.at[i]);

		if (!index_may_have(x, key))
			continue;
		end = index_find(x, key, &at);
		for (; at < end; at++) {
			struct image_class class = l->classes[r[at].class];

			if (r[at].tag == (uint16_t)key && (class.types & q->type_bit) != 0 &&
			    (class.flags & q->party_bit) != 0 &&
			    (class.flags & s->need) == s->need && host_is(l, &r[at], host)) {
				take(s, r[at].text, class.flags);
				return true;
			}
		}
	}
	return false;
}

static struct found find(const struct lists *l, struct query *q, enum image_realm realm,
			 unsigned need)
{
	struct search s = { .need = need };

	if (realm == REALM_BLOCK || realm == REALM_ALLOW)
		if (search_hosts(l, q, &l->hosts[realm == REALM_ALLOW], &s))
			return s.found;
	walk(l, q, realm, take_rule, &s);
	return s.found;
}

/* ---- what a blocked request is answered with ---- */

/* More rules about one request than this are not heard. */
#define REDIRECTS_MAX 32u

struct redirects {
	const struct image_rule *rule[REDIRECTS_MAX];
	unsigned n;
};

static bool take_redirect(void *arg, const struct image_rule *r)
{
	struct redirects *s = arg;

	s->rule[s->n++] = r;
	return s->n == REDIRECTS_MAX;
}

static unsigned body_of(const struct lists *l, const struct image_rule *r)
{
	return rule_mode(l, r) >> MODE_REDIRECT_SHIFT & 0xff;
}

static unsigned rank_of(const struct lists *l, const struct image_rule *r)
{
	return (rule_mode(l, r) >> MODE_PRIORITY_SHIFT & 0xff) + (rule_is_important(r) ? 256u : 0u);
}

/* Without a name an exception is for all bodies. */
static bool redirect_excepted(const struct lists *l, const struct redirects *s,
			      const struct image_rule *r)
{
	if (rule_is_important(r))
		return false;
	for (unsigned i = 0; i < s->n; i++)
		if (rule_excepts(s->rule[i]) && (rule_option(l, s->rule[i], OPT_VALUE) == NULL ||
						 body_of(l, s->rule[i]) == body_of(l, r)))
			return true;
	return false;
}

static void find_answer(const struct lists *l, struct query *q, struct lists_verdict *out)
{
	const struct image_rule *best = NULL;
	struct redirects s = { .n = 0 };

	if (l->realm[REALM_REDIRECT].n == 0)
		return;
	walk(l, q, REALM_REDIRECT, take_redirect, &s);
	for (unsigned i = 0; i < s.n; i++) {
		const struct image_rule *r = s.rule[i];

		if (!rule_excepts(r) && body_of(l, r) < LISTS_BODIES &&
		    (best == NULL || rank_of(l, r) > rank_of(l, best)) &&
		    !redirect_excepted(l, &s, r))
			best = r;
	}
	if (best == NULL || body_of(l, best) == LISTS_BODY_NONE)
		return;
	out->body = (enum lists_body)body_of(l, best);
	out->action = LISTS_ANSWER;
	rule_say(l, best->text, &out->body_rule);
}

/* ---- the verdict ---- */

/* What is left of a block when all exceptions have been heard; else what excepts it. */
static bool stays_blocked(const struct lists *l, struct query *q, struct found *block,
			  struct found *allow)
{
	const unsigned important = RULE_IMPORTANT;

	*allow = find(l, q, REALM_ALLOW, block->flags & important);
	if (!allow->any)
		return true;
	if ((allow->flags & important) != 0)
		return false;
	*block = find(l, q, REALM_BLOCK, important);
	if (!block->any)
		return false;
	*allow = find(l, q, REALM_ALLOW, important);
	return !allow->any;
}

static void decide(const struct lists *l, struct query *q, struct found block,
		   struct lists_verdict *out)
{
	struct found by = block, allow;

	if (stays_blocked(l, q, &by, &allow)) {
		out->action = LISTS_BLOCK;
		rule_say(l, by.text, &out->rule);
		find_answer(l, q, out);
		return;
	}
	out->action = LISTS_EXCEPT;
	rule_say(l, allow.text, &out->rule);
	rule_say(l, block.text, &out->against);
}

static bool match_host(const struct lists *l, struct query *q, struct lists_verdict *out)
{
	struct found block = find(l, q, REALM_BLOCK, 0);

	if (block.any)
		decide(l, q, block, out);
	return block.any;
}

/* An alias that is of the source's own site tells nothing: sites name their own machines. */
static void match_aliases(const struct lists *l, struct query *q, struct lists_verdict *out)
{
	size_t n = q->facts->aliases_n;

	if (n == 0 || find(l, q, REALM_CNAME, 0).any)
		return;
	for (size_t i = 0; i < n && out->action == LISTS_NOTHING; i++) {
		if (!query_set_host(q, q->facts->aliases[i]) || q->first_party)
			continue;
		if (match_host(l, q, out))
			out->alias = i + 1;
	}
	query_set_host(q, q->parts.host);
}

void lists_match(const struct lists *l, struct query *q, struct lists_verdict *out)
{
	*out = (struct lists_verdict){ .action = LISTS_NOTHING };
	if (!match_host(l, q, out))
		match_aliases(l, q, out);
}

/* ---- by header fields of the answer ---- */

/* In AdGuard as in uBlock Origin a value without slashes is the whole value. */
static bool value_is(const struct lists *l, struct query *q, const struct image_rule *r,
		     const uint32_t *w, struct slice value)
{
	struct slice want = lists_string(l, w + 2);

	if (w[4] != UINT32_MAX)
		return rule_finds(l, q, r, w[4], value);
	return want.n == 0 || slice_eq(value, want);
}

static bool has_field(const struct lists *l, struct query *q, const struct image_rule *r,
		      const uint32_t *w)
{
	struct slice name = lists_string(l, w);

	for (size_t i = 0; i < q->facts->fields_n; i++) {
		const struct query_field *f = &q->facts->fields[i];

		if (slice_ieq(f->name, name) && value_is(l, q, r, w, f->value))
			return true;
	}
	return false;
}

struct by_field {
	const struct lists *l;
	struct query *q;
	const struct image_rule *block[2], *allow[2]; /* the first ones; [1]: important */
};

static bool take_by_field(void *arg, const struct image_rule *r)
{
	struct by_field *s = arg;
	const uint32_t *w = rule_option(s->l, r, OPT_HEADER);
	const struct image_rule **to = rule_excepts(r) ? s->allow : s->block;

	if (w == NULL || !has_field(s->l, s->q, r, w))
		return false;
	to += rule_is_important(r);
	if (*to == NULL)
		*to = r;
	return false;
}

void lists_match_answer(const struct lists *l, struct query *q, struct lists_verdict *out)
{
	struct by_field s = { .l = l, .q = q };
	const struct image_rule *block, *allow;
	struct found by;
	bool important;

	*out = (struct lists_verdict){ .action = LISTS_NOTHING };
	if (q->facts->fields_n == 0 || l->realm[REALM_HEADER].n == 0)
		return;
	walk(l, q, REALM_HEADER, take_by_field, &s);
	important = s.block[1] != NULL;
	block = s.block[important];
	if (block == NULL)
		return;
	out->action = LISTS_BLOCK;
	rule_say(l, block->text, &out->rule);
	allow = important || s.allow[1] != NULL ? s.allow[1] : s.allow[0];
	if (allow != NULL)
		by = (struct found){ true, allow->text, allow->flags };
	else
		by = find(l, q, REALM_ALLOW, important ? RULE_IMPORTANT : 0);
	if (!by.any) {
		find_answer(l, q, out);
		return;
	}
	out->action = LISTS_EXCEPT;
	out->against = out->rule;
	rule_say(l, by.text, &out->rule);
}

static bool take_block(void *arg, const struct image_rule *r)
{
	bool *any = arg;

	*any = !rule_excepts(r);
	return *any;
}

bool lists_await_answer(const struct lists *l, struct query *q)
{
	bool any = false;

	if (l->realm[REALM_HEADER].n != 0)
		walk(l, q, REALM_HEADER, take_block, &any);
	return any;
}

bool lists_gave_up(const struct lists *l, const struct query *q, size_t *list)
{
	if (q->left != 0)
		return false;
	*list = q->at != NULL ? rule_list(l, q->at->text) : 0;
	return true;
}
