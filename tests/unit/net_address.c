/* proxy/net: addresses as text, as a client's name, and which may be dialled. */
#include "tests/unit/net_tools.h"

static void test_address_text(void **state)
{
	static const char *const good[] = { "127.0.0.1:8118", "[::1]:8118", "[2001:db8::1]:443" };
	static const char *const bad[] = { "",
					   "127.0.0.1",
					   "127.0.0.1:0",
					   "127.0.0.1:65536",
					   "127.1:80",
					   "0177.0.0.1:80",
					   "::1:80",
					   "[127.0.0.1]:80",
					   "[::1%lo]:80",
					   "localhost:80",
					   "127.0.0.1:80:80",
					   "[::1]:+80",
					   "[::1]",
					   ":80",
					   "1.2.3.4 :80" };
	char out[ADDRESS_TEXT];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(address_parse(slice_str(good[i]), &a));
		address_print(&a, out);
		assert_string_equal(out, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(address_parse(slice_str(bad[i]), &a));
	assert_true(address_parse_listen(SLICE("[::1]:0"), &a));
	assert_false(address_parse_ip(SLICE("1.2.3.4\0"), 1, &a));
	address_print(&(struct address){ .len = 0 }, out);
	assert_string_equal(out, "unknown:0");
}

static void test_address_client(void **state)
{
	static const char *const rows[][2] = {
		{ "127.0.0.1", "local" },
		{ "127.8.8.8", "local" },
		{ "::1", "local" },
		{ "::ffff:127.0.0.1", "local" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "10.1.2.3", "10.1.2.3" },
		{ "2001:db8:0:0::5", "2001:db8::5" },
	};
	char out[ADDRESS_TEXT];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(address_parse_ip(slice_str(rows[i][0]), 80, &a));
		address_client(&a, out);
		assert_string_equal(out, rows[i][1]);
	}
}

static void test_address_class(void **state)
{
	static const struct {
		const char *text;
		enum address_class class;
	} rows[] = {
		{ "8.8.8.8", ADDRESS_PUBLIC },
		{ "0.0.0.0", ADDRESS_UNSPECIFIED },
		{ "0.1.2.3", ADDRESS_UNSPECIFIED },
		{ "10.255.255.255", ADDRESS_PRIVATE },
		{ "11.0.0.0", ADDRESS_PUBLIC },
		{ "100.63.255.255", ADDRESS_PUBLIC },
		{ "100.64.0.0", ADDRESS_PRIVATE },
		{ "100.127.255.255", ADDRESS_PRIVATE },
		{ "100.128.0.0", ADDRESS_PUBLIC },
		{ "127.255.255.254", ADDRESS_LOOPBACK },
		{ "169.254.169.254", ADDRESS_LINK_LOCAL },
		{ "172.15.0.1", ADDRESS_PUBLIC },
		{ "172.16.0.1", ADDRESS_PRIVATE },
		{ "172.31.255.255", ADDRESS_PRIVATE },
		{ "172.32.0.1", ADDRESS_PUBLIC },
		{ "192.168.0.1", ADDRESS_PRIVATE },
		{ "192.0.2.1", ADDRESS_DOCUMENTATION },
		{ "192.0.0.8", ADDRESS_RESERVED },
		{ "198.19.0.1", ADDRESS_RESERVED },
		{ "198.20.0.1", ADDRESS_PUBLIC },
		{ "224.0.0.251", ADDRESS_MULTICAST },
		{ "239.255.255.255", ADDRESS_MULTICAST },
		{ "240.0.0.1", ADDRESS_RESERVED },
		{ "255.255.255.255", ADDRESS_RESERVED },
		{ "2a00:1450:4001::1", ADDRESS_PUBLIC },
		{ "2606:4700::1111", ADDRESS_PUBLIC },
		{ "::", ADDRESS_UNSPECIFIED },
		{ "::1", ADDRESS_LOOPBACK },
		{ "::2", ADDRESS_RESERVED },
		{ "::127.0.0.1", ADDRESS_RESERVED },
		{ "::ffff:8.8.8.8", ADDRESS_PUBLIC },
		{ "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
		{ "::ffff:192.168.1.1", ADDRESS_PRIVATE },
		{ "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
		{ "64:ff9b::169.254.169.254", ADDRESS_LINK_LOCAL },
		{ "64:ff9b:1::1", ADDRESS_PRIVATE },
		{ "2002:0808:0808::1", ADDRESS_PUBLIC },
		{ "2002:7f00:0001::1", ADDRESS_LOOPBACK },
		{ "2002:c0a8:0101::1", ADDRESS_PRIVATE },
		{ "2001:0:1:2:3:4:80ff:fffe", ADDRESS_LOOPBACK }, /* Teredo for 127.0.0.1 */
		{ "2001:0:1:2:3:4:f7f7:f7f7", ADDRESS_RESERVED },
		{ "2001:db8::1", ADDRESS_DOCUMENTATION },
		{ "3fff:abc::1", ADDRESS_DOCUMENTATION },
		{ "3fff:f000::1", ADDRESS_PUBLIC },
		{ "fc00::1", ADDRESS_PRIVATE },
		{ "fdff::1", ADDRESS_PRIVATE },
		{ "fe80::1", ADDRESS_LINK_LOCAL },
		{ "fec0::1", ADDRESS_RESERVED },
		{ "ff02::1", ADDRESS_MULTICAST },
		{ "4000::1", ADDRESS_RESERVED },
	};
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason = NULL;

		assert_true(address_parse_ip(slice_str(rows[i].text), 80, &a));
		if (address_class(&a) != rows[i].class)
			fail_msg("%s is %d, not %d", rows[i].text, address_class(&a),
				 rows[i].class);
		assert_int_equal(address_is_public(&a, &reason), rows[i].class == ADDRESS_PUBLIC);
		assert_int_equal(reason == NULL, rows[i].class == ADDRESS_PUBLIC);
	}
	assert_int_equal(address_class(&(struct address){ .len = 0 }), ADDRESS_RESERVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_text),
		cmocka_unit_test(test_address_client),
		cmocka_unit_test(test_address_class),
	};

	return cmocka_run_group_tests_name("net_address", tests, NULL, NULL);
}
