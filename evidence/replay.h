/*
 * replay.h - decides every cookie of a log again, from the log alone.
 *
 * Every fact of a decision is in its entry, and the rules that decided are named there and kept in
 * evidence/rules, so the same code (filters/decide.h) must come to the same purpose, reason and
 * verdict, bit for bit: a difference is tampering or a fault of ours.  With another profile or
 * other rules the question is instead what would have happened: then purposes and verdicts are
 * compared, reasons not.
 *
 * Replay believes the lines; whether they are the ones that were recorded is verify.h's question.
 */
#ifndef CRUMBGATE_EVIDENCE_REPLAY_H
#define CRUMBGATE_EVIDENCE_REPLAY_H

#include "filters/rules.h"

#include <stddef.h>

enum replay_result {
	REPLAY_SAME,
	REPLAY_DIFFERENT,
	REPLAY_ERROR, /* could not be replayed: `error` says why */
};

/* Distinct rows of differences that are kept; the rest is counted only. */
#define REPLAY_ROWS_MAX 100000u

/* Entries of one site and cookie whose decision changes in one way. */
struct replay_row {
	struct slice site, cookie;
	struct slice from_purpose, from_verdict, from_why; /* why of the first; identity only */
	struct slice to_purpose, to_verdict, to_why;
	uint64_t entries, sightings;
	uint64_t first; /* the first entry's number */
};

struct replay_report {
	enum replay_result result;
	uint64_t entries;  /* of the log */
	uint64_t replayed; /* set and sent among them */
	uint64_t sightings;
	uint64_t different, different_sightings, other_rows;
	size_t count;
	struct replay_row *rows; /* most sightings first */
	char error[512];
	struct replay_rows *owner; /* what the rows borrow from */
};

struct replay_options {
	const enum profile *profile; /* NULL: as in each entry */
	const struct rules *rules;   /* with has_rules: these for every entry (NULL: no table) */
	bool has_rules;
	unsigned threads; /* 0: all processors */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

enum replay_result replay_log(const char *path, const struct replay_options *o,
			      struct replay_report *report);
void replay_release(struct replay_report *report);

#endif
