#include "evidence/verify.h"

#include "evidence/crew.h"
#include "evidence/entry.h"
#include "evidence/files.h"
#include "evidence/notes.h"
#include "evidence/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

struct verify {
	const struct verify_options *o;
	struct verify_report *report;
	struct reader *in;
	struct tree *tree;
	struct note_key key;
	struct sha *sha;
	struct merkle m;

	struct notes notes;
	struct note note; /* the checkpoint that comes next ... */
	struct checkpoint next;
	bool have_next;
	struct buf newest[2]; /* ... and copies of the last two that were read */
	uint64_t last_size;
	struct merkle_hash last_root;

	uint64_t tile_differs; /* level * 2^56 + index + 1 of a hash in tree/1 or above; 0: none */
	bool torn;
};

/* One chunk of lines on its way through the crew. */
struct piece {
	struct buf mem;
	struct reader_chunk chunk;
	struct sha *sha;
	char *scratch;
	struct merkle_hash *leaves, *tiles, *stored;
	size_t cap;
	size_t good;  /* lines before the first bad one */
	size_t where; /* in the bad one */
	bool gap;     /* the bad one is canonical, but not the next */
	uint64_t found;
};

__attribute__((format(printf, 5, 6))) static void
problem(struct verify *v, const char *file, uint64_t line, uint64_t n, const char *fmt, ...)
{
	struct verify_report *r = v->report;
	struct verify_problem *p;
	va_list ap;

	if (r->result != VERIFY_ERROR)
		r->result = VERIFY_WRONG;
	if (r->count == VERIFY_PROBLEMS_MAX)
		return;
	p = &r->problems[r->count++];
	snprintf(p->file, sizeof(p->file), "%s", file);
	p->line = line;
	p->n = n;
	va_start(ap, fmt);
	vsnprintf(p->what, sizeof(p->what), fmt, ap);
	va_end(ap);
}

static void torn(struct verify *v, const char *file, uint64_t line, const char *what)
{
	enum verify_result was = v->report->result;

	problem(v, file, line, v->m.size, "%s", what);
	v->torn = true;
	v->report->result = was;
}

/* ---- the crew's work ---- */

static bool piece_init(void *arg, void *slot)
{
	struct piece *p = slot;

	(void)arg;
	buf_init(&p->mem, READER_CHUNK_MAX);
	p->sha = sha_new();
	p->scratch = malloc(ENTRY_LINE_MAX);
	return p->sha != NULL && p->scratch != NULL;
}

static void piece_release(void *arg, void *slot)
{
	struct piece *p = slot;

	(void)arg;
	buf_release(&p->mem);
	sha_free(p->sha);
	free(p->scratch);
	free(p->leaves);
	free(p->tiles);
	free(p->stored);
}

static bool piece_room(struct piece *p, size_t count)
{
	if (count <= p->cap)
		return true;
	free(p->leaves);
	free(p->tiles);
	free(p->stored);
	p->leaves = malloc(count * sizeof(*p->leaves));
	p->stored = malloc(count * sizeof(*p->stored));
	p->tiles = malloc((count / MERKLE_TILE + 1) * sizeof(*p->tiles));
	p->cap = p->leaves != NULL && p->stored != NULL && p->tiles != NULL ? count : 0;
	return p->cap != 0;
}

static bool piece_fill(void *arg, void *slot)
{
	struct verify *v = arg;
	struct piece *p = slot;
	int got = reader_next(v->in, &p->mem, &p->chunk);

	return got > 0 && piece_room(p, p->chunk.count);
}

/* Leaves before the first tile that lies whole in the piece. */
static size_t before_tiles(const struct piece *p)
{
	size_t skip = (size_t)(-p->chunk.n & (MERKLE_TILE - 1));

	return skip < p->good ? skip : p->good;
}

static void fold_tiles(struct piece *p)
{
	struct merkle_hash tile[MERKLE_TILE];
	size_t at = before_tiles(p), k = 0;

	for (; p->good - at >= MERKLE_TILE; at += MERKLE_TILE) {
		memcpy(tile, &p->leaves[at], sizeof(tile));
		merkle_fold(p->sha, tile, MERKLE_TILE_HEIGHT, &p->tiles[k++]);
	}
}

static void piece_work(void *arg, void *slot)
{
	struct piece *p = slot;
	struct slice rest = p->chunk.lines;
	struct entry e;

	(void)arg;
	p->gap = false;
	for (p->good = 0; p->good < p->chunk.count; p->good++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_head(rest, (size_t)(end - rest.p));

		if (!entry_parse(line, p->scratch, &e, &p->where))
			break;
		if (e.n != p->chunk.n + p->good) {
			p->gap = true;
			p->found = e.n;
			break;
		}
		merkle_leaf(p->sha, line, &p->leaves[p->good]);
		rest = slice_skip(rest, line.n + 1);
	}
	fold_tiles(p);
}

/* ---- in order again ---- */

static bool writer_lives(const struct verify *v)
{
	int fd = openat(reader_dir(v->in), "lock", O_RDONLY | O_CLOEXEC);
	bool lives = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return lives;
}

/* The recorder writes lines before their hashes: one that lives gets a moment to do it. */
static uint64_t hashes_for(struct verify *v, uint64_t want)
{
	struct timespec moment = { 0, 20 * 1000 * 1000 };

	for (int i = 0; tree_size(v->tree) < want && i < 50; i++) {
		tree_refresh(v->tree);
		if (tree_size(v->tree) >= want || !writer_lives(v))
			break;
		nanosleep(&moment, NULL);
	}
	return tree_size(v->tree);
}

/* Compares with tree/0; returns how many lines it vouches for, or SIZE_MAX after a difference. */
static size_t compare_leaves(struct verify *v, struct piece *p)
{
	struct merkle_store s = tree_store(v->tree);
	uint64_t n = p->chunk.n, have = hashes_for(v, n + p->good);
	size_t count = have >= n + p->good ? p->good : have > n ? (size_t)(have - n) : 0;

	if (!s.read(s.arg, 0, n, count, p->stored)) {
		problem(v, "tree/0", 0, n, "cannot be read");
		return SIZE_MAX;
	}
	for (size_t i = 0; i < count; i++) {
		if (merkle_equal(&p->stored[i], &p->leaves[i]))
			continue;
		problem(v, p->chunk.file, p->chunk.line + i, n + i,
			"not the entry that was recorded: its hash differs from the one in tree/0");
		return SIZE_MAX;
	}
	return count;
}

static void compare_tile(void *arg, unsigned level, const struct merkle_hash *hash)
{
	struct verify *v = arg;
	struct merkle_store s = tree_store(v->tree);
	struct merkle_hash have;
	uint64_t index;

	if (level == 0 || level >= MERKLE_LEVELS || v->tile_differs != 0)
		return;
	index = v->m.size >> (MERKLE_TILE_HEIGHT * level);
	if (!s.read(s.arg, level, index, 1, &have)) {
		/* A kill between the writes of two levels leaves the upper one short. */
		if (v->have_next)
			v->tile_differs = ((uint64_t)level << 56) + index + 1;
	} else if (!merkle_equal(&have, hash)) {
		v->tile_differs = ((uint64_t)level << 56) + index + 1;
	}
}

static void next_checkpoint(struct verify *v)
{
	struct verify_report *r = v->report;
	struct buf swap;

	v->have_next = notes_next(&v->notes, &v->note, &v->next);
	if (!v->have_next)
		return;
	r->checkpoints++;
	if (!slice_eq(v->next.origin, slice_str(v->key.name)))
		problem(v, "checkpoints", 0, VERIFY_NOWHERE,
			"checkpoint %" PRIu64 " is of another log (%.*s)", r->checkpoints,
			SLICE_ARG(slice_head(v->next.origin, 64)));
	else if (note_verify(&v->note, &v->key) != NOTE_GOOD)
		problem(v, "checkpoints", 0, VERIFY_NOWHERE,
			"checkpoint %" PRIu64 " (size %" PRIu64 ") is not signed by the log's key",
			r->checkpoints, v->next.size);
	if (v->next.size < v->last_size)
		problem(v, "checkpoints", 0, VERIFY_NOWHERE,
			"checkpoint %" PRIu64 " (size %" PRIu64
			") is smaller than the one before it",
			r->checkpoints, v->next.size);
	swap = v->newest[0];
	v->newest[0] = v->newest[1];
	v->newest[1] = swap;
	buf_clear(&v->newest[1]);
	buf_add(&v->newest[1], v->note.whole);
}

/* Every checkpoint of the size that the tree has now. */
static bool check_roots(struct verify *v)
{
	struct merkle_hash root;

	while (v->have_next && v->next.size <= v->m.size && v->report->result != VERIFY_WRONG) {
		merkle_root(&v->m, v->sha, &root);
		if (!merkle_equal(&root, &v->next.root))
			problem(v, "checkpoints", 0, VERIFY_NOWHERE,
				"checkpoint %" PRIu64 ": the root of the first %" PRIu64
				" entries is another: the log was changed before entry %" PRIu64,
				v->report->checkpoints, v->next.size, v->next.size);
		v->report->covered = v->last_size = v->next.size;
		v->last_root = root;
		next_checkpoint(v);
	}
	return v->report->result != VERIFY_WRONG;
}

static bool add_leaves(struct verify *v, const struct piece *p, size_t count)
{
	size_t at = 0, tile = 0, first = before_tiles(p);

	while (at < count) {
		bool whole = at >= first && count - at >= MERKLE_TILE &&
			     (!v->have_next || v->next.size >= v->m.size + MERKLE_TILE);

		if (at >= first)
			tile = (at - first) / MERKLE_TILE;
		whole = whole && (at - first) % MERKLE_TILE == 0;
		if (whole)
			merkle_push_subtree(&v->m, v->sha, MERKLE_TILE_HEIGHT, &p->tiles[tile],
					    compare_tile, v);
		else
			merkle_push(&v->m, v->sha, &p->leaves[at], compare_tile, v);
		at += whole ? MERKLE_TILE : 1;
		if (v->have_next && v->next.size <= v->m.size && !check_roots(v))
			return false;
	}
	if (v->tile_differs != 0)
		problem(v, "tree", 0, VERIFY_NOWHERE,
			"tree/%u: hash %" PRIu64 " is not that of its entries",
			(unsigned)(v->tile_differs >> 56),
			(v->tile_differs & (UINT64_MAX >> 8)) - 1);
	return v->tile_differs == 0;
}

static void bad_line(struct verify *v, const struct piece *p)
{
	uint64_t n = p->chunk.n + p->good, line = p->chunk.line + p->good;

	if (p->gap)
		problem(v, p->chunk.file, line, n,
			"entry %" PRIu64 " stands where entry %" PRIu64
			" must: entries were removed, "
			"repeated or moved",
			p->found, n);
	else if (p->chunk.current && !v->have_next && hashes_for(v, n + 1) <= n)
		torn(v, p->chunk.file, line, "an unfinished write: what follows is no entry");
	else
		problem(v, p->chunk.file, line, n, "not a canonical entry (byte %zu of the line)",
			p->where + 1);
}

static bool piece_drain(void *arg, void *slot)
{
	struct verify *v = arg;
	struct piece *p = slot;
	size_t count = compare_leaves(v, p);

	if (v->o->progress != NULL)
		v->o->progress(v->o->arg, reader_done(v->in), reader_total(v->in));
	if (count == SIZE_MAX || !add_leaves(v, p, count))
		return false;
	v->report->entries = v->m.size;
	if (count < p->good) {
		if (v->have_next || !p->chunk.current)
			problem(v, "tree/0", 0, v->m.size, "ends before the log does");
		else
			torn(v, p->chunk.file, p->chunk.line + count,
			     "an unfinished write: entries whose hashes are not in the tree");
		return false;
	}
	if (p->good < p->chunk.count) {
		bad_line(v, p);
		return false;
	}
	return true;
}

/* ---- what stands beside the lines ---- */

static bool read_small(int dir, const char *name, struct buf *b)
{
	buf_init(b, NOTE_MAX);
	return file_read(dir, name, b);
}

static bool load_key(struct verify *v)
{
	struct slice line;
	struct buf b;
	bool ok;

	if (!read_small(reader_dir(v->in), "vkey", &b)) {
		problem(v, "vkey", 0, VERIFY_NOWHERE, "the log's verifier key cannot be read: %s",
			strerror(errno));
		buf_release(&b);
		return false;
	}
	line = buf_slice(&b);
	ok = slice_ends(line, SLICE("\n")) && note_key_parse(slice_head(line, line.n - 1), &v->key);
	buf_release(&b);
	if (!ok)
		problem(v, "vkey", 0, VERIFY_NOWHERE, "not a verifier key");
	else if (v->o->pinned != NULL && !note_key_equal(v->o->pinned, &v->key))
		problem(v, "vkey", 0, VERIFY_NOWHERE,
			"the log has another key (%s) than the one that was asked for",
			v->key.name);
	else
		return true;
	return false;
}

static void check_newest(struct verify *v)
{
	struct slice one, two = buf_slice(&v->newest[1]);
	struct buf b;

	one = buf_slice(&v->newest[0]);
	if (!read_small(reader_dir(v->in), "checkpoint", &b)) {
		/* Not yet there when the very first start was killed. */
		if (v->report->checkpoints > 1)
			problem(v, "checkpoint", 0, VERIFY_NOWHERE, "cannot be read: %s",
				strerror(errno));
	} else if (!slice_eq(buf_slice(&b), two) && !slice_eq(buf_slice(&b), one) &&
		   !writer_lives(v)) {
		problem(v, "checkpoint", 0, VERIFY_NOWHERE, "not the newest of checkpoints");
	}
	buf_release(&b);
}

static void check_notes_end(struct verify *v)
{
	struct slice rest = notes_rest(&v->notes);

	if (v->report->checkpoints == 0)
		problem(v, "checkpoints", 0, VERIFY_NOWHERE, "there is no checkpoint");
	else if (!note_is_torn(rest))
		problem(v, "checkpoints", 0, VERIFY_NOWHERE,
			"no checkpoint behind the first %" PRIu64, v->report->checkpoints);
	else if (rest.n != 0 && !writer_lives(v))
		torn(v, "checkpoints", 0, "an unfinished write behind the last checkpoint");
}

/* No byte in the tree's files that no entry stands for. */
static void check_tree_end(struct verify *v)
{
	for (unsigned level = 0; level < MERKLE_LEVELS && !writer_lives(v); level++) {
		uint64_t want = (v->m.size >> (MERKLE_TILE_HEIGHT * level)) * MERKLE_LEN;
		uint64_t have = tree_bytes(v->tree, level);
		char file[SEGMENT_NAME_MAX];

		snprintf(file, sizeof(file), "tree/%u", level);
		if (have >= want + MERKLE_LEN)
			problem(v, file, 0, VERIFY_NOWHERE,
				"more hashes than the log has entries for");
		else if (have > want)
			torn(v, file, 0, "an unfinished write behind the last hash");
	}
}

static void check_end(struct verify *v)
{
	struct verify_report *r = v->report;
	uint64_t known;

	if (r->result == VERIFY_WRONG)
		return;
	if (*reader_error(v->in) != '\0') {
		problem(v, "segments", 0, v->m.size, "%s", reader_error(v->in));
		return;
	}
	known = tree_size(v->tree);
	if (v->have_next)
		problem(v, LOG_NAME, 0, v->m.size,
			"the log ends after %" PRIu64 " entries, but a checkpoint covers %" PRIu64
			": entries were removed",
			v->m.size, v->next.size);
	else if (known > v->m.size && !writer_lives(v))
		problem(v, LOG_NAME, 0, v->m.size,
			"the log ends after %" PRIu64
			" entries, but tree/0 has the hashes of %" PRIu64,
			v->m.size, known);
	else if (!v->torn && reader_rest(v->in).n != 0 && !writer_lives(v))
		torn(v, LOG_NAME, 0, "an unfinished write: the last line has no end");
	if (r->result == VERIFY_WRONG)
		return;
	check_tree_end(v);
	check_notes_end(v);
	check_newest(v);
}

static void run(struct verify *v)
{
	const struct crew crew = { v,	       sizeof(struct piece), piece_init, piece_release,
				   piece_fill, piece_work,	     piece_drain };

	merkle_init(&v->m);
	next_checkpoint(v);
	if (check_roots(v) && !crew_run(&crew, v->o->threads != 0 ? v->o->threads : crew_size())) {
		v->report->result = VERIFY_ERROR;
		problem(v, "", 0, VERIFY_NOWHERE, "no memory");
		return;
	}
	check_end(v);
	merkle_root(&v->m, v->sha, &v->report->root);
	if (v->report->result == VERIFY_GOOD && v->torn)
		v->report->result = VERIFY_TORN;
}

enum verify_result verify_log(const char *path, const struct verify_options *o,
			      struct verify_report *report)
{
	struct verify v = { .o = o, .report = report };
	char why[sizeof(report->problems[0].what)];
	struct buf vkey;

	*report = (struct verify_report){ .result = VERIFY_GOOD };
	buf_init(&v.newest[0], NOTE_MAX);
	buf_init(&v.newest[1], NOTE_MAX);
	v.notes.fd = -1;
	v.sha = sha_new();
	v.in = reader_open(path, why, sizeof(why));
	if (v.in == NULL || v.sha == NULL) {
		report->result = VERIFY_ERROR;
		problem(&v, "", 0, VERIFY_NOWHERE, "%s", v.in == NULL ? why : "no memory");
	} else if (load_key(&v)) {
		buf_init(&vkey, sizeof(report->key));
		note_key_format(&v.key, &vkey);
		slice_copy(buf_slice(&vkey), report->key, sizeof(report->key));
		buf_release(&vkey);
		v.tree = tree_open(&file_ops_system, reader_dir(v.in), false);
		if (v.tree == NULL || !notes_open(&v.notes, reader_dir(v.in)))
			problem(&v, v.tree == NULL ? "tree" : "checkpoints", 0, VERIFY_NOWHERE,
				"cannot be read: %s", strerror(errno));
		else
			run(&v);
	}
	if (v.notes.fd >= 0)
		notes_close(&v.notes);
	tree_free(v.tree);
	reader_free(v.in);
	sha_free(v.sha);
	buf_release(&v.newest[0]);
	buf_release(&v.newest[1]);
	return report->result;
}
