/*
 * Rules of RFC 5280, RFC 9525 and the CA/Browser Forum's baseline requirements that OpenSSL's
 * X509_STRICT leaves out.  Each is one function over one certificate; NULL is good.
 */
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <stdlib.h>

#define EXTENSIONS_MAX 64
#define SERIAL_MAX 20

struct rule_context {
	const struct trust *trust;
	const struct cert_host *host;
	X509 *cert;
	bool is_leaf, is_anchor;
	const char *text;
};

static const char *fail(struct rule_context *c, const char *code, const char *text)
{
	c->text = text;
	return code;
}

/* ---- every certificate ---- */

static const char *rule_key(struct rule_context *c)
{
	EVP_PKEY *key = X509_get0_pubkey(c->cert);

	if (key == NULL)
		return fail(c, "weak-key", "a key of a kind that cannot be read");
	if (EVP_PKEY_is_a(key, "RSA") == 1) {
		int bits = EVP_PKEY_get_bits(key);

		if (bits < 2048 || bits % 8 != 0 || bits > 16384)
			return fail(c, "weak-key", "an RSA key of a size that is not accepted");
		return NULL;
	}
	if (cert_is_curve(key, "prime256v1") || cert_is_curve(key, "secp384r1") ||
	    cert_is_curve(key, "secp521r1") || EVP_PKEY_is_a(key, "ED25519") == 1 ||
	    EVP_PKEY_is_a(key, "ED448") == 1)
		return NULL;
	return fail(c, "weak-key", "a key of a kind that is not accepted");
}

static const char *rule_form(struct rule_context *c)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(c->cert);

	if (X509_get_version(c->cert) != X509_VERSION_3)
		return fail(c, "bad-form", "a certificate of an old version");
	if (X509_NAME_entry_count(X509_get_issuer_name(c->cert)) == 0)
		return fail(c, "bad-form", "a certificate without an issuer's name");
	if (ASN1_STRING_length(serial) > SERIAL_MAX || ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ||
	    ASN1_STRING_length(serial) == 0 ||
	    (ASN1_STRING_length(serial) == 1 && ASN1_STRING_get0_data(serial)[0] == 0))
		return fail(c, "bad-form", "a serial number that is not allowed");
	return NULL;
}

/* Times are to the second and in UTC (section 4.1.2.5). */
static const char *rule_times(struct rule_context *c)
{
	const ASN1_TIME *times[] = { X509_get0_notBefore(c->cert), X509_get0_notAfter(c->cert) };

	for (size_t i = 0; i < 2; i++)
		if (ASN1_STRING_length(times[i]) !=
		    (ASN1_STRING_type(times[i]) == V_ASN1_UTCTIME ? 13 : 15))
			return fail(c, "bad-form", "a time in a form that is not allowed");
	return NULL;
}

static const char *rule_extensions(struct rule_context *c)
{
	int n = X509_get_ext_count(c->cert);

	if (n > EXTENSIONS_MAX)
		return fail(c, "too-complex", "too many extensions");
	for (int i = 0; i < n; i++) {
		X509_EXTENSION *e = X509_get_ext(c->cert, i);

		for (int j = 0; j < i; j++)
			if (OBJ_cmp(X509_EXTENSION_get_object(e),
				    X509_EXTENSION_get_object(X509_get_ext(c->cert, j))) == 0)
				return fail(c, "bad-form", "an extension twice");
		if (X509_EXTENSION_get_critical(e) && !X509_supported_extension(e))
			return fail(c, "critical-extension",
				    "a critical extension that is not understood");
	}
	return NULL;
}

/* -1: not there; else whether it is critical. */
static int critical(X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	return at < 0 ? -1 : X509_EXTENSION_get_critical(X509_get_ext(cert, at));
}

static const char *rule_criticality(struct rule_context *c)
{
	if (critical(c->cert, NID_info_access) == 1)
		return fail(c, "bad-form", "authority information that is marked critical");
	if (critical(c->cert, NID_policy_constraints) == 0)
		return fail(c, "bad-form", "policy constraints that are not critical");
	if (critical(c->cert, NID_authority_key_identifier) == 1 ||
	    critical(c->cert, NID_subject_key_identifier) == 1)
		return fail(c, "bad-form", "a key identifier that is marked critical");
	return NULL;
}

static const char *rule_aia(struct rule_context *c)
{
	AUTHORITY_INFO_ACCESS *aia;

	if (critical(c->cert, NID_info_access) < 0)
		return NULL;
	aia = X509_get_ext_d2i(c->cert, NID_info_access, NULL, NULL);
	if (aia == NULL)
		return fail(c, "bad-form", "authority information that cannot be read");
	AUTHORITY_INFO_ACCESS_free(aia);
	return NULL;
}

/* ---- name constraints, read strictly ---- */

static struct slice text_of(const ASN1_STRING *s)
{
	return slice_of((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static bool is_ldh(char ch)
{
	ch = ascii_lower(ch);
	return ascii_digit(ch) || (ch >= 'a' && ch <= 'z') || ch == '-';
}

/* Labels of letters, digits and '-' (RFC 1034 section 3.5), no empty one. */
static bool is_dns_name(struct slice name)
{
	struct slice label;

	if (name.n == 0 || name.n > CERT_HOST_MAX)
		return false;
	while (name.p != NULL) {
		name = slice_cut(name, '.', &label);
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_ldh(label.p[i]))
				return false;
	}
	return true;
}

/* A network's mask is ones, then zeros. */
static bool is_network(const ASN1_OCTET_STRING *ip)
{
	int n = ASN1_STRING_length(ip);
	const unsigned char *mask = ASN1_STRING_get0_data(ip) + n / 2;
	bool over = false;

	if (n != 8 && n != 32)
		return false;
	for (int bit = 0; bit < n * 4; bit++) {
		bool one = (mask[bit / 8] >> (7 - bit % 8) & 1) != 0;

		if (one && over)
			return false;
		over = over || !one;
	}
	return true;
}

static bool constraint_good(const GENERAL_NAME *base)
{
	struct slice s;

	switch (base->type) {
	case GEN_DNS:
		s = text_of(base->d.dNSName);
		return s.n == 0 || is_dns_name(s);
	case GEN_IPADD:
		return is_network(base->d.iPAddress);
	case GEN_EMAIL:
		s = text_of(base->d.rfc822Name);
		return s.n != 0 && s.p[s.n - 1] != '@' && s.p[0] != '@';
	default:
		return true;
	}
}

static bool subtrees_good(STACK_OF(GENERAL_SUBTREE) *trees)
{
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++)
		if (!constraint_good(sk_GENERAL_SUBTREE_value(trees, i)->base))
			return false;
	return true;
}

static const char *rule_constraints(struct rule_context *c)
{
	NAME_CONSTRAINTS *nc;
	bool good;

	if (critical(c->cert, NID_name_constraints) < 0)
		return NULL;
	if (c->is_leaf)
		return fail(c, "bad-constraints", "name constraints in a server's certificate");
	nc = X509_get_ext_d2i(c->cert, NID_name_constraints, NULL, NULL);
	good = nc != NULL &&
	       (sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) > 0 ||
		sk_GENERAL_SUBTREE_num(nc->excludedSubtrees) > 0) &&
	       subtrees_good(nc->permittedSubtrees) && subtrees_good(nc->excludedSubtrees);
	NAME_CONSTRAINTS_free(nc);
	return good ? NULL : fail(c, "bad-constraints", "name constraints that cannot be right");
}

/* ---- the anchor ---- */

static const char *rule_anchor(struct rule_context *c)
{
	AUTHORITY_KEYID *aki;
	bool good;

	if (!c->is_anchor)
		return NULL;
	if (critical(c->cert, NID_ext_key_usage) >= 0)
		return fail(c, "bad-purpose", "a root with an extended key usage");
	if (critical(c->cert, NID_authority_key_identifier) < 0)
		return NULL;
	aki = X509_get_ext_d2i(c->cert, NID_authority_key_identifier, NULL, NULL);
	good = aki != NULL && aki->keyid != NULL && aki->issuer == NULL && aki->serial == NULL;
	AUTHORITY_KEYID_free(aki);
	return good ? NULL : fail(c, "bad-form", "a root with a malformed key identifier");
}

/* ---- the leaf ---- */

static const char *rule_leaf_use(struct rule_context *c)
{
	uint32_t flags = X509_get_extension_flags(c->cert);

	if (!c->is_leaf)
		return NULL;
	if ((flags & EXFLAG_CA) != 0 ||
	    ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(c->cert) & KU_KEY_CERT_SIGN) != 0))
		return fail(c, "bad-purpose", "an authority's certificate in the place of a server's");
	if ((flags & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(c->cert) & XKU_SSL_SERVER) == 0)
		return fail(c, "bad-purpose", "a certificate that is not for servers");
	if (critical(c->cert, NID_ext_key_usage) == 1)
		return fail(c, "bad-purpose", "an extended key usage that is marked critical");
	if ((flags & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(c->cert) & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT |
					    KU_KEY_AGREEMENT)) == 0)
		return fail(c, "bad-purpose", "a key that is not for TLS");
	return NULL;
}

static bool is_suffix(const struct rule_context *c, struct slice name)
{
	if (slice_find(name, '.') == name.n)
		return true;
	return c->trust->is_public_suffix != NULL &&
	       c->trust->is_public_suffix(name, c->trust->arg);
}

static const char *check_dns_name(struct rule_context *c, struct slice name)
{
	struct cert_host ip;

	if (slice_starts(name, SLICE("*."))) {
		name = slice_skip(name, 2);
		if (is_suffix(c, name))
			return fail(c, "bad-name", "a wildcard over a public suffix");
	}
	if (!is_dns_name(name))
		return fail(c, "bad-name", "a name that is no DNS name");
	if (cert_host_parse(name, &ip) && ip.ip_len != 0)
		return fail(c, "bad-name", "an IP address written as a DNS name");
	return NULL;
}

static const char *check_names(struct rule_context *c, GENERAL_NAMES *names)
{
	const char *code = NULL;

	for (int i = 0; code == NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			code = check_dns_name(c, text_of(name->d.dNSName));
		else if (name->type == GEN_IPADD &&
			 ASN1_STRING_length(name->d.iPAddress) != 4 &&
			 ASN1_STRING_length(name->d.iPAddress) != 16)
			code = fail(c, "bad-name", "a malformed IP address");
	}
	return code;
}

/* What stands in CN must stand in the SAN as well, letter for letter (BR section 7.1.4.3). */
static bool cn_in_names(X509 *cert, GENERAL_NAMES *names)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	struct cert_host cn_host;
	struct slice cn;

	if (at < 0)
		return true;
	cn = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	/* A CN that is no host is a title, and means nothing. */
	if (slice_find(cn, '.') == cn.n || slice_find(cn, ' ') != cn.n)
		return true;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS && slice_eq(cn, text_of(name->d.dNSName)))
			return true;
		if (name->type == GEN_IPADD && cert_host_parse(cn, &cn_host) && cn_host.ip_len != 0 &&
		    slice_eq(cn, cert_host_slice(&cn_host)) &&
		    slice_eq(slice_of((const char *)cn_host.ip, cn_host.ip_len),
			     text_of(name->d.iPAddress)))
			return true;
	}
	return false;
}

static const char *rule_names(struct rule_context *c)
{
	GENERAL_NAMES *names;
	const char *code;

	if (!c->is_leaf)
		return NULL;
	names = X509_get_ext_d2i(c->cert, NID_subject_alt_name, NULL, NULL);
	if (names == NULL)
		return fail(c, "no-names", "a certificate without (readable) names");
	code = check_names(c, names);
	if (code == NULL && critical(c->cert, NID_subject_alt_name) == 1 &&
	    X509_NAME_entry_count(X509_get_subject_name(c->cert)) != 0)
		code = fail(c, "bad-form", "names that are marked critical beside a subject");
	if (code == NULL && !cn_in_names(c->cert, names))
		code = fail(c, "bad-name", "a common name that is not among the names");
	GENERAL_NAMES_free(names);
	return code;
}

static const char *rule_own(struct rule_context *c)
{
	unsigned char digest[32];

	if (c->trust->own_count == 0 || !cert_spki_sha256(c->cert, digest))
		return NULL;
	for (size_t i = 0; i < c->trust->own_count; i++)
		if (memcmp(digest, c->trust->own_keys[i], sizeof(digest)) == 0)
			return fail(c, "own-ca", "signed by this proxy's own authority");
	return NULL;
}

static const char *(*const rules[])(struct rule_context *) = {
	rule_own,	  rule_key, rule_form,	      rule_times,  rule_extensions,
	rule_criticality, rule_aia, rule_constraints, rule_anchor, rule_leaf_use,
	rule_names,
};

const char *trust_rules(const struct trust *t, const struct cert_host *host, STACK_OF(X509) *chain,
			const char **text)
{
	int n = sk_X509_num(chain);

	for (int i = 0; i < n; i++) {
		struct rule_context c = { .trust = t,
					  .host = host,
					  .cert = sk_X509_value(chain, i),
					  .is_leaf = i == 0,
					  .is_anchor = i == n - 1 };

		for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
			const char *code = rules[r](&c);

			ERR_clear_error();
			if (code != NULL) {
				*text = c.text;
				return code;
			}
		}
	}
	return NULL;
}
