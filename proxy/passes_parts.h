/*
 * passes_parts.h - the inside of the passes, for its parts: passes.c has those in force,
 * passes_refusals.c counts what leads to one, passes_letters.c tells other workers.
 */
#ifndef CRUMBGATE_PROXY_PASSES_PARTS_H
#define CRUMBGATE_PROXY_PASSES_PARTS_H

#include "base/hash.h"
#include "proxy/net/address.h"
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
	unsigned owner;	  /* the number of the worker that is to say how it ended */
	bool stopped;	  /* by a person: until `ends` it does not begin again */
	char address[ADDRESS_TEXT];
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

/* A host that a visitor used by a connection that we intercepted; the one used last is last. */
struct pass_use {
	UT_hash_handle hh;
	int64_t at; /* monotonic */
	char key[];
};

struct passes {
	struct passes_rules rules;
	const struct clock *clock;
	const struct passes_ops *ops;
	void *arg;
	struct pass_row *rows;
	struct refusals *refusals;
	struct trusting *trusting;
	struct pass_use *uses;
	bool handed; /* the next generation has what is here, and owns it */
	bool closed;
};

/* passes.c */
struct pass_key pass_key_of(const uint8_t id[CLIENT_ID_LEN], struct slice host);
/* In force, over or stopped; NULL: none. */
struct pass_row *passes_row(const struct passes *p, const struct pass_key *k);
/* Monotonic. */
int64_t passes_now(const struct passes *p);
bool pass_in_force(const struct passes *p, const struct pass_row *r);
/* A new one in the place of any old one, at the end of the order.  NULL: no memory. */
struct pass_row *passes_put(struct passes *p, const struct pass_key *k,
			    const struct pass_row *like);
/* Of the key's visitor there are as many in force as may be. */
bool passes_has_many(const struct passes *p, const struct pass_key *k);
void passes_retire(struct passes *p, const struct pass_row *r);
void passes_tell_ended(struct passes *p, const struct pass_row *r, enum pass_end how, bool own);
/* This worker is the one to say how it ended. */
bool passes_owns(const struct passes *p, const struct pass_row *r);
void passes_forget(struct passes *p, struct pass_row *r);
/* It cannot begin by itself for as long as it would have lasted from now on. */
void passes_bar(struct passes *p, const struct pass_key *k, bool own);
/* True: it passes from now on, or did already. */
bool passes_begin(struct passes *p, struct visitor *v, const struct pass_key *k, enum pass_why why,
		  unsigned count, const char *by);

/* passes_letters.c */
void passes_tell_begun(struct passes *p, const struct pass_row *r);
void passes_tell_stopped(struct passes *p, const struct pass_key *k);
void passes_tell_used(struct passes *p, const struct pass_use *u);
void passes_tell_refused(struct passes *p, const struct pass_key *k, int64_t began, int64_t at);

/* passes_refusals.c */
void refusals_release(struct passes *p);
bool refusals_matter(const struct passes *p);
/* How many there are within the window, this one included; 0: it does not count. */
unsigned refusals_count(struct passes *p, const struct pass_key *k, int64_t began, int64_t at);
void refusals_drop(struct passes *p, const struct pass_key *k);
/* No memory: then nothing passes. */
void trusting_note(struct passes *p, const uint8_t id[CLIENT_ID_LEN]);
/* So lately that it works.  Refusals before it count no more.  NULL: no memory. */
struct pass_use *uses_note(struct passes *p, const struct pass_key *k, int64_t at);
bool uses_lately(const struct passes *p, const struct pass_key *k);

#endif
