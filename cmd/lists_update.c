/* crumbgate lists update: each list that has expired is fetched, checked, and put in place. */
#include "cmd/lists_parts.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/paths.h"
#include "cmd/command.h"
#include "cmd/control_ask.h"
#include "cmd/lists_check.h"
#include "cmd/lists_fetch.h"
#include "cmd/lists_kept.h"
#include "cmd/lists_whole.h"
#include "cmd/state.h"
#include "proxy/list_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define WHY_MAX 8192u
#define LINE_MAX_BYTES 32768u

enum result { FAILED, FRESH, UNCHANGED, UPDATED };

/* One list on its way. */
struct update {
	const struct lists_request *request;
	const struct list_source *source;
	int folder;
	int64_t now;
	struct kept kept;
	struct fetch_answer answer;
	struct buf whole;
	struct buf why;
};

/* ---- one list ---- */

static bool is_fresh(const struct update *u)
{
	const struct kept *k = &u->kept;

	/* Fetched in the future: the clock was wrong then or is now. */
	return k->known && !u->request->force && k->fetched <= u->now && u->now < k->expires;
}

static bool get_part(void *arg, const char *url, struct buf *text, struct buf *why)
{
	struct update *u = arg;
	struct fetch_ask ask = { .config = u->request->config,
				 .url = url,
				 .same_host = true,
				 .shown = u->source->name };
	struct fetch_answer a;
	bool good;

	fetch_answer_init(&a);
	good = fetch_url(&ask, &a, why);
	if (good && !buf_add(text, buf_slice(&a.body))) {
		buf_adds(why, "out of memory");
		good = false;
	}
	fetch_answer_release(&a);
	return good;
}

/* Its own 304 says nothing about what a list includes. */
static bool get(struct update *u)
{
	const struct kept *k = &u->kept;
	bool compare = k->known && k->includes == 0 && !u->request->force;
	struct fetch_ask ask = { .config = u->request->config,
				 .url = u->source->url,
				 .etag = compare ? k->etag : "",
				 .modified = compare ? k->modified : "",
				 .shown = u->source->name };

	return fetch_url(&ask, &u->answer, &u->why);
}

static enum result write_down(struct update *u, struct slice text, enum result good)
{
	struct kept *k = &u->kept;
	struct slice now = text.p != NULL ? text : buf_slice(&k->text);

	k->fetched = u->now;
	k->expires = u->now + list_expires_s(now) * 1000;
	if (!kept_write(u->folder, u->source->name, u->source->url, k, text, &u->why))
		return FAILED;
	k->known = true;
	return good;
}

static enum result take(struct update *u)
{
	struct whole w = { .out = &u->whole, .get = get_part, .arg = u };
	struct slice text = buf_slice(&u->answer.body);
	size_t before = u->request->force ? 0 : buf_slice(&u->kept.text).n;
	struct list_facts facts;
	bool same;

	if (!whole_make(&w, u->answer.url, text, &u->why))
		return FAILED;
	if (w.includes != 0)
		text = buf_slice(&u->whole);
	same = u->kept.there && slice_eq(text, buf_slice(&u->kept.text));
	if (!list_check(text, before, &facts, &u->why))
		return FAILED;
	u->kept.rules = facts.rules;
	u->kept.left_out = facts.left_out;
	u->kept.includes = w.includes;
	(void)slice_copy(slice_str(u->answer.etag), u->kept.etag, sizeof(u->kept.etag));
	(void)slice_copy(slice_str(u->answer.modified), u->kept.modified, sizeof(u->kept.modified));
	return write_down(u, same ? slice_of(NULL, 0) : text, same ? UNCHANGED : UPDATED);
}

static enum result update_one(struct update *u)
{
	const struct list_source *s = u->source;

	if (!kept_read(u->folder, s->name, s->url, &u->kept, &u->why))
		return FAILED;
	if (is_fresh(u))
		return FRESH;
	if (!get(u))
		return FAILED;
	if (u->answer.status == 304)
		return write_down(u, slice_of(NULL, 0), UNCHANGED);
	return take(u);
}

/* ---- what is said ---- */

static const char *const result_words[] = {
	[FAILED] = "failed", [FRESH] = "fresh", [UNCHANGED] = "unchanged", [UPDATED] = "updated"
};

static void add_time(struct buf *out, const char *key, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(wall_ms, text, sizeof(text));
	json_kv(out, key, slice_str(text));
}

static void put_json(struct buf *out, const struct update *u, enum result result)
{
	const struct kept *k = &u->kept;

	json_open(out, '{');
	json_kv(out, "url", slice_str(u->source->url));
	json_kv(out, "name", slice_str(u->source->name));
	json_kv(out, "result", slice_str(result_words[result]));
	if (result == FAILED)
		json_kv(out, "error", buf_slice(&u->why));
	if (k->there || result == UPDATED)
		json_kv(out, "sha256", slice_str(k->sha256));
	if (k->known) {
		json_kv_u64(out, "rules", k->rules);
		json_kv_u64(out, "left_out", k->left_out);
		add_time(out, "fetched", k->fetched);
		add_time(out, "expires", k->expires);
	}
	json_close(out, '}');
	buf_addc(out, '\n');
}

static void put_text(struct buf *out, const struct update *u, enum result result)
{
	const struct kept *k = &u->kept;
	char until[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(k->expires, until, sizeof(until));
	buf_addf(out, "%s: %s, %llu rules, holds until %.16sZ\n", u->source->name,
		 result_words[result], (unsigned long long)k->rules, until);
}

static void say(const struct update *u, enum result result)
{
	struct buf out;

	buf_init(&out, LINE_MAX_BYTES);
	if (result == FAILED)
		fprintf(stderr, "crumbgate lists: %s: %.*s; %s\n", u->source->url,
			SLICE_ARG(buf_slice(&u->why)),
			u->kept.there ? "the last good copy stays in use"
				      : "there is no copy yet, so nothing of it is in use");
	if (u->request->json)
		put_json(&out, u, result);
	else if (result != FAILED)
		put_text(&out, u, result);
	fwrite(buf_slice(&out).p, 1, buf_slice(&out).n, stdout);
	fflush(stdout);
	buf_release(&out);
}

static enum result update(const struct lists_request *r, const struct list_source *s, int folder)
{
	struct update u = {
		.request = r, .source = s, .folder = folder, .now = clock_wall_ms(&clock_system)
	};
	enum result result;

	kept_init(&u.kept);
	fetch_answer_init(&u.answer);
	buf_init(&u.whole, LISTS_TEXT_MAX);
	buf_init(&u.why, WHY_MAX);
	result = update_one(&u);
	say(&u, result);
	buf_release(&u.why);
	buf_release(&u.whole);
	fetch_answer_release(&u.answer);
	kept_release(&u.kept);
	return result;
}

/* ---- all ---- */

/* The folder, locked; -1: said why. */
static int open_folder(const char *state)
{
	char path[STATE_PATH_MAX];
	int fd = -1;
	struct buf why;

	buf_init(&why, WHY_MAX);
	if (!paths_join(path, sizeof(path), state, LIST_FOLDER))
		buf_adds(&why, "the state folder's path is too long");
	else if (paths_private_dir(state, &why) && paths_private_dir(path, &why)) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
			buf_addf(&why, "%s: %s", path,
				 errno == EWOULDBLOCK ? "another update is running; wait for it"
						      : strerror(errno));
			if (fd >= 0)
				close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		fprintf(stderr, "crumbgate lists: %.*s\n", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	return fd;
}

static void tell_proxy(const char *state)
{
	struct buf answer;

	buf_init(&answer, WHY_MAX);
	if (control_ask(state, SLICE("ping\n"), &answer) == CONTROL_ANSWERED)
		fprintf(stderr, "a proxy runs with %s; it uses the new lists after SIGHUP\n",
			state);
	buf_release(&answer);
}

static int update_all(const struct lists_request *r, const struct list_sources *all)
{
	int folder = open_folder(r->config->state);
	size_t count[UPDATED + 1] = { 0 };

	if (folder < 0)
		return COMMAND_USAGE;
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].from == LIST_FROM_URL)
			count[update(r, &all->list[i], folder)]++;
	close(folder);
	if (count[UPDATED] != 0)
		tell_proxy(r->config->state);
	return count[FAILED] == 0 ? COMMAND_GOOD : COMMAND_NO;
}

int lists_update(const struct lists_request *r)
{
	struct list_sources all;
	int status;

	if (r->config->list_urls_n == 0) {
		fprintf(stderr, "crumbgate lists: there is nothing to fetch; name lists with "
				"list-url = \"https://...\" in the configuration\n");
		return COMMAND_USAGE;
	}
	if (!list_sources_init(&all, r->config)) {
		fprintf(stderr, "crumbgate lists: out of memory\n");
		return COMMAND_USAGE;
	}
	status = update_all(r, &all);
	list_sources_release(&all);
	return status;
}
