#include "cmd/classify_row.h"

#include "filters/url.h"

static const struct {
	const char *name;
	enum classify_column column;
} names[] = {
	{ "name", CLASSIFY_NAME },	     { "cookie", CLASSIFY_NAME },
	{ "cookie_name", CLASSIFY_NAME },    { "domain", CLASSIFY_DOMAIN },
	{ "host", CLASSIFY_DOMAIN },	     { "provider", CLASSIFY_PROVIDER },
	{ "site", CLASSIFY_SITE },	     { "page", CLASSIFY_SITE },
	{ "party", CLASSIFY_PARTY },	     { "third_party", CLASSIFY_THIRD_PARTY },
	{ "value", CLASSIFY_VALUE },	     { "shape", CLASSIFY_SHAPE },
	{ "expiry_s", CLASSIFY_EXPIRY },     { "lifetime_s", CLASSIFY_EXPIRY },
	{ "max_age", CLASSIFY_EXPIRY },	     { "session", CLASSIFY_SESSION },
	{ "http_only", CLASSIFY_HTTP_ONLY }, { "httponly", CLASSIFY_HTTP_ONLY },
	{ "host_only", CLASSIFY_HOST_ONLY }, { "secure", CLASSIFY_SECURE },
	{ "same_site", CLASSIFY_SAME_SITE }, { "samesite", CLASSIFY_SAME_SITE },
};

bool classify_columns_of(const struct csv *header, struct classify_columns *out, const char **error)
{
	*out = (struct classify_columns){ .n = header->n };
	for (size_t i = 0; i < header->n; i++) {
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			if (!slice_ieq(slice_trim(header->field[i]), slice_str(names[k].name)))
				continue;
			if (out->at[names[k].column] != 0) {
				*error = "two columns of the header mean the same";
				return false;
			}
			out->at[names[k].column] = i + 1;
		}
	}
	if (out->at[CLASSIFY_NAME] == 0) {
		*error = "the first line must name the columns, \"name\" among them, with commas, "
			 "semicolons or tabs between";
		return false;
	}
	return true;
}

struct row {
	const struct classify_columns *columns;
	const struct csv *record;
};

/* Empty where the column or the end of the record is missing. */
static struct slice field(const struct row *r, enum classify_column c)
{
	size_t at = r->columns->at[c];

	return at == 0 || at > r->record->n ? slice_of("", 0) : r->record->field[at - 1];
}

/* 1: yes, 0: no, -1: not known. */
static int flag(const struct row *r, enum classify_column c)
{
	struct slice s = slice_trim(field(r, c));

	if (slice_eq(s, SLICE("1")) || slice_ieq(s, SLICE("true")) || slice_ieq(s, SLICE("yes")))
		return 1;
	if (slice_eq(s, SLICE("0")) || slice_ieq(s, SLICE("false")) || slice_ieq(s, SLICE("no")))
		return 0;
	return -1;
}

static bool is_host_octet(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_';
}

static bool is_host(struct slice s)
{
	bool dot = false;

	if (s.n < 3 || s.n >= SITE_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && s.p[i - 1] == '.')
			return false;
		dot = dot || s.p[i] == '.';
		if (s.p[i] != '.' && !is_host_octet(s.p[i]))
			return false;
	}
	return dot;
}

/* The first host name in "example.com, www.example.com". */
static struct slice host_in(struct slice text)
{
	struct slice rest = text, part;

	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', &part);
		part = slice_trim(part);
		if (part.n != 0 && part.p[0] == '.')
			part = slice_skip(part, 1);
		if (is_host(part))
			return part;
	}
	return slice_of("", 0);
}

static struct slice host_of_page(struct slice site)
{
	struct url_parts url;

	return url_split(site, &url) ? url.host : host_in(site);
}

static void find_party(struct sites *sites, const struct row *r, struct score_facts *f)
{
	struct slice page = host_of_page(slice_trim(field(r, CLASSIFY_SITE)));
	char own[SITE_MAX], site[SITE_MAX];
	int third = flag(r, CLASSIFY_THIRD_PARTY);

	if (party_of_word(slice_trim(field(r, CLASSIFY_PARTY)), &f->party)) {
		f->party_known = true;
	} else if (third >= 0) {
		f->party_known = true;
		f->party = third != 0 ? PARTY_THIRD : PARTY_FIRST;
	} else if (page.n != 0 && f->host.n != 0 && site_of_host(sites, page, site) &&
		   site_of_host(sites, f->host, own)) {
		f->party_known = true;
		f->party = same_site(own, site) ? PARTY_FIRST : PARTY_THIRD;
	}
}

static void find_life(const struct row *r, struct score_facts *f)
{
	struct slice text = slice_trim(field(r, CLASSIFY_EXPIRY)), whole;
	uint64_t seconds;

	f->lifetime_s = LIFETIME_UNKNOWN;
	if (flag(r, CLASSIFY_SESSION) == 1) {
		f->lifetime_s = LIFETIME_SESSION;
		return;
	}
	slice_cut(text, '.', &whole);
	if (!slice_to_u64(whole, INT64_MAX, &seconds) || seconds == 0)
		return;
	f->lifetime_s = (int64_t)seconds;
	if (f->lifetime_s > COOKIE_LIFETIME_MAX_S)
		f->lifetime_s = COOKIE_LIFETIME_MAX_S;
}

/* An empty value is one only where it is clear that the cookie was looked at. */
static void find_shape(const struct row *r, struct score_facts *f)
{
	struct slice value = field(r, CLASSIFY_VALUE);

	if (shape_parse(slice_trim(field(r, CLASSIFY_SHAPE)), &f->shape)) {
		f->shape_known = true;
	} else if (r->columns->at[CLASSIFY_VALUE] != 0 && (value.n != 0 || f->attributes_known)) {
		value_shape_of(value, &f->shape);
		f->shape_known = true;
	}
}

static void find_attributes(const struct row *r, bool dot, struct score_facts *f)
{
	struct slice same = slice_trim(field(r, CLASSIFY_SAME_SITE));
	int http_only = flag(r, CLASSIFY_HTTP_ONLY), host_only = flag(r, CLASSIFY_HOST_ONLY);

	f->attributes_known = http_only >= 0;
	f->httponly = http_only == 1;
	f->secure = flag(r, CLASSIFY_SECURE) == 1;
	f->has_domain = host_only == 0 || (host_only < 0 && dot);
	if (slice_ieq(same, SLICE("lax")))
		f->same_site = SAME_SITE_LAX;
	else if (slice_ieq(same, SLICE("strict")))
		f->same_site = SAME_SITE_STRICT;
	else if (slice_ieq(same, SLICE("none")) || slice_ieq(same, SLICE("no_restriction")))
		f->same_site = SAME_SITE_NONE;
}

bool classify_facts(struct sites *sites, const struct classify_columns *columns,
		    const struct csv *record, struct score_facts *out, const char **error)
{
	const struct row r = { columns, record };
	struct slice domain = slice_trim(field(&r, CLASSIFY_DOMAIN));

	if (record->n > columns->n) {
		*error = "more fields than the header has; put fields that hold the separator in "
			 "quotes";
		return false;
	}
	*out = (struct score_facts){ .name = field(&r, CLASSIFY_NAME) };
	if (out->name.n > COOKIE_PAIR_MAX) {
		*error = "a cookie-name longer than 4096 octets, which no browser takes";
		return false;
	}
	out->host = host_in(domain.n != 0 ? domain : field(&r, CLASSIFY_PROVIDER));
	find_party(sites, &r, out);
	out->declared = !out->party_known && slice_trim(field(&r, CLASSIFY_PROVIDER)).n != 0;
	find_life(&r, out);
	find_attributes(&r, domain.n != 0 && domain.p[0] == '.', out);
	find_shape(&r, out);
	return true;
}
