/*
 * HTTP/2 sessions when memory runs out: each allocation of a conversation fails once, and nothing
 * is lost or touched afterwards.  And what an idle session holds.
 */
#include "base/buf.h"
#include "proxy/http/h2_session.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

#ifdef SANITIZED
int main(void)
{
	puts("SKIP: the sanitizer has an allocator of its own");
	return 77;
}
#else

/* The program's own allocator, over the C library's; its libraries use it too. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

static bool counting;
static long calls, fail_at, live, octets;

static bool fails(void)
{
	return counting && ++calls == fail_at;
}

static void *count(void *p)
{
	if (counting && p != NULL) {
		live++;
		octets += (long)malloc_usable_size(p);
	}
	return p;
}

static void uncount(void *p)
{
	if (counting && p != NULL) {
		live--;
		octets -= (long)malloc_usable_size(p);
	}
}

void *malloc(size_t n)
{
	return fails() ? NULL : count(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : count(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
	void *to;

	if (fails())
		return NULL;
	uncount(p);
	to = __libc_realloc(p, n);
	return count(to != NULL ? to : NULL);
}

void free(void *p)
{
	uncount(p);
	__libc_free(p);
}

/* An end whose wire is no allocation. */
struct end {
	struct h2_session *s;
	char wire[200000];
	size_t n, body, ended, closed;
	struct h2_stream *st[8];
	size_t streams;
};

static void remember(struct end *e, struct h2_stream *st)
{
	if (st != NULL && e->streams < 8)
		e->st[e->streams++] = st;
}

static void on_request(void *arg, struct h2_stream *st, struct h2_request *r)
{
	(void)r;
	remember(arg, st);
}

static void on_response(void *arg, struct h2_stream *st, struct h2_response *r)
{
	(void)arg;
	(void)r;
	h2_stream_pause(st);
}

static void on_data(void *arg, struct h2_stream *st, struct slice data)
{
	struct end *e = arg;

	(void)st;
	e->body += data.n;
}

static void on_end(void *arg, struct h2_stream *st, const struct fields *trailers)
{
	struct end *e = arg;

	(void)st;
	(void)trailers;
	e->ended++;
}

static void on_closed(void *arg, struct h2_stream *st, uint32_t error, bool unprocessed)
{
	struct end *e = arg;

	(void)error;
	(void)unprocessed;
	e->closed++;
	for (size_t i = 0; i < e->streams; i++)
		if (e->st[i] == st)
			e->st[i] = NULL;
}

static void on_room(void *arg, struct h2_stream *st)
{
	(void)arg;
	(void)st;
}

static void on_write(void *arg, struct slice a, struct slice b)
{
	struct end *e = arg;

	assert_true(a.n + b.n <= sizeof(e->wire) - e->n);
	memcpy(e->wire + e->n, a.p, a.n);
	e->n += a.n;
	memcpy(e->wire + e->n, b.p, b.n);
	e->n += b.n;
}

static bool on_is_full(void *arg)
{
	(void)arg;
	return false;
}

static const struct h2_events events = {
	.request = on_request,
	.response = on_response,
	.data = on_data,
	.end = on_end,
	.closed = on_closed,
	.room = on_room,
	.write = on_write,
	.is_full = on_is_full,
};

static void end_new(struct end *e, enum h2_side side)
{
	const struct h2_config config = {
		.side = side,
		.max_fields = 200,
		.max_head = 65536,
		.max_streams = 100,
		.stream_window = 65536,
		.window = 1 << 20,
	};

	e->n = e->body = e->ended = e->closed = e->streams = 0;
	e->s = h2_session_new(&config, &events, e);
}

static void carry(struct end *from, struct end *to)
{
	struct slice in = slice_of(from->wire, from->n);

	from->n = 0;
	h2_feed(to->s, in, 0);
	h2_flush(to->s);
}

static void swap(struct end *a, struct end *b)
{
	do {
		h2_flush(a->s);
		carry(a, b);
		carry(b, a);
	} while (a->n + b->n != 0);
}

static void ask(struct end *e, bool body)
{
	struct fields f;
	struct h2_request r = {
		.method = SLICE("POST"),
		.method_id = METHOD_POST,
		.https = true,
		.path = SLICE("/"),
		.fields = &f,
	};
	struct h2_stream *st;

	fields_init(&f, 10, 1000);
	fields_add(&f, SLICE("cookie"), SLICE("a=b; c=d"));
	fields_add(&f, SLICE("x-some-field"), SLICE("value"));
	authority_parse(&r.authority, SLICE("example.com"));
	st = h2_request(e->s, &r, body, NULL);
	fields_release(&f);
	remember(e, st);
}

static void send_all(struct h2_stream *st)
{
	static const char big[30000];
	const struct slice spans[] = { { big, 10 }, { big, sizeof(big) } };
	struct fields trailers;

	if (st == NULL)
		return;
	fields_init(&trailers, 10, 1000);
	fields_add(&trailers, SLICE("x-sum"), SLICE("1"));
	h2_body(st, spans, 1);
	h2_body(st, spans, 2);
	h2_body_end(st, &trailers);
	fields_release(&trailers);
}

static void converse(struct end *client, struct end *server)
{
	struct fields f;

	swap(client, server);
	ask(client, true);
	ask(client, false);
	send_all(client->st[0]);
	swap(client, server);
	fields_init(&f, 10, 1000);
	for (size_t i = 0; i < server->streams; i++)
		if (server->st[i] != NULL && !h2_respond(server->st[i], 200, &f, true)) {
			h2_reset(server->st[i], H2_INTERNAL_ERROR);
			server->st[i] = NULL;
		}
	send_all(server->st[0]);
	swap(client, server);
	for (size_t i = 0; i < client->streams; i++)
		if (client->st[i] != NULL)
			h2_stream_unpause(client->st[i]);
	swap(client, server);
	if (client->streams > 1)
		h2_reset(client->st[1], H2_CANCEL);
	h2_shutdown(server->s);
	swap(client, server);
}

static struct end a, b;

static void both(void)
{
	a.streams = b.streams = 0;
	memset(a.st, 0, sizeof(a.st));
	memset(b.st, 0, sizeof(b.st));
	end_new(&a, H2_CLIENT);
	end_new(&b, H2_SERVER);
	if (a.s != NULL && b.s != NULL)
		converse(&a, &b);
	h2_session_free(a.s);
	h2_session_free(b.s);
}

static void test_each_allocation_fails(void **state)
{
	long n = 0, lost = 0;

	(void)state;
	do {
		calls = live = 0;
		fail_at = ++n;
		counting = true;
		both();
		counting = false;
		lost += live != 0;
	} while (calls >= fail_at);
	assert_int_equal(a.body, 30010 + 10);
	assert_int_equal(b.body, 30010 + 10);
	assert_true(n > 100);
	assert_true(lost <= 6); /* see `tainted` */
	print_message("%ld allocations in a conversation, %ld lost\n", n - 1, lost);
}

/* What remains of a session without streams; the number is for whoever counts idle connections. */
static void test_idle(void **state)
{
	long server;

	(void)state;
	calls = fail_at = live = octets = 0;
	end_new(&a, H2_CLIENT);
	counting = true;
	end_new(&b, H2_SERVER);
	counting = false;
	swap(&a, &b);
	counting = true;
	ask(&a, false);
	h2_reset(a.st[0], H2_CANCEL);
	counting = false;
	swap(&a, &b);
	server = octets;
	print_message("an idle session holds %ld octets\n", server);
	assert_true(server < 12000);
	h2_session_free(a.s);
	h2_session_free(b.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests_name("http2_memory", tests, NULL, NULL);
}
#endif
