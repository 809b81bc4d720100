/* evidence: the recorder's letters, the ledger, the digests' periods, replay. */
#include "base/clock.h"
#include "evidence/digest.h"
#include "evidence/ledger.h"
#include "evidence/files.h"
#include "evidence/period.h"
#include "evidence/reader.h"
#include "evidence/recorder.h"
#include "evidence/replay.h"
#include "evidence/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define T0 1795318610123 /* 2026-11-22T03:36:50.123Z */
#define VALUE "ffeeddccbbaa99887766554433221100"
#define WORKER (POST_WORKER + 1)

static char folder[128], error[512];
static int64_t wall_now, mono_now;
static const struct clock test_clock = { &wall_now, &mono_now };

/* ---- what the recorder sends ---- */

struct sent {
	unsigned to;
	enum msg_type type;
	uint32_t id;
	struct buf body;
};

static struct sent box[64];
static size_t box_n;

static void on_send(void *arg, unsigned to, enum msg_type type, uint32_t id, struct slice body)
{
	struct sent *s = &box[box_n];

	(void)arg;
	assert_true(box_n < 64);
	box_n++;
	*s = (struct sent){ .to = to, .type = type, .id = id };
	buf_init(&s->body, MSG_MAX);
	assert_true(buf_add(&s->body, body));
}

static void empty_box(void)
{
	while (box_n > 0)
		buf_release(&box[--box_n].body);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/crumbgate-recorder-XXXXXX",
		 tmp != NULL ? tmp : "/tmp");
	wall_now = T0;
	mono_now = 1000;
	return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	(void)state;
	empty_box();
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct recorder *open_with(enum recorder_policy policy, bool keep_values)
{
	struct recorder_options o = { .state = folder,
				      .version = "1",
				      .clock = &test_clock,
				      .policy = policy,
				      .keep_values = keep_values };
	struct recorder_replies replies = { on_send, NULL };
	struct recorder *r = recorder_open(&o, &replies, error, sizeof(error));

	if (r == NULL)
		fail_msg("%s", error);
	return r;
}

static struct recorder *must_open(void)
{
	return open_with(RECORDER_LENIENT, false);
}

static bool letter(struct recorder *r, enum msg_type type, uint32_t id, struct slice body)
{
	return recorder_letter(r, &(struct letter){ type, WORKER, id, body });
}

static void cookie(struct entry *e, const char *name)
{
	entry_init(e, ENTRY_SENT, wall_now);
	e->client = SLICE("00112233445566778899aabbccddeeff");
	e->site = SLICE("example.com");
	e->site_by = SLICE("same-site");
	e->confidence = SLICE("high");
	e->party = SLICE("first");
	e->host = SLICE("www.example.com");
	e->scheme = SLICE("https");
	e->rules = SLICE("0000000000000000");
	e->cookie = slice_str(name);
	e->purpose = SLICE("unknown");
	e->why = SLICE("no row; first party");
	e->profile = SLICE("default");
	e->choice = SLICE("none");
	e->seen = SLICE("nowhere");
	e->verdict = SLICE("kept");
	e->value = SLICE(VALUE);
	e->shape = SLICE("num:10");
	e->count = 1;
}

static void put_cookie(struct buf *b, const char *name)
{
	struct entry e;

	cookie(&e, name);
	entry_pack(b, &e);
}

/* ---- what the log says ---- */

static struct buf log_text;

static const char *read_log(void)
{
	char path[256];

	buf_release(&log_text);
	buf_init(&log_text, 1 << 20);
	snprintf(path, sizeof(path), "%s/evidence/%s", folder, LOG_NAME);
	assert_true(file_read(AT_FDCWD, path, &log_text));
	assert_true(buf_addc(&log_text, '\0'));
	return log_text.mem;
}

static unsigned count_of(const char *what)
{
	const char *p = read_log();
	unsigned n = 0;

	while ((p = strstr(p, what)) != NULL) {
		p++;
		n++;
	}
	return n;
}

static void check_log(void)
{
	struct verify_options o = { 0 };
	struct verify_report *report = malloc(sizeof(*report));

	assert_non_null(report);
	if (verify_log(folder, &o, report) != VERIFY_GOOD)
		fail_msg("%s: %s", report->problems[0].file, report->problems[0].what);
	assert_true(report->covered == report->entries);
	free(report);
}

static void test_life(void **state)
{
	struct recorder *r = must_open();
	struct buf b;

	(void)state;
	assert_true(recorder_config(r, "crumbgate.conf", SLICE("listen = x"), "start"));
	assert_true(recorder_rules(r, "cookies.tsv", SLICE("# none\n"), 0));
	assert_true(recorder_rules(r, "cookies.tsv", SLICE("# none\n"), 0));
	buf_init(&b, MSG_MAX);
	put_cookie(&b, "a");
	put_cookie(&b, "b");
	assert_true(letter(r, MSG_ENTRIES, 1, buf_slice(&b)));
	assert_true(letter(r, MSG_ENTRIES, 2, SLICE("garbage")));
	buf_add(&b, SLICE("tail"));
	assert_true(letter(r, MSG_ENTRIES, 3, buf_slice(&b)));
	buf_release(&b);
	wall_now += 600000;
	mono_now += 600000;
	recorder_tick(r);
	wall_now += 7000;
	mono_now += 1000;
	recorder_tick(r);
	buf_init(&b, MSG_MAX);
	msg_put_bytes(&b, SLICE("worker 1"));
	msg_put_bytes(&b, SLICE("signal 9"));
	assert_true(letter(r, MSG_CHILD_DIED, 4, buf_slice(&b)));
	buf_release(&b);
	assert_true(recorder_close(r, "drain"));
	check_log();
	assert_int_equal(count_of("\"kind\":\"start\""), 1);
	assert_int_equal(count_of("\"kind\":\"config\""), 1);
	assert_int_equal(count_of("\"kind\":\"rules\""), 1);
	assert_int_equal(count_of("\"kind\":\"sent\""), 4);
	assert_int_equal(count_of("malformed entry"), 2);
	assert_int_equal(count_of("\"kind\":\"heartbeat\""), 1);
	assert_int_equal(count_of("\"jump_ms\":6000}"), 1);
	assert_int_equal(count_of("\"name\":\"worker 1\",\"why\":\"signal 9\""), 1);
	assert_int_equal(count_of("\"kind\":\"stop\",\"why\":\"drain\""), 1);
}

/* A letter that was done comes again after a crash: nothing is written twice. */
static void test_letter_again(void **state)
{
	struct recorder *r;
	struct buf b;
	pid_t child;
	int status;

	(void)state;
	buf_init(&b, MSG_MAX);
	put_cookie(&b, "one");
	put_cookie(&b, "two");
	child = fork();
	if (child == 0) {
		r = must_open();
		/* Killed after the letter was done, before it was dropped from the box. */
		_exit(letter(r, MSG_ENTRIES, 7, buf_slice(&b)) ? 0 : 1);
	}
	assert_true(waitpid(child, &status, 0) == child && status == 0);
	r = must_open();
	assert_true(letter(r, MSG_ENTRIES, 7, buf_slice(&b)));
	assert_int_equal(count_of("\"kind\":\"sent\""), 2);
	/* The same letter once more is another one: its sender may have begun again. */
	assert_true(letter(r, MSG_ENTRIES, 8, buf_slice(&b)));
	assert_int_equal(count_of("\"kind\":\"sent\""), 4);
	buf_release(&b);
	assert_true(recorder_close(r, "end"));
	check_log();
}

static void test_choices(void **state)
{
	struct recorder *r = must_open();
	struct recorder_choice c = { .op = RECORDER_CHOICE_SET,
				     .client = SLICE("192.0.2.7"),
				     .site = SLICE("example.com"),
				     .profile = SLICE("default"),
				     .choice = SLICE("accepted"),
				     .seen = SLICE("desk"),
				     .when = T0 };
	struct recorder_choice got;
	struct recorder_keys keys;
	struct msg_reader in;
	struct digest *d;
	char client[DIGEST_HEX_LEN + 1];
	struct buf b;

	(void)state;
	assert_true(letter(r, MSG_HELLO, 1, SLICE("")));
	assert_int_equal(box_n, 2);
	assert_int_equal(box[0].type, MSG_KEYS);
	assert_true(recorder_get_keys(buf_slice(&box[0].body), &keys));
	assert_true(slice_eq(keys.period, SLICE("2026-11")));
	assert_true(keys.until ==
		    clock_parse_rfc3339("2026-12-01T00:00:00.000Z", CLOCK_RFC3339_LEN));
	assert_int_equal(box[1].type, MSG_CHOICES_END);
	d = digest_new(keys.ledger_key);
	digest_client(d, c.client, client);
	digest_free(d);
	empty_box();

	buf_init(&b, MSG_MAX);
	recorder_put_choice(&b, &c);
	assert_true(letter(r, MSG_CHOICE, 2, buf_slice(&b)));
	assert_int_equal(box_n, 2);
	assert_int_equal(box[0].type, MSG_CHOICE);
	msg_reader_init(&in, buf_slice(&box[0].body));
	assert_true(recorder_get_choice(&in, &got) && msg_end(&in));
	assert_true(slice_eq(got.client, slice_str(client)));
	assert_true(slice_eq(got.choice, SLICE("accepted")) && got.when == T0);
	assert_int_equal(box[1].type, MSG_ACK);
	assert_true(box[1].id == 2 && box[1].body.mem[0] == 1);
	empty_box();
	/* A word that is no choice changes nothing. */
	buf_clear(&b);
	c.choice = SLICE("perhaps");
	recorder_put_choice(&b, &c);
	assert_true(letter(r, MSG_CHOICE, 3, buf_slice(&b)));
	assert_int_equal(box_n, 1);
	assert_true(box[0].type == MSG_ACK && box[0].body.mem[0] == 0);
	empty_box();
	assert_true(recorder_close(r, "end"));

	/* It is still there after a restart, and can be cleared. */
	r = must_open();
	assert_true(letter(r, MSG_HELLO, 1, SLICE("")));
	assert_int_equal(box_n, 3);
	assert_int_equal(box[1].type, MSG_CHOICE);
	empty_box();
	buf_clear(&b);
	c.op = RECORDER_CHOICE_CLEAR;
	c.site = SLICE("*");
	recorder_put_choice(&b, &c);
	assert_true(letter(r, MSG_CHOICE, 4, buf_slice(&b)));
	assert_true(box[box_n - 1].type == MSG_ACK && box[box_n - 1].body.mem[0] == RECORDER_DONE);
	empty_box();
	/* There is nothing left to clear: told to nobody, and no entry. */
	assert_true(letter(r, MSG_CHOICE, 6, buf_slice(&b)));
	assert_int_equal(box_n, 1);
	assert_true(box[0].type == MSG_ACK && box[0].body.mem[0] == RECORDER_NOTHING);
	empty_box();
	assert_true(letter(r, MSG_HELLO, 5, SLICE("")));
	assert_int_equal(box_n, 2);
	buf_release(&b);
	assert_true(recorder_close(r, "end"));
	check_log();
	assert_int_equal(count_of("\"choice\":\"accepted\",\"seen\":\"desk\""), 1);
	assert_int_equal(count_of("\"kind\":\"choice\""), 2);
	assert_int_equal(count_of("\"site\":\"*\",\"profile\":\"default\",\"choice\":\"none\""), 1);
}

static void test_query(void **state)
{
	struct recorder *r = must_open();
	struct recorder_query q = { .client = SLICE("00112233445566778899aabbccddeeff") };
	struct entry e;
	struct buf b, json;

	(void)state;
	buf_init(&b, MSG_MAX);
	buf_init(&json, 1 << 20);
	put_cookie(&b, "a");
	cookie(&e, "a");
	e.count = 5;
	e.first = T0;
	entry_pack(&b, &e);
	cookie(&e, "a");
	e.verdict = SLICE("removed");
	entry_pack(&b, &e);
	assert_true(letter(r, MSG_ENTRIES, 1, buf_slice(&b)));
	buf_clear(&b);
	recorder_put_query(&b, &q);
	assert_true(letter(r, MSG_QUERY, 9, buf_slice(&b)));
	assert_int_equal(box_n, 1);
	assert_true(box[0].type == MSG_ANSWER && box[0].id == 9 && box[0].body.mem[0] == 0);
	assert_true(slice_eq(
		slice_skip(buf_slice(&box[0].body), 1),
		SLICE("{\"rows\":[{\"site\":\"example.com\",\"host\":\"www.example.com\","
		      "\"cookie\":\"a\","
		      "\"purpose\":\"unknown\",\"why\":\"no row; first party\",\"party\":\"first\","
		      "\"kept\":6,\"removed\":1,\"expired\":0,\"first\":\"2026-11-22T03:36:50."
		      "123Z\","
		      "\"last\":\"2026-11-22T03:36:50.123Z\",\"unasked\":7}],\"claims\":[],"
		      "\"more\":false}")));
	empty_box();
	/* Many rows come in parts. */
	for (int i = 0; i < 600; i++) {
		char name[32];

		snprintf(name, sizeof(name), "cookie-%d", i);
		buf_clear(&b);
		put_cookie(&b, name);
		assert_true(letter(r, MSG_ENTRIES, (uint32_t)i, buf_slice(&b)));
	}
	buf_clear(&b);
	q.limit = 550;
	recorder_put_query(&b, &q);
	assert_true(letter(r, MSG_QUERY, 10, buf_slice(&b)));
	assert_true(box_n > 2);
	for (size_t i = 0; i < box_n; i++) {
		assert_int_equal(box[i].body.mem[0], i + 1 < box_n);
		assert_true(box[i].body.len <= RECORDER_PART_MAX + 1);
		buf_add(&json, slice_skip(buf_slice(&box[i].body), 1));
	}
	assert_true(slice_ends(buf_slice(&json), SLICE("],\"more\":true}")));
	buf_release(&b);
	buf_release(&json);
	assert_true(recorder_close(r, "end"));
}

static void test_period_changes(void **state)
{
	struct recorder *r = open_with(RECORDER_LENIENT, true);
	struct recorder_keys one, two;
	struct period p;
	struct entry e;
	struct buf b;
	char path[256];

	(void)state;
	period_of(clock_parse_rfc3339("2027-12-31T23:59:59.999Z", CLOCK_RFC3339_LEN), &p);
	assert_string_equal(p.name, "2027-12");
	assert_true(p.until == clock_parse_rfc3339("2028-01-01T00:00:00.000Z", CLOCK_RFC3339_LEN));
	period_of(clock_parse_rfc3339("2027-02-01T00:00:00.000Z", CLOCK_RFC3339_LEN), &p);
	assert_true(p.until == clock_parse_rfc3339("2027-03-01T00:00:00.000Z", CLOCK_RFC3339_LEN));

	assert_true(letter(r, MSG_HELLO, 1, SLICE("")));
	assert_true(recorder_get_keys(buf_slice(&box[0].body), &one));
	assert_true(one.keep_values);
	cookie(&e, "clear");
	e.clear = SLICE("the \"value\"");
	buf_init(&b, MSG_MAX);
	entry_pack(&b, &e);
	assert_true(letter(r, MSG_ENTRIES, 2, buf_slice(&b)));
	buf_release(&b);
	empty_box();
	wall_now = one.until;
	mono_now += one.until - T0;
	recorder_tick(r);
	assert_int_equal(box_n, 1);
	assert_true(recorder_get_keys(buf_slice(&box[0].body), &two));
	assert_true(slice_eq(two.period, SLICE("2026-12")));
	assert_memory_not_equal(one.log_key, two.log_key, RECORDER_KEY_LEN);
	assert_memory_equal(one.ledger_key, two.ledger_key, RECORDER_KEY_LEN);
	assert_true(recorder_close(r, "end"));
	check_log();
	assert_int_equal(count_of("the "), 0);
	buf_init(&b, 4096);
	snprintf(path, sizeof(path), "%s/evidence/values/2026-11.jsonl", folder);
	assert_true(file_read(AT_FDCWD, path, &b));
	assert_true(slice_eq(buf_slice(&b), SLICE("{\"n\":1,\"value\":\"the \\\"value\\\"\"}\n")));
	buf_release(&b);
}

/* A limit on the size of files stands for a full disk. */
static void limit_files(rlim_t bytes)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void fill_disk(enum recorder_policy policy)
{
	struct recorder *r = open_with(policy, false);
	struct buf b;
	struct stat st;
	char path[256];

	signal(SIGXFSZ, SIG_IGN);
	buf_init(&b, MSG_MAX);
	put_cookie(&b, "before");
	assert_true(letter(r, MSG_ENTRIES, 1, buf_slice(&b)));
	snprintf(path, sizeof(path), "%s/evidence/%s", folder, LOG_NAME);
	assert_int_equal(stat(path, &st), 0);
	limit_files((rlim_t)st.st_size + 100);
	buf_clear(&b);
	put_cookie(&b, "during");
	put_cookie(&b, "during");
	assert_int_equal(letter(r, MSG_ENTRIES, 2, buf_slice(&b)), policy == RECORDER_LENIENT);
	recorder_tick(r);
	limit_files(RLIM_INFINITY);
	if (policy == RECORDER_STRICT)
		assert_true(letter(r, MSG_ENTRIES, 2, buf_slice(&b)));
	recorder_tick(r);
	buf_release(&b);
	assert_true(recorder_close(r, "end"));
	check_log();
	assert_int_equal(count_of("\"during\""), policy == RECORDER_STRICT ? 2 : 0);
	assert_int_equal(count_of("\"kind\":\"loss\",\"count\":2,"), policy == RECORDER_LENIENT);
}

static void test_disk_full_lenient(void **state)
{
	(void)state;
	fill_disk(RECORDER_LENIENT);
}

static void test_disk_full_strict(void **state)
{
	(void)state;
	fill_disk(RECORDER_STRICT);
}

static void test_foreign_ledger(void **state)
{
	struct recorder_options o = { .state = folder, .version = "1", .clock = &test_clock };
	struct recorder_replies replies = { on_send, NULL };
	char path[256];
	struct stat before, after;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(write(fd, "this is no database, but a letter to a friend", 45) == 45);
	close(fd);
	assert_int_equal(stat(path, &before), 0);
	assert_null(recorder_open(&o, &replies, error, sizeof(error)));
	assert_non_null(strstr(error, "ledger.db"));
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_size == after.st_size && before.st_mtime == after.st_mtime);
}

static void replay(const struct replay_options *o, enum replay_result want, uint64_t different)
{
	struct replay_report report;

	assert_int_equal(replay_log(folder, o, &report), want);
	assert_int_equal(report.different, different);
	if (want != REPLAY_ERROR)
		assert_int_equal(report.replayed, 2);
	replay_release(&report);
}

static void test_replay(void **state)
{
	static const char table[] =
		"pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n"
		"trk\tadvertising\tads\tx\t*\tany\t*\t-\t-\t-\n";
	const enum profile minors = PROFILE_MINORS;
	struct replay_options o = { .threads = 2 };
	struct recorder *r = must_open();
	struct buf b, why;
	struct entry e;

	(void)state;
	buf_init(&b, MSG_MAX);
	put_cookie(&b, "plain");
	cookie(&e, "odd");
	e.party = SLICE("third");
	e.why = SLICE("no row; third party");
	e.verdict = SLICE("expired");
	entry_pack(&b, &e);
	assert_true(letter(r, MSG_ENTRIES, 1, buf_slice(&b)));
	buf_release(&b);
	assert_true(recorder_close(r, "end"));
	replay(&o, REPLAY_SAME, 0);
	o.profile = &minors;
	replay(&o, REPLAY_SAME, 0);
	o.profile = NULL;
	buf_init(&why, 256);
	o.rules = rules_new(SLICE(table), "table", &why);
	o.has_rules = true;
	assert_non_null(o.rules);
	replay(&o, REPLAY_SAME, 0);
	rules_free((struct rules *)(uintptr_t)o.rules);
	buf_release(&why);
}

static void test_replay_finds_a_lie(void **state)
{
	struct replay_options o = { 0 };
	struct recorder *r = must_open();
	struct entry e;
	struct buf b;

	(void)state;
	buf_init(&b, MSG_MAX);
	put_cookie(&b, "plain");
	cookie(&e, "odd");
	e.verdict = SLICE("removed");
	entry_pack(&b, &e);
	assert_true(letter(r, MSG_ENTRIES, 1, buf_slice(&b)));
	replay(&o, REPLAY_DIFFERENT, 1);
	/* Rules of which there is no copy cannot be replayed. */
	buf_clear(&b);
	cookie(&e, "odd");
	e.rules = SLICE("0123456789abcdef");
	entry_pack(&b, &e);
	assert_true(letter(r, MSG_ENTRIES, 2, buf_slice(&b)));
	replay(&o, REPLAY_ERROR, 1);
	buf_release(&b);
	assert_true(recorder_close(r, "end"));
}

/* ---- killed for good, again and again ---- */

#define KILLED_LETTERS 3000u
#define KILLED_ENTRIES 4u

static struct post_boxes boxes;

/* The recorder's process in its simplest form; ends when the box has been empty for a while. */
static void record_until_empty(void)
{
	static char mem[MSG_MAX];
	struct recorder *r;
	struct letter l;
	int idle = 0;

	r = must_open();
	while (idle < 50) {
		struct pollfd p = { boxes.rd[POST_RECORDER], POLLIN, 0 };

		if (post_take(&boxes, POST_RECORDER, mem, &l, true) != 1) {
			idle++;
			poll(&p, 1, 2);
			continue;
		}
		idle = 0;
		assert_true(recorder_letter(r, &l));
		post_drop(&boxes, POST_RECORDER);
		if (l.id % 200 == 0) {
			mono_now += 61000;
			wall_now += 61000;
			recorder_tick(r);
		}
	}
	_exit(recorder_close(r, "empty") ? 0 : 1);
}

static bool put_letter(unsigned k)
{
	struct buf b;
	char name[32];
	bool ok;

	buf_init(&b, MSG_MAX);
	for (unsigned i = 0; i < KILLED_ENTRIES; i++) {
		snprintf(name, sizeof(name), "c-%u.%u", k, i);
		put_cookie(&b, name);
	}
	/* Ids begin again now and then, as those of a worker that was restarted do. */
	ok = post_put(&boxes, WORKER, POST_RECORDER, MSG_ENTRIES, k % 100, buf_slice(&b));
	buf_release(&b);
	return ok;
}

static void check_each_once(void)
{
	struct reader *in = reader_open(folder, error, sizeof(error));
	struct reader_chunk c;
	unsigned k = 0, i = 0;
	char want[48];
	struct buf mem;

	assert_non_null(in);
	buf_init(&mem, READER_CHUNK_MAX);
	while (reader_next(in, &mem, &c) > 0) {
		struct slice rest = c.lines, line;

		while ((rest = slice_cut(rest, '\n', &line)).p != NULL) {
			if (memmem(line.p, line.n, "\"cookie\":", 9) == NULL)
				continue;
			snprintf(want, sizeof(want), "\"cookie\":\"c-%u.%u\"", k, i);
			if (memmem(line.p, line.n, want, strlen(want)) == NULL)
				fail_msg("want %s, have %.*s", want, SLICE_ARG(line));
			k += ++i == KILLED_ENTRIES;
			i %= KILLED_ENTRIES;
		}
	}
	assert_int_equal(k, KILLED_LETTERS);
	buf_release(&mem);
	reader_free(in);
}

static void test_kill_9(void **state)
{
	unsigned next = 0, kills = 0;
	int status = -1;

	(void)state;
	assert_true(post_boxes_open(&boxes, WORKER + 1));
	while (status != 0) {
		pid_t child = fork();
		struct timespec moment = { 0, (long)(kills * 7919 % 40) * 500000L };

		if (child == 0)
			record_until_empty();
		while (next < KILLED_LETTERS && put_letter(next))
			if (++next % 64 == 0 && kills < 60)
				break;
		if (next < KILLED_LETTERS || kills < 60) {
			nanosleep(&moment, NULL);
			kill(child, SIGKILL);
			kills++;
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (next < KILLED_LETTERS)
			status = -1;
	}
	post_boxes_close(&boxes);
	check_log();
	check_each_once();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_letter_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_query, setup, teardown),
		cmocka_unit_test_setup_teardown(test_period_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_full_lenient, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_full_strict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill_9, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_ledger, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_finds_a_lie, setup, teardown),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_release(&log_text);
	return failed;
}
