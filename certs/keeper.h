/*
 * keeper.h - what the keeper process answers.  Messages only: its loop is elsewhere.
 *
 *	MSG_MINT    bytes host, bytes spki            (worker → keeper)
 *	MSG_MINTED  bytes host, u8 status, then
 *	            KEEPER_OK:  bytes leaf DER, u8 n, n × bytes DER of the chain above it (no root)
 *	            else:       bytes text
 *
 * Each sender has a bucket of KEEPER_BURST tokens that refills by KEEPER_RATE a second, so a worker
 * that was taken over cannot have the whole web signed.  (host, spki) that was signed before is
 * answered from a bounded cache, without a new certificate and without a token.
 */
#ifndef CRUMBGATE_CERTS_KEEPER_H
#define CRUMBGATE_CERTS_KEEPER_H

#include "base/msg.h"
#include "certs/ca.h"

#define KEEPER_RATE 200
#define KEEPER_BURST 2000
#define KEEPER_CACHE 4096

enum keeper_status {
	KEEPER_OK = 0,
	KEEPER_BAD_HOST,
	KEEPER_BAD_REQUEST,
	KEEPER_LIMITED,
	KEEPER_FAILED
};

struct keeper;

/* Owns ca from here on. */
struct keeper *keeper_new(struct ca *ca, struct buf *error);
void keeper_free(struct keeper *k);

/* For the recorder: what was signed.  `fresh` is false when nothing new was (cache or refusal). */
struct minted_note {
	bool fresh;
	char host[256];
	char serial[33];
	char sha256[65];
	int64_t not_after_ms;
};

/* Always writes an answer (*answer is cleared first; its cap should be MSG_MAX). */
enum keeper_status keeper_handle(struct keeper *k, unsigned from, struct slice body,
				 int64_t wall_ms, int64_t mono_ms, struct buf *answer,
				 struct minted_note *note);

/* The worker's side.  Slices borrow from the body. */
struct minted {
	struct slice host;
	enum keeper_status status;
	struct slice leaf;
	struct slice chain[CA_CHAIN_MAX];
	size_t chain_len;
	struct slice text; /* why not */
};

void keeper_put_mint(struct buf *body, struct slice host, struct slice spki);
bool keeper_get_minted(struct slice body, struct minted *out);

#endif
