#include "evidence/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/file.h>
#include <unistd.h>

int store_dir(const struct store *s)
{
	return s->dir;
}

const struct note_key *store_key(const struct store *s)
{
	return note_signer_key(s->signer);
}

uint64_t store_next(const struct store *s)
{
	return s->grown.size;
}

uint64_t store_signed(const struct store *s)
{
	return s->signed_size;
}

struct sha *store_sha(struct store *s)
{
	return s->sha;
}

/* ---- the intent ---- */

#define INTENT_MAGIC 0x31696763u /* "cgi1" */
#define INTENT_MAX 128u
#define INTENT_CHECK 8u

/*
 * `start` is the entry at which the letter's batch begins and `before` how many of its entries were
 * in the log earlier; with start == UINT64_MAX no batch is under way and `before` is all there is.
 */
static bool intent_put(struct store *s, const struct store_source *of, uint64_t start,
		       uint64_t before)
{
	unsigned char sum[SHA_LEN];
	struct buf b;
	bool ok;

	buf_init(&b, INTENT_MAX);
	msg_put_u32(&b, INTENT_MAGIC);
	msg_put_u8(&b, of != NULL);
	msg_put_u32(&b, of != NULL ? of->from : 0);
	msg_put_u32(&b, of != NULL ? of->id : 0);
	msg_put_u64(&b, start);
	msg_put_u64(&b, before);
	if (of != NULL)
		buf_add(&b, slice_of((const char *)of->digest, SHA_LEN));
	sha_of(s->sha, buf_slice(&b), sum);
	buf_add(&b, slice_of((const char *)sum, INTENT_CHECK));
	ok = buf_ok(&b) && file_write_at(s->ops, s->intent, buf_slice(&b), 0);
	buf_release(&b);
	return ok;
}

bool intent_write(struct store *s, const struct store_source *source)
{
	bool ok;

	if (source != NULL) {
		s->intent_empty = false;
		return intent_put(s, source, s->edge.size, s->resume ? s->resume_done : 0);
	}
	if (s->resume)
		return intent_put(s, &s->resume_of, UINT64_MAX, s->resume_done);
	if (s->intent_empty)
		return true;
	ok = intent_put(s, NULL, UINT64_MAX, 0);
	s->intent_empty = ok;
	return ok;
}

void intent_read(struct store *s)
{
	unsigned char sum[SHA_LEN];
	struct msg_reader r;
	char mem[INTENT_MAX];
	ssize_t n = pread(s->intent, mem, sizeof(mem), 0);
	uint64_t start, before;
	bool named;

	if (n <= (ssize_t)INTENT_CHECK)
		return;
	msg_reader_init(&r, slice_of(mem, (size_t)n));
	if (msg_get_u32(&r) != INTENT_MAGIC)
		return;
	named = msg_get_u8(&r) != 0;
	s->resume_of.from = msg_get_u32(&r);
	s->resume_of.id = msg_get_u32(&r);
	start = msg_get_u64(&r);
	before = msg_get_u64(&r);
	if (r.bad || !named || r.rest.n < SHA_LEN + INTENT_CHECK)
		return;
	memcpy(s->resume_of.digest, r.rest.p, SHA_LEN);
	r.rest = slice_skip(r.rest, SHA_LEN);
	sha_of(s->sha, slice_of(mem, (size_t)(r.rest.p - mem)), sum);
	if (memcmp(sum, r.rest.p, INTENT_CHECK) != 0 ||
	    (start != UINT64_MAX && start > s->edge.size))
		return;
	s->resume = true;
	s->resume_done = before + (start != UINT64_MAX ? s->edge.size - start : 0);
}

uint64_t store_resume(struct store *s, const struct store_source *source)
{
	if (!s->resume)
		return 0;
	if (s->resume_of.from == source->from && s->resume_of.id == source->id &&
	    memcmp(s->resume_of.digest, source->digest, SHA_LEN) == 0)
		return s->resume_done;
	s->resume = false;
	return 0;
}

/* ---- the batch ---- */

bool store_add(struct store *s, struct entry *e)
{
	size_t start = buf_slice(&s->batch).n;
	struct merkle_hash leaf;

	e->n = s->grown.size;
	if (!entry_ok(e)) {
		errno = EINVAL;
		return false;
	}
	entry_format(&s->batch, e);
	if (buf_ok(&s->batch)) {
		merkle_leaf(s->sha, slice_skip(buf_slice(&s->batch), start), &leaf);
		buf_addc(&s->batch, '\n');
	}
	if (!buf_ok(&s->batch)) {
		store_drop(s);
		errno = ENOMEM;
		return false;
	}
	merkle_push(&s->grown, s->sha, &leaf, tree_add, s->tree);
	return true;
}

static void forget_batch(struct store *s)
{
	buf_clear(&s->batch);
	s->grown = s->edge;
}

/* Takes back what a failed commit may have written. */
static bool undo(struct store *s)
{
	bool ok = tree_cut(s->tree, s->edge.size) &&
		  s->ops->ftruncate(s->log, (off_t)s->log_size) == 0;

	forget_batch(s);
	s->half_written = !ok;
	return ok;
}

void store_drop(struct store *s)
{
	forget_batch(s);
	if (!tree_cut(s->tree, s->edge.size))
		s->half_written = true;
}

bool store_commit(struct store *s, const struct store_source *source)
{
	struct slice lines = buf_slice(&s->batch);
	int saved;

	if (lines.n == 0)
		return true;
	/* The tail of an earlier failure must go before the intent counts from the log's end. */
	if (s->half_written &&
	    (s->ops->ftruncate(s->log, (off_t)s->log_size) < 0 || !tree_trim(s->tree)))
		goto failed;
	s->half_written = false;
	if (!intent_write(s, source) || !file_write_at(s->ops, s->log, lines, s->log_size) ||
	    !tree_flush(s->tree))
		goto failed;
	s->log_size += lines.n;
	s->edge = s->grown;
	s->unsynced = true;
	if (source != NULL)
		s->resume = false;
	buf_clear(&s->batch);
	return true;
failed:
	saved = errno;
	s->intent_empty = false;
	undo(s);
	errno = saved;
	return false;
}

/* ---- syncing and signing ---- */

bool store_sync(struct store *s)
{
	if (!s->unsynced)
		return true;
	if (s->ops->fdatasync(s->log) < 0 || !tree_sync(s->tree))
		return false;
	s->unsynced = false;
	return true;
}

bool checkpoint_write(struct store *s, const struct merkle *m)
{
	struct checkpoint c = { .origin = slice_str(store_key(s)->name), .size = m->size };
	struct buf text, note;
	bool ok;

	merkle_root(m, s->sha, &c.root);
	buf_init(&text, NOTE_MAX);
	buf_init(&note, NOTE_MAX);
	checkpoint_format(&c, &text);
	ok = note_sign(s->signer, buf_slice(&text), &note) &&
	     file_write_at(s->ops, s->checkpoints, buf_slice(&note), s->checkpoints_size) &&
	     s->ops->fdatasync(s->checkpoints) == 0;
	if (ok) {
		s->checkpoints_size += buf_slice(&note).n;
		s->signed_size = m->size;
		/*
		 * Only a copy of the newest, for whoever wants one file; made again at each start.
		 */
		ok = file_replace(s->ops, s->dir, "checkpoint", buf_slice(&note));
	} else {
		int saved = errno;

		(void)s->ops->ftruncate(s->checkpoints, (off_t)s->checkpoints_size);
		errno = saved;
	}
	buf_release(&text);
	buf_release(&note);
	return ok;
}

bool store_checkpoint(struct store *s)
{
	if (s->edge.size == s->signed_size)
		return true;
	return store_sync(s) && checkpoint_write(s, &s->edge);
}

/* ---- opening and closing ---- */

static struct store *store_new(const struct store_options *o)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ops = o->ops != NULL ? o->ops : &file_ops_system;
	s->segment_max = o->segment_max != 0 ? o->segment_max : STORE_SEGMENT_MAX;
	s->dir = s->lock = s->log = s->intent = s->checkpoints = -1;
	buf_init(&s->batch, STORE_BATCH_MAX);
	snprintf(s->path, sizeof(s->path), "%s/evidence", o->path);
	s->sha = sha_new();
	if (s->sha != NULL)
		return s;
	free(s);
	return NULL;
}

#define LOCK_TRIES 150

static bool take_lock(struct store *s, char *error, size_t size)
{
	/* A recorder whose supervisor died still writes what it was handed: it is let finish. */
	const struct timespec pause = { 0, 20 * 1000 * 1000 };

	s->lock = file_open_append(s->dir, "lock");
	for (int i = 0; s->lock >= 0 && i < LOCK_TRIES && flock(s->lock, LOCK_EX | LOCK_NB) != 0;
	     i++)
		nanosleep(&pause, NULL);
	if (s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	snprintf(error, size,
		 errno == EWOULDBLOCK
			 ? "%s is being written by another crumbgate: stop it, or choose another "
			   "with --state FOLDER"
			 : "%s/lock cannot be taken: check the folder's owner and the disk",
		 s->path);
	return false;
}

struct store *store_open(const struct store_options *o, struct store_repair *repair, char *error,
			 size_t size)
{
	struct store *s = store_new(o);

	*repair = (struct store_repair){ 0 };
	if (s == NULL) {
		snprintf(error, size, "no memory for the evidence log");
		return NULL;
	}
	s->dir = folder_open(o->state, "evidence");
	if (s->dir < 0)
		snprintf(error, size, "%s cannot be made or opened: %s", s->path, strerror(errno));
	else if (file_is_private(s->dir, s->path, error, size) && take_lock(s, error, size) &&
		 store_recover(s, repair, error, size))
		return s;
	store_close(s);
	return NULL;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	packer_free(s);
	tree_free(s->tree);
	note_signer_free(s->signer);
	sha_free(s->sha);
	buf_release(&s->batch);
	close_fd(s->log);
	close_fd(s->intent);
	close_fd(s->checkpoints);
	close_fd(s->lock);
	close_fd(s->dir);
	free(s);
}
