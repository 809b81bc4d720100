/* What was seen, for the desk: added up in memory, written once a second, bounded, asked for. */
#include "evidence/ledger_impl.h"

#include "base/clock.h"
#include "base/diag.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>

/* Rows written in one flush, so once a second: more would keep the log waiting. */
#define PENDING_MAX 4096u
/* So many rows may be written before what is too old or too much is looked for. */
#define AGE_ROWS 20000u
#define TEXTS 7
#define LIFE_UNKNOWN (-1)

/*
 * What was seen since the last flush: a table's key and the other facts, in one piece of memory.
 *	cookie	client, site, host, cookie; purpose, why, party
 *	claim	client, site, host, kind, name, why, choice
 */
struct sighting {
	UT_hash_handle hh;
	size_t key_len;
	bool is_cookie;
	struct slice text[TEXTS];
	uint64_t kept, removed, expired, unasked; /* cookie */
	int64_t life;				  /* cookie: seconds; LIFE_UNKNOWN */
	uint64_t count;				  /* claim */
	int64_t first, last;
	char mem[]; /* a letter for the table, then the texts, each with a NUL behind it */
};

/* ---- adding up ---- */

static void forget(struct ledger *l, struct sighting *s)
{
	HASH_DELETE(hh, l->pending, s);
	l->pending_n--;
	free(s);
}

void ledger_drop_pending(struct ledger *l)
{
	struct sighting *s, *next;

	HASH_ITER(hh, l->pending, s, next)
		forget(l, s);
}

static struct slice keep(char **at, struct slice s)
{
	char *p = *at;

	if (s.n != 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0'; /* parts a and bc are not ab and c */
	*at += s.n + 1;
	return slice_of(p, s.n);
}

/* The first `keys` texts are the key. */
static struct sighting *sighting_new(const struct entry *e, bool is_cookie,
				     const struct slice text[TEXTS], size_t keys)
{
	struct sighting *s;
	size_t n = 1;
	char *at;

	for (size_t i = 0; i < TEXTS; i++)
		n += text[i].n + 1;
	s = calloc(1, sizeof(*s) + n);
	if (s == NULL)
		return NULL;
	s->is_cookie = is_cookie;
	at = s->mem;
	*at++ = is_cookie ? 'c' : 'k';
	for (size_t i = 0; i < TEXTS; i++) {
		s->text[i] = keep(&at, text[i]);
		if (i + 1 == keys)
			s->key_len = (size_t)(at - s->mem);
	}
	s->last = e->last;
	s->first = e->first != ENTRY_NO_TIME ? e->first : e->last;
	return s;
}

/* What only deletes a cookie says nothing of how long it is kept. */
static int64_t life_of(const struct entry *e)
{
	if (e->kind != ENTRY_SET)
		return LIFE_UNKNOWN;
	if (e->attrs.session)
		return 0;
	return e->attrs.lifetime_s > 0 ? e->attrs.lifetime_s : LIFE_UNKNOWN;
}

static struct sighting *of_cookie(const struct entry *e)
{
	const struct slice text[TEXTS] = { e->client,  e->site, e->host, e->cookie,
					   e->purpose, e->why,	e->party };
	struct sighting *s = sighting_new(e, true, text, 4);

	if (s == NULL)
		return NULL;
	if (slice_eq(e->verdict, SLICE("kept")))
		s->kept = e->count;
	else if (slice_eq(e->verdict, SLICE("expired")))
		s->expired = e->count;
	else
		s->removed = e->count;
	s->unasked = slice_eq(e->choice, SLICE("none")) ? e->count : 0;
	s->life = life_of(e);
	return s;
}

static struct sighting *of_claim(const struct entry *e)
{
	const struct slice text[TEXTS] = { e->client, e->site,
					   e->host,   slice_str(entry_kind_word(e->kind)),
					   e->name,   e->why,
					   e->choice };
	struct sighting *s = sighting_new(e, false, text, TEXTS);

	if (s == NULL)
		return NULL;
	/* What is not counted happened once, at its own time. */
	s->count = e->count != 0 ? e->count : 1;
	if (e->count == 0)
		s->first = s->last = e->t;
	return s;
}

/* The newest facts are kept, with the sums of both. */
static void take_over(struct sighting *fresh, const struct sighting *s)
{
	fresh->kept += s->kept;
	fresh->removed += s->removed;
	fresh->expired += s->expired;
	fresh->unasked += s->unasked;
	fresh->count += s->count;
	if (fresh->life == LIFE_UNKNOWN)
		fresh->life = s->life;
	fresh->first = s->first;
}

static void add(struct ledger *l, struct sighting *fresh)
{
	struct sighting *s;

	if (fresh == NULL)
		return;
	HASH_FIND(hh, l->pending, fresh->mem, fresh->key_len, s);
	if (s != NULL) {
		take_over(fresh, s);
		forget(l, s);
	} else if (l->pending_n >= PENDING_MAX) {
		l->left_out++;
		free(fresh);
		return;
	}
	HASH_ADD_KEYPTR(hh, l->pending, fresh->mem, fresh->key_len, fresh);
	l->pending_n++;
}

void ledger_seen(struct ledger *l, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_SET:
	case ENTRY_SENT:
		add(l, of_cookie(e));
		break;
	case ENTRY_CLAIM:
	case ENTRY_CONTRADICTION:
	case ENTRY_WRITE:
	case ENTRY_BLOCK:
	case ENTRY_STRIP:
	case ENTRY_HEAL:
		add(l, of_claim(e));
		break;
	default:
		break;
	}
}

/* ---- writing ---- */

static int64_t number_of(struct ledger *l, const struct sighting *s)
{
	unsigned char sum[SHA_LEN];
	int64_t id;

	sha_of(l->sha, slice_of(s->mem + 1, s->key_len - 1), sum);
	memcpy(&id, sum, sizeof(id));
	return id;
}

static bool write_cookie(struct ledger *l, const struct sighting *s)
{
	sqlite3_stmt *st = l->st[ST_SEEN];

	for (int i = 0; i < TEXTS; i++)
		ledger_bind(st, i + 1, s->text[i]);
	sqlite3_bind_int64(st, 8, (int64_t)s->kept);
	sqlite3_bind_int64(st, 9, (int64_t)s->removed);
	sqlite3_bind_int64(st, 10, (int64_t)s->expired);
	sqlite3_bind_int64(st, 11, s->first);
	sqlite3_bind_int64(st, 12, s->last);
	sqlite3_bind_int64(st, 13, number_of(l, s));
	sqlite3_bind_int64(st, 14, (int64_t)s->unasked);
	if (s->life != LIFE_UNKNOWN)
		sqlite3_bind_int64(st, 15, s->life);
	return ledger_done(l, ST_SEEN);
}

static bool write_claim(struct ledger *l, const struct sighting *s)
{
	sqlite3_stmt *st = l->st[ST_CLAIMED];

	for (int i = 0; i < TEXTS; i++)
		ledger_bind(st, i + 1, s->text[i]);
	sqlite3_bind_int64(st, 8, (int64_t)s->count);
	sqlite3_bind_int64(st, 9, s->first);
	sqlite3_bind_int64(st, 10, s->last);
	sqlite3_bind_int64(st, 11, number_of(l, s));
	return ledger_done(l, ST_CLAIMED);
}

static void age_by(struct ledger *l, enum ledger_statement which, int64_t number)
{
	sqlite3_bind_int64(l->st[which], 1, number);
	ledger_done(l, which);
}

static void age(struct ledger *l, int64_t wall_ms)
{
	int64_t old = wall_ms - LEDGER_DAYS * LEDGER_DAY_MS;

	l->written += l->pending_n;
	if (wall_ms - l->aged < LEDGER_DAY_MS / 24 && l->written < AGE_ROWS)
		return;
	l->aged = wall_ms;
	l->written = 0;
	age_by(l, ST_SEEN_AGE, old);
	age_by(l, ST_CLAIMED_AGE, old);
	age_by(l, ST_CHOICE_AGE, wall_ms - LEDGER_CHOICE_DAYS * LEDGER_DAY_MS);
	age_by(l, ST_SEEN_CAP, LEDGER_ROWS_MAX);
	age_by(l, ST_CLAIMED_CAP, LEDGER_CLAIMS_MAX);
}

bool ledger_flush(struct ledger *l, int64_t wall_ms)
{
	struct sighting *s, *next;
	bool ok = true;

	if (l->pending_n == 0)
		return true;
	if (l->left_out != 0)
		diag_warning("the desk's table leaves out %" PRIu64
			     " sightings: more than %u new ones a "
			     "second; the log has them",
			     l->left_out, PENDING_MAX);
	l->left_out = 0;
	ok = ledger_run(l->db, "BEGIN IMMEDIATE");
	HASH_ITER(hh, l->pending, s, next)
		ok = ok && (s->is_cookie ? write_cookie(l, s) : write_claim(l, s));
	if (ok)
		age(l, wall_ms);
	ok = ok && ledger_run(l->db, "COMMIT");
	if (!ok && sqlite3_get_autocommit(l->db) == 0)
		ledger_run(l->db, "ROLLBACK");
	/* What could not be written is tried again, until there is too much of it. */
	if (!ok && l->pending_n < PENDING_MAX)
		return false;
	ledger_drop_pending(l);
	return ok;
}

/* ---- asking ---- */

static void put_time(struct buf *out, const char *key, int64_t t)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(t, text, sizeof(text));
	json_kv(out, key, slice_str(text));
}

static void put_cookie(struct buf *out, sqlite3_stmt *st)
{
	static const char *const texts[] = { "site", "host", "cookie", "purpose", "why", "party" };
	static const char *const numbers[] = { "kept", "removed", "expired" };

	for (int i = 0; i < 6; i++)
		json_kv(out, texts[i], ledger_column(st, i));
	for (int i = 0; i < 3; i++)
		json_kv_u64(out, numbers[i], (uint64_t)sqlite3_column_int64(st, 6 + i));
	put_time(out, "first", sqlite3_column_int64(st, 9));
	put_time(out, "last", sqlite3_column_int64(st, 10));
	if (sqlite3_column_type(st, 12) != SQLITE_NULL)
		json_kv_u64(out, "life_s", (uint64_t)sqlite3_column_int64(st, 12));
	if (sqlite3_column_type(st, 11) != SQLITE_NULL)
		json_kv_u64(out, "unasked", (uint64_t)sqlite3_column_int64(st, 11));
}

static void put_claim(struct buf *out, sqlite3_stmt *st)
{
	static const char *const texts[] = { "site", "host", "kind", "name", "why", "choice" };

	for (int i = 0; i < 6; i++)
		json_kv(out, texts[i], ledger_column(st, i));
	json_kv_u64(out, "count", (uint64_t)sqlite3_column_int64(st, 6));
	put_time(out, "first", sqlite3_column_int64(st, 7));
	put_time(out, "last", sqlite3_column_int64(st, 8));
}

struct question {
	struct slice client;
	int64_t since;
	uint32_t limit;
	bool more, good; /* set by put_rows() */
};

static void put_rows(struct ledger *l, enum ledger_statement which, struct question *q,
		     void (*put)(struct buf *out, sqlite3_stmt *st), struct buf *out)
{
	sqlite3_stmt *st = l->st[which];
	size_t before = out->len;
	uint32_t rows = 0;
	int rc;

	ledger_bind(st, 1, q->client);
	sqlite3_bind_int64(st, 2, q->since);
	sqlite3_bind_int64(st, 3, (int64_t)q->limit + 1);
	json_open(out, '[');
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && rows < q->limit &&
	       out->len - before < LEDGER_ANSWER_BYTES) {
		json_item(out);
		json_open(out, '{');
		put(out, st);
		json_close(out, '}');
		rows++;
	}
	json_close(out, ']');
	q->more = q->more || rc == SQLITE_ROW;
	q->good = q->good && (rc == SQLITE_ROW || rc == SQLITE_DONE);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

bool ledger_query_client(struct ledger *l, struct slice client, int64_t since, uint32_t limit,
			 struct buf *out)
{
	struct question q = { client, since, limit != 0 ? limit : LEDGER_ANSWER_ROWS, false, true };

	if (q.limit > LEDGER_ANSWER_ROWS_MAX)
		q.limit = LEDGER_ANSWER_ROWS_MAX;
	ledger_flush(l, l->aged);
	json_open(out, '{');
	json_key(out, "rows");
	put_rows(l, ST_SEEN_QUERY, &q, put_cookie, out);
	json_key(out, "claims");
	put_rows(l, ST_CLAIMED_QUERY, &q, put_claim, out);
	json_kv_bool(out, "more", q.more);
	json_close(out, '}');
	return q.good && buf_ok(out);
}
