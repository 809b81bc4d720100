/*
 * ledger.h - STATE/ledger.db: what each client chose, and what was seen of late.
 *
 * Choices are kept for good, under a digest of the client with a key of its own
 * (STATE/ledger.key), so that they outlive the log's monthly keys.  What was seen is for the
 * desk's pages: one row per client, site, host and cookie, and one for each different thing that
 * was claimed, contradicted, blocked and so on, under the log's digest of the client, bounded and
 * forgotten after LEDGER_DAYS.  The log is the record; the ledger is not part of the evidence.
 *
 * SQLite.  A ledger of an older version is brought up to date where it is opened.  Sightings are added up in memory and written once a second in one transaction, a few
 * thousand rows at most: what is beyond is left out of the table (and said), so that the ledger
 * never keeps the log waiting.  A choice is written at once.
 */
#ifndef CRUMBGATE_EVIDENCE_LEDGER_H
#define CRUMBGATE_EVIDENCE_LEDGER_H

#include "base/buf.h"
#include "evidence/digest.h"
#include "evidence/entry.h"

#define LEDGER_DAYS 31
/* And a choice after so many, when it does not hold any more (filters/choices.h). */
#define LEDGER_CHOICE_DAYS 183
#define LEDGER_ROWS_MAX 200000
#define LEDGER_CLAIMS_MAX 50000
/* Rows of each kind in one answer: the default and the most. */
#define LEDGER_ANSWER_ROWS 1000u
#define LEDGER_ANSWER_ROWS_MAX 10000u
/* And so many bytes of each: what sites name their cookies must not make an answer fail. */
#define LEDGER_ANSWER_BYTES ((size_t)3 * 1024 * 1024)

struct ledger;

/*
 * Opens or makes ledger.db and ledger.key in the state folder.  A file that is not ours, or
 * damaged, is named and left as it is: NULL and `error`.
 */
struct ledger *ledger_open(const char *state, char *error, size_t size);
/* Flushes. */
void ledger_close(struct ledger *l);
const unsigned char *ledger_key(const struct ledger *l); /* DIGEST_KEY_LEN bytes */

struct ledger_choice {
	struct slice client; /* digest with the ledger's key */
	struct slice site;   /* or "*" */
	struct slice choice; /* a word of filters/words.h, never none */
	struct slice seen;
	int64_t when; /* wall ms */
};

/*
 * Between the two, choices are kept together or (keep false) not at all, also where the process
 * dies before the second.  False: the ledger cannot be written.
 */
bool ledger_begin(struct ledger *l);
bool ledger_end(struct ledger *l, bool keep);

/* False: not written (diagnosed). */
bool ledger_choice_set(struct ledger *l, const struct ledger_choice *c);
/* Site "*" clears all choices of the client.  *any: there was something to clear. */
bool ledger_choice_clear(struct ledger *l, struct slice client, struct slice site, bool *any);
/* All choices, or one client's; the slices hold during the call. */
typedef void ledger_choice_fn(void *arg, const struct ledger_choice *c);
bool ledger_choices(struct ledger *l, struct slice client_or_empty, ledger_choice_fn *fn,
		    void *arg);

/*
 * Appends a line of JSON for each choice, for people: client, device (where it is known: this
 * machine, and whose address was given), site, choice, seen, when, ends.  Only those of the address,
 * if one is given.
 */
bool ledger_list(struct ledger *l, struct slice address_or_empty, struct buf *out);

/*
 * Any entry: cookies (set, sent) and what is about consent and blocking (claim, contradiction,
 * write, block, strip, heal) are added up; the others are nothing to the ledger.
 */
void ledger_seen(struct ledger *l, const struct entry *e);
/* Writes what was added up, and forgets what is too old. */
bool ledger_flush(struct ledger *l, int64_t wall_ms);
/*
 * Appends, the newest first,
 *
 *	{"rows":[{"site","host","cookie","purpose","why","party","kept","removed","expired",
 *	          "first","last","life_s","unasked"}...],
 *	 "claims":[{"site","host","kind","name","why","choice","count","first","last"}...],
 *	 "more":bool}
 *
 * "unasked": how many of the sightings were before any choice; "life_s": how long an origin last
 * asked for it to be kept, in seconds, 0 until the browser is closed.  Neither is there where it is
 * not known.
 */
bool ledger_query_client(struct ledger *l, struct slice client, int64_t since, uint32_t limit,
			 struct buf *out);

#endif
