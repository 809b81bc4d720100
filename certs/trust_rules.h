/*
 * trust_rules.h - the rules OpenSSL leaves out: each is one function over one certificate of a
 * path.
 */
#ifndef CRUMBGATE_CERTS_TRUST_RULES_H
#define CRUMBGATE_CERTS_TRUST_RULES_H

#include "certs/trust_parts.h"

struct rule_context {
	const struct trust *trust;
	const struct cert_host *host;
	X509 *leaf, *cert;
	bool is_leaf, is_anchor;
	/* The anchor is one of the system's: what browsers ask of public authorities holds. */
	bool is_public;
	const char *text; /* why not */
};

/*
 * Roots that the system's store vouches for, as browsers do: their own form is not judged, and what
 * they sign is held to the rules of public authorities.  Marked when they are loaded.
 */
bool trust_mark_system_root(X509 *root);
bool trust_is_system_root(const X509 *root);

/* A rule returns NULL when the certificate is good, else what this returns: the code. */
const char *rule_fail(struct rule_context *c, const char *code, const char *text);
/* -1: not there; else whether it is critical. */
int rule_critical(X509 *cert, int nid);

/* ---- trust_names.c ---- */

const char *rule_names(struct rule_context *c);
const char *rule_host(struct rule_context *c);
const char *rule_constraints(struct rule_context *c);

#endif
