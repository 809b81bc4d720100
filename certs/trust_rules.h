/*
 * trust_rules.h - the rules OpenSSL leaves out: each is one function over one certificate of a path.
 */
#ifndef CRUMBGATE_CERTS_TRUST_RULES_H
#define CRUMBGATE_CERTS_TRUST_RULES_H

#include "certs/trust_parts.h"

struct rule_context {
	const struct trust *trust;
	const struct cert_host *host;
	X509 *leaf, *cert;
	bool is_leaf, is_anchor;
	const char *text; /* why not */
};

/* A rule returns NULL when the certificate is good, else what this returns: the code. */
const char *rule_fail(struct rule_context *c, const char *code, const char *text);
/* -1: not there; else whether it is critical. */
int rule_critical(X509 *cert, int nid);

/* ---- trust_names.c ---- */

const char *rule_names(struct rule_context *c);
const char *rule_constraints(struct rule_context *c);

#endif
