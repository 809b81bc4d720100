/*
 * recorder_impl.h - the recorder's inside, shared by recorder.c (its life, its time, its keys) and
 * recorder_letters.c (what others write to it).  For nobody else.
 */
#ifndef CRUMBGATE_EVIDENCE_RECORDER_IMPL_H
#define CRUMBGATE_EVIDENCE_RECORDER_IMPL_H

#include "evidence/digest.h"
#include "evidence/ledger.h"
#include "evidence/period.h"
#include "evidence/recorder.h"
#include "evidence/store.h"

struct recorder {
	struct recorder_options o;
	struct recorder_replies replies;
	struct store *store;
	struct ledger *ledger;

	struct period period;
	unsigned char key[DIGEST_KEY_LEN];
	struct digest *log_digest, *ledger_digest;
	int values; /* the period's clear values; -1: not kept */

	bool hello[POST_MAX];
	char rules[DIGEST_PLAIN_LEN + 1]; /* in force; "": none yet */

	uint64_t lost; /* entries that could not be written, not yet told in the log */
	char lost_why[64];
	bool failing;
	int64_t complained;

	int64_t last_wall, last_mono; /* of the last tick */
	int64_t checkpoint_at, heartbeat_at;
};

int64_t recorder_wall(const struct recorder *r);
/* Says so to the operator, with errno's reason, but not all the time. */
void recorder_complain(struct recorder *r, const char *what);
void recorder_recovered(struct recorder *r);
/* Entries that the log will never have: it says so as soon as it can be written. */
void recorder_lose(struct recorder *r, uint64_t count, const char *why);
/* False: it cannot be written still. */
bool recorder_tell_loss(struct recorder *r);

void recorder_send(struct recorder *r, unsigned to, enum msg_type type, uint32_t id,
		   struct slice body);
/* To each who said hello. */
void recorder_send_all(struct recorder *r, enum msg_type type, struct slice body);
/* The body of MSG_KEYS; to be wiped by the caller. */
void recorder_own_keys(struct recorder *r, struct buf *b);

#endif
