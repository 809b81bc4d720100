/* crumbgate lists show: the lists in use, what of them holds, and what was left out and why. */
#include "cmd/lists_parts.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/paths.h"
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "cmd/lists_kept.h"
#include "cmd/state.h"
#include "filters/lists/looks.h"
#include "proxy/list_files.h"
#include "proxy/list_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUT_MAX ((size_t)4 * 1024 * 1024)
#define VERSION_LEN 16
#define WRONG_MAX 160

struct shown {
	const struct list_source *source;
	bool good;	       /* it could be read */
	char wrong[WRONG_MAX]; /* empty: it is a list */
	size_t size, left_out;
	size_t alone; /* rules that would hold if there were no other list */
	size_t rules; /* rules that hold: as the log counts them */
	char sha256[DIGEST_PLAIN_LEN + 1];
	int64_t fetched, expires; /* 0: not known */
};

struct totals {
	size_t lists, rules, left[LEFT_KINDS];
	bool wrong;
};

/* ---- one list ---- */

/* What is wrong with the text, if anything is. */
static bool is_list(struct slice text, char wrong[WRONG_MAX])
{
	const struct list_look look = list_look(text);
	struct buf why;
	bool good;

	buf_init(&why, WRONG_MAX - 1);
	good = list_look_good(&look, &why);
	(void)slice_copy(buf_slice(&why), wrong, WRONG_MAX);
	buf_release(&why);
	return good;
}

static void look_closer(struct shown *s, const struct list_files *f, struct totals *t)
{
	struct slice text = buf_slice(&f->files[0].text);

	s->size = text.n;
	t->wrong = !is_list(text, s->wrong) || t->wrong;
	s->alone = lists_rules(f->lists);
	s->good = digest_plain(text, s->sha256);
	for (unsigned k = 0; k < LEFT_KINDS; k++) {
		size_t n = lists_left_count(f->lists, (enum left_kind)k);

		s->left_out += n;
		t->left[k] += n;
	}
	t->lists++;
}

static void look_at_kept(struct shown *s, int folder)
{
	struct kept k;
	struct buf why;

	kept_init(&k);
	buf_init(&why, 4096);
	if (folder >= 0 && kept_read(folder, s->source->name, s->source->url, &k, &why) &&
	    k.known) {
		s->fetched = k.fetched;
		s->expires = k.expires;
	}
	buf_release(&why);
	kept_release(&k);
}

static void look(const struct list_source *source, int folder, struct shown *s, struct totals *t)
{
	struct list_files f;

	*s = (struct shown){ .source = source };
	if (!source->there) {
		t->wrong = true;
		return;
	}
	list_files_init(&f, "lists");
	if (list_files_add(&f, source->path) && list_files_open(&f, NULL))
		look_closer(s, &f, t);
	else
		t->wrong = true;
	list_files_release(&f);
	if (source->from == LIST_FROM_URL)
		look_at_kept(s, folder);
}

/* Together, as the proxy has them: a rule that two lists have holds once, in the first. */
static bool count_together(struct shown *all, size_t n, struct totals *t)
{
	struct list_files f;
	bool good = true;
	size_t at = 0;

	if (t->lists == 0)
		return true;
	list_files_init(&f, "lists");
	for (size_t i = 0; good && i < n; i++)
		good = !all[i].good || list_files_add(&f, all[i].source->path);
	good = good && list_files_open(&f, NULL);
	for (size_t i = 0; good && i < n; i++)
		if (all[i].good)
			all[i].rules = lists_rules_of(f.lists, at++);
	t->rules = good ? lists_rules(f.lists) : 0;
	list_files_release(&f);
	return good;
}

/* ---- as a table ---- */

static const char *const from_words[] = {
	[LIST_FROM_FILE] = "file", [LIST_FROM_SYSTEM] = "system", [LIST_FROM_URL] = "url"
};

static struct slice name_of(const struct list_source *s)
{
	struct slice rest = slice_str(s->path), part = rest;

	if (s->from == LIST_FROM_URL)
		return slice_str(s->name);
	while (rest.p != NULL)
		rest = slice_cut(rest, '/', &part);
	return part;
}

static void put_minute(struct buf *out, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(wall_ms, text, sizeof(text));
	buf_addf(out, "  %.16s", wall_ms != 0 ? text : "-               ");
}

static void put_text(struct buf *out, const struct shown *s)
{
	struct buf name;

	buf_init(&name, 4096);
	put_plain(&name, name_of(s->source));
	buf_addf(out, "%-32.*s  %-6s", SLICE_ARG(buf_slice(&name)), from_words[s->source->from]);
	buf_release(&name);
	if (!s->source->there)
		buf_adds(out, "  not fetched yet; run: crumbgate lists update\n");
	else if (!s->good)
		buf_adds(out, "  cannot be read\n");
	else {
		buf_addf(out, "  %7zu  %8zu  %8zu  %.*s", s->rules, s->alone - s->rules,
			 s->left_out, VERSION_LEN, s->sha256);
		put_minute(out, s->fetched);
		put_minute(out, s->expires);
		buf_addc(out, '\n');
	}
	buf_adds(out, "    ");
	put_plain(out,
		  slice_str(s->source->from == LIST_FROM_URL ? s->source->url : s->source->path));
	if (s->wrong[0] != '\0')
		buf_addf(out, "\n    %s", s->wrong);
	buf_addc(out, '\n');
}

static void put_text_totals(struct buf *out, const struct totals *t)
{
	buf_addf(out, "%zu %s, %zu rules\n", t->lists, t->lists == 1 ? "list" : "lists", t->rules);
	for (unsigned k = 0; k < LEFT_KINDS; k++)
		if (t->left[k] != 0)
			buf_addf(out, "left out: %zu (%s)\n", t->left[k],
				 left_kind_name((enum left_kind)k));
}

/* ---- as JSON ---- */

static void put_time(struct buf *out, const char *key, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(wall_ms, text, sizeof(text));
	if (wall_ms != 0)
		json_kv(out, key, slice_str(text));
}

static void put_json(struct buf *out, const struct shown *s)
{
	json_item(out);
	json_open(out, '{');
	json_kv(out, "name", name_of(s->source));
	json_kv(out, "from", slice_str(from_words[s->source->from]));
	json_kv(out, "file", slice_str(s->source->path));
	if (s->source->from == LIST_FROM_URL)
		json_kv(out, "url", slice_str(s->source->url));
	json_kv_bool(out, "there", s->source->there);
	if (s->good) {
		json_kv_u64(out, "size", s->size);
		json_kv_u64(out, "rules", s->rules);
		json_kv_u64(out, "repeated", s->alone - s->rules);
		json_kv_u64(out, "left_out", s->left_out);
		json_kv(out, "sha256", slice_str(s->sha256));
	}
	if (s->wrong[0] != '\0')
		json_kv(out, "wrong", slice_str(s->wrong));
	put_time(out, "fetched", s->fetched);
	put_time(out, "expires", s->expires);
	json_close(out, '}');
}

static void put_json_totals(struct buf *out, const struct totals *t)
{
	json_kv_u64(out, "rules", t->rules);
	json_key(out, "left_out");
	json_open(out, '[');
	for (unsigned k = 0; k < LEFT_KINDS; k++) {
		if (t->left[k] == 0)
			continue;
		json_item(out);
		json_open(out, '{');
		json_kv(out, "kind", slice_str(left_kind_name((enum left_kind)k)));
		json_kv_u64(out, "count", t->left[k]);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* ---- all ---- */

static void put_all(const struct lists_request *r, const struct shown *all, size_t n,
		    const struct totals *t, struct buf *out)
{
	if (r->json) {
		json_open(out, '{');
		json_key(out, "lists");
		json_open(out, '[');
	} else {
		buf_addf(out, "%-32s  %-6s  %7s  %8s  %8s  %-*s  %-16s  %s\n", "LIST", "FROM",
			 "RULES", "REPEATED", "LEFT OUT", VERSION_LEN, "SHA-256", "FETCHED (UTC)",
			 "EXPIRES (UTC)");
	}
	for (size_t i = 0; i < n; i++)
		(r->json ? put_json : put_text)(out, &all[i]);
	if (r->json) {
		json_close(out, ']');
		put_json_totals(out, t);
		json_close(out, '}');
		buf_addc(out, '\n');
	} else {
		put_text_totals(out, t);
	}
}

static bool show_all(const struct lists_request *r, const struct list_sources *sources, int folder)
{
	struct shown *all = calloc(sources->n + 1, sizeof(*all));
	struct totals t = { .lists = 0 };
	struct buf out;

	if (all == NULL)
		return false;
	buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < sources->n; i++)
		look(&sources->list[i], folder, &all[i], &t);
	t.wrong = !count_together(all, sources->n, &t) || t.wrong;
	put_all(r, all, sources->n, &t, &out);
	fwrite(buf_slice(&out).p, 1, buf_slice(&out).n, stdout);
	t.wrong = t.wrong || !buf_ok(&out);
	buf_release(&out);
	free(all);
	return !t.wrong;
}

int lists_show(const struct lists_request *r)
{
	char path[STATE_PATH_MAX];
	struct list_sources all;
	int folder = -1;
	bool good;

	if (!list_sources_init(&all, r->config)) {
		fprintf(stderr, "crumbgate lists: out of memory\n");
		return COMMAND_USAGE;
	}
	if (paths_join(path, sizeof(path), r->config->state, LIST_FOLDER))
		folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = show_all(r, &all, folder);
	if (folder >= 0)
		close(folder);
	list_sources_release(&all);
	return good ? COMMAND_GOOD : COMMAND_NO;
}
