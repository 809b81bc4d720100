#include "evidence/store_impl.h"

#include "evidence/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY_FILE_MAX 4096u
/* The last checkpoint is looked for in so many bytes at the end of the file. */
#define CHECKPOINT_TAIL ((size_t)64 * 1024)

struct recovery {
	struct store *s;
	struct store_repair *repair;
	char *error;
	size_t size;
	bool fresh; /* nothing was ever recorded here */
	struct checkpoint last;
	struct merkle_hash last_root;
	struct merkle m;
	struct tree_check check;
	uint64_t torn_at; /* offset in log.jsonl of what must be cut off; UINT64_MAX: nothing */
	uint64_t torn_lines;
	char *scratch;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct recovery *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, r->size, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- the key ---- */

static bool has_segments(struct store *s)
{
	char why[256];
	struct reader *r = reader_open_at(s->dir, 0, why, sizeof(why));
	bool any = r != NULL && reader_total(r) != 0;

	reader_free(r);
	return any;
}

static bool write_vkey(struct recovery *r)
{
	struct buf b;
	bool ok;

	buf_init(&b, KEY_FILE_MAX);
	note_key_format(store_key(r->s), &b);
	buf_addc(&b, '\n');
	ok = buf_ok(&b) && file_replace(r->s->ops, r->s->dir, "vkey", buf_slice(&b));
	buf_release(&b);
	return ok || refuse(r, "%s/vkey cannot be written: %s", r->s->path, strerror(errno));
}

static bool make_key(struct recovery *r)
{
	struct store *s = r->s;
	struct buf pem;
	bool ok;

	if (file_exists(s->dir, "checkpoints") ||
	    (file_exists(s->dir, LOG_NAME) && has_segments(s)))
		return refuse(r,
			      "%s holds a log, but its key is not there: put the file `key` back, "
			      "or move the "
			      "folder away to begin a new log",
			      s->path);
	s->signer = note_signer_make();
	buf_init(&pem, KEY_FILE_MAX);
	ok = s->signer != NULL && note_signer_save(s->signer, &pem) &&
	     file_replace(s->ops, s->dir, "key", buf_slice(&pem));
	if (pem.mem != NULL)
		explicit_bzero(pem.mem, pem.cap);
	buf_release(&pem);
	if (!ok)
		return refuse(r, "%s/key cannot be made: %s", s->path, strerror(errno));
	return write_vkey(r);
}

static bool key_is_private(struct recovery *r)
{
	char path[STORE_PATH_MAX + 8];
	int fd = openat(r->s->dir, "key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok;

	snprintf(path, sizeof(path), "%s/key", r->s->path);
	if (fd < 0)
		return refuse(r, "%s cannot be read: %s", path, strerror(errno));
	ok = file_is_private(fd, path, r->error, r->size);
	close(fd);
	return ok;
}

static bool load_key(struct recovery *r)
{
	struct store *s = r->s;
	struct note_key k;
	struct buf b;
	bool ok;

	if (!file_exists(s->dir, "key"))
		return make_key(r);
	if (!key_is_private(r))
		return false;
	buf_init(&b, KEY_FILE_MAX);
	ok = file_read(s->dir, "key", &b);
	s->signer = ok ? note_signer_load(buf_slice(&b)) : NULL;
	if (b.mem != NULL)
		explicit_bzero(b.mem, b.cap);
	buf_release(&b);
	if (s->signer == NULL)
		return refuse(r,
			      "%s/key is not the private key of a log (Ed25519, PEM): put the "
			      "right one back",
			      s->path);
	if (!file_exists(s->dir, "vkey"))
		return write_vkey(r);
	ok = file_read(s->dir, "vkey", &b) &&
	     note_key_parse(slice_trim(slice_head(buf_slice(&b), slice_find(buf_slice(&b), '\n'))),
			    &k) &&
	     note_key_equal(&k, store_key(s));
	buf_release(&b);
	return ok ||
	       refuse(r, "%s/vkey does not belong to %s/key: this log is not ours to continue",
		      s->path, s->path);
}

/* ---- the last checkpoint ---- */

/* The last whole note in the tail; *end is where it ends. */
static bool find_last(struct recovery *r, struct slice tail, struct note *n, size_t *end)
{
	const char *name = store_key(r->s)->name;
	size_t len = strlen(name), used;
	struct checkpoint c;
	bool found = false;

	for (size_t i = 0; i + len < tail.n; i++) {
		struct slice rest = slice_skip(tail, i);
		struct note one;

		if ((i != 0 && tail.p[i - 1] != '\n') || !slice_starts(rest, slice_str(name)) ||
		    rest.p[len] != '\n' || !note_parse(rest, &one, &used) ||
		    !checkpoint_parse(one.text, &c))
			continue;
		*n = one;
		*end = i + used;
		r->last = c;
		found = true;
	}
	return found;
}

static bool take_checkpoints(struct recovery *r, struct slice tail, uint64_t from)
{
	struct store *s = r->s;
	struct note n;
	size_t end = 0;

	r->fresh = !find_last(r, tail, &n, &end);
	s->checkpoints_size = from + end;
	if (!note_is_torn(slice_skip(tail, end)))
		return refuse(r,
			      "%s/checkpoints: its end is no checkpoint: it was changed; keep the "
			      "folder as it is and begin another",
			      s->path);
	if (r->fresh)
		return true;
	if (note_verify(&n, store_key(s)) != NOTE_GOOD)
		return refuse(
			r,
			"%s/checkpoints: the last checkpoint is not signed by this log's key: "
			"it was changed; keep the folder as it is and begin another",
			s->path);
	r->last_root = r->last.root;
	s->signed_size = r->last.size;
	return true;
}

static bool read_checkpoints(struct recovery *r)
{
	struct store *s = r->s;
	int64_t size = file_size(s->checkpoints);
	uint64_t from = (uint64_t)size > CHECKPOINT_TAIL ? (uint64_t)size - CHECKPOINT_TAIL : 0;
	char *mem = malloc(CHECKPOINT_TAIL);
	ssize_t got = mem != NULL ? pread(s->checkpoints, mem, CHECKPOINT_TAIL, (off_t)from) : -1;
	bool ok;

	if (size < 0 || got < 0)
		ok = refuse(r, "%s/checkpoints cannot be read: %s", s->path, strerror(errno));
	else
		ok = take_checkpoints(r, slice_of(mem, (size_t)got), from);
	free(mem);
	return ok;
}

/* Sets aside the beginning of a note that a crash left. */
static bool cut_checkpoints(struct recovery *r)
{
	struct store *s = r->s;
	uint64_t size = (uint64_t)file_size(s->checkpoints);
	char mem[NOTE_MAX];
	ssize_t n;

	if (size <= s->checkpoints_size)
		return true;
	n = pread(s->checkpoints, mem, sizeof(mem), (off_t)s->checkpoints_size);
	return (n > 0 &&
		file_replace(s->ops, s->dir, "torn-checkpoints", slice_of(mem, (size_t)n)) &&
		s->ops->ftruncate(s->checkpoints, (off_t)s->checkpoints_size) == 0) ||
	       refuse(r, "%s/checkpoints cannot be repaired: %s", s->path, strerror(errno));
}

static bool open_files(struct recovery *r)
{
	struct store *s = r->s;

	s->checkpoints = file_open_append(s->dir, "checkpoints");
	s->intent = file_open_append(s->dir, "intent");
	s->tree = tree_open(s->ops, s->dir, true);
	if (s->checkpoints < 0 || s->intent < 0 || s->tree == NULL)
		return refuse(r, "%s: its files cannot be opened: %s", s->path, strerror(errno));
	return read_checkpoints(r);
}

/* The empty tree is signed before the first line, so lines without checkpoints are never ours. */
static bool begin_log(struct recovery *r)
{
	struct store *s = r->s;

	s->log = file_open_append(s->dir, LOG_NAME);
	if (s->log < 0)
		return refuse(r, "%s/%s cannot be opened: %s", s->path, LOG_NAME, strerror(errno));
	if (r->fresh && has_segments(s))
		return refuse(
			r,
			"%s holds a log without checkpoints: it is not ours to continue; move the "
			"folder away to begin a new log",
			s->path);
	merkle_init(&r->m);
	if (!cut_checkpoints(r))
		return false;
	if (r->fresh && !checkpoint_write(s, &r->m))
		return refuse(r, "%s: the first checkpoint cannot be written: %s", s->path,
			      strerror(errno));
	if (r->fresh)
		merkle_root(&r->m, s->sha, &r->last_root);
	return true;
}

/* ---- the lines ---- */

/* True at the checkpoint unless its root is another. */
static bool root_agrees(struct recovery *r)
{
	struct merkle_hash root;

	if (r->m.size != r->s->signed_size)
		return true;
	merkle_root(&r->m, r->s->sha, &root);
	return merkle_equal(&root, &r->last_root) ||
	       refuse(r,
		      "%s: the log does not match its last checkpoint (size %" PRIu64
		      "): it was changed. "
		      "Run crumbgate verify %s; keep the folder as it is and begin another",
		      r->s->path, r->s->signed_size, r->s->path);
}

enum line_state { LINE_GOOD, LINE_TORN, LINE_REFUSED };

static enum line_state take_line(struct recovery *r, struct slice line,
				 const struct reader_chunk *c, size_t i)
{
	struct merkle_hash leaf;
	struct entry e;
	size_t where;

	if (r->m.size >= r->s->signed_size &&
	    (!entry_parse(line, r->scratch, &e, &where) || e.n != r->m.size))
		return c->current ? LINE_TORN : LINE_REFUSED;
	merkle_leaf(r->s->sha, line, &leaf);
	r->check.next = r->m.size;
	merkle_push(&r->m, r->s->sha, &leaf, tree_compare, &r->check);
	if (!r->check.differs)
		return LINE_GOOD;
	refuse(r,
	       "%s/%s:%" PRIu64 ": entry %" PRIu64 " is not the one that was recorded: the log was "
	       "changed; keep the folder as it is and begin another",
	       r->s->path, c->file, c->line + i, r->check.next);
	return LINE_REFUSED;
}

static bool take_chunk(struct recovery *r, const struct reader_chunk *c)
{
	struct slice rest = c->lines;
	size_t i = 0;

	while (rest.n != 0 && r->torn_at == UINT64_MAX) {
		size_t n = slice_find(rest, '\n');
		enum line_state state = take_line(r, slice_head(rest, n), c, i++);

		if (state == LINE_REFUSED) {
			if (!r->check.differs)
				refuse(r,
				       "%s/%s:%" PRIu64 ": not entry %" PRIu64
				       ": the log was changed",
				       r->s->path, c->file, c->line + i - 1, r->m.size);
			return false;
		}
		if (state == LINE_TORN) {
			r->torn_at = r->s->log_size;
			r->torn_lines = c->count - i + 1;
			break;
		}
		if (c->current)
			r->s->log_size += n + 1;
		if (!root_agrees(r))
			return false;
		rest = slice_skip(rest, n + 1);
	}
	return true;
}

static bool take_lines(struct recovery *r, struct reader *in)
{
	struct reader_chunk c;
	struct buf mem;
	int got = 1;
	bool ok = true;

	buf_init(&mem, READER_CHUNK_MAX);
	while (ok && r->torn_at == UINT64_MAX && (got = reader_next(in, &mem, &c)) > 0) {
		if (c.current && c.line == 1)
			r->s->log_first = c.n;
		ok = take_chunk(r, &c);
	}
	if (got < 0)
		ok = refuse(r, "%s/%s", r->s->path, reader_error(in));
	if (ok && r->torn_at == UINT64_MAX && reader_rest(in).n != 0)
		r->torn_at = r->s->log_size;
	buf_release(&mem);
	return ok;
}

/*
 * Begins at the last sealed segment, so that the current one is known to be its continuation; at
 * the very beginning when the tree's files do not reach that far.
 */
static struct reader *start_reading(struct recovery *r)
{
	struct merkle_store hashes = tree_store(r->s->tree);
	struct reader *in;
	char why[128];
	uint64_t n;

	in = reader_open_at(r->s->dir, 0, why, sizeof(why));
	if (in == NULL || !reader_last_segment(in, &n) || n == 0 ||
	    !merkle_load(&r->m, r->s->sha, &hashes, n)) {
		merkle_init(&r->m);
		return in;
	}
	reader_free(in);
	return reader_open_at(r->s->dir, n, why, sizeof(why));
}

/* A checkpoint below the scan's start can only be compared with the tree's files. */
static bool early_root_agrees(struct recovery *r)
{
	struct merkle_store hashes = tree_store(r->s->tree);
	struct merkle at = r->m;
	bool ok;

	if (r->s->signed_size >= r->m.size)
		return root_agrees(r);
	ok = merkle_load(&r->m, r->s->sha, &hashes, r->s->signed_size) && root_agrees(r);
	r->m = at;
	return ok;
}

/* ---- the torn tail ---- */

static bool save_tail(struct recovery *r)
{
	struct store *s = r->s;
	char *name = r->repair->saved;
	uint64_t end = (uint64_t)file_size(s->log);
	struct buf tail;
	bool ok;

	if (end == r->torn_at)
		return true;
	snprintf(name, sizeof(r->repair->saved), "torn-%" PRIu64, r->m.size);
	for (int i = 1; file_exists(s->dir, name) && i < 1000; i++)
		snprintf(name, sizeof(r->repair->saved), "torn-%" PRIu64 ".%d", r->m.size, i);
	buf_init(&tail, (size_t)(end - r->torn_at));
	ok = buf_reserve(&tail, tail.max) != NULL &&
	     pread(s->log, tail.mem, tail.max, (off_t)r->torn_at) == (ssize_t)tail.max;
	if (ok)
		buf_commit(&tail, tail.max);
	ok = ok && file_replace(s->ops, s->dir, name, buf_slice(&tail)) &&
	     s->ops->ftruncate(s->log, (off_t)r->torn_at) == 0;
	buf_release(&tail);
	r->repair->torn_bytes = end - r->torn_at;
	r->repair->lost_entries = r->torn_lines != 0 ? r->torn_lines : 1;
	return ok || refuse(r, "%s/%s: its torn end cannot be set aside: %s", s->path, LOG_NAME,
			    strerror(errno));
}

static bool finish(struct recovery *r)
{
	struct store *s = r->s;
	uint64_t known = tree_size(s->tree);

	if (r->m.size < s->signed_size)
		return refuse(r,
			      "%s: the log ends at entry %" PRIu64
			      ", but its last checkpoint covers %" PRIu64
			      ": it was cut. Keep the folder as it is and begin another",
			      s->path, r->m.size, s->signed_size);
	if (r->torn_at != UINT64_MAX && !save_tail(r))
		return false;
	if (known > r->m.size && known - r->m.size > r->repair->lost_entries)
		r->repair->lost_entries = known - r->m.size;
	if (!tree_flush(s->tree) || !tree_cut(s->tree, r->m.size))
		return refuse(r, "%s/tree cannot be written: %s", s->path, strerror(errno));
	s->edge = s->grown = r->m;
	s->unsynced = true;
	if (s->log_size == 0)
		s->log_first = r->m.size;
	intent_read(s);
	return packer_resume(s) ||
	       refuse(r, "%s: a sealed segment cannot be compressed: %s", s->path, strerror(errno));
}

bool store_recover(struct store *s, struct store_repair *repair, char *error, size_t size)
{
	struct recovery r = {
		.s = s, .repair = repair, .error = error, .size = size, .torn_at = UINT64_MAX
	};
	struct reader *in = NULL;
	bool ok;

	if (!load_key(&r) || !open_files(&r) || !begin_log(&r))
		return false;
	r.check.tree = s->tree;
	r.scratch = malloc(ENTRY_LINE_MAX);
	in = start_reading(&r);
	if (r.scratch == NULL || in == NULL)
		ok = refuse(&r, "%s cannot be read: %s", s->path, strerror(errno));
	else
		ok = early_root_agrees(&r) && take_lines(&r, in) && finish(&r);
	reader_free(in);
	free(r.scratch);
	return ok;
}
