#include "evidence/repeats.h"

#include "base/hash.h"

#include <stdlib.h>
#include <sys/queue.h>

struct window {
	UT_hash_handle hh;
	/* all windows are as long, so the order of opening is that of closing */
	TAILQ_ENTRY(window) by_age;
	uint64_t id;
	int64_t opened; /* monotonic */
	struct repeats_closed counted;
	char *kept;
};

TAILQ_HEAD(window_list, window);

struct repeats {
	struct window *table;
	struct window_list ages;
	size_t open, cap, bytes, max_bytes;
	int64_t window_ms;
	repeats_write *write;
	void *arg;
};

struct repeats *repeats_new(size_t cap, size_t max_bytes, int64_t window_ms, repeats_write *write,
			    void *arg)
{
	struct repeats *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->cap = cap != 0 ? cap : 1;
	r->max_bytes = max_bytes;
	r->window_ms = window_ms;
	r->write = write;
	r->arg = arg;
	TAILQ_INIT(&r->ages);
	return r;
}

static void forget(struct repeats *r, struct window *w)
{
	HASH_DELETE(hh, r->table, w);
	TAILQ_REMOVE(&r->ages, w, by_age);
	r->bytes -= w->counted.kept.n;
	r->open--;
	free(w->kept);
	free(w);
}

static void close_window(struct repeats *r, struct window *w)
{
	if (w->counted.count != 0)
		r->write(&w->counted, r->arg);
	forget(r, w);
}

void repeats_free(struct repeats *r)
{
	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->ages))
		forget(r, TAILQ_FIRST(&r->ages));
	free(r);
}

/* NULL when there is no memory: then nothing is counted and the sighting is new each time. */
static struct window *open_window(struct repeats *r, uint64_t id, int64_t mono_ms)
{
	struct window *w;

	while (r->open >= r->cap)
		close_window(r, TAILQ_FIRST(&r->ages));
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->id = id;
	w->opened = mono_ms;
	HASH_ADD_BYHASHVALUE(hh, r->table, id, sizeof(w->id), (unsigned)id, w);
	TAILQ_INSERT_TAIL(&r->ages, w, by_age);
	r->open++;
	return w;
}

static void count(struct window *w, int64_t wall_ms)
{
	if (w->counted.count++ == 0)
		w->counted.first = wall_ms;
	w->counted.last = wall_ms;
}

enum repeats_seen repeats_see(struct repeats *r, uint64_t id, int64_t wall_ms, int64_t mono_ms,
			      void **slot)
{
	struct window *w;

	HASH_FIND_BYHASHVALUE(hh, r->table, &id, sizeof(id), (unsigned)id, w);
	if (w != NULL && mono_ms - w->opened < r->window_ms && w->kept != NULL) {
		count(w, wall_ms);
		return REPEATS_COUNTED;
	}
	if (w != NULL)
		close_window(r, w);
	*slot = open_window(r, id, mono_ms);
	return REPEATS_NEW;
}

bool repeats_keep(struct repeats *r, void *slot, struct slice packed)
{
	struct window *w = slot;

	if (w == NULL)
		return false;
	w->kept = malloc(packed.n != 0 ? packed.n : 1);
	if (w->kept == NULL) {
		forget(r, w);
		return false;
	}
	memcpy(w->kept, packed.p, packed.n);
	w->counted.kept = slice_of(w->kept, packed.n);
	r->bytes += packed.n;
	while (r->bytes > r->max_bytes && TAILQ_FIRST(&r->ages) != w)
		close_window(r, TAILQ_FIRST(&r->ages));
	return true;
}

int64_t repeats_sweep(struct repeats *r, int64_t mono_ms)
{
	struct window *w;

	while ((w = TAILQ_FIRST(&r->ages)) != NULL) {
		int64_t left = w->opened + r->window_ms - mono_ms;

		if (left > 0)
			return left;
		close_window(r, w);
	}
	return r->window_ms;
}

void repeats_flush(struct repeats *r)
{
	while (!TAILQ_EMPTY(&r->ages))
		close_window(r, TAILQ_FIRST(&r->ages));
}

size_t repeats_open(const struct repeats *r)
{
	return r->open;
}
