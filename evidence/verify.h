/*
 * verify.h - checks a whole log and says what is wrong and where.
 *
 * Every line must be canonical, every number the next, every hash the one in the tree's files,
 * every checkpoint signed by the log's key and its root that of the lines before it.
 * Whoever holds the private key could make another log that passes; against that stand a
 * checkpoint kept elsewhere and the key pinned (`key`).
 *
 * Streams with all processors and flat memory; a log that is being written may be checked.
 */
#ifndef CRUMBGATE_EVIDENCE_VERIFY_H
#define CRUMBGATE_EVIDENCE_VERIFY_H

#include "evidence/note.h"
#include "evidence/reader.h"

enum verify_result {
	VERIFY_GOOD,
	VERIFY_WRONG,
	VERIFY_TORN,  /* only an unfinished write behind all that is covered */
	VERIFY_ERROR, /* could not be checked: `problems[0]` says why */
};

#define VERIFY_PROBLEMS_MAX 16u
#define VERIFY_NOWHERE UINT64_MAX

struct verify_problem {
	char file[SEGMENT_NAME_MAX];
	uint64_t line; /* from 1; 0: not a line's */
	uint64_t n;    /* the entry; VERIFY_NOWHERE: none */
	char what[256];
};

struct verify_report {
	enum verify_result result;
	uint64_t entries, checkpoints;
	uint64_t covered;	       /* entries under the last checkpoint */
	struct merkle_hash root;       /* of all entries */
	char key[NOTE_NAME_MAX + 128]; /* the verifier key */
	size_t count;
	struct verify_problem problems[VERIFY_PROBLEMS_MAX];
};

struct verify_options {
	const struct note_key *pinned; /* the key that must have signed; NULL: the one in vkey */
	unsigned threads;	       /* 0: all processors */
	/* Called now and then by one of the threads; may be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

enum verify_result verify_log(const char *path, const struct verify_options *o,
			      struct verify_report *report);

#endif
