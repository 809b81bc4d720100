/*
 * hash.h - uthash with a keyed hash.
 *
 * Keys of our tables come from the network, so an unkeyed hash would let a site choose collisions.
 * Include this instead of <uthash.h>.  hash_seed() is called once, when the program starts
 * (getrandom), and the key is inherited by the processes that are forked, with the tables that were
 * filled before.  Until then a fixed key is used, which is what tests get.  hash_bytes() is
 * SipHash-1-3, 64 bits.
 *
 * A struct hasher hashes several things, one after the other, that do not lie in one piece:
 *
 *	struct hasher h;
 *	hasher_init(&h);
 *	hasher_add(&h, name);
 *	hasher_add_u64(&h, number);
 *	id = hasher_result(&h);
 *
 * Each slice counts with its length, so ("ab", "c") and ("a", "bc") differ.  A copy of a struct
 * hasher goes on where the original stood: what many hashes begin with is added once.  The result
 * is not hash_bytes() of the same bytes.
 */
#ifndef CRUMBGATE_BASE_HASH_H
#define CRUMBGATE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

void hash_seed(void);
uint64_t hash_bytes(const void *p, size_t n);

struct hasher {
	uint64_t v[4];
};

void hasher_init(struct hasher *h);
void hasher_add(struct hasher *h, struct slice s);
void hasher_add_u64(struct hasher *h, uint64_t m);
uint64_t hasher_result(const struct hasher *h);

#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = (unsigned)hash_bytes((keyptr), (keylen)))

#include <uthash.h>

#endif
