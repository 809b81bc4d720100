/*
 * aliases.h - the names that hosts led to (CNAME), remembered for a while.
 *
 * A tracker may hide behind a name of the page's own site that is an alias of the tracker's.  The
 * chain is known when the host was resolved to dial it, which for https is before its first request
 * is read; of a host that was never resolved here nothing is known.  Bounded; who comes later to a
 * full table has the place of who came first.
 */
#ifndef CRUMBGATE_PROXY_ALIASES_H
#define CRUMBGATE_PROXY_ALIASES_H

#include "base/slice.h"

struct aliases;
struct resolution;

#define ALIASES_MAX 16u
#define ALIASES_HOSTS_MAX 4096u

/* NULL: no memory. */
struct aliases *aliases_new(void);
void aliases_free(struct aliases *a);
/* What the resolver said of the host; without any alias nothing is kept. */
void aliases_note(struct aliases *a, struct slice host, const struct resolution *r);
/* How many there are; the slices hold until the next aliases_note(). */
size_t aliases_of(const struct aliases *a, struct slice host, struct slice out[ALIASES_MAX]);

/*
 * The first of them that is_it() is true of; asked once for each host, so is_it() must always be the
 * same.  Empty: none.
 */
struct slice aliases_find(struct aliases *a, struct slice host,
			  bool (*is_it)(const void *arg, struct slice host, struct slice alias),
			  const void *arg);

#endif
