/*
 * tap.h - from what a worker sees to the recorder's letters.
 *
 * The tap turns sightings into entries: the same sighting within a window is only counted
 * (evidence/repeats.h), a new one gets its keyed digests and is packed.  Packed entries are
 * collected and put into the recorder's box as one letter at the end of the turn, before any byte
 * of that turn reaches the browser.  When the box cannot take them they are counted, and the next
 * letter that gets through begins with a `loss` entry.
 */
#ifndef CRUMBGATE_PROXY_TAP_H
#define CRUMBGATE_PROXY_TAP_H

#include "evidence/entry.h"
#include "evidence/recorder.h"

struct loop;
struct post;
struct tap;

struct tap *tap_new(struct loop *loop, struct post *post);
void tap_free(struct tap *t);

/* The recorder's keys: before the first call nothing may be seen. */
bool tap_keys(struct tap *t, const struct recorder_keys *keys);

/* The client's digests: `log` for entries, `ledger` for choices and queries. */
bool tap_client(struct tap *t, struct slice address, char log[ENTRY_DIGEST_LEN + 1],
		char ledger[ENTRY_DIGEST_LEN + 1]);

/*
 * One sighting of a cookie, in two steps, so that one that was seen before costs no more than the
 * first:
 *
 *	if (tap_seen(tap, id, wall_ms))
 *		return;			// counted
 *	...fill e...
 *	tap_cookie(tap, &e, value);	// at once: no other call of the tap's in between
 *
 * `id` is a keyed hash (base/hash.h) of everything that makes two sightings different, the value
 * included.  `e` holds every field but n, value, shape, count, first, last; `value` is the
 * cookie-value, of which only a digest and a shape go on.
 */
bool tap_seen(struct tap *t, uint64_t id, int64_t wall_ms);
void tap_cookie(struct tap *t, struct entry *e, struct slice value);
/* pass, refuse, claim, contradiction, write, block, strip: counted likewise.  Other kinds: written as they are. */
void tap_event(struct tap *t, struct entry *e);

/* Changes whenever tap_keys() brings new keys: client digests must be made again. */
unsigned tap_period(const struct tap *t);

/* Puts what is new into the recorder's box now: before bytes that were decided on go out. */
void tap_send(struct tap *t);
/* Each second.  */
void tap_tick(struct tap *t);
/* Closes all windows and sends what there is. */
void tap_flush(struct tap *t);

#endif
