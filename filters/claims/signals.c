#include "filters/claims/signals.h"

#include "filters/claims/tcf.h"

/* Ids of Google's list have four or five digits. */
#define AC_ID_MAX 99999999u
#define GCD_MAX 64
#define SID_MAX 64

static bool refuse(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static bool usp_answer(char c)
{
	return c == 'Y' || c == 'N' || c == '-';
}

bool usp_decode(struct slice text, struct usp *out, const char **why)
{
	*out = (struct usp){ .version = 0 };
	if (text.n != 4 || text.p[0] != '1' || !usp_answer(text.p[1]) || !usp_answer(text.p[2]) ||
	    !usp_answer(text.p[3]))
		return refuse(why, "a US Privacy string is 1 and three of Y, N and -");
	*out = (struct usp){ 1, text.p[1], text.p[2], text.p[3] };
	return true;
}

static bool ids_possible(struct slice list)
{
	struct slice rest = list, item;
	uint64_t id;

	if (list.n == 0)
		return true;
	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &item);
		if (!slice_to_u64(item, AC_ID_MAX, &id) || id == 0)
			return false;
	}
	return true;
}

bool ac_decode(struct slice text, struct ac_string *out, const char **why)
{
	struct slice rest, version, part;

	*out = (struct ac_string){ .version = 0 };
	if (text.n > TCF_TEXT_MAX)
		return refuse(why, "it is longer than any additional consent string");
	rest = slice_cut(text, '~', &version);
	if (version.n != 1 || (version.p[0] != '1' && version.p[0] != '2') || rest.p == NULL)
		return refuse(why, "an additional consent string begins with 1~ or 2~");
	rest = slice_cut(rest, '~', &out->consented);
	if (version.p[0] == '2') {
		if (rest.p == NULL)
			return refuse(why, "the part ~dv. of version 2 is missing");
		rest = slice_cut(rest, '~', &part);
		if (!slice_starts(part, SLICE("dv")) || (part.n > 2 && part.p[2] != '.'))
			return refuse(why, "the second part of version 2 begins with dv.");
		out->disclosed = slice_skip(part, 3);
	}
	if (rest.p != NULL)
		return refuse(why, "it has more parts than an additional consent string");
	if (!ids_possible(out->consented) || !ids_possible(out->disclosed))
		return refuse(why, "what should be a provider's number is none");
	out->version = (uint8_t)(version.p[0] - '0');
	return true;
}

bool ac_next(struct slice *rest, uint32_t *id)
{
	struct slice item;
	uint64_t v = 0;

	if (rest->p == NULL || rest->n == 0)
		return false;
	*rest = slice_cut(*rest, '.', &item);
	slice_to_u64(item, AC_ID_MAX, &v);
	*id = (uint32_t)v;
	return true;
}

const char *consent_type_word(enum consent_type v)
{
	static const char *const words[] = { [AD_STORAGE] = "ad_storage",
					     [ANALYTICS_STORAGE] = "analytics_storage",
					     [AD_USER_DATA] = "ad_user_data",
					     [AD_PERSONALIZATION] = "ad_personalization" };

	return v < CONSENT_TYPES ? words[v] : "?";
}

static bool gcs_state(char c, enum consent_state *out)
{
	*out = c == '1' ? STATE_GRANTED : c == '0' ? STATE_DENIED : STATE_NOT_SET;
	return c == '1' || c == '0' || c == '-';
}

bool gcs_decode(struct slice text, struct gcs *out, const char **why)
{
	*out = (struct gcs){ STATE_NOT_SET, STATE_NOT_SET };
	if (text.n != 4 || !slice_starts(text, SLICE("G1")) ||
	    !gcs_state(text.p[2], &out->ad_storage) ||
	    !gcs_state(text.p[3], &out->analytics_storage))
		return refuse(why, "gcs is G1 and two of 1, 0 and -");
	return true;
}

static const struct {
	char letter;
	enum consent_state state;
	const char *words;
} gcd_letters[] = {
	{ 'l', STATE_NOT_SET, "not set" },
	{ 'm', STATE_DENIED, "denied by update, no default" },
	{ 'n', STATE_GRANTED, "granted by update, no default" },
	{ 'p', STATE_DENIED, "denied by default" },
	{ 'q', STATE_DENIED, "denied by default and by update" },
	{ 'r', STATE_GRANTED, "denied by default, granted by update" },
	{ 't', STATE_GRANTED, "granted by default" },
	{ 'u', STATE_DENIED, "granted by default, denied by update" },
	{ 'v', STATE_GRANTED, "granted by default and by update" },
};
#define GCD_LETTERS (sizeof(gcd_letters) / sizeof(gcd_letters[0]))

static size_t letter_index(char letter)
{
	size_t i = 0;

	while (i < GCD_LETTERS && gcd_letters[i].letter != letter)
		i++;
	return i;
}

enum consent_state gcd_state(char letter)
{
	size_t i = letter_index(letter);

	return i < GCD_LETTERS ? gcd_letters[i].state : STATE_NOT_SET;
}

const char *gcd_words(char letter)
{
	size_t i = letter_index(letter);

	return i < GCD_LETTERS ? gcd_letters[i].words : "?";
}

bool gcd_by_default_only(char letter)
{
	return letter == 't';
}

static size_t digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	return n;
}

/* Digits, a letter, digits and so on; more than four letters have been seen, the rest is not known. */
bool gcd_decode(struct slice text, struct gcd *out, const char **why)
{
	struct slice rest = text;

	*out = (struct gcd){ { '\0' } };
	if (text.n > GCD_MAX || text.n == 0 || text.p[0] != '1')
		return refuse(why, "gcd begins with 1 and is short");
	for (int i = 0; i < CONSENT_TYPES; i++) {
		size_t n = digits(rest);

		if (n == 0 || n == rest.n || letter_index(rest.p[n]) == GCD_LETTERS)
			return refuse(why, "gcd is four known letters, each between digits");
		out->letters[i] = rest.p[n];
		rest = slice_skip(rest, n + 1);
	}
	if (digits(rest) == 0)
		return refuse(why, "gcd ends with a digit");
	for (size_t i = 0; i < rest.n; i++)
		if (!ascii_digit(rest.p[i]) &&
		    !(ascii_lower(rest.p[i]) >= 'a' && ascii_lower(rest.p[i]) <= 'z'))
			return refuse(why, "gcd is letters and digits");
	return true;
}

bool switch_decode(struct slice text, bool *out, const char **why)
{
	*out = slice_eq(text, SLICE("1")) || slice_ieq(text, SLICE("true"));
	if (*out || slice_eq(text, SLICE("0")) || slice_ieq(text, SLICE("false")))
		return true;
	return refuse(why, "it is neither 0 nor 1");
}

bool gpp_sid_check(struct slice text, const char **why)
{
	struct slice rest = text;
	uint64_t id;

	if (slice_eq(text, SLICE("-1")))
		return true;
	while (rest.p != NULL) {
		char separator = slice_find(rest, ',') < rest.n ? ',' : '_';
		struct slice item;

		rest = slice_cut(rest, separator, &item);
		if (text.n > SID_MAX || !slice_to_u64(slice_trim(item), UINT16_MAX, &id))
			return refuse(why, "it is no list of section numbers");
	}
	return true;
}

bool gpc_asks(struct slice field_value)
{
	return slice_eq(slice_trim(field_value), SLICE("1"));
}
