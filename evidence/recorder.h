/*
 * recorder.h - the recorder: the only writer of the evidence log (store.h) and of the ledger
 * (ledger.h).
 *
 * It is an object without a loop.  Its process owns the loop and the letter box and calls
 *
 *	recorder_open()		at the start, with the time
 *	recorder_letter()	for each letter, in order
 *	recorder_tick()		when the time it named has come, and at least once a second
 *	recorder_close()	at the end: writes `stop`, signs the last checkpoint
 *
 * Letters are at-least-once: a letter leaves the box only after recorder_letter() returned true
 * (post_take() with peek, then post_drop()).  The letter that was in work when the recorder was
 * killed comes again, and the recorder knows how much of it is in the log already: no entry is
 * lost and none is written twice.
 *
 * When the disk is full or fails, the policy says what happens:
 *   RECORDER_STRICT	recorder_letter() returns false; the process keeps the letter in the box
 *			and calls again after recorder_tick()'s time (1 s).  The box fills,
 *			workers count their losses and, if so configured, stop serving.  An
 *			error line each minute.
 *   RECORDER_LENIENT	the letter is dropped and its entries counted; when there is room again
 *			a `loss` entry says how many and why.
 *
 * Message bodies (numbers little-endian, byte strings as msg_put_bytes()):
 *
 *   MSG_ENTRIES	to the recorder: packed entries, one behind the other (entry_pack()), to
 *			the body's end.
 *   MSG_HELLO		to the recorder, empty body: "tell me".  Answered to the sender with
 *			MSG_KEYS, any number of MSG_CHOICE and MSG_CHOICES_END, all with the
 *			hello's id.
 *   MSG_KEYS		struct recorder_keys; sent again to all when the period ends.
 *   MSG_CHOICE		struct recorder_choice, one or more, to the body's end.
 *			To the recorder (from a worker or the supervisor): `client` is the
 *			canonical address.  The recorder writes ledger and log, then answers the
 *			sender with MSG_ACK (same id; u8 enum recorder_ack) and announces the choice to every process
 *			that said hello.
 *			From the recorder: `client` is the ledger digest (digest_client() with
 *			the ledger key).
 *   MSG_CHOICES_END	empty.
 *   MSG_QUERY		to the recorder: struct recorder_query.  Answered with MSG_ANSWER, same
 *			id.
 *   MSG_CHOICE_LIST	to the recorder; the body is a client's canonical address, or empty for
 *			all.  Answered with MSG_ANSWER: a line of JSON for each choice
 *			(ledger_list()).
 *   MSG_ANSWER		u8 more, then bytes to the body's end: parts of one JSON document
 *			(ledger.h), in order; the last has more == 0.
 *   MSG_CHILD_DIED	to the recorder from the supervisor: bytes name, bytes why; becomes a
 *			`restart` entry.
 */
#ifndef CRUMBGATE_EVIDENCE_RECORDER_H
#define CRUMBGATE_EVIDENCE_RECORDER_H

#include "base/clock.h"
#include "base/post.h"
#include "evidence/entry.h"

#define RECORDER_KEY_LEN 32u
/* Bytes of JSON in one MSG_ANSWER. */
#define RECORDER_PART_MAX (48u * 1024)

enum recorder_policy { RECORDER_LENIENT, RECORDER_STRICT };

struct recorder_options {
	const char *state;   /* the state folder; holds evidence/ and ledger.db */
	const char *version; /* the program's */
	const struct clock *clock;
	enum recorder_policy policy;
	bool keep_values;     /* log-values keep: write clear values to evidence/values */
	uint64_t segment_max; /* bytes of log.jsonl before it is sealed; 0: the default, 64 MiB */
};

struct recorder;

/* Sends a letter to one process (POST_..), or to all that said hello. */
struct recorder_replies {
	void (*send)(void *arg, unsigned to, enum msg_type type, uint32_t id, struct slice body);
	void *arg;
};

/*
 * Makes what is missing, repairs a torn tail (and records it), refuses what is not its own: NULL,
 * and `error` says what and what to do about it.  Writes `start` and, after a repair, `loss`.
 */
struct recorder *recorder_open(const struct recorder_options *options,
			       const struct recorder_replies *replies, char *error, size_t size);

/* False: not done, keep the letter and come again (see policy above). */
bool recorder_letter(struct recorder *r, const struct letter *letter);

/*
 * Flushes, syncs, signs checkpoints, rotates keys, writes heartbeats, seals segments.  Returns the
 * ms until it wants to be called again (at most 1000).
 */
int64_t recorder_tick(struct recorder *r);

/*
 * A set of rules came into force (at start and on reload): kept as evidence/rules/<sha256>.tsv and
 * named in a `rules` entry.  Same digest as before: nothing.  False: not written (diagnosed).
 */
bool recorder_rules(struct recorder *r, const char *name, struct slice text, uint64_t count);
/* Likewise for a filter list, by its digest; no text is kept, its publisher has it. */
bool recorder_list(struct recorder *r, struct slice name, struct slice digest, uint64_t count);
/* Likewise for the configuration, whose text is not kept: it may hold private paths. */
bool recorder_config(struct recorder *r, const char *name, struct slice text, const char *why);

/*
 * Writes `stop` with why, signs the last checkpoint, closes and frees.  False: something of it
 * failed.
 */
bool recorder_close(struct recorder *r, const char *why);

/* ---- bodies, for the senders ---- */

struct recorder_keys {
	unsigned char log_key[RECORDER_KEY_LEN];    /* digests in entries; this period's */
	unsigned char ledger_key[RECORDER_KEY_LEN]; /* digests of clients in choices and queries */
	struct slice period;			    /* "2026-11" */
	int64_t until;				    /* wall ms at which the period ends */
	bool keep_values;			    /* entries should carry `clear` */
};

/* Not: the ledger could not be written.  Nothing: there was no choice to clear. */
enum recorder_ack { RECORDER_NOT_DONE, RECORDER_DONE, RECORDER_NOTHING };

enum recorder_choice_op { RECORDER_CHOICE_SET, RECORDER_CHOICE_CLEAR };

struct recorder_choice {
	enum recorder_choice_op op;
	struct slice client; /* address or ledger digest, see MSG_CHOICE above */
	/* registrable domain, or "*" for all; CLEAR with "*" clears all of the client */
	struct slice site;
	struct slice profile; /* in a request: the client's profile, for the entry; else empty */
	struct slice choice;  /* a word of filters/words.h, never none */
	struct slice seen;    /* word: desk, cli, ... */
	int64_t when;	      /* wall ms */
};

struct recorder_query {
	struct slice client; /* the log's digest of it: what was seen is kept a period only */
	int64_t since;	     /* wall ms: only what was seen at or after it; 0: all */
	uint32_t limit;	     /* rows at most; 0: the default, 1000 */
};

void recorder_put_keys(struct buf *b, const struct recorder_keys *k);
bool recorder_get_keys(struct slice body, struct recorder_keys *k);
void recorder_put_choice(struct buf *b, const struct recorder_choice *c);
/* Takes the next choice of a body: loop while r->rest.n != 0.  False: malformed. */
bool recorder_get_choice(struct msg_reader *r, struct recorder_choice *c);
void recorder_put_query(struct buf *b, const struct recorder_query *q);
bool recorder_get_query(struct slice body, struct recorder_query *q);

#endif
