#include "filters/lists/rule_parts.h"

#include "filters/lists/bodies.h"
#include "filters/lists/format.h"
#include "filters/lists/keys.h"
#include "filters/lists/options.h"
#include "filters/lists/skip.h"

/* What the options of one rule add up to before they are a rule. */
struct sum {
	struct rule *r;
	unsigned types, not_types, pages;
	bool all;
	enum left_kind why;
};

static bool wrong(struct sum *s, enum left_kind why)
{
	s->why = why;
	return false;
}

/* A realm of its own for each rule: two options that both want one cannot stand together. */
static bool take_realm(struct sum *s, enum image_realm realm)
{
	if (s->r->realm != REALM_BLOCK || s->r->redirects)
		return wrong(s, LEFT_TOGETHER);
	s->r->realm = realm;
	return true;
}

static bool is_exception(const struct sum *s)
{
	return (s->r->flags & RULE_EXCEPTION) != 0;
}

/* "/.../" and "/.../i"; the slashes are taken off. */
static bool take_regex(struct slice *value, bool *match_case)
{
	struct slice v = *value;

	*match_case = true;
	if (v.n < 3 || v.p[0] != '/')
		return false;
	if (v.p[v.n - 1] == 'i') {
		*match_case = false;
		v.n--;
	}
	if (v.n < 3 || v.p[v.n - 1] != '/')
		return false;
	*value = slice_of(v.p + 1, v.n - 2);
	return true;
}

static void set_value(struct rule *r, struct slice value)
{
	r->has_value = value.n != 0;
	r->value = value;
	r->value_regex = take_regex(&r->value, &r->value_case);
}

static bool read_methods(struct sum *s, struct slice value)
{
	struct slice one;

	while (value.p != NULL) {
		bool negated;
		unsigned bit;

		value = slice_cut(value, '|', &one);
		negated = one.n != 0 && one.p[0] == '~';
		bit = lists_method_bit(slice_skip(one, negated));
		if (bit == 0)
			return wrong(s, LEFT_VALUE);
		*(negated ? &s->r->not_methods : &s->r->methods) |= bit;
	}
	return s->r->methods != 0 || s->r->not_methods != 0 || wrong(s, LEFT_VALUE);
}

static bool is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!is_host_char(name.p[i]) || name.p[i] == '.')
			return false;
	return name.n != 0 && name.n <= 64;
}

/* header=name, header=name:value, header=name:/regex/ */
static bool read_header(struct sum *s, struct slice value)
{
	struct rule *r = s->r;
	bool match_case;

	r->value_of_header = slice_cut(value, ':', &r->header);
	r->header_value = r->value_of_header.p != NULL;
	r->header_regex = r->header_value && take_regex(&r->value_of_header, &match_case);
	if (!is_field_name(r->header) ||
	    (r->header_value && r->value_of_header.n != 0 && r->value_of_header.p[0] == '~'))
		return wrong(s, LEFT_VALUE);
	return take_realm(s, REALM_HEADER);
}

/* removeparam, =name, =~name, =/regex/; "|name" is an older way that meant a beginning. */
static bool read_param(struct sum *s, struct slice value)
{
	if (value.n != 0 && value.p[0] == '~') {
		s->r->mode |= MODE_NOT;
		value = slice_skip(value, 1);
		if (value.n == 0)
			return wrong(s, LEFT_VALUE);
	}
	if (value.n != 0 && value.p[0] == '|')
		return wrong(s, LEFT_VALUE);
	set_value(s->r, value);
	return take_realm(s, REALM_PARAM);
}

static bool read_same_site(struct sum *s, struct slice word)
{
	static const char *const words[] = { "", "lax", "strict", "none" };

	for (unsigned i = 1; i < 4; i++) {
		if (slice_ieq(word, slice_str(words[i]))) {
			s->r->mode |= i << MODE_SAME_SITE_SHIFT;
			return true;
		}
	}
	return wrong(s, LEFT_VALUE);
}

/* cookie, =name, =/regex/, and ";maxAge=SECONDS", ";sameSite=WORD" behind that. */
static bool read_cookie(struct sum *s, struct slice value)
{
	struct slice rest = value, name, part, word;
	size_t end = value.n;
	uint64_t seconds;

	/* A ';' inside of a regular expression is its own. */
	while (end > 1 && value.p[0] == '/' && value.p[end - 1] != '/')
		end--;
	name = end > 1 && value.p[0] == '/' ? slice_head(value, end) : slice_of(NULL, 0);
	if (name.p != NULL)
		rest = slice_skip(value, end);
	rest = slice_cut(rest, ';', &part);
	set_value(s->r, name.p != NULL ? slice_of(name.p, name.n + part.n) : part);
	while (rest.p != NULL) {
		rest = slice_cut(rest, ';', &part);
		word = slice_cut(slice_trim(part), '=', &name);
		if (slice_ieq(name, SLICE("maxAge"))) {
			if (!slice_to_u64(word, UINT32_MAX, &seconds))
				return wrong(s, LEFT_VALUE);
			s->r->mode |= MODE_MAX_AGE;
			s->r->max_age = (uint32_t)seconds;
		} else if (!slice_ieq(name, SLICE("sameSite")) || !read_same_site(s, word)) {
			return wrong(s, LEFT_VALUE);
		}
	}
	return take_realm(s, REALM_COOKIE);
}

/* What messages are framed by, and what protects a page, no list may take away. */
static bool may_remove(struct slice name)
{
	static const char *const kept[] = { "connection",
					    "content-length",
					    "content-encoding",
					    "content-type",
					    "transfer-encoding",
					    "te",
					    "trailer",
					    "upgrade",
					    "host",
					    "date",
					    "keep-alive",
					    "proxy-authenticate",
					    "proxy-authorization",
					    "content-security-policy",
					    "x-frame-options",
					    "x-content-type-options",
					    "strict-transport-security",
					    "cross-origin-opener-policy",
					    "cross-origin-embedder-policy",
					    "cross-origin-resource-policy",
					    "permissions-policy",
					    "sec-gpc",
					    "origin" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (slice_ieq(name, slice_str(kept[i])))
			return false;
	return !slice_istarts(name, SLICE("access-control-"));
}

/* removeheader=name: of the answer; =request:name. */
static bool read_field(struct sum *s, struct slice value)
{
	if (slice_istarts(value, SLICE("request:"))) {
		s->r->mode |= MODE_REQUEST;
		value = slice_skip(value, sizeof("request:") - 1);
	}
	if (value.n == 0 ? !is_exception(s) : !is_field_name(value) || !may_remove(value))
		return wrong(s, LEFT_VALUE);
	s->r->has_value = value.n != 0;
	s->r->value = value;
	return take_realm(s, REALM_FIELD);
}

static bool holds(struct slice s, struct slice word)
{
	for (; s.n >= word.n; s = slice_skip(s, 1))
		if (slice_istarts(s, word))
			return true;
	return false;
}

static bool read_policy(struct sum *s, struct slice value, unsigned mode)
{
	if (value.n == 0 && !is_exception(s))
		return wrong(s, LEFT_VALUE);
	/* A list must not have pages tell others where their visitors are. */
	if (mode == MODE_CSP && holds(value, SLICE("report-")))
		return wrong(s, LEFT_VALUE);
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || (unsigned char)value.p[i] > '~')
			return wrong(s, LEFT_VALUE);
	s->r->mode |= mode;
	s->r->has_value = value.n != 0;
	s->r->value = value;
	return take_realm(s, REALM_FIELD);
}

/* NAME or NAME:PRIORITY; "rule": an answer for what other rules block. */
static bool read_redirect(struct sum *s, struct slice value, bool rule)
{
	struct slice name, number;
	uint64_t priority = 0;
	enum lists_body body;
	bool named;

	number = slice_starts(value, SLICE("abp-resource:")) ? slice_of(NULL, 0)
							     : slice_cut(value, ':', &name);
	if (number.p == NULL)
		name = value;
	else if (!slice_to_u64(slice_skip(number, number.n != 0 && number.p[0] == '-'), 127,
			       &priority))
		return wrong(s, LEFT_VALUE);
	named = lists_body_of_name(name, &body);
	if (value.n == 0 ? !is_exception(s) : !named)
		return wrong(s, LEFT_VALUE);
	/* From -127 to 127, kept as a number that compares the same way. */
	priority = number.n != 0 && number.p[0] == '-' ? 128 - priority : 128 + priority;
	s->r->mode |= (unsigned)body << MODE_REDIRECT_SHIFT | (unsigned)priority
								      << MODE_PRIORITY_SHIFT;
	s->r->has_value = name.n != 0;
	s->r->value = name;
	if (rule || is_exception(s))
		return take_realm(s, REALM_REDIRECT);
	if (s->r->realm != REALM_BLOCK)
		return wrong(s, LEFT_TOGETHER);
	s->r->redirects = body != LISTS_BODY_NONE;
	return true;
}

static bool read_skip(struct sum *s, struct slice value)
{
	if (value.n == 0 ? !is_exception(s) : !skip_is_good(value))
		return wrong(s, LEFT_VALUE);
	s->r->has_value = value.n != 0;
	s->r->value = value;
	return take_realm(s, REALM_SKIP);
}

static bool read_names(struct sum *s, struct slice value, struct slice *out)
{
	if (value.n == 0 || out->p != NULL)
		return wrong(s, LEFT_VALUE);
	*out = value;
	return true;
}

static bool read_party(struct sum *s, bool first)
{
	s->r->flags |= first ? RULE_FIRST : RULE_THIRD;
	return true;
}

static bool read_with_value(struct sum *s, const struct option_given *o)
{
	switch (o->row->option) {
	case OPTION_DOMAIN:
		return read_names(s, o->value, &s->r->domain);
	case OPTION_TO:
		return read_names(s, o->value, &s->r->to);
	case OPTION_DENYALLOW:
		return read_names(s, o->value, &s->r->denyallow);
	case OPTION_METHOD:
		return read_methods(s, o->value);
	case OPTION_HEADER:
		return read_header(s, o->value);
	case OPTION_PARAM:
		return read_param(s, o->value);
	case OPTION_COOKIE:
		return read_cookie(s, o->value);
	case OPTION_FIELD:
		return read_field(s, o->value);
	case OPTION_CSP:
		return read_policy(s, o->value, MODE_CSP);
	case OPTION_PERMISSIONS:
		return read_policy(s, o->value, MODE_PERMISSIONS);
	case OPTION_REDIRECT:
		return read_redirect(s, o->value, false);
	case OPTION_REDIRECT_RULE:
		return read_redirect(s, o->value, true);
	case OPTION_SKIP:
		return read_skip(s, o->value);
	default:
		return true;
	}
}

/* Options that are a name alone; the four with a negation of their own. */
static bool read_alone(struct sum *s, const struct option_given *o)
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
		return read_redirect(s, SLICE("empty"), false);
	case OPTION_MP4:
		s->types |= LISTS_TYPE_BIT(LISTS_MEDIA);
		return read_redirect(s, SLICE("noopmp4-1s"), false);
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

static bool read_option(struct sum *s, const struct option_given *o)
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
		return o->negated ? wrong(s, LEFT_VALUE) : read_with_value(s, o);
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
	struct sum s = { .r = r };
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
	if (r->realm == REALM_CNAME && (r->flags & RULE_EXCEPTION) == 0) {
		*why = LEFT_VALUE;
		return false;
	}
	r->same = r->same * 2 + ((r->flags & RULE_EXCEPTION) != 0);
	return true;
}
