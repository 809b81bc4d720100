/*
 * period.h - the digests' keys: one for each calendar month (UTC), evidence/keys/2026-11.key.
 *
 * Deleting a month's key makes that month's digests meaningless for ever; the log stays whole.
 */
#ifndef CRUMBGATE_EVIDENCE_PERIOD_H
#define CRUMBGATE_EVIDENCE_PERIOD_H

#include "evidence/digest.h"
#include "evidence/files.h"

#define PERIOD_LEN 7u

struct period {
	char name[PERIOD_LEN + 1]; /* "2026-11" */
	int64_t until;		   /* wall ms at which the next one begins */
};

void period_of(int64_t wall_ms, struct period *p);
/* Loads the period's key, or makes it.  False: errno. */
bool period_key(const struct file_ops *ops, int evidence_dir, const struct period *p,
		unsigned char key[DIGEST_KEY_LEN]);

#endif
