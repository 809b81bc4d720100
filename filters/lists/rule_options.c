#include "filters/lists/rule_parts.h"

#include "filters/lists/format.h"
#include "filters/lists/keys.h"

static bool read_party(struct options_sum *s, bool first)
{
	s->r->flags |= first ? RULE_FIRST : RULE_THIRD;
	return true;
}

/* Options that are a name alone; the four with a negation of their own. */
static bool read_alone(struct options_sum *s, const struct option_given *o)
{
	switch (o->row->option) {
	case OPTION_TYPE:
		*(o->negated ? &s->not_types : &s->types) |= o->row->arg;
		return true;
	case OPTION_PAGE:
		s->pages++;
		return true;
	case OPTION_FIRST:
		return read_party(s, !o->negated);
	case OPTION_THIRD:
		return read_party(s, o->negated);
	case OPTION_SAME_HOST:
		s->r->flags |= RULE_SAME_HOST;
		return !o->negated || wrong(s, LEFT_VALUE);
	case OPTION_OTHER_HOST:
		s->r->flags |= RULE_OTHER_HOST;
		return !o->negated || wrong(s, LEFT_VALUE);
	case OPTION_CASE:
		if (!o->negated)
			s->r->flags |= RULE_CASE;
		return true;
	case OPTION_IMPORTANT:
		s->r->flags |= RULE_IMPORTANT;
		return !o->negated || wrong(s, LEFT_VALUE);
	case OPTION_EMPTY:
		return rule_read_value(s, o);
	case OPTION_MP4:
		s->types |= LISTS_TYPE_BIT(LISTS_MEDIA);
		return rule_read_value(s, o);
	case OPTION_CNAME:
		return is_exception(s) ? take_realm(s, REALM_CNAME) : wrong(s, LEFT_VALUE);
	default:
		return true;
	}
}

static bool takes_value(enum option o)
{
	return (o >= OPTION_DOMAIN && o <= OPTION_HEADER) ||
	       (o >= OPTION_PARAM && o <= OPTION_REDIRECT_RULE) || o == OPTION_SKIP;
}

/* Options add up in any order and under any of their names. */
static uint64_t option_same(const struct option_given *o)
{
	uint64_t h = (uint64_t)o->row->option * 64 + o->negated;

	if (o->row->option == OPTION_TYPE || o->row->option == OPTION_LEFT)
		h = h * 65536 + o->row->arg;
	else if (o->row->option == OPTION_PAGE)
		h ^= key_of(o->name, KEY_HOST);
	return (h + 1) * 0x9e3779b97f4a7c15u + key_of(o->value, KEY_NAME);
}

static bool read_option(struct options_sum *s, const struct option_given *o)
{
	if (o->row == NULL)
		return wrong(s, LEFT_OPTION);
	if (o->row->option == OPTION_BADFILTER) {
		s->r->bad = true;
		return !o->negated || wrong(s, LEFT_VALUE);
	}
	s->r->same += option_same(o);
	if (o->row->option == OPTION_LEFT)
		return wrong(s, (enum left_kind)o->row->arg);
	if (takes_value(o->row->option))
		return o->negated ? wrong(s, LEFT_VALUE) : rule_read_value(s, o);
	if (o->value.p != NULL && o->row->option != OPTION_NOTHING)
		return wrong(s, LEFT_VALUE);
	return read_alone(s, o);
}

/* A rule that names no type. */
static unsigned usual_types(const struct rule *r)
{
	switch (r->realm) {
	case REALM_PARAM: /* AdGuard: pages; and what is loaded as one */
	case REALM_SKIP:
		return LISTS_TYPES_PAGE | LISTS_TYPE_BIT(LISTS_POPUP);
	case REALM_FIELD:
		return (r->mode & (MODE_CSP | MODE_PERMISSIONS)) != 0 ? LISTS_TYPES_PAGE
								      : LISTS_TYPES_ALL;
	case REALM_COOKIE:
	case REALM_CNAME:
		return LISTS_TYPES_ALL;
	default:
		return LISTS_TYPES_USUAL;
	}
}

bool rule_read_options(struct rule *r, struct slice options, enum left_kind *why)
{
	struct options_sum s = { .r = r };
	struct option_given one;

	while (options.p != NULL) {
		options_next(&options, &one);
		if (one.name.n == 0 && one.value.p == NULL && options.p == NULL)
			break; /* a comma behind the last one */
		if (!read_option(&s, &one)) {
			*why = s.why;
			return false;
		}
	}
	/* The rest of such a rule would be another rule; beside types it says something more. */
	if (s.pages != 0 && s.types == 0) {
		*why = LEFT_PAGE;
		return false;
	}
	if (s.types != 0)
		r->types = s.types & ~s.not_types;
	else if (s.not_types != 0)
		r->types = usual_types(r) & ~s.not_types;
	if ((s.types | s.not_types) != 0 && r->types == 0) {
		*why = LEFT_TOGETHER;
		return false;
	}
	return true;
}

/*
 * An exception with `document` is one for the page and all that it loads.  What a page loads tells
 * the page's host and not always more, so nothing else can be asked of the page.  `all` means types.
 */
static bool finish_page(struct rule *r, enum left_kind *why)
{
	const unsigned parties = RULE_FIRST | RULE_THIRD, hosts = RULE_SAME_HOST | RULE_OTHER_HOST;

	if ((r->types & LISTS_TYPE_BIT(LISTS_DOCUMENT)) == 0 || r->types == LISTS_TYPES_ALL)
		return true;
	r->page = r->host && (r->flags & parties) == parties && (r->flags & hosts) == 0 &&
		  (r->flags & RULE_CASE) == 0 && r->domain.p == NULL && r->to.p == NULL &&
		  r->denyallow.p == NULL && (r->methods | r->not_methods) == 0;
	*why = LEFT_DOCUMENT;
	return r->page;
}

bool rule_finish(struct rule *r, enum left_kind *why)
{
	const unsigned hosts = RULE_SAME_HOST | RULE_OTHER_HOST;

	if (r->types == 0)
		r->types = usual_types(r);
	if ((r->flags & (RULE_FIRST | RULE_THIRD)) == 0)
		r->flags |= RULE_FIRST | RULE_THIRD;
	if ((r->flags & hosts) == hosts)
		r->flags &= ~hosts;
	if (r->realm == REALM_BLOCK && (r->flags & RULE_EXCEPTION) != 0)
		r->realm = REALM_ALLOW;
	if (r->realm == REALM_ALLOW && !finish_page(r, why))
		return false;
	if (r->realm == REALM_CNAME && (r->flags & RULE_EXCEPTION) == 0) {
		*why = LEFT_VALUE;
		return false;
	}
	r->same = r->same * 2 + ((r->flags & RULE_EXCEPTION) != 0);
	return true;
}
