/*
 * What a server's certificate may say in its names, and an authority's in its name constraints
 * (RFC 5280 sections 4.2.1.6 and 4.2.1.10, RFC 9525, BR section 7.1).
 */
#include "certs/trust_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>

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
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_ldh(label.p[i]))
				return false;
	}
	return true;
}

/* ---- the names ---- */

static bool is_suffix(const struct rule_context *c, struct slice name)
{
	if (slice_find(name, '.') == name.n)
		return true;
	/*
	 * Private suffixes are no bar to a public authority (BR section 3.2.2.6): *.github.io is
	 * honest.
	 */
	return !c->is_public && c->trust->is_public_suffix != NULL &&
	       c->trust->is_public_suffix(name, c->trust->arg);
}

static const char *check_dns_name(struct rule_context *c, struct slice name)
{
	struct cert_host ip;

	if (slice_starts(name, SLICE("*."))) {
		name = slice_skip(name, 2);
		if (is_suffix(c, name))
			return rule_fail(c, "bad-name", "a wildcard over a public suffix");
	}
	if (!is_dns_name(name))
		return rule_fail(c, "bad-name", "a name that is no DNS name");
	if (cert_host_parse(name, &ip) && ip.ip_len != 0)
		return rule_fail(c, "bad-name", "an IP address written as a DNS name");
	return NULL;
}

static const char *check_names(struct rule_context *c, GENERAL_NAMES *names)
{
	const char *code = NULL;

	for (int i = 0; code == NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			code = check_dns_name(c, text_of(name->d.dNSName));
		else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) != 4 &&
			 ASN1_STRING_length(name->d.iPAddress) != 16)
			code = rule_fail(c, "bad-name", "a malformed IP address");
	}
	return code;
}

static bool is_address(const char *cn)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET6, cn, &v6) == 1)
		return true;
	/* inet_aton() reads each spelling that ever was one: octal, hexadecimal, in fewer parts. */
	return (strchr(cn, '.') != NULL || slice_istarts(slice_str(cn), SLICE("0x"))) &&
	       inet_aton(cn, &v4) != 0;
}

/* Letter for letter one of the addresses, as RFC 3986 and RFC 5952 write them. */
static bool is_address_of(const char *cn, GENERAL_NAMES *names)
{
	struct cert_host h;

	if (!cert_host_parse(slice_str(cn), &h) || strcmp(cn, h.text) != 0)
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_IPADD &&
		    slice_eq(slice_of((const char *)h.ip, h.ip_len), text_of(name->d.iPAddress)))
			return true;
	}
	return false;
}

/* One of the names letter for letter, or the domain above one, which says no less. */
static bool is_name_of(struct slice cn, GENERAL_NAMES *names)
{
	bool none = true;

	if (slice_starts(cn, SLICE("*.")) && cn.n > 2)
		cn = slice_skip(cn, 2);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct slice s;

		if (name->type != GEN_DNS)
			continue;
		none = false;
		s = text_of(name->d.dNSName);
		if (slice_ends(s, cn) && (s.n == cn.n || s.p[s.n - cn.n - 1] == '.'))
			return true;
	}
	return none;
}

/*
 * Nobody takes a host from CN any more, but one that names another host than the SAN does, or
 * spells one differently, was not made by the rules (BR section 7.1.4.3).  A CN that is no host is
 * a title.
 */
static bool cn_fits(const X509_NAME_ENTRY *entry, GENERAL_NAMES *names)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
	struct slice cn = slice_of((const char *)utf8, n > 0 ? (size_t)n : 0);
	bool good = n >= 0 && memchr(utf8, '\0', cn.n) == NULL;

	if (good && is_address((const char *)utf8))
		good = is_address_of((const char *)utf8, names);
	else if (good && slice_find(cn, '.') != cn.n && slice_find(cn, ' ') == cn.n)
		good = is_name_of(cn, names);
	OPENSSL_free(utf8);
	return good;
}

static bool cns_fit(X509 *cert, GENERAL_NAMES *names)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = -1;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		if (!cn_fits(X509_NAME_get_entry(subject, at), names))
			return false;
	return true;
}

const char *rule_names(struct rule_context *c)
{
	GENERAL_NAMES *names;
	const char *code;

	if (!c->is_leaf)
		return NULL;
	names = X509_get_ext_d2i(c->cert, NID_subject_alt_name, NULL, NULL);
	if (names == NULL)
		return rule_fail(c, "no-names", "a certificate without (readable) names");
	code = check_names(c, names);
	if (code == NULL && rule_critical(c->cert, NID_subject_alt_name) == 1 &&
	    X509_NAME_entry_count(X509_get_subject_name(c->cert)) != 0)
		code = rule_fail(c, "bad-form", "names that are marked critical beside a subject");
	if (code == NULL && !cns_fit(c->cert, names))
		code = rule_fail(c, "bad-name", "a common name that is not among the names");
	GENERAL_NAMES_free(names);
	return code;
}

/*
 * RFC 9525 section 6.3: a '*' stands for one whole label.  Ours rather than OpenSSL's since that
 * one does not let '*' stand for a label with '_', which hosts have and browsers accept.
 */
static bool is_name_for(struct slice name, struct slice host)
{
	struct slice label;

	if (!slice_starts(name, SLICE("*.")))
		return slice_ieq(name, host);
	host = slice_cut(host, '.', &label);
	return host.p != NULL && slice_ieq(slice_skip(name, 2), host);
}

const char *rule_host(struct rule_context *c)
{
	const struct cert_host *h = c->host;
	GENERAL_NAMES *names;
	bool found = false;

	if (!c->is_leaf)
		return NULL;
	names = X509_get_ext_d2i(c->cert, NID_subject_alt_name, NULL, NULL);
	if (names == NULL)
		return NULL; /* rule_names() says so */
	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (h->ip_len == 0 && name->type == GEN_DNS)
			found = is_name_for(text_of(name->d.dNSName), cert_host_slice(h));
		else if (h->ip_len != 0 && name->type == GEN_IPADD)
			found = slice_eq(text_of(name->d.iPAddress),
					 slice_of((const char *)h->ip, h->ip_len));
	}
	GENERAL_NAMES_free(names);
	return found ? NULL : rule_fail(c, "wrong-host", "the certificate is for other names");
}

/* ---- name constraints, read strictly ---- */

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

/* Whether "*.example.com" would serve for a name that the subtree "one.example.com" shuts out. */
static bool wildcard_meets(struct slice name, struct slice excluded)
{
	struct slice one;

	if (!slice_starts(name, SLICE("*.")))
		return false;
	excluded = slice_cut(excluded, '.', &one);
	return excluded.p != NULL && slice_ieq(excluded, slice_skip(name, 2));
}

/* OpenSSL compares a wildcard as it is written, and so lets through what it stands for. */
static bool wildcards_allowed(X509 *leaf, STACK_OF(GENERAL_SUBTREE) *excluded)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool good = true;

	for (int i = 0; good && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		for (int j = 0; good && j < sk_GENERAL_SUBTREE_num(excluded); j++) {
			const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(excluded, j)->base;

			good = name->type != GEN_DNS || base->type != GEN_DNS ||
			       !wildcard_meets(text_of(name->d.dNSName), text_of(base->d.dNSName));
		}
	}
	GENERAL_NAMES_free(names);
	return good;
}

const char *rule_constraints(struct rule_context *c)
{
	NAME_CONSTRAINTS *nc;
	bool good, allowed;

	if (rule_critical(c->cert, NID_name_constraints) < 0)
		return NULL;
	if (c->is_leaf)
		return rule_fail(c, "bad-constraints",
				 "name constraints in a server's certificate");
	nc = X509_get_ext_d2i(c->cert, NID_name_constraints, NULL, NULL);
	good = nc != NULL &&
	       (sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) > 0 ||
		sk_GENERAL_SUBTREE_num(nc->excludedSubtrees) > 0) &&
	       subtrees_good(nc->permittedSubtrees) && subtrees_good(nc->excludedSubtrees);
	allowed = good && wildcards_allowed(c->leaf, nc->excludedSubtrees);
	NAME_CONSTRAINTS_free(nc);
	if (!good)
		return rule_fail(c, "bad-constraints", "name constraints that cannot be right");
	return allowed ? NULL
		       : rule_fail(c, "bad-constraints",
				   "a wildcard over a name that its authority may not speak for");
}
