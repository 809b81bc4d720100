#include "certs/lean.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#define CHOICE_MAX 16

/* Those of a provider's algorithms for one operation that are wanted. */
struct choice {
	int operation;
	const char *const *names;
	const char *property;		       /* must stand in the definition; NULL: any */
	OSSL_ALGORITHM chosen[CHOICE_MAX + 1]; /* an empty one ends them */
};

static const char *const keys[] = { "RSA", "RSA-PSS", "EC", "ED25519", "ED448", NULL };
/* Of the suites in leaf.c and shape.c, and what OpenSSL takes for tickets. */
static const char *const ciphers[] = { "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305",
				       "AES-256-CBC", NULL };

/* Of the process, like OpenSSL's own default context: made once, and never freed. */
static struct {
	bool tried;
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *whole; /* the default provider */
	struct choice choices[2];
} lean = {
	.choices = {
		{ .operation = OSSL_OP_DECODER,
		  .names = keys,
		  .property = "input=der,structure=SubjectPublicKeyInfo" },
		{ .operation = OSSL_OP_CIPHER, .names = ciphers },
	},
};

static bool is_wanted(const struct choice *c, const OSSL_ALGORITHM *a)
{
	struct slice first;

	/* "name:another name:OID" */
	slice_cut(slice_str(a->algorithm_names), ':', &first);
	for (const char *const *name = c->names; *name != NULL; name++)
		if (slice_ieq(first, slice_str(*name)))
			return c->property == NULL ||
			       strstr(a->property_definition, c->property) != NULL;
	return false;
}

static bool choose(struct choice *c)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *all =
		OSSL_PROVIDER_query_operation(lean.whole, c->operation, &no_cache);
	size_t n = 0;

	for (; all != NULL && all->algorithm_names != NULL && n < CHOICE_MAX; all++)
		if (is_wanted(c, all))
			c->chosen[n++] = *all;
	return n != 0;
}

static bool choose_all(void)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(lean.choices) / sizeof(lean.choices[0]); i++)
		good = good && choose(&lean.choices[i]);
	return good;
}

/* ---- the provider: the default one's algorithms but for the choices, with its state ---- */

static const OSSL_ALGORITHM *on_query(void *state, int operation, int *no_cache)
{
	(void)state;
	*no_cache = 0;
	for (size_t i = 0; i < sizeof(lean.choices) / sizeof(lean.choices[0]); i++)
		if (operation == lean.choices[i].operation)
			return lean.choices[i].chosen;
	return OSSL_PROVIDER_query_operation(lean.whole, operation, no_cache);
}

/* The groups of TLS. */
static int on_capabilities(void *state, const char *capability, OSSL_CALLBACK *tell, void *arg)
{
	(void)state;
	return OSSL_PROVIDER_get_capabilities(lean.whole, capability, tell, arg);
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
			 const OSSL_DISPATCH **out, void **state)
{
	static const OSSL_DISPATCH table[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))on_query },
		{ OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))on_capabilities },
		{ 0, NULL },
	};

	(void)handle;
	(void)in;
	*out = table;
	*state = OSSL_PROVIDER_get0_provider_ctx(lean.whole);
	return 1;
}

static OSSL_LIB_CTX *make(void)
{
	OSSL_LIB_CTX *context;

	if (OSSL_PROVIDER_available(NULL, "default") != 1)
		return NULL;
	lean.whole = OSSL_PROVIDER_load(NULL, "default");
	context = lean.whole != NULL && choose_all() ? OSSL_LIB_CTX_new() : NULL;
	if (context != NULL && OSSL_PROVIDER_add_builtin(context, "lean", provider_init) == 1 &&
	    OSSL_PROVIDER_load(context, "lean") != NULL)
		return context;
	OSSL_LIB_CTX_free(context);
	return NULL;
}

OSSL_LIB_CTX *lean_context(void)
{
	if (!lean.tried) {
		lean.tried = true;
		lean.context = make();
		ERR_clear_error();
	}
	return lean.context;
}

X509 *lean_cert_new(void)
{
	return X509_new_ex(lean_context(), NULL);
}

X509 *lean_cert_read(struct slice der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509 *x = lean_cert_new();

	/* Where it fails it may have freed x, and then says so in x. */
	if (x != NULL && d2i_X509(&x, &p, (long)der.n) != NULL &&
	    p == (const unsigned char *)der.p + der.n)
		return x;
	X509_free(x);
	return NULL;
}
