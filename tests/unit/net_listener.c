/* proxy/net: listeners, and what they do without descriptors. */
#include "tests/unit/net_tools.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/listener.h"

struct taken {
	unsigned count;
	int fd[64];
	struct listener *free_me;
};

static void on_accept(int fd, const struct address *peer, void *arg)
{
	struct taken *t = arg;

	assert_true(address_class(peer) == ADDRESS_LOOPBACK);
	assert_true(t->count < 64);
	t->fd[t->count++] = fd;
	listener_free(t->free_me);
}

static int dial_in(int listening)
{
	struct address at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	at.len = sizeof(at.sa);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at.sa, &at.len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at.sa, at.len), 0);
	return fd;
}

static void test_bind(void **state)
{
	char error[200], again[ADDRESS_TEXT];
	struct address at;
	int fd, fd6;

	(void)state;
	fd = listener_bind("127.0.0.1:0", error, sizeof(error));
	assert_true(fd >= 0);
	at.len = sizeof(at.sa);
	getsockname(fd, (struct sockaddr *)&at.sa, &at.len);
	address_print(&at, again);
	assert_int_equal(listener_bind(again, error, sizeof(error)), -1);
	assert_non_null(strstr(error, again));
	assert_non_null(strstr(error, "with --listen ADDR:PORT"));
	fd6 = listener_bind("[::1]:0", error, sizeof(error));
	if (fd6 >= 0)
		close(fd6);
	assert_int_equal(listener_bind("localhost:80", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "127.0.0.1:8118"));
	assert_int_equal(listener_bind("192.0.2.1:8118", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "no such address"));
	close(fd);
}

/* Each of the sockets gets its share, and who comes after finds the address taken. */
static void test_bind_shared(void **state)
{
	char error[512], again[ADDRESS_TEXT];
	int fds[2], clients[64];
	unsigned share[2] = { 0, 0 };
	struct address at;

	(void)state;
	assert_true(listener_bind_shared("127.0.0.1:0", fds, 2, error, sizeof(error)));
	at.len = sizeof(at.sa);
	getsockname(fds[0], (struct sockaddr *)&at.sa, &at.len);
	address_print(&at, again);
	for (size_t i = 0; i < 64; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&at.sa, at.len), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		int fd;

		while ((fd = accept(fds[i], NULL, NULL)) >= 0) {
			share[i]++;
			close(fd);
		}
	}
	for (size_t i = 0; i < 64; i++)
		close(clients[i]);
	assert_int_equal(share[0] + share[1], 64);
	assert_true(share[0] >= 8 && share[1] >= 8);
	assert_false(listener_bind_shared(again, clients, 2, error, sizeof(error)));
	assert_non_null(strstr(error, "with --listen ADDR:PORT"));
	close(fds[0]);
	close(fds[1]);
}

static void test_listener(void **state)
{
	struct loop *loop = loop_new(&clock_system);
	struct taken t = { .count = 0 };
	char error[200];
	int fd = listener_bind("127.0.0.1:0", error, sizeof(error)), clients[40];
	struct listener *l = listener_new(loop, fd, on_accept, &t);

	(void)state;
	assert_non_null(l);
	for (int i = 0; i < 40; i++)
		clients[i] = dial_in(fd);
	RUN_UNTIL(loop, t.count == 40);
	t.free_me = l;
	clients[0] = (close(clients[0]), dial_in(fd));
	RUN_UNTIL(loop, t.count == 41);
	for (int i = 0; i < 40; i++)
		close(clients[i]);
	for (unsigned i = 0; i < t.count; i++)
		close(t.fd[i]);
	loop_free(loop);
	close(fd);
}

static void test_out_of_descriptors(void **state)
{
	struct rlimit was, now;
	struct pair p;
	struct taken t = { .count = 0 };
	char error[200], c;
	int fd, a, b;
	struct listener *l;

	(void)state;
	pair_init(&p, true);
	fd = listener_bind("127.0.0.1:0", error, sizeof(error));
	l = listener_new(p.loop, fd, on_accept, &t);
	a = dial_in(fd);
	b = dial_in(fd);
	getrlimit(RLIMIT_NOFILE, &was);
	now = was;
	now.rlim_cur = (rlim_t)b + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	run_idle(p.loop);
	assert_int_equal(t.count, 0);
	/* Descriptors are back: the waiting are served at the next try. */
	setrlimit(RLIMIT_NOFILE, &was);
	run_idle(p.loop);
	assert_int_equal(t.count, 0);
	p.mono += LISTENER_RETRY_MS;
	run_idle(p.loop);
	assert_int_equal(t.count, 2);
	/* They do not come back: after a while the waiting learn it. */
	close(t.fd[0]);
	close(t.fd[1]);
	close(a);
	a = dial_in(fd);
	now.rlim_cur = (rlim_t)(a > b ? a : b) + 1;
	while ((t.fd[0] = dup(0)) >= 0 && t.fd[0] + 1 < (int)now.rlim_cur)
		;
	setrlimit(RLIMIT_NOFILE, &now);
	for (int i = 0; i < 10; i++) {
		run_idle(p.loop);
		p.mono += LISTENER_RETRY_MS;
	}
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(t.count, 2);
	assert_true(recv(a, &c, 1, 0) <= 0);
	close(a);
	close(b);
	listener_free(l);
	close(fd);
	pair_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_bind_shared),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_out_of_descriptors),
	};

	return cmocka_run_group_tests_name("net_listener", tests, NULL, NULL);
}
