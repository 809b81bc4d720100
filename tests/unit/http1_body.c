/*
 * Bodies: tables of bytes and what must come of them.  Each row is read at once, octet by octet,
 * and in every cut in two.
 */
#include "proxy/http/h1_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A slice in a static table. */
#define B(literal)                                                                                 \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

struct row {
	const char *what;
	struct slice in, body;
	enum h1_body_result result;
	enum framing_kind kind;
	uint64_t length;
	enum h1_side side;
	size_t left; /* what must be left over after DONE */
};

#define CHUNKS(what, in, body)                                                                     \
	{                                                                                          \
		what, B(in), B(body), H1_BODY_DONE, FRAMING_CHUNKED, 0, H1_FROM_CLIENT, 0          \
	}
#define CUT(what, in, body)                                                                        \
	{                                                                                          \
		what, B(in), B(body), H1_BODY_MORE, FRAMING_CHUNKED, 0, H1_FROM_CLIENT, 0          \
	}
#define REFUSED(what, in)                                                                          \
	{                                                                                          \
		what, B(in), B(""), H1_BODY_BAD, FRAMING_CHUNKED, 0, H1_FROM_CLIENT, 0             \
	}
#define ORIGIN_REFUSED(what, in)                                                                   \
	{                                                                                          \
		what, B(in), B(""), H1_BODY_BAD, FRAMING_CHUNKED, 0, H1_FROM_ORIGIN, 0             \
	}

static const struct row rows[] = {
	{ "none", B("next"), B(""), H1_BODY_DONE, FRAMING_NONE, 0, H1_FROM_CLIENT, 4 },
	{ "length 0", B("next"), B(""), H1_BODY_DONE, FRAMING_LENGTH, 0, H1_FROM_CLIENT, 4 },
	{ "length", B("hello"), B("hello"), H1_BODY_DONE, FRAMING_LENGTH, 5, H1_FROM_CLIENT, 0 },
	{ "length, then another", B("helloGET"), B("hello"), H1_BODY_DONE, FRAMING_LENGTH, 5,
	  H1_FROM_ORIGIN, 3 },
	{ "length, cut", B("hell"), B("hell"), H1_BODY_MORE, FRAMING_LENGTH, 5, H1_FROM_ORIGIN, 0 },
	{ "until close", B("hello"), B("hello"), H1_BODY_MORE, FRAMING_UNTIL_CLOSE, 0,
	  H1_FROM_ORIGIN, 0 },
	CHUNKS("two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
	CHUNKS("no chunk", "0\r\n\r\n", ""),
	CHUNKS("CRLF as data", "2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
	CHUNKS("zeros in front", "0003\r\nabc\r\n000\r\n\r\n", "abc"),
	CHUNKS("upper case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
	CHUNKS("extensions", "3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n", "abc"),
	CHUNKS("blanks in extensions", "3 ; a = b\t;c\r\nabc\r\n0\r\n\r\n", "abc"),
	CHUNKS("a quoted pair", "3;a=\"\\\"\\\\;\xe9\"\r\nabc\r\n0\r\n\r\n", "abc"),
	CHUNKS("a trailer", "1\r\na\r\n0\r\nX-T: 1\r\nY:\r\n\r\n", "a"),
	{ "another message behind", B("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), B("a"),
	  H1_BODY_DONE, FRAMING_CHUNKED, 0, H1_FROM_CLIENT, 16 },
	{ "another behind a trailer", B("0\r\nX: y\r\n\r\nGET"), B(""), H1_BODY_DONE,
	  FRAMING_CHUNKED, 0, H1_FROM_CLIENT, 3 },
	{ "a padded size from an origin", B("3  \r\nabc\r\n0\t\r\n\r\n"), B("abc"), H1_BODY_DONE,
	  FRAMING_CHUNKED, 0, H1_FROM_ORIGIN, 0 },
	CUT("cut in the data", "ff\r\nhello", "hello"),
	CUT("cut behind a chunk", "5\r\nhello\r\n", "hello"),
	CUT("cut before the empty line", "5\r\nhello\r\n0\r\n", "hello"),
	CUT("cut in a trailer", "0\r\nX: y", ""),
	REFUSED("0x", "0x3\r\nabc\r\n0\r\n\r\n"),
	REFUSED("plus", "+3\r\nabc\r\n0\r\n\r\n"),
	REFUSED("minus", "-0\r\n\r\n"),
	REFUSED("underscore", "0_2e\r\n"),
	REFUSED("no number", "Z\r\nabc\r\n"),
	REFUSED("no size", "\r\nabc\r\n"),
	REFUSED("only an extension", ";a\r\nabc\r\n"),
	REFUSED("blank before the size", " 3\r\nabc\r\n"),
	REFUSED("blank behind the size", "3 \r\nabc\r\n"),
	REFUSED("65 bits", "10000000000000003\r\nabc\r\n"),
	REFUSED("64 bits", "8000000000000000\r\nabc\r\n"),
	REFUSED("17 digits", "00000000000000003\r\nabc\r\n"),
	REFUSED("LF behind the size", "3\nabc\r\n"),
	REFUSED("CR in the size", "2\r\r;a\r\nab\r\n"),
	REFUSED("an extension with no name", "3;\r\nabc\r\n"),
	REFUSED("an extension with no value", "3;a=\r\nabc\r\n"),
	REFUSED("blank behind an extension", "3;a \r\nabc\r\n"),
	REFUSED("LF in an extension", "2;\nxx\r\n"),
	REFUSED("CR in an extension", "2;a\rb\r\nab\r\n"),
	REFUSED("NUL in an extension", "2;a\0b\r\nab\r\n"),
	REFUSED("LF in a quoted value", "2;a=\"\n\"\r\nab\r\n"),
	REFUSED("an open quoted value", "2;a=\"b\r\nab\r\n"),
	ORIGIN_REFUSED("blank behind an extension", "3;a \r\nabc\r\n"),
	ORIGIN_REFUSED("LF for CRLF", "5\nhello\n0\n\n"),
	{ "LF behind the data", B("3\r\nabc\n0\r\n\r\n"), B("abc"), H1_BODY_BAD, FRAMING_CHUNKED, 0,
	  H1_FROM_CLIENT, 0 },
	{ "more data than said", B("5\r\nhelloXX0\r\n\r\n"), B("hello"), H1_BODY_BAD,
	  FRAMING_CHUNKED, 0, H1_FROM_CLIENT, 0 },
	REFUSED("no empty line", "0\r\nX:POST / HTTP/1.1\r\nnonsense\r\n\r\n"),
	REFUSED("CR ends the section", "0\r\n\rX"),
	REFUSED("LF ends the section", "0\r\n\n"),
	REFUSED("a trailer without a colon", "0\r\nthis is not a field\r\n\r\n"),
	REFUSED("a trailer with LF", "0\r\nX: y\nZ: a\r\n\r\n"),
	REFUSED("a folded trailer", "0\r\nX: y\r\n z\r\n\r\n"),
	REFUSED("a trailer with a blank", "0\r\nX : y\r\n\r\n"),
	REFUSED("length as a trailer", "0\r\nContent-Length: 10\r\n\r\n"),
	REFUSED("coding as a trailer", "0\r\nA: b\r\ntransfer-encoding: chunked\r\n\r\n"),
	REFUSED("Host as a trailer", "0\r\nHost: b\r\n\r\n"),
};

/*
 * Feeds pieces that end at `cut` (and, if `each`, at every octet after it), each from its own
 * memory.
 */
static enum h1_body_result read_body(const struct row *row, size_t cut, bool each, struct buf *out,
				     size_t *used, struct fields *trailers)
{
	struct framing framing = { .kind = row->kind, .length = row->length };
	enum h1_body_result result;
	struct h1_body b;
	size_t from = 0, to = cut;
	struct slice data;

	fields_clear(trailers);
	h1_body_init(&b, &framing, row->side, trailers);
	result = h1_body_feed(&b, SLICE(""), used, &data);
	while (from < row->in.n && result != H1_BODY_DONE && result != H1_BODY_BAD) {
		char *copy = malloc(to - from + 1);
		struct slice in = slice_of(copy, to - from);

		assert_non_null(copy);
		memcpy(copy, row->in.p + from, in.n);
		do {
			result = h1_body_feed(&b, in, used, &data);
			assert_true(*used <= in.n);
			if (result == H1_BODY_DATA) {
				assert_true(data.n != 0 && data.p >= in.p &&
					    data.p + data.n <= in.p + *used);
				buf_add(out, data);
			}
			in = slice_skip(in, *used);
			from += *used;
		} while (result == H1_BODY_DATA);
		if (result == H1_BODY_MORE)
			assert_int_equal(in.n, 0);
		to = each ? from + 1 : row->in.n;
		free(copy);
	}
	*used = from;
	assert_int_equal(h1_body_done(&b), result == H1_BODY_DONE);
	if (result == H1_BODY_BAD)
		assert_non_null(b.reason);
	assert_int_equal(h1_body_eof(&b),
			 result == H1_BODY_DONE || row->kind == FRAMING_UNTIL_CLOSE);
	h1_body_release(&b);
	return result;
}

static void check_body(const struct row *row, size_t cut, bool each)
{
	struct fields trailers;
	struct buf out;
	size_t used;
	enum h1_body_result result;

	fields_init(&trailers, 100, H1_TRAILERS_MAX);
	buf_init(&out, 1000);
	result = read_body(row, cut, each, &out, &used, &trailers);
	if (result != row->result)
		fail_msg("%s: %d instead of %d (cut at %zu)", row->what, (int)result,
			 (int)row->result, cut);
	if (!slice_eq(buf_slice(&out), row->body))
		fail_msg("%s: wrong body", row->what);
	if (result == H1_BODY_DONE && row->in.n - used != row->left)
		fail_msg("%s: %zu octets left", row->what, row->in.n - used);
	buf_release(&out);
	fields_release(&trailers);
}

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_body(&rows[i], rows[i].in.n, false);
		check_body(&rows[i], 1, true);
		for (size_t cut = 1; cut < rows[i].in.n; cut++)
			check_body(&rows[i], cut, false);
	}
}

static void test_trailers(void **state)
{
	static const struct row row = {
		"trailers",
		B("0\r\nGrpc-Status: 0\r\nSet-Cookie: a=b\r\nX-A:\r\nCookie: c\r\n"
		  "Authorization: x\r\nConnection: close\r\nProxy-Foo: 1\r\nTrailer: x\r\n"
		  "Sec-GPC: 1\r\nServer-Timing: \t caf\xe9 \r\n\r\n"),
		B(""),
		H1_BODY_DONE,
		FRAMING_CHUNKED,
		0,
		H1_FROM_ORIGIN,
		0,
	};
	struct fields f;
	struct buf out;
	size_t used;

	(void)state;
	fields_init(&f, 100, H1_TRAILERS_MAX);
	buf_init(&out, 1000);
	for (int each = 0; each < 2; each++) {
		assert_int_equal(
			read_body(&row, each != 0 ? 1 : row.in.n, each != 0, &out, &used, &f),
			H1_BODY_DONE);
		assert_int_equal(f.n, 3);
		assert_true(h1_last_chunk(&out, &f));
		assert_true(slice_eq(buf_slice(&out), SLICE("0\r\nGrpc-Status: 0\r\nX-A: \r\n"
							    "Server-Timing: caf\xe9\r\n\r\n")));
		buf_clear(&out);
	}
	buf_release(&out);
	fields_release(&f);
}

/* The section's memory moves as it grows, also in the middle of a line; the fields must follow. */
static void test_trailers_grow(void **state)
{
	struct row row = {
		"grow", B(""), B(""), H1_BODY_DONE, FRAMING_CHUNKED, 0, H1_FROM_ORIGIN, 0
	};
	struct buf in, out;
	struct fields f;
	size_t used;

	(void)state;
	fields_init(&f, 100, H1_TRAILERS_MAX);
	buf_init(&in, 10000);
	buf_init(&out, 10000);
	buf_adds(&in, "0\r\nFirst: 1\r\nSecond: ");
	for (int i = 0; i < 6000; i++)
		buf_addc(&in, 'x');
	buf_adds(&in, "\r\nThird: 3\r\n\r\n");
	row.in = buf_slice(&in);
	assert_int_equal(read_body(&row, 1, true, &out, &used, &f), H1_BODY_DONE);
	assert_int_equal(f.n, 3);
	assert_true(slice_eq(f.v[0].name, SLICE("First")));
	assert_true(slice_eq(f.v[0].value, SLICE("1")));
	assert_int_equal(f.v[1].value.n, 6000);
	assert_true(slice_eq(f.v[2].value, SLICE("3")));
	buf_release(&in);
	buf_release(&out);
	fields_release(&f);
}

/* Feeds `unit` again and again after `first`; how many octets until BAD (0: never in `most`). */
static size_t endless(struct slice first, struct slice unit, size_t most, struct fields *trailers)
{
	struct framing framing = { .kind = FRAMING_CHUNKED };
	enum h1_body_result result = H1_BODY_MORE;
	struct h1_body b;
	struct slice data, in = first;
	size_t used, n = 0;

	h1_body_init(&b, &framing, H1_FROM_CLIENT, trailers);
	while (result != H1_BODY_BAD && n < most) {
		result = h1_body_feed(&b, in, &used, &data);
		n += used;
		in = slice_skip(in, used);
		if (in.n == 0)
			in = unit;
	}
	h1_body_release(&b);
	return result == H1_BODY_BAD ? n : 0;
}

static void test_caps(void **state)
{
	struct fields f;
	size_t n;

	(void)state;
	fields_init(&f, 100, H1_TRAILERS_MAX);
	n = endless(SLICE("1;"), SLICE("eeeeeeeeee"), 1 << 24, NULL);
	assert_true(n != 0 && n <= H1_CHUNK_LINE_MAX + 10);
	n = endless(SLICE(""), SLICE("1;eeeeeeeeeeeeeeee\r\na\r\n"), 1 << 24, NULL);
	assert_true(n > H1_CHUNK_EXT_MAX && n < 2 * H1_CHUNK_EXT_MAX);
	n = endless(SLICE("0\r\nX: "), SLICE("aaaaaaaaaaaaaaaa"), 1 << 24, &f);
	assert_true(n != 0 && n <= H1_TRAILERS_MAX + 100);
	fields_clear(&f);
	n = endless(SLICE("0\r\n"), SLICE("X: y\r\n"), 1 << 24, &f);
	assert_true(n != 0 && n <= 1000);
	n = endless(SLICE("0\r\nX: y\r\n\r\n"), SLICE("z"), 100, NULL);
	assert_true(n != 0);
	assert_int_equal(endless(SLICE(""), SLICE("1\r\na\r\n"), 1 << 20, NULL), 0);
	/* Two chunks that together are more than 63 bits. */
	assert_int_equal(endless(SLICE("7fffffffffffffff\r\n"), SLICE("a"), 10000, NULL), 0);
	fields_release(&f);
}

static void test_total(void **state)
{
	struct framing framing = { .kind = FRAMING_CHUNKED };
	struct slice in = SLICE("1\r\na\r\n7fffffffffffffff\r\nb"), data;
	struct h1_body b;
	size_t used;

	(void)state;
	h1_body_init(&b, &framing, H1_FROM_ORIGIN, NULL);
	assert_int_equal(h1_body_feed(&b, in, &used, &data), H1_BODY_DATA);
	in = slice_skip(in, used);
	assert_int_equal(h1_body_feed(&b, in, &used, &data), H1_BODY_BAD);
	h1_body_release(&b);
}

static void test_spans(void **state)
{
	struct framing framing = { .kind = FRAMING_CHUNKED };
	struct slice in = SLICE("1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\nGET"), spans[3];
	struct h1_body b;
	uint64_t total;
	size_t used, n;

	(void)state;
	h1_body_init(&b, &framing, H1_FROM_ORIGIN, NULL);
	assert_int_equal(h1_body_spans(&b, in, &used, spans, 2, &n, &total), H1_BODY_MORE);
	assert_int_equal(n, 2);
	assert_int_equal(total, 3);
	assert_true(slice_eq(spans[1], SLICE("bc")));
	in = slice_skip(in, used);
	assert_int_equal(h1_body_spans(&b, in, &used, spans, 3, &n, &total), H1_BODY_DONE);
	assert_int_equal(n, 1);
	assert_true(slice_eq(spans[0], SLICE("d")));
	assert_true(slice_eq(slice_skip(in, used), SLICE("GET")));
	h1_body_release(&b);
}

/* The last piece of a known length ends the body in the same call, even where no room is left. */
static void test_spans_end(void **state)
{
	struct framing length = { .kind = FRAMING_LENGTH, .length = 5 };
	struct framing chunked = { .kind = FRAMING_CHUNKED };
	struct slice span;
	struct h1_body b;
	uint64_t total;
	size_t used, n;

	(void)state;
	h1_body_init(&b, &length, H1_FROM_CLIENT, NULL);
	assert_int_equal(h1_body_spans(&b, SLICE("hello"), &used, &span, 1, &n, &total),
			 H1_BODY_DONE);
	assert_int_equal(n, 1);
	h1_body_release(&b);
	h1_body_init(&b, &chunked, H1_FROM_CLIENT, NULL);
	assert_int_equal(h1_body_spans(&b, SLICE("1\r\nxy\r\n"), &used, &span, 1, &n, &total),
			 H1_BODY_MORE);
	assert_int_equal(h1_body_spans(&b, SLICE("y\r\n"), &used, &span, 1, &n, &total),
			 H1_BODY_BAD);
	assert_int_equal(n, 0);
	h1_body_release(&b);
}

static void test_encoder(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	h1_chunk_begin(&out, 1);
	buf_addc(&out, 'a');
	h1_chunk_end(&out);
	h1_chunk_begin(&out, UINT64_C(0xfedcba9876543210));
	h1_last_chunk(&out, NULL);
	assert_true(slice_eq(buf_slice(&out), SLICE("1\r\na\r\nfedcba9876543210\r\n0\r\n\r\n")));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),	      cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_trailers_grow), cmocka_unit_test(test_caps),
		cmocka_unit_test(test_total),	      cmocka_unit_test(test_spans),
		cmocka_unit_test(test_spans_end),     cmocka_unit_test(test_encoder),
	};

	return cmocka_run_group_tests_name("http1_body", tests, NULL, NULL);
}
