#include "evidence/merkle.h"

void merkle_leaf(struct sha *s, struct slice entry, struct merkle_hash *out)
{
	static const unsigned char zero = 0;

	sha_begin(s);
	sha_add(s, &zero, 1);
	sha_add(s, entry.p, entry.n);
	sha_end(s, out->b);
}

void merkle_node(struct sha *s, const struct merkle_hash *left, const struct merkle_hash *right,
		 struct merkle_hash *out)
{
	unsigned char in[1 + 2 * MERKLE_LEN];

	in[0] = 1;
	memcpy(in + 1, left->b, MERKLE_LEN);
	memcpy(in + 1 + MERKLE_LEN, right->b, MERKLE_LEN);
	sha_begin(s);
	sha_add(s, in, sizeof(in));
	sha_end(s, out->b);
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->b, b->b, MERKLE_LEN) == 0;
}

void merkle_init(struct merkle *m)
{
	m->size = 0;
}

static void carry(struct merkle *m, struct sha *s, unsigned height, struct merkle_hash hash,
		  merkle_finished *finished, void *arg)
{
	uint64_t add = (uint64_t)1 << height;

	for (;;) {
		if (finished != NULL && height % MERKLE_TILE_HEIGHT == 0)
			finished(arg, height / MERKLE_TILE_HEIGHT, &hash);
		if ((m->size >> height & 1) == 0)
			break;
		merkle_node(s, &m->edge[height], &hash, &hash);
		height++;
	}
	m->edge[height] = hash;
	m->size += add;
}

void merkle_push(struct merkle *m, struct sha *s, const struct merkle_hash *leaf,
		 merkle_finished *finished, void *arg)
{
	carry(m, s, 0, *leaf, finished, arg);
}

void merkle_push_subtree(struct merkle *m, struct sha *s, unsigned height,
			 const struct merkle_hash *root, merkle_finished *finished, void *arg)
{
	carry(m, s, height, *root, finished, arg);
}

void merkle_fold(struct sha *s, struct merkle_hash *hashes, unsigned height,
		 struct merkle_hash *out)
{
	for (size_t n = (size_t)1 << height; n > 1; n /= 2)
		for (size_t i = 0; i < n / 2; i++)
			merkle_node(s, &hashes[2 * i], &hashes[2 * i + 1], &hashes[i]);
	*out = hashes[0];
}

void merkle_root(const struct merkle *m, struct sha *s, struct merkle_hash *out)
{
	bool have = false;

	if (m->size == 0) {
		sha_of(s, SLICE(""), out->b);
		return;
	}
	for (unsigned h = 0; h < 64; h++) {
		if ((m->size >> h & 1) == 0)
			continue;
		if (have)
			merkle_node(s, &m->edge[h], out, out);
		else
			*out = m->edge[h];
		have = true;
	}
}

/* The root of the complete subtree of 2^height leaves that begins at leaf `start`. */
static bool subtree(const struct merkle_store *from, struct sha *s, unsigned height, uint64_t start,
		    struct merkle_hash *out)
{
	struct merkle_hash hashes[MERKLE_TILE / 2];
	unsigned level = height / MERKLE_TILE_HEIGHT, above = height % MERKLE_TILE_HEIGHT;

	if (!from->read(from->arg, level, start >> (MERKLE_TILE_HEIGHT * level), (size_t)1 << above,
			hashes))
		return false;
	merkle_fold(s, hashes, above, out);
	return true;
}

bool merkle_load(struct merkle *m, struct sha *s, const struct merkle_store *from, uint64_t size)
{
	uint64_t start = 0;

	for (unsigned h = 64; h-- > 0;) {
		if ((size >> h & 1) == 0)
			continue;
		if (!subtree(from, s, h, start, &m->edge[h]))
			return false;
		start += (uint64_t)1 << h;
	}
	m->size = size;
	return true;
}

/* The height of the left subtree of a tree of n > 1 leaves: 2^height is the largest power < n. */
static unsigned split(uint64_t n)
{
	return 63u - (unsigned)__builtin_clzll(n - 1);
}

/* MTH(D[start : start + n]); start is a multiple of the power of two that n needs. */
static bool range_root(const struct merkle_store *from, struct sha *s, uint64_t start, uint64_t n,
		       struct merkle_hash *out)
{
	struct merkle m;

	merkle_init(&m);
	m.size = n;
	for (unsigned h = 64; h-- > 0;) {
		if ((n >> h & 1) == 0)
			continue;
		if (!subtree(from, s, h, start, &m.edge[h]))
			return false;
		start += (uint64_t)1 << h;
	}
	merkle_root(&m, s, out);
	return true;
}

static void reverse(struct merkle_hash *proof, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct merkle_hash h = proof[i];

		proof[i] = proof[count - 1 - i];
		proof[count - 1 - i] = h;
	}
}

bool merkle_prove_inclusion(const struct merkle_store *from, struct sha *s, uint64_t n,
			    uint64_t size, struct merkle_hash proof[MERKLE_PROOF_MAX],
			    size_t *count)
{
	uint64_t start = 0;

	*count = 0;
	if (n >= size)
		return false;
	/*
	 * PATH() of RFC 6962 section 2.1.1 from the root down, hence the order reversed at the end.
	 */
	while (size > 1) {
		uint64_t k = (uint64_t)1 << split(size);
		bool left = n < k;

		if (!range_root(from, s, left ? start + k : start, left ? size - k : k,
				&proof[(*count)++]))
			return false;
		start += left ? 0 : k;
		n -= left ? 0 : k;
		size = left ? k : size - k;
	}
	reverse(proof, *count);
	return true;
}

bool merkle_prove_consistency(const struct merkle_store *from, struct sha *s, uint64_t old,
			      uint64_t size, struct merkle_hash proof[MERKLE_PROOF_MAX],
			      size_t *count)
{
	uint64_t start = 0;
	bool whole = true; /* the b of SUBPROOF(m, D[n], b) */

	*count = 0;
	if (old == 0 || old > size)
		return false;
	while (old != size) {
		uint64_t k = (uint64_t)1 << split(size);
		bool left = old <= k;

		if (!range_root(from, s, left ? start + k : start, left ? size - k : k,
				&proof[(*count)++]))
			return false;
		if (!left)
			whole = false;
		start += left ? 0 : k;
		old -= left ? 0 : k;
		size = left ? k : size - k;
	}
	if (!whole && !range_root(from, s, start, size, &proof[(*count)++]))
		return false;
	reverse(proof, *count);
	return true;
}

bool merkle_check_inclusion(struct sha *s, const struct merkle_hash *leaf, uint64_t n,
			    uint64_t size, const struct merkle_hash *proof, size_t count,
			    const struct merkle_hash *root)
{
	struct merkle_hash r = *leaf;
	uint64_t fn = n, sn = size - 1;

	if (n >= size)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(s, &proof[i], &r, &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(s, &r, &proof[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && merkle_equal(&r, root);
}

bool merkle_check_consistency(struct sha *s, uint64_t old, uint64_t size,
			      const struct merkle_hash *proof, size_t count,
			      const struct merkle_hash *old_root, const struct merkle_hash *root)
{
	struct merkle_hash fr, sr;
	uint64_t fn = old - 1, sn = size - 1;
	size_t i = 0;

	if (old == 0 || old > size)
		return false;
	if (old == size)
		return count == 0 && merkle_equal(old_root, root);
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	/* A power of two: the old root is itself the first hash of the path. */
	if ((old & (old - 1)) == 0)
		fr = *old_root;
	else if (count != 0)
		fr = proof[i++];
	else
		return false;
	for (sr = fr; i < count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(s, &proof[i], &fr, &fr);
			merkle_node(s, &proof[i], &sr, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(s, &sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && merkle_equal(&fr, old_root) && merkle_equal(&sr, root);
}
