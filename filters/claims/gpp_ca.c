#include "filters/claims/gpp_ca.h"

/* The sub-section's type, in its first three bits. */
enum ca_segment { CA_CORE, CA_DISCLOSED, CA_NONE, CA_PUBLISHER };

static bool refuse(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static void read_head(struct bits *b, struct gpp_ca *ca)
{
	ca->version = (uint8_t)bits_take(b, 6);
	ca->created_ds = bits_take(b, 36);
	ca->last_updated_ds = bits_take(b, 36);
	ca->cmp_id = (uint16_t)bits_take(b, 12);
	ca->cmp_version = (uint16_t)bits_take(b, 12);
	ca->consent_screen = (uint8_t)bits_take(b, 6);
	bits_letters(b, ca->consent_language);
	ca->vendor_list_version = (uint16_t)bits_take(b, 12);
	ca->policy_version = (uint8_t)bits_take(b, 6);
	ca->use_non_standard_stacks = bits_flag(b);
	ca->special_feature_express = bits_flags(b, TCF_SPECIAL_FEATURES);
	ca->purposes_express = bits_flags(b, TCF_PURPOSES);
	ca->purposes_implied = bits_flags(b, TCF_PURPOSES);
}

/* Behind the head, in one of the codings; true when an encoder would have written these bits. */
static bool read_vendors(struct bits *b, enum vendor_coding sets, enum vendor_coding restricted,
			 struct gpp_ca *ca)
{
	bool express, implied, restrictions;

	vendor_set_read(b, sets, &ca->vendors_express, &express);
	vendor_set_read(b, sets, &ca->vendors_implied, &implied);
	restrictions_read(b, restricted, &ca->restrictions, &restrictions);
	return express && implied && restrictions;
}

/* Without the restrictions, which writers may leave out. */
static bool read_vendors_only(struct bits *b, struct gpp_ca *ca)
{
	vendor_set_read(b, VENDORS_FIBONACCI, &ca->vendors_express, NULL);
	vendor_set_read(b, VENDORS_FIBONACCI, &ca->vendors_implied, NULL);
	ca->restrictions = (struct restrictions){ .left = 0 };
	if (bits_left(b) >= 12)
		restrictions_read(b, VENDORS_FIBONACCI, &ca->restrictions, NULL);
	return !b->failed;
}

static bool read_core(struct bits *b, struct gpp_ca *ca, const char **why)
{
	struct bits one, other;

	read_head(b, ca);
	if (b->failed || ca->version != 1)
		return refuse(why, "its section of TCF Canada is cut short, of another version, or "
				   "its language is no pair of letters");
	one = other = *b;
	if (read_vendors(&one, VENDORS_FIBONACCI, VENDORS_FIBONACCI, ca) ||
	    read_vendors(&other, VENDORS_FIXED, VENDORS_ENTRIES, ca) || read_vendors_only(b, ca))
		return true;
	return refuse(why, "a list of vendors in its section of TCF Canada is cut short or not "
			   "possible");
}

static void read_disclosed(struct bits *b, struct gpp_ca *ca)
{
	struct bits one = *b, other = *b;
	bool as_encoder;

	if (vendor_set_read(&one, VENDORS_FIBONACCI, &ca->vendors_disclosed, &as_encoder) &&
	    as_encoder)
		return;
	if (vendor_set_read(&other, VENDORS_FIXED, &ca->vendors_disclosed, &as_encoder) &&
	    as_encoder)
		return;
	vendor_set_read(b, VENDORS_FIBONACCI, &ca->vendors_disclosed, NULL);
}

static bool read_segment(struct bits *b, unsigned *seen, struct gpp_ca *ca, const char **why)
{
	unsigned type = (unsigned)bits_take(b, 3);

	if ((type != CA_DISCLOSED && type != CA_PUBLISHER) || (*seen >> type & 1) != 0)
		return refuse(why, "a part of its section of TCF Canada is there twice or of a "
				   "type that does not exist");
	*seen |= 1u << type;
	if (type == CA_DISCLOSED)
		read_disclosed(b, ca);
	else
		tcf_publisher_read(b, &ca->publisher);
	if (b->failed)
		return refuse(why, "a part of its section of TCF Canada is cut short or not "
				   "possible");
	return true;
}

bool gpp_ca_read(struct slice text, struct gpp_ca *out, const char **why)
{
	struct slice rest = text, part;
	bool core = true;
	unsigned seen = 0;

	*out = (struct gpp_ca){ .vendors_disclosed.field = true };
	*why = "its section of TCF Canada is empty";
	while (rest.p != NULL) {
		struct bits b;

		rest = slice_cut(rest, '.', &part);
		if (!bits_init(&b, part, BITS_EITHER))
			return refuse(why, "a part of its section of TCF Canada is not base64url");
		if (!(core ? read_core(&b, out, why) : read_segment(&b, &seen, out, why)))
			return false;
		core = false;
	}
	return !core;
}
