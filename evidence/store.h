/*
 * store.h - the log on disk: STATE/evidence, for its one writer.
 *
 *	log.jsonl		the current segment: lines, nothing else
 *	NNNNNNNNNNNN.jsonl.zst	sealed segments, named by their first entry; .jsonl at first
 *	tree/0, tree/1, ...	the tree's hashes (tree.h)
 *	checkpoints		every signed checkpoint, one behind the other
 *	checkpoint		the newest of them
 *	key, vkey		the log's private key (0600) and its verifier key
 *	intent			what is being written, for a restart in the middle of it
 *	torn-N			bytes behind the last whole entry, cut off by a repair
 *	lock			held by the writer
 *
 *	store_add(s, &entry) ... store_commit(s, &source)
 *
 * What store_commit() returned true for survives the death of every process at any moment; a power
 * cut costs at most what was not yet synced (store_sync()).  A checkpoint is signed only over what
 * is synced.  When a commit fails nothing of its batch is in the log, and the caller may do it
 * again.
 *
 * Exactly once: a batch made from a letter names its sender, id and digest.  After a crash in the
 * middle, store_resume() says how many entries of that letter the log holds already.
 */
#ifndef CRUMBGATE_EVIDENCE_STORE_H
#define CRUMBGATE_EVIDENCE_STORE_H

#include "evidence/entry.h"
#include "evidence/files.h"
#include "evidence/note.h"

#define STORE_SEGMENT_MAX ((uint64_t)64 * 1024 * 1024)
/* Lines waiting for one commit. */
#define STORE_BATCH_MAX ((size_t)8 * 1024 * 1024)

struct store;

/* The letter that a batch comes from. */
struct store_source {
	uint32_t from, id;
	unsigned char digest[SHA_LEN]; /* of its body: ids begin again when a sender is restarted */
};

struct store_options {
	int state;		    /* the open state folder */
	const char *path;	    /* its path, for messages */
	const struct file_ops *ops; /* NULL: the system's */
	uint64_t segment_max;	    /* 0: STORE_SEGMENT_MAX */
};

/* What a start found to repair. */
struct store_repair {
	uint64_t torn_bytes;   /* cut off behind the last whole entry ... */
	char saved[32];	       /* ... and kept in this file; empty when nothing was torn */
	uint64_t lost_entries; /* entries known to have been there (at least) */
};

/* NULL: `error` says what is wrong and what to do. */
struct store *store_open(const struct store_options *o, struct store_repair *repair, char *error,
			 size_t size);
/* Does not sign: store_checkpoint() first. */
void store_close(struct store *s);

int store_dir(const struct store *s);
const struct note_key *store_key(const struct store *s);
/* The number of the next entry == entries in the log. */
uint64_t store_next(const struct store *s);
/* Entries under the last checkpoint. */
uint64_t store_signed(const struct store *s);
struct sha *store_sha(struct store *s);

/*
 * Gives the entry its number and keeps its line for the next commit.  False: batch full, no memory.
 */
bool store_add(struct store *s, struct entry *e);
/*
 * source: NULL when no letter is behind it.  False: errno, the batch is dropped, nothing was
 * written.
 */
bool store_commit(struct store *s, const struct store_source *source);
void store_drop(struct store *s);
/* How many entries of this letter the log holds from before a crash; asked for each letter once. */
uint64_t store_resume(struct store *s, const struct store_source *source);

/* False: errno.  Until a later one succeeds nothing is signed. */
bool store_sync(struct store *s);
/* Syncs, signs the tree as it is and writes it; nothing when the last one says the same. */
bool store_checkpoint(struct store *s);
/* True when the current segment is full: store_seal() it (after a checkpoint). */
bool store_full(const struct store *s);
bool store_seal(struct store *s);
/* Compresses a piece of a sealed segment; *more says whether there is more to do. */
bool store_work(struct store *s, bool *more);

#endif
