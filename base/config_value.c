#include "base/config_value.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static void *field(struct config *cfg, size_t offset)
{
	return (char *)cfg + offset;
}

static const void *field_const(const struct config *cfg, size_t offset)
{
	return (const char *)cfg + offset;
}

/* A list's field has a pointer type of its own, so it is read and written by its bytes. */
static void *list_get(struct config *cfg, const struct option_row *row)
{
	void *list;

	memcpy(&list, field(cfg, row->offset), sizeof(list));
	return list;
}

static void list_put(struct config *cfg, const struct option_row *row, void *list)
{
	memcpy(field(cfg, row->offset), &list, sizeof(list));
}

char *config_copy(struct slice s)
{
	char *p = malloc(s.n + 1);

	if (p != NULL) {
		if (s.n != 0)
			memcpy(p, s.p, s.n);
		p[s.n] = '\0';
	}
	return p;
}

bool config_no_memory(struct buf *why)
{
	buf_adds(why, "there is no memory left");
	return false;
}

void *config_grow(struct config *cfg, const struct option_row *row, size_t size, size_t most,
		  struct buf *why)
{
	size_t *n = field(cfg, row->offset_n);
	void *list = list_get(cfg, row);
	char *more;

	if (*n >= most) {
		buf_addf(why, "'%s' has more than %zu values; use fewer", row->name, most);
		return NULL;
	}
	more = realloc(list, (*n + 1) * size);
	if (more == NULL) {
		config_no_memory(why);
		return NULL;
	}
	list_put(cfg, row, more);
	memset(more + *n * size, 0, size);
	return more + (*n)++ * size;
}

struct config_listen *config_listens(const struct config *cfg, const struct option_row *row,
				     size_t *n)
{
	*n = *(const size_t *)field_const(cfg, row->offset_n);
	return *(struct config_listen *const *)field_const(cfg, row->offset);
}

/* ---- words and numbers ---- */

static bool set_bool(bool *out, struct slice v, struct buf *why)
{
	static const char *const yes[] = { "yes", "true", "on" }, *const no[] = { "no", "false",
										  "off" };

	for (size_t i = 0; i < 3; i++) {
		*out = slice_ieq(v, slice_str(yes[i]));
		if (*out || slice_ieq(v, slice_str(no[i])))
			return true;
	}
	buf_addf(why, "'%.*s' is neither yes nor no; write one of these", SLICE_ARG(v));
	return false;
}

static bool set_word(unsigned *out, const struct option_row *row, struct slice v, struct buf *why)
{
	const char *near;
	size_t n = 0;

	for (; row->words[n] != NULL; n++) {
		if (!slice_eq(v, slice_str(row->words[n])))
			continue;
		*out = (unsigned)n;
		return true;
	}
	buf_addf(why, "'%.*s' is no value of '%s'; ", SLICE_ARG(v), row->name);
	near = nearest_name(v, row->words, n);
	if (near != NULL)
		buf_addf(why, "did you mean '%s'?", near);
	else
		for (size_t i = 0; i < n; i++)
			buf_addf(why, "%s%s",
				 i == 0	      ? "write "
				 : i + 1 == n ? " or "
					      : ", ",
				 row->words[i]);
	return false;
}

struct unit {
	const char *name;
	unsigned factor;
};

static const struct unit count_units[] = { { "", 1 }, { NULL, 0 } };
/*
 * The bare number is first, then from the smallest up: config_amount() takes the largest that
 * divides.
 */
static const struct unit time_units[] = { { "", 1000 },	  { "ms", 1 },	    { "s", 1000 },
					  { "m", 60000 }, { "h", 3600000 }, { NULL, 0 } };
static const struct unit size_units[] = { { "", 1 },	    { "B", 1 },	     { "K", 1024 },
					  { "M", 1048576 }, { "KiB", 1024 }, { "MiB", 1048576 },
					  { NULL, 0 } };

static const struct unit *units_of(enum option_type type)
{
	return type == OPTION_TIME ? time_units : type == OPTION_SIZE ? size_units : count_units;
}

void config_amount(struct buf *out, enum option_type type, unsigned v)
{
	const struct unit *best = NULL;

	for (const struct unit *u = units_of(type) + 1; type != OPTION_COUNT && u->name != NULL;
	     u++)
		if (v % u->factor == 0 && (best == NULL || (v != 0 && u->factor > best->factor)))
			best = u;
	if (best == NULL)
		buf_addf(out, "%u", v);
	else
		buf_addf(out, "%u%s", v / best->factor, best->name);
}

static bool set_number(unsigned *out, const struct option_row *row, struct slice v, struct buf *why)
{
	static const char *const forms[] = { [OPTION_COUNT] = "write digits only",
					     [OPTION_TIME] =
						     "write a number with ms, s, m or h, as 30s",
					     [OPTION_SIZE] = "write a number with K or M, as 64K" };
	struct slice digits, unit;
	uint64_t number;
	size_t n = 0;

	while (n < v.n && ascii_digit(v.p[n]))
		n++;
	digits = slice_head(v, n);
	unit = slice_skip(v, n);
	for (const struct unit *u = units_of(row->type); u->name != NULL; u++) {
		if (!slice_ieq(unit, slice_str(u->name)) ||
		    !slice_to_u64(digits, UINT32_MAX, &number))
			continue;
		number *= u->factor;
		if ((number >= row->min && number <= row->max) || (row->or_zero && number == 0)) {
			*out = (unsigned)number;
			return true;
		}
		buf_addf(why, "%.*s is out of range; '%s' can be %sfrom ", SLICE_ARG(v), row->name,
			 row->or_zero ? "0 or " : "");
		config_amount(why, row->type, row->min);
		buf_adds(why, " to ");
		config_amount(why, row->type, row->max);
		return false;
	}
	buf_addf(why, "'%.*s' is no value of '%s'; %s", SLICE_ARG(v), row->name, forms[row->type]);
	return false;
}

/* ---- strings and paths ---- */

static bool replace(char **out, char *fresh, struct buf *why)
{
	if (fresh == NULL)
		return config_no_memory(why);
	free(*out);
	*out = fresh;
	return true;
}

static bool set_user(char **out, struct slice v, struct buf *why)
{
	char name[64];

	if (v.n != 0 && (!slice_copy(v, name, sizeof(name)) || getpwnam(name) == NULL)) {
		buf_addf(why, "there is no user '%.*s'; make it or name another", SLICE_ARG(v));
		return false;
	}
	return replace(out, config_copy(v), why);
}

static char *absolute(struct slice path, const char *folder)
{
	struct slice base = path.n != 0 && path.p[0] == '/' ? slice_of("", 0) : slice_str(folder);
	char *p = malloc(base.n + path.n + 2);

	if (p == NULL)
		return NULL;
	if (base.n != 0) {
		memcpy(p, base.p, base.n);
		p[base.n++] = '/';
	}
	if (path.n != 0)
		memcpy(p + base.n, path.p, path.n);
	p[base.n + path.n] = '\0';
	return p;
}

static bool set_folder(char **out, struct slice v, const char *folder, struct buf *why)
{
	if (v.n == 0) {
		buf_adds(why, "the path is empty; name a folder");
		return false;
	}
	return replace(out, absolute(v, folder), why);
}

static bool add_file(struct config *cfg, const struct option_row *row, struct slice v,
		     const char *folder, struct buf *why)
{
	char **slot, *path = absolute(v, folder);
	int fd;

	if (path == NULL)
		return config_no_memory(why);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		buf_addf(why, "%s cannot be read: %s; correct the path or its permissions", path,
			 strerror(errno));
		free(path);
		return false;
	}
	close(fd);
	slot = config_grow(cfg, row, sizeof(*slot), CONFIG_LIST_MAX, why);
	if (slot == NULL)
		free(path);
	else
		*slot = path;
	return slot != NULL;
}

/* Graphic ASCII only: what is no URL's letter would have to be escaped wherever it is shown. */
static bool is_list_url(struct slice v)
{
	static const char *const starts[] = { "https://", "http://", "file:///" };
	struct slice rest;

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] >= 0x7f || v.p[i] == '#')
			return false;
	for (size_t i = 0; i < 3; i++) {
		rest = slice_skip(v, strlen(starts[i]));
		if (!slice_starts(v, slice_str(starts[i])) || rest.n == 0)
			continue;
		if (i == 2)
			return true;
		rest = slice_head(rest, slice_find(rest, '/'));
		return rest.n != 0 && slice_find(rest, '@') == rest.n;
	}
	return false;
}

static bool add_url(struct config *cfg, const struct option_row *row, struct slice v,
		    struct buf *why)
{
	char *const *old = *(char *const *const *)field_const(cfg, row->offset);
	char **slot, *url;

	if (!is_list_url(v)) {
		buf_addf(why,
			 "'%.*s' is no URL of a list; write https://HOST/PATH (http:// and "
			 "file:/// are possible too), in quotes in a file, without a user's name "
			 "and without '#'",
			 SLICE_ARG(v));
		return false;
	}
	for (size_t i = 0; i < *(const size_t *)field_const(cfg, row->offset_n); i++) {
		if (slice_eq(slice_str(old[i]), v)) {
			buf_addf(why, "%.*s is there twice; take one away", SLICE_ARG(v));
			return false;
		}
	}
	url = config_copy(v);
	slot = url != NULL ? config_grow(cfg, row, sizeof(*slot), CONFIG_LIST_MAX, why) : NULL;
	if (slot == NULL) {
		free(url);
		return url != NULL ? false : config_no_memory(why);
	}
	*slot = url;
	return true;
}

static bool set_any(struct config *cfg, const struct option_row *row, struct slice v,
		    const char *folder, struct buf *why)
{
	void *at = field(cfg, row->offset);

	switch (row->type) {
	case OPTION_BOOL:
		return set_bool(at, v, why);
	case OPTION_COUNT:
	case OPTION_TIME:
	case OPTION_SIZE:
		return set_number(at, row, v, why);
	case OPTION_WORD:
		return set_word(at, row, v, why);
	case OPTION_STRING:
		return set_user(at, v, why);
	case OPTION_FOLDER:
		return set_folder(at, v, folder, why);
	case OPTION_FILES:
		return add_file(cfg, row, v, folder, why);
	case OPTION_HOSTS:
		return config_add_host(cfg, row, v, why);
	case OPTION_URLS:
		return add_url(cfg, row, v, why);
	case OPTION_LISTEN:
		return config_add_listen(cfg, row, v, why);
	case OPTION_CONNECT_TO:
		return config_add_connect_to(cfg, row, v, why);
	case OPTION_PROFILE:
		return config_add_profile(cfg, row, v, why);
	}
	return false;
}

bool config_set(struct config *cfg, const struct option_row *row, struct slice v,
		const char *folder, struct buf *why)
{
	if (v.n > CONFIG_VALUE_MAX || memchr(v.p, '\0', v.n) != NULL) {
		buf_addf(why, "the value of '%s' is longer than %u bytes; shorten it", row->name,
			 CONFIG_VALUE_MAX);
		return false;
	}
	return set_any(cfg, row, v, folder, why);
}

static void free_elements(struct config *cfg, const struct option_row *row)
{
	size_t n = *(size_t *)field(cfg, row->offset_n);

	for (size_t i = 0; i < n; i++) {
		if (row->type == OPTION_FILES || row->type == OPTION_HOSTS ||
		    row->type == OPTION_URLS) {
			free((*(char ***)field(cfg, row->offset))[i]);
		} else if (row->type == OPTION_LISTEN) {
			free(config_listens(cfg, row, &n)[i].text);
		} else if (row->type == OPTION_CONNECT_TO) {
			free(cfg->connect_to[i].host);
			free(cfg->connect_to[i].to_host);
		}
	}
}

void config_unset(struct config *cfg, const struct option_row *row)
{
	if (!option_is_list(row->type))
		return;
	free_elements(cfg, row);
	free(list_get(cfg, row));
	list_put(cfg, row, NULL);
	*(size_t *)field(cfg, row->offset_n) = 0;
}

void config_drop(struct config *cfg, const struct option_row *row)
{
	char **text = field(cfg, row->offset);

	config_unset(cfg, row);
	if (row->type != OPTION_STRING && row->type != OPTION_FOLDER)
		return;
	free(*text);
	*text = NULL;
}

static void show_element(const struct config *cfg, const struct option_row *row, size_t i,
			 struct buf *out)
{
	size_t n;

	switch (row->type) {
	case OPTION_LISTEN:
		json_bytes(out, slice_str(config_listens(cfg, row, &n)[i].text));
		return;
	case OPTION_CONNECT_TO:
		config_show_connect_to(out, &cfg->connect_to[i]);
		return;
	case OPTION_PROFILE:
		config_show_profile(out, &cfg->clients[i]);
		return;
	default:
		json_bytes(out,
			   slice_str((*(char *const *const *)field_const(cfg, row->offset))[i]));
	}
}

void config_show(const struct config *cfg, const struct option_row *row, struct buf *out)
{
	const void *at = field_const(cfg, row->offset);

	switch (row->type) {
	case OPTION_BOOL:
		json_bool(out, *(const bool *)at);
		return;
	case OPTION_COUNT:
	case OPTION_TIME:
	case OPTION_SIZE:
		json_u64(out, *(const unsigned *)at);
		return;
	case OPTION_WORD:
		json_bytes(out, slice_str(row->words[*(const unsigned *)at]));
		return;
	case OPTION_STRING:
	case OPTION_FOLDER:
		json_bytes(out, slice_str(*(char *const *)at));
		return;
	default:
		json_open(out, '[');
		for (size_t i = 0; i < *(const size_t *)field_const(cfg, row->offset_n); i++) {
			json_item(out);
			show_element(cfg, row, i, out);
		}
		json_close(out, ']');
	}
}
