/* evidence: the log on disk through crashes, torn tails, full disks and changes behind its back. */
#include "evidence/store.h"
#include "evidence/reader.h"
#include "evidence/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define T0 1795318610123
#define LETTERS 24u
#define PER_LETTER 3u

/* ---- a disk that fails ---- */

enum fault { FAULT_NONE, FAULT_DEAD, FAULT_TORN, FAULT_ONCE };

/* The test double's state: what the functions of struct file_ops cannot be handed. */
static struct {
	enum fault fault;
	long left; /* operations until the fault */
	bool fired;
} disk;

static bool strike(void)
{
	if (disk.fault == FAULT_NONE)
		return false;
	if (disk.left-- > 0)
		return false;
	if (disk.fault == FAULT_ONCE && disk.fired)
		return false;
	disk.fired = true;
	errno = disk.fault == FAULT_ONCE ? ENOSPC : EIO;
	return true;
}

static ssize_t faulty_pwrite(int fd, const void *p, size_t n, off_t at)
{
	bool first = !disk.fired;

	if (!strike())
		return pwrite(fd, p, n, at);
	/* A process that is killed inside a write leaves a part of it. */
	if (disk.fault != FAULT_DEAD && first && n > 1 && pwrite(fd, p, n / 2, at) < 0)
		return -1;
	errno = ENOSPC;
	return -1;
}

static int faulty_sync(int fd)
{
	(void)fd;
	return strike() ? -1 : 0;
}

static int faulty_truncate(int fd, off_t n)
{
	return strike() ? -1 : ftruncate(fd, n);
}

static int faulty_rename(int dir, const char *from, int dir2, const char *to)
{
	return strike() ? -1 : renameat(dir, from, dir2, to);
}

static int faulty_unlink(int dir, const char *name, int flags)
{
	return strike() ? -1 : unlinkat(dir, name, flags);
}

static const struct file_ops faulty = { faulty_pwrite, faulty_sync, faulty_truncate, faulty_rename,
					faulty_unlink };

/* ---- a state folder ---- */

static char folder[128];
static int state_fd;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void folder_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/crumbgate-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder));
	state_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(state_fd >= 0);
}

static void folder_remove(void)
{
	close(state_fd);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char error[512];

static struct store *open_store(const struct file_ops *ops, struct store_repair *repair)
{
	struct store_options o = { state_fd, folder, ops, 2000 };
	struct store_repair none;

	error[0] = '\0';
	return store_open(&o, repair != NULL ? repair : &none, error, sizeof(error));
}

static struct store *must_open(struct store_repair *repair)
{
	struct store *s = open_store(NULL, repair);

	if (s == NULL)
		fail_msg("%s", error);
	return s;
}

static void add_stop(struct store *s, const char *why)
{
	struct entry e;

	entry_init(&e, ENTRY_STOP, T0);
	e.why = slice_str(why);
	assert_true(store_add(s, &e));
}

static struct store_source source_of(unsigned letter)
{
	struct store_source src = { .from = 3, .id = letter % 4 };

	memset(src.digest, (int)letter + 1, sizeof(src.digest));
	return src;
}

/* As the recorder does it: what a crash let through already is not written again. */
static bool do_letter(struct store *s, unsigned letter)
{
	struct store_source src = source_of(letter);
	uint64_t done = store_resume(s, &src);
	char why[32];

	assert_true(done <= PER_LETTER);
	for (uint64_t i = done; i < PER_LETTER; i++) {
		snprintf(why, sizeof(why), "letter %u.%u", letter, (unsigned)i);
		add_stop(s, why);
	}
	return store_commit(s, &src);
}

static bool between(struct store *s, unsigned letter)
{
	bool more = true;
	bool ok = true;

	if (letter % 3 == 0)
		ok = store_sync(s);
	if (ok && letter % 5 == 0)
		ok = store_checkpoint(s);
	if (ok && store_full(s))
		ok = store_seal(s);
	while (ok && more)
		ok = store_work(s, &more);
	return ok;
}

/* Goes on from letter *next until all are done or something fails. */
static bool work(struct store *s, unsigned *next)
{
	while (*next < LETTERS) {
		if (!do_letter(s, *next))
			return false;
		(*next)++;
		if (!between(s, *next))
			return false;
	}
	return true;
}

static void check_log(void)
{
	struct verify_options o = { 0 };
	struct verify_report report;

	if (verify_log(folder, &o, &report) != VERIFY_GOOD)
		fail_msg("verify: %s:%lu: %s", report.problems[0].file,
			 (unsigned long)report.problems[0].line, report.problems[0].what);
}

/* Every entry of every letter stands in the log once, in order. */
static void check_letters(void)
{
	struct reader *r = reader_open(folder, error, sizeof(error));
	struct reader_chunk c;
	char want[64];
	struct buf mem;
	unsigned seen = 0;

	assert_non_null(r);
	buf_init(&mem, READER_CHUNK_MAX);
	while (reader_next(r, &mem, &c) > 0) {
		struct slice rest = c.lines, line;

		while ((rest = slice_cut(rest, '\n', &line)).p != NULL) {
			if (memmem(line.p, line.n, "letter", 6) == NULL)
				continue;
			snprintf(want, sizeof(want), "\"letter %u.%u\"", seen / PER_LETTER,
				 seen % PER_LETTER);
			if (memmem(line.p, line.n, want, strlen(want)) == NULL)
				fail_msg("want %s, have %.*s", want, SLICE_ARG(line));
			seen++;
		}
	}
	assert_int_equal(seen, LETTERS * PER_LETTER);
	buf_release(&mem);
	reader_free(r);
}

static void finish(struct store *s, unsigned *next)
{
	assert_true(work(s, next));
	add_stop(s, "end");
	assert_true(store_commit(s, NULL));
	assert_true(store_checkpoint(s));
	store_close(s);
	check_log();
	check_letters();
}

static void test_plain(void **state)
{
	struct store *s;
	unsigned next = 0;

	(void)state;
	folder_make();
	s = must_open(NULL);
	finish(s, &next);
	s = must_open(NULL);
	assert_int_equal(store_next(s), LETTERS * PER_LETTER + 1);
	assert_int_equal(store_signed(s), store_next(s));
	/* Nobody else may write while we do. */
	assert_null(open_store(NULL, NULL));
	assert_non_null(strstr(error, "another crumbgate"));
	store_close(s);
	folder_remove();
}

/*
 * Dies at the k-th operation on a file, for every k, cleanly or in the middle of the write; then
 * starts again (and dies again three operations into that), and must have lost and doubled nothing.
 */
static void kill_everywhere(enum fault fault)
{
	bool fired = true;

	for (long k = 0; fired; k++) {
		struct store *s;
		unsigned next = 0;

		folder_make();
		disk.fault = fault;
		disk.left = k;
		disk.fired = false;
		s = open_store(&faulty, NULL);
		if (s != NULL)
			work(s, &next);
		store_close(s);
		fired = disk.fired;
		disk.left = 3;
		disk.fired = false;
		s = open_store(&faulty, NULL);
		if (s != NULL) {
			struct entry e;

			entry_init(&e, ENTRY_HEARTBEAT, T0);
			if (store_add(s, &e))
				store_commit(s, NULL);
		}
		store_close(s);
		disk.fault = FAULT_NONE;
		s = must_open(NULL);
		finish(s, &next);
		folder_remove();
		assert_true(k < 2000);
	}
}

static void test_killed(void **state)
{
	(void)state;
	kill_everywhere(FAULT_DEAD);
}

static void test_killed_in_write(void **state)
{
	(void)state;
	kill_everywhere(FAULT_TORN);
}

/* One operation fails (disk full), the process lives and tries again. */
static void test_disk_full_once(void **state)
{
	bool fired = true;

	(void)state;
	for (long k = 0; fired; k++) {
		struct store *s;
		unsigned next = 0;

		folder_make();
		disk.fault = FAULT_ONCE;
		disk.left = k;
		disk.fired = false;
		s = open_store(&faulty, NULL);
		if (s == NULL)
			s = open_store(&faulty, NULL);
		assert_non_null(s);
		if (!work(s, &next))
			assert_true(work(s, &next));
		fired = disk.fired;
		disk.fault = FAULT_NONE;
		finish(s, &next);
		folder_remove();
		assert_true(k < 2000);
	}
}

/* ---- what is found at the start ---- */

static void path_of(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/evidence/%s", folder, name);
}

static void write_file(const char *name, struct slice s)
{
	char path[256];
	int fd;

	path_of(name, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n);
	close(fd);
}

static void read_file(const char *name, struct buf *b)
{
	char path[256];

	buf_init(b, 1 << 20);
	path_of(name, path, sizeof(path));
	assert_true(file_read(AT_FDCWD, path, b));
}

/* Five entries, four of them signed; the fifth is cut after each of its bytes. */
static void test_torn_tail(void **state)
{
	struct buf log, tree;
	struct store *s;
	size_t whole;

	(void)state;
	folder_make();
	s = must_open(NULL);
	for (int i = 0; i < 4; i++)
		add_stop(s, "signed");
	assert_true(store_commit(s, NULL) && store_checkpoint(s));
	whole = 0;
	read_file(LOG_NAME, &log);
	whole = log.len;
	buf_release(&log);
	add_stop(s, "the last one");
	assert_true(store_commit(s, NULL));
	store_close(s);
	read_file(LOG_NAME, &log);
	read_file("tree/0", &tree);
	for (size_t n = whole + 1; n < log.len; n++) {
		struct verify_options o = { 0 };
		struct verify_report report;
		struct store_repair repair;
		struct buf saved;

		write_file(LOG_NAME, slice_head(buf_slice(&log), n));
		write_file("tree/0", slice_head(buf_slice(&tree), 4 * MERKLE_LEN));
		assert_int_equal(verify_log(folder, &o, &report), VERIFY_TORN);
		s = must_open(&repair);
		assert_int_equal(store_next(s), 4);
		assert_int_equal(repair.torn_bytes, n - whole);
		assert_int_equal(repair.lost_entries, 1);
		read_file(repair.saved, &saved);
		assert_true(slice_eq(buf_slice(&saved),
				     slice_skip(slice_head(buf_slice(&log), n), whole)));
		buf_release(&saved);
		store_close(s);
		check_log();
	}
	/* With its hash in the tree the entry is known to have been there. */
	write_file(LOG_NAME, slice_head(buf_slice(&log), whole));
	write_file("tree/0", buf_slice(&tree));
	{
		struct store_repair repair;

		s = must_open(&repair);
		assert_int_equal(repair.lost_entries, 1);
		assert_int_equal(repair.torn_bytes, 0);
		store_close(s);
		check_log();
	}
	/* And a whole line whose hash never came is simply taken up. */
	write_file(LOG_NAME, buf_slice(&log));
	write_file("tree/0", slice_head(buf_slice(&tree), 4 * MERKLE_LEN));
	s = must_open(NULL);
	assert_int_equal(store_next(s), 5);
	store_close(s);
	check_log();
	buf_release(&log);
	buf_release(&tree);
	folder_remove();
}

static void must_refuse(const char *says)
{
	assert_null(open_store(NULL, NULL));
	if (strstr(error, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error, says);
}

static void test_changed_log_is_refused(void **state)
{
	struct buf log, changed;
	struct store *s;

	(void)state;
	folder_make();
	s = must_open(NULL);
	for (int i = 0; i < 4; i++)
		add_stop(s, "signed");
	assert_true(store_commit(s, NULL) && store_checkpoint(s));
	store_close(s);
	read_file(LOG_NAME, &log);
	/* Every bit of it. */
	for (size_t i = 0; i < log.len * 8; i += 3) {
		log.mem[i / 8] = (char)(log.mem[i / 8] ^ (1 << i % 8));
		write_file(LOG_NAME, buf_slice(&log));
		assert_null(open_store(NULL, NULL));
		log.mem[i / 8] = (char)(log.mem[i / 8] ^ (1 << i % 8));
	}
	write_file(LOG_NAME, slice_head(buf_slice(&log), log.len / 2));
	must_refuse("cut");
	write_file(LOG_NAME, SLICE(""));
	must_refuse("cut");
	/* Nothing was overwritten by all that. */
	read_file(LOG_NAME, &changed);
	assert_int_equal(changed.len, 0);
	buf_release(&changed);
	write_file(LOG_NAME, buf_slice(&log));
	s = must_open(NULL);
	store_close(s);
	buf_release(&log);
	folder_remove();
}

static void test_foreign_folders(void **state)
{
	struct buf key, notes;
	char path[256];
	struct store *s;

	(void)state;
	folder_make();
	snprintf(path, sizeof(path), "%s/evidence", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(LOG_NAME, SLICE("somebody else's diary\n"));
	must_refuse("key is not there");
	folder_remove();

	folder_make();
	s = must_open(NULL);
	add_stop(s, "one");
	assert_true(store_commit(s, NULL) && store_checkpoint(s));
	store_close(s);
	read_file("key", &key);
	read_file("checkpoints", &notes);
	write_file("key", SLICE("nonsense"));
	must_refuse("not the private key");
	path_of("key", path, sizeof(path));
	assert_int_equal(chmod(path, 0644), 0);
	must_refuse("chmod");
	assert_int_equal(unlink(path), 0);
	must_refuse("key is not there");
	write_file("key", buf_slice(&key));
	write_file("checkpoints", SLICE(""));
	must_refuse("without checkpoints");
	/*
	 * Every changed bit of the last checkpoint but those of its last byte, which a crash may
	 * lack.
	 */
	for (size_t i = notes.len / 2 * 8; i < (notes.len - 1) * 8; i++) {
		notes.mem[i / 8] = (char)(notes.mem[i / 8] ^ (1 << i % 8));
		write_file("checkpoints", buf_slice(&notes));
		assert_null(open_store(NULL, NULL));
		notes.mem[i / 8] = (char)(notes.mem[i / 8] ^ (1 << i % 8));
	}
	write_file("checkpoints", buf_slice(&notes));
	snprintf(path, sizeof(path), "%s/evidence", folder);
	assert_int_equal(chmod(path, 0755), 0);
	must_refuse("chmod");
	assert_int_equal(chmod(path, 0700), 0);
	s = must_open(NULL);
	store_close(s);
	buf_release(&key);
	buf_release(&notes);
	folder_remove();
}

/* The tree's files can be had again from the log. */
static void test_tree_is_rebuilt(void **state)
{
	struct buf before, after;
	struct store *s;
	unsigned next = 0;
	char path[256];

	(void)state;
	folder_make();
	s = must_open(NULL);
	finish(s, &next);
	read_file("tree/0", &before);
	path_of("tree/0", path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	s = must_open(NULL);
	store_close(s);
	read_file("tree/0", &after);
	assert_true(slice_eq(buf_slice(&before), buf_slice(&after)));
	check_log();
	buf_release(&before);
	buf_release(&after);
	folder_remove();
}

/* Every file that counts: a changed bit, a cut end, more at the end, all gone. */
static void change_file(const char *name)
{
	struct verify_options o = { 0 };
	struct verify_report report;
	struct buf was;
	char path[256];

	read_file(name, &was);
	for (size_t i = 0; i < was.len * 8; i += 1 + was.len / 8) {
		was.mem[i / 8] = (char)(was.mem[i / 8] ^ (1 << i % 8));
		write_file(name, buf_slice(&was));
		if (verify_log(folder, &o, &report) == VERIFY_GOOD)
			fail_msg("%s: bit %zu changed unseen", name, i);
		was.mem[i / 8] = (char)(was.mem[i / 8] ^ (1 << i % 8));
	}
	write_file(name, slice_head(buf_slice(&was), was.len - 1));
	assert_int_not_equal(verify_log(folder, &o, &report), VERIFY_GOOD);
	path_of(name, path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	assert_int_not_equal(verify_log(folder, &o, &report), VERIFY_GOOD);
	buf_add(&was, SLICE("\n"));
	write_file(name, buf_slice(&was));
	assert_int_not_equal(verify_log(folder, &o, &report), VERIFY_GOOD);
	was.len--;
	write_file(name, buf_slice(&was));
	buf_release(&was);
	check_log();
}

static void test_every_file_counts(void **state)
{
	static const char *const names[] = { LOG_NAME,	    "000000000000.jsonl.zst",
					     "tree/0",	    "tree/1",
					     "checkpoints", "checkpoint",
					     "vkey" };
	struct verify_options o = { 0 };
	struct verify_report report;
	struct note_signer *other = note_signer_make();
	unsigned next = 0;
	struct store *s;

	(void)state;
	folder_make();
	s = must_open(NULL);
	for (int i = 0; i < 300; i++)
		add_stop(s, "filler");
	assert_true(store_commit(s, NULL) && store_checkpoint(s) && store_seal(s));
	finish(s, &next);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		change_file(names[i]);
	o.pinned = note_signer_key(other);
	assert_int_equal(verify_log(folder, &o, &report), VERIFY_WRONG);
	note_signer_free(other);
	folder_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_killed_in_write),
		cmocka_unit_test(test_disk_full_once),
		cmocka_unit_test(test_torn_tail),
		cmocka_unit_test(test_changed_log_is_refused),
		cmocka_unit_test(test_foreign_folders),
		cmocka_unit_test(test_tree_is_rebuilt),
		cmocka_unit_test(test_every_file_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
