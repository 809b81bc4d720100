#include "evidence/period.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void period_of(int64_t wall_ms, struct period *p)
{
	char first[CLOCK_RFC3339_LEN + 1];
	int64_t next;

	clock_rfc3339(wall_ms >= 0 ? wall_ms : 0, first, sizeof(first));
	memcpy(p->name, first, PERIOD_LEN);
	p->name[PERIOD_LEN] = '\0';
	memcpy(first + PERIOD_LEN, "-01T00:00:00.000Z", CLOCK_RFC3339_LEN + 1 - PERIOD_LEN);
	/* 31 days and some hours after its first moment every month is over and the next not. */
	next = clock_parse_rfc3339(first, CLOCK_RFC3339_LEN) + INT64_C(31) * 86400000 + 3600000;
	clock_rfc3339(next, first, sizeof(first));
	memcpy(first + PERIOD_LEN, "-01T00:00:00.000Z", CLOCK_RFC3339_LEN + 1 - PERIOD_LEN);
	p->until = clock_parse_rfc3339(first, CLOCK_RFC3339_LEN);
}

bool period_key(const struct file_ops *ops, int evidence_dir, const struct period *p,
		unsigned char key[DIGEST_KEY_LEN])
{
	int dir = folder_open(evidence_dir, "keys");
	char name[PERIOD_LEN + 8];
	struct buf b;
	bool ok;

	if (dir < 0)
		return false;
	buf_init(&b, DIGEST_KEY_LEN);
	snprintf(name, sizeof(name), "%s.key", p->name);
	if (file_exists(dir, name)) {
		ok = file_read(dir, name, &b) && buf_slice(&b).n == DIGEST_KEY_LEN;
		if (ok)
			memcpy(key, buf_slice(&b).p, DIGEST_KEY_LEN);
		else if (errno == 0)
			errno = EINVAL;
	} else {
		ok = RAND_bytes(key, DIGEST_KEY_LEN) == 1 &&
		     file_replace(ops, dir, name, slice_of((const char *)key, DIGEST_KEY_LEN));
	}
	buf_release(&b);
	close(dir);
	return ok;
}
