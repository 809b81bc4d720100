/* Ports that are never dialled, and those that must be. */
#include "proxy/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_blocked(void **state)
{
	/* Mail, file transfer, chat, printers, data bases: each would take HTTP for commands. */
	static const uint16_t ports[] = { 0,	1,    21,   22,	  23,	25,   53,   110,   111,
					  119,	139,  143,  161,  389,	465,  514,  515,   548,
					  563,	587,  636,  993,  995,	2049, 3306, 5060,  5061,
					  5432, 6000, 6379, 6566, 6667, 6697, 9100, 10080, 11211 };

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (!port_is_blocked(ports[i]))
			fail_msg("port %u passes", ports[i]);
}

static void test_open(void **state)
{
	static const uint16_t ports[] = { 80,	81,   82,   88,	  443,	444,  591,  1080,  3000,
					  3128, 4443, 5000, 5222, 7000, 7443, 8000, 8008,  8080,
					  8081, 8118, 8443, 8888, 9000, 9090, 9443, 49152, 65535 };
	unsigned blocked = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (port_is_blocked(ports[i]))
			fail_msg("port %u is blocked", ports[i]);
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		blocked += port_is_blocked((uint16_t)port) ? 1 : 0;
	assert_in_range(blocked, 80, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests_name("proxy_ports", tests, NULL, NULL);
}
