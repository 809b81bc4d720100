/* What is trusted, and the TLS context towards origins. */
#include "certs/trust.h"

#include "certs/certinfo.h"
#include "certs/lean.h"
#include "certs/trust_rules.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

/* False at the end of the file; *x is NULL for one that cannot be read. */
static bool next_cert(BIO *bio, X509 **x)
{
	unsigned long e;

	*x = lean_cert_new();
	if (*x == NULL || PEM_read_bio_X509(bio, x, NULL, NULL) != NULL)
		return *x != NULL;
	X509_free(*x);
	*x = NULL;
	e = ERR_peek_last_error();
	return ERR_GET_LIB(e) != ERR_LIB_PEM || ERR_GET_REASON(e) != PEM_R_NO_START_LINE;
}

static bool add_file(struct trust *t, const char *file, bool is_system, struct buf *error)
{
	BIO *bio = BIO_new_file(file, "r");
	X509 *x;
	size_t n = 0;

	while (bio != NULL && next_cert(bio, &x)) {
		if (x != NULL && (!is_system || trust_mark_system_root(x)) &&
		    X509_STORE_add_cert(t->roots, x) == 1)
			n++;
		X509_free(x);
	}
	BIO_free(bio);
	ERR_clear_error();
	t->root_count += n;
	if (n == 0)
		buf_addf(error, "%s: there is no certificate in PEM form in it", file);
	return n != 0;
}

/* The bundle is read once, whole, so that nothing is opened later. */
static bool add_system(struct trust *t, struct buf *error)
{
	const char *file = getenv(X509_get_default_cert_file_env());

	if (file == NULL || file[0] == '\0')
		file = "/etc/ssl/certs/ca-certificates.crt";
	if (strcmp(file, "/dev/null") == 0)
		return true;
	if (add_file(t, file, true, error))
		return true;
	buf_adds(error, "; install the system's root certificates (Debian: ca-certificates), or "
			"switch trust-system off");
	return false;
}

static bool add_own(struct trust *t, const struct trust_options *o)
{
	for (size_t i = 0; i < o->own_ca_count && t->own_count < OWN_CAS_MAX; i++) {
		const unsigned char *p = (const unsigned char *)o->own_cas[i].p;
		X509 *x = d2i_X509(NULL, &p, (long)o->own_cas[i].n);
		bool good = x != NULL && cert_spki_sha256(x, t->own_keys[t->own_count]);

		X509_free(x);
		if (!good)
			return false;
		t->own_count++;
	}
	return true;
}

/* All that is the same for every shape. */
static SSL_CTX *make_context(struct trust *t, const struct tls_shape *shape)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(lean_context(), NULL, TLS_client_method());

	if (ctx == NULL)
		return NULL;
	/* Encrypt-then-MAC is for CBC suites, of which there are none. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_ENCRYPT_THEN_MAC);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_security_level(ctx, 2);
	if (trust_session_setup(ctx, t) && trust_verify_setup(ctx) &&
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && tls_shape_apply(shape, ctx))
		return ctx;
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

SSL_CTX *trust_shaped_ctx(struct trust *t, const struct tls_shape *shape)
{
	struct shaped *oldest = &t->shaped[0];
	SSL_CTX *ctx;

	for (size_t i = 0; i < TRUST_SHAPES_MAX; i++) {
		struct shaped *s = &t->shaped[i];

		if (s->ctx != NULL && memcmp(&s->shape, shape, sizeof(*shape)) == 0) {
			s->used = ++t->shape_uses;
			return s->ctx;
		}
		if (s->used < oldest->used)
			oldest = s;
	}
	ctx = make_context(t, shape);
	if (ctx == NULL)
		return NULL;
	SSL_CTX_free(oldest->ctx);
	*oldest = (struct shaped){ ctx, *shape, ++t->shape_uses };
	return ctx;
}

SSL_CTX *trust_client_ctx(struct trust *t)
{
	static const struct tls_shape own;

	return trust_shaped_ctx(t, &own);
}

struct trust *trust_new(const struct trust_options *o, struct buf *error)
{
	static uint64_t last_id;
	struct trust *t = calloc(1, sizeof(*t));
	bool good;

	if (t == NULL)
		return NULL;
	t->refs = 1;
	t->id = ++last_id;
	t->fetch_revocation = o->fetch_revocation;
	t->clock = o->clock != NULL ? o->clock : &clock_system;
	t->is_public_suffix = o->is_public_suffix;
	t->arg = o->arg;
	t->roots = X509_STORE_new();
	t->issuers = trust_issuers_new();
	t->revocations = trust_revocations_new();
	t->paths = trust_paths_new();
	t->signatures = trust_signed_new();
	good = t->roots != NULL && t->issuers != NULL && t->revocations != NULL &&
	       t->paths != NULL && t->signatures != NULL && trust_client_ctx(t) != NULL &&
	       add_own(t, o) && (!o->use_system || add_system(t, error));
	for (size_t i = 0; good && i < o->extra_root_count; i++)
		good = add_file(t, o->extra_roots[i], false, error);
	if (good && t->root_count == 0) {
		buf_adds(error, "there is no root certificate to trust: give one with trust");
		good = false;
	}
	if (good)
		return t;
	if (buf_slice(error).n == 0)
		buf_adds(error, "TLS towards origins cannot be set up");
	trust_unref(t);
	return NULL;
}

void trust_ref(struct trust *t)
{
	t->refs++;
}

void trust_unref(struct trust *t)
{
	if (t == NULL || --t->refs != 0)
		return;
	for (size_t i = 0; i < TRUST_SHAPES_MAX; i++)
		SSL_CTX_free(t->shaped[i].ctx);
	X509_STORE_free(t->roots);
	trust_issuers_free(t->issuers);
	trust_revocations_free(t->revocations);
	trust_paths_free(t->paths);
	trust_signed_free(t->signatures);
	free(t);
}

void trust_free(struct trust *t)
{
	trust_unref(t);
}

size_t trust_root_count(const struct trust *t)
{
	return t->root_count;
}
