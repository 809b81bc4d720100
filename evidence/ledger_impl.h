/*
 * ledger_impl.h - the ledger's inside, shared by ledger.c (the database, choices) and ledger_seen.c
 * (what was seen).  For nobody else.
 */
#ifndef CRUMBGATE_EVIDENCE_LEDGER_IMPL_H
#define CRUMBGATE_EVIDENCE_LEDGER_IMPL_H

#include "base/hash.h"
#include "evidence/ledger.h"
#include "evidence/sha.h"

#include <sqlite3.h>

#define LEDGER_PATH_MAX 512
#define LEDGER_DAY_MS INT64_C(86400000)

enum ledger_statement {
	ST_CHOICE_SET,
	ST_CHOICE_CLEAR,
	ST_CHOICES,
	ST_CHOICE_AGE,
	ST_SEEN,
	ST_SEEN_AGE,
	ST_SEEN_CAP,
	ST_SEEN_QUERY,
	ST_CLAIMED,
	ST_CLAIMED_AGE,
	ST_CLAIMED_CAP,
	ST_CLAIMED_QUERY,
	LEDGER_STATEMENTS
};

struct sighting; /* ledger_seen.c */

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *st[LEDGER_STATEMENTS];
	struct sha *sha;
	unsigned char key[DIGEST_KEY_LEN];
	char path[LEDGER_PATH_MAX];
	struct sighting *pending;
	size_t pending_n;
	int64_t aged;	   /* wall ms of the last look for old rows */
	size_t written;	   /* rows since then */
	uint64_t left_out; /* sightings that did not fit, not yet said */
	bool failing;
};

bool ledger_run(sqlite3 *db, const char *sql);
/*
 * Cookie-names are bytes.  Bound as blobs they would never equal text, so everything is bound as
 * text and compared octet by octet (BINARY), which SQLite does for ill-formed UTF-8 too.
 */
void ledger_bind(sqlite3_stmt *st, int at, struct slice s);
struct slice ledger_column(sqlite3_stmt *st, int i);
/* Runs a statement without rows, and makes it ready for the next time; false: diagnosed, once. */
bool ledger_done(struct ledger *l, enum ledger_statement which);
/* Forgets what was added up and not written. */
void ledger_drop_pending(struct ledger *l);

#endif
