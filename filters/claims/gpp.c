#include "filters/claims/gpp.h"

#include "filters/claims/gpp_ca.h"
#include "filters/claims/gpp_us.h"
#include "filters/claims/signals.h"
#include "filters/claims/tcf.h"

#define HEADER_TYPE 3
#define HEADER_VERSION 1

static bool refuse(struct gpp *out, const char **why, const char *reason)
{
	out->count = 0;
	*why = reason;
	return false;
}

/* The ids between last, not included, and end, included. */
static bool add_ids(struct gpp *out, uint32_t first, uint32_t end)
{
	if (end > UINT16_MAX || end - first >= GPP_SECTIONS_MAX - out->count)
		return false;
	for (uint32_t id = first; id <= end; id++)
		out->sections[out->count++] = (struct gpp_section){ .id = (uint16_t)id };
	return true;
}

static bool read_ids(struct bits *b, struct gpp *out)
{
	unsigned amount = (unsigned)bits_take(b, 12);
	uint32_t last = 0;

	for (unsigned i = 0; i < amount; i++) {
		bool group = bits_flag(b);
		uint32_t first = last + bits_fibonacci(b, UINT16_MAX);

		last = first + (group ? bits_fibonacci(b, UINT16_MAX) : 0);
		if (b->failed || !add_ids(out, first, last))
			return false;
	}
	return !b->failed;
}

static bool read_header(struct slice text, struct gpp *out, const char **why)
{
	struct bits b;

	if (!bits_init(&b, text, BITS_EITHER))
		return refuse(out, why, "a character of its header does not belong to base64url");
	if (bits_take(&b, 6) != HEADER_TYPE || bits_take(&b, 6) != HEADER_VERSION)
		return refuse(out, why, "it does not begin as a GPP string of version 1 does (DB)");
	if (!read_ids(&b, out))
		return refuse(out, why,
			      "the list of sections in its header is cut short or not "
			      "possible");
	return true;
}

static bool check_section(struct gpp_section *s, const char **why)
{
	struct tcf tc;
	struct gpp_ca ca;
	struct gpp_us us;
	struct usp usp;

	s->known = gpp_section_name(s->id).n != 0;
	if (!s->known)
		return true;
	if (s->id == GPP_TCF_EU)
		return tcf_decode_section(s->text, &tc, why);
	if (s->id == GPP_TCF_CA)
		return gpp_ca_read(s->text, &ca, why);
	if (s->id == GPP_USP_V1)
		return usp_decode(s->text, &usp, why);
	return gpp_us_read(s->id, s->text, &us, why);
}

bool gpp_decode(struct slice text, struct gpp *out, const char **why)
{
	struct slice rest, header;

	out->count = 0;
	if (text.n == 0)
		return refuse(out, why, "it is empty");
	if (text.n > TCF_TEXT_MAX)
		return refuse(out, why, "it is longer than any GPP string");
	rest = slice_cut(text, '~', &header);
	if (!read_header(header, out, why))
		return false;
	for (size_t i = 0; i < out->count; i++) {
		if (rest.p == NULL)
			return refuse(out, why, "its header names more sections than there are");
		rest = slice_cut(rest, '~', &out->sections[i].text);
		if (out->sections[i].text.n == 0)
			return refuse(out, why, "a section is empty");
		if (!check_section(&out->sections[i], why))
			return refuse(out, why, *why);
	}
	if (rest.p != NULL)
		return refuse(out, why, "there are more sections than its header names");
	return true;
}

const struct gpp_section *gpp_find(const struct gpp *gpp, uint16_t id)
{
	for (size_t i = 0; i < gpp->count; i++)
		if (gpp->sections[i].id == id)
			return &gpp->sections[i];
	return NULL;
}

struct slice gpp_section_name(uint16_t id)
{
	if (id == GPP_TCF_EU)
		return SLICE("tcfeuv2");
	if (id == GPP_TCF_CA)
		return SLICE("tcfcav1");
	if (id == GPP_USP_V1)
		return SLICE("uspv1");
	return gpp_us_name(id);
}
