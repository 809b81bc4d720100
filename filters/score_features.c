#include "filters/score_features.h"

/* ---- the name ---- */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_lower(c) || is_upper(c);
}

static bool is_hex(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) || (c >= 'a' && c <= 'f');
}

/* Shorter runs of hexadecimal digits are words ("face", "e3"). */
#define HEX_RUN_MIN 6u

/* The length of a run that is an identifier, not a word: hexadecimal, digits and letters. */
static size_t hex_run(struct slice s)
{
	size_t n = 0, digits = 0;

	while (n < s.n && is_hex(s.p[n]))
		digits += ascii_digit(s.p[n++]);
	if (n < HEX_RUN_MIN || digits < 2 || (n < s.n && is_letter(s.p[n])))
		return 0;
	return n;
}

static size_t digit_run(struct slice s)
{
	size_t n = 0;

	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	return n;
}

/* A word begins at a letter behind something else, and at a hump: userId, GUIDToken. */
static bool begins_word(struct slice name, size_t i)
{
	char before = i != 0 ? name.p[i - 1] : '_';

	if (!is_letter(before))
		return true;
	if (is_lower(before) && is_upper(name.p[i]))
		return true;
	return is_upper(before) && is_upper(name.p[i]) && i + 1 < name.n &&
	       is_lower(name.p[i + 1]) && (i < 2 || is_upper(name.p[i - 2]));
}

static void put_letter(struct score_name *out, struct slice name, size_t i, bool *open)
{
	char c = name.p[i];

	if (i != 0 && is_lower(name.p[i - 1]) && is_upper(c))
		out->hump = true;
	out->lower |= is_lower(c);
	out->upper |= is_upper(c);
	if (begins_word(name, i))
		*open = false;
	if (!*open && out->words < SCORE_WORDS_MAX) {
		out->word[out->words].at = (uint8_t)out->n;
		out->word[out->words].n = 0;
		out->words++;
		*open = true;
	}
	if (*open)
		out->word[out->words - 1].n++;
	out->text[out->n++] = ascii_lower(c);
}

/* What a prefix promises the attributes show as well (RFC 6265bis section 4.1.3). */
static struct slice without_prefix(struct slice name)
{
	static const char *const prefixes[] = { "__Host-", "__Secure-", "__Http-" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (slice_istarts(name, slice_str(prefixes[i])))
			return slice_skip(name, strlen(prefixes[i]));
	return name;
}

void score_name_of(struct slice name, struct score_name *out)
{
	bool open = false;
	size_t i = 0;

	name = without_prefix(name);

	out->n = 0;
	out->words = 0;
	out->lower = out->upper = out->hump = false;
	while (i < name.n && out->n < SCORE_NAME_MAX) {
		struct slice rest = slice_skip(name, i);
		bool inside = i != 0 && is_letter(name.p[i - 1]);
		size_t run = inside ? 0 : hex_run(rest);

		if (run == 0 && is_letter(rest.p[0])) {
			put_letter(out, name, i++, &open);
			continue;
		}
		open = false;
		if (run != 0) {
			out->text[out->n++] = digit_run(rest) == run ? '0' : '#';
		} else if (ascii_digit(rest.p[0])) {
			run = digit_run(rest);
			out->text[out->n++] = '0';
		} else {
			run = 1;
			out->text[out->n++] = rest.p[0] > ' ' && rest.p[0] < 0x7f ? rest.p[0] : '?';
		}
		i += run;
	}
}

/* ---- words as they are made ---- */

struct feature {
	char text[SCORE_FEATURE_MAX];
	size_t n;
};

static void put(struct feature *w, struct slice s)
{
	s = slice_head(s, SCORE_FEATURE_MAX - w->n);
	if (s.n != 0)
		memcpy(w->text + w->n, s.p, s.n);
	w->n += s.n;
}

static void give(score_feature_see *see, void *arg, const char *kind, struct slice a)
{
	struct feature w = { .n = 0 };

	put(&w, slice_str(kind));
	put(&w, a);
	see(arg, slice_of(w.text, w.n));
}

static void give_two(score_feature_see *see, void *arg, const char *kind, const char *a,
		     const char *b)
{
	struct feature w = { .n = 0 };

	put(&w, slice_str(kind));
	put(&w, slice_str(a));
	put(&w, SLICE(":"));
	put(&w, slice_str(b));
	see(arg, slice_of(w.text, w.n));
}

static void give_three(score_feature_see *see, void *arg, const char *kind, const char *a,
		       const char *b, const char *c)
{
	struct feature w = { .n = 0 };

	put(&w, slice_str(kind));
	put(&w, slice_str(a));
	put(&w, SLICE(":"));
	put(&w, slice_str(b));
	put(&w, SLICE(":"));
	put(&w, slice_str(c));
	see(arg, slice_of(w.text, w.n));
}

#define GRAM_MIN 3u
#define GRAM_MAX 4u

static void see_grams(const struct score_name *name, score_feature_see *see, void *arg)
{
	char text[SCORE_NAME_MAX + 2], gram[2 + GRAM_MAX] = { 'g', ':' };
	size_t n = 0;

	text[n++] = '^';
	memcpy(text + n, name->text, name->n);
	n += name->n;
	text[n++] = '$';
	for (size_t i = 0; i < n; i++) {
		for (size_t k = GRAM_MIN; k <= GRAM_MAX && i + k <= n; k++) {
			memcpy(gram + 2, text + i, k);
			see(arg, slice_of(gram, 2 + k));
		}
	}
}

static void see_name(const struct score_name *name, score_feature_see *see, void *arg)
{
	const char *form = "none", *length = "long";

	see_grams(name, see, arg);
	for (unsigned i = 0; i < name->words; i++)
		give(see, arg, "t:", score_name_word(name, i));
	if (name->hump)
		form = "camel";
	else if (name->upper)
		form = name->lower ? "mixed" : "upper";
	else if (name->lower)
		form = "lower";
	if (name->n <= 16)
		length = name->n <= 4 ? "short" : "middle";
	give(see, arg, "c:", slice_str(form));
	give(see, arg, "d:", slice_str(length));
}

/* ---- the rest ---- */

#define HOUR_S INT64_C(3600)
#define DAY_S (24 * HOUR_S)

const char *score_life_word(int64_t lifetime_s)
{
	/* A little more than the round number, for what is asked for as "a month". */
	static const struct {
		int64_t most;
		const char *word;
	} buckets[] = {
		{ 2 * HOUR_S, "hour" },	 { 2 * DAY_S, "day" },	     { 10 * DAY_S, "week" },
		{ 35 * DAY_S, "month" }, { 100 * DAY_S, "quarter" }, { 200 * DAY_S, "half" },
		{ 380 * DAY_S, "year" },
	};

	if (lifetime_s == LIFETIME_SESSION)
		return "session";
	if (lifetime_s <= 0)
		return "";
	for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
		if (lifetime_s <= buckets[i].most)
			return buckets[i].word;
	return "long";
}

/* The length in doublings, one digit. */
static const char *length_word(uint32_t n)
{
	static const char *const words[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	unsigned bits = 0;

	while (n != 0 && bits < 9) {
		n /= 2;
		bits++;
	}
	return words[bits];
}

/* The form's word as shape_write() begins: "hex" of "hex:32:e4". */
static void form_word(const struct value_shape *shape, char out[SHAPE_TEXT_MAX])
{
	char *colon;

	shape_write(shape, out);
	colon = strchr(out, ':');
	if (colon != NULL)
		*colon = '\0';
}

static bool counts_entropy(enum value_form form)
{
	return form == FORM_TEXT || form == FORM_OTHER;
}

static void see_shape(const struct score_facts *f, const char *form, const char *life,
		      score_feature_see *see, void *arg)
{
	static const char *const bits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8" };

	if (form[0] == '\0')
		return;
	give(see, arg, "v:", slice_str(form));
	give_two(see, arg, "v:", form, length_word(f->shape.length));
	if (counts_entropy(f->shape.form) && f->shape.entropy <= 8)
		give_two(see, arg, "v:", "e", bits[f->shape.entropy]);
	if (life[0] != '\0')
		give_two(see, arg, "x:", form, life);
	if (f->party_known)
		give_two(see, arg, "x:", party_word(f->party), form);
}

static void see_attributes(const struct score_facts *f, score_feature_see *see, void *arg)
{
	if (!f->attributes_known)
		return;
	give(see, arg, "a:", f->httponly ? SLICE("httponly") : SLICE("script"));
	give(see, arg, "a:", f->secure ? SLICE("secure") : SLICE("plain"));
	give(see, arg, "a:", f->has_domain ? SLICE("domain") : SLICE("host"));
	if (f->same_site != SAME_SITE_DEFAULT)
		give(see, arg, "a:", slice_str(same_site_word(f->same_site)));
}

/* Who set it, who may read it, how long, what: by twos and threes they say more than each alone. */
static void see_together(const struct score_facts *f, const char *form, const char *life,
			 score_feature_see *see, void *arg)
{
	const char *party = party_word(f->party);
	const char *reader = f->httponly ? "httponly" : "script";
	const char *width = f->has_domain ? "domain" : "host";

	if (!f->attributes_known || !f->party_known)
		return;
	give_three(see, arg, "y:", party, reader, width);
	if (f->same_site == SAME_SITE_NONE)
		give_three(see, arg, "y:", party, reader, "none");
	if (form[0] != '\0')
		give_three(see, arg, "y:", party, reader, form);
	if (life[0] == '\0')
		return;
	give_three(see, arg, "y:", party, reader, life);
	give_three(see, arg, "y:", party, width, life);
	if (form[0] != '\0')
		give_three(see, arg, "z:", party, form, life);
}

#define HOST_WORDS_MAX 8u
#define HOST_WORD_MIN 2u
#define HOST_WORD_MAX 24u

/* Companies run words together: "adform", "smartadserver", "eyeota". */
static void see_host_grams(struct slice word, score_feature_see *see, void *arg)
{
	char text[HOST_WORD_MAX + 2], gram[2 + GRAM_MIN] = { 'i', ':' };
	size_t n = 0;

	text[n++] = '^';
	memcpy(text + n, word.p, word.n);
	n += word.n;
	text[n++] = '$';
	for (size_t i = 0; i + GRAM_MIN <= n; i++) {
		memcpy(gram + 2, text + i, GRAM_MIN);
		see(arg, slice_of(gram, sizeof(gram)));
	}
}

static void see_host_word(struct slice s, score_feature_see *see, void *arg)
{
	struct feature w = { .n = 0 };

	/* "www" says nothing. */
	if (s.n < HOST_WORD_MIN || s.n > HOST_WORD_MAX || slice_ieq(s, SLICE("www")))
		return;
	put(&w, SLICE("h:"));
	put(&w, s);
	for (size_t i = 0; i < w.n; i++)
		w.text[i] = ascii_lower(w.text[i]);
	see(arg, slice_of(w.text, w.n));
	see_host_grams(slice_skip(slice_of(w.text, w.n), 2), see, arg);
}

/* The host without its last n labels. */
static struct slice without_labels(struct slice host, unsigned n)
{
	while (n != 0 && host.n != 0) {
		host.n--;
		n -= host.p[host.n] == '.';
	}
	return host;
}

static void see_host(const struct score_facts *f, score_feature_see *see, void *arg)
{
	bool third = f->party_known && f->party == PARTY_THIRD;
	struct slice host = without_labels(f->host, third ? 1 : 2);
	unsigned words = 0;
	size_t start = 0;

	for (size_t i = 0; i <= host.n && words < HOST_WORDS_MAX; i++) {
		if (i < host.n && is_letter(host.p[i]))
			continue;
		if (i > start) {
			see_host_word(slice_of(host.p + start, i - start), see, arg);
			words++;
		}
		start = i + 1;
	}
}

void score_features(const struct score_facts *f, score_feature_see *see, void *arg)
{
	const char *life = score_life_word(f->lifetime_s);
	char form[SHAPE_TEXT_MAX] = "";
	struct score_name name;

	if (f->shape_known)
		form_word(&f->shape, form);
	score_name_of(f->name, &name);
	see_name(&name, see, arg);
	see_shape(f, form, life, see, arg);
	if (life[0] != '\0')
		give(see, arg, "l:", slice_str(life));
	if (f->party_known)
		give(see, arg, "p:", slice_str(party_word(f->party)));
	if (f->party_known && life[0] != '\0')
		give_two(see, arg, "x:", party_word(f->party), life);
	see_attributes(f, see, arg);
	see_together(f, form, life, see, arg);
	see_host(f, see, arg);
}
