/*
 * issuers.h - small things fetched over plain http for the trust decision: certificates of issuers
 * that an origin left out (AIA caIssuers), OCSP answers, CRLs.
 *
 * What comes back is signed, so http is right and https would be a loop.  Bounded: public addresses
 * only (for issuers whatever allow-private says), one request without redirects, want->max_bytes,
 * FETCH_MS from the name's look-up to the last byte, FETCH_MAX at once.  It never carries anything
 * of the client.
 */
#ifndef CRUMBGATE_PROXY_ISSUERS_H
#define CRUMBGATE_PROXY_ISSUERS_H

#include "certs/trust.h"

#define FETCH_MS 5000
#define FETCH_MAX 16

struct fetch;
struct issuers;
struct worker;

/* An empty answer: it could not be had.  Called from the loop, once. */
typedef void fetch_cb(struct slice answer, void *arg);

struct issuers *issuers_new(struct worker *w);
void issuers_free(struct issuers *t);
/* NULL: not possible (bad URL, too many at once, no memory); no callback follows. */
struct fetch *issuers_fetch(struct issuers *t, const struct trust_want *want, fetch_cb *cb,
			    void *arg);
void issuers_cancel(struct fetch *f);

#endif
