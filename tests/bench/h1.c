/*
 * What the codec costs: `make tests/bench/h1 && tests/bench/h1 [ROUNDS]`.  Prints nanoseconds for
 * one head read, kept, framed and written, and for one byte-for-byte decoded body.
 */
#include "proxy/http/h1_body.h"
#include "proxy/http/h1_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char request[] =
	"GET /assets/app/main.8f3c1d2e.js?v=20261122&lang=en-GB HTTP/1.1\r\n"
	"Host: www.example.com\r\n"
	"Connection: keep-alive\r\n"
	"Cache-Control: max-age=0\r\n"
	"sec-ch-ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n"
	"sec-ch-ua-mobile: ?0\r\n"
	"sec-ch-ua-platform: \"Linux\"\r\n"
	"Upgrade-Insecure-Requests: 1\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/142.0.0.0 Safari/537.36\r\n"
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
	"image/apng,*/*;q=0.8\r\n"
	"Sec-Fetch-Site: same-origin\r\n"
	"Sec-Fetch-Mode: navigate\r\n"
	"Sec-Fetch-User: ?1\r\n"
	"Sec-Fetch-Dest: document\r\n"
	"Referer: https://www.example.com/catalogue/page/2?sort=price\r\n"
	"Accept-Encoding: gzip, deflate, br, zstd\r\n"
	"Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
	"Cookie: sid=7f3a9c1e5b8d42f6a0e1c2d3b4a59687; _ga=GA1.1.1234567890.1712345678; "
	"_fbp=fb.1.1712345678901.1029384756; theme=dark\r\n"
	"If-None-Match: \"5f3a-61b2c3d4e5f60\"\r\n"
	"DNT: 1\r\n"
	"\r\n";

static const char response[] =
	"HTTP/1.1 200 OK\r\n"
	"Server: nginx/1.22.1\r\n"
	"Date: Sun, 22 Nov 2026 03:36:50 GMT\r\n"
	"Content-Type: text/html; charset=utf-8\r\n"
	"Content-Length: 1024\r\n"
	"Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
	"Connection: keep-alive\r\n"
	"ETag: \"5f3a-61b2c3d4e5f60\"\r\n"
	"Set-Cookie: sid=7f3a9c1e5b8d42f6a0e1c2d3b4a59687; Path=/; Secure; HttpOnly; "
	"SameSite=Lax\r\n"
	"Set-Cookie: _ga=GA1.1.1234567890.1712345678; Expires=Sat, 23 May 2037 10:00:00 GMT; "
	"Path=/; Domain=example.com; SameSite=Lax\r\n"
	"Cache-Control: no-cache, must-revalidate\r\n"
	"Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
	"Content-Security-Policy: default-src 'self'; img-src 'self' data:; script-src 'self'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: strict-origin-when-cross-origin\r\n"
	"Vary: Accept-Encoding, Cookie\r\n"
	"Accept-Ranges: bytes\r\n"
	"\r\n";

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(const char *what, double start, size_t rounds, size_t octets)
{
	double each = (now_ns() - start) / (double)rounds;

	printf("%-28s %8.0f ns  %6.2f GB/s\n", what, each, (double)octets / each);
}

static void fail(const char *what)
{
	fprintf(stderr, "bench/h1: %s failed\n", what);
	exit(2);
}

static void bench_request(size_t rounds)
{
	struct slice in = SLICE(request);
	struct h1_request r;
	struct h1_hop hop = { 0 };
	struct h1_error error;
	struct buf out;
	double start;

	h1_request_init(&r, &h1_request_limits);
	buf_init(&out, 1 << 16);
	start = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		h1_request_clear(&r);
		if (h1_parse_request(in, &r) != H1_OK)
			fail("reading a request");
	}
	printf("%u fields, %zu octets\n", (unsigned)r.fields.n, in.n);
	report("request: read", start, rounds, in.n);
	start = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		buf_clear(&out);
		if (framing_of_request(&r, &hop.framing, &error) != H1_OK ||
		    !h1_write_request(&out, r.method, r.path, &r.fields, &hop))
			fail("writing a request");
	}
	report("request: frame and write", start, rounds, in.n);
	start = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		h1_request_clear(&r);
		buf_clear(&out);
		if (h1_parse_request(in, &r) != H1_OK || !h1_request_keep(&r) ||
		    framing_of_request(&r, &hop.framing, &error) != H1_OK ||
		    !h1_write_request(&out, r.method, r.path, &r.fields, &hop))
			fail("a request");
	}
	report("request: all, with keep", start, rounds, in.n);
	h1_request_release(&r);
	buf_release(&out);
}

static void bench_response(size_t rounds)
{
	struct slice in = SLICE(response);
	struct h1_response r;
	struct h1_hop hop = { 0 };
	struct h1_error error;
	struct buf out;
	double start;

	h1_response_init(&r, &h1_response_limits);
	buf_init(&out, 1 << 16);
	start = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		h1_response_clear(&r);
		buf_clear(&out);
		if (h1_parse_response(in, &r) != H1_OK || !h1_response_keep(&r) ||
		    framing_of_response(&r, METHOD_GET, SLICE(""), &hop.framing, &error) != H1_OK ||
		    !h1_write_response(&out, r.status, r.reason, &r.fields, &hop))
			fail("a response");
	}
	printf("%u fields, %zu octets\n", (unsigned)r.fields.n, in.n);
	report("response: all, with keep", start, rounds, in.n);
	h1_response_release(&r);
	buf_release(&out);
}

static void bench_chunks(size_t rounds, size_t chunk)
{
	struct framing framing = { .kind = FRAMING_CHUNKED };
	struct buf coded;
	double start;
	char what[64];

	buf_init(&coded, 1 << 20);
	for (size_t n = 0; n < 65536; n += chunk) {
		h1_chunk_begin(&coded, chunk);
		memset(buf_reserve(&coded, chunk), 'x', chunk);
		buf_commit(&coded, chunk);
		h1_chunk_end(&coded);
	}
	h1_last_chunk(&coded, NULL);
	start = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		struct slice in = buf_slice(&coded), spans[64];
		enum h1_body_result result = H1_BODY_MORE;
		struct h1_body b;
		uint64_t total;
		size_t used, n;

		h1_body_init(&b, &framing, H1_FROM_ORIGIN, NULL);
		while (result == H1_BODY_MORE) {
			result = h1_body_spans(&b, in, &used, spans, 64, &n, &total);
			in = slice_skip(in, used);
		}
		if (result != H1_BODY_DONE)
			fail("a body");
		h1_body_release(&b);
	}
	snprintf(what, sizeof(what), "64 KiB in chunks of %zu", chunk);
	report(what, start, rounds, buf_slice(&coded).n);
	buf_release(&coded);
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;

	if (rounds == 0)
		rounds = 1;
	bench_request(rounds);
	bench_response(rounds);
	bench_chunks(rounds / 100 + 1, 16);
	bench_chunks(rounds / 10 + 1, 4096);
	return 0;
}
