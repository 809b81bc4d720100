/* evidence: the Merkle tree, signed notes, keyed digests, repeats. */
#include "evidence/digest.h"
#include "evidence/merkle.h"
#include "evidence/note.h"
#include "base/hash.h"
#include "evidence/repeats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct sha *sha;

static int setup(void **state)
{
	(void)state;
	sha = sha_new();
	return sha == NULL;
}

static int teardown(void **state)
{
	(void)state;
	sha_free(sha);
	return 0;
}

static void assert_hash(const struct merkle_hash *h, const char *hex)
{
	struct buf b;

	buf_init(&b, 128);
	buf_add_hex(&b, h->b, MERKLE_LEN);
	buf_addc(&b, '\0');
	assert_string_equal(b.mem, hex);
	buf_release(&b);
}

/* The leaves and roots that the Certificate Transparency code bases test with. */
static const struct slice ct_leaves[] = {
	{ "", 0 },
	{ "\x00", 1 },
	{ "\x10", 1 },
	{ "\x20\x21", 2 },
	{ "\x30\x31", 2 },
	{ "\x40\x41\x42\x43", 4 },
	{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
	{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 },
};
static const char *const ct_roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void test_roots(void **state)
{
	struct merkle m;
	struct merkle_hash h;

	(void)state;
	merkle_init(&m);
	for (size_t i = 0; i <= 8; i++) {
		merkle_root(&m, sha, &h);
		assert_hash(&h, ct_roots[i]);
		if (i == 8)
			break;
		merkle_leaf(sha, ct_leaves[i], &h);
		merkle_push(&m, sha, &h, NULL, NULL);
	}
}

/* ---- a tree in memory, in tile shape ---- */

#define LEAVES 1100u

struct shelf {
	struct merkle_hash level0[LEAVES], level1[LEAVES / 256 + 1];
	size_t count[2];
};

static void shelve(void *arg, unsigned level, const struct merkle_hash *h)
{
	struct shelf *s = arg;

	if (level == 0)
		s->level0[s->count[0]++] = *h;
	else
		s->level1[s->count[1]++] = *h;
}

static bool fetch(void *arg, unsigned level, uint64_t index, size_t count, struct merkle_hash *out)
{
	struct shelf *s = arg;

	if (level > 1 || index + count > s->count[level])
		return false;
	memcpy(out, (level == 0 ? s->level0 : s->level1) + index, count * sizeof(*out));
	return true;
}

static struct merkle_hash leaf_of(unsigned i)
{
	struct merkle_hash h;
	char text[16];

	merkle_leaf(sha, slice_of(text, (size_t)snprintf(text, sizeof(text), "leaf %u", i)), &h);
	return h;
}

static void test_proofs(void **state)
{
	static struct shelf shelf;
	static struct merkle_hash roots[LEAVES + 1];
	struct merkle_hash proof[MERKLE_PROOF_MAX], h;
	struct merkle_store store = { fetch, &shelf };
	struct merkle m, again;
	size_t count;

	(void)state;
	merkle_init(&m);
	for (unsigned i = 0; i < LEAVES; i++) {
		h = leaf_of(i);
		merkle_push(&m, sha, &h, shelve, &shelf);
		merkle_root(&m, sha, &roots[i + 1]);
		assert_true(merkle_load(&again, sha, &store, i + 1));
		merkle_root(&again, sha, &h);
		assert_true(merkle_equal(&h, &roots[i + 1]));
	}
	for (unsigned size = 1; size <= LEAVES; size += size < 40 ? 1 : 53) {
		for (unsigned n = 0; n < size; n += size < 40 ? 1 : 7) {
			h = leaf_of(n);
			assert_true(merkle_prove_inclusion(&store, sha, n, size, proof, &count));
			assert_true(merkle_check_inclusion(sha, &h, n, size, proof, count,
							   &roots[size]));
			assert_false(merkle_check_inclusion(sha, &h, n + 1, size, proof, count,
							    &roots[size]));
			if (count != 0) {
				proof[count - 1].b[0] ^= 1;
				assert_false(merkle_check_inclusion(sha, &h, n, size, proof, count,
								    &roots[size]));
			}
			assert_true(
				merkle_prove_consistency(&store, sha, n + 1, size, proof, &count));
			assert_true(merkle_check_consistency(sha, n + 1, size, proof, count,
							     &roots[n + 1], &roots[size]));
			if (n + 1 < size)
				assert_false(merkle_check_consistency(
					sha, n + 1, size, proof, count, &roots[n], &roots[size]));
		}
	}
	assert_false(merkle_prove_inclusion(&store, sha, 5, 5, proof, &count));
	assert_false(merkle_prove_consistency(&store, sha, 6, 5, proof, &count));
}

static void test_subtrees(void **state)
{
	struct merkle_hash hashes[256], root, h;
	struct merkle a, b;

	(void)state;
	merkle_init(&a);
	merkle_init(&b);
	for (unsigned i = 0; i < 256; i++) {
		hashes[i] = leaf_of(i);
		merkle_push(&a, sha, &hashes[i], NULL, NULL);
	}
	merkle_fold(sha, hashes, 8, &root);
	merkle_push_subtree(&b, sha, 8, &root, NULL, NULL);
	h = leaf_of(256);
	merkle_push(&a, sha, &h, NULL, NULL);
	merkle_push(&b, sha, &h, NULL, NULL);
	merkle_root(&a, sha, &h);
	merkle_root(&b, sha, &root);
	assert_true(merkle_equal(&h, &root));
}

/* ---- notes ---- */

static void test_vkey(void **state)
{
	static const char vkey[] =
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	struct note_key k;
	struct buf b;

	(void)state;
	assert_true(note_key_parse(SLICE(vkey), &k));
	assert_string_equal(k.name, "example.com/foo");
	buf_init(&b, 256);
	note_key_format(&k, &b);
	assert_true(slice_eq(buf_slice(&b), SLICE(vkey)));
	buf_release(&b);
	assert_false(note_key_parse(
		SLICE("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
		&k));
	assert_false(note_key_parse(
		SLICE("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
		&k));
	assert_false(note_key_parse(SLICE("example.com/foo+530d903a"), &k));
}

static void test_notes(void **state)
{
	struct note_signer *s = note_signer_make(), *same, *other = note_signer_make();
	struct checkpoint c = { .size = 42 }, back;
	struct buf pem, text, out;
	struct note n;
	size_t used;

	(void)state;
	assert_non_null(s);
	buf_init(&pem, 4096);
	buf_init(&text, 4096);
	buf_init(&out, 4096);
	assert_true(note_signer_save(s, &pem));
	same = note_signer_load(buf_slice(&pem));
	assert_non_null(same);
	assert_true(note_key_equal(note_signer_key(s), note_signer_key(same)));
	c.origin = slice_str(note_signer_key(s)->name);
	memset(c.root.b, 0xab, MERKLE_LEN);
	checkpoint_format(&c, &text);
	assert_true(note_sign(same, buf_slice(&text), &out));
	assert_true(note_parse(buf_slice(&out), &n, &used));
	assert_int_equal(used, out.len);
	assert_int_equal(note_verify(&n, note_signer_key(s)), NOTE_GOOD);
	assert_int_equal(note_verify(&n, note_signer_key(other)), NOTE_UNSIGNED);
	assert_true(checkpoint_parse(n.text, &back));
	assert_true(back.size == 42 && merkle_equal(&back.root, &c.root));
	/* No bit of it can change and still be a checkpoint that holds. */
	for (size_t i = 0; i < out.len * 8; i++) {
		out.mem[i / 8] = (char)(out.mem[i / 8] ^ (1 << i % 8));
		assert_false(note_parse(buf_slice(&out), &n, &used) && used == out.len &&
			     note_verify(&n, note_signer_key(s)) == NOTE_GOOD &&
			     checkpoint_parse(n.text, &back));
		out.mem[i / 8] = (char)(out.mem[i / 8] ^ (1 << i % 8));
	}
	for (size_t i = 0; i < out.len; i++)
		assert_false(note_parse(slice_head(buf_slice(&out), i), &n, &used));
	assert_null(note_signer_load(SLICE("-----BEGIN NOTHING-----\n")));
	buf_release(&pem);
	buf_release(&text);
	buf_release(&out);
	note_signer_free(s);
	note_signer_free(same);
	note_signer_free(other);
}

static void test_bad_checkpoints(void **state)
{
	struct checkpoint c;

	(void)state;
#define ROOT "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n"
	assert_true(checkpoint_parse(SLICE("o\n7\n" ROOT), &c));
	assert_false(checkpoint_parse(SLICE("o\n07\n" ROOT), &c));
	assert_false(checkpoint_parse(SLICE("o\n-7\n" ROOT), &c));
	assert_false(checkpoint_parse(SLICE("o\n\n" ROOT), &c));
	assert_false(checkpoint_parse(SLICE("o p\n7\n" ROOT), &c));
	assert_false(checkpoint_parse(SLICE("o\n7\nq6u=\n"), &c));
	assert_false(checkpoint_parse(SLICE("o\n7\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6t=\n"),
				      &c));
}

/* ---- digests ---- */

static void test_digests(void **state)
{
	unsigned char key[DIGEST_KEY_LEN] = { 1 }, key2[DIGEST_KEY_LEN] = { 2 };
	struct digest *d = digest_new(key), *d2 = digest_new(key2);
	char a[DIGEST_HEX_LEN + 1], b[DIGEST_HEX_LEN + 1];

	(void)state;
	/* HMAC-SHA-256 by another implementation, first 16 bytes. */
	assert_true(digest_client(d, SLICE("192.0.2.1"), a));
	assert_string_equal(a, "3e3054cc1969672e3af25f393a886fa2");
	assert_true(digest_value(d, SLICE("_ga"), SLICE("GA1.2.3.4"), a));
	assert_string_equal(a, "2d87564d528b43fa819c7b8d52d76ee3");
	assert_true(digest_value(d, SLICE("_ga"), SLICE("GA1.2.3.4"), b));
	assert_string_equal(a, b);
	assert_true(digest_value(d, SLICE("_gb"), SLICE("GA1.2.3.4"), b));
	assert_string_not_equal(a, b);
	assert_true(digest_value(d2, SLICE("_ga"), SLICE("GA1.2.3.4"), b));
	assert_string_not_equal(a, b);
	digest_free(d);
	digest_free(d2);
}

/* ---- repeats ---- */

struct told {
	uint64_t count, calls;
	int64_t first, last;
};

static void tell(const struct repeats_closed *c, void *arg)
{
	struct told *t = arg;

	t->count += c->count;
	t->calls++;
	t->first = c->first;
	t->last = c->last;
	assert_true(slice_eq(c->kept, SLICE("packed")));
}

static enum repeats_seen see(struct repeats *r, const char *key, int64_t now)
{
	void *slot;
	enum repeats_seen seen =
		repeats_see(r, hash_bytes(key, strlen(key)), 1000000 + now, now, &slot);

	if (seen == REPEATS_NEW)
		assert_true(repeats_keep(r, slot, SLICE("packed")));
	return seen;
}

static void test_repeats(void **state)
{
	struct told t = { 0 };
	struct repeats *r = repeats_new(3, 1000, 60000, tell, &t);

	(void)state;
	assert_int_equal(see(r, "a", 0), REPEATS_NEW);
	assert_int_equal(see(r, "a", 10), REPEATS_COUNTED);
	assert_int_equal(see(r, "a", 59999), REPEATS_COUNTED);
	assert_int_equal(see(r, "b", 20000), REPEATS_NEW);
	assert_int_equal(repeats_sweep(r, 59999), 1);
	assert_int_equal(t.calls, 0);
	assert_int_equal(repeats_sweep(r, 60000), 20000);
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.count, 2);
	assert_true(t.first == 1000010 && t.last == 1059999);
	/* b was seen once only: nothing to tell. */
	repeats_sweep(r, 80000);
	assert_int_equal(t.calls, 1);
	assert_int_equal(repeats_open(r), 0);
	/* An expired window that was not swept yet does not count on. */
	see(r, "c", 100000);
	see(r, "c", 100001);
	assert_int_equal(see(r, "c", 160000), REPEATS_NEW);
	assert_int_equal(t.calls, 2);
	repeats_flush(r);
	repeats_free(r);
}

static void test_repeats_cap(void **state)
{
	struct told t = { 0 };
	struct repeats *r = repeats_new(3, 1000, 60000, tell, &t);
	uint64_t fresh = 0;
	char key[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i / 4 % 50);
		fresh += see(r, key, i) == REPEATS_NEW;
		assert_true(repeats_open(r) <= 3);
	}
	repeats_flush(r);
	/* Every sighting is told exactly once. */
	assert_int_equal(fresh + t.count, 1000);
	repeats_free(r);
	/* The cap on bytes closes windows too. */
	r = repeats_new(100, 15, 60000, tell, &t);
	for (int i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "%d", i);
		see(r, key, 0);
		assert_true(repeats_open(r) <= 2);
	}
	repeats_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),	    cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_subtrees),    cmocka_unit_test(test_vkey),
		cmocka_unit_test(test_notes),	    cmocka_unit_test(test_bad_checkpoints),
		cmocka_unit_test(test_digests),	    cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_repeats_cap),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
