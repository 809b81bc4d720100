/*
 * crumbgate choice: what a client decided; by the running proxy, or in the ledger when none runs.
 */
#include "cmd/command.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/paths.h"
#include "base/plain.h"
#include "cmd/choice_request.h"
#include "cmd/control_ask.h"
#include "evidence/digest.h"
#include "evidence/ledger.h"

#include <stdio.h>
#include <sys/stat.h>

#define TEXT_MAX (16u * 1024 * 1024)

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
static void print_whose(const struct choice_request *r, bool site)
{
	if (strcmp(r->client, "local") != 0)
		printf("%s: ", r->client);
	if (site)
		printf("%s: ", strcmp(r->site, "*") == 0 ? "all sites" : r->site);
}

/* A site without a choice of its own has that for all sites, of which `lines` is the list. */
static void print_cleared(const struct choice_request *r, struct slice lines)
{
	struct slice line;
	struct buf choice;

	if (strcmp(r->site, "*") == 0) {
		print_whose(r, false);
		printf("every choice is cleared\n");
		return;
	}
	buf_init(&choice, 256);
	while (lines.p != NULL) {
		lines = slice_cut(lines, '\n', &line);
		if (slice_eq(string_of(line, "site"), SLICE("*")))
			plain_choice(&choice, string_of(line, "choice"));
	}
	print_whose(r, true);
	if (choice.len != 0)
		printf("cleared; for all sites: %.*s\n", SLICE_ARG(buf_slice(&choice)));
	else
		printf("no choice yet\n");
	buf_release(&choice);
}

static void print_set(const struct choice_request *r, enum config_profile profile)
{
	struct buf choice;

	buf_init(&choice, 256);
	plain_choice(&choice, slice_str(choice_word(r->choice)));
	print_whose(r, true);
	printf("%.*s", SLICE_ARG(buf_slice(&choice)));
	if (profile != CONFIG_DEFAULT)
		printf(" (noted; it does not count: profile %s)", config_profile_name(profile));
	printf("\n");
	buf_release(&choice);
}

static int nothing_to_clear(const struct choice_request *r)
{
	print_whose(r, true);
	printf("nothing to clear\n");
	return COMMAND_NO;
}

/* ---- the running proxy ---- */

/* Who asks, and the profile that the configuration gives to the client. */
struct job {
	const struct choice_request *r;
	const char *state;
	enum config_profile profile;
};

static void list_line(const struct choice_request *r, bool one_client, struct buf *line)
{
	buf_addf(line, "choice list%s%s\n", one_client ? " " : "", one_client ? r->client : "");
}

static void request_line(const struct choice_request *r, struct buf *line)
{
	if (r->verb == CHOICE_LIST)
		list_line(r, r->has_client, line);
	else if (r->verb == CHOICE_CLEAR)
		buf_addf(line, "choice clear %s %s\n", r->client, r->site);
	else
		buf_addf(line, "choice set %s %s %s\n", r->client, r->site, choice_word(r->choice));
}

static void proxy_cleared(const struct job *j)
{
	struct buf line, list;

	buf_init(&line, 1024);
	buf_init(&list, TEXT_MAX);
	list_line(j->r, true, &line);
	if (control_ask(j->state, buf_slice(&line), &list) != CONTROL_ANSWERED)
		buf_clear(&list);
	print_cleared(j->r, buf_slice(&list));
	buf_release(&line);
	buf_release(&list);
}

static int by_proxy(const struct job *j, struct slice answer)
{
	if (j->r->verb == CHOICE_LIST && !slice_starts(answer, SLICE("error "))) {
		print_lines(answer, j->r->json);
		return COMMAND_GOOD;
	}
	if (slice_eq(answer, SLICE("ok\n"))) {
		if (j->r->verb == CHOICE_CLEAR)
			proxy_cleared(j);
		else
			print_set(j->r, j->profile);
		return COMMAND_GOOD;
	}
	if (slice_eq(answer, SLICE("nothing\n")))
		return nothing_to_clear(j->r);
	answer = slice_starts(answer, SLICE("error ")) ? slice_skip(answer, 6) : answer;
	fprintf(stderr, "crumbgate choice: the proxy says: %.*s\n",
		SLICE_ARG(slice_head(answer, slice_find(answer, '\n'))));
	return COMMAND_USAGE;
}

/* ---- the ledger, when no proxy runs ---- */

/* *any: there was something to change. */
static bool change(const struct choice_request *r, struct ledger *l, bool *any)
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
	if (good && r->verb == CHOICE_CLEAR)
		good = ledger_choice_clear(l, c.client, c.site, any);
	else if (good)
		good = ledger_choice_set(l, &c);
	digest_free(keyed);
	return good;
}

static int ledger_listed(const struct job *j, struct ledger *l)
{
	struct buf out;
	bool good;

	buf_init(&out, TEXT_MAX);
	good = ledger_list(l, slice_str(j->r->has_client ? j->r->client : ""), &out);
	if (good)
		print_lines(buf_slice(&out), j->r->json);
	else
		fprintf(stderr, "crumbgate choice: the ledger in %s could not be read\n", j->state);
	buf_release(&out);
	return good ? COMMAND_GOOD : COMMAND_USAGE;
}

static void ledger_cleared(const struct job *j, struct ledger *l)
{
	struct buf list;

	buf_init(&list, TEXT_MAX);
	if (!ledger_list(l, slice_str(j->r->client), &list))
		buf_clear(&list);
	print_cleared(j->r, buf_slice(&list));
	buf_release(&list);
}

static int ledger_changed(const struct job *j, struct ledger *l)
{
	bool any;

	if (!change(j->r, l, &any)) {
		fprintf(stderr, "crumbgate choice: the ledger in %s could not be written\n",
			j->state);
		return COMMAND_USAGE;
	}
	if (!any)
		return nothing_to_clear(j->r);
	if (j->r->verb == CHOICE_CLEAR)
		ledger_cleared(j, l);
	else
		print_set(j->r, j->profile);
	fprintf(stderr,
		"crumbgate choice: no proxy runs with %s; kept for its next start, no entry in the "
		"log\n",
		j->state);
	return COMMAND_GOOD;
}

static bool is_there(const char *state, const char *name)
{
	char path[STATE_PATH_MAX];
	struct stat st;

	return paths_join(path, sizeof(path), state, name) && stat(path, &st) == 0;
}

/* There is no ledger, and nothing to make one for. */
static int without_ledger(const struct job *j)
{
	if (!is_there(j->state, "evidence")) {
		fprintf(stderr,
			"crumbgate choice: %s: no proxy ever ran here; name its folder with "
			"--state\n",
			j->state);
		return COMMAND_USAGE;
	}
	if (j->r->verb == CHOICE_CLEAR)
		return nothing_to_clear(j->r);
	print_lines(SLICE(""), j->r->json);
	return COMMAND_GOOD;
}

static int by_ledger(const struct job *j)
{
	struct ledger *l;
	char error[512];
	int status;

	if (!is_there(j->state, j->r->verb == CHOICE_SET ? "." : "ledger.db"))
		return without_ledger(j);
	l = ledger_open(j->state, error, sizeof(error));
	if (l == NULL) {
		fprintf(stderr, "crumbgate choice: %s\n", error);
		return COMMAND_USAGE;
	}
	status = j->r->verb == CHOICE_LIST ? ledger_listed(j, l) : ledger_changed(j, l);
	ledger_close(l);
	return status;
}

/* ---- both ---- */

static int carry_out(const struct job *j)
{
	struct buf line, answer;
	int status;

	buf_init(&line, 1024);
	buf_init(&answer, TEXT_MAX);
	request_line(j->r, &line);
	switch (control_ask(j->state, buf_slice(&line), &answer)) {
	case CONTROL_ANSWERED:
		status = by_proxy(j, buf_slice(&answer));
		break;
	case CONTROL_NOBODY:
		status = by_ledger(j);
		break;
	default:
		fprintf(stderr, "crumbgate choice: %.*s\n", SLICE_ARG(buf_slice(&answer)));
		status = COMMAND_USAGE;
	}
	buf_release(&line);
	buf_release(&answer);
	return status;
}

/*
 * Loopback addresses are all this machine's person, but where the configuration tells one apart it
 * is a client of its own (proxy/visitor.c).
 */
static enum config_profile profile_of(const struct config *config, struct choice_request *r)
{
	enum config_profile own, local;
	struct address loop;

	own = config_profile_of(config, (const struct sockaddr *)&r->address.sa);
	if (strcmp(r->client, "local") != 0 || !address_parse_ip(SLICE("127.0.0.1"), 0, &loop))
		return own;
	local = config_profile_of(config, (const struct sockaddr *)&loop.sa);
	if (own != local)
		address_print_ip(&r->address, r->client);
	return own;
}

int cmd_choice(int argc, char **argv)
{
	struct choice_request r;
	struct config *config;
	struct job job;
	int status;

	if (!choice_request_read(&r, argc, argv))
		return COMMAND_USAGE;
	config = state_config("choice", &r.from);
	if (config == NULL)
		return COMMAND_USAGE;
	job = (struct job){ &r, config->state, profile_of(config, &r) };
	status = carry_out(&job);
	config_free(config);
	return status;
}
