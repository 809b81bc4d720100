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
#define KEY_MAX 16384u

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
	struct buf key, packed; /* reused */
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
	buf_init(&t->key, KEY_MAX);
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
	buf_release(&t->key);
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

static void key_slice(struct buf *key, struct slice s)
{
	msg_put_u32(key, (uint32_t)s.n);
	buf_add(key, s);
}

/* Everything that makes two sightings different; the value itself stays in this process. */
static struct slice key_of(struct tap *t, const struct entry *e, struct slice value)
{
	struct buf *key = &t->key;

	buf_clear(key);
	msg_put_u8(key, (uint8_t)e->kind);
	key_slice(key, e->client);
	key_slice(key, e->site);
	key_slice(key, e->site_by);
	key_slice(key, e->confidence);
	key_slice(key, e->host);
	key_slice(key, e->cookie);
	key_slice(key, e->why);
	key_slice(key, e->profile);
	key_slice(key, e->choice);
	key_slice(key, e->seen);
	key_slice(key, e->verdict);
	key_slice(key, e->scheme);
	key_slice(key, value);
	if (e->kind == ENTRY_SET) {
		key_slice(key, e->attrs.domain);
		key_slice(key, e->attrs.path);
		/* A rolling Expires changes by a second between two answers: minutes are enough. */
		msg_put_i64(key, e->attrs.lifetime_s / 60);
		msg_put_u8(key, (uint8_t)(e->attrs.session | e->attrs.secure << 1 |
					  e->attrs.httponly << 2 | e->attrs.partitioned << 3));
		key_slice(key, e->attrs.samesite);
		msg_put_u16(key, (uint16_t)e->status);
	} else {
		msg_put_u8(key, (uint8_t)e->tries);
	}
	return buf_slice(key);
}

/* True: to be written now, e is complete but for digests; false: it was counted. */
static bool is_new(struct tap *t, struct entry *e, struct slice value, void **slot)
{
	struct slice key = key_of(t, e, value);

	e->count = 1;
	e->last = e->t;
	e->first = ENTRY_NO_TIME;
	*slot = NULL;
	if (!buf_ok(&t->key))
		return true; /* too large to be compared: written each time */
	return repeats_see(t->repeats, key, e->t, loop_now_ms(t->loop), slot) == REPEATS_NEW;
}

static void keep_and_append(struct tap *t, struct entry *e, void *slot)
{
	append_entry(t, e);
	if (slot != NULL && buf_ok(&t->packed))
		(void)repeats_keep(t->repeats, slot, buf_slice(&t->packed));
}

void tap_cookie(struct tap *t, struct entry *e, struct slice value)
{
	char digest[ENTRY_DIGEST_LEN + 1], text[SHAPE_TEXT_MAX];
	struct value_shape shape;
	void *slot;

	if (!is_new(t, e, value, &slot))
		return;
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
	keep_and_append(t, e, slot);
}

void tap_event(struct tap *t, struct entry *e)
{
	void *slot = NULL;

	if ((e->kind == ENTRY_PASS || e->kind == ENTRY_REFUSE) &&
	    !is_new(t, e, slice_of("", 0), &slot))
		return;
	keep_and_append(t, e, slot);
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
