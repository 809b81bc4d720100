/*
 * dial.h - a connection to host and port: Happy Eyeballs version 2 (RFC 8305).
 *
 * AAAA and A are asked for at once; when A comes first AAAA gets 50 ms more (section 3).  Addresses
 * are tried in turn, families interleaved (section 4), the family that won last time for this host
 * first; a further attempt starts when one fails or after DIAL_STAGGER_MS; the first that stands
 * wins and the others are dropped (section 5).  All of it has DIAL_TIMEOUT_MS.
 *
 * Each address is shown to the `allow` function *after* resolution and right before the attempt, so
 * a name that points to a private address does not get around the policy (DNS rebinding).  Literals
 * are shown as well.  When none was allowed, the error is DIAL_FORBIDDEN with the reason.
 *
 * The callback is called exactly once, from the loop, unless the dial is cancelled.  The result's
 * stream is plain and connected, and belongs to the callee, who gives it its callback with
 * stream_set_cb().
 */
#ifndef CRUMBGATE_PROXY_NET_DIAL_H
#define CRUMBGATE_PROXY_NET_DIAL_H

#include "proxy/net/resolve.h"
#include "proxy/net/stream.h"

#define DIAL_RESOLUTION_DELAY_MS 50
#define DIAL_STAGGER_MS 250
#define DIAL_TIMEOUT_MS 10000

enum dial_error {
	DIAL_OK,
	DIAL_DNS_NOT_FOUND, /* no such name */
	DIAL_DNS_FAILED,    /* the name servers did not answer usably */
	DIAL_REFUSED,
	DIAL_UNREACHABLE,
	DIAL_TIMEOUT,
	DIAL_FORBIDDEN, /* by the address policy */
	DIAL_NO_FDS,	/* this process is out of descriptors or memory */
	DIAL_CANCELLED, /* the dialer was freed */
};

struct dial_result {
	enum dial_error error;
	const char *text;	      /* words for people: the reason, for DIAL_OK "" */
	struct stream *stream;	      /* DIAL_OK: the callee's */
	struct address address;	      /* DIAL_OK: the peer's, with port */
	const struct resolution *dns; /* names and addresses; NULL when DNS gave nothing */
	int64_t dns_ms, connect_ms;   /* how long until the first address, and from there */
};

struct dialer;
struct dial;

/* Everything in `r` but the stream is valid during the call only. */
typedef void dial_cb(struct dial *d, const struct dial_result *r, void *arg);

/* False: not to be connected to; *reason is set to a static phrase.  The address has its port. */
typedef bool dial_allow(const struct address *a, void *arg, const char **reason);

/* The resolver is borrowed.  allow == NULL allows all.  NULL: memory is out. */
struct dialer *dialer_new(struct loop *loop, struct resolver *resolver, dial_allow *allow,
			  void *arg);
/* Dials under way end with DIAL_CANCELLED, before it returns. */
void dialer_free(struct dialer *dialer);

/*
 * Host: a name or a literal (IPv6 with or without brackets).  `allow` and its arg, when not NULL,
 * stand in for the dialer's.  NULL: memory is out.
 */
struct dial *dial_start(struct dialer *dialer, struct slice host, uint16_t port, dial_allow *allow,
			void *allow_arg, dial_cb *cb, void *arg);
/* No callback any more.  NULL is allowed; not after the callback was called. */
void dial_cancel(struct dial *d);
/* "refused", "timeout" ...: a fixed word for logs and metrics. */
const char *dial_error_word(enum dial_error error);

#endif
