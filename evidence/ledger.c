#include "evidence/ledger_impl.h"

#include "base/clock.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/plain.h"
#include "evidence/files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define APPLICATION_ID 1130524002 /* "Cbmb": tells our file from somebody else's */

/*
 * The tables as they grew: entry N makes version N + 1 of version N, so that a ledger of any
 * version before is brought up to date as a new one is made.
 */
static const char *const versions[] = {
	"CREATE TABLE choices (client TEXT NOT NULL, site TEXT NOT NULL, choice TEXT NOT NULL,"
	" seen TEXT NOT NULL, t INTEGER NOT NULL, PRIMARY KEY (client, site)) WITHOUT ROWID;"
	/* id: the first eight bytes of SHA-256 over client, site, host and cookie. */
	"CREATE TABLE seen (id INTEGER PRIMARY KEY, client TEXT NOT NULL, site TEXT NOT NULL,"
	" host TEXT NOT NULL, cookie TEXT NOT NULL, purpose TEXT NOT NULL, why TEXT NOT NULL,"
	" party TEXT NOT NULL, kept INTEGER NOT NULL, removed INTEGER NOT NULL,"
	" expired INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);"
	"CREATE INDEX seen_client ON seen (client);",
	/* unasked: sightings before any choice; NULL: from a time when that was not noted. */
	"ALTER TABLE seen ADD COLUMN unasked INTEGER;"
	/* id: the same over client, site, host, kind, name, why and choice. */
	"CREATE TABLE claimed (id INTEGER PRIMARY KEY, client TEXT NOT NULL, site TEXT NOT NULL,"
	" host TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, why TEXT NOT NULL,"
	" choice TEXT NOT NULL, count INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL);"
	"CREATE INDEX claimed_client ON claimed (client);",
	/* life: seconds that an origin asked for; 0: until the browser closes; NULL: not known. */
	"ALTER TABLE seen ADD COLUMN life INTEGER;",
};
#define SCHEMA_VERSION ((int64_t)(sizeof(versions) / sizeof(versions[0])))

static const char *const statements[LEDGER_STATEMENTS] = {
	[ST_CHOICE_SET] = "INSERT OR REPLACE INTO choices VALUES (?1, ?2, ?3, ?4, ?5)",
	[ST_CHOICE_CLEAR] = "DELETE FROM choices WHERE client = ?1 AND (site = ?2 OR ?2 = '*')",
	[ST_CHOICES] = "SELECT client, site, choice, seen, t FROM choices"
		       " WHERE ?1 = '' OR client = ?1 ORDER BY t, client, site",
	[ST_CHOICE_AGE] = "DELETE FROM choices WHERE t < ?1",
	[ST_SEEN] =
		"INSERT INTO seen VALUES (?13, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
		" ?14, ?15) ON CONFLICT DO UPDATE SET purpose = ?5, why = ?6, party = ?7,"
		" kept = kept + ?8, removed = removed + ?9, expired = expired + ?10,"
		" last = max(last, ?12), unasked = coalesce(unasked + ?14, nullif(?14, 0)),"
		" life = coalesce(?15, life)",
	[ST_SEEN_AGE] = "DELETE FROM seen WHERE last < ?1",
	[ST_SEEN_CAP] = "DELETE FROM seen WHERE last <= (SELECT last FROM seen ORDER BY last DESC"
			" LIMIT 1 OFFSET ?1)",
	[ST_SEEN_QUERY] =
		"SELECT site, host, cookie, purpose, why, party, kept, removed, expired, first,"
		" last, unasked, life FROM seen WHERE client = ?1 AND last >= ?2"
		" ORDER BY last DESC, site, host, cookie LIMIT ?3",
	[ST_CLAIMED] = "INSERT INTO claimed VALUES (?11, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
		       " ON CONFLICT DO UPDATE SET count = count + ?8, last = max(last, ?10)",
	[ST_CLAIMED_AGE] = "DELETE FROM claimed WHERE last < ?1",
	[ST_CLAIMED_CAP] = "DELETE FROM claimed WHERE last <= (SELECT last FROM claimed"
			   " ORDER BY last DESC LIMIT 1 OFFSET ?1)",
	[ST_CLAIMED_QUERY] =
		"SELECT site, host, kind, name, why, choice, count, first, last FROM claimed"
		" WHERE client = ?1 AND last >= ?2"
		" ORDER BY last DESC, site, host, kind, name, why, choice LIMIT ?3",
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

bool ledger_run(sqlite3 *db, const char *sql)
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

/* From one version to the newest, whole or not at all. */
static bool bring_up(sqlite3 *db, int64_t from)
{
	char sql[128];
	bool ok = ledger_run(db, "BEGIN IMMEDIATE");

	for (int64_t v = from; ok && v < SCHEMA_VERSION; v++)
		ok = ledger_run(db, versions[v]);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, (int)SCHEMA_VERSION);
	ok = ok && ledger_run(db, sql) && ledger_run(db, "COMMIT");
	if (!ok && sqlite3_get_autocommit(db) == 0)
		ledger_run(db, "ROLLBACK");
	return ok;
}

/* An empty database becomes ours; any other must be ours already, of this version or before. */
static bool take_schema(sqlite3 *db)
{
	int64_t version;

	if (pragma_number(db, "SELECT count(*) FROM sqlite_master") == 0 &&
	    pragma_number(db, "PRAGMA application_id") == 0)
		return bring_up(db, 0);
	version = pragma_number(db, "PRAGMA user_version");
	return pragma_number(db, "PRAGMA application_id") == APPLICATION_ID && version >= 1 &&
	       version <= SCHEMA_VERSION && is_sound(db) &&
	       (version == SCHEMA_VERSION || bring_up(db, version));
}

static bool prepare(struct ledger *l)
{
	for (unsigned i = 0; i < LEDGER_STATEMENTS; i++)
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
	    ledger_run(l->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			      "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384") &&
	    prepare(l))
		return true;
	snprintf(error, size,
		 "%s is not a ledger that this version reads, or is damaged (%s): move it away to "
		 "begin a "
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
	snprintf(error, size, "no memory for the ledger");
	if (l->sha != NULL && load_key(l, state, error, size) && open_db(l, error, size))
		return l;
	ledger_close(l);
	return NULL;
}

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->st[LEDGER_STATEMENTS - 1] != NULL)
		ledger_flush(l, l->aged);
	ledger_drop_pending(l);
	for (unsigned i = 0; i < LEDGER_STATEMENTS; i++)
		sqlite3_finalize(l->st[i]);
	sqlite3_close(l->db);
	sha_free(l->sha);
	explicit_bzero(l->key, sizeof(l->key));
	free(l);
}

/* ---- statements ---- */

void ledger_bind(sqlite3_stmt *st, int at, struct slice s)
{
	sqlite3_bind_text(st, at, s.n != 0 ? s.p : "", (int)s.n, SQLITE_STATIC);
}

struct slice ledger_column(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_text(st, i);

	return slice_of(p != NULL ? p : "", (size_t)sqlite3_column_bytes(st, i));
}

bool ledger_done(struct ledger *l, enum ledger_statement which)
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

bool ledger_begin(struct ledger *l)
{
	return ledger_run(l->db, "BEGIN IMMEDIATE");
}

bool ledger_end(struct ledger *l, bool keep)
{
	if (keep && ledger_run(l->db, "COMMIT"))
		return true;
	if (sqlite3_get_autocommit(l->db) == 0)
		ledger_run(l->db, "ROLLBACK");
	return !keep;
}

bool ledger_choice_set(struct ledger *l, const struct ledger_choice *c)
{
	sqlite3_stmt *st = l->st[ST_CHOICE_SET];

	ledger_bind(st, 1, c->client);
	ledger_bind(st, 2, c->site);
	ledger_bind(st, 3, c->choice);
	ledger_bind(st, 4, c->seen);
	sqlite3_bind_int64(st, 5, c->when);
	return ledger_done(l, ST_CHOICE_SET);
}

bool ledger_choice_clear(struct ledger *l, struct slice client, struct slice site, bool *any)
{
	bool good;

	ledger_bind(l->st[ST_CHOICE_CLEAR], 1, client);
	ledger_bind(l->st[ST_CHOICE_CLEAR], 2, site);
	good = ledger_done(l, ST_CHOICE_CLEAR);
	*any = good && sqlite3_changes(l->db) != 0;
	return good;
}

bool ledger_choices(struct ledger *l, struct slice client_or_empty, ledger_choice_fn *fn, void *arg)
{
	sqlite3_stmt *st = l->st[ST_CHOICES];
	int rc;

	ledger_bind(st, 1, client_or_empty);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct ledger_choice c = { .client = ledger_column(st, 0),
					   .site = ledger_column(st, 1),
					   .choice = ledger_column(st, 2),
					   .seen = ledger_column(st, 3),
					   .when = sqlite3_column_int64(st, 4) };
		fn(arg, &c);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE;
}

/* ---- for people ---- */

struct listing {
	struct buf *out;
	char local[DIGEST_HEX_LEN + 1], asked[DIGEST_HEX_LEN + 1];
	struct slice address; /* that was asked about */
};

static struct slice device_of(const struct listing *list, struct slice client)
{
	if (slice_eq(client, slice_str(list->local)))
		return plain_client(SLICE("local"));
	return slice_eq(client, slice_str(list->asked)) ? list->address : SLICE("");
}

static void put_choice(void *arg, const struct ledger_choice *c)
{
	const struct listing *list = arg;
	struct slice device = device_of(list, c->client);
	char when[CLOCK_RFC3339_LEN + 1], ends[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(c->when, when, sizeof(when));
	clock_rfc3339(c->when + LEDGER_CHOICE_DAYS * LEDGER_DAY_MS, ends, sizeof(ends));
	json_open(list->out, '{');
	json_kv(list->out, "client", c->client);
	if (device.n != 0)
		json_kv(list->out, "device", device);
	json_kv(list->out, "site", c->site);
	json_kv(list->out, "choice", c->choice);
	json_kv(list->out, "seen", c->seen);
	json_kv(list->out, "when", slice_str(when));
	json_kv(list->out, "ends", slice_str(ends));
	json_close(list->out, '}');
	buf_addc(list->out, '\n');
}

bool ledger_list(struct ledger *l, struct slice address_or_empty, struct buf *out)
{
	struct listing list = { .out = out, .address = address_or_empty };
	struct digest *keyed = digest_new(l->key);
	bool good = keyed != NULL && digest_client(keyed, SLICE("local"), list.local);

	if (good && address_or_empty.n != 0)
		good = digest_client(keyed, address_or_empty, list.asked);
	digest_free(keyed);
	return good && ledger_choices(l, slice_str(list.asked), put_choice, &list);
}
