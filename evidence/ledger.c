#include "evidence/ledger.h"

#include "base/clock.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/json.h"
#include "evidence/files.h"
#include "evidence/sha.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define APPLICATION_ID 1130524002 /* "Cbmb": tells our file from somebody else's */
#define SCHEMA_VERSION 1
/* Rows written in one flush, so once a second: more would keep the log waiting. */
#define PENDING_MAX 4096u
/* So many rows may be written before what is too old or too much is looked for. */
#define AGE_ROWS 20000u
#define PATH_SIZE 512
#define DAY_MS INT64_C(86400000)

static const char schema[] =
	"CREATE TABLE choices (client TEXT NOT NULL, site TEXT NOT NULL, choice TEXT NOT NULL,"
	" seen TEXT NOT NULL, t INTEGER NOT NULL, PRIMARY KEY (client, site)) WITHOUT ROWID;"
	/* id: the first eight bytes of SHA-256 over client, site, host and cookie. */
	"CREATE TABLE seen (id INTEGER PRIMARY KEY, client TEXT NOT NULL, site TEXT NOT NULL,"
	" host TEXT NOT NULL, cookie TEXT NOT NULL, purpose TEXT NOT NULL, why TEXT NOT NULL,"
	" party TEXT NOT NULL, kept INTEGER NOT NULL, removed INTEGER NOT NULL,"
	" expired INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);"
	"CREATE INDEX seen_client ON seen (client);";

enum statement {
	ST_CHOICE_SET,
	ST_CHOICE_CLEAR,
	ST_CHOICES,
	ST_CHOICE_AGE,
	ST_SEEN,
	ST_AGE,
	ST_CAP,
	ST_QUERY,
	STATEMENTS
};

static const char *const statements[STATEMENTS] = {
	[ST_CHOICE_SET] = "INSERT OR REPLACE INTO choices VALUES (?1, ?2, ?3, ?4, ?5)",
	[ST_CHOICE_CLEAR] = "DELETE FROM choices WHERE client = ?1 AND (site = ?2 OR ?2 = '*')",
	[ST_CHOICES] = "SELECT client, site, choice, seen, t FROM choices"
		       " WHERE ?1 = '' OR client = ?1 ORDER BY t, client, site",
	[ST_CHOICE_AGE] = "DELETE FROM choices WHERE t < ?1",
	[ST_SEEN] =
		"INSERT INTO seen VALUES (?13, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
		" ON CONFLICT DO UPDATE SET purpose = ?5, why = ?6, party = ?7, kept = kept + ?8,"
		" removed = removed + ?9, expired = expired + ?10, last = max(last, ?12)",
	[ST_AGE] = "DELETE FROM seen WHERE last < ?1",
	[ST_CAP] = "DELETE FROM seen WHERE last <= (SELECT last FROM seen ORDER BY last DESC"
		   " LIMIT 1 OFFSET ?1)",
	[ST_QUERY] =
		"SELECT site, host, cookie, purpose, why, party, kept, removed, expired, first,"
		" last FROM seen WHERE client = ?1 AND last >= ?2"
		" ORDER BY last DESC, site, host, cookie LIMIT ?3",
};

/* What was seen since the last flush: the key's parts and the facts, in one piece of memory. */
struct sighting {
	UT_hash_handle hh;
	size_t key_len;
	struct slice client, site, host, cookie, purpose, why, party;
	uint64_t kept, removed, expired;
	int64_t first, last;
	char mem[];
};

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *st[STATEMENTS];
	struct sha *sha;
	unsigned char key[DIGEST_KEY_LEN];
	char path[PATH_SIZE];
	struct sighting *pending;
	size_t pending_n;
	int64_t aged;	   /* wall ms of the last look for old rows */
	size_t written;	   /* rows since then */
	uint64_t left_out; /* sightings that did not fit, not yet said */
	bool failing;
};

const unsigned char *ledger_key(const struct ledger *l)
{
	return l->key;
}

/* ---- opening ---- */

static bool load_key(struct ledger *l, const char *state, char *error, size_t size)
{
	int dir = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf b;
	bool ok;

	buf_init(&b, DIGEST_KEY_LEN);
	if (dir < 0) {
		snprintf(error, size, "%s: %s", state, strerror(errno));
		return false;
	}
	if (!file_exists(dir, "ledger.key")) {
		ok = RAND_bytes(l->key, sizeof(l->key)) == 1 &&
		     file_replace(&file_ops_system, dir, "ledger.key",
				  slice_of((const char *)l->key, sizeof(l->key)));
	} else {
		ok = file_read(dir, "ledger.key", &b) && buf_slice(&b).n == DIGEST_KEY_LEN;
		if (ok)
			memcpy(l->key, buf_slice(&b).p, DIGEST_KEY_LEN);
	}
	buf_release(&b);
	close(dir);
	if (!ok)
		snprintf(error, size,
			 "%s/ledger.key is not a ledger's key (%u bytes) or cannot be made: put "
			 "the right one back, or remove it and ledger.db to begin without choices",
			 state, DIGEST_KEY_LEN);
	return ok;
}

static int64_t pragma_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

static bool run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool is_sound(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	bool ok = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL) == SQLITE_OK &&
		  sqlite3_step(st) == SQLITE_ROW &&
		  slice_eq(slice_str((const char *)sqlite3_column_text(st, 0)), SLICE("ok"));

	sqlite3_finalize(st);
	return ok;
}

/* An empty database becomes ours; any other must be ours already. */
static bool take_schema(sqlite3 *db)
{
	char sql[128];

	if (pragma_number(db, "SELECT count(*) FROM sqlite_master") == 0 &&
	    pragma_number(db, "PRAGMA application_id") == 0) {
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
			 APPLICATION_ID, SCHEMA_VERSION);
		return run(db, "BEGIN IMMEDIATE") && run(db, schema) && run(db, sql) &&
		       run(db, "COMMIT");
	}
	return pragma_number(db, "PRAGMA application_id") == APPLICATION_ID &&
	       pragma_number(db, "PRAGMA user_version") == SCHEMA_VERSION && is_sound(db);
}

static bool prepare(struct ledger *l)
{
	for (unsigned i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(l->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &l->st[i], NULL) != SQLITE_OK)
			return false;
	return true;
}

static bool open_db(struct ledger *l, char *error, size_t size)
{
	/* SQLite would make the file with the umask's mode. */
	int fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		snprintf(error, size, "%s cannot be opened: %s", l->path, strerror(errno));
		return false;
	}
	if (!file_is_private(fd, l->path, error, size)) {
		close(fd);
		return false;
	}
	close(fd);
	if (sqlite3_open_v2(l->path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
		    SQLITE_OK &&
	    sqlite3_busy_timeout(l->db, 200) == SQLITE_OK && take_schema(l->db) &&
	    run(l->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		       "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384") &&
	    prepare(l))
		return true;
	snprintf(error, size,
		 "%s is not a ledger of crumbgate or is damaged (%s): move it away to begin a "
		 "new one (choices are lost, the evidence is not)",
		 l->path, l->db != NULL ? sqlite3_errmsg(l->db) : "no memory");
	return false;
}

struct ledger *ledger_open(const char *state, char *error, size_t size)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		snprintf(error, size, "no memory for the ledger");
		return NULL;
	}
	snprintf(l->path, sizeof(l->path), "%s/ledger.db", state);
	l->sha = sha_new();
	if (l->sha != NULL && load_key(l, state, error, size) && open_db(l, error, size))
		return l;
	ledger_close(l);
	return NULL;
}

static void forget(struct ledger *l, struct sighting *s)
{
	HASH_DELETE(hh, l->pending, s);
	l->pending_n--;
	free(s);
}

void ledger_close(struct ledger *l)
{
	struct sighting *s, *next;

	if (l == NULL)
		return;
	if (l->st[ST_SEEN] != NULL)
		ledger_flush(l, l->aged);
	HASH_ITER(hh, l->pending, s, next)
		forget(l, s);
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(l->st[i]);
	sqlite3_close(l->db);
	sha_free(l->sha);
	explicit_bzero(l->key, sizeof(l->key));
	free(l);
}

/* ---- statements ---- */

/*
 * Cookie-names are bytes.  Bound as blobs they would never equal text, so everything is bound as
 * text and compared octet by octet (BINARY), which SQLite does for ill-formed UTF-8 too.
 */
static void bind_slice(sqlite3_stmt *st, int at, struct slice s)
{
	sqlite3_bind_text(st, at, s.n != 0 ? s.p : "", (int)s.n, SQLITE_STATIC);
}

static struct slice column(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_text(st, i);

	return slice_of(p != NULL ? p : "", (size_t)sqlite3_column_bytes(st, i));
}

static bool done(struct ledger *l, enum statement which)
{
	int rc = sqlite3_step(l->st[which]);
	bool ok = rc == SQLITE_DONE;

	if (ok)
		l->failing = false;
	else if (!l->failing)
		diag_error("%s cannot be written: %s; free some disk space or check its owner",
			   l->path, sqlite3_errmsg(l->db));
	l->failing = !ok;
	sqlite3_reset(l->st[which]);
	sqlite3_clear_bindings(l->st[which]);
	return ok;
}

bool ledger_choice_set(struct ledger *l, const struct ledger_choice *c)
{
	sqlite3_stmt *st = l->st[ST_CHOICE_SET];

	bind_slice(st, 1, c->client);
	bind_slice(st, 2, c->site);
	bind_slice(st, 3, c->choice);
	bind_slice(st, 4, c->seen);
	sqlite3_bind_int64(st, 5, c->when);
	return done(l, ST_CHOICE_SET);
}

bool ledger_choice_clear(struct ledger *l, struct slice client, struct slice site)
{
	bind_slice(l->st[ST_CHOICE_CLEAR], 1, client);
	bind_slice(l->st[ST_CHOICE_CLEAR], 2, site);
	return done(l, ST_CHOICE_CLEAR);
}

bool ledger_choices(struct ledger *l, struct slice client_or_empty, ledger_choice_fn *fn, void *arg)
{
	sqlite3_stmt *st = l->st[ST_CHOICES];
	int rc;

	bind_slice(st, 1, client_or_empty);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct ledger_choice c = { column(st, 0), column(st, 1), column(st, 2),
					   column(st, 3), sqlite3_column_int64(st, 4) };

		fn(arg, &c);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE;
}

/* ---- what was seen ---- */

static struct slice keep(char **at, struct slice s)
{
	char *p = *at;

	if (s.n != 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0'; /* parts a and bc are not ab and c */
	*at += s.n + 1;
	return slice_of(p, s.n);
}

static struct sighting *sighting_new(const struct entry *e)
{
	size_t n = e->client.n + e->site.n + e->host.n + e->cookie.n + e->purpose.n + e->why.n +
		   e->party.n + 7;
	struct sighting *s = calloc(1, sizeof(*s) + n);
	char *at;

	if (s == NULL)
		return NULL;
	at = s->mem;
	s->client = keep(&at, e->client);
	s->site = keep(&at, e->site);
	s->host = keep(&at, e->host);
	s->cookie = keep(&at, e->cookie);
	s->key_len = (size_t)(at - s->mem);
	s->purpose = keep(&at, e->purpose);
	s->why = keep(&at, e->why);
	s->party = keep(&at, e->party);
	s->first = e->first != ENTRY_NO_TIME ? e->first : e->last;
	return s;
}

void ledger_seen(struct ledger *l, const struct entry *e)
{
	struct sighting *fresh = sighting_new(e), *s;

	if (fresh == NULL)
		return;
	HASH_FIND(hh, l->pending, fresh->mem, fresh->key_len, s);
	/* The newest facts are kept, with the sums of both. */
	if (s != NULL) {
		fresh->kept = s->kept;
		fresh->removed = s->removed;
		fresh->expired = s->expired;
		fresh->first = s->first;
		forget(l, s);
	}
	if (s == NULL && l->pending_n >= PENDING_MAX) {
		l->left_out++;
		free(fresh);
		return;
	}
	if (slice_eq(e->verdict, SLICE("kept")))
		fresh->kept += e->count;
	else if (slice_eq(e->verdict, SLICE("expired")))
		fresh->expired += e->count;
	else
		fresh->removed += e->count;
	fresh->last = e->last;
	HASH_ADD_KEYPTR(hh, l->pending, fresh->mem, fresh->key_len, fresh);
	l->pending_n++;
}

static int64_t number_of(struct ledger *l, const struct sighting *s)
{
	unsigned char sum[SHA_LEN];
	int64_t id;

	sha_of(l->sha, slice_of(s->mem, s->key_len), sum);
	memcpy(&id, sum, sizeof(id));
	return id;
}

static bool write_sighting(struct ledger *l, const struct sighting *s)
{
	sqlite3_stmt *st = l->st[ST_SEEN];
	const struct slice parts[] = { s->client,  s->site, s->host, s->cookie,
				       s->purpose, s->why,  s->party };

	for (int i = 0; i < 7; i++)
		bind_slice(st, i + 1, parts[i]);
	sqlite3_bind_int64(st, 8, (int64_t)s->kept);
	sqlite3_bind_int64(st, 9, (int64_t)s->removed);
	sqlite3_bind_int64(st, 10, (int64_t)s->expired);
	sqlite3_bind_int64(st, 11, s->first);
	sqlite3_bind_int64(st, 12, s->last);
	sqlite3_bind_int64(st, 13, number_of(l, s));
	return done(l, ST_SEEN);
}

static void age(struct ledger *l, int64_t wall_ms)
{
	l->written += l->pending_n;
	if (wall_ms - l->aged < DAY_MS / 24 && l->written < AGE_ROWS)
		return;
	l->aged = wall_ms;
	l->written = 0;
	sqlite3_bind_int64(l->st[ST_AGE], 1, wall_ms - LEDGER_DAYS * DAY_MS);
	done(l, ST_AGE);
	sqlite3_bind_int64(l->st[ST_CHOICE_AGE], 1, wall_ms - LEDGER_CHOICE_DAYS * DAY_MS);
	done(l, ST_CHOICE_AGE);
	sqlite3_bind_int64(l->st[ST_CAP], 1, LEDGER_ROWS_MAX);
	done(l, ST_CAP);
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
	ok = run(l->db, "BEGIN IMMEDIATE");
	HASH_ITER(hh, l->pending, s, next)
		ok = ok && write_sighting(l, s);
	if (ok)
		age(l, wall_ms);
	ok = ok && run(l->db, "COMMIT");
	if (!ok && sqlite3_get_autocommit(l->db) == 0)
		run(l->db, "ROLLBACK");
	/* What could not be written is tried again, until there is too much of it. */
	if (!ok && l->pending_n < PENDING_MAX)
		return false;
	HASH_ITER(hh, l->pending, s, next)
		forget(l, s);
	return ok;
}

static void put_time(struct buf *out, const char *key, int64_t t)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(t, text, sizeof(text));
	json_kv(out, key, slice_str(text));
}

static void put_row(struct buf *out, sqlite3_stmt *st)
{
	static const char *const texts[] = { "site", "host", "cookie", "purpose", "why", "party" };
	static const char *const numbers[] = { "kept", "removed", "expired" };

	json_item(out);
	json_open(out, '{');
	for (int i = 0; i < 6; i++)
		json_kv(out, texts[i], column(st, i));
	for (int i = 0; i < 3; i++)
		json_kv_u64(out, numbers[i], (uint64_t)sqlite3_column_int64(st, 6 + i));
	put_time(out, "first", sqlite3_column_int64(st, 9));
	put_time(out, "last", sqlite3_column_int64(st, 10));
	json_close(out, '}');
}

bool ledger_query_client(struct ledger *l, struct slice client, int64_t since, uint32_t limit,
			 struct buf *out)
{
	sqlite3_stmt *st = l->st[ST_QUERY];
	uint32_t rows = 0;
	int rc;

	if (limit == 0)
		limit = LEDGER_ANSWER_ROWS;
	if (limit > LEDGER_ANSWER_ROWS_MAX)
		limit = LEDGER_ANSWER_ROWS_MAX;
	ledger_flush(l, l->aged);
	bind_slice(st, 1, client);
	sqlite3_bind_int64(st, 2, since);
	sqlite3_bind_int64(st, 3, (int64_t)limit + 1);
	json_open(out, '{');
	json_key(out, "rows");
	json_open(out, '[');
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && rows < limit) {
		put_row(out, st);
		rows++;
	}
	json_close(out, ']');
	json_kv_bool(out, "more", rc == SQLITE_ROW);
	json_close(out, '}');
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE) && buf_ok(out);
}

void ledger_choice_json(struct buf *out, const struct ledger_choice *c)
{
	char when[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(c->when, when, sizeof(when));
	json_open(out, '{');
	json_kv(out, "client", c->client);
	json_kv(out, "site", c->site);
	json_kv(out, "choice", c->choice);
	json_kv(out, "seen", c->seen);
	json_kv(out, "when", slice_str(when));
	json_close(out, '}');
	buf_addc(out, '\n');
}
