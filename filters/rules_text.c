#include "filters/rules_text.h"

#define MARK_TRACKERS "#section trackers.tsv"
#define MARK_WEIGHTS "#section score.tsv"

static bool is_mark(struct slice line, const char *mark)
{
	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return slice_eq(line, slice_str(mark));
}

struct rules_sections rules_sections_of(struct slice text)
{
	struct rules_sections s = { .cookies = slice_head(text, 0) };
	struct slice rest = text, line, *section = &s.cookies;

	while (rest.p != NULL) {
		size_t before = rest.n;
		bool trackers, weights;

		rest = slice_cut(rest, '\n', &line);
		trackers = is_mark(line, MARK_TRACKERS);
		weights = is_mark(line, MARK_WEIGHTS);
		if (!trackers && !weights) {
			section->n += before - rest.n;
			continue;
		}
		/* A section that comes twice is its last. */
		section = trackers ? &s.trackers : &s.weights;
		*section = rest.p != NULL ? slice_head(rest, 0) : slice_of("", 0);
	}
	return s;
}

static void put_section(struct slice text, const char *mark, struct buf *out)
{
	if (text.p == NULL)
		return;
	buf_adds(out, mark);
	buf_addc(out, '\n');
	buf_add(out, text);
	if (text.n != 0 && text.p[text.n - 1] != '\n')
		buf_addc(out, '\n');
}

bool rules_sections_join(const struct rules_sections *s, struct buf *out)
{
	buf_add(out, s->cookies);
	if (s->cookies.n != 0 && s->cookies.p[s->cookies.n - 1] != '\n')
		buf_addc(out, '\n');
	put_section(s->trackers, MARK_TRACKERS, out);
	put_section(s->weights, MARK_WEIGHTS, out);
	return buf_ok(out);
}
