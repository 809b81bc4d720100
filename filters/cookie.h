/*
 * cookie.h - Set-Cookie and Cookie, read as a browser and a server read them.
 *
 * Set-Cookie (RFC 6265bis, draft -22, section 5.6):
 *
 *	struct set_cookie c;
 *	if (!set_cookie_parse(field_value, &c))
 *		...                       // a browser ignores the whole line; forward it as it is
 *	life = set_cookie_lifetime_s(&c, now_s);
 *
 * All slices are borrowed from the field value and live as long as it does.  Nothing is decoded,
 * unquoted or folded to lower case: names and values are bytes.
 *
 * Cookie: cookie_next() walks the pairs of one field line; cookie_header_edit() takes some pairs
 * out and leaves every other byte and the order alone.  Where HTTP/2 split the field into crumbs,
 * join them with "; " first (RFC 9113 section 8.2.3).
 */
#ifndef CRUMBGATE_FILTERS_COOKIE_H
#define CRUMBGATE_FILTERS_COOKIE_H

#include "base/buf.h"
#include "filters/words.h"

/* Name and value together, in octets; a browser ignores a longer cookie. */
#define COOKIE_PAIR_MAX 4096
/* A longer attribute value is ignored. */
#define COOKIE_ATTRIBUTE_MAX 1024
/* 400 days: no cookie lives longer, whatever it asks for. */
#define COOKIE_LIFETIME_MAX_S (INT64_C(400) * 24 * 3600)

/* Values of a lifetime in seconds that are no number of seconds ahead. */
#define LIFETIME_DELETES INT64_C(0)  /* the line makes the browser forget the cookie */
#define LIFETIME_SESSION INT64_C(-1) /* until the browser closes */
#define LIFETIME_UNKNOWN INT64_C(-2) /* a cookie that was sent: its lifetime cannot be seen */

struct set_cookie {
	struct slice name; /* empty: a nameless cookie ("=x" or "x") */
	struct slice value;
	/*
	 * Domain without its leading dot, in the case it was written; empty and has_domain false
	 * when it is absent or empty, which makes the cookie host-only.
	 */
	struct slice domain;
	/* Path when it begins with '/', else empty: the default-path counts. */
	struct slice path;
	bool has_domain;
	bool has_path; /* a Path attribute is there, good or bad */
	bool secure, httponly, partitioned;
	enum same_site same_site;
	bool has_max_age, has_expires;
	int64_t max_age_s; /* as asked for, saturated, before the cap */
	int64_t expires_s; /* seconds since 1970-01-01T00:00:00Z; may be negative */
};

/* False: a browser ignores the whole line (control octets, too long, nothing in it, ...). */
bool set_cookie_parse(struct slice line, struct set_cookie *out);

/*
 * How long the browser will keep it, for an answer received at now_s (seconds since 1970):
 * Max-Age beats Expires, 400 days at most; LIFETIME_SESSION, LIFETIME_DELETES or a number > 0.
 */
int64_t set_cookie_lifetime_s(const struct set_cookie *c, int64_t now_s);

/* cookie-date (section 5.6.1); false when it fails.  In cookie_date.c. */
bool cookie_date_parse(struct slice text, int64_t *seconds);

struct sites;

/* Would a browser's store take it?  The first rule that refuses is named.  Section 5.7. */
enum cookie_store_result {
	STORE_YES,
	STORE_NO_PUBLIC_SUFFIX,	 /* Domain is a public suffix and not the host itself */
	STORE_NO_FOREIGN_DOMAIN, /* the host does not domain-match Domain */
	STORE_NO_INSECURE,	 /* Secure, but the answer did not come over TLS */
	STORE_NO_SAME_SITE,	 /* Lax, Strict or default from a cross-site sub-request */
	STORE_NO_NONE_INSECURE,	 /* SameSite=None without Secure */
	STORE_NO_PARTITIONED,	 /* Partitioned without Secure */
	STORE_NO_PREFIX,	 /* __Host-, __Secure-, __Http- or __Host-Http- without its due */
};

/* What of the exchange the store looks at.  host without port, any case. */
struct cookie_context {
	struct slice host;
	bool secure;	 /* over TLS */
	bool cross_site; /* in a third-party context and not a top-level navigation */
};

enum cookie_store_result set_cookie_would_store(struct sites *sites, const struct set_cookie *c,
						const struct cookie_context *ctx);
/* "yes", "public-suffix", "foreign-domain", ... */
const char *cookie_store_word(enum cookie_store_result v);

/*
 * What a name demands by its prefix, ASCII case-insensitive (section 4.1.3, and layered-cookies
 * for __Http- and __Host-Http-).
 */
struct cookie_prefix {
	bool secure, host, http; /* Secure; no Domain and Path=/; HttpOnly */
};
struct cookie_prefix cookie_prefix_of(struct slice name);

/* host equals domain or ends in "." domain, ASCII case-insensitive; never so for an IP address. */
bool cookie_domain_match(struct slice host, struct slice domain);

/*
 * The next pair of a Cookie field line; `*rest` starts as the whole value and is moved on.  False
 * at the end.  Pairs are cut at every ';' as servers cut them, quotes or not.  `pair` is the span
 * between two ';' with its blanks; `name` and `value` are trimmed; without '=' the name is empty
 * (as a browser sends a nameless cookie).  A span that holds nothing but blanks is given too, with
 * name and value empty.
 */
bool cookie_next(struct slice *rest, struct slice *pair, struct slice *name, struct slice *value);

enum cookie_edit_result {
	COOKIE_EDIT_SAME,    /* every pair stays: forward the line as it came; nothing written */
	COOKIE_EDIT_CHANGED, /* `out` holds the new value */
	COOKIE_EDIT_DROP,    /* no pair is left: forward no such line; nothing written */
	COOKIE_EDIT_ERROR,   /* `out` failed (cap or memory): forward no such line */
};

/* True: the pair stays.  `index` counts the pairs of this line from 0, blank spans left out. */
typedef bool cookie_keep(void *arg, size_t index, struct slice name, struct slice value);

/* Appends to out.  The callback is asked once for each pair that is not blank, in order. */
enum cookie_edit_result cookie_header_edit(struct slice value, cookie_keep *keep, void *arg,
					   struct buf *out);

#endif
