#include "certs/leaf.h"

#include "base/hash.h"
#include "certs/certinfo.h"
#include "certs/host.h"
#include "certs/lean.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdlib.h>

#define DAY_MS (INT64_C(86400) * 1000)
#define ALPN_MAX 64

static const char suites_12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
				"ECDHE-ECDSA-AES256-GCM-SHA384";
static const char suites_13[] =
	"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
static const char groups[] = "X25519:P-256:P-384";
static const char default_alpn[] = "\x08http/1.1";

/* One host's certificate and what stands above it. */
struct leaf {
	UT_hash_handle hh; /* in the order of use, the oldest first */
	X509 *cert;
	STACK_OF(X509) *chain;
	int64_t good_until_ms;
	char host[CERT_HOST_MAX + 1];
};

struct leaves {
	const struct clock *clock;
	size_t max;
	EVP_PKEY *key;
	struct buf spki;
	SSL_CTX *ctx;
	struct leaf *table;
};

/* What a connection knows of itself; lives and dies with its SSL. */
struct connection {
	struct leaves *leaves;
	size_t alpn_len;
	char alpn[ALPN_MAX];
	char host[CERT_HOST_MAX + 1];
};

static void on_ssl_freed(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
			 void *argp)
{
	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	free(ptr);
}

/* Where an SSL keeps its struct connection; made once. */
static int connection_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_freed);
	return index;
}

static struct connection *connection_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, connection_index());
}

/* ---- the table ---- */

static void leaf_free(struct leaf *leaf)
{
	X509_free(leaf->cert);
	sk_X509_pop_free(leaf->chain, X509_free);
	free(leaf);
}

static void forget(struct leaves *l, struct leaf *leaf)
{
	HASH_DEL(l->table, leaf);
	leaf_free(leaf);
}

static struct leaf *find(const struct leaves *l, struct slice host)
{
	struct leaf *leaf;

	HASH_FIND(hh, l->table, host.p, host.n, leaf);
	if (leaf == NULL || clock_wall_ms(l->clock) >= leaf->good_until_ms)
		return NULL;
	return leaf;
}

static void add(struct leaves *l, struct leaf *leaf)
{
	struct leaf *old;

	HASH_FIND_STR(l->table, leaf->host, old);
	if (old != NULL)
		forget(l, old);
	while (HASH_COUNT(l->table) >= l->max)
		forget(l, l->table);
	HASH_ADD_STR(l->table, host, leaf);
}

/* ---- callbacks of the handshake ---- */

static int on_cert(SSL *ssl, void *arg)
{
	struct connection *c = connection_of(ssl);
	struct leaves *l = arg;
	struct leaf *leaf = find(l, slice_str(c->host));

	if (leaf == NULL)
		return -1; /* suspended: SSL_ERROR_WANT_X509_LOOKUP */
	HASH_DEL(l->table, leaf);
	HASH_ADD_STR(l->table, host, leaf);
	return SSL_use_cert_and_key(ssl, leaf->cert, l->key, leaf->chain, 1);
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		   const unsigned char *in, unsigned in_len, void *arg)
{
	const struct connection *c = connection_of(ssl);
	unsigned char *chosen;

	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, (const unsigned char *)c->alpn,
				  (unsigned)c->alpn_len, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* ---- making ---- */

static bool make_key(struct leaves *l)
{
	unsigned char *der = NULL;
	int n;

	l->key = EVP_PKEY_Q_keygen(lean_context(), NULL, "EC", "P-256");
	n = l->key != NULL ? i2d_PUBKEY(l->key, &der) : 0;
	if (n > 0)
		buf_add(&l->spki, slice_of((const char *)der, (size_t)n));
	OPENSSL_free(der);
	return n > 0 && buf_ok(&l->spki);
}

static bool make_context(struct leaves *l, const struct ticket_keys *tickets)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(lean_context(), NULL, TLS_server_method());

	l->ctx = ctx;
	if (ctx == NULL)
		return false;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Sessions live in the tickets, not here. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_cert_cb(ctx, on_cert, l);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, suites_12) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, suites_13) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, groups) == 1 && ticket_keys_attach(tickets, ctx);
}

struct leaves *leaves_new(const struct leaves_options *options, struct buf *error)
{
	struct leaves *l = calloc(1, sizeof(*l));

	if (l == NULL || connection_index() < 0)
		goto fail;
	l->clock = options->clock;
	l->max = options->max != 0 ? options->max : LEAVES_MAX;
	buf_init(&l->spki, 1024);
	if (!make_key(l) || !make_context(l, options->tickets))
		goto fail;
	return l;
fail:
	buf_addf(error, "TLS towards browsers cannot be set up: %s",
		 ERR_reason_error_string(ERR_peek_last_error()));
	leaves_free(l);
	return NULL;
}

void leaves_free(struct leaves *l)
{
	if (l == NULL)
		return;
	while (l->table != NULL)
		forget(l, l->table);
	SSL_CTX_free(l->ctx);
	EVP_PKEY_free(l->key);
	buf_release(&l->spki);
	free(l);
}

/* ---- a connection ---- */

static bool bind(struct leaves *l, SSL *ssl, const struct cert_host *host)
{
	unsigned char id[SHA256_DIGEST_LENGTH];
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return false;
	c->leaves = l;
	memcpy(c->host, host->text, host->len + 1);
	c->alpn_len = sizeof(default_alpn) - 1;
	memcpy(c->alpn, default_alpn, c->alpn_len);
	if (SSL_set_ex_data(ssl, connection_index(), c) != 1) {
		free(c);
		return false;
	}
	/* A ticket of one host is worth nothing at another. */
	SHA256((const unsigned char *)host->text, host->len, id);
	return SSL_set_session_id_context(ssl, id, sizeof(id)) == 1;
}

SSL *leaves_accept(struct leaves *l, struct slice host)
{
	struct cert_host h;
	SSL *ssl = cert_host_parse(host, &h) ? SSL_new(l->ctx) : NULL;

	if (ssl == NULL)
		return NULL;
	if (!bind(l, ssl, &h)) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

bool leaves_set_alpn(SSL *ssl, struct slice protocols)
{
	struct connection *c = connection_of(ssl);

	if (protocols.n == 0 || protocols.n > ALPN_MAX)
		return false;
	memcpy(c->alpn, protocols.p, protocols.n);
	c->alpn_len = protocols.n;
	return true;
}

/* ---- asking and learning ---- */

bool leaves_ready(const struct leaves *l, struct slice host)
{
	struct cert_host h;

	return cert_host_parse(host, &h) && find(l, cert_host_slice(&h)) != NULL;
}

bool leaves_ask(const struct leaves *l, struct slice host, struct buf *body)
{
	struct cert_host h;

	if (!cert_host_parse(host, &h))
		return false;
	keeper_put_mint(body, cert_host_slice(&h), buf_slice(&l->spki));
	return buf_ok(body);
}

static bool read_chain(struct leaf *leaf, const struct minted *m)
{
	leaf->chain = sk_X509_new_null();
	if (leaf->chain == NULL)
		return false;
	for (size_t i = 0; i < m->chain_len; i++) {
		X509 *x = lean_cert_read(m->chain[i]);

		if (x == NULL || sk_X509_push(leaf->chain, x) == 0) {
			X509_free(x);
			return false;
		}
	}
	return true;
}

static bool read_leaf(struct leaves *l, struct leaf *leaf, const struct minted *m)
{
	struct cert_host h;
	int64_t until;

	if (!cert_host_parse(m->host, &h))
		return false;
	memcpy(leaf->host, h.text, h.len + 1);
	leaf->cert = lean_cert_read(m->leaf);
	if (leaf->cert == NULL || X509_check_private_key(leaf->cert, l->key) != 1)
		return false;
	until = cert_time_ms(X509_get0_notAfter(leaf->cert));
	if (until == INT64_MIN)
		return false;
	leaf->good_until_ms = until - DAY_MS;
	return read_chain(leaf, m);
}

bool leaves_learn(struct leaves *l, const struct minted *m, struct buf *error)
{
	struct leaf *leaf;

	if (m->status != KEEPER_OK) {
		buf_addf(error, "the keeper refused: %.*s", SLICE_ARG(m->text));
		return false;
	}
	leaf = calloc(1, sizeof(*leaf));
	if (leaf == NULL || !read_leaf(l, leaf, m)) {
		ERR_clear_error();
		buf_adds(error, "the keeper's certificate is not for this worker's key");
		if (leaf != NULL)
			leaf_free(leaf);
		return false;
	}
	add(l, leaf);
	return true;
}

size_t leaves_count(const struct leaves *l)
{
	return HASH_COUNT(l->table);
}
