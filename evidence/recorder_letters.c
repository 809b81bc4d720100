/* What others write to the recorder: questions to answer, and sightings that become entries. */
#include "base/diag.h"
#include "base/json.h"
#include "evidence/recorder_impl.h"
#include "filters/words.h"

#include <errno.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

/* ---- questions ---- */

struct choice_letter {
	struct recorder *r;
	unsigned to;
	uint32_t id;
	struct buf body;
};

static void flush_choices(struct choice_letter *l)
{
	if (buf_slice(&l->body).n != 0)
		recorder_send(l->r, l->to, MSG_CHOICE, l->id, buf_slice(&l->body));
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
	recorder_own_keys(r, &l.body);
	recorder_send(r, l.to, MSG_KEYS, l.id, buf_slice(&l.body));
	if (l.body.mem != NULL)
		explicit_bzero(l.body.mem, l.body.cap);
	buf_clear(&l.body);
	if (!ledger_choices(r->ledger, SLICE(""), add_choice, &l))
		diag_error("the choices in %s/ledger.db cannot be read", r->o.state);
	flush_choices(&l);
	recorder_send(r, l.to, MSG_CHOICES_END, l.id, SLICE(""));
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
		recorder_send(r, letter->from, MSG_ANSWER, letter->id, buf_slice(&part));
	} while (rest.n != 0);
	buf_release(&part);
}

static void answer_choice_list(struct recorder *r, const struct letter *letter)
{
	struct buf json;

	buf_init(&json, ANSWER_MAX);
	if (!ledger_list(r->ledger, letter->body, &json))
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
		buf_adds(&json, "{\"rows\":[],\"claims\":[],\"more\":false}");
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
	recorder_lose(r, entries, errno == ENOSPC ? "disk full" : "disk error");
	return true;
}

/* Commits what a letter brought; *done is what recorder_letter() must return. */
static bool commit_letter(struct recorder *r, const struct store_source *source, uint64_t entries,
			  bool *done)
{
	*done = true;
	if (store_commit(r->store, source)) {
		recorder_recovered(r);
		return true;
	}
	recorder_complain(r, "cannot be written");
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
		ledger_seen(r->ledger, &e);
		keep_value(r, &e, &values);
	}
	if (buf_slice(&values).n != 0 &&
	    write(r->values, buf_slice(&values).p, buf_slice(&values).n) < 0)
		recorder_complain(r, "values cannot be kept");
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
			entry_init(&e, ENTRY_LOSS, recorder_wall(r));
			e.count = 1;
			e.why = SLICE("malformed entry");
			in.rest.n = 0;
		}
		if (count++ >= skip && !store_add(r->store, &e)) {
			recorder_complain(r, "cannot be written");
			return give_up(r, count);
		}
	}
	if (commit_letter(r, &source, count, &done))
		after_commit(r, letter->body, skip, first);
	return done;
}

static bool choice_is_good(const struct recorder_choice *c)
{
	enum choice_state state;

	return c->op == RECORDER_CHOICE_CLEAR || (choice_of_word(c->choice, &state) &&
						  state != CHOICE_NONE && state != CHOICE_PUT_BACK);
}

struct vote {
	const struct recorder_choice *c;
	bool stronger;
};

/* What the person said itself, and not to a site. */
static void weigh(void *arg, const struct ledger_choice *kept)
{
	struct vote *v = arg;
	enum choice_seen seen;

	if ((slice_eq(kept->site, v->c->site) || slice_eq(kept->site, SLICE("*"))) &&
	    seen_of_word(kept->seen, &seen) &&
	    (seen == SEEN_DESK || seen == SEEN_CLI || seen == SEEN_SESSION) &&
	    v->c->when - kept->when < LEDGER_CHOICE_DAYS * INT64_C(86400000))
		v->stronger = true;
}

/* A worker asks for no such thing unless its own copy of the choices is behind. */
static bool is_outvoted(struct recorder *r, const struct recorder_choice *c, struct slice client)
{
	struct vote v = { .c = c };

	if (!slice_eq(c->seen, slice_str(seen_word(SEEN_BANNER))))
		return false;
	return !ledger_choices(r->ledger, client, weigh, &v) || v.stronger;
}

static bool write_choice(struct recorder *r, const struct recorder_choice *c,
			 const struct ledger_choice *kept, enum recorder_ack *ack)
{
	bool any = true, good;

	if (c->op == RECORDER_CHOICE_SET)
		good = ledger_choice_set(r->ledger, kept);
	else
		good = ledger_choice_clear(r->ledger, kept->client, c->site, &any);
	if (good && !any)
		*ack = RECORDER_NOTHING;
	return good;
}

/* Ledger, entry and announcement of one choice; false when the ledger could not take it. */
static bool take_choice(struct recorder *r, const struct recorder_choice *c, bool logged,
			struct buf *announce, enum recorder_ack *ack)
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
	if (is_outvoted(r, c, kept.client))
		return true;
	*ack = RECORDER_DONE;
	if (!write_choice(r, c, &kept, ack))
		return false;
	/* Where its entry is there already, there was something. */
	if (*ack == RECORDER_NOTHING && !logged)
		return true;
	*ack = RECORDER_DONE;
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
	enum recorder_ack ack = RECORDER_DONE;
	struct msg_reader in;
	struct recorder_choice c;
	struct buf announce;
	bool ok = ledger_begin(r->ledger), done = true;
	char body;

	buf_init(&announce, MSG_MAX);
	msg_reader_init(&in, letter->body);
	while (ok && in.rest.n != 0) {
		ok = recorder_get_choice(&in, &c) && choice_is_good(&c) &&
		     take_choice(r, &c, count < skip, &announce, &ack);
		count++;
	}
	commit_letter(r, &source, count, &done);
	/* Not before the log has it: a letter that comes again after a crash is to find all as it was. */
	if (!ledger_end(r->ledger, done)) {
		buf_clear(&announce);
		ok = false;
	}
	if (!ok)
		diag_warning("a choice from process %u could not be taken", letter->from);
	if (done) {
		if (buf_slice(&announce).n != 0)
			recorder_send_all(r, MSG_CHOICE, buf_slice(&announce));
		body = ok ? (char)ack : (char)RECORDER_NOT_DONE;
		recorder_send(r, letter->from, MSG_ACK, letter->id, slice_of(&body, 1));
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
	entry_init(&e, ENTRY_RESTART, recorder_wall(r));
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
		recorder_tell_loss(r);
	if (store_full(r->store) && !store_seal(r->store))
		recorder_complain(r, "a full segment cannot be sealed");
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
