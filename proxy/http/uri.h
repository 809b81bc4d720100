/*
 * uri.h - host[:port]: what names an origin, in one form (RFC 3986 section 3.2, RFC 9110
 * section 4).
 *
 * Three places give one: a CONNECT target, the Host field, the authority of an absolute-form
 * target.  Two spellings that reach the same server must compare equal afterwards, and whatever a
 * resolver could read differently from a browser is refused:
 *
 *	- a name is letters, digits, '-', '_' and '.', at most 253 octets, labels of 1 to 63; it is
 *	  lower-cased and one trailing dot is dropped (`dotted` says there was one);
 *	- what ends in a number (WHATWG URL, "ends in a number checker") must be a dotted quad
 *	  without leading zeros: 127.1, 0x7f000001 and 2130706433 are refused;
 *	- an IPv6 literal stands in brackets, has no zone, and is rewritten as RFC 5952 asks;
 *	- no userinfo, no percent-encoding, no IPvFuture.
 */
#ifndef CRUMBGATE_HTTP_URI_H
#define CRUMBGATE_HTTP_URI_H

#include "base/buf.h"

enum host_kind { HOST_NONE, HOST_NAME, HOST_IPV4, HOST_IPV6 };

#define URI_HOST_MAX 253

struct authority {
	enum host_kind kind; /* HOST_NONE: nothing was parsed */
	uint16_t port;	     /* 0: none was given */
	uint8_t len;
	bool dotted;
	uint8_t addr[16];	     /* IPv4: the first 4 */
	char host[URI_HOST_MAX + 3]; /* normalised, an IPv6 literal without brackets, ends in NUL */
};

static inline struct slice authority_host(const struct authority *a)
{
	return slice_of(a->host, a->len);
}

/*
 * NULL when s is a good host[:port], else a short static reason and a->kind is HOST_NONE.
 * "host:" (an empty port) is good and means none; a port is 1 to 65535.
 */
const char *authority_parse(struct authority *a, struct slice s);
/* As authority_parse(), and there must be a port: a CONNECT target (RFC 9112 section 3.2.3). */
const char *authority_parse_connect(struct authority *a, struct slice s);
/* The host alone, without a port, normalised into a. */
const char *authority_parse_host(struct authority *a, struct slice host);

static inline uint16_t authority_port(const struct authority *a, uint16_t otherwise)
{
	return a->port != 0 ? a->port : otherwise;
}

/* Same host and same port, where a missing port is default_port. */
bool authority_eq(const struct authority *a, const struct authority *b, uint16_t default_port);
/* "host" or "[v6]", and ":port" unless it is default_port. */
bool authority_write(struct buf *out, const struct authority *a, uint16_t default_port);

#endif
