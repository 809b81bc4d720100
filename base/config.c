#include "base/config.h"

#include "base/config_file.h"
#include "base/config_value.h"
#include "base/json.h"
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the command line ---- */

struct given {
	const struct option_row *row; /* NULL: the file's name */
	struct slice value;
};

static bool like_file(struct slice word)
{
	static const size_t n = sizeof(".conf") - 1;

	return slice_find(word, '/') < word.n ||
	       (word.n >= n && slice_eq(slice_skip(word, word.n - n), SLICE(".conf")));
}

/*
 * Reads the option at args[*at] and moves behind it.  False: said in why, with the option's name
 * before it.
 */
static bool take_option(char *const *args, size_t n, size_t *at, struct given *out, struct buf *why)
{
	struct slice arg = slice_str(args[(*at)++]), name, value;
	bool negated;

	if (!slice_eq(arg, SLICE("-c")) && !slice_starts(arg, SLICE("--"))) {
		buf_addf(why, "'%.*s' is not expected here; ", SLICE_ARG(arg));
		if (like_file(arg))
			buf_addf(why, "a configuration file is named with -c %.*s\n",
				 SLICE_ARG(arg));
		else
			buf_adds(why, "options begin with --\n");
		return false;
	}
	value = slice_cut(arg, '=', &arg);
	name = arg.n == 2 && arg.p[1] == 'c' ? SLICE("config") : slice_skip(arg, 2);
	out->row = option_find(name);
	negated = out->row == NULL && slice_starts(name, SLICE("no-")) && value.p == NULL;
	if (negated)
		out->row = option_find(slice_skip(name, 3));
	if ((out->row == NULL && !slice_eq(name, SLICE("config"))) ||
	    (negated && out->row != NULL && out->row->type != OPTION_BOOL)) {
		const char *near =
			negated && out->row != NULL ? out->row->name : option_nearest(name);

		buf_addf(why, "%.*s: unknown option; %s%s%s\n", SLICE_ARG(arg),
			 near != NULL ? "did you mean --" : "see",
			 near != NULL ? near : " 'crumbgate run --help'", near != NULL ? "?" : "");
		return false;
	}
	if (out->row != NULL && out->row->type == OPTION_BOOL && value.p == NULL) {
		out->value = negated ? SLICE("no") : SLICE("yes");
		return true;
	}
	if (value.p == NULL && *at < n)
		value = slice_str(args[(*at)++]);
	out->value = value;
	if (value.p == NULL)
		buf_addf(why, "%.*s: a value is missing; write it behind the option\n",
			 SLICE_ARG(arg));
	return value.p != NULL;
}

/* All options into a list; *file is the last -c. */
static bool take_options(const struct config *cfg, struct given *list, size_t *count,
			 struct slice *file, struct buf *why)
{
	bool good = true;

	*count = 0;
	*file = (struct slice){ NULL, 0 };
	for (size_t at = 0; at < cfg->args_n;) {
		struct given one;

		if (!take_option(cfg->args, cfg->args_n, &at, &one, why))
			good = false;
		else if (one.row == NULL)
			*file = one.value;
		else
			list[(*count)++] = one;
	}
	return good;
}

/* ---- the file ---- */

static char *join(struct slice folder, struct slice name)
{
	char path[PATH_MAX], dir[PATH_MAX], last[PATH_MAX];

	if (!slice_copy(folder, dir, sizeof(dir)) || !slice_copy(name, last, sizeof(last)) ||
	    !paths_join(path, sizeof(path), dir, last))
		return NULL;
	return config_copy(slice_str(path));
}

/* The first that exists, or NULL. */
static char *find_file(void)
{
	static const char name[] = "crumbgate/crumbgate.conf";
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;

	/* The XDG specification: a relative path in it is to be ignored. */
	if (xdg != NULL && xdg[0] == '/')
		path = join(slice_str(xdg), slice_str(name));
	else if (home != NULL && home[0] == '/')
		path = join(slice_str(home), SLICE(".config/crumbgate/crumbgate.conf"));
	if (path != NULL && access(path, F_OK) == 0)
		return path;
	free(path);
	return access("/etc/crumbgate/crumbgate.conf", F_OK) == 0
		       ? config_copy(SLICE("/etc/crumbgate/crumbgate.conf"))
		       : NULL;
}

static bool read_file(const char *path, struct buf *text, struct buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = -1;

	while (fd >= 0) {
		char *room = buf_reserve(text, 4096);

		if (room == NULL)
			break;
		n = read(fd, room, 4096);
		if (n > 0)
			buf_commit(text, (size_t)n);
		else if (n == 0 || errno != EINTR)
			break;
	}
	if (fd < 0 || n < 0)
		buf_addf(why, "%s: %s; correct the path or its permissions\n", path,
			 strerror(errno));
	else if (n > 0 || text->len > CONFIG_FILE_MAX)
		buf_addf(why, "%s: longer than %u bytes; shorten it\n", path, CONFIG_FILE_MAX);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && n == 0 && text->len <= CONFIG_FILE_MAX;
}

/* ---- putting it together ---- */

static bool apply_defaults(struct config *cfg, struct buf *why)
{
	char state[PATH_MAX];

	for (size_t i = 0; i < options_n; i++) {
		struct slice rest = slice_str(options[i].fallback), one;

		if (rest.n == 0 &&
		    (option_is_list(options[i].type) || options[i].type == OPTION_FOLDER))
			continue;
		while (rest.p != NULL) {
			rest = slice_cut(rest, ' ', &one);
			if (!config_set(cfg, &options[i], one, cfg->folder, why))
				return false;
		}
	}
	cfg->listen_is_default = true;
	if (!paths_state_default(state, sizeof(state)))
		return true; /* no home: finish() asks for --state */
	cfg->state = config_copy(slice_str(state));
	return cfg->state != NULL || config_no_memory(why);
}

/* The first value of a list replaces what was there before, unless it adds. */
static void make_room(struct config *cfg, const struct option_row *row, bool *seen)
{
	size_t i = (size_t)(row - options);

	if (!seen[i] && option_is_list(row->type))
		config_unset(cfg, row);
	seen[i] = true;
	if (row->offset == offsetof(struct config, listen))
		cfg->listen_is_default = false;
}

static bool apply_file(struct config *cfg, const char *name, struct slice text, struct buf *why)
{
	bool seen[64] = { false }, good;
	struct config_settings settings;
	char folder[PATH_MAX];
	char *slash;
	struct buf what;

	if (!slice_copy(slice_str(cfg->file), folder, sizeof(folder)))
		return false;
	good = config_file_parse(name, text, &settings, why);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder] = '\0';
	buf_init(&what, 3 * CONFIG_VALUE_MAX);
	for (size_t i = 0; i < settings.n; i++) {
		const struct config_setting *s = &settings.v[i];

		make_room(cfg, s->row, seen);
		if (config_set(cfg, s->row, slice_str(s->value), folder, &what))
			continue;
		good = false;
		buf_addf(why, "%s:%u:%u: %.*s\n", name, s->place.line, s->place.column,
			 SLICE_ARG(buf_slice(&what)));
		buf_clear(&what);
	}
	buf_release(&what);
	config_settings_release(&settings);
	return good;
}

static bool apply_options(struct config *cfg, const struct given *list, size_t n, struct buf *why)
{
	bool seen[64] = { false }, good = true;
	struct buf what;

	buf_init(&what, 3 * CONFIG_VALUE_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct option_row *row = list[i].row;

		if (!row->adds)
			make_room(cfg, row, seen);
		if (config_set(cfg, row, list[i].value, cfg->folder, &what))
			continue;
		good = false;
		buf_addf(why, "--%s: %.*s\n", row->name, SLICE_ARG(buf_slice(&what)));
		buf_clear(&what);
	}
	buf_release(&what);
	return good;
}

static enum config_status load_file(struct config *cfg, struct slice given, struct buf *why)
{
	char shown[PATH_MAX];
	enum config_status status = CONFIG_GOOD;
	struct buf text;

	cfg->file = given.p == NULL			? find_file()
		    : given.n != 0 && given.p[0] == '/' ? config_copy(given)
							: join(slice_str(cfg->folder), given);
	if (cfg->file == NULL)
		return given.p == NULL ? CONFIG_GOOD : CONFIG_USAGE;
	if (given.p == NULL || !slice_copy(given, shown, sizeof(shown)))
		slice_copy(slice_str(cfg->file), shown, sizeof(shown));
	buf_init(&text, CONFIG_FILE_MAX + 4096);
	if (!read_file(cfg->file, &text, why))
		status = CONFIG_USAGE;
	else if (!apply_file(cfg, shown, buf_slice(&text), why))
		status = CONFIG_INVALID;
	buf_release(&text);
	return status;
}

/*
 * What only shows when all values are known.  The fault is the command line's when it names an
 * address to listen on.
 */
static enum config_status check_whole(const struct config *cfg, const struct given *list, size_t n,
				      struct buf *why)
{
	const char *clash = config_listen_clash(cfg);

	if (cfg->state == NULL) {
		buf_adds(why, "--state: there is no home folder to keep it in; name a folder\n");
		return CONFIG_USAGE;
	}
	if (clash == NULL)
		return CONFIG_GOOD;
	buf_addf(why,
		 "listen-tls: %s is an address of listen too; a port speaks TLS or it does not, so "
		 "give one of them another\n",
		 clash);
	for (size_t i = 0; i < n; i++)
		if (list[i].row->type == OPTION_LISTEN)
			return CONFIG_USAGE;
	return CONFIG_INVALID;
}

static enum config_status build(struct config *cfg, struct buf *why)
{
	struct given *list = calloc(cfg->args_n + 1, sizeof(*list));
	enum config_status status = CONFIG_USAGE;
	struct slice file;
	size_t n;

	if (list == NULL || !apply_defaults(cfg, why)) {
		buf_addc(why, '\n');
	} else if (take_options(cfg, list, &n, &file, why)) {
		status = load_file(cfg, file, why);
		if (!apply_options(cfg, list, n, why))
			status = CONFIG_USAGE;
		if (status == CONFIG_GOOD)
			status = check_whole(cfg, list, n, why);
	}
	free(list);
	return status;
}

/* With copies of what it is made from: the working folder and the options. */
static struct config *blank(const char *folder, char *const *args, size_t n)
{
	struct config *cfg = calloc(1, sizeof(*cfg));

	if (cfg == NULL)
		return NULL;
	cfg->folder = config_copy(slice_str(folder));
	cfg->args = calloc(n + 1, sizeof(*cfg->args));
	for (; cfg->args != NULL && cfg->args_n < n; cfg->args_n++) {
		cfg->args[cfg->args_n] = config_copy(slice_str(args[cfg->args_n]));
		if (cfg->args[cfg->args_n] == NULL)
			break;
	}
	if (cfg->folder != NULL && cfg->args != NULL && cfg->args_n == n)
		return cfg;
	config_free(cfg);
	return NULL;
}

static enum config_status load(const char *folder, char *const *args, size_t n, struct config **out,
			       struct buf *why)
{
	enum config_status status = CONFIG_USAGE;

	*out = blank(folder, args, n);
	if (*out == NULL) {
		config_no_memory(why);
		buf_addc(why, '\n');
		return status;
	}
	status = build(*out, why);
	if (status != CONFIG_GOOD) {
		config_free(*out);
		*out = NULL;
	}
	return status;
}

enum config_status config_load(int argc, char *const *argv, struct config **out, struct buf *why)
{
	char folder[PATH_MAX];

	/*
	 * A folder that is gone matters only if a relative path is given, which then is not found.
	 */
	if (getcwd(folder, sizeof(folder)) == NULL)
		slice_copy(SLICE("/"), folder, sizeof(folder));
	return load(folder, argv, argc > 0 ? (size_t)argc : 0, out, why);
}

struct config *config_reload(const struct config *old, struct buf *why)
{
	struct config *next;

	load(old->folder, old->args, old->args_n, &next, why);
	return next;
}

bool config_same_process(const struct config *old, const struct config *next, struct buf *names)
{
	struct buf a, b;
	bool same = true;

	buf_init(&a, 1024 * 1024);
	buf_init(&b, 1024 * 1024);
	for (size_t i = 0; i < options_n; i++) {
		if (!options[i].fixed)
			continue;
		buf_clear(&a);
		buf_clear(&b);
		config_show(old, &options[i], &a);
		config_show(next, &options[i], &b);
		if (slice_eq(buf_slice(&a), buf_slice(&b)))
			continue;
		buf_addf(names, "%s%s", same ? "" : ", ", options[i].name);
		same = false;
	}
	buf_release(&a);
	buf_release(&b);
	return same;
}

void config_free(struct config *cfg)
{
	if (cfg == NULL)
		return;
	for (size_t i = 0; i < options_n; i++)
		config_drop(cfg, &options[i]);
	for (size_t i = 0; i < cfg->args_n; i++)
		free(cfg->args[i]);
	free(cfg->args);
	free(cfg->folder);
	free(cfg->file);
	free(cfg);
}

void config_describe(const struct config *cfg, struct buf *out)
{
	json_open(out, '{');
	for (size_t i = 0; i < options_n; i++) {
		json_key(out, options[i].name);
		config_show(cfg, &options[i], out);
	}
	json_close(out, '}');
}

/* A pattern is a name, or "*." and a name for all that are below it. */
static bool any_covers(char *const *patterns, size_t n, struct slice host)
{
	for (size_t i = 0; i < n; i++) {
		struct slice pattern = slice_str(patterns[i]);

		if (slice_starts(pattern, SLICE("*."))
			    ? host.n > pattern.n - 1 && slice_ends(host, slice_skip(pattern, 1))
			    : slice_eq(host, pattern))
			return true;
	}
	return false;
}

bool config_never_intercept(const struct config *cfg, struct slice host)
{
	return any_covers(cfg->never_intercept, cfg->never_intercept_n, host);
}

bool config_tls_name(const struct config *cfg, struct slice host)
{
	return any_covers(cfg->tls_name, cfg->tls_name_n, host);
}

const struct config_connect_to *config_connect_to(const struct config *cfg, struct slice host,
						  uint16_t port)
{
	for (size_t i = 0; i < cfg->connect_to_n; i++) {
		const struct config_connect_to *c = &cfg->connect_to[i];

		if ((c->port == 0 || c->port == port) &&
		    (c->host[0] == '\0' || slice_ieq(host, slice_str(c->host))))
			return c;
	}
	return NULL;
}
