#include "filters/banners/refusal.h"

#include "filters/banners/time.h"
#include "filters/cookie.h"

#include <stdio.h>

/* The domain of the row that the host is below; false where it is another's site. */
static bool own_domain(const struct banner_row *row, struct slice host, struct slice *domain)
{
	struct slice rest = row->domains;

	*domain = slice_of("", 0);
	if (slice_eq(rest, SLICE("*")))
		return true;
	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', domain);
		if (cookie_domain_match(host, *domain))
			return true;
	}
	return false;
}

static const struct banner_row *row_of(const struct banners *t, struct slice product,
				       struct slice host, struct slice *domain)
{
	for (size_t i = 0; i < banners_count(t); i++) {
		const struct banner_row *row = banners_at(t, i);

		if (row->refusal.n != 0 && slice_eq(row->product, product) &&
		    own_domain(row, host, domain))
			return row;
	}
	return NULL;
}

bool banner_can_refuse(const struct banners *t, struct slice product, struct slice host)
{
	struct slice domain;

	return row_of(t, product, host, &domain) != NULL;
}

static void add_uuid(struct buf *out, const uint8_t random[16])
{
	uint8_t u[16];

	memcpy(u, random, sizeof(u));
	/* RFC 9562: version 4, variant 10. */
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_addc(out, '-');
		buf_add_hex(out, &u[i], 1);
	}
}

static bool add_word(struct buf *out, struct slice word, const struct banner_occasion *o)
{
	if (slice_eq(word, SLICE("iso")))
		banner_time_write(o->now_s, out);
	else if (slice_eq(word, SLICE("s")))
		buf_addf(out, "%lld", (long long)o->now_s);
	else if (slice_eq(word, SLICE("ms")))
		buf_addf(out, "%lld000", (long long)o->now_s);
	else if (slice_eq(word, SLICE("uuid")))
		add_uuid(out, o->random);
	else if (slice_eq(word, SLICE("hex")))
		buf_add_hex(out, o->random, sizeof(o->random));
	else
		return false;
	return buf_ok(out);
}

/* Copies the template; what stands in <> is filled in. */
static bool expand(struct slice text, const struct banner_occasion *o, struct buf *out)
{
	while (text.n != 0) {
		size_t open = slice_find(text, '<'), close = slice_find(text, '>');

		buf_add(out, slice_head(text, open));
		if (open == text.n)
			return buf_ok(out);
		if (close < open || close == text.n ||
		    !add_word(out, slice_of(text.p + open + 1, close - open - 1), o))
			return false;
		text = slice_skip(text, close + 1);
	}
	return buf_ok(out);
}

static bool write_one(struct slice item, struct slice domain, const struct banner_occasion *o,
		      struct banner_write *out)
{
	struct slice name, value = slice_cut(item, '=', &name);
	struct buf text;
	bool good;

	buf_init(&text, sizeof(out->value));
	good = value.p != NULL && slice_copy(name, out->name, sizeof(out->name)) &&
	       expand(value, o, &text) &&
	       slice_copy(buf_slice(&text), out->value, sizeof(out->value));
	buf_release(&text);
	snprintf(out->attributes, sizeof(out->attributes),
		 "; Path=/; Max-Age=%d; Secure; SameSite=Lax%s%.*s", BANNER_WRITE_LIFE_S,
		 domain.n != 0 ? "; Domain=" : "", domain.n < 64 ? (int)domain.n : 64, domain.p);
	return good;
}

static bool reads_as_refusal(const struct banners *t, struct slice host,
			     const struct banner_write *writes, size_t n)
{
	struct banner_reading readings[BANNER_READINGS_MAX];
	struct banner_pair pairs[BANNER_WRITES_MAX];
	size_t count;

	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct banner_pair){ slice_str(writes[i].name),
						 slice_str(writes[i].value) };
	count = banner_read(t, host, pairs, n, readings);
	return count != 0 && banner_summary(readings, count).state == BANNER_REFUSE;
}

size_t banner_refusal(const struct banners *t, struct slice product,
		      const struct banner_occasion *o, struct banner_write out[BANNER_WRITES_MAX])
{
	struct slice domain, rest, item;
	const struct banner_row *row = row_of(t, product, o->host, &domain);
	size_t n = 0;

	if (row == NULL || o->now_s < 0)
		return 0;
	rest = row->refusal;
	while (rest.p != NULL) {
		rest = slice_cut(rest, ' ', &item);
		if (n == BANNER_WRITES_MAX || !write_one(item, domain, o, &out[n++]))
			return 0;
	}
	return reads_as_refusal(t, o->host, out, n) ? n : 0;
}
