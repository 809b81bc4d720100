/* proxy: filter lists compiled by a child that has nothing. */
#include "filters/lists/lists.h"
#include "proxy/list_compile.h"
#include "proxy/list_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define LARGE (2u * 1024 * 1024)

struct shelf {
	char *large;
	unsigned asked;
	char status[4096]; /* of the child, when it asked */
};

/* The only child there is. */
static void look_at_child(struct shelf *s)
{
	char path[64], pid[32] = "";
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "r");
	if (f == NULL || fgets(pid, sizeof(pid), f) == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/status", atoi(pid));
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(s->status, 1, sizeof(s->status) - 1, f);
	s->status[n] = '\0';
	fclose(f);
}

static bool include(void *arg, size_t list, struct slice path, struct slice *text)
{
	struct shelf *s = arg;

	if (s->asked++ == 0 && s->large != NULL)
		look_at_child(s);
	if (list == 1 && slice_eq(path, SLICE("more.txt")))
		*text = SLICE("||more.example^\n!#include large.txt\n");
	else if (s->large != NULL && slice_eq(path, SLICE("large.txt")))
		*text = slice_of(s->large, LARGE);
	else
		return false;
	return true;
}

static const char one[] = "||a.example^\n!#include more.txt\n/reg[ex]+/$script\n";
static const char two[] = "!#include more.txt\n!#include not/there.txt\n@@||a.example/x\n";
static const struct lists_text texts[] = { { { "one", 3 }, { one, sizeof(one) - 1 } },
					   { { "two", 3 }, { two, sizeof(two) - 1 } } };

static void check_same(const struct lists_input *in, int fd)
{
	struct buf image, why;
	struct stat st;
	void *map;

	assert_true(fd >= 0);
	buf_init(&image, LISTS_IMAGE_BYTES_MAX);
	buf_init(&why, 256);
	assert_true(lists_build(in, &image, &why));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, buf_slice(&image).n);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_memory_equal(map, buf_slice(&image).p, buf_slice(&image).n);
	munmap(map, (size_t)st.st_size);
	buf_release(&image);
	buf_release(&why);
}

/* The same octets as here, whoever includes whom; and nobody can change them afterwards. */
static void test_same(void **state)
{
	struct shelf s = { .large = malloc(LARGE) };
	const struct lists_input in = { texts, 2, include, &s };
	char line[32];
	int fd;

	(void)state;
	for (unsigned i = 0; i < LARGE; i += 16) {
		snprintf(line, sizeof(line), "||%08u.tst^\n", i);
		memcpy(s.large + i, line, 16);
	}
	fd = list_compile(&in, "nobody");
	check_same(&in, fd);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
	assert_non_null(strstr(s.status, "Seccomp:\t2"));
	assert_non_null(strstr(s.status, "NoNewPrivs:\t1"));
	if (geteuid() == 0)
		assert_null(strstr(s.status, "Uid:\t0\t"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	free(s.large);
}

static void test_without_includes(void **state)
{
	struct shelf s = { .large = NULL };
	const struct lists_input in = { texts, 2, NULL, NULL };
	const struct lists_input none = { texts, 0, include, &s };
	int fd = list_compile(&in, "nobody");

	(void)state;
	check_same(&in, fd);
	close(fd);
	fd = list_compile(&none, "nobody");
	check_same(&none, fd);
	close(fd);
}

static void test_no_such_user(void **state)
{
	const struct lists_input in = { texts, 2, NULL, NULL };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(list_compile(&in, "no such user here"), -1);
}

/* Files: what is not asked of a request is known before the expressions are compiled. */
static void test_files(void **state)
{
	char dir[] = "/tmp/crumbgate-lists-XXXXXX", path[64], more[64];
	struct list_files files;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/list.txt", dir);
	snprintf(more, sizeof(more), "%s/more.txt", dir);
	f = fopen(path, "w");
	fputs("||a.example^\n/b+c/\n!#include more.txt\n!#include ../more.txt\n", f);
	fclose(f);
	f = fopen(more, "w");
	fputs("||c.example^\n", f);
	fclose(f);
	list_files_init(&files, "test");
	assert_true(list_files_add(&files, path));
	assert_true(list_files_open_by(&files, list_compile, "nobody"));
	assert_int_equal(lists_rules(files.lists), 3);
	assert_int_equal(lists_rules_of(files.lists, 0), 3);
	assert_int_equal(lists_left_count(files.lists, LEFT_INCLUDE), 1);
	assert_true(lists_ready(files.lists));
	assert_true(lists_ready(files.lists));
	list_files_release(&files);
	unlink(more);
	unlink(path);
	list_files_init(&files, "test");
	assert_true(list_files_add(&files, path));
	assert_false(list_files_open_by(&files, list_compile, "nobody"));
	list_files_release(&files);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_without_includes),
		cmocka_unit_test(test_no_such_user),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
