#include "evidence/recorder.h"

#include "base/diag.h"
#include "base/json.h"
#include "evidence/digest.h"
#include "evidence/ledger.h"
#include "evidence/period.h"
#include "evidence/store.h"

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
#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

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

static int64_t wall(const struct recorder *r)
{
	return clock_wall_ms(r->o.clock);
}

static int64_t mono(const struct recorder *r)
{
	return clock_mono_ms(r->o.clock);
}

/* ---- failure ---- */

static void complain(struct recorder *r, const char *what)
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

static void recovered(struct recorder *r)
{
	if (r->failing)
		diag_warning("%s/evidence can be written again", r->o.state);
	r->failing = false;
}

static void lose(struct recorder *r, uint64_t count, const char *why)
{
	r->lost += count;
	snprintf(r->lost_why, sizeof(r->lost_why), "%s", why);
}

/* One entry of the recorder's own; false when it could not be written. */
static bool write_entry(struct recorder *r, struct entry *e)
{
	bool ok = store_add(r->store, e) && store_commit(r->store, NULL);

	if (ok)
		recovered(r);
	else
		complain(r, "cannot be written");
	return ok;
}

static bool tell_loss(struct recorder *r)
{
	struct entry e;

	if (r->lost == 0)
		return true;
	entry_init(&e, ENTRY_LOSS, wall(r));
	e.count = r->lost;
	e.why = slice_str(r->lost_why);
	if (!write_entry(r, &e))
		return false;
	r->lost = 0;
	return true;
}

/* ---- keys and choices ---- */

static void put_keys(struct recorder *r, struct buf *b)
{
	struct recorder_keys k = { .period = slice_str(r->period.name),
				   .until = r->period.until,
				   .keep_values = r->o.keep_values };

	memcpy(k.log_key, r->key, sizeof(k.log_key));
	memcpy(k.ledger_key, ledger_key(r->ledger), sizeof(k.ledger_key));
	recorder_put_keys(b, &k);
	explicit_bzero(&k, sizeof(k));
}

static void send(struct recorder *r, unsigned to, enum msg_type type, uint32_t id,
		 struct slice body)
{
	r->replies.send(r->replies.arg, to, type, id, body);
}

static void send_all(struct recorder *r, enum msg_type type, struct slice body)
{
	for (unsigned i = 0; i < POST_MAX; i++)
		if (r->hello[i])
			send(r, i, type, 0, body);
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

	period_of(wall(r), &p);
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

struct choice_letter {
	struct recorder *r;
	unsigned to;
	uint32_t id;
	struct buf body;
};

static void flush_choices(struct choice_letter *l)
{
	if (buf_slice(&l->body).n != 0)
		send(l->r, l->to, MSG_CHOICE, l->id, buf_slice(&l->body));
	buf_clear(&l->body);
}

static void add_choice(void *arg, const struct ledger_choice *c)
{
	struct choice_letter *l = arg;
	struct recorder_choice one = { .op = RECORDER_CHOICE_SET,
				       .client = c->client,
				       .site = c->site,
				       .choice = c->choice,
				       .seen = c->seen,
				       .when = c->when };

	if (buf_slice(&l->body).n > RECORDER_PART_MAX / 2)
		flush_choices(l);
	recorder_put_choice(&l->body, &one);
}

static void answer_hello(struct recorder *r, const struct letter *letter)
{
	struct choice_letter l = { .r = r, .to = letter->from, .id = letter->id };

	if (letter->from < POST_MAX)
		r->hello[letter->from] = true;
	buf_init(&l.body, RECORDER_PART_MAX);
	put_keys(r, &l.body);
	send(r, l.to, MSG_KEYS, l.id, buf_slice(&l.body));
	if (l.body.mem != NULL)
		explicit_bzero(l.body.mem, l.body.cap);
	buf_clear(&l.body);
	if (!ledger_choices(r->ledger, SLICE(""), add_choice, &l))
		diag_error("the choices in %s/ledger.db cannot be read", r->o.state);
	flush_choices(&l);
	send(r, l.to, MSG_CHOICES_END, l.id, SLICE(""));
	buf_release(&l.body);
}

/* One document, in as many letters as it takes. */
static void answer(struct recorder *r, const struct letter *letter, struct slice rest)
{
	struct buf part;

	buf_init(&part, RECORDER_PART_MAX + 1);
	do {
		struct slice now = slice_head(rest, RECORDER_PART_MAX);

		rest = slice_skip(rest, now.n);
		buf_clear(&part);
		msg_put_u8(&part, rest.n != 0);
		buf_add(&part, now);
		send(r, letter->from, MSG_ANSWER, letter->id, buf_slice(&part));
	} while (rest.n != 0);
	buf_release(&part);
}

static void list_choice(void *arg, const struct ledger_choice *c)
{
	ledger_choice_json(arg, c);
}

static void answer_choice_list(struct recorder *r, const struct letter *letter)
{
	struct buf json;

	buf_init(&json, ANSWER_MAX);
	if (!ledger_choices(r->ledger, SLICE(""), list_choice, &json))
		diag_error("the choices in %s/ledger.db cannot be read", r->o.state);
	answer(r, letter, buf_slice(&json));
	buf_release(&json);
}

static void answer_query(struct recorder *r, const struct letter *letter)
{
	struct recorder_query q;
	struct buf json;

	if (!recorder_get_query(letter->body, &q)) {
		diag_warning("a malformed query was dropped");
		return;
	}
	buf_init(&json, ANSWER_MAX);
	if (!ledger_query_client(r->ledger, q.client, q.since, q.limit, &json)) {
		buf_clear(&json);
		buf_adds(&json, "{\"rows\":[],\"more\":false}");
	}
	answer(r, letter, buf_slice(&json));
	buf_release(&json);
}

/* ---- letters that become entries ---- */

/* True when the letter is done with although nothing could be written (see the policy). */
static bool give_up(struct recorder *r, uint64_t entries)
{
	if (r->o.policy == RECORDER_STRICT)
		return false;
	lose(r, entries, errno == ENOSPC ? "disk full" : "disk error");
	return true;
}

/* Commits what a letter brought; *done is what recorder_letter() must return. */
static bool commit_letter(struct recorder *r, const struct store_source *source, uint64_t entries,
			  bool *done)
{
	*done = true;
	if (store_commit(r->store, source)) {
		recovered(r);
		return true;
	}
	complain(r, "cannot be written");
	*done = give_up(r, entries);
	return false;
}

static struct store_source source_of(struct recorder *r, const struct letter *letter)
{
	struct store_source s = { .from = letter->from, .id = letter->id };

	sha_of(store_sha(r->store), letter->body, s.digest);
	return s;
}

static void keep_value(struct recorder *r, const struct entry *e, struct buf *line)
{
	if (r->values < 0 || e->clear.p == NULL)
		return;
	json_open(line, '{');
	json_kv_u64(line, "n", e->n);
	json_kv(line, "value", e->clear);
	json_close(line, '}');
	buf_addc(line, '\n');
}

/* What is not in the log follows only once the log has the entries. */
static void after_commit(struct recorder *r, struct slice body, uint64_t skip, uint64_t first)
{
	struct msg_reader in;
	struct buf values;
	struct entry e;

	buf_init(&values, STORE_BATCH_MAX);
	msg_reader_init(&in, body);
	for (uint64_t i = 0; in.rest.n != 0 && entry_unpack(&in, &e); i++) {
		if (i < skip)
			continue;
		e.n = first + i - skip;
		if (e.kind == ENTRY_SET || e.kind == ENTRY_SENT)
			ledger_seen(r->ledger, &e);
		keep_value(r, &e, &values);
	}
	if (buf_slice(&values).n != 0 &&
	    write(r->values, buf_slice(&values).p, buf_slice(&values).n) < 0)
		complain(r, "values cannot be kept");
	buf_release(&values);
}

static bool take_entries(struct recorder *r, const struct letter *letter)
{
	struct store_source source = source_of(r, letter);
	uint64_t skip = store_resume(r->store, &source), count = 0, first = store_next(r->store);
	struct msg_reader in;
	struct entry e;
	bool done;

	msg_reader_init(&in, letter->body);
	while (in.rest.n != 0) {
		if (!entry_unpack(&in, &e)) {
			diag_warning("a malformed entry from process %u was dropped", letter->from);
			entry_init(&e, ENTRY_LOSS, wall(r));
			e.count = 1;
			e.why = SLICE("malformed entry");
			in.rest.n = 0;
		}
		if (count++ >= skip && !store_add(r->store, &e)) {
			complain(r, "cannot be written");
			return give_up(r, count);
		}
	}
	if (commit_letter(r, &source, count, &done))
		after_commit(r, letter->body, skip, first);
	return done;
}

static bool choice_is_good(const struct recorder_choice *c)
{
	return c->op == RECORDER_CHOICE_CLEAR || slice_eq(c->choice, SLICE("refused")) ||
	       slice_eq(c->choice, SLICE("accepted"));
}

/* Ledger, entry and announcement of one choice; false when the ledger could not take it. */
static bool take_choice(struct recorder *r, const struct recorder_choice *c, bool logged,
			struct buf *announce)
{
	char of_ledger[DIGEST_HEX_LEN + 1], of_log[DIGEST_HEX_LEN + 1];
	struct recorder_choice told = *c;
	struct ledger_choice kept = {
		.site = c->site, .choice = c->choice, .seen = c->seen, .when = c->when
	};
	struct entry e;

	if (!digest_client(r->ledger_digest, c->client, of_ledger) ||
	    !digest_client(r->log_digest, c->client, of_log))
		return false;
	kept.client = told.client = slice_str(of_ledger);
	told.profile = SLICE("");
	if (!(c->op == RECORDER_CHOICE_SET ? ledger_choice_set(r->ledger, &kept)
					   : ledger_choice_clear(r->ledger, kept.client, c->site)))
		return false;
	recorder_put_choice(announce, &told);
	entry_init(&e, ENTRY_CHOICE, c->when);
	e.client = slice_str(of_log);
	e.site = c->site;
	e.profile = c->profile;
	e.choice = c->op == RECORDER_CHOICE_SET ? c->choice : SLICE("none");
	e.seen = c->seen;
	return logged || store_add(r->store, &e);
}

static bool take_choices(struct recorder *r, const struct letter *letter)
{
	struct store_source source = source_of(r, letter);
	uint64_t skip = store_resume(r->store, &source), count = 0;
	char ok = 1;
	struct msg_reader in;
	struct recorder_choice c;
	struct buf announce;
	bool done = true;

	buf_init(&announce, MSG_MAX);
	msg_reader_init(&in, letter->body);
	while (ok && in.rest.n != 0) {
		ok = recorder_get_choice(&in, &c) && choice_is_good(&c) &&
		     take_choice(r, &c, count < skip, &announce);
		count++;
	}
	if (!ok)
		diag_warning("a choice from process %u could not be taken", letter->from);
	commit_letter(r, &source, count, &done);
	if (done) {
		if (buf_slice(&announce).n != 0)
			send_all(r, MSG_CHOICE, buf_slice(&announce));
		send(r, letter->from, MSG_ACK, letter->id, slice_of(&ok, 1));
	}
	buf_release(&announce);
	return done;
}

static bool take_death(struct recorder *r, const struct letter *letter)
{
	struct store_source source = source_of(r, letter);
	struct msg_reader in;
	struct entry e;
	bool done;

	msg_reader_init(&in, letter->body);
	entry_init(&e, ENTRY_RESTART, wall(r));
	e.name = msg_get_bytes(&in);
	e.why = msg_get_bytes(&in);
	if (!msg_end(&in) || store_resume(r->store, &source) != 0)
		return true;
	if (!store_add(r->store, &e))
		return true;
	commit_letter(r, &source, 1, &done);
	return done;
}

bool recorder_letter(struct recorder *r, const struct letter *letter)
{
	bool more;

	/* A loss is told before what comes after it. */
	if (r->lost != 0)
		tell_loss(r);
	if (store_full(r->store) && !store_seal(r->store))
		complain(r, "a full segment cannot be sealed");
	(void)store_work(r->store, &more);
	switch (letter->type) {
	case MSG_ENTRIES:
		return take_entries(r, letter);
	case MSG_CHOICE:
		return take_choices(r, letter);
	case MSG_CHILD_DIED:
		return take_death(r, letter);
	case MSG_HELLO:
		answer_hello(r, letter);
		return true;
	case MSG_QUERY:
		answer_query(r, letter);
		return true;
	case MSG_CHOICE_LIST:
		answer_choice_list(r, letter);
		return true;
	default:
		diag_debug("the recorder knows no message of type %d", (int)letter->type);
		return true;
	}
}

/* ---- time ---- */

static void watch_clock(struct recorder *r)
{
	int64_t w = wall(r), m = mono(r), jump = (w - r->last_wall) - (m - r->last_mono);
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

	period_of(wall(r), &now);
	if (strcmp(now.name, r->period.name) == 0)
		return;
	if (!begin_period(r)) {
		complain(r, "this month's key cannot be made");
		return;
	}
	buf_init(&b, RECORDER_PART_MAX);
	put_keys(r, &b);
	send_all(r, MSG_KEYS, buf_slice(&b));
	if (b.mem != NULL)
		explicit_bzero(b.mem, b.cap);
	buf_release(&b);
}

static void beat(struct recorder *r)
{
	struct entry e;

	if (mono(r) < r->heartbeat_at)
		return;
	entry_init(&e, ENTRY_HEARTBEAT, wall(r));
	write_entry(r, &e);
	r->heartbeat_at = mono(r) + HEARTBEAT_MS;
}

int64_t recorder_tick(struct recorder *r)
{
	bool more = false;

	tell_loss(r);
	watch_clock(r);
	change_period(r);
	beat(r);
	if (!store_sync(r->store))
		complain(r, "cannot be synced");
	if (mono(r) >= r->checkpoint_at) {
		if (!store_checkpoint(r->store))
			complain(r, "a checkpoint cannot be written");
		r->checkpoint_at = mono(r) + CHECKPOINT_MS;
	}
	if (store_full(r->store) && !store_seal(r->store))
		complain(r, "a full segment cannot be sealed");
	if (!store_work(r->store, &more))
		complain(r, "a sealed segment cannot be compressed");
	ledger_flush(r->ledger, wall(r));
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
		complain(r, "a copy of the rules cannot be kept");
		return false;
	}
	entry_init(&e, ENTRY_RULES, wall(r));
	e.name = slice_head(slice_str(name), ENTRY_WHY_MAX);
	e.digest = slice_str(digest);
	e.count = count;
	if (!write_entry(r, &e))
		return false;
	memcpy(r->rules, digest, sizeof(r->rules));
	return true;
}

bool recorder_config(struct recorder *r, const char *name, struct slice text, const char *why)
{
	char digest[DIGEST_PLAIN_LEN + 1];
	struct entry e;

	if (!digest_plain(text, digest))
		return false;
	entry_init(&e, ENTRY_CONFIG, wall(r));
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
		lose(r, repair->lost_entries, "torn end of the log");
}

static bool begin(struct recorder *r)
{
	struct entry e;

	r->last_wall = wall(r);
	r->last_mono = mono(r);
	r->heartbeat_at = r->last_mono + HEARTBEAT_MS;
	r->checkpoint_at = r->last_mono;
	entry_init(&e, ENTRY_START, wall(r));
	e.version = slice_str(r->o.version);
	e.origin = slice_str(store_key(r->store)->name);
	return write_entry(r, &e) && tell_loss(r);
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
	bool ok = tell_loss(r);

	entry_init(&e, ENTRY_STOP, wall(r));
	e.why = slice_head(slice_str(why), ENTRY_WHY_MAX);
	ok = write_entry(r, &e) && ok;
	if (!store_checkpoint(r->store)) {
		complain(r, "the last checkpoint cannot be written");
		ok = false;
	}
	ok = ledger_flush(r->ledger, wall(r)) && ok;
	release(r);
	return ok;
}
