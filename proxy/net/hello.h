/*
 * hello.h - what a TLS ClientHello says, read from the bytes before OpenSSL sees any.
 *
 * Pure: bytes in, facts out, nothing kept.  Used to decide between tunnel and interception while
 * the bytes are still unconsumed in the stream.  The message may be split over records and over
 * segments at any place (post-quantum key shares make it larger than one segment); call again with
 * all bytes from the start when more have come.  RFC 8446 section 4.1.2, RFC 6066 section 3 (SNI),
 * RFC 7301 (ALPN).  The lists tell how the client's TLS looks, so that ours towards the origin can
 * look like it (certs/shape.h).
 */
#ifndef CRUMBGATE_PROXY_NET_HELLO_H
#define CRUMBGATE_PROXY_NET_HELLO_H

#include "base/slice.h"

/*
 * A ClientHello larger than this is refused, and so is one in more than HELLO_RECORDS_MAX records.
 */
#define HELLO_MAX (16u * 1024)
#define HELLO_RECORDS_MAX 64u
/* The most bytes that hello_parse() can ask for; a good stream_set_read_max(). */
#define HELLO_BYTES_MAX (HELLO_MAX + 4u + 5u * HELLO_RECORDS_MAX)

enum hello_status {
	HELLO_OK,
	HELLO_MORE,    /* so far so good: wait for more bytes */
	HELLO_NOT_TLS, /* the first bytes are no TLS handshake record: tunnel or refuse */
	HELLO_BAD,     /* begins as TLS and then breaks its rules */
};

/*
 * Code points in the client's order without those of RFC 8701 (GREASE), which mean nothing; what
 * comes after the first HELLO_LIST_MAX is left out.
 */
#define HELLO_LIST_MAX 64u
struct hello_list {
	uint16_t n, ids[HELLO_LIST_MAX];
};

struct hello {
	char sni[256];	   /* lower case, without a final dot; "" when there is none */
	char alpn[256];	   /* the protocol list in wire form: a length byte before each name */
	size_t alpn_len;   /* 0: no ALPN */
	uint16_t versions; /* bit n: TLS 1.n is offered, bit 0 TLS 1.0 */
	bool has_ech;	   /* encrypted_client_hello is there: the name may be the outer one */
	bool alpn_cut;	   /* the list was longer than kept */
	struct hello_list suites;  /* cipher_suites, the signalling ones too */
	struct hello_list groups;  /* supported_groups, RFC 8446 section 4.2.7 */
	struct hello_list sigalgs; /* signature_algorithms, section 4.2.3 */
};

enum hello_status hello_parse(struct slice bytes, struct hello *out);
bool hello_offers_alpn(const struct hello *h, struct slice name);
static inline bool hello_offers_tls(const struct hello *h, unsigned minor)
{
	return minor < 16 && (h->versions >> minor & 1u) != 0;
}

#endif
