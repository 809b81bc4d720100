#include "filters/cookie.h"

/* Octets for which a browser ignores the whole line: controls but HTAB. */
static bool is_forbidden(unsigned char c)
{
	return (c < 0x20 && c != 0x09) || c == 0x7f;
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/*
 * Not zero when one of the eight octets is below 0x20 or is 0x7f; it may name too many, not too
 * few.
 */
static uint64_t any_control(uint64_t w)
{
	uint64_t del = w ^ EACH(0x7f);

	return (((w - EACH(0x20)) & ~w) | ((del - EACH(0x01)) & ~del)) & EACH(0x80);
}

static bool has_forbidden(struct slice s)
{
	uint64_t w;

	for (size_t i = 0; i < s.n; i++) {
		while (s.n - i > sizeof(w)) {
			memcpy(&w, s.p + i, sizeof(w));
			if (any_control(w) != 0)
				break;
			i += sizeof(w);
		}
		if (is_forbidden((unsigned char)s.p[i]))
			return true;
	}
	return false;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Cuts at the first '='; without one the whole is the value (section 5.6, step 3). */
static void split_pair(struct slice pair, struct slice *name, struct slice *value)
{
	size_t eq = slice_find(pair, '=');

	if (eq == pair.n) {
		*name = slice_head(pair, 0);
		*value = slice_trim(pair);
		return;
	}
	*name = slice_trim(slice_head(pair, eq));
	*value = slice_trim(slice_skip(pair, eq + 1));
}

/* Section 5.6.4: an optional '-', then digits; more digits than a number holds saturate. */
static bool parse_max_age(struct slice v, int64_t *out)
{
	bool negative = v.n != 0 && v.p[0] == '-';
	int64_t n = 0;

	if (negative)
		v = slice_skip(v, 1);
	if (v.n == 0)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_digit(v.p[i]))
			return false;
		n = n > INT64_MAX / 100 ? n : n * 10 + (v.p[i] - '0');
	}
	*out = negative ? -n : n;
	return true;
}

static enum same_site parse_same_site(struct slice v)
{
	if (slice_ieq(v, SLICE("none")))
		return SAME_SITE_NONE;
	if (slice_ieq(v, SLICE("lax")))
		return SAME_SITE_LAX;
	if (slice_ieq(v, SLICE("strict")))
		return SAME_SITE_STRICT;
	return SAME_SITE_DEFAULT;
}

/* The last occurrence of each attribute wins, so each one simply overwrites. */
static void take_attribute(struct slice name, struct slice value, struct set_cookie *c)
{
	int64_t n;

	if (slice_ieq(name, SLICE("expires"))) {
		if (cookie_date_parse(value, &n)) {
			c->has_expires = true;
			c->expires_s = n;
		}
	} else if (slice_ieq(name, SLICE("max-age"))) {
		if (parse_max_age(value, &n)) {
			c->has_max_age = true;
			c->max_age_s = n;
		}
	} else if (slice_ieq(name, SLICE("domain"))) {
		c->domain = value.n != 0 && value.p[0] == '.' ? slice_skip(value, 1) : value;
		c->has_domain = c->domain.n != 0;
	} else if (slice_ieq(name, SLICE("path"))) {
		c->path = value.n != 0 && value.p[0] == '/' ? value : slice_head(value, 0);
		c->has_path = true;
	} else if (slice_ieq(name, SLICE("secure"))) {
		c->secure = true;
	} else if (slice_ieq(name, SLICE("httponly"))) {
		c->httponly = true;
	} else if (slice_ieq(name, SLICE("samesite"))) {
		c->same_site = parse_same_site(value);
	} else if (slice_ieq(name, SLICE("partitioned"))) {
		c->partitioned = true;
	}
}

static void take_attributes(struct slice rest, struct set_cookie *c)
{
	while (rest.p != NULL) {
		struct slice item, name, value;
		size_t eq;

		rest = slice_cut(rest, ';', &item);
		eq = slice_find(item, '=');
		name = slice_trim(slice_head(item, eq));
		value = slice_trim(slice_skip(item, eq + 1));
		if (value.n <= COOKIE_ATTRIBUTE_MAX)
			take_attribute(name, value, c);
	}
}

bool set_cookie_parse(struct slice line, struct set_cookie *out)
{
	struct slice pair, rest;

	*out = (struct set_cookie){ 0 };
	if (has_forbidden(line))
		return false;
	rest = slice_cut(line, ';', &pair);
	split_pair(pair, &out->name, &out->value);
	if (out->name.n + out->value.n > COOKIE_PAIR_MAX || out->name.n + out->value.n == 0)
		return false;
	take_attributes(rest, out);
	return is_ascii(out->domain);
}

int64_t set_cookie_lifetime_s(const struct set_cookie *c, int64_t now_s)
{
	int64_t life;

	if (c->has_max_age)
		life = c->max_age_s;
	else if (c->has_expires)
		life = c->expires_s <= now_s ? 0 : c->expires_s - now_s;
	else
		return LIFETIME_SESSION;
	if (life <= 0)
		return LIFETIME_DELETES;
	return life < COOKIE_LIFETIME_MAX_S ? life : COOKIE_LIFETIME_MAX_S;
}

bool cookie_next(struct slice *rest, struct slice *pair, struct slice *name, struct slice *value)
{
	if (rest->p == NULL)
		return false;
	*rest = slice_cut(*rest, ';', pair);
	split_pair(*pair, name, value);
	return true;
}

static bool is_blank_span(struct slice pair)
{
	return slice_trim(pair).n == 0;
}

/* Asks for every pair; how many stay and how many go. */
static void count_pairs(struct slice value, cookie_keep *keep, void *arg, uint64_t *gone,
			size_t gone_bits, size_t *kept, size_t *removed)
{
	struct slice rest = value, pair, n, v;
	size_t index = 0;

	while (cookie_next(&rest, &pair, &n, &v)) {
		if (is_blank_span(pair))
			continue;
		/* Beyond the bitmap nothing can be remembered, so nothing is let through. */
		if (index < gone_bits && keep(arg, index, n, v)) {
			++*kept;
		} else {
			++*removed;
			if (index < gone_bits)
				gone[index / 64] |= UINT64_C(1) << (index % 64);
		}
		index++;
	}
}

/*
 * More pairs in one line than this are taken out unasked; browsers keep some 180 cookies a domain
 * and servers limit the line to 8 or 16 KiB.
 */
#define PAIRS_MAX 8192u

/*
 * Spans are joined by the ';' they were cut at, blanks and all.  The blank in front of a span
 * belongs to the separator before it, so it goes where that separator goes.
 */
static void write_kept(struct slice value, const uint64_t *gone, struct buf *out)
{
	struct slice rest = value, pair, n, v;
	size_t index = 0;
	bool first = true, at_start = true;

	while (cookie_next(&rest, &pair, &n, &v)) {
		bool blank = is_blank_span(pair);

		if (!blank) {
			bool stays =
				index < PAIRS_MAX && (gone[index / 64] >> (index % 64) & 1) == 0;

			index++;
			if (!stays) {
				at_start = false;
				continue;
			}
		}
		if (!first) {
			buf_addc(out, ';');
		} else if (!at_start) {
			while (pair.n != 0 && (pair.p[0] == ' ' || pair.p[0] == '\t'))
				pair = slice_skip(pair, 1);
		}
		buf_add(out, pair);
		first = false;
		at_start = false;
	}
}

enum cookie_edit_result cookie_header_edit(struct slice value, cookie_keep *keep, void *arg,
					   struct buf *out)
{
	uint64_t gone[PAIRS_MAX / 64] = { 0 };
	size_t kept = 0, removed = 0;

	count_pairs(value, keep, arg, gone, PAIRS_MAX, &kept, &removed);
	if (removed == 0)
		return COOKIE_EDIT_SAME;
	if (kept == 0)
		return COOKIE_EDIT_DROP;
	write_kept(value, gone, out);
	return buf_ok(out) ? COOKIE_EDIT_CHANGED : COOKIE_EDIT_ERROR;
}
