/* crumbgate classify: what cookies are for, from a table of their facts. */
#include "cmd/classify_row.h"
#include "cmd/command.h"
#include "cmd/evidence.h"

#include "base/json.h"
#include "data/tables.h"
#include "filters/purpose.h"
#include "filters/rules_text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)512 * 1024 * 1024)
#define OUT_MAX ((size_t)8 * 1024 * 1024)
#define PIECE ((size_t)64 * 1024)
#define NAME_WIDTH_MAX 40u

enum { FILE_COOKIES, FILE_TRACKERS, FILE_WEIGHTS, FILES };

struct request {
	bool json, features;
	const char *file[FILES]; /* instead of the table of the program */
};

struct classifier {
	const struct request *q;
	struct rules *rules;
	struct sites *sites;
	size_t name_width; /* of the table's column */
	struct buf out;
};

static bool say(const char *what)
{
	fprintf(stderr, "crumbgate classify: %s\n", what);
	return false;
}

static bool read_arguments(int argc, char **argv, struct request *q)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "features", no_argument, NULL, 'f' },
		{ "cookies", required_argument, NULL, FILE_COOKIES },
		{ "trackers", required_argument, NULL, FILE_TRACKERS },
		{ "weights", required_argument, NULL, FILE_WEIGHTS },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == '?')
			return wrong_option("classify", argv);
		if (c == 'j')
			q->json = true;
		else if (c == 'f')
			q->features = true;
		else
			q->file[c] = optarg;
	}
	return optind == argc || say("it reads standard input and takes no file name; see "
				     "'crumbgate classify --help'");
}

static bool read_all(int fd, const char *name, struct buf *out)
{
	ssize_t got;

	do {
		char *to = buf_reserve(out, PIECE);

		if (to == NULL) {
			fprintf(stderr, "crumbgate classify: %s: more than 512 MiB; split it\n",
				name);
			return false;
		}
		do
			got = read(fd, to, PIECE);
		while (got < 0 && errno == EINTR);
		if (got > 0)
			buf_commit(out, (size_t)got);
	} while (got > 0);
	if (got < 0)
		fprintf(stderr, "crumbgate classify: %s: %s\n", name, strerror(errno));
	return got == 0;
}

/* The table of the program unless a file was named; "-": without that table. */
static bool read_table(const char *path, struct slice own, struct buf *text, struct slice *out)
{
	bool good;
	int fd;

	*out = own;
	if (path == NULL)
		return true;
	*out = slice_of(NULL, 0);
	if (strcmp(path, "-") == 0)
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "crumbgate classify: %s: %s\n", path, strerror(errno));
		return false;
	}
	good = read_all(fd, path, text);
	close(fd);
	*out = buf_slice(text);
	return good;
}

static struct rules *compile(const struct rules_sections *sections)
{
	struct rules *rules = NULL;
	struct buf text, error;

	buf_init(&text, RULES_TEXT_MAX);
	buf_init(&error, 4096);
	if (!rules_sections_join(sections, &text))
		say("the tables together are larger than 64 MiB");
	else if ((rules = rules_new(buf_slice(&text), "cookies.tsv", &error)) == NULL)
		fprintf(stderr, "crumbgate classify: %.*s\n", SLICE_ARG(buf_slice(&error)));
	buf_release(&text);
	buf_release(&error);
	return rules;
}

static struct rules *read_rules(const struct request *q)
{
	const struct rules_sections own = rules_sections_of(table_rules);
	struct rules_sections s;
	struct rules *rules = NULL;
	struct buf text[FILES];

	for (unsigned i = 0; i < FILES; i++)
		buf_init(&text[i], TEXT_MAX);
	if (read_table(q->file[FILE_COOKIES], own.cookies, &text[FILE_COOKIES], &s.cookies) &&
	    read_table(q->file[FILE_TRACKERS], own.trackers, &text[FILE_TRACKERS], &s.trackers) &&
	    read_table(q->file[FILE_WEIGHTS], own.weights, &text[FILE_WEIGHTS], &s.weights))
		rules = compile(&s);
	for (unsigned i = 0; i < FILES; i++)
		buf_release(&text[i]);
	return rules;
}

/* ---- one cookie ---- */

static void add_feature(void *arg, struct slice feature)
{
	struct buf *out = arg;

	json_item(out);
	json_bytes(out, feature);
}

static void put_features(const struct score_facts *f, struct buf *out)
{
	json_open(out, '{');
	json_kv(out, "name", f->name);
	json_key(out, "features");
	json_open(out, '[');
	score_features(f, add_feature, out);
	json_close(out, ']');
	json_close(out, '}');
}

static void put_permille(struct buf *out, const char *key, unsigned v)
{
	json_key(out, key);
	buf_addf(out, "%u.%03u", v / 1000, v % 1000);
}

static void put_json(const struct score_facts *f, const struct purpose_found *p, struct buf *out)
{
	json_open(out, '{');
	json_kv(out, "name", f->name);
	json_kv(out, "purpose", slice_str(purpose_word(p->purpose)));
	put_permille(out, "score", p->layer == LAYER_NONE ? 0 : p->permille);
	json_kv(out, "layer", slice_str(purpose_layer_word(p->layer)));
	json_kv(out, "why", slice_str(p->why));
	if (p->layer == LAYER_SCORE) {
		json_key(out, "probabilities");
		json_open(out, '{');
		for (unsigned i = 0; i < SCORE_CLASSES; i++)
			put_permille(out, purpose_word((enum purpose)(PURPOSE_ESSENTIAL + i)),
				     p->score.classes[i]);
		json_close(out, '}');
	}
	json_close(out, '}');
}

static void put_text(const struct classifier *c, const struct score_facts *f,
		     const struct purpose_found *p, struct buf *out)
{
	size_t name;

	buf_addf(out, "%-11s %4u%%  %-6s  ", purpose_word(p->purpose),
		 p->layer == LAYER_NONE ? 0 : (p->permille + 5) / 10, purpose_layer_word(p->layer));
	name = out->len;
	put_plain(out, f->name);
	while (out->len - name < c->name_width)
		buf_addc(out, ' ');
	buf_adds(out, "  ");
	put_plain(out, slice_str(p->why));
}

/* The score reads the name before all; without one it would guess from nothing. */
static void find(struct classifier *c, const struct score_facts *f, struct purpose_found *out)
{
	purpose_find(c->rules, f, out);
	if (f->name.n != 0 || out->layer != LAYER_SCORE)
		return;
	*out = (struct purpose_found){ .purpose = PURPOSE_UNKNOWN, .layer = LAYER_NONE };
	(void)slice_copy(SLICE("it has no name to go by"), out->why, sizeof(out->why));
}

static bool put_cookie(struct classifier *c, const struct score_facts *f)
{
	struct purpose_found found;

	buf_clear(&c->out);
	if (c->q->features) {
		put_features(f, &c->out);
	} else {
		find(c, f, &found);
		if (c->q->json)
			put_json(f, &found, &c->out);
		else
			put_text(c, f, &found, &c->out);
	}
	buf_addc(&c->out, '\n');
	if (!buf_ok(&c->out))
		return say("out of memory");
	return fwrite(buf_slice(&c->out).p, 1, buf_slice(&c->out).n, stdout) == c->out.len;
}

/* ---- all ---- */

static bool wrong_input(const struct csv *csv, const char *what)
{
	fprintf(stderr, "crumbgate classify: standard input, line %zu: %s\n", csv->line, what);
	return false;
}

/* How wide names are, as they are printed; a few that are wider stand out. */
static size_t name_width(struct slice text, struct buf *scratch)
{
	struct classify_columns columns;
	size_t width = strlen("NAME");
	const char *error;
	struct csv csv;

	csv_init(&csv, text);
	if (csv_next(&csv) == CSV_RECORD && classify_columns_of(&csv, &columns, &error)) {
		while (csv_next(&csv) == CSV_RECORD) {
			if (columns.at[CLASSIFY_NAME] > csv.n)
				continue;
			buf_clear(scratch);
			put_plain(scratch, slice_head(csv.field[columns.at[CLASSIFY_NAME] - 1],
						      NAME_WIDTH_MAX + 1));
			if (scratch->len > width && scratch->len <= NAME_WIDTH_MAX)
				width = scratch->len;
		}
	}
	csv_release(&csv);
	return width;
}

static bool classify_records(struct classifier *c, struct csv *csv)
{
	struct classify_columns columns;
	enum csv_result got = csv_next(csv);
	const char *error = NULL;
	struct score_facts f;

	if (got == CSV_ERROR)
		return wrong_input(csv, csv->error);
	if (!classify_columns_of(csv, &columns, &error))
		return wrong_input(csv, error);
	if (!c->q->json && !c->q->features)
		printf("%-11s %5s  %-6s  %-*s  WHY\n", "PURPOSE", "SCORE", "LAYER",
		       (int)c->name_width, "NAME");
	while ((got = csv_next(csv)) == CSV_RECORD) {
		if (!classify_facts(c->sites, &columns, csv, &f, &error))
			return wrong_input(csv, error);
		if (!put_cookie(c, &f))
			return false;
	}
	return got == CSV_END || wrong_input(csv, csv->error);
}

static bool classify_text(struct classifier *c, struct slice text)
{
	struct csv csv;
	bool good;

	if (slice_starts(text, SLICE("\xff\xfe")) || slice_starts(text, SLICE("\xfe\xff")))
		return say("standard input is UTF-16; save it as CSV in UTF-8");
	if (!c->q->json && !c->q->features)
		c->name_width = name_width(text, &c->out);
	csv_init(&csv, text);
	good = classify_records(c, &csv);
	csv_release(&csv);
	return good;
}

int cmd_classify(int argc, char **argv)
{
	struct request q = { .json = false };
	struct classifier c = { .q = &q };
	struct buf text;
	bool good;

	if (!read_arguments(argc, argv, &q))
		return COMMAND_USAGE;
	buf_init(&text, TEXT_MAX);
	buf_init(&c.out, OUT_MAX);
	c.sites = sites_new(SITES_LATEST);
	if (c.sites == NULL)
		good = say("the list of public suffixes cannot be read");
	else
		good = (c.rules = read_rules(&q)) != NULL &&
		       read_all(STDIN_FILENO, "standard input", &text) &&
		       classify_text(&c, buf_slice(&text));
	rules_free(c.rules);
	sites_free(c.sites);
	buf_release(&c.out);
	buf_release(&text);
	return good ? COMMAND_GOOD : COMMAND_USAGE;
}
