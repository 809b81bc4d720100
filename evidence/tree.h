/*
 * tree.h - the Merkle tree's hashes on disk: evidence/tree/0, 1, 2, ...
 *
 * File L is the 32-byte roots of all complete subtrees of height 8*L, in order; a C2SP tile (level
 * L, number N) is its bytes from 8192*N on, whole or partial.  The files can be made again from the
 * log, so they are not what is trusted: a checkpoint's root is.
 */
#ifndef CRUMBGATE_EVIDENCE_TREE_H
#define CRUMBGATE_EVIDENCE_TREE_H

#include "evidence/files.h"
#include "evidence/merkle.h"

struct tree;

/* `dir` is the open folder evidence/; writable makes what is missing.  NULL: errno. */
struct tree *tree_open(const struct file_ops *ops, int dir, bool writable);
void tree_free(struct tree *t);

/* Leaves whose hashes are on disk. */
uint64_t tree_size(const struct tree *t);
/* Looks again how much is there (a reader of a log that grows). */
void tree_refresh(struct tree *t);
/* Bytes in the file of a level. */
uint64_t tree_bytes(const struct tree *t, unsigned level);
struct merkle_store tree_store(struct tree *t);

/* A merkle_finished: keeps the hash until tree_flush(). */
void tree_add(void *tree, unsigned level, const struct merkle_hash *hash);
/* Writes what was added.  False: errno; what was added is still kept. */
bool tree_flush(struct tree *t);
/* Forgets what was added and cuts the files to those of a tree of `size` leaves. */
bool tree_cut(struct tree *t, uint64_t size);
/* Cuts off what a failed flush left behind the hashes that count. */
bool tree_trim(struct tree *t);
/*
 * A merkle_finished for a tree that is gone through again: what is on disk must be the same, what
 * is missing is added.  `differs` is set when level 0 holds another hash; other levels are mended.
 */
struct tree_check {
	struct tree *tree;
	uint64_t next; /* the leaf that is being pushed */
	bool differs;
};
void tree_compare(void *check, unsigned level, const struct merkle_hash *hash);
bool tree_sync(struct tree *t);

#endif
