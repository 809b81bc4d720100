/*
 * Paths from a leaf to an anchor (RFC 4158): each is looked for here and verified by OpenSSL alone,
 * so that an expired copy of an intermediate, or a cross-signed root, does not hide a good path.
 */
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>

#define DEPTH_MAX 10
#define CANDIDATES_MAX 64
/* More than this for one chain is an attack on our time: verifications, and signatures besides. */
#define TRIES_MAX 24
#define SIGNATURES_MAX 64

struct search {
	const struct trust *trust;
	const struct cert_host *host;
	STACK_OF(X509) *pool; /* presented and fetched, without the leaf */
	X509 *path[DEPTH_MAX];
	int depth;
	unsigned tries, signatures;
	struct path_reason *why;
	STACK_OF(X509) *found;
};

/* A reason that says more than "nobody knows the issuer" stays. */
static void note(struct search *s, int error, const char *code, const char *text)
{
	if (s->why->x509_error != X509_V_OK &&
	    s->why->x509_error != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
		return;
	s->why->x509_error = error;
	s->why->code = code;
	s->why->text = text;
}

static void note_error(struct search *s, int error)
{
	const char *code, *text;

	trust_reason_of(error, &code, &text);
	note(s, error, code, text);
}

static bool set_params(const struct search *s, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	const struct clock *clock = s->trust->clock;

	/*
	 * What the user trusts need not be signed by itself.  The host is a rule of ours
	 * (rule_host()).
	 */
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
					       X509_V_FLAG_POLICY_CHECK);
	X509_VERIFY_PARAM_set_auth_level(p, 2);
	X509_VERIFY_PARAM_set_depth(p, DEPTH_MAX);
	X509_VERIFY_PARAM_set_time(p, (time_t)(clock_wall_ms(clock) / 1000));
	return X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) == 1;
}

/* The path that was built, up to this anchor and with nothing else to choose from. */
static bool verify(struct search *s, X509 *anchor)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null(), *anchors = sk_X509_new_null();
	const char *code, *text = NULL;
	bool good = false;

	s->tries++;
	for (int i = 1; between != NULL && i < s->depth; i++)
		sk_X509_push(between, s->path[i]);
	if (ctx == NULL || between == NULL || anchors == NULL ||
	    sk_X509_push(anchors, anchor) == 0 ||
	    X509_STORE_CTX_init(ctx, NULL, s->path[0], between) != 1)
		goto out;
	X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
	if (!set_params(s, ctx))
		goto out;
	trust_signed_use(s->trust->signatures, ctx);
	if (X509_verify_cert(ctx) != 1) {
		note_error(s, X509_STORE_CTX_get_error(ctx));
		goto out;
	}
	code = trust_rules(s->trust, s->host, X509_STORE_CTX_get0_chain(ctx), &text);
	if (code != NULL)
		note(s, X509_V_ERR_APPLICATION_VERIFICATION, code, text);
	else
		s->found = X509_STORE_CTX_get1_chain(ctx);
	good = s->found != NULL;
out:
	ERR_clear_error();
	sk_X509_free(between);
	sk_X509_free(anchors);
	X509_STORE_CTX_free(ctx);
	return good;
}

static bool is_spent(const struct search *s)
{
	return s->tries >= TRIES_MAX || s->signatures >= SIGNATURES_MAX;
}

static bool is_in_path(const struct search *s, X509 *cert)
{
	for (int i = 0; i < s->depth; i++)
		if (X509_cmp(s->path[i], cert) == 0)
			return true;
	return false;
}

static STACK_OF(X509) *anchors_for(const struct search *s, X509 *cert)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *found = NULL;

	if (ctx != NULL && X509_STORE_CTX_init(ctx, s->trust->roots, cert, NULL) == 1)
		found = X509_STORE_CTX_get1_certs(ctx, X509_get_issuer_name(cert));
	X509_STORE_CTX_free(ctx);
	return found;
}

static bool try_anchors(struct search *s, X509 *last)
{
	STACK_OF(X509) *anchors = anchors_for(s, last);
	bool good = false;

	for (int i = 0; !good && i < sk_X509_num(anchors) && !is_spent(s); i++)
		good = verify(s, sk_X509_value(anchors, i));
	sk_X509_pop_free(anchors, X509_free);
	return good;
}

static bool has_signed(struct search *s, X509 *issuer, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	s->signatures++;
	return key != NULL && X509_verify(cert, key) == 1;
}

/* Certificates that fit as issuers of the path's last one, by name and key identifier. */
static int candidates(const struct search *s, X509 **out)
{
	X509 *last = s->path[s->depth - 1];
	int n = 0;

	for (int i = 0; i < sk_X509_num(s->pool) && n < CANDIDATES_MAX; i++) {
		X509 *next = sk_X509_value(s->pool, i);

		if (X509_check_issued(next, last) == X509_V_OK && !is_in_path(s, next))
			out[n++] = next;
	}
	return n;
}

/*
 * Upwards from the path's last certificate.  Where several fit, the signature says which are worth
 * it, so that a crowd of certificates of one name is not tried in all its orders.
 */
static bool climb(struct search *s)
{
	X509 *last = s->path[s->depth - 1], *fit[CANDIDATES_MAX];
	int n;

	if (try_anchors(s, last))
		return true;
	n = s->depth < DEPTH_MAX ? candidates(s, fit) : 0;
	for (int i = 0; i < n && !is_spent(s); i++) {
		if (n > 1 && !has_signed(s, fit[i], last))
			continue;
		s->path[s->depth++] = fit[i];
		if (climb(s))
			return true;
		s->depth--;
	}
	return false;
}

/* What the origin sent and what was fetched; both stay the callers'. */
static STACK_OF(X509) *pool_of(X509 *leaf, STACK_OF(X509) *presented, STACK_OF(X509) *fetched)
{
	STACK_OF(X509) *pool = sk_X509_new_null();

	for (int i = 0; pool != NULL && i < sk_X509_num(presented) && i < CANDIDATES_MAX; i++)
		if (X509_cmp(sk_X509_value(presented, i), leaf) != 0)
			sk_X509_push(pool, sk_X509_value(presented, i));
	for (int i = 0; pool != NULL && i < sk_X509_num(fetched) && i < CANDIDATES_MAX; i++)
		sk_X509_push(pool, sk_X509_value(fetched, i));
	return pool;
}

/* Where nothing better is known. */
static void explain(struct search *s)
{
	if (is_spent(s))
		note(s, X509_V_ERR_CERT_CHAIN_TOO_LONG, "too-complex",
		     "the certificates that came with it are too many and too tangled");
	else
		note_error(s, cert_self_signed(s->path[0])
				      ? X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
				      : X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

bool trust_find_path(const struct trust *t, const struct cert_host *host, X509 *leaf,
		     STACK_OF(X509) *presented, STACK_OF(X509) *fetched, STACK_OF(X509) **path,
		     struct path_reason *why)
{
	struct search s = { .trust = t, .host = host, .path = { leaf }, .depth = 1, .why = why };
	bool good;

	s.pool = pool_of(leaf, presented, fetched);
	good = s.pool != NULL && climb(&s);
	sk_X509_free(s.pool);
	if (!good)
		explain(&s);
	ERR_clear_error();
	*path = s.found;
	return good;
}
