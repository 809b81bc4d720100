/*
 * passes_parts.h - the inside of the passes, for its two halves: passes.c has those in force and
 * the letters, passes_refusals.c counts what leads to one.
 */
#ifndef CRUMBGATE_PROXY_PASSES_PARTS_H
#define CRUMBGATE_PROXY_PASSES_PARTS_H

#include "base/hash.h"
#include "proxy/passes.h"

/* The visitor, then the host without its NUL. */
#define PASS_KEY_MAX (CLIENT_ID_LEN + SITE_MAX)

struct pass_key {
	size_t n; /* 0: no host */
	char text[PASS_KEY_MAX];
};

/* uthash keeps the order of insertion: the first of each table is the oldest. */
struct pass_row {
	UT_hash_handle hh;
	struct pass pass; /* its host is in the key */
	int64_t ends;	  /* monotonic */
	bool own;	  /* begun here */
	bool stopped;	  /* by a person: until `ends` it does not begin again */
	char key[];
};

struct refusals {
	UT_hash_handle hh;
	int64_t at[PASS_REFUSALS_MAX]; /* monotonic, oldest first; those within the window */
	unsigned n;
	char key[];
};

/* A visitor who has used a connection that we intercepted. */
struct trusting {
	UT_hash_handle hh;
	uint8_t id[CLIENT_ID_LEN];
};

struct passes {
	struct passes_rules rules;
	const struct clock *clock;
	const struct passes_ops *ops;
	void *arg;
	struct pass_row *rows;
	struct refusals *refusals;
	struct trusting *trusting;
};

/* passes.c */
struct pass_key pass_key_of(const uint8_t id[CLIENT_ID_LEN], struct slice host);
/* In force, over or stopped; NULL: none. */
struct pass_row *passes_row(const struct passes *p, const struct pass_key *k);
/* Monotonic. */
int64_t passes_now(const struct passes *p);
/* True: it passes from now on, or did already. */
bool passes_begin(struct passes *p, struct visitor *v, const struct pass_key *k, enum pass_why why,
		  unsigned count, const char *by);
void passes_tell_accepted(struct passes *p, const struct pass_key *k);
void passes_tell_refused(struct passes *p, const struct pass_key *k, int64_t began, int64_t at);

/* passes_refusals.c */
void refusals_release(struct passes *p);
bool refusals_matter(const struct passes *p);
/* How many there are within the window, this one included; 0: it does not count. */
unsigned refusals_count(struct passes *p, const struct pass_key *k, int64_t began, int64_t at);
void refusals_drop(struct passes *p, const struct pass_key *k);
/* False: was known already, or no memory (then nothing passes). */
bool trusting_note(struct passes *p, const uint8_t id[CLIENT_ID_LEN]);

#endif
