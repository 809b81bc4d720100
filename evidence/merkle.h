/*
 * merkle.h - the Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), grown leaf by leaf.
 *
 * `struct merkle` is the tree's right edge: for each bit that is set in `size`, the root of a
 * complete subtree of that height.  That is all it takes to add leaves and to know the root.
 *
 * Proofs need hashes from inside the tree.  They are stored in tile shape (C2SP tlog-tiles): level
 * L holds the roots of all complete subtrees of height 8*L, in order; every other hash is at most
 * 255 node hashes away.  `struct merkle_store` is how this file reads them; tree.h has it on disk.
 */
#ifndef CRUMBGATE_EVIDENCE_MERKLE_H
#define CRUMBGATE_EVIDENCE_MERKLE_H

#include "evidence/sha.h"

#define MERKLE_LEN SHA_LEN
#define MERKLE_TILE_HEIGHT 8u
#define MERKLE_TILE 256u
/* Levels of tiles that a tree of any 64-bit size can have. */
#define MERKLE_LEVELS 8u
/* No proof is longer (consistency: one hash more than the tree's height). */
#define MERKLE_PROOF_MAX 65u

struct merkle_hash {
	unsigned char b[MERKLE_LEN];
};

struct merkle {
	uint64_t size;
	struct merkle_hash edge[64]; /* edge[h] counts only where bit h of size is set */
};

void merkle_leaf(struct sha *s, struct slice entry, struct merkle_hash *out);
/* `out` may be either of the others. */
void merkle_node(struct sha *s, const struct merkle_hash *left, const struct merkle_hash *right,
		 struct merkle_hash *out);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

void merkle_init(struct merkle *m);
/*
 * Called for the root of each complete subtree of height 8*level that a push has finished, level 0
 * too.
 */
typedef void merkle_finished(void *arg, unsigned level, const struct merkle_hash *hash);
/* `finished` may be NULL. */
void merkle_push(struct merkle *m, struct sha *s, const struct merkle_hash *leaf,
		 merkle_finished *finished, void *arg);
/* Adds a complete subtree of 2^height leaves at once; m->size must be a multiple of that. */
void merkle_push_subtree(struct merkle *m, struct sha *s, unsigned height,
			 const struct merkle_hash *root, merkle_finished *finished, void *arg);
/* The root of 2^height hashes; the array is used up. */
void merkle_fold(struct sha *s, struct merkle_hash *hashes, unsigned height,
		 struct merkle_hash *out);
void merkle_root(const struct merkle *m, struct sha *s, struct merkle_hash *out);

struct merkle_store {
	/* Reads `count` hashes of a level from `index` on; false when they are not there. */
	bool (*read)(void *arg, unsigned level, uint64_t index, size_t count,
		     struct merkle_hash *out);
	void *arg;
};

/* The right edge of the tree of the first `size` leaves.  False: hashes are missing. */
bool merkle_load(struct merkle *m, struct sha *s, const struct merkle_store *from, uint64_t size);
/* That the leaf `n` is in the tree of `size` (n < size).  The leaf's sibling first. */
bool merkle_prove_inclusion(const struct merkle_store *from, struct sha *s, uint64_t n,
			    uint64_t size, struct merkle_hash proof[MERKLE_PROOF_MAX],
			    size_t *count);
/* That the tree of `size` continues the tree of `old` (0 < old <= size). */
bool merkle_prove_consistency(const struct merkle_store *from, struct sha *s, uint64_t old,
			      uint64_t size, struct merkle_hash proof[MERKLE_PROOF_MAX],
			      size_t *count);

/* RFC 9162 sections 2.1.3.2 and 2.1.4.2. */
bool merkle_check_inclusion(struct sha *s, const struct merkle_hash *leaf, uint64_t n,
			    uint64_t size, const struct merkle_hash *proof, size_t count,
			    const struct merkle_hash *root);
bool merkle_check_consistency(struct sha *s, uint64_t old, uint64_t size,
			      const struct merkle_hash *proof, size_t count,
			      const struct merkle_hash *old_root, const struct merkle_hash *root);

#endif
