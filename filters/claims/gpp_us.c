#include "filters/claims/gpp_us.h"

#include "filters/claims/bits.h"

#define VERSION_BITS 6
#define ANSWER_BITS 2
#define GPC_SEGMENT 1

#define OPT_OUTS "SaleOptOut TargetedAdvertisingOptOut "
#define NOTICES "SaleOptOutNotice TargetedAdvertisingOptOutNotice "
#define MSPA "MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode"
#define CHILD "KnownChildSensitiveDataConsents"
#define SENSITIVE "SensitiveDataProcessing"
#define ADDITIONAL "AdditionalDataProcessingConsent "
/* US national, by the number of its lists: version 2 has more. */
#define NATIONAL(sensitive, child)                                                                 \
	"SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice "      \
	"SensitiveDataProcessingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut "              \
	"SharingOptOut TargetedAdvertisingOptOut " SENSITIVE sensitive " " CHILD child             \
	" PersonalDataConsents " MSPA
/* Most states since 2023 differ in the length of two lists only. */
#define STATE(sensitive, child)                                                                    \
	"ProcessingNotice " NOTICES OPT_OUTS SENSITIVE sensitive " " CHILD child " " ADDITIONAL MSPA
/* The newest begin with the agreement between the parties. */
#define NEWEST "MspaCoveredTransaction MspaMode ProcessingNotice " NOTICES OPT_OUTS

enum second { SECOND_NONE, SECOND_GPC, SECOND_SENSITIVE };

struct layout {
	const char *name;
	uint16_t id;
	enum second second;
	const char *fields;
};

static const struct layout layouts[] = {
	{ "usnat", 7, SECOND_GPC, NATIONAL("*16", "*3") },
	{ "usca", 8, SECOND_GPC,
	  "SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut "
	  "SharingOptOut " SENSITIVE "*9 " CHILD "*2 PersonalDataConsents " MSPA },
	{ "usva", 9, SECOND_NONE,
	  "SharingNotice " NOTICES OPT_OUTS SENSITIVE "*8 " CHILD " " MSPA },
	{ "usco", 10, SECOND_GPC,
	  "SharingNotice " NOTICES OPT_OUTS SENSITIVE "*7 " CHILD " " MSPA },
	{ "usut", 11, SECOND_NONE,
	  "SharingNotice " NOTICES "SensitiveDataProcessingOptOutNotice " OPT_OUTS SENSITIVE
	  "*8 " CHILD " " MSPA },
	{ "usct", 12, SECOND_GPC,
	  "SharingNotice " NOTICES OPT_OUTS SENSITIVE "*8 " CHILD "*3 " MSPA },
	{ "usfl", 13, SECOND_NONE, STATE("*8", "*3") },
	{ "usmt", 14, SECOND_GPC,
	  "SharingNotice " NOTICES OPT_OUTS SENSITIVE "*8 " CHILD "*3 " ADDITIONAL MSPA },
	{ "usor", 15, SECOND_GPC, STATE("*11", "*3") },
	{ "ustx", 16, SECOND_GPC, STATE("*8", "") },
	{ "usde", 17, SECOND_GPC, STATE("*9", "*5") },
	{ "usia", 18, SECOND_GPC,
	  "ProcessingNotice " NOTICES "SensitiveDataOptOutNotice " OPT_OUTS SENSITIVE "*8 " CHILD
	  " " MSPA },
	{ "usne", 19, SECOND_GPC, STATE("*8", "") },
	{ "usnh", 20, SECOND_GPC, STATE("*8", "*3") },
	{ "usnj", 21, SECOND_GPC, STATE("*10", "*5") },
	{ "ustn", 22, SECOND_GPC, STATE("*8", "") },
	{ "usmn", 23, SECOND_GPC, STATE("*8", "") },
	{ "usmd", 24, SECOND_GPC, NEWEST "AdditionalDataProcessingConsent" },
	{ "usin", 25, SECOND_SENSITIVE, NEWEST CHILD " AdditionalDataProcessingConsent" },
	{ "usky", 26, SECOND_SENSITIVE, NEWEST CHILD " AdditionalDataProcessingConsent" },
	{ "usri", 27, SECOND_SENSITIVE, NEWEST CHILD " AdditionalDataProcessingConsent" },
};
static const char national_v1[] = NATIONAL("*12", "*2");
/* So long, in bits, is US national where a writer of version 1 wrote it, padded to 6 or 8 and 6. */
#define NATIONAL_V1_BITS 60
#define NATIONAL_V1_PADDED_BITS 66

static const struct layout *layout_of(uint16_t id)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].id == id)
			return &layouts[i];
	return NULL;
}

struct slice gpp_us_name(uint16_t id)
{
	const struct layout *l = layout_of(id);

	return slice_str(l != NULL ? l->name : "");
}

/* "Name" or "Name*N". */
static unsigned split_field(struct slice field, struct slice *name)
{
	struct slice times = slice_cut(field, '*', name);
	uint64_t n = 1;

	if (times.p != NULL)
		slice_to_u64(times, GPP_US_ANSWERS, &n);
	return (unsigned)n;
}

bool gpp_us_next(const struct gpp_us *us, struct gpp_us_field *at)
{
	struct slice field;

	if (!at->begun)
		*at = (struct gpp_us_field){ .begun = true, .rest = us->fields };
	if (at->rest.p == NULL)
		return false;
	at->next += at->n;
	at->rest = slice_cut(at->rest, ' ', &field);
	at->n = split_field(field, &at->name);
	at->list = at->name.n != field.n;
	at->answers = us->answers + at->next;
	return true;
}

uint8_t gpp_us_answer(const struct gpp_us *us, struct slice name)
{
	struct gpp_us_field f = { .begun = false };

	while (gpp_us_next(us, &f))
		if (slice_eq(f.name, name))
			return f.answers[0];
	return 0;
}

/*
 * Reads the answers of `written` into the places of us->fields, which has the same names with lists
 * at least as long.
 */
static void read_answers(struct bits *b, struct slice written, struct gpp_us *us)
{
	struct gpp_us_field f = { .begun = false };
	struct slice field, name;

	while (gpp_us_next(us, &f)) {
		unsigned n;

		written = slice_cut(written, ' ', &field);
		n = split_field(field, &name);
		for (unsigned i = 0; i < n; i++) {
			uint8_t answer = (uint8_t)bits_take(b, ANSWER_BITS);

			if (i < f.n)
				us->answers[f.next + i] = answer;
		}
	}
}

static bool read_core(struct slice text, const struct layout *l, struct gpp_us *us)
{
	struct slice written = slice_str(l->fields);
	struct bits b, ahead;

	if (!bits_init(&b, text, BITS_EITHER))
		return false;
	ahead = b;
	us->version = (uint8_t)bits_take(&ahead, VERSION_BITS);
	us->fields = written;
	if (l->id == 7 && us->version == 1)
		us->fields = SLICE(national_v1);
	if (l->id == 7 && (b.end == NATIONAL_V1_BITS || b.end == NATIONAL_V1_PADDED_BITS))
		written = SLICE(national_v1);
	bits_skip(&b, VERSION_BITS);
	read_answers(&b, written, us);
	return !b.failed;
}

static bool read_second(struct slice text, struct gpp_us *us)
{
	struct bits b;

	if (!bits_init(&b, text, BITS_EITHER))
		return false;
	if (us->has_gpc) {
		us->gpc_type = (uint8_t)bits_take(&b, 2);
		us->gpc = bits_flag(&b);
		return !b.failed && us->gpc_type == GPC_SEGMENT;
	}
	for (size_t i = 0; us->has_sensitive && i < sizeof(us->sensitive); i++)
		us->sensitive[i] = (uint8_t)bits_take(&b, ANSWER_BITS);
	return !b.failed;
}

bool gpp_us_read(uint16_t id, struct slice text, struct gpp_us *out, const char **why)
{
	const struct layout *l = layout_of(id);
	struct slice core, second, rest;

	*out = (struct gpp_us){ .id = id, .gpc_type = GPC_SEGMENT };
	*why = "its section of a US law is cut short or not base64url";
	if (l == NULL)
		return false;
	out->has_gpc = l->second == SECOND_GPC;
	out->has_sensitive = l->second == SECOND_SENSITIVE;
	rest = slice_cut(text, '.', &core);
	if (!read_core(core, l, out))
		return false;
	if (rest.p == NULL)
		return true;
	slice_cut(rest, '.', &second);
	*why = "the second part of its section of a US law is cut short or of another kind";
	return read_second(second, out);
}
