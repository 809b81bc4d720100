#include "proxy/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

int address_family(const struct address *a)
{
	return a->len != 0 ? a->sa.ss_family : AF_UNSPEC;
}

static const struct sockaddr_in *v4(const struct address *a)
{
	return (const struct sockaddr_in *)&a->sa;
}

static const struct sockaddr_in6 *v6(const struct address *a)
{
	return (const struct sockaddr_in6 *)&a->sa;
}

void address_from_bytes(const void *ip, size_t n, uint16_t port, struct address *out)
{
	*out = (struct address){ .len = 0 };
	if (n == 4) {
		struct sockaddr_in *sin = (struct sockaddr_in *)&out->sa;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, ip, 4);
		out->len = sizeof(*sin);
	} else if (n == 16) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&out->sa;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(port);
		memcpy(&sin6->sin6_addr, ip, 16);
		out->len = sizeof(*sin6);
	}
}

bool address_parse_ip(struct slice text, uint16_t port, struct address *out)
{
	char z[INET6_ADDRSTRLEN + 1];
	unsigned char ip[16];

	*out = (struct address){ .len = 0 };
	if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		text = slice_of(text.p + 1, text.n - 2);
		if (slice_find(text, ':') == text.n)
			return false;
	}
	if (memchr(text.p, 0, text.n) != NULL || !slice_copy(text, z, sizeof(z)))
		return false;
	/* inet_pton() reads exactly the strict forms. */
	if (inet_pton(AF_INET, z, ip) == 1)
		address_from_bytes(ip, 4, port, out);
	else if (inet_pton(AF_INET6, z, ip) == 1)
		address_from_bytes(ip, 16, port, out);
	return out->len != 0;
}

bool address_parse_listen(struct slice text, struct address *out)
{
	struct slice host;
	uint64_t port;
	size_t colon = text.n;

	*out = (struct address){ .len = 0 };
	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	host = slice_head(text, colon - 1);
	/* An IPv6 address without brackets would be ambiguous. */
	if (slice_find(host, ':') != host.n && host.p[0] != '[')
		return false;
	return slice_to_u64(slice_skip(text, colon), 65535, &port) &&
	       address_parse_ip(host, (uint16_t)port, out);
}

bool address_parse(struct slice text, struct address *out)
{
	if (address_parse_listen(text, out) && address_port(out) != 0)
		return true;
	out->len = 0;
	return false;
}

uint16_t address_port(const struct address *a)
{
	if (address_family(a) == AF_INET)
		return ntohs(v4(a)->sin_port);
	return address_family(a) == AF_INET6 ? ntohs(v6(a)->sin6_port) : 0;
}

void address_set_port(struct address *a, uint16_t port)
{
	if (address_family(a) == AF_INET)
		((struct sockaddr_in *)&a->sa)->sin_port = htons(port);
	else if (address_family(a) == AF_INET6)
		((struct sockaddr_in6 *)&a->sa)->sin6_port = htons(port);
}

struct slice address_bytes(const struct address *a)
{
	if (address_family(a) == AF_INET)
		return slice_of((const char *)&v4(a)->sin_addr, 4);
	if (address_family(a) == AF_INET6)
		return slice_of((const char *)&v6(a)->sin6_addr, 16);
	return SLICE("");
}

/* An IPv4-mapped address is the IPv4 address it reaches. */
static struct slice unmapped(const struct address *a)
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct slice ip = address_bytes(a);

	if (ip.n == 16 && memcmp(ip.p, prefix, sizeof(prefix)) == 0)
		return slice_skip(ip, sizeof(prefix));
	return ip;
}

bool address_same_ip(const struct address *a, const struct address *b)
{
	return slice_eq(unmapped(a), unmapped(b));
}

void address_print_ip(const struct address *a, char out[ADDRESS_TEXT])
{
	struct slice ip = address_bytes(a);

	if (ip.n == 0 || inet_ntop(address_family(a), ip.p, out, ADDRESS_TEXT) == NULL)
		snprintf(out, ADDRESS_TEXT, "unknown");
}

void address_print(const struct address *a, char out[ADDRESS_TEXT])
{
	char ip[ADDRESS_TEXT];

	address_print_ip(a, ip);
	snprintf(out, ADDRESS_TEXT, address_family(a) == AF_INET6 ? "[%.46s]:%u" : "%.46s:%u", ip,
		 address_port(a));
}

static const unsigned char mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void address_client(const struct address *a, char out[ADDRESS_TEXT])
{
	struct slice ip = address_bytes(a);
	struct address plain = *a;

	if (ip.n == 16 && memcmp(ip.p, mapped_prefix, 12) == 0)
		address_from_bytes(ip.p + 12, 4, 0, &plain);
	if (address_class(&plain) == ADDRESS_LOOPBACK)
		snprintf(out, ADDRESS_TEXT, "local");
	else
		address_print_ip(&plain, out);
}
