/*
 * resolve.h - names to addresses, without waiting: c-ares on the loop.
 *
 * The system's hosts file is asked first, and what it has is the whole answer.  Else A and AAAA are
 * asked for separately, so that whoever connects can begin with what came first (RFC 8305 section
 * 3). Answers are kept for their TTL (at least RESOLVE_TTL_MIN, at most RESOLVE_TTL_MAX seconds;
 * "no such name" and failures RESOLVE_TTL_NEGATIVE), equal questions under way are asked once, a
 * question that has no answer after RESOLVE_TIMEOUT_MS has failed.  IP literals need no question.
 * resolv.conf is read again when it changes.
 *
 * The callback gets the state of both families each time one of them is settled, at most twice, and
 * never inside resolve_start().  After the call in which nothing is pending any more the query is
 * gone.
 */
#ifndef CRUMBGATE_PROXY_NET_RESOLVE_H
#define CRUMBGATE_PROXY_NET_RESOLVE_H

#include "base/slice.h"

#include "proxy/net/address.h"
#include "proxy/net/loop.h"

#define RESOLVE_TTL_MIN 5
#define RESOLVE_TTL_MAX 300
#define RESOLVE_TTL_NEGATIVE 5
#define RESOLVE_TIMEOUT_MS 5000
#define RESOLVE_ADDRESSES_MAX 16 /* per family */
#define RESOLVE_CNAMES_MAX 16
#define RESOLVE_CACHE_MAX 4096 /* names */

enum resolve_state {
	RESOLVE_PENDING,
	RESOLVE_FOUND,
	RESOLVE_NOT_FOUND, /* no such name, or no address of this family */
	RESOLVE_FAILED,	   /* no usable answer from the servers */
};

struct resolution {
	const char *host; /* as asked, lower case, without a final dot */
	enum resolve_state v6_state, v4_state;
	size_t v6_count, v4_count;
	const struct address *v6, *v4; /* port 0 */
	/* The names that `host` led to, in order, lower case: what follows each CNAME. */
	size_t cname_count;
	const char *const *cnames;
	const char *text; /* why it failed, or NULL */
};

struct resolver;
struct resolve; /* one question of one asker */

/* Everything in `r` is valid during the call only. */
typedef void resolve_cb(struct resolve *q, const struct resolution *r, void *arg);

/*
 * servers: "192.0.2.53,[2001:db8::53]:5353", or NULL for the system's.  NULL with errno on failure.
 * The system's files (/etc/hosts, /etc/resolv.conf) are opened for questions, not only here.
 */
struct resolver *resolver_new(struct loop *loop, const char *servers);
/* Queries that are left get no callback. */
void resolver_free(struct resolver *r);
/* NULL: memory is out. A host that is no host name is answered with RESOLVE_NOT_FOUND. */
struct resolve *resolve_start(struct resolver *r, struct slice host, resolve_cb *cb, void *arg);
/* No callback any more.  NULL is allowed. */
void resolve_cancel(struct resolve *q);
/* Forgets all answers (network changed, reload). */
void resolver_forget(struct resolver *r);

#endif
