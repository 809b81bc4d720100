#include "filters/claims/tcf.h"

#define SEGMENT_TYPE_BITS 3
/* Writers fill segments up to a multiple of 6, 8 or 24 bits. */
#define PADDING_MAX 23

struct reading {
	enum bits_alphabet alphabet;
	bool section; /* of a GPP string */
};

static bool refuse(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static void read_head(struct bits *b, struct tcf *tc)
{
	tc->version = (uint8_t)bits_take(b, 6);
	tc->created_ds = bits_take(b, 36);
	tc->last_updated_ds = bits_take(b, 36);
	tc->cmp_id = (uint16_t)bits_take(b, 12);
	tc->cmp_version = (uint16_t)bits_take(b, 12);
	tc->consent_screen = (uint8_t)bits_take(b, 6);
	bits_letters(b, tc->consent_language);
	tc->vendor_list_version = (uint16_t)bits_take(b, 12);
	tc->policy_version = (uint8_t)bits_take(b, 6);
	tc->is_service_specific = bits_flag(b);
	tc->use_non_standard_texts = bits_flag(b);
	tc->special_feature_optins = bits_flags(b, TCF_SPECIAL_FEATURES);
	tc->purpose_consents = bits_flags(b, TCF_PURPOSES);
	tc->purpose_legitimate_interests = bits_flags(b, TCF_PURPOSES);
	tc->purpose_one_treatment = bits_flag(b);
	bits_letters(b, tc->publisher_country);
}

static bool read_core(struct bits *b, const struct reading *how, struct tcf *tc, const char **why)
{
	struct bits version = *b;

	if (bits_take(&version, 6) != 2)
		return refuse(why, "it is no TC string of version 2");
	read_head(b, tc);
	if (b->failed)
		return refuse(why, "the core segment is cut short, or its language or country is "
				   "no pair of letters");
	if (!how->section && tc->cmp_id < 2)
		return refuse(why, "no consent management platform has the id 0 or 1");
	if (!vendor_set_read(b, VENDORS_FIXED, &tc->vendor_consents, NULL) ||
	    !vendor_set_read(b, VENDORS_FIXED, &tc->vendor_legitimate_interests, NULL))
		return refuse(why, "a list of vendors is cut short or not possible");
	if (how->section && bits_left(b) < 12)
		return true;
	if (!restrictions_read(b, VENDORS_ENTRIES, &tc->restrictions, NULL))
		return refuse(why, "the publisher's restrictions are cut short or not possible");
	return true;
}

void tcf_publisher_read(struct bits *b, struct tcf_publisher *out)
{
	unsigned n;

	out->consents = bits_flags(b, TCF_PURPOSES);
	out->legitimate_interests = bits_flags(b, TCF_PURPOSES);
	out->custom_purposes = (uint8_t)bits_take(b, 6);
	n = out->custom_purposes;
	for (unsigned i = 0; i < n; i++)
		out->custom_consents |= (uint64_t)bits_flag(b) << i;
	for (unsigned i = 0; i < n; i++)
		out->custom_legitimate_interests |= (uint64_t)bits_flag(b) << i;
}

static bool read_segment(struct bits *b, struct tcf *tc, const char **why)
{
	switch ((enum tcf_segment)bits_take(b, SEGMENT_TYPE_BITS)) {
	case TCF_VENDORS_DISCLOSED:
		vendor_set_read(b, VENDORS_FIXED, &tc->vendors_disclosed, NULL);
		break;
	case TCF_VENDORS_ALLOWED:
		vendor_set_read(b, VENDORS_FIXED, &tc->vendors_allowed, NULL);
		break;
	case TCF_PUBLISHER:
		tcf_publisher_read(b, &tc->publisher);
		break;
	case TCF_CORE:
	case TCF_SEGMENTS:
	default:
		return refuse(why, "a segment is of a type that does not exist");
	}
	return b->failed ? refuse(why, "a segment is cut short or not possible") : true;
}

bool tcf_has_segment(const struct tcf *tc, enum tcf_segment segment)
{
	for (unsigned i = 0; i < tc->segments; i++)
		if (tc->order[i] == segment)
			return true;
	return false;
}

/* Whether what stands behind the last field is no more than padding. */
static bool ends_here(struct bits b)
{
	if (bits_left(&b) > PADDING_MAX)
		while (bits_left(&b) != 0)
			if (bits_flag(&b))
				return false;
	return true;
}

static bool read_part(struct slice part, const struct reading *how, struct tcf *tc,
		      const char **why)
{
	enum tcf_segment type = TCF_CORE;
	struct bits b, ahead;

	if (!bits_init(&b, part, how->alphabet))
		return refuse(why, part.n == 0 ? "a segment is empty"
					       : "a character does not belong to base64url");
	ahead = b;
	if (tc->segments != 0)
		type = (enum tcf_segment)bits_take(&ahead, SEGMENT_TYPE_BITS);
	if (tc->segments == TCF_SEGMENTS || tcf_has_segment(tc, type))
		return refuse(why, "a segment is there twice");
	if (!(tc->segments == 0 ? read_core(&b, how, tc, why) : read_segment(&b, tc, why)))
		return false;
	if (!ends_here(b))
		return refuse(why, "a segment goes on behind its last field");
	tc->order[tc->segments++] = (uint8_t)type;
	return true;
}

static bool decode(struct slice text, const struct reading *how, struct tcf *out, const char **why)
{
	struct slice rest = text, part;

	*out = (struct tcf){ .vendors_disclosed.field = true, .vendors_allowed.field = true };
	if (text.n == 0)
		return refuse(why, "it is empty");
	if (text.n > TCF_TEXT_MAX)
		return refuse(why, "it is longer than any TC string");
	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &part);
		if (!read_part(part, how, out, why)) {
			*out = (struct tcf){ .version = 0 };
			return false;
		}
	}
	return true;
}

bool tcf_decode(struct slice text, struct tcf *out, const char **why)
{
	return decode(text, &(struct reading){ BITS_URL, false }, out, why);
}

bool tcf_decode_section(struct slice text, struct tcf *out, const char **why)
{
	return decode(text, &(struct reading){ BITS_EITHER, true }, out, why);
}

const char *tcf_purpose_words(unsigned purpose)
{
	static const char *const words[] = {
		"not defined",
		"store and read information on the device",
		"choose advertising by limited data",
		"build profiles for personalised advertising",
		"choose advertising by a profile",
		"build profiles for personalised content",
		"choose content by a profile",
		"measure advertising",
		"measure content",
		"understand audiences by statistics",
		"develop and improve services",
		"choose content by limited data",
	};

	return words[purpose < sizeof(words) / sizeof(words[0]) ? purpose : 0];
}

const char *tcf_special_feature_words(unsigned feature)
{
	static const char *const words[] = { "not defined", "use the precise place",
					     "scan the device to identify it" };

	return words[feature < sizeof(words) / sizeof(words[0]) ? feature : 0];
}
