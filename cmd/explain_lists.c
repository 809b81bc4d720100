#include "cmd/explain_lists.h"

#include "base/config.h"
#include "cmd/evidence.h"
#include "filters/lists/list_purpose.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define WHY_MAX ((size_t)1024 * 1024)

static bool say(const char *what)
{
	fprintf(stderr, "crumbgate explain: %s\n", what);
	return false;
}

bool explain_lists_init(struct explain_lists *l, int argc)
{
	*l = (struct explain_lists){ .words_n = 0 };
	list_files_init(&l->files, "explain");
	/* An option may be one word, --list=FILE, and becomes two. */
	l->words = calloc(2 * (size_t)argc + 1, sizeof(*l->words));
	return l->words != NULL || say("out of memory");
}

void explain_lists_release(struct explain_lists *l)
{
	list_files_release(&l->files);
	list_sources_release(&l->sources);
	config_free(l->config);
	free(l->words);
}

/* ---- the command line ---- */

/* config_load() copies them. */
static void add(struct explain_lists *l, const char *word)
{
	l->words[l->words_n++] = (char *)(uintptr_t)word;
}

void explain_lists_option(struct explain_lists *l, int c)
{
	switch (c) {
	case OPT_CONFIG:
		add(l, "--config");
		break;
	case OPT_STATE:
		add(l, "--state");
		break;
	case OPT_LIST:
		add(l, "--list");
		break;
	case OPT_LIST_URL:
		add(l, "--list-url");
		break;
	default:
		add(l, c == OPT_LIST_DEFAULTS ? "--list-defaults" : "--no-list-defaults");
		return;
	}
	add(l, optarg);
}

/* ---- reading them ---- */

static bool load_config(struct explain_lists *l)
{
	enum config_status status;
	struct buf why;

	buf_init(&why, WHY_MAX);
	status = config_load(l->words_n, l->words, &l->config, &why);
	fwrite(buf_slice(&why).p, 1, buf_slice(&why).n, stderr);
	buf_release(&why);
	if (status == CONFIG_INVALID)
		say("so its lists are not known; mend this, or leave it out with -c /dev/null");
	return status == CONFIG_GOOD;
}

bool explain_lists_open(struct explain_lists *l)
{
	if (!load_config(l))
		return false;
	if (!list_sources_init(&l->sources, l->config))
		return say("out of memory");
	for (size_t i = 0; i < l->sources.n; i++)
		if (l->sources.list[i].there && !list_files_add(&l->files, l->sources.list[i].path))
			return false;
	return l->files.n == 0 || list_files_open(&l->files, NULL);
}

/* ---- saying ---- */

static void put_source(struct explain_out *o, const struct list_source *s)
{
	out_item(o);
	(void)out_line(o);
	out_str(o, "file", s->path);
	out_bool(o, "there", s->there);
	if (!o->json) {
		put_plain(&o->text, slice_str(s->there ? s->path : s->url));
		if (!s->there)
			buf_adds(&o->text, ": never fetched, so it does nothing; run: crumbgate "
					   "lists update");
	}
	out_line_close(o);
	out_item_close(o);
}

void explain_lists_put(struct explain_out *o, const struct explain_lists *l, const char *so)
{
	if (l->sources.n != 0) {
		out_list(o, "lists_that_are_asked");
		for (size_t i = 0; i < l->sources.n; i++)
			put_source(o, &l->sources.list[i]);
		out_list_close(o);
	}
	if (l->files.n == 0)
		out_say(o, "note",
			"no filter list is loaded, so %s; a list is named by "
			"list or list-url in the configuration, or by --list FILE",
			so);
}

/* ---- a rule ---- */

/* 0: it does not stand there by itself. */
static size_t line_of(struct slice text, struct slice rule)
{
	struct slice line;

	for (size_t n = 1; text.p != NULL; n++) {
		text = slice_cut(text, '\n', &line);
		if (line.n != 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (slice_eq(slice_trim(line), slice_trim(rule)))
			return n;
	}
	return 0;
}

/* In the list, or in a file that it includes. */
static void put_place(struct explain_out *o, const struct list_files *f,
		      const struct lists_rule *rule)
{
	const struct list_file *file = &f->files[rule->list];
	size_t line = line_of(buf_slice(&file->text), rule->text);

	for (size_t i = 0; line == 0 && i < f->included_n; i++) {
		line = line_of(buf_slice(&f->included[i].text), rule->text);
		if (line != 0)
			file = &f->included[i];
	}
	out_str(o, "file", file->path);
	if (line != 0)
		out_u64(o, "line", line);
}

void explain_lists_put_rule(struct explain_out *o, const char *key, const struct explain_lists *l,
			    const struct lists_rule *rule)
{
	out_open(o, key);
	out_bytes(o, "text", rule->text);
	out_bytes(o, "list", list_base_name(lists_name(l->files.lists, rule->list)));
	put_place(o, &l->files, rule);
	out_close(o);
}
