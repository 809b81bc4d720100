/*
 * store_impl.h - the store's inside, shared by store.c (writing), store_repair.c (opening) and
 * store_seal.c (sealing and compressing).  For nobody else.
 */
#ifndef CRUMBGATE_EVIDENCE_STORE_IMPL_H
#define CRUMBGATE_EVIDENCE_STORE_IMPL_H

#include "evidence/store.h"
#include "evidence/tree.h"

#define STORE_PATH_MAX 512
#define STORE_ERROR_MAX 512

struct packer; /* store_seal.c */

struct store {
	const struct file_ops *ops;
	int dir, lock, log, intent, checkpoints;
	char path[STORE_PATH_MAX]; /* of evidence/, for messages */
	uint64_t segment_max;

	struct sha *sha;
	struct note_signer *signer;
	struct tree *tree;

	/* What is on disk. */
	struct merkle edge;
	uint64_t log_first, log_size; /* current segment: first entry, bytes */
	uint64_t checkpoints_size;
	uint64_t signed_size; /* entries under the last checkpoint */
	bool unsynced;
	bool half_written; /* a failed commit could not be taken back yet */

	/* What waits for the commit. */
	struct buf batch;
	struct merkle grown; /* edge with the batch in it */

	/* The letter that was in work at the last crash. */
	bool resume, intent_empty;
	struct store_source resume_of;
	uint64_t resume_done;

	struct packer *packer;
	bool plain_left; /* there may be a sealed segment that is not compressed */
};

/* The intent file: what a commit is about to write (kill -9 safe; after a power cut it is void). */
bool intent_write(struct store *s, const struct store_source *source);
void intent_read(struct store *s);

/* Appends a signed checkpoint of `m`; the log must be synced. */
bool checkpoint_write(struct store *s, const struct merkle *m);

/* Finds, checks and repairs what is there.  False: `error`. */
bool store_recover(struct store *s, struct store_repair *repair, char *error, size_t size);

/* Takes up a compression that a crash cut short.  False: errno. */
bool packer_resume(struct store *s);
void packer_free(struct store *s);

#endif
