/*
 * host.h - the two things a certificate can be for: a DNS name or an IP address.
 *
 * One reading of a host for minting, for the origin's names and for caches, so that they cannot
 * disagree.  A name is LDH labels (RFC 1123 section 2.1) plus '_', which the web uses in hosts
 * though not in certificates; lower case; one trailing dot is dropped.  What ends in a number must
 * be an IPv4 address in four plain decimals (WHATWG URL "ends in a number").  IPv6 with or without
 * brackets, no zone.
 */
#ifndef CRUMBGATE_CERTS_HOST_H
#define CRUMBGATE_CERTS_HOST_H

#include "base/slice.h"

#define CERT_HOST_MAX 253

struct cert_host {
	/* Canonical text, NUL-terminated: the name, or the address as inet_ntop() writes it. */
	char text[CERT_HOST_MAX + 1];
	size_t len;
	/* 0 for a name, else 4 or 16. */
	size_t ip_len;
	unsigned char ip[16];
};

/* False: not a host that a certificate can name (wildcards included). */
bool cert_host_parse(struct slice text, struct cert_host *out);

static inline struct slice cert_host_slice(const struct cert_host *h)
{
	return slice_of(h->text, h->len);
}

#endif
