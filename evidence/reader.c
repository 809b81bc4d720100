#include "evidence/reader.h"

#include "evidence/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define CHUNK ((size_t)1024 * 1024)
#define IN_MAX ((size_t)128 * 1024)
#define SEGMENTS_MAX 1000000u

struct reader {
	int dir;
	bool own_dir;
	uint64_t *segments; /* first entries of the sealed ones, ascending */
	size_t count, at;
	int log; /* the current segment, held from the beginning */
	int fd;	 /* what is read now; -1: the next must be opened */
	bool packed, current;
	char file[SEGMENT_NAME_MAX];
	uint64_t n, line, total, done;
	struct buf rest;
	ZSTD_DStream *zstd;
	size_t frame; /* ZSTD_decompressStream()'s last answer: 0 between frames */
	ZSTD_inBuffer in;
	char *in_mem;
	char error[256];
};

bool segment_name_parse(const char *name, uint64_t *first, bool *packed)
{
	struct slice s = slice_str(name);

	*packed = slice_ends(s, SLICE(".jsonl.zst"));
	if (!*packed && !slice_ends(s, SLICE(".jsonl")))
		return false;
	s = slice_head(s, s.n - (*packed ? sizeof(".jsonl.zst") : sizeof(".jsonl")) + 1);
	return s.n >= 12 && slice_to_u64(s, UINT64_MAX, first);
}

void segment_name(uint64_t first, bool packed, char out[SEGMENT_NAME_MAX])
{
	snprintf(out, SEGMENT_NAME_MAX, "%012" PRIu64 ".jsonl%s", first, packed ? ".zst" : "");
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A segment that is being compressed is there twice for a moment. */
static size_t without_twins(uint64_t *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (i == 0 || list[i] != list[kept - 1])
			list[kept++] = list[i];
	return kept;
}

static bool add_segment(struct reader *r, size_t *cap, uint64_t first)
{
	if (r->count == *cap) {
		size_t more = *cap == 0 ? 64 : *cap * 2;
		uint64_t *grown = realloc(r->segments, more * sizeof(*grown));

		if (grown == NULL || more > SEGMENTS_MAX * 2)
			return false;
		r->segments = grown;
		*cap = more;
	}
	r->segments[r->count++] = first;
	return true;
}

static bool list_segments(struct reader *r)
{
	int fd = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	size_t cap = 0;
	bool ok = true;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	free(r->segments);
	r->segments = NULL;
	r->count = 0;
	r->total = 0;
	while (ok && (e = readdir(d)) != NULL) {
		uint64_t first;
		struct stat st;
		bool packed;

		if (!segment_name_parse(e->d_name, &first, &packed))
			continue;
		ok = add_segment(r, &cap, first);
		if (fstatat(r->dir, e->d_name, &st, 0) == 0)
			r->total += (uint64_t)st.st_size;
	}
	closedir(d);
	if (r->count != 0)
		qsort(r->segments, r->count, sizeof(*r->segments), by_number);
	r->count = without_twins(r->segments, r->count);
	return ok;
}

/* Holds the current segment; lists again when it was sealed between listing and opening. */
static bool hold_log(struct reader *r)
{
	for (int tries = 0; tries < 10; tries++) {
		struct stat mine, now;

		if (r->log >= 0)
			close(r->log);
		r->log = openat(r->dir, LOG_NAME, O_RDONLY | O_CLOEXEC);
		if (r->log < 0)
			return false;
		if (!list_segments(r) || fstat(r->log, &mine) < 0)
			return false;
		if (fstatat(r->dir, LOG_NAME, &now, 0) == 0 && now.st_ino == mine.st_ino) {
			r->total += (uint64_t)mine.st_size;
			return true;
		}
	}
	return false;
}

static int open_folder(const char *path)
{
	static const char *const below[] = { ".", "evidence" };
	struct stat st;
	int dir, sub;

	if (stat(path, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		char *copy = strdup(path);

		dir = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		free(copy);
	} else {
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	for (size_t i = 0; dir >= 0 && i < 2; i++) {
		sub = openat(dir, below[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub >= 0 && fstatat(sub, LOG_NAME, &st, 0) == 0) {
			close(dir);
			return sub;
		}
		if (sub >= 0)
			close(sub);
	}
	if (dir >= 0)
		close(dir);
	errno = ENOENT;
	return -1;
}

static struct reader *begin(int dir, bool own_dir, uint64_t n, char *error, size_t size)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->dir = dir;
	r->own_dir = own_dir;
	r->log = r->fd = -1;
	r->n = n;
	buf_init(&r->rest, READER_CHUNK_MAX);
	r->zstd = ZSTD_createDStream();
	r->in_mem = malloc(IN_MAX);
	if (r->zstd != NULL && r->in_mem != NULL && hold_log(r)) {
		while (r->at < r->count && r->segments[r->at] < n)
			r->at++;
		return r;
	}
	snprintf(error, size, "the log cannot be read: %s", strerror(errno));
	r->own_dir = false; /* the caller still has it */
	reader_free(r);
	return NULL;
}

struct reader *reader_open(const char *path, char *error, size_t size)
{
	int dir = open_folder(path);
	struct reader *r;

	if (dir < 0) {
		snprintf(error, size,
			 "%s: no evidence log there (%s): name the state folder or its "
			 "folder evidence",
			 path, strerror(errno));
		return NULL;
	}
	r = begin(dir, true, 0, error, size);
	if (r == NULL)
		close(dir);
	return r;
}

struct reader *reader_open_at(int dir, uint64_t n, char *error, size_t size)
{
	return begin(dir, false, n, error, size);
}

void reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0 && r->fd != r->log)
		close(r->fd);
	if (r->log >= 0)
		close(r->log);
	if (r->own_dir)
		close(r->dir);
	ZSTD_freeDStream(r->zstd);
	buf_release(&r->rest);
	free(r->segments);
	free(r->in_mem);
	free(r);
}

int reader_dir(const struct reader *r)
{
	return r->dir;
}

uint64_t reader_total(const struct reader *r)
{
	return r->total;
}

uint64_t reader_done(const struct reader *r)
{
	return r->done;
}

bool reader_last_segment(const struct reader *r, uint64_t *first)
{
	if (r->count != 0)
		*first = r->segments[r->count - 1];
	return r->count != 0;
}

struct slice reader_rest(const struct reader *r)
{
	return buf_slice(&r->rest);
}

const char *reader_error(const struct reader *r)
{
	return r->error;
}

static bool fail(struct reader *r, const char *what)
{
	snprintf(r->error, sizeof(r->error), "%s: %s", r->file, what);
	return false;
}

static bool open_segment(struct reader *r, uint64_t first)
{
	for (int tries = 0; tries < 4; tries++) {
		r->packed = tries % 2 == 0;
		segment_name(first, r->packed, r->file);
		r->fd = openat(r->dir, r->file, O_RDONLY | O_CLOEXEC);
		if (r->fd >= 0)
			break;
	}
	if (r->fd < 0)
		return fail(r, strerror(errno));
	r->in = (ZSTD_inBuffer){ r->in_mem, 0, 0 };
	r->frame = 0;
	ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only);
	return true;
}

/* Opens what comes next; false with an error when it is not what must come next. */
static bool open_next(struct reader *r)
{
	r->line = 1;
	if (r->at < r->count) {
		uint64_t first = r->segments[r->at++];

		segment_name(first, true, r->file);
		if (first != r->n) {
			snprintf(r->error, sizeof(r->error),
				 "%s: the log goes on at entry %" PRIu64
				 ", but the one before it is %s",
				 r->file, first,
				 first > r->n ? "not there: a segment is missing" : "there twice");
			return false;
		}
		return open_segment(r, first);
	}
	r->fd = r->log;
	r->packed = false;
	r->current = true;
	snprintf(r->file, sizeof(r->file), "%s", LOG_NAME);
	return true;
}

static ssize_t read_fd(int fd, char *to, size_t n)
{
	ssize_t got;

	do {
		got = read(fd, to, n);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* Decompressed bytes; 0 at the end, -1 damaged. */
static ssize_t read_packed(struct reader *r, char *to, size_t n)
{
	ZSTD_outBuffer out = { to, n, 0 };

	while (out.pos == 0) {
		size_t before = r->in.pos;

		if (r->in.pos == r->in.size) {
			ssize_t got = read_fd(r->fd, r->in_mem, IN_MAX);

			if (got < 0)
				return -1;
			if (got == 0)
				return r->frame == 0 ? 0 : -1;
			r->done += (uint64_t)got;
			r->in = (ZSTD_inBuffer){ r->in_mem, (size_t)got, 0 };
			before = 0;
		}
		r->frame = ZSTD_decompressStream(r->zstd, &out, &r->in);
		if (ZSTD_isError(r->frame) || (out.pos == 0 && r->in.pos == before))
			return -1;
	}
	return (ssize_t)out.pos;
}

static ssize_t read_some(struct reader *r, char *to, size_t n)
{
	ssize_t got;

	if (r->packed)
		return read_packed(r, to, n);
	got = read_fd(r->fd, to, n);
	if (got > 0)
		r->done += (uint64_t)got;
	return got;
}

/* Fills mem up to a chunk; *end is set at the end of the file. */
static bool fill(struct reader *r, struct buf *mem, bool *end)
{
	*end = false;
	buf_clear(mem);
	buf_add(mem, buf_slice(&r->rest));
	while (mem->len < CHUNK && !*end) {
		char *to = buf_reserve(mem, CHUNK);
		ssize_t got = to != NULL ? read_some(r, to, CHUNK) : -1;

		if (got < 0)
			return fail(r, to == NULL  ? "no memory"
				       : r->packed ? "damaged or cut"
						   : strerror(errno));
		buf_commit(mem, (size_t)got);
		*end = got == 0;
	}
	return true;
}

static size_t count_lines(struct slice s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t n = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		n++;
	}
	return n;
}

static bool file_ends(struct reader *r)
{
	if (r->current)
		return true;
	close(r->fd);
	r->fd = -1;
	if (buf_slice(&r->rest).n != 0)
		return fail(r, "a sealed segment ends in the middle of a line");
	return true;
}

int reader_next(struct reader *r, struct buf *mem, struct reader_chunk *chunk)
{
	if (r->error[0] != '\0')
		return -1;
	for (;;) {
		struct slice all;
		const char *last;
		bool end;

		if (r->fd < 0 && !open_next(r))
			return -1;
		if (!fill(r, mem, &end))
			return -1;
		all = buf_slice(mem);
		last = all.n != 0 ? memrchr(all.p, '\n', all.n) : NULL;
		chunk->lines = slice_head(all, last != NULL ? (size_t)(last - all.p) + 1 : 0);
		buf_clear(&r->rest);
		buf_add(&r->rest, slice_skip(all, chunk->lines.n));
		if (chunk->lines.n != 0)
			break;
		/* No line's end in a whole chunk: more of it would only be more of the same. */
		if (!end && all.n > ENTRY_LINE_MAX)
			end = true;
		if (end && !file_ends(r))
			return -1;
		if (end && r->current)
			return 0;
	}
	chunk->count = count_lines(chunk->lines);
	chunk->n = r->n;
	chunk->line = r->line;
	chunk->current = r->current;
	memcpy(chunk->file, r->file, sizeof(chunk->file));
	r->n += chunk->count;
	r->line += chunk->count;
	return 1;
}

/* Bytes behind the place where reading stopped. */
static off_t left_in(int fd)
{
	struct stat st;
	off_t at = lseek(fd, 0, SEEK_CUR);

	return fstat(fd, &st) == 0 && at >= 0 && st.st_size > at ? st.st_size - at : 0;
}

bool reader_follow(struct reader *r)
{
	struct stat mine, now;

	if (!r->current || fstat(r->log, &mine) < 0)
		return false;
	/* Between two renames of a seal there is no current segment for a moment. */
	if (fstatat(r->dir, LOG_NAME, &now, 0) < 0)
		return errno == ENOENT;
	if (now.st_ino == mine.st_ino || left_in(r->log) != 0)
		return true;
	if (!hold_log(r))
		return false;
	r->fd = -1;
	r->current = false;
	r->at = 0;
	while (r->at < r->count && r->segments[r->at] < r->n)
		r->at++;
	return true;
}
