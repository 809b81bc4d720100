/*
 * visitor.h - one client address, and what a worker knows of whoever is behind it.
 *
 * Every connection from the same canonical address (loopback addresses count as one, "local")
 * shares a visitor: its profile, its digests for the record, the pages it has open.  A visitor
 * without connections is kept for a while, so that the next connection finds the page graph; the
 * table is bounded, and the one unused for longest goes first.
 */
#ifndef CRUMBGATE_PROXY_VISITOR_H
#define CRUMBGATE_PROXY_VISITOR_H

#include "evidence/entry.h"
#include "filters/choices.h"
#include "filters/pages.h"
#include "filters/words.h"
#include "proxy/net/address.h"

struct visitors;
struct worker;

struct visitor {
	char address[ADDRESS_TEXT];
	enum profile profile;
	uint8_t id[CLIENT_ID_LEN]; /* the ledger digest's bytes: names the visitor in tables */
	char ledger[ENTRY_DIGEST_LEN + 1];
	char log[ENTRY_DIGEST_LEN + 1]; /* of the running period: see visitor_log_id() */
	unsigned period;
	struct pages *pages;
	unsigned connections; /* of clients */
	unsigned origins;     /* connections to them */
	unsigned holds;	      /* and of everything else that names it */
	size_t kept; /* octets that origins sent by HTTP/2 and its browsers did not take yet */
};

struct visitors *visitors_new(struct worker *w);
void visitors_free(struct visitors *t);

/* The visitor behind a peer's address, with one connection more.  NULL: no memory, or too many. */
struct visitor *visitor_enter(struct visitors *t, const struct address *peer);
/*
 * The same for a connection that was just accepted, within max-connections and
 * connections-per-client; NULL also beyond them.
 */
struct visitor *visitor_admit(struct visitors *t, const struct address *peer);
void visitor_leave(struct visitors *t, struct visitor *v);
/* One more connection to an origin may be dialled for it. */
bool visitor_may_dial(const struct visitors *t, const struct visitor *v);
/* For those who keep the pointer (connections to origins): it stays until it is let go. */
void visitor_hold(struct visitors *t, struct visitor *v);
void visitor_let_go(struct visitors *t, struct visitor *v);
/* By canonical address, for letters; NULL when there is no such visitor here. */
struct visitor *visitor_find(struct visitors *t, struct slice address);
/* As visitor_find(), and makes one. */
struct visitor *visitor_meet(struct visitors *t, struct slice address);

/* A ledger digest, in hexadecimal, as the id that names the visitor.  False: it is none. */
bool visitor_id_of_hex(struct slice hex, uint8_t id[CLIENT_ID_LEN]);

/* The digest for entries, made again when the period's key has changed. */
struct slice visitor_log_id(struct visitors *t, struct visitor *v);

#endif
