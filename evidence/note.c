#include "evidence/note.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define ED25519_TYPE 1
/* Room for the signatures of others: ML-DSA-44 has 2,420 bytes. */
#define BLOB_MAX 4096u
#define DASH "\xe2\x80\x94 " /* U+2014 and a space */

/* ---- base64, in its one canonical form ---- */

static void put_base64(struct buf *b, const unsigned char *p, size_t n)
{
	char *to = buf_reserve(b, (n + 2) / 3 * 4 + 1);

	if (to != NULL)
		buf_commit(b, (size_t)EVP_EncodeBlock((unsigned char *)to, p, (int)n));
}

/* Returns the length, or -1. */
static int get_base64(struct slice in, unsigned char out[BLOB_MAX])
{
	unsigned char again[BLOB_MAX * 2];
	int n;

	if (in.n == 0 || in.n % 4 != 0 || in.n > BLOB_MAX)
		return -1;
	n = EVP_DecodeBlock(out, (const unsigned char *)in.p, (int)in.n);
	if (n < 0)
		return -1;
	n -= in.p[in.n - 1] == '=';
	n -= in.p[in.n - 2] == '=';
	if (EVP_EncodeBlock(again, out, n) != (int)in.n || memcmp(again, in.p, in.n) != 0)
		return -1;
	return n;
}

/* ---- keys ---- */

static bool name_ok(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 0x7f ||
		    name.p[i] == '+')
			return false;
	return name.n != 0 && name.n <= NOTE_NAME_MAX;
}

bool note_key_init(struct note_key *k, struct slice name, const unsigned char pub[NOTE_KEY_LEN])
{
	static const unsigned char type[2] = { '\n', ED25519_TYPE };
	unsigned char sum[SHA_LEN];
	struct sha *s;

	if (!name_ok(name) || !slice_copy(name, k->name, sizeof(k->name)))
		return false;
	s = sha_new();
	if (s == NULL)
		return false;
	sha_begin(s);
	sha_add(s, name.p, name.n);
	sha_add(s, type, sizeof(type));
	sha_add(s, pub, NOTE_KEY_LEN);
	sha_end(s, sum);
	sha_free(s);
	memcpy(k->id, sum, sizeof(k->id));
	memcpy(k->pub, pub, NOTE_KEY_LEN);
	return true;
}

bool note_key_parse(struct slice vkey, struct note_key *k)
{
	unsigned char blob[BLOB_MAX];
	struct slice name, id, rest;
	char hex[9];
	struct buf b;
	bool same;

	rest = slice_cut(slice_cut(vkey, '+', &name), '+', &id);
	if (rest.p == NULL || id.n != 8 || get_base64(rest, blob) != 1 + (int)NOTE_KEY_LEN ||
	    blob[0] != ED25519_TYPE || !note_key_init(k, name, blob + 1))
		return false;
	buf_init(&b, sizeof(hex));
	buf_add_hex(&b, k->id, sizeof(k->id));
	same = slice_eq(buf_slice(&b), id);
	buf_release(&b);
	return same;
}

void note_key_format(const struct note_key *k, struct buf *out)
{
	unsigned char blob[1 + NOTE_KEY_LEN] = { ED25519_TYPE };

	memcpy(blob + 1, k->pub, NOTE_KEY_LEN);
	buf_adds(out, k->name);
	buf_addc(out, '+');
	buf_add_hex(out, k->id, sizeof(k->id));
	buf_addc(out, '+');
	put_base64(out, blob, sizeof(blob));
}

static bool add_bio(struct buf *out, BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	return n > 0 && buf_add(out, slice_of(p, (size_t)n));
}

bool note_key_pem(const struct note_key *k, struct buf *out)
{
	EVP_PKEY *pub = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->pub, NOTE_KEY_LEN);
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = pub != NULL && bio != NULL && PEM_write_bio_PUBKEY(bio, pub) == 1 &&
		  add_bio(out, bio);

	BIO_free(bio);
	EVP_PKEY_free(pub);
	return ok;
}

bool note_key_equal(const struct note_key *a, const struct note_key *b)
{
	return strcmp(a->name, b->name) == 0 && memcmp(a->pub, b->pub, NOTE_KEY_LEN) == 0;
}

/* ---- notes ---- */

/* Cuts one line without its newline; false when there is no newline. */
static bool take_line(struct slice *in, struct slice *line)
{
	size_t n = slice_find(*in, '\n');

	if (n == in->n)
		return false;
	*line = slice_head(*in, n);
	*in = slice_skip(*in, n + 1);
	return true;
}

static bool parse_signature(struct slice line, struct note_signature *sig)
{
	unsigned char blob[BLOB_MAX];
	struct slice rest;

	rest = slice_cut(slice_skip(line, sizeof(DASH) - 1), ' ', &sig->name);
	if (!name_ok(sig->name) || rest.p == NULL || get_base64(rest, blob) < 5)
		return false;
	memcpy(sig->id, blob, sizeof(sig->id));
	sig->sig = rest;
	return true;
}

static bool text_ok(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\n') || text.p[i] == 0x7f)
			return false;
	return text.n > 1;
}

bool note_parse(struct slice in, struct note *n, size_t *used)
{
	struct slice rest = slice_head(in, NOTE_MAX), line;

	n->count = 0;
	do {
		if (!take_line(&rest, &line))
			return false;
	} while (line.n != 0);
	n->text = slice_head(in, (size_t)(line.p - in.p));
	if (!text_ok(n->text))
		return false;
	while (slice_starts(rest, SLICE(DASH))) {
		if (!take_line(&rest, &line) || n->count == NOTE_SIGNATURES ||
		    !parse_signature(line, &n->sigs[n->count++]))
			return false;
	}
	*used = (size_t)(rest.p - in.p);
	n->whole = slice_head(in, *used);
	return n->count != 0;
}

bool note_is_torn(struct slice rest)
{
	const char *blank;

	if (rest.n == 0 || rest.p[rest.n - 1] != '\n')
		return true;
	/* Up to the empty line there is neither a dash nor anything behind an empty line. */
	blank = memmem(rest.p, rest.n, "\n\n", 2);
	return memmem(rest.p, rest.n, DASH, sizeof(DASH) - 1) == NULL &&
	       (blank == NULL || blank + 2 == rest.p + rest.n);
}

static bool signature_holds(struct slice text, const struct note_signature *sig,
			    const struct note_key *k)
{
	unsigned char blob[BLOB_MAX];
	EVP_PKEY *pub = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->pub, NOTE_KEY_LEN);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = pub != NULL && ctx != NULL &&
		  get_base64(sig->sig, blob) == 4 + (int)NOTE_SIGNATURE_LEN &&
		  EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pub) == 1 &&
		  EVP_DigestVerify(ctx, blob + 4, NOTE_SIGNATURE_LEN, (const unsigned char *)text.p,
				   text.n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pub);
	return ok;
}

enum note_result note_verify(const struct note *n, const struct note_key *k)
{
	enum note_result result = NOTE_UNSIGNED;

	for (size_t i = 0; i < n->count; i++) {
		const struct note_signature *sig = &n->sigs[i];

		if (memcmp(sig->id, k->id, sizeof(k->id)) != 0 ||
		    !slice_eq(sig->name, slice_str(k->name)))
			continue;
		if (!signature_holds(n->text, sig, k))
			return NOTE_BAD;
		result = NOTE_GOOD;
	}
	return result;
}

/* ---- signing ---- */

struct note_signer {
	EVP_PKEY *pkey;
	struct note_key key;
};

static struct note_signer *signer_of(EVP_PKEY *pkey)
{
	struct note_signer *s = calloc(1, sizeof(*s));
	unsigned char pub[NOTE_KEY_LEN], sum[SHA_LEN];
	size_t n = sizeof(pub);
	struct sha *sha = sha_new();
	struct buf name;
	bool ok = s != NULL && sha != NULL && pkey != NULL &&
		  EVP_PKEY_get_raw_public_key(pkey, pub, &n) == 1 && n == sizeof(pub);

	buf_init(&name, NOTE_NAME_MAX);
	if (ok) {
		sha_of(sha, slice_of((const char *)pub, sizeof(pub)), sum);
		buf_adds(&name, "crumbgate/");
		buf_add_hex(&name, sum, 8);
		ok = note_key_init(&s->key, buf_slice(&name), pub);
		s->pkey = pkey;
	}
	buf_release(&name);
	sha_free(sha);
	if (ok)
		return s;
	EVP_PKEY_free(pkey);
	free(s);
	return NULL;
}

struct note_signer *note_signer_make(void)
{
	return signer_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

/* No pass phrase, and above all no question on the terminal. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

struct note_signer *note_signer_load(struct slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	if (pkey != NULL && EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return signer_of(pkey);
}

bool note_signer_save(const struct note_signer *s, struct buf *pem)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool ok = bio != NULL &&
		  PEM_write_bio_PrivateKey(bio, s->pkey, NULL, NULL, 0, NULL, NULL) == 1 &&
		  add_bio(pem, bio);

	BIO_free(bio);
	return ok;
}

void note_signer_free(struct note_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->pkey);
	free(s);
}

const struct note_key *note_signer_key(const struct note_signer *s)
{
	return &s->key;
}

bool note_sign(const struct note_signer *s, struct slice text, struct buf *out)
{
	unsigned char blob[4 + NOTE_SIGNATURE_LEN];
	size_t n = NOTE_SIGNATURE_LEN;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->pkey) == 1 &&
		  EVP_DigestSign(ctx, blob + 4, &n, (const unsigned char *)text.p, text.n) == 1 &&
		  n == NOTE_SIGNATURE_LEN;

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return false;
	memcpy(blob, s->key.id, 4);
	buf_add(out, text);
	buf_add(out, SLICE("\n" DASH));
	buf_adds(out, s->key.name);
	buf_addc(out, ' ');
	put_base64(out, blob, sizeof(blob));
	buf_addc(out, '\n');
	return buf_ok(out);
}

/* ---- checkpoints ---- */

void checkpoint_format(const struct checkpoint *c, struct buf *text)
{
	buf_add(text, c->origin);
	buf_addc(text, '\n');
	buf_add_u64(text, c->size);
	buf_addc(text, '\n');
	put_base64(text, c->root.b, MERKLE_LEN);
	buf_addc(text, '\n');
}

bool checkpoint_parse(struct slice text, struct checkpoint *c)
{
	unsigned char blob[BLOB_MAX];
	struct slice size, root;

	if (!take_line(&text, &c->origin) || !take_line(&text, &size) || !take_line(&text, &root))
		return false;
	if (!name_ok(c->origin) || !slice_to_u64(size, UINT64_MAX, &c->size) ||
	    (size.n > 1 && size.p[0] == '0') || get_base64(root, blob) != (int)MERKLE_LEN)
		return false;
	memcpy(c->root.b, blob, MERKLE_LEN);
	return true;
}
