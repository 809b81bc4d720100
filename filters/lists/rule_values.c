#include "filters/lists/rule_parts.h"

#include "filters/lists/bodies.h"
#include "filters/lists/format.h"
#include "filters/lists/keys.h"
#include "filters/lists/skip.h"

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

static bool read_methods(struct options_sum *s, struct slice value)
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
static bool read_header(struct options_sum *s, struct slice value)
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
static bool read_param(struct options_sum *s, struct slice value)
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

static bool read_same_site(struct options_sum *s, struct slice word)
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
static bool read_cookie(struct options_sum *s, struct slice value)
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

/*
 * What messages are framed by, and what protects a page, no list may take away; AdGuard allows it
 * for none of them either.
 */
static const char *const fields_kept[] = {
	"connection",
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
	"authorization",
	"proxy-authenticate",
	"proxy-authorization",
	"content-disposition",
	"clear-site-data",
	"content-security-policy",
	"x-frame-options",
	"x-content-type-options",
	"strict-transport-security",
	"cross-origin-opener-policy",
	"cross-origin-embedder-policy",
	"cross-origin-resource-policy",
	"permissions-policy",
	"sec-gpc",
	"origin",
	"accept",
	"accept-encoding",
	"allow",
	"content-security-policy-report-only",
	"expect-ct",
	"feature-policy",
	"origin-isolation",
	"p3p",
	"public-key-pins",
	"public-key-pins-report-only",
	"referrer-policy",
	"timing-allow-origin",
	"upgrade-insecure-requests",
	"x-download-options",
	"x-permitted-cross-domain-policies",
	"x-powered-by",
	"x-xss-protection",
};
static const char *const families_kept[] = { "access-control-", "sec-fetch-", "sec-websocket-" };

static bool may_remove(struct slice name)
{
	for (size_t i = 0; i < sizeof(fields_kept) / sizeof(fields_kept[0]); i++)
		if (slice_ieq(name, slice_str(fields_kept[i])))
			return false;
	for (size_t i = 0; i < sizeof(families_kept) / sizeof(families_kept[0]); i++)
		if (slice_istarts(name, slice_str(families_kept[i])))
			return false;
	return true;
}

/* removeheader=name: of the answer; =request:name. */
static bool read_field(struct options_sum *s, struct slice value)
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

static bool read_policy(struct options_sum *s, struct slice value, unsigned mode)
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

/* ":10" or ":-10" behind a name, as a number from 1 to 255 that compares the same way. */
static bool read_priority(struct slice number, unsigned *out)
{
	bool below = number.n != 0 && number.p[0] == '-';
	uint64_t n = 0;

	if (number.p != NULL && !slice_to_u64(slice_skip(number, below), 127, &n))
		return false;
	*out = below ? 128 - (unsigned)n : 128 + (unsigned)n;
	return true;
}

/* NAME or NAME:PRIORITY; "rule": an answer for what other rules block. */
static bool read_redirect(struct options_sum *s, struct slice value, bool rule)
{
	struct slice name = value, number = slice_of(NULL, 0);
	enum lists_body body;
	unsigned priority;
	bool named;

	if (!slice_starts(value, SLICE("abp-resource:")))
		number = slice_cut(value, ':', &name);
	named = lists_body_of_name(name, &body);
	if (!read_priority(number, &priority) || (value.n == 0 ? !is_exception(s) : !named))
		return wrong(s, LEFT_VALUE);
	s->r->mode |= (unsigned)body << MODE_REDIRECT_SHIFT | priority << MODE_PRIORITY_SHIFT;
	s->r->has_value = name.n != 0;
	s->r->value = name;
	if (rule || is_exception(s))
		return take_realm(s, REALM_REDIRECT);
	if (s->r->realm != REALM_BLOCK)
		return wrong(s, LEFT_TOGETHER);
	s->r->redirects = body != LISTS_BODY_NONE;
	return true;
}

static bool read_skip(struct options_sum *s, struct slice value)
{
	if (value.n == 0 ? !is_exception(s) : !skip_is_good(value))
		return wrong(s, LEFT_VALUE);
	s->r->has_value = value.n != 0;
	s->r->value = value;
	return take_realm(s, REALM_SKIP);
}

static bool read_names(struct options_sum *s, struct slice value, struct slice *out)
{
	if (value.n == 0 || out->p != NULL)
		return wrong(s, LEFT_VALUE);
	*out = value;
	return true;
}

bool rule_read_value(struct options_sum *s, const struct option_given *o)
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
	case OPTION_EMPTY:
		return read_redirect(s, SLICE("empty"), false);
	case OPTION_MP4:
		return read_redirect(s, SLICE("noopmp4-1s"), false);
	case OPTION_SKIP:
		return read_skip(s, o->value);
	default:
		return true;
	}
}
