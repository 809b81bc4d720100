/*
 * evidence: how fast the log is written, verified and replayed, and how big it gets.
 *
 *	tests/bench/evidence FOLDER ENTRIES RULES [recorder]
 *
 * Makes FOLDER/evidence with so many synthetic cookie entries, decided by the table RULES, through
 * the store alone or (with `recorder`) through the recorder's letters, ledger and all.  Prints
 * JSON.
 */
#include "base/clock.h"
#include "base/json.h"
#include "evidence/digest.h"
#include "evidence/files.h"
#include "evidence/recorder.h"
#include "evidence/replay.h"
#include "evidence/store.h"
#include "evidence/verify.h"
#include "filters/cookie.h"
#include "filters/decide.h"
#include "filters/shape.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define T0 INT64_C(1795318610123)
#define LETTER_ENTRIES 120u
#define SITES 2000u
#define CLIENTS 300u

static const char *const names[] = {
	"_ga",
	"_gid",
	"_fbp",
	"IDE",
	"session_id",
	"csrftoken",
	"OptanonConsent",
	"PHPSESSID",
	"JSESSIONID",
	"_gcl_au",
	"ttwid",
	"msToken",
	"_ttp",
	"li_sugr",
	"bcookie",
	"MUID",
	"_uetsid",
	"__cf_bm",
	"cto_bundle",
	"uid",
	"lang",
	"theme",
	"cart",
	"visitor",
	"_hjid",
	"ajs_anonymous_id",
	"NID",
	"datadome",
	"tt_csrf_token",
	"AWSALB",
	"_pk_id.1.1fff",
	"demdex",
	"euconsent-v2",
	"s_fid",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

struct maker {
	struct rules *rules;
	char number[ENTRY_RULES_LEN + 1];
	uint64_t state; /* of the generator: the same entries each time */
	char site[32], host[48], client[33], value[33], shape[SHAPE_TEXT_MAX];
	struct cookie_decision d;
};

/* xorshift64* */
static uint64_t roll(struct maker *m)
{
	m->state ^= m->state >> 12;
	m->state ^= m->state << 25;
	m->state ^= m->state >> 27;
	return m->state * UINT64_C(2685821657736338717);
}

static void decide(struct maker *m, struct entry *e, const char *value)
{
	struct cookie_facts f = { .kind = e->kind == ENTRY_SET ? COOKIE_SET : COOKIE_SENT,
				  .name = e->cookie,
				  .host = e->host,
				  .site = e->site,
				  .site_by = BY_SAME_SITE,
				  .confidence = CONFIDENCE_HIGH,
				  .party = roll(m) % 3 != 0 ? PARTY_FIRST : PARTY_THIRD,
				  .choice = roll(m) % 4 != 0 ? CHOICE_NONE : CHOICE_ACCEPTED,
				  .lifetime_s = LIFETIME_UNKNOWN };
	struct value_shape shape;

	value_shape_of(slice_str(value), &shape);
	f.shape = shape;
	shape_write(&shape, m->shape);
	if (f.choice == CHOICE_ACCEPTED)
		f.seen = SEEN_DESK;
	if (e->kind == ENTRY_SET) {
		f.lifetime_s = e->attrs.lifetime_s;
		f.secure = e->attrs.secure;
		f.has_domain = true;
		f.domain = e->attrs.domain;
		f.path = e->attrs.path;
		f.same_site = SAME_SITE_LAX;
	}
	decide_cookie(m->rules, &f, &m->d);
	e->site_by = slice_str(site_by_word(f.site_by));
	e->confidence = slice_str(confidence_word(f.confidence));
	e->party = slice_str(party_word(f.party));
	e->profile = slice_str(profile_word(f.profile));
	e->choice = slice_str(choice_word(f.choice));
	e->seen = slice_str(seen_word(f.seen));
	e->shape = slice_str(m->shape);
	e->purpose = slice_str(purpose_word(m->d.purpose));
	e->why = slice_str(m->d.why);
	e->verdict = slice_str(verdict_word(m->d.verdict));
}

static void make(struct maker *m, uint64_t i, struct entry *e)
{
	uint64_t r = roll(m), site = r % SITES, v = roll(m);
	char value[48];

	entry_init(e, r >> 20 & 1 ? ENTRY_SET : ENTRY_SENT, T0 + (int64_t)i);
	snprintf(m->site, sizeof(m->site), "site%u.example", (unsigned)site);
	snprintf(m->host, sizeof(m->host), "%s.site%u.example", r >> 21 & 1 ? "www" : "static",
		 (unsigned)site);
	snprintf(m->client, sizeof(m->client), "%032x",
		 (unsigned)(r >> 24) % CLIENTS * 2654435761u);
	snprintf(m->value, sizeof(m->value), "%016llx%016llx", (unsigned long long)v,
		 (unsigned long long)(v * 3));
	snprintf(value, sizeof(value), "%llx.%u", (unsigned long long)v, (unsigned)(r >> 40));
	e->client = slice_str(m->client);
	e->site = slice_str(m->site);
	e->host = slice_str(m->host);
	e->scheme = SLICE("https");
	e->rules = slice_str(m->number);
	e->cookie = slice_str(names[(r >> 32) % NAMES]);
	e->value = slice_str(m->value);
	e->count = 1;
	e->attrs = (struct entry_attrs){ .domain = e->site,
					 .path = SLICE("/"),
					 .lifetime_s = 34560000,
					 .secure = true,
					 .samesite = SLICE("lax") };
	e->status = 200;
	decide(m, e, value);
}

static double now_s(void)
{
	return (double)clock_mono_ms(&clock_system) / 1000;
}

static uint64_t folder_bytes;

static int add_size(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)path;
	(void)at;
	if (kind == FTW_F)
		folder_bytes += (uint64_t)st->st_size;
	return 0;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(2);
}

static double append_store(const char *folder, struct maker *m, uint64_t n)
{
	struct store_options o = { .state = open(folder, O_RDONLY | O_DIRECTORY), .path = folder };
	struct store_repair repair;
	char error[512];
	struct store *s = store_open(&o, &repair, error, sizeof(error));
	double began, synced, making = 0;
	struct entry e;
	bool more;

	if (s == NULL)
		fprintf(stderr, "%s\n", error);
	must(s != NULL, folder);
	began = synced = now_s();
	for (uint64_t i = 0; i < n; i++) {
		make(m, i, &e);
		must(store_add(s, &e), "add");
		if (i % LETTER_ENTRIES != LETTER_ENTRIES - 1 && i != n - 1)
			continue;
		must(store_commit(s, NULL), "commit");
		if (store_full(s))
			must(store_seal(s), "seal");
		must(store_work(s, &more), "work");
		if (now_s() - synced > 1) {
			must(store_sync(s), "sync");
			synced = now_s();
		}
	}
	must(store_checkpoint(s), "checkpoint");
	do {
		must(store_work(s, &more), "work");
	} while (more);
	began = now_s() - began - making;
	store_close(s);
	return began;
}

static void no_reply(void *arg, unsigned to, enum msg_type type, uint32_t id, struct slice body)
{
	(void)arg;
	(void)to;
	(void)type;
	(void)id;
	(void)body;
}

static double append_recorder(const char *folder, struct maker *m, uint64_t n)
{
	struct recorder_options o = { .state = folder, .version = "bench", .clock = &clock_system };
	struct recorder_replies replies = { no_reply, NULL };
	char error[512];
	struct recorder *r = recorder_open(&o, &replies, error, sizeof(error));
	double began, ticked;
	struct entry e;
	struct buf body;

	must(r != NULL, folder);
	buf_init(&body, MSG_MAX);
	began = ticked = now_s();
	for (uint64_t i = 0; i < n; i++) {
		make(m, i, &e);
		entry_pack(&body, &e);
		if (i % LETTER_ENTRIES != LETTER_ENTRIES - 1 && i != n - 1)
			continue;
		must(recorder_letter(
			     r, &(struct letter){ MSG_ENTRIES, 3, (uint32_t)i, buf_slice(&body) }),
		     "letter");
		buf_clear(&body);
		if (now_s() - ticked > 1) {
			recorder_tick(r);
			ticked = now_s();
		}
	}
	must(recorder_close(r, "done"), "close");
	buf_release(&body);
	return now_s() - began;
}

static void keep_rules(const char *folder, struct slice text, struct maker *m)
{
	char digest[DIGEST_PLAIN_LEN + 1], name[DIGEST_PLAIN_LEN + 8];
	int state = open(folder, O_RDONLY | O_DIRECTORY), dir, rules;

	must(digest_plain(text, digest), "digest");
	memcpy(m->number, digest, ENTRY_RULES_LEN);
	dir = folder_open(state, "evidence");
	rules = folder_open(dir, "rules");
	snprintf(name, sizeof(name), "%s.tsv", digest);
	must(file_replace(&file_ops_system, rules, name, text), "rules");
}

static long peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

int main(int argc, char **argv)
{
	struct maker m = { .state = 88172645463325252u };
	struct verify_options vo = { 0 };
	struct replay_options ro = { 0 };
	struct verify_report *vr = malloc(sizeof(*vr));
	struct replay_report rr;
	struct buf text, why;
	double append, making, verify, replay;
	long peak_append, peak_verify;
	struct entry e;
	uint64_t n;

	if (argc < 4 || !slice_to_u64(slice_str(argv[2]), UINT64_MAX, &n) || n == 0 || vr == NULL) {
		fprintf(stderr, "usage: %s FOLDER ENTRIES RULES [recorder]\n", argv[0]);
		return 2;
	}
	mkdir(argv[1], 0700);
	buf_init(&text, RULES_TEXT_MAX);
	buf_init(&why, 4096);
	must(file_read(AT_FDCWD, argv[3], &text), argv[3]);
	m.rules = rules_new(buf_slice(&text), argv[3], &why);
	must(m.rules != NULL, argv[3]);
	keep_rules(argv[1], buf_slice(&text), &m);
	making = now_s();
	for (uint64_t i = 0; i < n; i++)
		make(&m, i, &e);
	making = now_s() - making;
	m.state = 88172645463325252u;
	append = (argc > 4 ? append_recorder : append_store)(argv[1], &m, n) - making;
	peak_append = peak_kib();
	nftw(argv[1], add_size, 16, FTW_PHYS);
	verify = now_s();
	if (verify_log(argv[1], &vo, vr) != VERIFY_GOOD)
		fprintf(stderr, "verify: %s: %s\n", vr->problems[0].file, vr->problems[0].what);
	verify = now_s() - verify;
	peak_verify = peak_kib();
	replay = now_s();
	if (replay_log(argv[1], &ro, &rr) != REPLAY_SAME)
		fprintf(stderr, "replay: %s\n", rr.error);
	replay = now_s() - replay;
	printf("{\"entries\":%llu,\"bytes_per_entry\":%.1f,\"append_per_s\":%.0f,\"verify_per_s\":%"
	       ".0f,"
	       "\"replay_per_s\":%.0f,\"peak_append_kib\":%ld,\"peak_verify_kib\":%ld,"
	       "\"peak_kib\":%ld,\"verify\":%d,\"replay\":%d}\n",
	       (unsigned long long)n, (double)folder_bytes / (double)n, (double)n / append,
	       (double)n / verify, (double)n / replay, peak_append, peak_verify, peak_kib(),
	       vr->result, rr.result);
	return vr->result == VERIFY_GOOD && rr.result == REPLAY_SAME ? 0 : 1;
}
