#include "certs/lean.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#define DECODERS_MAX 16

/* Of the process, like OpenSSL's own default context: made once, and never freed. */
static struct {
	bool tried;
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *whole;			   /* the default provider */
	OSSL_ALGORITHM decoders[DECODERS_MAX + 1]; /* some of its; an empty one ends them */
} lean;

static bool is_needed(const OSSL_ALGORITHM *a)
{
	static const char *const keys[] = { "RSA", "RSA-PSS", "EC", "ED25519", "ED448" };
	struct slice first;

	/* "name:another name:OID" */
	slice_cut(slice_str(a->algorithm_names), ':', &first);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (slice_eq(first, slice_str(keys[i])))
			return strstr(a->property_definition, "input=der") != NULL &&
			       strstr(a->property_definition, "structure=SubjectPublicKeyInfo") !=
				       NULL;
	return false;
}

static bool choose_decoders(void)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *all =
		OSSL_PROVIDER_query_operation(lean.whole, OSSL_OP_DECODER, &no_cache);
	size_t n = 0;

	for (; all != NULL && all->algorithm_names != NULL && n < DECODERS_MAX; all++)
		if (is_needed(all))
			lean.decoders[n++] = *all;
	return n != 0;
}

/* ---- the provider: the default one's algorithms, with its state ---- */

static const OSSL_ALGORITHM *on_query(void *state, int operation, int *no_cache)
{
	(void)state;
	*no_cache = 0;
	if (operation == OSSL_OP_DECODER)
		return lean.decoders;
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
	context = lean.whole != NULL && choose_decoders() ? OSSL_LIB_CTX_new() : NULL;
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
