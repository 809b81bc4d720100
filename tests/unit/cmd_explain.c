/* What `crumbgate explain` is made of: the search for changes, facts of entries, purposes of lists. */
#include "cmd/explain_change.h"
#include "cmd/explain_kinds.h"

#include "data/tables.h"
#include "evidence/replay_facts.h"
#include "filters/claims/contradict.h"
#include "filters/cookie.h"
#include "filters/lists/list_purpose.h"
#include "filters/purpose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct rules *own_rules(void)
{
	struct rules *r;
	struct buf error;

	buf_init(&error, 4096);
	r = rules_new(table_rules, "cookies.tsv", &error);
	assert_non_null(r);
	buf_release(&error);
	return r;
}

/* ---- changes ---- */

/* "choice accepted, profile default:1; ..." */
static void write_changes(const struct explain_change *c, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (c[i].choice)
			buf_addf(out, "%s ", choice_word(c[i].to.choice));
		if (c[i].profile)
			buf_addf(out, "%s ", profile_word(c[i].to.profile));
		if (c[i].party)
			buf_addf(out, "%s ", party_word(c[i].to.party));
		buf_addf(out, "%u; ", c[i].passes);
	}
}

static void check_changes(explain_ask *ask, void *arg, struct explain_case now, bool parties,
			  const char *want)
{
	struct explain_change found[EXPLAIN_CHANGES_MAX];
	struct buf out;

	buf_init(&out, 4096);
	write_changes(found, explain_changes(ask, arg, &now, parties, found), &out);
	buf_addc(&out, '\0');
	assert_string_equal(buf_slice(&out).p, want);
	buf_release(&out);
}

static unsigned by_list(void *arg, const struct explain_case *c)
{
	return list_purpose_wanted(c->profile, c->choice, *(enum purpose *)arg);
}

static unsigned never(void *arg, const struct explain_case *c)
{
	(void)arg;
	(void)c;
	return 0;
}

/* Only what nobody knows the purpose of needs everything. */
static unsigned needs_all(void *arg, const struct explain_case *c)
{
	(void)arg;
	return c->choice == CHOICE_ACCEPTED || c->party == PARTY_FIRST;
}

static unsigned needs_three(void *arg, const struct explain_case *c)
{
	(void)arg;
	return c->choice == CHOICE_FUNCTIONAL && c->party == PARTY_THIRD &&
	       c->profile == PROFILE_MINORS;
}

static void test_changes(void **state)
{
	const struct explain_case none = { PROFILE_DEFAULT, CHOICE_NONE, PARTY_THIRD };
	const struct explain_case minor = { PROFILE_MINORS, CHOICE_ACCEPTED, PARTY_THIRD };
	const struct explain_case two = { PROFILE_DEFAULT, CHOICE_FUNCTIONAL_ANALYTICS,
					  PARTY_THIRD };
	const struct explain_case first = { PROFILE_DEFAULT, CHOICE_NONE, PARTY_FIRST };
	enum purpose p = PURPOSE_ADVERTISING;

	(void)state;
	check_changes(never, NULL, none, true, "");
	check_changes(by_list, &p, none, false, "advertising 1; investigator 1; ");
	check_changes(by_list, &p, minor, false, "default 1; investigator 1; ");
	p = PURPOSE_ANALYTICS;
	check_changes(by_list, &p, two, false,
		      "none 0; refused 0; functional 0; advertising 0; minors 0; ");
	/* All of it, because no part of it comes to the same; and never a larger change beside a smaller. */
	check_changes(needs_all, NULL, none, true, "accepted 1; first 1; ");
	check_changes(needs_three, NULL, first, true, "functional minors third 1; ");
}

/* What decide_cookie() says is all there is to it. */
struct asked {
	struct rules *rules;
	struct cookie_facts facts;
};

static unsigned by_decision(void *arg, const struct explain_case *c)
{
	const struct asked *a = arg;
	struct cookie_facts f = a->facts;
	struct cookie_decision d;

	f.profile = c->profile;
	f.choice = c->choice;
	f.party = c->party;
	decide_cookie(a->rules, &f, &d);
	return d.verdict == VERDICT_KEPT;
}

static void test_changes_of_decisions(void **state)
{
	struct asked a = { .facts = { .kind = COOKIE_SENT,
				      .name = SLICE("_ga"),
				      .host = SLICE("shop.example"),
				      .lifetime_s = LIFETIME_UNKNOWN } };
	const struct explain_case minor = { PROFILE_MINORS, CHOICE_NONE, PARTY_FIRST };

	(void)state;
	a.rules = own_rules();
	check_changes(by_decision, &a, minor, true, "investigator 1; analytics default 1; ");
	a.facts.name = SLICE("PHPSESSID");
	check_changes(by_decision, &a, minor, false, "");
	rules_free(a.rules);
}

/* ---- facts ---- */

static void check_layers(const struct rules *r, const struct cookie_facts *f)
{
	struct purpose_found found;
	struct cookie_decision d;
	struct score_facts s;

	decide_score_facts(f, &s);
	purpose_find(r, &s, &found);
	decide_cookie(r, f, &d);
	assert_true(slice_starts(slice_str(d.why), slice_str(found.why)));
	assert_int_equal(d.row.line, found.row.line);
	if (found.layer != LAYER_SCORE || f->party == PARTY_FIRST)
		assert_int_equal(d.purpose, found.purpose);
}

/* The layers are asked with the facts with which the decision asks them: the reason is the same. */
static void test_layers(void **state)
{
	static const char *const names[] = { "_ga",	"uid",	 "my_csrf",    "zzadclick_uid",
					     "session", "prefs", "__Host-tok", "x" };
	static const char *const values[] = { "", "1", "0123456789abcdef0123456789abcdef",
					      "some text of a site" };
	struct rules *r = own_rules();

	(void)state;
	for (unsigned i = 0; i < 8 * 4 * 16; i++) {
		struct cookie_facts f = { .kind = (i & 1) != 0 ? COOKIE_SET : COOKIE_SENT,
					  .party = (i & 2) != 0 ? PARTY_THIRD : PARTY_FIRST,
					  .name = slice_str(names[i / 64]),
					  .host = SLICE("t.example"),
					  .has_value = true,
					  .value = slice_str(values[i / 16 % 4]),
					  .lifetime_s = LIFETIME_UNKNOWN };

		if (f.kind == COOKIE_SET) {
			f.lifetime_s = (i & 4) != 0 ? LIFETIME_SESSION : 31536000;
			f.httponly = (i & 8) != 0;
			f.secure = f.has_domain = !f.httponly;
			f.same_site = f.httponly ? SAME_SITE_LAX : SAME_SITE_NONE;
		}
		check_layers(r, &f);
		value_shape_of(f.value, &f.shape);
		f.has_value = false;
		check_layers(r, &f);
	}
	rules_free(r);
}

static struct entry sent_entry(void)
{
	struct entry e;

	entry_init(&e, ENTRY_SENT, 0);
	e.cookie = SLICE("uid");
	e.host = SLICE("t.example");
	e.site = SLICE("shop.example");
	e.site_by = SLICE("referer");
	e.confidence = SLICE("high");
	e.party = SLICE("third");
	e.profile = SLICE("minors");
	e.choice = SLICE("functional+analytics");
	e.seen = SLICE("desk");
	e.shape = SLICE("hex:32:e4");
	e.tries = 2;
	return e;
}

static void test_replay_facts(void **state)
{
	struct entry e = sent_entry();
	struct cookie_facts f;

	(void)state;
	assert_true(replay_facts(&e, &f));
	assert_int_equal(f.kind, COOKIE_SENT);
	assert_int_equal(f.site_by, BY_REFERER);
	assert_int_equal(f.party, PARTY_THIRD);
	assert_int_equal(f.profile, PROFILE_MINORS);
	assert_int_equal(f.choice, CHOICE_FUNCTIONAL_ANALYTICS);
	assert_int_equal(f.seen, SEEN_DESK);
	assert_int_equal(f.shape.form, FORM_HEX);
	assert_int_equal(f.tries, 2);
	assert_int_equal(f.lifetime_s, LIFETIME_UNKNOWN);
	e.kind = ENTRY_SET;
	assert_false(replay_facts(&e, &f)); /* without SameSite */
	e.attrs.samesite = SLICE("lax");
	e.attrs.session = true;
	e.attrs.httponly = true;
	e.attrs.domain = SLICE("example");
	assert_true(replay_facts(&e, &f));
	assert_int_equal(f.kind, COOKIE_SET);
	assert_int_equal(f.lifetime_s, LIFETIME_SESSION);
	assert_true(f.httponly && f.has_domain && !f.secure);
	assert_int_equal(f.same_site, SAME_SITE_LAX);
	e.attrs.session = false;
	e.attrs.lifetime_s = 60;
	assert_true(replay_facts(&e, &f));
	assert_int_equal(f.lifetime_s, 60);
	e.shape = SLICE("hexagon:6");
	assert_false(replay_facts(&e, &f));
	e = sent_entry();
	assert_int_equal(f.list.says, LIST_SAYS_NOTHING);
	e.alias = SLICE("t.tracker.example");
	e.list = (struct entry_list){ .says = SLICE("remove"),
				      .purpose = SLICE("functional"),
				      .name = SLICE("l.txt"),
				      .version = SLICE("0123456789abcdef"),
				      .rule = SLICE("$cookie") };
	assert_true(replay_facts(&e, &f));
	assert_int_equal(f.list.says, LIST_SAYS_REMOVE);
	assert_int_equal(f.list.purpose, PURPOSE_FUNCTIONAL);
	assert_true(slice_eq(f.list.version, SLICE("0123456789abcdef")));
	assert_true(slice_eq(f.alias, SLICE("t.tracker.example")));
	e.list.says = SLICE("perhaps");
	assert_false(replay_facts(&e, &f));
	e.list.says = SLICE("limit");
	e.list.purpose = SLICE("perhaps");
	assert_false(replay_facts(&e, &f));
	e = sent_entry();
	e.choice = SLICE("perhaps");
	assert_false(replay_facts(&e, &f));
}

/* ---- words ---- */

static void test_kinds(void **state)
{
	struct explain_contradiction c;

	(void)state;
	for (unsigned k = 0; k < ENTRY_KINDS; k++)
		assert_true(
			slice_ends(slice_str(explain_kind_means((enum entry_kind)k)), SLICE(".")));
	for (int k = 0; k < CONTRADICTION_KINDS; k++) {
		struct slice name = slice_str(contradiction_word((enum contradiction_kind)k));

		assert_true(explain_contradiction(name, &c));
		assert_true(slice_ends(slice_str(c.means), SLICE(".")));
	}
	assert_true(explain_contradiction(SLICE("sent-after-refusal"), &c));
	assert_true(slice_starts(slice_str(c.weight), SLICE("indication")));
	assert_true(explain_contradiction(SLICE("tc-grants"), &c));
	assert_true(slice_starts(slice_str(c.weight), SLICE("proof")));
	assert_false(explain_contradiction(SLICE("no-such-word"), &c));
}

static void check_block(const char *why, const char *want)
{
	struct explain_block b;
	char text[256] = "no";

	if (explain_block_read(slice_str(why), &b))
		snprintf(text, sizeof(text), "[%.*s][%.*s][%s][%.*s]", SLICE_ARG(b.list),
			 SLICE_ARG(b.version), purpose_word(b.purpose), SLICE_ARG(b.alias));
	assert_string_equal(text, want);
}

static void test_block(void **state)
{
	(void)state;
	check_block("list:easylist.txt 0123; advertising", "[easylist.txt][0123][advertising][]");
	check_block("list:a b; c.txt 0; analytics; alias of t.example",
		    "[a b; c.txt][0][analytics][t.example]");
	check_block("list:a.txt 0; analytics; by its answer, with 2 cookies",
		    "[a.txt][0][analytics][]");
	check_block("", "no");
	check_block("list:", "no");
	check_block("list:a", "no");
	check_block("list:a 0", "no");
	check_block("list: 0; advertising", "no");
	check_block("list:a 0; nothing", "no");
	check_block("rule:a 0; advertising", "no");
}

static void test_list_purpose(void **state)
{
	static const struct {
		const char *name;
		enum purpose want;
	} cases[] = {
		{ "easylist.txt", PURPOSE_ADVERTISING },
		{ "/usr/share/privacy/easylist.txt", PURPOSE_ADVERTISING },
		{ "/x/EasyPrivacy.txt", PURPOSE_ANALYTICS },
		{ "filter_3_TrackParam.txt", PURPOSE_ANALYTICS },
		{ "fanboy-annoyance.txt", PURPOSE_FUNCTIONAL },
		{ "a/easylist-cookie.txt", PURPOSE_FUNCTIONAL },
		{ "", PURPOSE_ADVERTISING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(list_purpose(slice_str(cases[i].name)), cases[i].want);
	assert_true(list_purpose_wanted(PROFILE_INVESTIGATOR, CHOICE_NONE, PURPOSE_ADVERTISING));
	assert_true(list_purpose_wanted(PROFILE_DEFAULT, CHOICE_ANALYTICS, PURPOSE_ANALYTICS));
	assert_false(list_purpose_wanted(PROFILE_DEFAULT, CHOICE_ANALYTICS, PURPOSE_ADVERTISING));
	assert_false(list_purpose_wanted(PROFILE_MINORS, CHOICE_ACCEPTED, PURPOSE_ANALYTICS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),	     cmocka_unit_test(test_changes_of_decisions),
		cmocka_unit_test(test_layers),	     cmocka_unit_test(test_replay_facts),
		cmocka_unit_test(test_kinds),	     cmocka_unit_test(test_block),
		cmocka_unit_test(test_list_purpose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
