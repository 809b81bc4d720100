/*
 * Rules of RFC 5280, RFC 9525 and the CA/Browser Forum's baseline requirements that OpenSSL's
 * X509_STRICT leaves out, but for those about names (trust_names.c).
 */
#include "certs/certinfo.h"
#include "certs/trust_rules.h"

#include <openssl/err.h>

#define EXTENSIONS_MAX 64
#define SERIAL_MAX 20
#define DAY_MS INT64_C(86400000)

/* Where the mark is; made once. */
static int mark_index(void)
{
	static int index = -1;

	if (index < 0)
		index = X509_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

bool trust_mark_system_root(X509 *root)
{
	static char mark;

	return mark_index() >= 0 && X509_set_ex_data(root, mark_index(), &mark) == 1;
}

bool trust_is_system_root(const X509 *root)
{
	return mark_index() >= 0 && X509_get_ex_data(root, mark_index()) != NULL;
}

const char *rule_fail(struct rule_context *c, const char *code, const char *text)
{
	c->text = text;
	return code;
}

int rule_critical(X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	return at < 0 ? -1 : X509_EXTENSION_get_critical(X509_get_ext(cert, at));
}

/* ---- every certificate ---- */

static const char *rule_key(struct rule_context *c)
{
	EVP_PKEY *key = X509_get0_pubkey(c->cert);

	if (key == NULL)
		return rule_fail(c, "weak-key", "a key of a kind that cannot be read");
	if (EVP_PKEY_is_a(key, "RSA") == 1) {
		int bits = EVP_PKEY_get_bits(key);

		if (bits < 2048 || bits % 8 != 0 || bits > 16384)
			return rule_fail(c, "weak-key",
					 "an RSA key of a size that is not accepted");
		return NULL;
	}
	if (cert_is_curve(key, "prime256v1") || cert_is_curve(key, "secp384r1") ||
	    cert_is_curve(key, "secp521r1") || EVP_PKEY_is_a(key, "ED25519") == 1 ||
	    EVP_PKEY_is_a(key, "ED448") == 1)
		return NULL;
	return rule_fail(c, "weak-key", "a key of a kind that is not accepted");
}

static const char *rule_form(struct rule_context *c)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(c->cert);

	if (X509_get_version(c->cert) != X509_VERSION_3)
		return rule_fail(c, "bad-form", "a certificate of an old version");
	if (X509_NAME_entry_count(X509_get_issuer_name(c->cert)) == 0)
		return rule_fail(c, "bad-form", "a certificate without an issuer's name");
	if (ASN1_STRING_length(serial) > SERIAL_MAX ||
	    ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER || ASN1_STRING_length(serial) == 0 ||
	    (ASN1_STRING_length(serial) == 1 && ASN1_STRING_get0_data(serial)[0] == 0))
		return rule_fail(c, "bad-form", "a serial number that is not allowed");
	return NULL;
}

/*
 * To the second and in UTC; two digits of the year through 2049, four from then on (section
 * 4.1.2.5).
 */
static bool good_time(const ASN1_TIME *t)
{
	const char *p = (const char *)ASN1_STRING_get0_data(t);
	int n = ASN1_STRING_length(t);

	if (ASN1_STRING_type(t) == V_ASN1_UTCTIME)
		return n == 13;
	return n == 15 && memcmp(p, "2050", 4) >= 0;
}

static const char *rule_times(struct rule_context *c)
{
	const ASN1_TIME *times[] = { X509_get0_notBefore(c->cert), X509_get0_notAfter(c->cert) };

	for (size_t i = 0; i < 2; i++)
		if (!good_time(times[i]))
			return rule_fail(c, "bad-form", "a time in a form that is not allowed");
	return NULL;
}

static const char *rule_extensions(struct rule_context *c)
{
	int n = X509_get_ext_count(c->cert);

	if (n > EXTENSIONS_MAX)
		return rule_fail(c, "too-complex", "too many extensions");
	for (int i = 0; i < n; i++) {
		X509_EXTENSION *e = X509_get_ext(c->cert, i);

		for (int j = 0; j < i; j++)
			if (OBJ_cmp(X509_EXTENSION_get_object(e),
				    X509_EXTENSION_get_object(X509_get_ext(c->cert, j))) == 0)
				return rule_fail(c, "bad-form", "an extension twice");
		if (X509_EXTENSION_get_critical(e) && !X509_supported_extension(e))
			return rule_fail(c, "critical-extension",
					 "a critical extension that is not understood");
	}
	return NULL;
}

static const char *rule_criticality(struct rule_context *c)
{
	if (rule_critical(c->cert, NID_info_access) == 1)
		return rule_fail(c, "bad-form", "authority information that is marked critical");
	if (rule_critical(c->cert, NID_policy_constraints) == 0 ||
	    rule_critical(c->cert, NID_inhibit_any_policy) == 0)
		return rule_fail(c, "bad-form", "policy constraints that are not critical");
	if (rule_critical(c->cert, NID_authority_key_identifier) == 1 ||
	    rule_critical(c->cert, NID_subject_key_identifier) == 1)
		return rule_fail(c, "bad-form", "a key identifier that is marked critical");
	return NULL;
}

static const char *rule_aia(struct rule_context *c)
{
	AUTHORITY_INFO_ACCESS *aia;

	if (rule_critical(c->cert, NID_info_access) < 0)
		return NULL;
	aia = X509_get_ext_d2i(c->cert, NID_info_access, NULL, NULL);
	if (aia == NULL)
		return rule_fail(c, "bad-form", "authority information that cannot be read");
	AUTHORITY_INFO_ACCESS_free(aia);
	return NULL;
}

/* ---- the anchor ---- */

static const char *rule_anchor(struct rule_context *c)
{
	bool root = (X509_get_extension_flags(c->cert) & EXFLAG_SI) != 0;
	AUTHORITY_KEYID *aki;
	bool good;

	if (!c->is_anchor || c->is_leaf)
		return NULL;
	if (root && rule_critical(c->cert, NID_ext_key_usage) >= 0)
		return rule_fail(c, "bad-purpose", "a root with an extended key usage");
	/* An authority that is trusted needs nobody above it, so nothing need point there. */
	if (rule_critical(c->cert, NID_authority_key_identifier) < 0)
		return NULL;
	aki = X509_get_ext_d2i(c->cert, NID_authority_key_identifier, NULL, NULL);
	good = aki != NULL && aki->keyid != NULL && aki->issuer == NULL && aki->serial == NULL;
	AUTHORITY_KEYID_free(aki);
	return good ? NULL : rule_fail(c, "bad-form", "a root with a malformed key identifier");
}

/* ---- the leaf ---- */

static const char *rule_leaf_use(struct rule_context *c)
{
	uint32_t flags = X509_get_extension_flags(c->cert);

	if (!c->is_leaf)
		return NULL;
	if ((flags & EXFLAG_CA) != 0 ||
	    ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(c->cert) & KU_KEY_CERT_SIGN) != 0))
		return rule_fail(c, "bad-purpose",
				 "an authority's certificate in the place of a server's");
	/* BR section 7.1.2.7.10 has no place for "any use". */
	if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(c->cert) &
					      (XKU_SSL_SERVER | XKU_ANYEKU)) != XKU_SSL_SERVER)
		return rule_fail(c, "bad-purpose", "a certificate that is not for servers");
	if (rule_critical(c->cert, NID_ext_key_usage) == 1)
		return rule_fail(c, "bad-purpose", "an extended key usage that is marked critical");
	/* All that we offer signs with the server's key (ECDHE, TLS 1.3). */
	if ((flags & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(c->cert) & KU_DIGITAL_SIGNATURE) == 0)
		return rule_fail(c, "bad-purpose", "a key that is not for TLS");
	return NULL;
}

/*
 * How long a public authority may let a certificate live, by when it was made (BR section 6.3.2;
 * the first is what browsers began with).
 */
static const char *rule_life(struct rule_context *c)
{
	static const struct {
		int64_t from_ms;
		int days;
	} lives[] = {
		{ INT64_C(1868227200000), 47 },	 /* 2029-03-15 */
		{ INT64_C(1805068800000), 100 }, /* 2027-03-15 */
		{ INT64_C(1773532800000), 200 }, /* 2026-03-15 */
		{ INT64_C(1598918400000), 398 }, /* 2020-09-01 */
		{ INT64_MIN, 825 },
	};
	int64_t from = cert_time_ms(X509_get0_notBefore(c->cert));
	int64_t until = cert_time_ms(X509_get0_notAfter(c->cert));
	size_t i = 0;

	if (!c->is_leaf || !c->is_public)
		return NULL;
	while (from < lives[i].from_ms)
		i++;
	/* The last second counts. */
	if (until - from + 1000 <= lives[i].days * DAY_MS)
		return NULL;
	return rule_fail(c, "too-long-lived", "a certificate for longer than authorities may give");
}

static const char *rule_own(struct rule_context *c)
{
	unsigned char digest[32];

	if (c->trust->own_count == 0 || !cert_spki_sha256(c->cert, digest))
		return NULL;
	for (size_t i = 0; i < c->trust->own_count; i++)
		if (memcmp(digest, c->trust->own_keys[i], sizeof(digest)) == 0)
			return rule_fail(c, "own-ca", "signed by this proxy's own authority");
	return NULL;
}

/* The host first: it is what a reader of the error page understands best. */
static const char *(*const rules[])(struct rule_context *) = {
	rule_own,	 rule_host,	   rule_key,  rule_form,	rule_times,
	rule_extensions, rule_criticality, rule_aia,  rule_constraints, rule_anchor,
	rule_leaf_use,	 rule_names,	   rule_life,
};

static const char *judge(struct rule_context *c)
{
	const char *code = NULL;

	/*
	 * Several roots that all browsers have are older than the rules: serial number 0, odd key
	 * identifiers.
	 */
	if (c->is_anchor && c->is_public && !c->is_leaf)
		return rule_own(c);
	for (size_t r = 0; code == NULL && r < sizeof(rules) / sizeof(rules[0]); r++)
		code = rules[r](c);
	ERR_clear_error();
	return code;
}

const char *trust_rules(const struct trust *t, const struct cert_host *host, STACK_OF(X509) *chain,
			const char **text)
{
	int n = sk_X509_num(chain);
	bool is_public = n > 0 && trust_is_system_root(sk_X509_value(chain, n - 1));

	for (int i = 0; i < n; i++) {
		struct rule_context c = { .trust = t,
					  .host = host,
					  .leaf = sk_X509_value(chain, 0),
					  .cert = sk_X509_value(chain, i),
					  .is_leaf = i == 0,
					  .is_anchor = i == n - 1,
					  .is_public = is_public };
		const char *code = judge(&c);

		if (code != NULL) {
			*text = c.text;
			return code;
		}
	}
	return NULL;
}
