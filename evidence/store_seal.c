#include "evidence/store_impl.h"

#include "evidence/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

/*
 * A full segment is first only renamed, which is quick; then it is compressed a piece at a time, so
 * that the recorder keeps answering.  Until the compressed file stands under its name, the plain
 * one stays; readers take either.
 */

#define PIECE ((size_t)1024 * 1024)
#define LEVEL 3
#define NEW_LOG "log.jsonl.new"

struct packer {
	char plain[SEGMENT_NAME_MAX], packed[SEGMENT_NAME_MAX], tmp[SEGMENT_NAME_MAX + 8];
	int in, out;
	uint64_t read, written;
	ZSTD_CCtx *zstd;
	char *in_mem, *out_mem;
};

bool store_full(const struct store *s)
{
	return s->log_size >= s->segment_max;
}

bool store_seal(struct store *s)
{
	char name[SEGMENT_NAME_MAX];
	int fresh;

	if (s->log_size == 0)
		return true;
	if (!store_checkpoint(s))
		return false;
	s->ops->unlinkat(s->dir, NEW_LOG, 0);
	fresh = file_open_append(s->dir, NEW_LOG);
	if (fresh < 0)
		return false;
	segment_name(s->log_first, false, name);
	if (s->ops->renameat(s->dir, LOG_NAME, s->dir, name) < 0) {
		close(fresh);
		return false;
	}
	if (s->ops->renameat(s->dir, NEW_LOG, s->dir, LOG_NAME) < 0) {
		int saved = errno;

		(void)s->ops->renameat(s->dir, name, s->dir, LOG_NAME);
		close(fresh);
		errno = saved;
		return false;
	}
	close(s->log);
	s->log = fresh;
	s->log_size = 0;
	s->log_first = s->edge.size;
	s->plain_left = true;
	return fsync(s->dir) == 0;
}

void packer_free(struct store *s)
{
	struct packer *p = s->packer;

	if (p == NULL)
		return;
	if (p->in >= 0)
		close(p->in);
	if (p->out >= 0)
		close(p->out);
	ZSTD_freeCCtx(p->zstd);
	free(p->in_mem);
	free(p->out_mem);
	free(p);
	s->packer = NULL;
}

/* The oldest segment that is still plain; also removes what a crash left half compressed. */
static bool find_plain(struct store *s, uint64_t *first)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	bool found = false;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((e = readdir(d)) != NULL) {
		uint64_t n;
		bool packed;

		if (slice_ends(slice_str(e->d_name), SLICE(".jsonl.zst.tmp")))
			s->ops->unlinkat(s->dir, e->d_name, 0);
		if (!segment_name_parse(e->d_name, &n, &packed) || packed || (found && n >= *first))
			continue;
		*first = n;
		found = true;
	}
	closedir(d);
	return found;
}

static bool packer_begin(struct store *s, uint64_t first)
{
	struct packer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return false;
	s->packer = p;
	segment_name(first, false, p->plain);
	segment_name(first, true, p->packed);
	snprintf(p->tmp, sizeof(p->tmp), "%s.tmp", p->packed);
	p->in = openat(s->dir, p->plain, O_RDONLY | O_CLOEXEC);
	p->out = file_open_append(s->dir, p->tmp);
	p->zstd = ZSTD_createCCtx();
	p->in_mem = malloc(PIECE);
	p->out_mem = malloc(ZSTD_CStreamOutSize());
	if (p->in >= 0 && p->out >= 0 && p->zstd != NULL && p->in_mem != NULL &&
	    p->out_mem != NULL) {
		ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
		return true;
	}
	packer_free(s);
	return false;
}

static bool compress_piece(struct store *s, size_t n, bool last)
{
	struct packer *p = s->packer;
	ZSTD_inBuffer in = { p->in_mem, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { p->out_mem, ZSTD_CStreamOutSize(), 0 };

		left = ZSTD_compressStream2(p->zstd, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left)) {
			errno = ENOMEM;
			return false;
		}
		if (!file_write_at(s->ops, p->out, slice_of(p->out_mem, out.pos), p->written))
			return false;
		p->written += out.pos;
	} while (last ? left != 0 : in.pos < in.size);
	return true;
}

static bool packer_end(struct store *s)
{
	struct packer *p = s->packer;
	bool ok = s->ops->fdatasync(p->out) == 0 &&
		  s->ops->renameat(s->dir, p->tmp, s->dir, p->packed) == 0 && fsync(s->dir) == 0 &&
		  s->ops->unlinkat(s->dir, p->plain, 0) == 0;

	packer_free(s);
	return ok;
}

bool store_work(struct store *s, bool *more)
{
	uint64_t first;
	ssize_t n;

	*more = false;
	if (s->packer == NULL) {
		if (s->plain_left)
			s->plain_left = find_plain(s, &first);
		if (!s->plain_left)
			return true;
		if (!packer_begin(s, first))
			return false;
	}
	*more = true;
	n = pread(s->packer->in, s->packer->in_mem, PIECE, (off_t)s->packer->read);
	if (n < 0 || !compress_piece(s, (size_t)n, n == 0)) {
		packer_free(s); /* begins again at the next call */
		return false;
	}
	s->packer->read += (uint64_t)n;
	return n != 0 || packer_end(s);
}

bool packer_resume(struct store *s)
{
	uint64_t first;

	s->plain_left = find_plain(s, &first);
	return !s->plain_left || packer_begin(s, first);
}
