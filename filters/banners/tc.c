#include "filters/banners/tc.h"

#include "filters/banners/decode.h"

/* As far as the fields above go, and the publisher's country and the vendors' header behind. */
#define CORE_OCTETS 29u
#define TC_MAX 8192u

static uint64_t bits(const unsigned char *p, unsigned at, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = at; i < at + n; i++)
		v = v << 1 | (p[i / 8] >> (7 - i % 8) & 1u);
	return v;
}

/* Purposes stand from the left, purpose 1 first. */
static uint32_t purposes(const unsigned char *p, unsigned at)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < TC_PURPOSES; i++)
		if (bits(p, at + i, 1) != 0)
			mask |= TC_PURPOSE(i + 1);
	return mask;
}

static bool segment_good(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!((c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_'))
			return false;
	}
	return s.n != 0;
}

static bool segments_good(struct slice text)
{
	struct slice rest = text, segment;

	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &segment);
		if (!segment_good(segment))
			return false;
	}
	return true;
}

bool tc_read(struct slice text, struct tc_core *out)
{
	const unsigned char *p;
	struct slice core;
	struct buf octets;
	bool good;

	if (text.n > TC_MAX || !segments_good(text))
		return false;
	slice_cut(text, '.', &core);
	buf_init(&octets, TC_MAX);
	good = decode_base64(core, &octets) && octets.len >= CORE_OCTETS;
	if (good) {
		p = (const unsigned char *)buf_slice(&octets).p;
		good = bits(p, 0, 6) == 2;
		*out = (struct tc_core){
			.updated_s = (int64_t)(bits(p, 42, 36) / 10),
			.cmp_id = (unsigned)bits(p, 78, 12),
			.consent = purposes(p, 152),
			.legitimate = purposes(p, 176),
		};
	}
	buf_release(&octets);
	return good;
}

static bool ids_good(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]) && s.p[i] != '.')
			return false;
	return true;
}

bool ac_read(struct slice text, bool *some)
{
	struct slice version, ids, disclosed = slice_of("", 0), rest;

	rest = slice_cut(text, '~', &version);
	if (rest.p == NULL || text.n > TC_MAX)
		return false;
	rest = slice_cut(rest, '~', &ids);
	if (rest.p != NULL)
		rest = slice_cut(rest, '~', &disclosed);
	*some = ids.n != 0;
	if (slice_eq(version, SLICE("1")))
		return disclosed.p != NULL && disclosed.n == 0 && rest.p == NULL && ids_good(ids);
	return slice_eq(version, SLICE("2")) && rest.p == NULL && ids_good(ids) &&
	       (slice_eq(disclosed, SLICE("dv")) ||
		(slice_starts(disclosed, SLICE("dv.")) && ids_good(slice_skip(disclosed, 3))));
}
