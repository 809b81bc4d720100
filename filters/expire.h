/*
 * expire.h - makes a browser forget a cookie that a script set or that was there before us.
 *
 * A Cookie field shows a name and a value, not the domain and path the browser keeps it under, so
 * one cannot know which Set-Cookie overwrites it; the steps try them all, the likely ones first,
 * one step with each answer, until the cookie no longer comes:
 *
 *	step 0  Path=/, host-only, for the host, and for each parent domain down to the
 *	        registrable one
 *	step 1  the directory of the request's path (the default-path of document.cookie), likewise
 *	step 2  the other prefixes of the path
 *	step 3  the partitioned twins of step 0 where they were not in it, and the prefixes in
 *	        their other form, with '/' at the end
 *
 * A step that has no line for this path (a request for "/") is step 0 again.  In a cross-site
 * context each line is "Secure; SameSite=None", and has a twin with Partitioned (CHIPS), since one
 * does not delete the other.  After EXPIRE_TRIES_MAX steps the cookie is only stripped.
 */
#ifndef CRUMBGATE_FILTERS_EXPIRE_H
#define CRUMBGATE_FILTERS_EXPIRE_H

#include "base/slice.h"

#define EXPIRE_TRIES_MAX 4u
/* At most so many lines in one step, each of at most EXPIRE_LINE_MAX octets. */
#define EXPIRE_LINES_MAX 24u
#define EXPIRE_LINE_MAX 2048u
#define EXPIRE_NAME_MAX 512u

struct expire_facts {
	struct slice name;
	struct slice host;   /* the request's, without port */
	struct slice site;   /* the registrable domain of host (site_verdict.own) */
	struct slice target; /* path and query of the request */
	bool secure;
	bool cross_site; /* request_is_cross_site() */
	unsigned tries;
};

/* False for a name that no Set-Cookie can carry unchanged (nameless, controls, too long, ...). */
bool expire_possible(struct slice name);

/* One Set-Cookie field value; the slice is valid during the call only. */
typedef void expire_emit(void *arg, struct slice line);

/* Emits the lines of step `tries` and returns how many there were. */
unsigned expire_lines(const struct expire_facts *f, expire_emit *emit, void *arg);

/*
 * How often (client, host, name) was tried: bounded, the entry not used for longest is forgotten
 * first, and each after a day.  The client is 16 bytes that name it (choices.h).  now_ms is any
 * clock in milliseconds.  A cookie that comes back with another value was gone and has been set
 * anew, so the steps begin again; `value` is a keyed hash of it.  They do also after
 * EXPIRY_AGAIN_MS.
 */
struct expiry_memory;

#define EXPIRY_FORGET_MS INT64_C(86400000)
#define EXPIRY_AGAIN_MS INT64_C(600000)
/* Requests of one page that come at once count as one try. */
#define EXPIRY_TOGETHER_MS 2000

struct expiry_memory *expiry_memory_new(size_t max_entries);
void expiry_memory_free(struct expiry_memory *m);
size_t expiry_memory_count(const struct expiry_memory *m);

unsigned expiry_tries(const struct expiry_memory *m, const uint8_t client[16], struct slice host,
		      struct slice name, uint64_t value, int64_t now_ms);
/* An expiring line for it goes out with this answer. */
void expiry_note(struct expiry_memory *m, const uint8_t client[16], struct slice host,
		 struct slice name, uint64_t value, int64_t now_ms);
/* It may stay: if it is to go once more, the steps begin again. */
void expiry_forget(struct expiry_memory *m, const uint8_t client[16], struct slice host,
		   struct slice name);

#endif
