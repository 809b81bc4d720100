#include "evidence/replay.h"

#include "base/hash.h"
#include "evidence/crew.h"
#include "evidence/entry.h"
#include "evidence/reader.h"
#include "evidence/replay_facts.h"
#include "evidence/replay_rules.h"
#include "filters/cookie.h"
#include "filters/decide.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTS 8u
/* Differences of one chunk, packed. */
#define FOUND_MAX ((size_t)64 * 1024 * 1024)

struct kept_row {
	UT_hash_handle hh;
	struct replay_row row;
	size_t key_len;
	char mem[]; /* the key's parts, each ended by NUL, then the two reasons */
};

struct replay_rows {
	struct kept_row *table;
};

struct replay {
	const struct replay_options *o;
	struct replay_report *report;
	struct reader *in;
	struct rulebook *book;
	bool identity;
};

/* One chunk of lines on its way through the crew. */
struct piece {
	struct buf mem, found;
	struct reader_chunk chunk;
	char *scratch;
	uint64_t replayed, sightings;
	bool bad;
	size_t bad_line;
	char why[160];
};

static bool piece_init(void *arg, void *slot)
{
	struct piece *p = slot;

	(void)arg;
	buf_init(&p->mem, READER_CHUNK_MAX);
	buf_init(&p->found, FOUND_MAX);
	p->scratch = malloc(ENTRY_LINE_MAX);
	return p->scratch != NULL;
}

static void piece_release(void *arg, void *slot)
{
	struct piece *p = slot;

	(void)arg;
	buf_release(&p->mem);
	buf_release(&p->found);
	free(p->scratch);
}

static bool piece_fill(void *arg, void *slot)
{
	struct replay *r = arg;
	struct piece *p = slot;

	return reader_next(r->in, &p->mem, &p->chunk) > 0;
}

/* ---- the crew's work ---- */

static void note_difference(struct piece *p, const struct entry *e, const struct cookie_decision *d)
{
	const struct slice parts[PARTS] = {
		e->site,
		e->cookie,
		e->purpose,
		e->verdict,
		slice_str(purpose_word(d->purpose)),
		slice_str(verdict_word(d->verdict)),
		e->why,
		slice_str(d->why),
	};

	for (unsigned i = 0; i < PARTS; i++)
		msg_put_bytes(&p->found, parts[i]);
	msg_put_u64(&p->found, e->n);
	msg_put_u64(&p->found, e->count);
}

static bool bad(struct piece *p, const char *why)
{
	p->bad = true;
	snprintf(p->why, sizeof(p->why), "%s", why);
	return false;
}

static bool replay_entry(const struct replay *r, struct piece *p, const struct entry *e)
{
	const struct rules *rules = r->o->rules;
	struct cookie_facts f;
	struct cookie_decision d;

	if (!replay_facts(e, &f))
		return bad(p, "a fact of the entry is not one this version knows");
	if (!r->o->has_rules && !rulebook_find(r->book, e->rules, &rules)) {
		bad(p, "");
		snprintf(p->why, sizeof(p->why), "there is no copy of its rules: rules/%.*s....tsv",
			 SLICE_ARG(e->rules));
		return false;
	}
	if (r->o->profile != NULL)
		f.profile = *r->o->profile;
	decide_cookie(rules, &f, &d);
	p->replayed++;
	p->sightings += e->count;
	if (!slice_eq(e->purpose, slice_str(purpose_word(d.purpose))) ||
	    !slice_eq(e->verdict, slice_str(verdict_word(d.verdict))) ||
	    (r->identity && !slice_eq(e->why, slice_str(d.why))))
		note_difference(p, e, &d);
	return buf_ok(&p->found) || bad(p, "no memory");
}

static void piece_work(void *arg, void *slot)
{
	const struct replay *r = arg;
	struct piece *p = slot;
	struct slice rest = p->chunk.lines;
	struct entry e;
	size_t where;

	buf_clear(&p->found);
	p->replayed = p->sightings = 0;
	p->bad = false;
	for (p->bad_line = 0; p->bad_line < p->chunk.count; p->bad_line++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_head(rest, (size_t)(end - rest.p));

		if (!entry_parse(line, p->scratch, &e, &where)) {
			bad(p, "not an entry; run crumbgate verify");
			return;
		}
		if ((e.kind == ENTRY_SET || e.kind == ENTRY_SENT) && !replay_entry(r, p, &e))
			return;
		rest = slice_skip(rest, line.n + 1);
	}
}

/* ---- in order again ---- */

static struct slice keep(char **at, struct slice s)
{
	char *p = *at;

	if (s.n != 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*at += s.n + 1;
	return slice_of(p, s.n);
}

static struct kept_row *row_new(const struct slice parts[PARTS])
{
	struct kept_row *k;
	struct slice kept[PARTS];
	size_t n = PARTS;
	char *at;

	for (unsigned i = 0; i < PARTS; i++)
		n += parts[i].n;
	k = calloc(1, sizeof(*k) + n);
	if (k == NULL)
		return NULL;
	at = k->mem;
	for (unsigned i = 0; i < PARTS; i++) {
		kept[i] = keep(&at, parts[i]);
		if (i == 5)
			k->key_len = (size_t)(at - k->mem);
	}
	k->row.site = kept[0];
	k->row.cookie = kept[1];
	k->row.from_purpose = kept[2];
	k->row.from_verdict = kept[3];
	k->row.to_purpose = kept[4];
	k->row.to_verdict = kept[5];
	k->row.from_why = kept[6];
	k->row.to_why = kept[7];
	return k;
}

static bool count_difference(struct replay *r, const struct slice parts[PARTS], uint64_t n,
			     uint64_t sightings)
{
	struct replay_report *report = r->report;
	struct kept_row *fresh = row_new(parts), *k;

	if (fresh == NULL)
		return false;
	report->different++;
	report->different_sightings += sightings;
	HASH_FIND(hh, report->owner->table, fresh->mem, fresh->key_len, k);
	if (k != NULL || report->count == REPLAY_ROWS_MAX) {
		free(fresh);
	} else {
		k = fresh;
		k->row.first = n;
		HASH_ADD_KEYPTR(hh, report->owner->table, k->mem, k->key_len, k);
		report->count++;
	}
	if (k == NULL) {
		report->other_rows++;
		return true;
	}
	k->row.entries++;
	k->row.sightings += sightings;
	return true;
}

static bool piece_drain(void *arg, void *slot)
{
	struct replay *r = arg;
	struct piece *p = slot;
	struct msg_reader in;

	if (r->o->progress != NULL)
		r->o->progress(r->o->arg, reader_done(r->in), reader_total(r->in));
	msg_reader_init(&in, buf_slice(&p->found));
	while (in.rest.n != 0) {
		struct slice parts[PARTS];
		uint64_t n, sightings;

		for (unsigned i = 0; i < PARTS; i++)
			parts[i] = msg_get_bytes(&in);
		n = msg_get_u64(&in);
		sightings = msg_get_u64(&in);
		if (!count_difference(r, parts, n, sightings))
			return false;
	}
	r->report->replayed += p->replayed;
	r->report->sightings += p->sightings;
	r->report->entries += p->chunk.count;
	if (!p->bad)
		return true;
	r->report->result = REPLAY_ERROR;
	snprintf(r->report->error, sizeof(r->report->error),
		 "%s:%" PRIu64 ": entry %" PRIu64 ": %s", p->chunk.file,
		 p->chunk.line + p->bad_line, p->chunk.n + p->bad_line, p->why);
	return false;
}

/* ---- the whole ---- */

static int by_weight(const void *a, const void *b)
{
	const struct replay_row *x = a, *y = b;

	if (x->sightings != y->sightings)
		return x->sightings > y->sightings ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool list_rows(struct replay_report *report)
{
	struct kept_row *k, *next;
	size_t i = 0;

	report->rows = calloc(report->count != 0 ? report->count : 1, sizeof(*report->rows));
	if (report->rows == NULL)
		return false;
	HASH_ITER(hh, report->owner->table, k, next)
		report->rows[i++] = k->row;
	qsort(report->rows, report->count, sizeof(*report->rows), by_weight);
	return true;
}

static void run(struct replay *r)
{
	const struct crew crew = { r,	       sizeof(struct piece), piece_init, piece_release,
				   piece_fill, piece_work,	     piece_drain };
	struct replay_report *report = r->report;
	bool ran = crew_run(&crew, r->o->threads != 0 ? r->o->threads : crew_size());

	if (report->result == REPLAY_ERROR)
		return;
	if (!ran || !list_rows(report)) {
		report->result = REPLAY_ERROR;
		snprintf(report->error, sizeof(report->error), "no memory");
	} else if (*reader_error(r->in) != '\0') {
		report->result = REPLAY_ERROR;
		snprintf(report->error, sizeof(report->error), "%s", reader_error(r->in));
	} else if (report->different != 0) {
		report->result = REPLAY_DIFFERENT;
	}
}

enum replay_result replay_log(const char *path, const struct replay_options *o,
			      struct replay_report *report)
{
	struct replay r = { .o = o, .report = report };

	*report = (struct replay_report){ .result = REPLAY_SAME };
	report->owner = calloc(1, sizeof(*report->owner));
	r.identity = o->profile == NULL && !o->has_rules;
	r.in = reader_open(path, report->error, sizeof(report->error));
	if (r.in != NULL)
		r.book = rulebook_open(reader_dir(r.in), report->error, sizeof(report->error));
	if (r.book != NULL && report->owner != NULL)
		run(&r);
	else
		report->result = REPLAY_ERROR;
	rulebook_free(r.book);
	reader_free(r.in);
	return report->result;
}

void replay_release(struct replay_report *report)
{
	struct kept_row *k, *next;

	if (report->owner != NULL) {
		HASH_ITER(hh, report->owner->table, k, next) {
			HASH_DELETE(hh, report->owner->table, k);
			free(k);
		}
	}
	free(report->owner);
	free(report->rows);
	report->owner = NULL;
	report->rows = NULL;
}
