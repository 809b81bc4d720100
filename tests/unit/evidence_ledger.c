/* evidence: what the ledger keeps of cookies, claims and blocking; ledgers of an older version. */
#include "base/clock.h"
#include "evidence/ledger.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define T0 1795318610123 /* 2026-11-22T03:36:50.123Z */
#define CLIENT SLICE("00112233445566778899aabbccddeeff")
#define DAY INT64_C(86400000)

static char folder[128], path[160], error[512];
static struct buf json;

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(name);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/crumbgate-ledger-XXXXXX", tmp != NULL ? tmp : "/tmp");
	buf_init(&json, 8 * 1024 * 1024);
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_release(&json);
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct ledger *must_open(void)
{
	struct ledger *l = ledger_open(folder, error, sizeof(error));

	if (l == NULL)
		fail_msg("%s", error);
	return l;
}

static void entry(struct entry *e, enum entry_kind kind, const char *name, const char *why,
		  const char *choice)
{
	entry_init(e, kind, T0);
	e->client = CLIENT;
	e->site = SLICE("shop.test");
	e->host = SLICE("collect.test");
	e->name = e->cookie = slice_str(name);
	e->why = slice_str(why);
	e->choice = slice_str(choice);
	e->purpose = SLICE("advertising");
	e->party = SLICE("third");
	e->verdict = SLICE("removed");
	e->count = 1;
	e->last = T0;
}

static void see(struct ledger *l, enum entry_kind kind, const char *name, const char *why,
		const char *choice)
{
	struct entry e;

	entry(&e, kind, name, why, choice);
	ledger_seen(l, &e);
}

static const char *ask(struct ledger *l)
{
	buf_clear(&json);
	assert_true(ledger_query_client(l, CLIENT, 0, 0, &json));
	assert_true(buf_addc(&json, '\0'));
	return json.mem;
}

static unsigned count_of(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		n++;
	}
	return n;
}

static void test_claims(void **state)
{
	struct ledger *l = must_open();
	struct entry e;
	const char *answer;

	(void)state;
	see(l, ENTRY_CLAIM, "gcs", "G111", "none");
	see(l, ENTRY_CLAIM, "gcs", "G111", "refused");
	entry(&e, ENTRY_CLAIM, "gcs", "G111", "refused");
	e.count = 4;
	e.first = T0 + 1000;
	e.last = T0 + 2000;
	ledger_seen(l, &e);
	assert_true(ledger_flush(l, T0));
	e.last = T0 + 3000;
	ledger_seen(l, &e);
	see(l, ENTRY_CONTRADICTION, "mode-grants", "gcs claims", "refused");
	see(l, ENTRY_BLOCK, "||collect.test^", "list:a.txt 0123456789abcdef; advertising", "none");
	/* Happened once, and its entry says no count. */
	entry(&e, ENTRY_HEAL, "sid", "went in circles", "put-back");
	e.count = 0;
	e.last = 0;
	ledger_seen(l, &e);
	/* Nothing to the ledger. */
	see(l, ENTRY_CHOICE, "", "", "refused");
	see(l, ENTRY_PASS, "", "never-intercept", "none");
	answer = ask(l);
	assert_non_null(strstr(
		answer,
		"\"claims\":[{\"site\":\"shop.test\",\"host\":\"collect.test\","
		"\"kind\":\"claim\",\"name\":\"gcs\",\"why\":\"G111\",\"choice\":\"refused\","
		"\"count\":9,\"first\":\"2026-11-22T03:36:50.123Z\","
		"\"last\":\"2026-11-22T03:36:53.123Z\"},"));
	assert_non_null(strstr(answer, "\"choice\":\"none\",\"count\":1,"));
	assert_non_null(strstr(answer, "\"kind\":\"contradiction\",\"name\":\"mode-grants\""));
	assert_non_null(strstr(answer, "\"kind\":\"block\",\"name\":\"||collect.test^\""));
	assert_non_null(strstr(answer, "\"kind\":\"heal\",\"name\":\"sid\",\"why\":\"went in "
				       "circles\",\"choice\":\"put-back\",\"count\":1,\"first\":"
				       "\"2026-11-22T03:36:50.123Z\""));
	assert_int_equal(count_of(answer, "\"kind\":"), 5);
	assert_non_null(strstr(answer, "{\"rows\":[],"));
	/* Forgotten with what else is old, by any later sighting. */
	see(l, ENTRY_SET, "_ga", "w", "none");
	assert_true(ledger_flush(l, T0 + (LEDGER_DAYS + 1) * DAY));
	assert_non_null(strstr(ask(l), "{\"rows\":[],\"claims\":[],\"more\":false}"));
	ledger_close(l);
}

static void test_before_any_choice(void **state)
{
	struct ledger *l = must_open();

	(void)state;
	see(l, ENTRY_SET, "_ttp", "w", "none");
	see(l, ENTRY_SENT, "_ttp", "w", "none");
	see(l, ENTRY_SENT, "_ttp", "w", "refused");
	see(l, ENTRY_SENT, "late", "w", "accepted");
	assert_non_null(strstr(ask(l), "\"removed\":3,\"expired\":0,\"first\":\"2026-11-22T03:36:"
				       "50.123Z\",\"last\":\"2026-11-22T03:36:50.123Z\","
				       "\"unasked\":2}"));
	assert_int_equal(count_of(json.mem, "\"unasked\":0}"), 1);
	see(l, ENTRY_SENT, "_ttp", "w", "none");
	assert_non_null(strstr(ask(l), "\"unasked\":3}"));
	ledger_close(l);
}

static void see_set(struct ledger *l, bool session, int64_t lifetime_s)
{
	struct entry e;

	entry(&e, ENTRY_SET, "_ttp", "w", "none");
	e.attrs.session = session;
	e.attrs.lifetime_s = lifetime_s;
	ledger_seen(l, &e);
}

/* The lifetime that was asked for last; sending a cookie or deleting it asks for none. */
static void test_life(void **state)
{
	struct ledger *l = must_open();

	(void)state;
	see(l, ENTRY_SENT, "_ttp", "w", "none");
	assert_null(strstr(ask(l), "life_s"));
	see_set(l, false, 33696000);
	see(l, ENTRY_SENT, "_ttp", "w", "none");
	see_set(l, false, -1);
	assert_non_null(strstr(ask(l), "\"life_s\":33696000,"));
	see(l, ENTRY_SENT, "_ttp", "w", "none");
	assert_non_null(strstr(ask(l), "\"life_s\":33696000,"));
	see_set(l, true, 0);
	assert_non_null(strstr(ask(l), "\"life_s\":0,"));
	ledger_close(l);
}

static void sql(const char *text)
{
	sqlite3 *db;

	close(open(path, O_RDWR | O_CREAT, 0600));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* As version 1 made it, with a choice and a cookie in it. */
static const char version_1[] =
	"PRAGMA journal_mode = WAL;"
	"CREATE TABLE choices (client TEXT NOT NULL, site TEXT NOT NULL, choice TEXT NOT NULL,"
	" seen TEXT NOT NULL, t INTEGER NOT NULL, PRIMARY KEY (client, site)) WITHOUT ROWID;"
	"CREATE TABLE seen (id INTEGER PRIMARY KEY, client TEXT NOT NULL, site TEXT NOT NULL,"
	" host TEXT NOT NULL, cookie TEXT NOT NULL, purpose TEXT NOT NULL, why TEXT NOT NULL,"
	" party TEXT NOT NULL, kept INTEGER NOT NULL, removed INTEGER NOT NULL,"
	" expired INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);"
	"CREATE INDEX seen_client ON seen (client);"
	"PRAGMA application_id = 1130524002; PRAGMA user_version = 1;"
	"INSERT INTO choices VALUES ('c', 'shop.test', 'refused', 'desk', 5);"
	/* The number is the one that version 1 gave to this client, site, host and cookie. */
	"INSERT INTO seen VALUES (1847855269250822288, '00112233445566778899aabbccddeeff',"
	" 'shop.test', 'collect.test', '_ttp', 'unknown', 'no row', 'third', 0, 7, 0,"
	" 1795318600000, 1795318600000);";

static void one_choice(void *arg, const struct ledger_choice *c)
{
	assert_true(slice_eq(c->client, SLICE("c")) && slice_eq(c->site, SLICE("shop.test")) &&
		    slice_eq(c->choice, SLICE("refused")) && c->when == 5);
	++*(int *)arg;
}

static void test_upgrade(void **state)
{
	struct ledger *l;
	int choices = 0;

	(void)state;
	sql(version_1);
	l = must_open();
	assert_true(ledger_choices(l, SLICE(""), one_choice, &choices));
	assert_int_equal(choices, 1);
	/* Whether that was before a choice is not known. */
	assert_non_null(strstr(ask(l), "\"removed\":7,"));
	assert_null(strstr(json.mem, "unasked"));
	see(l, ENTRY_SENT, "_ttp", "w", "refused");
	assert_non_null(strstr(ask(l), "\"removed\":8,"));
	assert_null(strstr(json.mem, "unasked"));
	assert_null(strstr(json.mem, "life_s"));
	see(l, ENTRY_SENT, "_ttp", "w", "none");
	see_set(l, false, 60);
	see(l, ENTRY_CLAIM, "gcs", "G111", "none");
	ledger_close(l);
	l = must_open();
	assert_non_null(strstr(ask(l), "\"removed\":10,"));
	assert_non_null(strstr(json.mem, "\"life_s\":60,\"unasked\":2}"));
	assert_int_equal(count_of(json.mem, "\"cookie\":"), 1);
	assert_int_equal(count_of(json.mem, "\"kind\":\"claim\""), 1);
	ledger_close(l);
}

/* What a later version made is left as it is. */
static void test_later_version(void **state)
{
	struct stat before, after;

	(void)state;
	sql(version_1);
	sql("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version = 99");
	assert_int_equal(stat(path, &before), 0);
	assert_null(ledger_open(folder, error, sizeof(error)));
	assert_non_null(strstr(error, "ledger.db"));
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_size == after.st_size);
}

/* Names as long and as awkward as they may be: less is told, and that it is less. */
static void test_long_names(void **state)
{
	struct ledger *l = must_open();
	char name[ENTRY_NAME_MAX];
	struct entry e;

	(void)state;
	memset(name, 0x80, sizeof(name));
	for (unsigned i = 0; i < 600; i++) {
		entry(&e, ENTRY_SET, "", "w", "none");
		snprintf(name, sizeof(name), "%u", i);
		e.cookie = slice_of(name, sizeof(name));
		ledger_seen(l, &e);
		entry(&e, ENTRY_CLAIM, "gcs", "w", "none");
		e.why = slice_of(name, ENTRY_WHY_MAX);
		ledger_seen(l, &e);
	}
	assert_int_equal(count_of(ask(l), "\"kind\":"), 600);
	assert_true(json.len < LEDGER_ANSWER_BYTES + 3 * 1024 * 1024);
	assert_true(slice_ends(slice_of(json.mem, json.len - 1), SLICE("],\"more\":true}")));
	assert_true(count_of(json.mem, "\"cookie\":") > 100);
	ledger_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_before_any_choice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_upgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_later_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_names, setup, teardown),
	};

	return cmocka_run_group_tests_name("evidence_ledger", tests, NULL, NULL);
}
