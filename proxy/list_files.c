#include "proxy/list_files.h"

#include "evidence/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INCLUDED_MAX 256u
#define PATH_BYTES 4096

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int64_t changed_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static bool complain(const struct list_files *f, const char *path, const char *what)
{
	fprintf(stderr, "crumbgate %s: %s: %s\n", f->command, path, what);
	return false;
}

void list_files_init(struct list_files *f, const char *command)
{
	*f = (struct list_files){ .command = command };
	buf_init(&f->image, LISTS_IMAGE_BYTES_MAX);
}

static void free_files(struct list_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_release(&files[i].text);
	free(files);
}

void list_files_release(struct list_files *f)
{
	lists_free(f->lists);
	if (f->map != NULL)
		munmap(f->map, f->map_n);
	buf_release(&f->image);
	free_files(f->files, f->n);
	for (size_t i = 0; i < f->included_n; i++)
		free((void *)(uintptr_t)f->included[i].path);
	free_files(f->included, f->included_n);
	list_files_init(f, f->command);
}

static bool grow(struct list_file **files, size_t n, size_t max)
{
	struct list_file *more = n < max ? realloc(*files, (n + 1) * sizeof(*more)) : NULL;

	if (more == NULL)
		return false;
	*files = more;
	more[n] = (struct list_file){ 0 };
	buf_init(&more[n].text, LIST_TEXT_MAX);
	return true;
}

struct slice list_file_name(const struct list_file *f)
{
	const char *slash = strrchr(f->path, '/');

	return slice_str(slash != NULL ? slash + 1 : f->path);
}

bool list_files_add(struct list_files *f, const char *path)
{
	if (!grow(&f->files, f->n, LIST_FILES_MAX))
		return complain(f, path, "too many lists");
	f->files[f->n++].path = path;
	return true;
}

static bool read_list(struct list_file *file)
{
	struct stat st;

	if (stat(file->path, &st) != 0 || !file_read(AT_FDCWD, file->path, &file->text))
		return false;
	file->changed_ns = changed_ns(&st);
	return true;
}

/* ---- !#include ---- */

/* Below the folder of the list that includes it, and written as a plain path. */
static bool is_plain_path(struct slice path)
{
	struct slice part;

	if (path.n == 0 || path.p[0] == '/')
		return false;
	while (path.p != NULL) {
		path = slice_cut(path, '/', &part);
		if (part.n == 0 || slice_eq(part, SLICE("..")))
			return false;
		for (size_t i = 0; i < part.n; i++)
			if ((unsigned char)part.p[i] < ' ' || part.p[i] == '\\')
				return false;
	}
	return true;
}

static struct list_file *find_included(struct list_files *f, const char *path)
{
	for (size_t i = 0; i < f->included_n; i++)
		if (strcmp(f->included[i].path, path) == 0)
			return &f->included[i];
	return NULL;
}

static bool include(void *arg, size_t list, struct slice path, struct slice *text)
{
	struct list_files *f = arg;
	const char *from = f->files[list].path, *slash = strrchr(from, '/');
	struct list_file *file;
	char name[PATH_BYTES];
	int n;

	if (!is_plain_path(path) || path.n >= sizeof(name))
		return false;
	n = snprintf(name, sizeof(name), "%.*s%.*s", slash != NULL ? (int)(slash + 1 - from) : 0,
		     from, SLICE_ARG(path));
	if (n < 0 || (size_t)n >= sizeof(name))
		return false;
	file = find_included(f, name);
	if (file == NULL) {
		if (!grow(&f->included, f->included_n, INCLUDED_MAX))
			return false;
		file = &f->included[f->included_n];
		file->path = strdup(name);
		if (file->path == NULL || !read_list(file)) {
			free((void *)(uintptr_t)file->path);
			buf_release(&file->text);
			return false;
		}
		f->included_n++;
	}
	*text = buf_slice(&file->text);
	return true;
}

/* ---- the cache ---- */

static bool is_newer(const struct list_files *f, int64_t changed)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->files[i].changed_ns > changed)
			return false;
	for (size_t i = 0; i < f->included_n; i++)
		if (f->included[i].changed_ns > changed)
			return false;
	return true;
}

static void drop_map(struct list_files *f)
{
	lists_free(f->lists);
	if (f->map != NULL)
		munmap(f->map, f->map_n);
	f->lists = NULL;
	f->map = NULL;
}

typedef struct lists *open_image(struct slice image, struct buf *error);

static void open_map(struct list_files *f, int fd, const struct stat *st, open_image *open_it)
{
	struct buf why;

	if (!S_ISREG(st->st_mode) || st->st_size <= 0 ||
	    (uint64_t)st->st_size > LISTS_IMAGE_BYTES_MAX)
		return;
	f->map_n = (size_t)st->st_size;
	f->map = mmap(NULL, f->map_n, PROT_READ, MAP_SHARED, fd, 0);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return;
	}
	buf_init(&why, 256);
	f->lists = open_it(slice_of(f->map, f->map_n), &why);
	buf_release(&why);
}

/* Whoever can write the cache decides what is blocked. */
static bool is_ours(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) &&
	       (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool from_cache(struct list_files *f, const char *cache, uint64_t source)
{
	int fd = open(cache, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && is_ours(&st) && is_newer(f, changed_ns(&st)))
		open_map(f, fd, &st, lists_open);
	close(fd);
	if (f->lists != NULL && lists_source(f->lists) == source) {
		f->image_n = f->map_n;
		return true;
	}
	drop_map(f);
	return false;
}

/* ---- from the texts ---- */

static bool compile(struct list_files *f, const struct lists_input *in)
{
	struct buf why;
	bool good;

	buf_init(&why, 256);
	good = lists_build(in, &f->image, &why);
	if (good)
		f->lists = lists_open(buf_slice(&f->image), &why);
	if (f->lists == NULL)
		fprintf(stderr, "crumbgate %s: %.*s\n", f->command, SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	f->image_n = buf_slice(&f->image).n;
	return f->lists != NULL;
}

/* By way of another file in the same folder, so that whoever has the old one mapped keeps it. */
static bool write_cache(const struct list_files *f, const char *cache)
{
	const char *slash = strrchr(cache, '/'), *name = slash != NULL ? slash + 1 : cache;
	char folder[PATH_BYTES] = ".";
	bool good;
	int dir;

	if (slash != NULL &&
	    !slice_copy(slice_of(cache, (size_t)(name - cache)), folder, sizeof(folder)))
		return complain(f, cache, "too long a path");
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = dir >= 0 && file_replace(&file_ops_system, dir, name, buf_slice(&f->image));
	if (!good)
		complain(f, cache, strerror(errno));
	if (dir >= 0)
		close(dir);
	return good;
}

static bool open_texts(struct list_files *f, const struct lists_input *in, const char *cache)
{
	double began = now_ms();

	f->from_cache = cache != NULL && from_cache(f, cache, lists_digest(in));
	if (!f->from_cache && !compile(f, in))
		return false;
	f->load_ms = now_ms() - began;
	return cache == NULL || f->from_cache || write_cache(f, cache);
}

/* The texts of all; NULL: said why not. */
static struct lists_text *read_texts(struct list_files *f)
{
	struct lists_text *texts = calloc(f->n + 1, sizeof(*texts));
	double began = now_ms();
	bool good = texts != NULL;

	for (size_t i = 0; good && i < f->n; i++) {
		good = read_list(&f->files[i]) || complain(f, f->files[i].path, strerror(errno));
		texts[i] = (struct lists_text){ slice_str(f->files[i].path),
						buf_slice(&f->files[i].text) };
	}
	f->read_ms = now_ms() - began;
	if (good)
		return texts;
	free(texts);
	return NULL;
}

bool list_files_open(struct list_files *f, const char *cache)
{
	struct lists_text *texts = read_texts(f);
	const struct lists_input in = { texts, f->n, include, f };
	bool good = texts != NULL && open_texts(f, &in, cache);

	free(texts);
	return good;
}

bool list_files_open_by(struct list_files *f, list_compiler *compile_it, const char *user)
{
	struct lists_text *texts = read_texts(f);
	const struct lists_input in = { texts, f->n, include, f };
	double began = now_ms();
	int fd = texts != NULL ? compile_it(&in, user) : -1;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		open_map(f, fd, &st, lists_open_unready);
	if (fd >= 0)
		close(fd);
	if (texts != NULL && f->lists == NULL)
		fprintf(stderr, "crumbgate %s: the filter lists could not be compiled\n",
			f->command);
	f->image_n = f->map_n;
	f->load_ms = now_ms() - began;
	free(texts);
	return f->lists != NULL;
}
