/* What is HTTP behind CONNECT: in doubt it is, because what is not goes through unread. */
#include "proxy/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_table(void **state)
{
	static const struct {
		const char *in;
		enum sniff want;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n", SNIFF_HTTP },
		{ "\r\nGET / HTTP/1.1\r\nHost: x\r\n", SNIFF_HTTP },
		{ "GET /chat HTTP/1.0\n", SNIFF_HTTP },
		{ "GET / HTTP/2.0\r\n", SNIFF_HTTP },
		{ "M-SEARCH * HTTP/1.1\r\n", SNIFF_HTTP },
		{ "", SNIFF_MORE },
		{ "\r", SNIFF_MORE },
		{ "\r\n", SNIFF_MORE },
		{ "GE", SNIFF_MORE },
		{ "GET /a/long/tar", SNIFF_MORE },
		{ "SSH-2.0-OpenSSH_9.2\r\n", SNIFF_OTHER },
		{ "EHLO mail.example\r\n", SNIFF_OTHER },
		{ "hello\n", SNIFF_OTHER },
		{ "GET \n", SNIFF_OTHER },
		{ " GET / HTTP/1.1\r\n", SNIFF_OTHER },
		{ "THISISMUCHTOOLONGTOBEAMETHODOFHTTP", SNIFF_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sniff_http(slice_str(rows[i].in)) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].in);
}

/* A line that never ends is HTTP at last, for the parser to refuse. */
static void test_endless(void **state)
{
	static char long_line[SNIFF_MAX + 1] = "GET /";

	(void)state;
	memset(long_line + 5, 'a', sizeof(long_line) - 5);
	assert_int_equal(sniff_http(slice_of(long_line, SNIFF_MAX - 1)), SNIFF_MORE);
	assert_int_equal(sniff_http(slice_of(long_line, SNIFF_MAX)), SNIFF_HTTP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
