#include "evidence/notes.h"

#include "evidence/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BLOCK ((size_t)64 * 1024)

bool notes_open(struct notes *n, int dir)
{
	*n = (struct notes){ .fd = openat(dir, "checkpoints", O_RDONLY | O_CLOEXEC) };
	buf_init(&n->mem, BLOCK + NOTE_MAX);
	if (n->fd >= 0)
		n->left = (uint64_t)file_size(n->fd);
	return n->fd >= 0;
}

void notes_close(struct notes *n)
{
	if (n->fd >= 0)
		close(n->fd);
	buf_release(&n->mem);
}

static void refill(struct notes *n)
{
	while (buf_slice(&n->mem).n < NOTE_MAX && n->left != 0) {
		size_t want = n->left < BLOCK ? (size_t)n->left : BLOCK;
		char *to = buf_reserve(&n->mem, want);
		ssize_t got = to != NULL ? read(n->fd, to, want) : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		buf_commit(&n->mem, (size_t)got);
		n->left -= (uint64_t)got;
	}
}

bool notes_next(struct notes *n, struct note *note, struct checkpoint *c)
{
	size_t used;

	buf_take(&n->mem, n->used);
	n->used = 0;
	refill(n);
	if (!note_parse(buf_slice(&n->mem), note, &used) || !checkpoint_parse(note->text, c))
		return false;
	n->used = used;
	n->count++;
	return true;
}

struct slice notes_rest(const struct notes *n)
{
	return buf_slice(&n->mem);
}
