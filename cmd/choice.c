/*
 * crumbgate choice: what a client decided; by the running proxy, or in the ledger when none runs.
 */
#include "cmd/command.h"

#include "base/clock.h"
#include "base/plain.h"
#include "cmd/control_ask.h"
#include "cmd/state.h"
#include "evidence/digest.h"
#include "evidence/ledger.h"
#include "filters/site.h"
#include "filters/words.h"
#include "proxy/net/address.h"

#include <stdio.h>
#include <sys/stat.h>

#define TEXT_MAX (16u * 1024 * 1024)

enum verb { SET, LIST, CLEAR };

struct request {
	enum verb verb;
	enum choice_state choice;
	char site[SITE_MAX];
	char client[ADDRESS_TEXT];
	bool has_client, json;
	struct state_given from;
};

static int usage(const char *what)
{
	fprintf(stderr, "crumbgate choice: %s; see 'crumbgate choice --help'\n", what);
	return COMMAND_USAGE;
}

/* ---- the arguments ---- */

/* The host of a URL, or what was given. */
static struct slice host_of(struct slice text)
{
	size_t at, scheme = slice_find(text, ':');

	if (slice_starts(slice_skip(text, scheme), SLICE("://")))
		text = slice_skip(text, scheme + 3);
	for (const char *end = "/?#"; *end != '\0'; end++)
		text = slice_head(text, slice_find(text, *end));
	at = slice_find(text, '@');
	if (at < text.n)
		text = slice_skip(text, at + 1);
	if (text.n != 0 && text.p[0] == '[')
		return slice_head(text, slice_find(text, ']') + 1);
	return slice_head(text, slice_find(text, ':'));
}

/* NULL, or what is wrong. */
static const char *read_site(struct request *r, const char *text)
{
	struct sites *sites = sites_new(SITES_LATEST);
	const char *wrong = NULL;

	if (sites == NULL || !site_of_host(sites, host_of(slice_str(text)), r->site))
		wrong = "this is no site's name";
	else if (r->verb == SET && site_is_listed_suffix(sites, slice_str(r->site)))
		wrong = "this is a suffix under which many have their sites; name one of these";
	sites_free(sites);
	return wrong;
}

static bool read_client(struct request *r, struct slice text)
{
	struct address a;

	r->has_client = true;
	if (slice_eq(text, SLICE("local")))
		return slice_copy(text, r->client, sizeof(r->client));
	if (!address_parse_ip(text, 0, &a))
		return false;
	address_client(&a, r->client);
	return true;
}

/* Takes the value of "--name VALUE" or "--name=VALUE"; p == NULL when args[*i] is another word. */
static struct slice value_of(int argc, char **argv, int *i, struct slice name)
{
	struct slice arg = slice_str(argv[*i]), head, value = slice_cut(arg, '=', &head);

	if (!slice_eq(head, name))
		return (struct slice){ NULL, 0 };
	if (value.p == NULL && *i + 1 < argc)
		value = slice_str(argv[++*i]);
	return value.p != NULL ? value : slice_of("", 0);
}

/* "refuse", "accept", or "functional,analytics". */
static bool read_choice(struct request *r, struct slice text)
{
	unsigned allowed = 0;
	struct slice word;

	if (slice_eq(text, SLICE("refuse")) || slice_eq(text, SLICE("accept"))) {
		r->choice = slice_eq(text, SLICE("accept")) ? CHOICE_ACCEPTED : CHOICE_REFUSED;
		return true;
	}
	while (text.p != NULL) {
		enum choice_state one;

		text = slice_cut(text, ',', &word);
		if (!choice_of_word(word, &one) || one <= CHOICE_ACCEPTED || one == CHOICE_PUT_BACK)
			return false;
		allowed |= choice_set_of(one);
	}
	r->choice = choice_of_set(allowed);
	return true;
}

/* words[0..n) without options; NULL, or what is wrong. */
static const char *read_verb(struct request *r, const char *const *words, int n, bool all)
{
	const char *site = n > 1 ? words[n - 1] : NULL;
	int sites;

	if (n == 1 && strcmp(words[0], "list") == 0) {
		r->verb = LIST;
		return all ? "list takes no site" : NULL;
	}
	if (n > 0 && strcmp(words[0], "clear") == 0) {
		r->verb = CLEAR;
		sites = n - 1;
	} else if (n > 1 && strcmp(words[0], "set") == 0) {
		r->verb = SET;
		if (!read_choice(r, slice_str(words[1])))
			return "say refuse, accept, or what is accepted: functional, analytics, "
			       "advertising, with commas between";
		sites = n - 2;
	} else {
		return "say set refuse, set accept, set PURPOSES, list or clear";
	}
	if (sites != (all ? 0 : 1))
		return "name one site, or say --all";
	if (all)
		slice_copy(SLICE("*"), r->site, sizeof(r->site));
	else
		return read_site(r, site);
	return NULL;
}

static const char *read_words(struct request *r, int argc, char **argv)
{
	const char *words[3] = { NULL, NULL, NULL };
	struct slice value;
	bool all = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		struct slice arg = slice_str(argv[i]);

		if (slice_eq(arg, SLICE("--json"))) {
			r->json = true;
		} else if (slice_eq(arg, SLICE("--all"))) {
			all = true;
		} else if ((value = value_of(argc, argv, &i, SLICE("--client"))).p != NULL) {
			if (!read_client(r, value))
				return "--client: this is no IP address";
		} else if ((value = value_of(argc, argv, &i, SLICE("--state"))).p != NULL) {
			r->from.state = value.p; /* to the end of a word, so NUL is behind it */
		} else if ((value = value_of(argc, argv, &i, SLICE("-c"))).p != NULL ||
			   (value = value_of(argc, argv, &i, SLICE("--config"))).p != NULL) {
			r->from.config = value.p;
		} else if (arg.n != 0 && arg.p[0] == '-') {
			return "an option that does not exist";
		} else if (n < 3) {
			words[n++] = argv[i];
		} else {
			return "there are too many words";
		}
	}
	return read_verb(r, words, n, all);
}

/* ---- output ---- */

/* The value of a string in a line of canonical JSON; our sites and words hold no escape. */
static struct slice string_of(struct slice line, const char *key)
{
	char start[32];
	int n = snprintf(start, sizeof(start), "\"%s\":\"", key);

	for (size_t i = 0; n > 0 && i + (size_t)n <= line.n; i++) {
		struct slice rest = slice_skip(line, i);

		if (!slice_starts(rest, slice_str(start)))
			continue;
		rest = slice_skip(rest, (size_t)n);
		return slice_head(rest, slice_find(rest, '"'));
	}
	return slice_of("", 0);
}

/* A line as people read it. */
struct shown {
	struct slice client, site, seen, when, ends;
	struct buf choice;
};

/* Of a device that is not known no more than tells it from others. */
#define CLIENT_SHOWN 8

static void read_line(struct slice line, struct shown *s)
{
	struct slice device = string_of(line, "device");

	s->client = device.n != 0 ? device : slice_head(string_of(line, "client"), CLIENT_SHOWN);
	s->site = string_of(line, "site");
	if (slice_eq(s->site, SLICE("*")))
		s->site = SLICE("all sites");
	buf_clear(&s->choice);
	plain_choice(&s->choice, string_of(line, "choice"));
	s->seen = string_of(line, "seen");
	s->when = slice_head(string_of(line, "when"), 10);
	s->ends = slice_head(string_of(line, "ends"), 10);
}

static size_t wider(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void print_table(struct slice lines)
{
	size_t client = strlen("CLIENT"), site = strlen("SITE"), choice = strlen("CHOICE");
	struct slice rest = lines, line;
	struct shown s;

	buf_init(&s.choice, 256);
	while (rest.n != 0) {
		rest = slice_cut(rest, '\n', &line);
		read_line(line, &s);
		client = wider(client, s.client.n);
		site = wider(site, s.site.n);
		choice = wider(choice, s.choice.len);
	}
	printf("%-*s  %-*s  %-*s  %-7s  %-10s  %s\n", (int)client, "CLIENT", (int)site, "SITE",
	       (int)choice, "CHOICE", "SEEN", "WHEN", "UNTIL");
	while (lines.n != 0) {
		lines = slice_cut(lines, '\n', &line);
		if (line.n == 0)
			continue;
		read_line(line, &s);
		printf("%-*.*s  %-*.*s  %-*.*s  %-7.*s  %-10.*s  %.*s\n", (int)client,
		       SLICE_ARG(s.client), (int)site, SLICE_ARG(s.site), (int)choice,
		       SLICE_ARG(buf_slice(&s.choice)), SLICE_ARG(s.seen), SLICE_ARG(s.when),
		       SLICE_ARG(s.ends));
	}
	buf_release(&s.choice);
}

static void print_lines(struct slice lines, bool json)
{
	/* What the proxy answers ends in an empty line. */
	while (lines.n != 0 && lines.p[lines.n - 1] == '\n')
		lines = slice_head(lines, lines.n - 1);
	if (!json)
		print_table(lines);
	else if (lines.n != 0)
		printf("%.*s\n", SLICE_ARG(lines));
}

/* "192.0.2.7: news.example: ", as far as it is not this machine's. */
static void print_whose(const struct request *r, bool site)
{
	if (strcmp(r->client, "local") != 0)
		printf("%s: ", r->client);
	if (site)
		printf("%s: ", strcmp(r->site, "*") == 0 ? "all sites" : r->site);
}

static void print_done(const struct request *r)
{
	struct buf choice;

	if (r->verb == CLEAR) {
		bool all = strcmp(r->site, "*") == 0;

		print_whose(r, !all);
		printf("%s\n", all ? "every choice is cleared" : "no choice yet");
		return;
	}
	buf_init(&choice, 256);
	plain_choice(&choice, slice_str(choice_word(r->choice)));
	print_whose(r, true);
	printf("%.*s\n", SLICE_ARG(buf_slice(&choice)));
	buf_release(&choice);
}

static int nothing_to_clear(const struct request *r)
{
	print_whose(r, true);
	printf("nothing to clear\n");
	return COMMAND_NO;
}

/* ---- the running proxy ---- */

static int by_proxy(const struct request *r, struct slice answer)
{
	if (r->verb == LIST && !slice_starts(answer, SLICE("error "))) {
		print_lines(answer, r->json);
		return COMMAND_GOOD;
	}
	if (slice_eq(answer, SLICE("ok\n"))) {
		print_done(r);
		return COMMAND_GOOD;
	}
	if (slice_eq(answer, SLICE("nothing\n")))
		return nothing_to_clear(r);
	answer = slice_starts(answer, SLICE("error ")) ? slice_skip(answer, 6) : answer;
	fprintf(stderr, "crumbgate choice: the proxy says: %.*s\n",
		SLICE_ARG(slice_head(answer, slice_find(answer, '\n'))));
	return COMMAND_USAGE;
}

static void request_line(const struct request *r, struct buf *line)
{
	if (r->verb == LIST)
		buf_addf(line, "choice list%s%s\n", r->has_client ? " " : "",
			 r->has_client ? r->client : "");
	else if (r->verb == CLEAR)
		buf_addf(line, "choice clear %s %s\n", r->client, r->site);
	else
		buf_addf(line, "choice set %s %s %s\n", r->client, r->site, choice_word(r->choice));
}

/* ---- the ledger, when no proxy runs ---- */

/* *any: there was something to change. */
static bool change(const struct request *r, struct ledger *l, bool *any)
{
	struct digest *keyed = digest_new(ledger_key(l));
	char client[DIGEST_HEX_LEN + 1];
	bool good = keyed != NULL && digest_client(keyed, slice_str(r->client), client);
	struct ledger_choice c = { .client = slice_str(client),
				   .site = slice_str(r->site),
				   .choice = slice_str(choice_word(r->choice)),
				   .seen = SLICE("cli"),
				   .when = clock_wall_ms(&clock_system) };

	*any = true;
	if (good && r->verb == CLEAR)
		good = ledger_choice_clear(l, c.client, c.site, any);
	else if (good)
		good = ledger_choice_set(l, &c);
	digest_free(keyed);
	return good;
}

static void told_ledger(const struct request *r, const char *state)
{
	print_done(r);
	fprintf(stderr,
		"crumbgate choice: no proxy runs with %s; kept for its next start, no entry in the "
		"log\n",
		state);
}

static int by_ledger(const struct request *r, const char *state)
{
	struct ledger *l;
	struct stat there;
	char error[512];
	int status = COMMAND_GOOD;
	bool good, any = true;
	struct buf out;

	if (stat(state, &there) < 0) {
		fprintf(stderr,
			"crumbgate choice: %s: no proxy ever ran here; name its folder with "
			"--state\n",
			state);
		return COMMAND_USAGE;
	}
	l = ledger_open(state, error, sizeof(error));
	if (l == NULL) {
		fprintf(stderr, "crumbgate choice: %s\n", error);
		return COMMAND_USAGE;
	}
	buf_init(&out, TEXT_MAX);
	good = r->verb == LIST ? ledger_list(l, slice_str(r->has_client ? r->client : ""), &out)
			       : change(r, l, &any);
	if (!good)
		fprintf(stderr, "crumbgate choice: the ledger in %s could not be %s\n", state,
			r->verb == LIST ? "read" : "written");
	else if (r->verb == LIST)
		print_lines(buf_slice(&out), r->json);
	else if (any)
		told_ledger(r, state);
	else
		status = nothing_to_clear(r);
	buf_release(&out);
	ledger_close(l);
	return good ? status : COMMAND_USAGE;
}

static int carry_out(const struct request *r, const char *state)
{
	struct buf line, answer;
	int status;

	buf_init(&line, 1024);
	buf_init(&answer, TEXT_MAX);
	request_line(r, &line);
	switch (control_ask(state, buf_slice(&line), &answer)) {
	case CONTROL_ANSWERED:
		status = by_proxy(r, buf_slice(&answer));
		break;
	case CONTROL_NOBODY:
		status = by_ledger(r, state);
		break;
	default:
		fprintf(stderr, "crumbgate choice: %.*s\n", SLICE_ARG(buf_slice(&answer)));
		status = COMMAND_USAGE;
	}
	buf_release(&line);
	buf_release(&answer);
	return status;
}

int cmd_choice(int argc, char **argv)
{
	struct request r = { .verb = LIST, .client = "local" };
	const char *wrong = read_words(&r, argc, argv);
	char state[STATE_PATH_MAX];

	if (wrong != NULL)
		return usage(wrong);
	if (!state_folder("choice", &r.from, state, sizeof(state)))
		return COMMAND_USAGE;
	return carry_out(&r, state);
}
