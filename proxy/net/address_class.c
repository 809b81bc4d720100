/*
 * The special-purpose address registries of IANA, as tables: the first row that fits decides.
 * https://www.iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry.
 */
#include "proxy/net/address.h"

struct row {
	unsigned char ip[16];
	unsigned bits;
	enum address_class class;
};

static const struct row v4_rows[] = {
	{ { 0 }, 8, ADDRESS_UNSPECIFIED },
	{ { 10 }, 8, ADDRESS_PRIVATE },
	{ { 100, 64 }, 10, ADDRESS_PRIVATE },
	{ { 127 }, 8, ADDRESS_LOOPBACK },
	{ { 169, 254 }, 16, ADDRESS_LINK_LOCAL },
	{ { 172, 16 }, 12, ADDRESS_PRIVATE },
	{ { 192, 0, 0 }, 24, ADDRESS_RESERVED },
	{ { 192, 0, 2 }, 24, ADDRESS_DOCUMENTATION },
	{ { 192, 88, 99 }, 24, ADDRESS_RESERVED },
	{ { 192, 168 }, 16, ADDRESS_PRIVATE },
	{ { 198, 18 }, 15, ADDRESS_RESERVED },
	{ { 198, 51, 100 }, 24, ADDRESS_DOCUMENTATION },
	{ { 203, 0, 113 }, 24, ADDRESS_DOCUMENTATION },
	{ { 224 }, 4, ADDRESS_MULTICAST },
	{ { 240 }, 4, ADDRESS_RESERVED },
};

/* Of IPv6 only 2000::/3 is given out at all; what carries an IPv4 address is in `carriers`. */
static const struct row v6_rows[] = {
	{ { 0 }, 128, ADDRESS_UNSPECIFIED },
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 128, ADDRESS_LOOPBACK },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, ADDRESS_DOCUMENTATION },
	{ { 0x3f, 0xff, 0x00 }, 20, ADDRESS_DOCUMENTATION },
	/* 2001::/23, protocol assignments; Teredo (2001::/32) is a carrier and in use no more. */
	{ { 0x20, 0x01, 0x00 }, 23, ADDRESS_RESERVED },
	{ { 0x20, 0x02 }, 16, ADDRESS_PUBLIC },
	{ { 0x20 }, 3, ADDRESS_PUBLIC },
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, ADDRESS_PUBLIC },
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, ADDRESS_PUBLIC },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, ADDRESS_PRIVATE },
	{ { 0xfc }, 7, ADDRESS_PRIVATE },
	{ { 0xfe, 0x80 }, 10, ADDRESS_LINK_LOCAL },
	{ { 0xff }, 8, ADDRESS_MULTICAST },
};

/* Prefixes of addresses that hold an IPv4 address, and where; inverted in Teredo. */
static const struct carrier {
	unsigned char ip[16];
	unsigned bits, at;
	unsigned char invert;
} carriers[] = {
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, 12, 0 },
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12, 0 },
	{ { 0x20, 0x02 }, 16, 2, 0 },
	{ { 0x20, 0x01, 0x00, 0x00 }, 32, 12, 0xff },
};

static bool begins(const unsigned char *ip, const unsigned char *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(ip, prefix, whole) != 0)
		return false;
	return rest == 0 || (ip[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static enum address_class lookup(const unsigned char *ip, const struct row *rows, size_t n,
				 enum address_class otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (begins(ip, rows[i].ip, rows[i].bits))
			return rows[i].class;
	return otherwise;
}

static enum address_class v4_class(const unsigned char *ip)
{
	return lookup(ip, v4_rows, sizeof(v4_rows) / sizeof(v4_rows[0]), ADDRESS_PUBLIC);
}

static enum address_class v6_class(const unsigned char *ip)
{
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		const struct carrier *c = &carriers[i];
		unsigned char inner[4];
		enum address_class class;

		if (!begins(ip, c->ip, c->bits))
			continue;
		for (unsigned k = 0; k < 4; k++)
			inner[k] = ip[c->at + k] ^ c->invert;
		class = v4_class(inner);
		if (class != ADDRESS_PUBLIC)
			return class;
	}
	return lookup(ip, v6_rows, sizeof(v6_rows) / sizeof(v6_rows[0]), ADDRESS_RESERVED);
}

enum address_class address_class(const struct address *a)
{
	struct slice ip = address_bytes(a);

	if (ip.n == 4)
		return v4_class((const unsigned char *)ip.p);
	if (ip.n == 16)
		return v6_class((const unsigned char *)ip.p);
	return ADDRESS_RESERVED;
}

bool address_is_public(const struct address *a, const char **reason)
{
	static const char *const words[] = {
		[ADDRESS_PUBLIC] = "public",
		[ADDRESS_UNSPECIFIED] = "unspecified address",
		[ADDRESS_LOOPBACK] = "loopback address",
		[ADDRESS_PRIVATE] = "private address",
		[ADDRESS_LINK_LOCAL] = "link-local address",
		[ADDRESS_MULTICAST] = "multicast address",
		[ADDRESS_DOCUMENTATION] = "documentation address",
		[ADDRESS_RESERVED] = "reserved address",
	};
	enum address_class class = address_class(a);

	if (class != ADDRESS_PUBLIC && reason != NULL)
		*reason = words[class];
	return class == ADDRESS_PUBLIC;
}
