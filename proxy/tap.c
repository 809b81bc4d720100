#include "proxy/tap.h"

#include "base/diag.h"
#include "base/hash.h"
#include "base/post.h"
#include "evidence/digest.h"
#include "evidence/repeats.h"
#include "filters/shape.h"
#include "proxy/net/loop.h"

#include <stdlib.h>

#define WINDOWS_MAX 65536u
#define WINDOW_BYTES (32u * 1024 * 1024)
/* A letter goes out when the batch has grown to this, else at the end of the turn. */
#define BATCH_BYTES (32u * 1024)

struct tap {
	struct loop *loop;
	struct post *post;
	struct repeats *repeats;
	struct digest *log_digest, *ledger_digest;
	unsigned period;
	bool keep_values;
	struct buf batch; /* packed entries of this turn */
	size_t batch_n;
	uint64_t lost;
	uint32_t letter_id;
	struct deferred flush;
	struct buf packed; /* reused */
	void *slot;	   /* of the sighting that tap_seen() found new; may be NULL */
};

static void send_batch(struct tap *t)
{
	if (t->batch.len == 0)
		return;
	if (!post_send(t->post, POST_RECORDER, MSG_ENTRIES, ++t->letter_id, buf_slice(&t->batch)))
		t->lost += t->batch_n;
	buf_clear(&t->batch);
	t->batch_n = 0;
}

static void on_flush(struct deferred *d)
{
	send_batch(LOOP_OWNER(d, struct tap, flush));
}

static void append(struct tap *t, struct slice packed)
{
	if (t->batch.len + packed.n > BATCH_BYTES)
		send_batch(t);
	if (buf_add(&t->batch, packed)) {
		t->batch_n++;
		loop_defer(t->loop, &t->flush, on_flush);
	} else {
		t->lost++;
		t->batch.failed = false;
	}
}

static void append_entry(struct tap *t, struct entry *e)
{
	buf_clear(&t->packed);
	entry_pack(&t->packed, e);
	if (buf_ok(&t->packed))
		append(t, buf_slice(&t->packed));
	else
		t->lost++;
}

/* A window closed: its entry again, with what was counted. */
static void on_closed(const struct repeats_closed *closed, void *arg)
{
	struct tap *t = arg;
	struct msg_reader r;
	struct entry e;

	msg_reader_init(&r, closed->kept);
	if (!entry_unpack(&r, &e)) {
		t->lost += closed->count;
		return;
	}
	e.t = clock_wall_ms(loop_clock(t->loop));
	e.count = closed->count;
	e.first = closed->first;
	e.last = closed->last;
	e.clear = slice_of(NULL, 0);
	append_entry(t, &e);
}

struct tap *tap_new(struct loop *loop, struct post *post)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->loop = loop;
	t->post = post;
	buf_init(&t->batch, MSG_MAX - 64);
	buf_init(&t->packed, ENTRY_PACKED_MAX);
	t->repeats = repeats_new(WINDOWS_MAX, WINDOW_BYTES, REPEATS_WINDOW_MS, on_closed, t);
	if (t->repeats == NULL) {
		tap_free(t);
		return NULL;
	}
	return t;
}

void tap_free(struct tap *t)
{
	if (t == NULL)
		return;
	deferred_cancel(&t->flush);
	repeats_free(t->repeats);
	digest_free(t->log_digest);
	digest_free(t->ledger_digest);
	buf_release(&t->batch);
	buf_release(&t->packed);
	free(t);
}

bool tap_keys(struct tap *t, const struct recorder_keys *keys)
{
	struct digest *log = digest_new(keys->log_key);
	struct digest *ledger = digest_new(keys->ledger_key);

	if (log == NULL || ledger == NULL) {
		digest_free(log);
		digest_free(ledger);
		return false;
	}
	/* What was counted under the old key belongs to the old period. */
	repeats_flush(t->repeats);
	digest_free(t->log_digest);
	digest_free(t->ledger_digest);
	t->log_digest = log;
	t->ledger_digest = ledger;
	t->keep_values = keys->keep_values;
	t->period++;
	return true;
}

unsigned tap_period(const struct tap *t)
{
	return t->period;
}

bool tap_client(struct tap *t, struct slice address, char log[ENTRY_DIGEST_LEN + 1],
		char ledger[ENTRY_DIGEST_LEN + 1])
{
	return t->log_digest != NULL && digest_client(t->log_digest, address, log) &&
	       digest_client(t->ledger_digest, address, ledger);
}

bool tap_seen(struct tap *t, uint64_t id, int64_t wall_ms)
{
	t->slot = NULL;
	return repeats_see(t->repeats, id, wall_ms, loop_now_ms(t->loop), &t->slot) ==
	       REPEATS_COUNTED;
}

/* The first of its window: its entry, which is kept for the last. */
static void append_first(struct tap *t, struct entry *e)
{
	e->count = 1;
	e->last = e->t;
	e->first = ENTRY_NO_TIME;
	append_entry(t, e);
	if (t->slot != NULL && buf_ok(&t->packed))
		(void)repeats_keep(t->repeats, t->slot, buf_slice(&t->packed));
	t->slot = NULL;
}

void tap_cookie(struct tap *t, struct entry *e, struct slice value)
{
	char digest[ENTRY_DIGEST_LEN + 1], text[SHAPE_TEXT_MAX];
	struct value_shape shape;

	if (t->log_digest == NULL || !digest_value(t->log_digest, e->cookie, value, digest)) {
		t->lost++;
		return;
	}
	value_shape_of(value, &shape);
	shape_write(&shape, text);
	e->shape = slice_str(text);
	e->value = slice_of(digest, ENTRY_DIGEST_LEN);
	if (t->keep_values)
		e->clear = slice_head(value, ENTRY_CLEAR_MAX);
	append_first(t, e);
}

static uint64_t event_id(const struct entry *e)
{
	struct hasher h;

	hasher_init(&h);
	hasher_add_u64(&h, e->kind);
	hasher_add(&h, e->client);
	hasher_add(&h, e->host);
	hasher_add(&h, e->why);
	hasher_add(&h, e->site);
	hasher_add(&h, e->name);
	hasher_add(&h, e->profile);
	hasher_add(&h, e->choice);
	hasher_add(&h, e->seen);
	return hasher_result(&h);
}

static bool is_counted(enum entry_kind kind)
{
	return kind == ENTRY_PASS || kind == ENTRY_REFUSE || kind == ENTRY_CLAIM ||
	       kind == ENTRY_CONTRADICTION || kind == ENTRY_WRITE || kind == ENTRY_BLOCK ||
	       kind == ENTRY_STRIP || kind == ENTRY_HEAL;
}

void tap_event(struct tap *t, struct entry *e)
{
	if (!is_counted(e->kind))
		append_entry(t, e);
	else if (!tap_seen(t, event_id(e), e->t))
		append_first(t, e);
}

static void tell_loss(struct tap *t)
{
	struct entry e;

	if (t->lost == 0 || post_queued(t->post) != 0)
		return;
	entry_init(&e, ENTRY_LOSS, clock_wall_ms(loop_clock(t->loop)));
	e.count = t->lost;
	e.why = SLICE("the recorder's box was full");
	t->lost = 0;
	append_entry(t, &e);
}

void tap_send(struct tap *t)
{
	send_batch(t);
}

void tap_tick(struct tap *t)
{
	(void)repeats_sweep(t->repeats, loop_now_ms(t->loop));
	tell_loss(t);
}

void tap_flush(struct tap *t)
{
	repeats_flush(t->repeats);
	tell_loss(t);
	send_batch(t);
}
