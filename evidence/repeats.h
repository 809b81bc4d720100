/*
 * repeats.h - counts what was seen before instead of recording it again.
 *
 * A worker keeps one table.  A sighting is named by a 64-bit keyed hash of all its facts, the raw
 * value and all (base/hash.h): nothing of it leaves the table.  Two sightings are the same when
 * their numbers are.
 *
 *	switch (repeats_see(r, id, wall_ms, mono_ms, &slot)) {
 *	case REPEATS_NEW:	make the digests, pack the entry, send it;
 *				repeats_keep(r, slot, packed);	// for the repeat entry, later
 *	case REPEATS_COUNTED:	nothing
 *	}
 *	...each second: repeats_sweep(r, mono_ms, write, arg);
 *
 * A window opens with the first sighting and closes `window_ms` later, whether or not more came:
 * then what was counted is handed to the callback, and the next sighting is new.  The table has a
 * cap given at birth; beyond it the oldest window closes early, so nothing is ever lost for want of
 * room. Cost of a repeat: one look-up, no allocation.
 */
#ifndef CRUMBGATE_EVIDENCE_REPEATS_H
#define CRUMBGATE_EVIDENCE_REPEATS_H

#include "base/slice.h"

#define REPEATS_WINDOW_MS 60000

struct repeats;

enum repeats_seen { REPEATS_NEW, REPEATS_COUNTED };

/* What one closed window counted.  Only windows with count > 0 are told. */
struct repeats_closed {
	struct slice kept;   /* what repeats_keep() got; the packed first entry */
	uint64_t count;	     /* sightings after the first */
	int64_t first, last; /* wall times (ms) of the first and the last of those */
};

typedef void repeats_write(const struct repeats_closed *closed, void *arg);

/*
 * At most `cap` windows are open at once, and at most `max_bytes` of kept bytes.  `write` is called
 * from repeats_see() (a window closed early), repeats_sweep() and repeats_flush().  NULL: no
 * memory.
 */
struct repeats *repeats_new(size_t cap, size_t max_bytes, int64_t window_ms, repeats_write *write,
			    void *arg);
void repeats_free(struct repeats *r); /* without telling; flush first */

/* *slot is set for REPEATS_NEW and valid until the next call of any other function here. */
enum repeats_seen repeats_see(struct repeats *r, uint64_t id, int64_t wall_ms, int64_t mono_ms,
			      void **slot);
/*
 * Copies the bytes to be handed back at the end of the window.  False: no memory, nothing is kept
 * and the next same sighting is new again.
 */
bool repeats_keep(struct repeats *r, void *slot, struct slice packed);

/* Closes every window that opened window_ms or longer ago; returns the ms until the next one. */
int64_t repeats_sweep(struct repeats *r, int64_t mono_ms);
/* Closes all (drain, change of the period's key or of the rules). */
void repeats_flush(struct repeats *r);
size_t repeats_open(const struct repeats *r);

#endif
