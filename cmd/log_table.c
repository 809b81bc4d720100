#include "cmd/log_table.h"

#include "base/clock.h"
#include "base/plain.h"
#include "cmd/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LAST_MIN 20u
/* Of a cell no more than its width is looked at; of what is last every octet may be four. */
#define CELL_MAX 1024u
#define LAST_MAX ((size_t)64 * 1024)
#define DAY_LEN 19u /* 2026-11-22T03:36:50 */
#define HOUR_LEN 8u /* 03:36:50 */
#define HOUR_AT 11u

/*
 * Usual and least width; and in which order columns are left out where a terminal is too narrow for
 * all (0: never).
 */
static const struct {
	const char *title;
	size_t usual, least;
	unsigned leaves;
} columns[COLUMNS] = {
	[COLUMN_N] = { "N", 8, 6, 0 },
	[COLUMN_TIME] = { "TIME (UTC)", DAY_LEN, HOUR_LEN, 0 },
	[COLUMN_KIND] = { "KIND", 13, 5, 0 },
	[COLUMN_VERDICT] = { "VERDICT", 11, 11, 0 },
	[COLUMN_PURPOSE] = { "PURPOSE", 11, 11, 5 },
	[COLUMN_COOKIE] = { "COOKIE", 22, 10, 0 },
	[COLUMN_HOST] = { "HOST", 30, 12, 0 },
	[COLUMN_SITE] = { "SITE", 20, 10, 3 },
	[COLUMN_COUNT] = { "COUNT", 5, 5, 2 },
	[COLUMN_CHOICE] = { "CHOICE", 13, 8, 4 },
	[COLUMN_PROFILE] = { "PROFILE", 12, 7, 1 },
};
#define LEAVES_MAX 5u

size_t log_table_width(int fd)
{
	const char *said = getenv("COLUMNS");
	struct winsize w;
	uint64_t n;

	if (!isatty(fd))
		return 0;
	if (said != NULL && slice_to_u64(slice_str(said), 100000, &n) && n != 0)
		return (size_t)n;
	return ioctl(fd, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

/* ---- the widths ---- */

static size_t needed(const struct log_table *t)
{
	size_t n = LAST_MIN;

	for (unsigned i = 0; i < COLUMNS; i++)
		n += t->width[i] != 0 ? t->width[i] + 1 : 0;
	return n;
}

/* The widest of those that can be narrower; COLUMNS: there is none. */
static unsigned to_shrink(const struct log_table *t)
{
	unsigned best = COLUMNS;

	for (unsigned i = 0; i < COLUMNS; i++)
		if (t->width[i] > columns[i].least &&
		    (best == COLUMNS || t->width[i] > t->width[best]))
			best = i;
	return best;
}

static void take_usual(struct log_table *t, unsigned left_out)
{
	for (unsigned i = 0; i < COLUMNS; i++) {
		bool leaves = columns[i].leaves != 0 && columns[i].leaves <= left_out;

		t->width[i] = leaves ? 0 : columns[i].usual;
	}
}

/* First what costs nothing: set and sent are short.  A day is told or not: nothing between. */
static void shrink(struct log_table *t)
{
	unsigned i;

	if (needed(t) > t->total)
		t->width[COLUMN_KIND] = columns[COLUMN_KIND].least;
	if (needed(t) > t->total)
		t->width[COLUMN_TIME] = HOUR_LEN;
	while (needed(t) > t->total && (i = to_shrink(t)) != COLUMNS)
		t->width[i]--;
}

void log_table_init(struct log_table *t, size_t width)
{
	*t = (struct log_table){ .total = width };
	buf_init(&t->cell, CELL_MAX);
	buf_init(&t->last, LAST_MAX);
	take_usual(t, 0);
	for (unsigned left_out = 0; width != 0 && left_out <= LEAVES_MAX; left_out++) {
		take_usual(t, left_out);
		shrink(t);
		if (needed(t) <= width)
			break;
	}
}

void log_table_release(struct log_table *t)
{
	buf_release(&t->cell);
	buf_release(&t->last);
}

/* ---- cells ---- */

/* Left-justified; cut with '~' when it is longer. */
static void put_cell(struct log_table *t, struct buf *out, enum log_column column, struct slice s)
{
	size_t width = t->width[column];
	struct slice cell;

	if (width == 0)
		return;
	buf_clear(&t->cell);
	put_plain(&t->cell, slice_head(s, width + 1));
	cell = buf_slice(&t->cell);
	buf_add(out, slice_head(cell, cell.n > width ? width - 1 : width));
	if (cell.n > width)
		buf_addc(out, '~');
	for (size_t n = cell.n; n <= width; n++)
		buf_addc(out, ' ');
	if (cell.n > width)
		buf_addc(out, ' ');
}

static void put_number(struct log_table *t, struct buf *out, struct slice number)
{
	for (size_t n = number.n; n < t->width[COLUMN_N]; n++)
		buf_addc(out, ' ');
	buf_add(out, number);
	buf_addc(out, ' ');
}

/* What was added since `line` is cut to what the terminal has, and is a line. */
static void end_line(const struct log_table *t, struct buf *out, struct slice last, size_t line)
{
	size_t used = out->len - line, room = t->total > used ? t->total - used : 0;

	if (t->total == 0 || last.n <= room) {
		buf_add(out, last);
	} else if (room > 3) {
		buf_add(out, slice_head(last, room - 3));
		buf_adds(out, "...");
	}
	buf_addc(out, '\n');
}

/* ---- lines ---- */

static bool is_cookie(enum entry_kind kind)
{
	return kind == ENTRY_SET || kind == ENTRY_SENT;
}

/* Entries of other kinds, whose words are longer, have no columns behind it that need the room. */
static void put_kind(struct log_table *t, struct buf *out, const char *word, bool cookie)
{
	size_t width = t->width[COLUMN_KIND];

	if (!cookie)
		t->width[COLUMN_KIND] = columns[COLUMN_KIND].usual;
	put_cell(t, out, COLUMN_KIND, slice_str(word));
	t->width[COLUMN_KIND] = width;
}

void log_table_head(struct log_table *t, bool cookies, struct buf *out)
{
	size_t line = out->len;

	put_number(t, out, slice_str(columns[COLUMN_N].title));
	put_cell(t, out, COLUMN_TIME,
		 t->width[COLUMN_TIME] < DAY_LEN ? SLICE("UTC")
						 : slice_str(columns[COLUMN_TIME].title));
	put_kind(t, out, columns[COLUMN_KIND].title, cookies);
	for (unsigned i = COLUMN_VERDICT; cookies && i < COLUMNS; i++)
		put_cell(t, out, (enum log_column)i, slice_str(columns[i].title));
	end_line(t, out, cookies ? SLICE("WHY") : SLICE("FACTS"), line);
}

static void put_count(struct log_table *t, struct buf *out, uint64_t count)
{
	char text[24];

	snprintf(text, sizeof(text), "x%" PRIu64, count);
	put_cell(t, out, COLUMN_COUNT, slice_str(text));
}

/* The purposes that were accepted stand as the log has them: a sentence is too long. */
static struct slice choice_of(const struct entry *e)
{
	return slice_eq(e->choice, SLICE("none")) ? SLICE("no choice yet") : e->choice;
}

static void put_cookie(struct log_table *t, struct buf *out, const struct entry *e)
{
	put_cell(t, out, COLUMN_VERDICT, slice_str(plain_verdict(e->verdict)));
	put_cell(t, out, COLUMN_PURPOSE, e->purpose);
	put_cell(t, out, COLUMN_COOKIE, e->cookie);
	put_cell(t, out, COLUMN_HOST, e->host);
	put_cell(t, out, COLUMN_SITE, e->site);
	put_count(t, out, e->count);
	put_cell(t, out, COLUMN_CHOICE, choice_of(e));
	put_cell(t, out, COLUMN_PROFILE, e->profile);
}

static void put_facts(struct buf *out, const struct entry *e)
{
	const struct slice facts[] = { e->host, e->site,    choice_of(e), e->seen, e->profile,
				       e->name, e->version, e->origin,	  e->why };
	const char *between = "";

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (facts[i].n == 0)
			continue;
		buf_adds(out, between);
		put_plain(out, facts[i]);
		between = " ";
	}
	if (e->count != 0)
		buf_addf(out, "%sx%" PRIu64, between, e->count);
	if (e->kind == ENTRY_CLOCK)
		buf_addf(out, "%s%+" PRId64 " ms", between, e->jump_ms);
}

void log_table_entry(struct log_table *t, const struct entry *e, struct buf *out)
{
	char when[CLOCK_RFC3339_LEN + 1], number[24];
	size_t line = out->len;

	clock_rfc3339(e->t, when, sizeof(when));
	snprintf(number, sizeof(number), "%" PRIu64, e->n);
	put_number(t, out, slice_str(number));
	put_cell(t, out, COLUMN_TIME,
		 t->width[COLUMN_TIME] < DAY_LEN ? slice_of(when + HOUR_AT, HOUR_LEN)
						 : slice_of(when, DAY_LEN));
	put_kind(t, out, entry_kind_word(e->kind), is_cookie(e->kind));
	buf_clear(&t->last);
	if (is_cookie(e->kind)) {
		put_cookie(t, out, e);
		put_plain(&t->last, e->why);
	} else {
		put_facts(&t->last, e);
	}
	end_line(t, out, buf_slice(&t->last), line);
}
