#include "cmd/lists_kept.h"

#include "cmd/lists_parts.h"
#include "evidence/files.h"
#include "proxy/list_sources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define META_MAX 16384u
#define FILE_NAME_MAX (LIST_NAME_SIZE + 16u)

void kept_init(struct kept *k)
{
	*k = (struct kept){ .there = false };
	buf_init(&k->text, LISTS_TEXT_MAX);
}

void kept_release(struct kept *k)
{
	buf_release(&k->text);
}

static const char *file_name(char out[FILE_NAME_MAX], const char *name, const char *extension)
{
	snprintf(out, FILE_NAME_MAX, "%s%s", name, extension);
	return out;
}

/* ---- what is known ---- */

static void put_number(struct slice value, uint64_t *out, bool *good)
{
	*good = slice_to_u64(value, INT64_MAX, out) && *good;
}

static void put_time(struct slice value, int64_t *out, bool *good)
{
	uint64_t number = 0;

	put_number(value, &number, good);
	*out = (int64_t)number;
}

static void put_line(struct kept *k, struct slice line, struct slice url, bool *good)
{
	struct slice name, value = slice_cut(line, '\t', &name);

	if (slice_eq(name, SLICE("url")))
		*good = slice_eq(value, url) && *good;
	else if (slice_eq(name, SLICE("sha256")))
		*good = slice_eq(value, slice_str(k->sha256)) && *good;
	else if (slice_eq(name, SLICE("fetched")))
		put_time(value, &k->fetched, good);
	else if (slice_eq(name, SLICE("expires")))
		put_time(value, &k->expires, good);
	else if (slice_eq(name, SLICE("rules")))
		put_number(value, &k->rules, good);
	else if (slice_eq(name, SLICE("left-out")))
		put_number(value, &k->left_out, good);
	else if (slice_eq(name, SLICE("includes")))
		put_number(value, &k->includes, good);
	else if (slice_eq(name, SLICE("etag")))
		*good = slice_copy(value, k->etag, sizeof(k->etag)) && *good;
	else if (slice_eq(name, SLICE("modified")))
		*good = slice_copy(value, k->modified, sizeof(k->modified)) && *good;
}

static bool read_meta(struct kept *k, struct slice text, struct slice url)
{
	bool good = true;
	struct slice line;
	unsigned lines = 0;

	for (; text.n != 0; lines++) {
		text = slice_cut(text, '\n', &line);
		put_line(k, line, url, &good);
	}
	return good && lines == 10;
}

static void write_meta(struct buf *out, const struct kept *k, const char *url, size_t size)
{
	buf_addf(out, "url\t%s\nfetched\t%" PRId64 "\nexpires\t%" PRId64 "\n", url, k->fetched,
		 k->expires);
	buf_addf(out, "etag\t%s\nmodified\t%s\nsha256\t%s\nsize\t%zu\n", k->etag, k->modified,
		 k->sha256, size);
	buf_addf(out, "rules\t%" PRIu64 "\nleft-out\t%" PRIu64 "\nincludes\t%" PRIu64 "\n",
		 k->rules, k->left_out, k->includes);
}

/* ---- the files ---- */

bool kept_read(int folder, const char *name, const char *url, struct kept *k, struct buf *why)
{
	char file[FILE_NAME_MAX];
	struct buf meta;

	buf_clear(&k->text);
	k->there = file_read(folder, file_name(file, name, ".txt"), &k->text);
	if (!k->there) {
		if (errno == ENOENT)
			return true;
		buf_addf(why, "the kept copy cannot be read: %s", strerror(errno));
		return false;
	}
	if (!digest_plain(buf_slice(&k->text), k->sha256)) {
		buf_adds(why, "SHA-256 cannot be had");
		return false;
	}
	buf_init(&meta, META_MAX);
	k->known = file_read(folder, file_name(file, name, ".meta"), &meta) &&
		   read_meta(k, buf_slice(&meta), slice_str(url));
	if (!k->known)
		k->fetched = k->expires = 0;
	buf_release(&meta);
	return true;
}

/* A second name for the copy that is about to be replaced: it is never missing. */
static bool keep_old(int folder, const char *name)
{
	char file[FILE_NAME_MAX], old[FILE_NAME_MAX];

	file_name(file, name, ".txt");
	file_name(old, name, ".txt.old");
	if (!file_exists(folder, file))
		return true;
	if (unlinkat(folder, old, 0) != 0 && errno != ENOENT)
		return false;
	return linkat(folder, file, folder, old, 0) == 0;
}

bool kept_write(int folder, const char *name, const char *url, struct kept *k, struct slice text,
		struct buf *why)
{
	size_t size = text.p != NULL ? text.n : buf_slice(&k->text).n;
	char file[FILE_NAME_MAX];
	struct buf meta;
	bool good = true;

	if (text.p != NULL)
		good = digest_plain(text, k->sha256) && keep_old(folder, name) &&
		       file_replace(&file_ops_system, folder, file_name(file, name, ".txt"), text);
	buf_init(&meta, META_MAX);
	write_meta(&meta, k, url, size);
	good = good && buf_ok(&meta) &&
	       file_replace(&file_ops_system, folder, file_name(file, name, ".meta"),
			    buf_slice(&meta));
	if (!good)
		buf_addf(why, "it cannot be written into the state folder: %s", strerror(errno));
	buf_release(&meta);
	return good;
}
