#include "base/diag.h"
#include "evidence/recorder_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TICK_MS 1000
#define CHECKPOINT_MS 60000
#define HEARTBEAT_MS 600000
/* The wall clock may differ from the monotonic one by so much between two ticks. */
#define JUMP_MS 2000
#define COMPLAINT_MS 60000

int64_t recorder_wall(const struct recorder *r)
{
	return clock_wall_ms(r->o.clock);
}

static int64_t mono(const struct recorder *r)
{
	return clock_mono_ms(r->o.clock);
}

/* ---- failure ---- */

void recorder_complain(struct recorder *r, const char *what)
{
	int saved = errno;

	if (r->failing && mono(r) - r->complained < COMPLAINT_MS)
		return;
	r->complained = mono(r);
	diag_error("%s/evidence: %s: %s%s", r->o.state, what, strerror(saved),
		   saved == ENOSPC ? "; free some disk space" : "; check the disk and the folder");
	if (r->lost != 0)
		diag_error("%" PRIu64 " entries were lost so far; the log will say so", r->lost);
	r->failing = true;
}

void recorder_recovered(struct recorder *r)
{
	if (r->failing)
		diag_warning("%s/evidence can be written again", r->o.state);
	r->failing = false;
}

void recorder_lose(struct recorder *r, uint64_t count, const char *why)
{
	r->lost += count;
	snprintf(r->lost_why, sizeof(r->lost_why), "%s", why);
}

/* One entry of the recorder's own; false when it could not be written. */
static bool write_entry(struct recorder *r, struct entry *e)
{
	bool ok = store_add(r->store, e) && store_commit(r->store, NULL);

	if (ok)
		recorder_recovered(r);
	else
		recorder_complain(r, "cannot be written");
	return ok;
}

bool recorder_tell_loss(struct recorder *r)
{
	struct entry e;

	if (r->lost == 0)
		return true;
	entry_init(&e, ENTRY_LOSS, recorder_wall(r));
	e.count = r->lost;
	e.why = slice_str(r->lost_why);
	if (!write_entry(r, &e))
		return false;
	r->lost = 0;
	return true;
}

/* ---- keys ---- */

void recorder_own_keys(struct recorder *r, struct buf *b)
{
	struct recorder_keys k = { .period = slice_str(r->period.name),
				   .until = r->period.until,
				   .keep_values = r->o.keep_values };

	memcpy(k.log_key, r->key, sizeof(k.log_key));
	memcpy(k.ledger_key, ledger_key(r->ledger), sizeof(k.ledger_key));
	recorder_put_keys(b, &k);
	explicit_bzero(&k, sizeof(k));
}

void recorder_send(struct recorder *r, unsigned to, enum msg_type type, uint32_t id,
		   struct slice body)
{
	r->replies.send(r->replies.arg, to, type, id, body);
}

void recorder_send_all(struct recorder *r, enum msg_type type, struct slice body)
{
	for (unsigned i = 0; i < POST_MAX; i++)
		if (r->hello[i])
			recorder_send(r, i, type, 0, body);
}

static bool open_values(struct recorder *r)
{
	char name[PERIOD_LEN + 8];
	int dir;

	if (r->values >= 0)
		close(r->values);
	r->values = -1;
	if (!r->o.keep_values)
		return true;
	dir = folder_open(store_dir(r->store), "values");
	if (dir < 0)
		return false;
	snprintf(name, sizeof(name), "%s.jsonl", r->period.name);
	r->values = openat(dir, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	close(dir);
	return r->values >= 0;
}

static bool begin_period(struct recorder *r)
{
	struct period p;
	unsigned char key[DIGEST_KEY_LEN];
	struct digest *d;

	period_of(recorder_wall(r), &p);
	if (!period_key(&file_ops_system, store_dir(r->store), &p, key))
		return false;
	d = digest_new(key);
	if (d == NULL)
		return false;
	digest_free(r->log_digest);
	r->log_digest = d;
	r->period = p;
	memcpy(r->key, key, sizeof(r->key));
	explicit_bzero(key, sizeof(key));
	return open_values(r);
}

/* ---- time ---- */

static void watch_clock(struct recorder *r)
{
	int64_t w = recorder_wall(r), m = mono(r), jump = (w - r->last_wall) - (m - r->last_mono);
	struct entry e;

	r->last_wall = w;
	r->last_mono = m;
	if (jump < JUMP_MS && jump > -JUMP_MS)
		return;
	entry_init(&e, ENTRY_CLOCK, w);
	e.jump_ms = jump;
	write_entry(r, &e);
}

static void change_period(struct recorder *r)
{
	struct period now;
	struct buf b;

	period_of(recorder_wall(r), &now);
	if (strcmp(now.name, r->period.name) == 0)
		return;
	if (!begin_period(r)) {
		recorder_complain(r, "this month's key cannot be made");
		return;
	}
	buf_init(&b, RECORDER_PART_MAX);
	recorder_own_keys(r, &b);
	recorder_send_all(r, MSG_KEYS, buf_slice(&b));
	if (b.mem != NULL)
		explicit_bzero(b.mem, b.cap);
	buf_release(&b);
}

static void beat(struct recorder *r)
{
	struct entry e;

	if (mono(r) < r->heartbeat_at)
		return;
	entry_init(&e, ENTRY_HEARTBEAT, recorder_wall(r));
	write_entry(r, &e);
	r->heartbeat_at = mono(r) + HEARTBEAT_MS;
}

int64_t recorder_tick(struct recorder *r)
{
	bool more = false;

	recorder_tell_loss(r);
	watch_clock(r);
	change_period(r);
	beat(r);
	if (!store_sync(r->store))
		recorder_complain(r, "cannot be synced");
	if (mono(r) >= r->checkpoint_at) {
		if (!store_checkpoint(r->store))
			recorder_complain(r, "a checkpoint cannot be written");
		r->checkpoint_at = mono(r) + CHECKPOINT_MS;
	}
	if (store_full(r->store) && !store_seal(r->store))
		recorder_complain(r, "a full segment cannot be sealed");
	if (!store_work(r->store, &more))
		recorder_complain(r, "a sealed segment cannot be compressed");
	ledger_flush(r->ledger, recorder_wall(r));
	return more ? 1 : TICK_MS;
}

/* ---- rules and configuration ---- */

static bool keep_rules(struct recorder *r, const char *digest, struct slice text)
{
	int dir = folder_open(store_dir(r->store), "rules");
	char name[DIGEST_PLAIN_LEN + 8];
	bool ok;

	if (dir < 0)
		return false;
	snprintf(name, sizeof(name), "%s.tsv", digest);
	ok = file_exists(dir, name) || file_replace(&file_ops_system, dir, name, text);
	close(dir);
	return ok;
}

bool recorder_rules(struct recorder *r, const char *name, struct slice text, uint64_t count)
{
	char digest[DIGEST_PLAIN_LEN + 1];
	struct entry e;

	if (!digest_plain(text, digest))
		return false;
	if (strcmp(digest, r->rules) == 0)
		return true;
	if (!keep_rules(r, digest, text)) {
		recorder_complain(r, "a copy of the rules cannot be kept");
		return false;
	}
	entry_init(&e, ENTRY_RULES, recorder_wall(r));
	e.name = slice_head(slice_str(name), ENTRY_WHY_MAX);
	e.digest = slice_str(digest);
	e.count = count;
	if (!write_entry(r, &e))
		return false;
	memcpy(r->rules, digest, sizeof(r->rules));
	return true;
}

bool recorder_list(struct recorder *r, struct slice name, struct slice digest, uint64_t count)
{
	struct entry e;

	entry_init(&e, ENTRY_RULES, recorder_wall(r));
	e.name = slice_head(name, ENTRY_WHY_MAX);
	e.digest = digest;
	e.count = count;
	return write_entry(r, &e);
}

bool recorder_config(struct recorder *r, const char *name, struct slice text, const char *why)
{
	char digest[DIGEST_PLAIN_LEN + 1];
	struct entry e;

	if (!digest_plain(text, digest))
		return false;
	entry_init(&e, ENTRY_CONFIG, recorder_wall(r));
	e.name = slice_head(slice_str(name), ENTRY_WHY_MAX);
	e.digest = slice_str(digest);
	e.why = slice_head(slice_str(why), ENTRY_WHY_MAX);
	return write_entry(r, &e);
}

/* ---- opening and closing ---- */

static void tell_repair(struct recorder *r, const struct store_repair *repair)
{
	if (repair->torn_bytes != 0)
		diag_warning("%s/evidence: the log's end was torn; %" PRIu64
			     " bytes were set aside as %s",
			     r->o.state, repair->torn_bytes, repair->saved);
	if (repair->lost_entries != 0)
		recorder_lose(r, repair->lost_entries, "torn end of the log");
}

static bool begin(struct recorder *r)
{
	struct entry e;

	r->last_wall = recorder_wall(r);
	r->last_mono = mono(r);
	r->heartbeat_at = r->last_mono + HEARTBEAT_MS;
	r->checkpoint_at = r->last_mono;
	entry_init(&e, ENTRY_START, recorder_wall(r));
	e.version = slice_str(r->o.version);
	e.origin = slice_str(store_key(r->store)->name);
	return write_entry(r, &e) && recorder_tell_loss(r);
}

static bool open_parts(struct recorder *r, char *error, size_t size)
{
	int state = open(r->o.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct store_options so = { state, r->o.state, NULL, r->o.segment_max };
	struct store_repair repair;

	if (state < 0) {
		snprintf(error, size, "%s: %s", r->o.state, strerror(errno));
		return false;
	}
	r->store = store_open(&so, &repair, error, size);
	close(state);
	if (r->store == NULL)
		return false;
	r->ledger = ledger_open(r->o.state, error, size);
	if (r->ledger == NULL)
		return false;
	r->ledger_digest = digest_new(ledger_key(r->ledger));
	tell_repair(r, &repair);
	if (r->ledger_digest != NULL && begin_period(r) && begin(r))
		return true;
	snprintf(error, size, "%s/evidence cannot be written: %s", r->o.state, strerror(errno));
	return false;
}

static void release(struct recorder *r)
{
	ledger_close(r->ledger);
	store_close(r->store);
	digest_free(r->log_digest);
	digest_free(r->ledger_digest);
	if (r->values >= 0)
		close(r->values);
	explicit_bzero(r->key, sizeof(r->key));
	free(r);
}

struct recorder *recorder_open(const struct recorder_options *options,
			       const struct recorder_replies *replies, char *error, size_t size)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		snprintf(error, size, "no memory for the recorder");
		return NULL;
	}
	r->o = *options;
	r->replies = *replies;
	r->values = -1;
	if (open_parts(r, error, size))
		return r;
	release(r);
	return NULL;
}

bool recorder_close(struct recorder *r, const char *why)
{
	struct entry e;
	bool ok = recorder_tell_loss(r);

	entry_init(&e, ENTRY_STOP, recorder_wall(r));
	e.why = slice_head(slice_str(why), ENTRY_WHY_MAX);
	ok = write_entry(r, &e) && ok;
	if (!store_checkpoint(r->store)) {
		recorder_complain(r, "the last checkpoint cannot be written");
		ok = false;
	}
	ok = ledger_flush(r->ledger, recorder_wall(r)) && ok;
	release(r);
	return ok;
}
