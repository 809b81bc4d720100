#include "cmd/lists_check.h"

#include "filters/lists/build.h"
#include "filters/lists/lists.h"
#include "filters/lists/looks.h"

/* Where a list speaks of itself. */
#define HEAD_MAX 8192u

/* ---- expiry ---- */

static bool is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

/* "4 days (update frequency)": 0 when it cannot be read. */
static int64_t read_time(struct slice s)
{
	int64_t unit = LIST_DAY_S;
	struct slice word;
	uint64_t number;
	size_t n = 0;

	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	if (!slice_to_u64(slice_head(s, n), 1000000, &number) || number == 0)
		return 0;
	word = slice_trim(slice_skip(s, n));
	for (n = 0; n < word.n && is_letter(word.p[n]); n++)
		;
	word = slice_head(word, n);
	if (slice_istarts(SLICE("hours"), word) && word.n != 0)
		unit = LIST_HOUR_S;
	else if (slice_istarts(SLICE("minutes"), word) && word.n != 0)
		unit = 60;
	return (int64_t)number * unit;
}

int64_t list_expires_s(struct slice text)
{
	struct slice rest = slice_head(text, HEAD_MAX), line;
	int64_t s = 0;

	while (rest.p != NULL && s == 0) {
		rest = slice_cut(rest, '\n', &line);
		if (line.n == 0 || (line.p[0] != '!' && line.p[0] != '#'))
			continue;
		line = slice_trim(slice_skip(line, 1));
		if (slice_istarts(line, SLICE("expires:")))
			s = read_time(slice_trim(slice_skip(line, sizeof("expires:") - 1)));
	}
	if (s == 0)
		return LIST_EXPIRES_S;
	return s < LIST_EXPIRES_MIN_S	? LIST_EXPIRES_MIN_S
	       : s > LIST_EXPIRES_MAX_S ? LIST_EXPIRES_MAX_S
					: s;
}

/* ---- is it a list? ---- */

static bool is_failure(enum left_kind kind)
{
	return kind == LEFT_OPTION || kind == LEFT_VALUE || kind == LEFT_TOGETHER ||
	       kind == LEFT_PATTERN || kind == LEFT_REGEX || kind == LEFT_DIRECTIVE;
}

static bool count(struct slice text, struct list_facts *facts, struct buf *why)
{
	const struct lists_text one = { SLICE("list"), text };
	const struct lists_input in = { .texts = &one, .n = 1 };
	struct lists *l = NULL;
	struct buf image;

	*facts = (struct list_facts){ .rules = 0 };
	buf_init(&image, LISTS_IMAGE_BYTES_MAX);
	if (lists_build(&in, &image, why))
		l = lists_open(buf_slice(&image), why);
	if (l != NULL)
		facts->rules = lists_rules(l);
	for (unsigned k = 0; l != NULL && k < LEFT_KINDS; k++) {
		facts->left[k] = lists_left_count(l, (enum left_kind)k);
		facts->left_out += facts->left[k];
	}
	lists_free(l);
	buf_release(&image);
	return l != NULL;
}

static bool parses(const struct list_facts *facts, struct buf *why)
{
	size_t bad = 0;

	for (unsigned k = 0; k < LEFT_KINDS; k++)
		bad += is_failure((enum left_kind)k) ? facts->left[k] : 0;
	if (facts->rules != 0 && !list_is_nonsense(facts->rules, bad))
		return true;
	if (facts->rules == 0)
		buf_adds(why, "there is no rule in it that a proxy can use");
	else
		buf_addf(why, "%zu of its %zu rules make no sense; is it a filter list?", bad,
			 facts->rules + bad);
	return false;
}

bool list_check(struct slice text, size_t size_before, struct list_facts *facts, struct buf *why)
{
	struct list_look look = list_look(text);

	if (look.looks == LIST_LOOKS_EMPTY)
		buf_adds(why, "it is empty");
	else if (look.looks == LIST_LOOKS_PAGE)
		buf_adds(why, "it is a web page and no filter list; open the URL in a browser and "
			      "look");
	else if (look.looks == LIST_LOOKS_BINARY)
		buf_adds(why, "it is no text; a list must not be packed");
	else if (text.n < size_before / 2)
		buf_addf(why,
			 "it has shrunk from %zu to %zu octets; if that is right, take it with "
			 "--force",
			 size_before, text.n);
	else if (!look.surely)
		buf_adds(why, "there is no rule in it that a proxy can use");
	else
		return count(text, facts, why) && parses(facts, why);
	return false;
}
