#include "evidence/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PENDING_MAX (64u * 1024 * 1024)

struct level {
	int fd;		/* -1: no such file yet */
	uint64_t count; /* hashes in the file */
	bool dirty;
	struct buf pending;
};

struct tree {
	const struct file_ops *ops;
	int dir;
	bool writable, failed;
	struct level levels[MERKLE_LEVELS];
};

static bool open_level(struct tree *t, unsigned level)
{
	struct level *l = &t->levels[level];
	char name[4];

	if (l->fd >= 0)
		return true;
	snprintf(name, sizeof(name), "%u", level);
	l->fd = t->writable ? file_open_append(t->dir, name)
			    : openat(t->dir, name, O_RDONLY | O_CLOEXEC);
	return l->fd >= 0;
}

struct tree *tree_open(const struct file_ops *ops, int dir, bool writable)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->ops = ops;
	t->writable = writable;
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		t->levels[i].fd = -1;
		buf_init(&t->levels[i].pending, PENDING_MAX);
	}
	t->dir = writable ? folder_open(dir, "tree")
			  : openat(dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir < 0 || (writable && !open_level(t, 0))) {
		tree_free(t);
		return NULL;
	}
	tree_refresh(t);
	return t;
}

void tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		if (t->levels[i].fd >= 0)
			close(t->levels[i].fd);
		buf_release(&t->levels[i].pending);
	}
	if (t->dir >= 0)
		close(t->dir);
	free(t);
}

uint64_t tree_size(const struct tree *t)
{
	return t->levels[0].count;
}

uint64_t tree_bytes(const struct tree *t, unsigned level)
{
	int64_t size = t->levels[level].fd >= 0 ? file_size(t->levels[level].fd) : 0;

	return size > 0 ? (uint64_t)size : 0;
}

void tree_refresh(struct tree *t)
{
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		struct level *l = &t->levels[i];
		char name[4];
		int64_t size;

		snprintf(name, sizeof(name), "%u", i);
		if (l->fd < 0 && (!file_exists(t->dir, name) || !open_level(t, i)))
			continue;
		size = file_size(l->fd);
		l->count = size > 0 ? (uint64_t)size / MERKLE_LEN : 0;
	}
}

static bool read_hashes(void *arg, unsigned level, uint64_t index, size_t count,
			struct merkle_hash *out)
{
	struct tree *t = arg;
	const struct level *l = &t->levels[level];
	size_t want = count * MERKLE_LEN, have = 0;

	if (level >= MERKLE_LEVELS || l->fd < 0 || index > l->count || count > l->count - index)
		return false;
	while (have < want) {
		ssize_t n = pread(l->fd, (char *)out + have, want - have,
				  (off_t)(index * MERKLE_LEN + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

struct merkle_store tree_store(struct tree *t)
{
	return (struct merkle_store){ read_hashes, t };
}

void tree_add(void *tree, unsigned level, const struct merkle_hash *hash)
{
	struct tree *t = tree;

	if (level < MERKLE_LEVELS)
		buf_add(&t->levels[level].pending, slice_of((const char *)hash->b, MERKLE_LEN));
}

void tree_compare(void *check, unsigned level, const struct merkle_hash *hash)
{
	static const struct merkle_hash none;
	struct tree_check *c = check;
	struct level *l = &c->tree->levels[level];
	uint64_t index = ((c->next + 1) >> (MERKLE_TILE_HEIGHT * level)) - 1;
	struct merkle_hash have;

	if (!read_hashes(c->tree, level, index, 1, &have)) {
		tree_add(c->tree, level, hash);
		return;
	}
	if (merkle_equal(&have, hash))
		return;
	/* Zeros are what a power cut leaves where data was not yet on the disk. */
	if (level == 0 && !merkle_equal(&have, &none)) {
		c->differs = true;
		return;
	}
	l->count = index;
	tree_add(c->tree, level, hash);
}

bool tree_flush(struct tree *t)
{
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		struct level *l = &t->levels[i];
		struct slice s = buf_slice(&l->pending);

		if (!buf_ok(&l->pending)) {
			errno = ENOMEM;
			return false;
		}
		if (s.n == 0)
			continue;
		if (!open_level(t, i) || !file_write_at(t->ops, l->fd, s, l->count * MERKLE_LEN))
			return false;
		l->count += s.n / MERKLE_LEN;
		l->dirty = true;
		buf_clear(&l->pending);
	}
	return true;
}

bool tree_trim(struct tree *t)
{
	bool ok = true;

	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		const struct level *l = &t->levels[i];
		off_t end = (off_t)(l->count * MERKLE_LEN);

		if (l->fd >= 0 && file_size(l->fd) > end && t->ops->ftruncate(l->fd, end) < 0)
			ok = false;
	}
	return ok;
}

bool tree_cut(struct tree *t, uint64_t size)
{
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		struct level *l = &t->levels[i];
		uint64_t count = size >> (MERKLE_TILE_HEIGHT * i);

		buf_clear(&l->pending);
		/*
		 * Less than that means a torn or missing file, which the caller finds when reading.
		 */
		if (l->count > count)
			l->count = count;
	}
	return tree_trim(t);
}

bool tree_sync(struct tree *t)
{
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		struct level *l = &t->levels[i];

		if (!l->dirty)
			continue;
		if (t->ops->fdatasync(l->fd) < 0)
			return false;
		l->dirty = false;
	}
	return true;
}
