/* Reading a table of weights. */
#include "filters/score_model.h"

#include <stdlib.h>

#define HEADER "feature\tessential\tfunctional\tanalytics\tadvertising\tchoice"

struct reader {
	struct score_model *m;
	const char *name;
	unsigned line;
	bool headed, biased, limited;
	struct buf *error;
};

static uint32_t hash_of(struct slice s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ h >> 32);
}

struct score_weights *score_slot(const struct score_model *m, struct slice feature)
{
	uint32_t at = hash_of(feature) & m->slot_mask;

	while (m->slots[at].at != 0 &&
	       !slice_eq(slice_of(m->text + m->slots[at].at, m->slots[at].length), feature))
		at = (at + 1) & m->slot_mask;
	return &m->slots[at];
}

static bool wrong(const struct reader *r, const char *what)
{
	buf_addf(r->error, "%s:%u: %s", r->name, r->line, what);
	return false;
}

static bool read_weight(struct slice s, int16_t *out)
{
	bool negative = s.n != 0 && s.p[0] == '-';
	uint64_t v;

	if (!slice_to_u64(negative ? slice_skip(s, 1) : s, SCORE_WEIGHT_MAX, &v))
		return false;
	*out = (int16_t)(negative ? -(int)v : (int)v);
	return true;
}

static bool read_weights(struct slice rest, int16_t out[SCORE_CLASSES])
{
	struct slice column;

	for (unsigned i = 0; i < SCORE_CLASSES; i++) {
		if (rest.p == NULL)
			return false;
		rest = slice_cut(rest, '\t', &column);
		if (!read_weight(column, &out[i]))
			return false;
	}
	return rest.p == NULL;
}

static bool read_setting(struct reader *r, struct slice feature, const int16_t w[SCORE_CLASSES])
{
	if (slice_eq(feature, SLICE("bias"))) {
		memcpy(r->m->bias, w, sizeof(r->m->bias));
		r->biased = true;
		return true;
	}
	if (!slice_eq(feature, SLICE("threshold")))
		return wrong(r, "the first column is no word such as t:track, and not bias or "
				"threshold");
	for (unsigned i = 0; i < SCORE_THRESHOLDS; i++) {
		if (w[i] < 1 || w[i] > 1000)
			return wrong(r, "the four thresholds are numbers from 1 to 1000");
		r->m->threshold[i] = (unsigned)w[i];
	}
	r->limited = true;
	return true;
}

static bool read_row(struct reader *r, struct slice line)
{
	int16_t w[SCORE_CLASSES];
	struct score_weights *slot;
	struct slice feature, rest = slice_cut(line, '\t', &feature);

	if (!read_weights(rest, w))
		return wrong(r, "a row is a word and five weights from -9999 to 9999, with one tab "
				"between two columns");
	if (feature.n < 3 || feature.p[1] != ':')
		return read_setting(r, feature, w);
	if (feature.n > SCORE_FEATURE_MAX)
		return wrong(r, "a word has 48 characters at most");
	slot = score_slot(r->m, feature);
	if (slot->at != 0)
		return wrong(r, "this word stands in an earlier line already");
	slot->at = (uint32_t)(feature.p - r->m->text);
	slot->length = (uint16_t)feature.n;
	memcpy(slot->weight, w, sizeof(w));
	r->m->count++;
	return true;
}

static bool read_line(struct reader *r, struct slice line)
{
	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (r->headed)
		return read_row(r, line);
	if (!slice_eq(line, SLICE(HEADER)))
		return wrong(r, "the first line that is no comment must name the columns: feature, "
				"essential, functional, analytics, advertising, choice");
	r->headed = true;
	return true;
}

static bool read_table(struct reader *r)
{
	struct slice rest = slice_of(r->m->text, r->m->text_length), line;

	while (rest.p != NULL) {
		r->line++;
		rest = slice_cut(rest, '\n', &line);
		if (!read_line(r, line))
			return false;
	}
	if (!r->headed || !r->biased || !r->limited)
		return wrong(r, "the table ends without its header, its bias or its threshold");
	return true;
}

static bool make_slots(struct score_model *m)
{
	size_t lines = 1, slots = 64;

	for (size_t i = 0; i < m->text_length; i++)
		lines += m->text[i] == '\n';
	while (slots < lines * 2)
		slots *= 2;
	m->slot_mask = (uint32_t)(slots - 1);
	m->slots = calloc(slots, sizeof(*m->slots));
	return m->slots != NULL;
}

struct score_model *score_new(struct slice table, const char *name, struct buf *error)
{
	struct reader r = { .name = name, .error = error };
	struct score_model *m;

	if (table.n > SCORE_TEXT_MAX) {
		buf_addf(error, "%s:1: the table is larger than 8 MiB: train with fewer words",
			 name);
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (m != NULL)
		m->text = malloc(table.n + 1);
	if (m == NULL || m->text == NULL) {
		score_free(m);
		buf_addf(error, "%s:1: out of memory", name);
		return NULL;
	}
	slice_copy(table, m->text, table.n + 1);
	m->text_length = table.n;
	r.m = m;
	if (!make_slots(m))
		buf_addf(error, "%s:1: out of memory", name);
	else if (read_table(&r))
		return m;
	score_free(m);
	return NULL;
}

void score_free(struct score_model *m)
{
	if (m == NULL)
		return;
	free(m->text);
	free(m->slots);
	free(m);
}

size_t score_count(const struct score_model *m)
{
	return m->count;
}
