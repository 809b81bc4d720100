#include "certs/keeper.h"

#include "base/hash.h"
#include "base/post.h"
#include "certs/certinfo.h"
#include "certs/host.h"
#include "certs/mint.h"

#include <stdlib.h>

#include <openssl/sha.h>

#define DAY_MS (86400 * INT64_C(1000))
/* A cached leaf is not given out when it ends this soon. */
#define FRESH_MS (10 * DAY_MS)

/* (host, spki) as one SHA-256, so that a key has one size whatever the host. */
struct cached {
	unsigned char key[32];
	UT_hash_handle hh;
	int64_t not_after_ms;
	size_t len;
	unsigned char der[];
};

struct bucket {
	int64_t at_ms;
	/* Thousandths of a token. */
	int64_t millitokens;
	bool used;
};

struct keeper {
	struct ca *ca;
	struct mint *mint;
	struct buf chain; /* u8 n, n × bytes: the end of each good answer */
	struct cached *cache;
	struct bucket buckets[POST_MAX];
};

/* What goes with each leaf: nothing for a root, else the CA and what stands above it. */
static bool encode_chain(struct keeper *k)
{
	struct buf der;
	bool ok;

	buf_init(&k->chain, MSG_MAX / 2);
	buf_init(&der, MSG_MAX / 2);
	msg_put_u8(&k->chain, k->ca->self_signed ? 0 : (uint8_t)(1 + k->ca->chain_len));
	ok = k->ca->self_signed || cert_der(k->ca->cert, &der);
	if (ok && !k->ca->self_signed)
		msg_put_bytes(&k->chain, buf_slice(&der));
	for (size_t i = 0; ok && !k->ca->self_signed && i < k->ca->chain_len; i++) {
		buf_clear(&der);
		ok = cert_der(k->ca->chain[i], &der);
		msg_put_bytes(&k->chain, buf_slice(&der));
	}
	buf_release(&der);
	return ok && buf_ok(&k->chain);
}

struct keeper *keeper_new(struct ca *ca, struct buf *error)
{
	struct keeper *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		ca_free(ca);
		return NULL;
	}
	k->ca = ca;
	k->mint = mint_new(ca, error);
	if (k->mint != NULL && encode_chain(k))
		return k;
	if (k->mint != NULL)
		buf_adds(error, "the CA's chain is too long to be sent with each leaf");
	keeper_free(k);
	return NULL;
}

static void forget(struct keeper *k, struct cached *c)
{
	HASH_DEL(k->cache, c);
	free(c);
}

void keeper_free(struct keeper *k)
{
	struct cached *c, *next;

	if (k == NULL)
		return;
	HASH_ITER(hh, k->cache, c, next)
		forget(k, c);
	mint_free(k->mint);
	ca_free(k->ca);
	buf_release(&k->chain);
	free(k);
}

static bool take_token(struct bucket *b, int64_t mono_ms)
{
	const int64_t full = KEEPER_BURST * INT64_C(1000);

	if (!b->used || mono_ms < b->at_ms) {
		b->millitokens = b->used ? b->millitokens : full;
		b->used = true;
	} else if (mono_ms - b->at_ms > full / KEEPER_RATE) {
		b->millitokens = full;
	} else {
		b->millitokens += (mono_ms - b->at_ms) * KEEPER_RATE;
	}
	b->at_ms = mono_ms;
	if (b->millitokens > full)
		b->millitokens = full;
	if (b->millitokens < 1000)
		return false;
	b->millitokens -= 1000;
	return true;
}

static void cache_key(const struct cert_host *host, struct slice spki, unsigned char out[32])
{
	unsigned char raw[1 + CERT_HOST_MAX + MINT_SPKI_MAX];
	size_t n = 0;

	raw[n++] = (unsigned char)host->len;
	memcpy(raw + n, host->text, host->len);
	n += host->len;
	memcpy(raw + n, spki.p, spki.n);
	SHA256(raw, n + spki.n, out);
}

static struct cached *find(struct keeper *k, const unsigned char key[32], int64_t wall_ms)
{
	struct cached *c;

	HASH_FIND(hh, k->cache, key, 32, c);
	if (c != NULL && c->not_after_ms - wall_ms < FRESH_MS) {
		forget(k, c);
		return NULL;
	}
	return c;
}

static void remember(struct keeper *k, const unsigned char key[32], struct slice der,
		     int64_t not_after_ms)
{
	struct cached *c;

	/* uthash keeps the order of insertion: the first is the oldest. */
	if (HASH_COUNT(k->cache) >= KEEPER_CACHE)
		forget(k, k->cache);
	c = malloc(sizeof(*c) + der.n);
	if (c == NULL)
		return;
	memcpy(c->key, key, 32);
	memcpy(c->der, der.p, der.n);
	c->len = der.n;
	c->not_after_ms = not_after_ms;
	HASH_ADD(hh, k->cache, key, 32, c);
}

static void hex(const unsigned char *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	out[2 * n] = '\0';
}

static void note_down(struct minted_note *note, const struct cert_host *host,
		      const struct minted_leaf *about, struct slice der)
{
	unsigned char digest[32];

	SHA256((const unsigned char *)der.p, der.n, digest);
	note->fresh = true;
	slice_copy(cert_host_slice(host), note->host, sizeof(note->host));
	hex(about->serial, sizeof(about->serial), note->serial);
	hex(digest, sizeof(digest), note->sha256);
	note->not_after_ms = about->not_after_ms;
}

struct request {
	struct slice host_text, spki;
	struct cert_host host;
	unsigned char key[32];
};

/* Signs; *der gets the certificate, or text says why not. */
static enum keeper_status sign_new(struct keeper *k, struct bucket *bucket, const struct request *r,
				   int64_t wall_ms, int64_t mono_ms, struct buf *der,
				   struct minted_note *note, struct buf *text)
{
	struct minted_leaf about;

	if (!take_token(bucket, mono_ms)) {
		buf_adds(text,
			 "too many new sites at once: certificates are signed at a bounded rate");
		return KEEPER_LIMITED;
	}
	if (!mint_leaf(k->mint, &r->host, r->spki, wall_ms, der, &about, text))
		return KEEPER_FAILED;
	remember(k, r->key, buf_slice(der), about.not_after_ms);
	note_down(note, &r->host, &about, buf_slice(der));
	return KEEPER_OK;
}

static enum keeper_status read_request(unsigned from, struct slice body, struct request *r,
				       struct buf *text)
{
	struct msg_reader in;

	msg_reader_init(&in, body);
	r->host_text = msg_get_bytes(&in);
	r->spki = msg_get_bytes(&in);
	if (!msg_end(&in) || from >= POST_MAX || r->spki.n == 0 || r->spki.n > MINT_SPKI_MAX ||
	    r->host_text.n > CERT_HOST_MAX + 2) {
		r->host_text = slice_of("", 0);
		buf_adds(text, "malformed request");
		return KEEPER_BAD_REQUEST;
	}
	if (!cert_host_parse(r->host_text, &r->host)) {
		buf_adds(text, "not a host name that a certificate can hold");
		return KEEPER_BAD_HOST;
	}
	cache_key(&r->host, r->spki, r->key);
	return KEEPER_OK;
}

enum keeper_status keeper_handle(struct keeper *k, unsigned from, struct slice body,
				 int64_t wall_ms, int64_t mono_ms, struct buf *answer,
				 struct minted_note *note)
{
	struct request r = { .host_text = slice_of("", 0) };
	struct buf der, text;
	struct cached *c = NULL;
	enum keeper_status status;

	*note = (struct minted_note){ .fresh = false };
	buf_init(&der, MINT_DER_MAX + 2048);
	buf_init(&text, 512);
	status = read_request(from, body, &r, &text);
	if (status == KEEPER_OK) {
		c = find(k, r.key, wall_ms);
		if (c != NULL)
			buf_add(&der, slice_of((char *)c->der, c->len));
		else
			status = sign_new(k, &k->buckets[from], &r, wall_ms, mono_ms, &der, note,
					  &text);
	}
	buf_clear(answer);
	msg_put_bytes(answer, r.host_text);
	msg_put_u8(answer, (uint8_t)status);
	msg_put_bytes(answer, status == KEEPER_OK ? buf_slice(&der) : buf_slice(&text));
	if (status == KEEPER_OK)
		buf_add(answer, buf_slice(&k->chain));
	buf_release(&der);
	buf_release(&text);
	return status;
}

void keeper_put_mint(struct buf *body, struct slice host, struct slice spki)
{
	msg_put_bytes(body, host);
	msg_put_bytes(body, spki);
}

bool keeper_get_minted(struct slice body, struct minted *out)
{
	struct msg_reader in;
	uint8_t status;

	*out = (struct minted){ .status = KEEPER_FAILED };
	msg_reader_init(&in, body);
	out->host = msg_get_bytes(&in);
	status = msg_get_u8(&in);
	if (status > KEEPER_FAILED)
		return false;
	out->status = (enum keeper_status)status;
	if (status != KEEPER_OK) {
		out->text = msg_get_bytes(&in);
		return msg_end(&in);
	}
	out->leaf = msg_get_bytes(&in);
	out->chain_len = msg_get_u8(&in);
	if (out->chain_len > CA_CHAIN_MAX)
		return false;
	for (size_t i = 0; i < out->chain_len; i++)
		out->chain[i] = msg_get_bytes(&in);
	return msg_end(&in);
}
