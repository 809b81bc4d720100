/*
 * hash.h - uthash with a keyed hash.
 *
 * Keys of our tables come from the network, so an unkeyed hash would let a site choose collisions.
 * Include this instead of <uthash.h>.  hash_seed() is called once by each process at its start
 * (getrandom); before that a fixed key is used, which is what tests get.  hash_bytes() is
 * SipHash-1-3, 64 bits.
 */
#ifndef CRUMBGATE_BASE_HASH_H
#define CRUMBGATE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

void hash_seed(void);
uint64_t hash_bytes(const void *p, size_t n);

#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = (unsigned)hash_bytes((keyptr), (keylen)))

#include <uthash.h>

#endif
