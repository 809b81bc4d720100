#include "filters/shape.h"

static const struct {
	const char *word;
	bool entropy, classes;
} forms[] = {
	[FORM_EMPTY] = { "empty", false, false }, [FORM_BOOL] = { "bool", false, false },
	[FORM_NUMBER] = { "num", false, false },  [FORM_TIMESTAMP] = { "time", false, false },
	[FORM_UUID] = { "uuid", false, false },	  [FORM_HEX] = { "hex", true, false },
	[FORM_BASE64] = { "b64", true, false },	  [FORM_JWT] = { "jwt", false, false },
	[FORM_TC] = { "tc", false, false },	  [FORM_JSON] = { "json", true, false },
	[FORM_GA] = { "ga", false, false },	  [FORM_TEXT] = { "text", true, true },
	[FORM_OTHER] = { "other", true, true },
};

#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))
/* Bit i of value_shape.classes. */
static const char class_letters[] = "aA0.%_x";

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_hex(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_base64(char c)
{
	return is_lower(c) || is_upper(c) || ascii_digit(c) || c == '-' || c == '_' || c == '+' ||
	       c == '/';
}

static uint8_t class_of(char c)
{
	if (is_lower(c))
		return SHAPE_LOWER;
	if (is_upper(c))
		return SHAPE_UPPER;
	if (ascii_digit(c))
		return SHAPE_DIGIT;
	if (c == '%')
		return SHAPE_PERCENT;
	if (c == ' ' || c == '\t')
		return SHAPE_BLANK;
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f ? SHAPE_PUNCT : SHAPE_HIGH;
}

/*
 * 65536 * log2(v) to within a hundredth, in integers so that every machine gets the same: the place
 * of the highest bit, the rest as a fraction f, and a parabola for the bend between them.
 */
static uint64_t log2_q16(uint64_t v)
{
	unsigned bit = 63u - (unsigned)__builtin_clzll(v);
	uint64_t f = ((v - (UINT64_C(1) << bit)) << 16) >> bit;

	return ((uint64_t)bit << 16) + f + ((f * (65536 - f) >> 16) * 22713 >> 16);
}

/* H = log2(n) - sum(c * log2(c)) / n over the counts c of the octets. */
static uint8_t entropy_of(struct slice v)
{
	uint32_t counts[256] = { 0 };
	uint64_t sum = 0, whole;

	if (v.n == 0 || v.n > UINT32_MAX)
		return 0;
	for (size_t i = 0; i < v.n; i++)
		counts[(unsigned char)v.p[i]]++;
	for (unsigned i = 0; i < 256; i++)
		if (counts[i] > 1)
			sum += counts[i] * log2_q16(counts[i]);
	whole = log2_q16(v.n);
	sum /= v.n;
	return sum >= whole ? 0 : (uint8_t)((whole - sum) >> 16);
}

static bool all(struct slice v, bool (*is)(char))
{
	for (size_t i = 0; i < v.n; i++)
		if (!is(v.p[i]))
			return false;
	return true;
}

static bool is_bool(struct slice v)
{
	static const char *const words[] = { "0",  "1",	  "true", "false", "yes", "no",
					     "on", "off", "y",	  "n",	   "t",	  "f" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_ieq(v, slice_str(words[i])))
			return true;
	return false;
}

static bool is_number(struct slice v)
{
	unsigned points = 0, digits = 0;

	if (v.p[0] == '-')
		v = slice_skip(v, 1);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '.')
			points++;
		else if (ascii_digit(v.p[i]))
			digits++;
		else
			return false;
	}
	return digits != 0 && points <= 1;
}

static bool is_timestamp(struct slice v)
{
	return (v.n == 10 || v.n == 13) && v.p[0] != '0' && all(v, ascii_digit);
}

static bool is_uuid(struct slice v)
{
	if (v.n != 36)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? v.p[i] != '-' : !is_hex(v.p[i]))
			return false;
	}
	return true;
}

static bool is_json(struct slice v)
{
	bool opens = v.p[0] == '{' || v.p[0] == '[' || slice_istarts(v, SLICE("%7b")) ||
		     slice_istarts(v, SLICE("%5b"));
	char last = v.p[v.n - 1];

	return opens && (last == '}' || last == ']' || slice_iends(v, SLICE("%7d")) ||
			 slice_iends(v, SLICE("%5d")));
}

static bool is_jwt(struct slice v)
{
	struct slice rest = v, part;
	unsigned parts = 0;

	if (!slice_starts(v, SLICE("eyJ")))
		return false;
	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &part);
		if (!all(part, is_base64))
			return false;
		parts++;
	}
	return parts == 3;
}

/* A TCF 2 core segment: version 2 in six bits is 'C', then the date, 'O' and later since 2019. */
static bool is_tc(struct slice v)
{
	if (v.n < 36 || v.p[0] != 'C' || v.p[1] < 'O' || v.p[1] > 'Z')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!is_base64(v.p[i]) && v.p[i] != '.')
			return false;
	return true;
}

static bool is_ga(struct slice v)
{
	static const char *const starts[] = { "GA1.", "GS1.", "GS2.", "fb.0.", "fb.1.", "fb.2." };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (slice_starts(v, slice_str(starts[i])) && v.n >= 12)
			return true;
	return false;
}

static struct slice without_padding(struct slice v)
{
	while (v.n != 0 && v.p[v.n - 1] == '=')
		v.n--;
	while (slice_iends(v, SLICE("%3d")))
		v.n -= 3;
	return v;
}

static bool is_base64_text(struct slice v, uint8_t classes)
{
	struct slice body = without_padding(v);
	const uint8_t mixed = SHAPE_LOWER | SHAPE_UPPER;

	return v.n >= 16 && body.n + 6 >= v.n && (classes & mixed) == mixed &&
	       ((classes & SHAPE_DIGIT) != 0 || v.n >= 24) && all(body, is_base64);
}

static enum value_form form_of(struct slice v, uint8_t classes)
{
	if (v.n == 0)
		return FORM_EMPTY;
	if (is_bool(v))
		return FORM_BOOL;
	if (is_timestamp(v))
		return FORM_TIMESTAMP;
	if (is_number(v))
		return FORM_NUMBER;
	if (is_uuid(v))
		return FORM_UUID;
	if (v.n >= 8 && all(v, is_hex))
		return FORM_HEX;
	if (is_ga(v))
		return FORM_GA;
	if (is_json(v))
		return FORM_JSON;
	if (is_jwt(v))
		return FORM_JWT;
	if (is_tc(v))
		return FORM_TC;
	if (is_base64_text(v, classes))
		return FORM_BASE64;
	return (classes & (SHAPE_PERCENT | SHAPE_HIGH)) == 0 ? FORM_TEXT : FORM_OTHER;
}

void value_shape_of(struct slice value, struct value_shape *out)
{
	uint8_t classes = 0;

	for (size_t i = 0; i < value.n; i++)
		classes |= class_of(value.p[i]);
	out->form = form_of(value, classes);
	out->length = value.n > UINT32_MAX ? UINT32_MAX : (uint32_t)value.n;
	out->classes = forms[out->form].classes ? classes : 0;
	out->entropy = forms[out->form].entropy ? entropy_of(value) : 0;
}

static size_t put_text(char *out, size_t at, const char *s)
{
	while (*s != '\0')
		out[at++] = *s++;
	return at;
}

static size_t put_number(char *out, size_t at, uint32_t v)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n > 0)
		out[at++] = digits[--n];
	return at;
}

/* "other" ":4294967295" ":aA0.%_x" ":e8": 5 + 11 + 8 + 3 octets fit. */
void shape_write(const struct value_shape *s, char out[SHAPE_TEXT_MAX])
{
	size_t n = put_text(out, 0, forms[s->form].word);

	out[n++] = ':';
	n = put_number(out, n, s->length);
	if (forms[s->form].classes) {
		out[n++] = ':';
		for (unsigned i = 0; i < sizeof(class_letters) - 1; i++)
			if ((s->classes >> i & 1) != 0)
				out[n++] = class_letters[i];
	}
	if (forms[s->form].entropy) {
		n = put_text(out, n, ":e");
		out[n++] = (char)('0' + s->entropy % 10);
	}
	out[n] = '\0';
}

static bool parse_form(struct slice word, enum value_form *out)
{
	for (unsigned i = 0; i < FORM_COUNT; i++) {
		if (slice_eq(word, slice_str(forms[i].word))) {
			*out = (enum value_form)i;
			return true;
		}
	}
	return false;
}

static uint8_t parse_classes(struct slice letters)
{
	uint8_t classes = 0;

	for (size_t i = 0; i < letters.n; i++)
		for (unsigned k = 0; k < sizeof(class_letters) - 1; k++)
			if (letters.p[i] == class_letters[k])
				classes |= (uint8_t)(1u << k);
	return classes;
}

/* Reads what is there and then demands that writing it gives the same text. */
bool shape_parse(struct slice text, struct value_shape *out)
{
	struct slice rest = text, part;
	char again[SHAPE_TEXT_MAX];
	uint64_t length;

	*out = (struct value_shape){ 0 };
	rest = slice_cut(rest, ':', &part);
	if (!parse_form(part, &out->form))
		return false;
	rest = slice_cut(rest, ':', &part);
	if (!slice_to_u64(part, UINT32_MAX, &length))
		return false;
	out->length = (uint32_t)length;
	if (forms[out->form].classes) {
		rest = slice_cut(rest, ':', &part);
		out->classes = parse_classes(part);
	}
	if (forms[out->form].entropy) {
		if (rest.n != 2 || rest.p[1] < '0' || rest.p[1] > '8')
			return false;
		out->entropy = (uint8_t)(rest.p[1] - '0');
	}
	shape_write(out, again);
	return slice_eq(text, slice_str(again));
}
