#include "proxy/http/uri.h"
#include "proxy/http/chars.h"

#include <arpa/inet.h>

static const char *refuse(struct authority *a, const char *reason)
{
	*a = (struct authority){ .kind = HOST_NONE };
	return reason;
}

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return s.n != 0;
}

/* What a resolver may take for (a part of) an IPv4 address: 7, 0x7f, 0x. */
static bool is_number(struct slice label)
{
	if (slice_istarts(label, SLICE("0x")))
		return chars_all(slice_skip(label, 2), CHAR_HEX);
	return all_digits(label);
}

static bool parse_ipv4(struct slice s, uint8_t addr[4])
{
	struct slice part;
	size_t n = 0;

	while (s.p != NULL) {
		uint64_t v;

		s = slice_cut(s, '.', &part);
		if (n == 4 || !slice_to_u64(part, 255, &v) || (part.n > 1 && part.p[0] == '0'))
			return false;
		addr[n++] = (uint8_t)v;
	}
	return n == 4;
}

/* Lower-cases into a->host and checks octets and labels; the last label goes to *last. */
static const char *copy_name(struct authority *a, struct slice name, struct slice *last)
{
	size_t label = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!char_is(c, CHAR_HOST))
			return "a host has a character that no host name has";
		if (c == '.') {
			if (i == label || i - label > 63)
				return "a host has an empty or overlong label";
			label = i + 1;
		}
		a->host[i] = ascii_lower(c);
	}
	if (name.n == label || name.n - label > 63)
		return "a host has an empty or overlong label";
	*last = slice_of(a->host + label, name.n - label);
	return NULL;
}

static const char *parse_name(struct authority *a, struct slice s)
{
	struct slice name = s, last;
	const char *reason;

	if (s.n != 0 && s.p[s.n - 1] == '.') {
		name.n--;
		a->dotted = true;
	}
	if (name.n == 0)
		return "the host is empty";
	if (name.n > URI_HOST_MAX)
		return "the host is too long";
	reason = copy_name(a, name, &last);
	if (reason != NULL)
		return reason;
	a->host[name.n] = '\0';
	a->len = (uint8_t)name.n;
	a->kind = HOST_NAME;
	if (!is_number(last))
		return NULL;
	if (!parse_ipv4(name, a->addr))
		return "a host that ends in a number is not an IPv4 address";
	a->kind = HOST_IPV4;
	return NULL;
}

/* s is what stands between the brackets. */
static const char *parse_ipv6(struct authority *a, struct slice s)
{
	char text[INET6_ADDRSTRLEN];

	if (!slice_copy(s, text, sizeof(text)) || strlen(text) != s.n ||
	    inet_pton(AF_INET6, text, a->addr) != 1 ||
	    inet_ntop(AF_INET6, a->addr, a->host, sizeof(a->host)) == NULL)
		return "a bracketed host is not an IPv6 address without a zone";
	a->len = (uint8_t)strlen(a->host);
	a->kind = HOST_IPV6;
	return NULL;
}

/* *port keeps p == NULL when there was no colon. */
static const char *parse(struct authority *a, struct slice s, struct slice *port)
{
	struct slice host;

	/* Only the text and a few members are ever read, so the 256 octets need no clearing. */
	a->kind = HOST_NONE;
	a->port = 0;
	a->len = 0;
	a->dotted = false;
	memset(a->addr, 0, sizeof(a->addr));
	if (s.n == 0 || s.p[0] != '[') {
		*port = slice_cut(s, ':', &host);
		return parse_name(a, host);
	}
	*port = slice_cut(slice_skip(s, 1), ']', &host);
	if (port->p == NULL)
		return "a bracketed host does not end";
	if (port->n == 0)
		*port = slice_of(NULL, 0);
	else if (port->p[0] == ':')
		*port = slice_skip(*port, 1);
	else
		return "something stands between a bracketed host and its port";
	return parse_ipv6(a, host);
}

static const char *parse_port(struct authority *a, struct slice port)
{
	uint64_t v;

	if (port.n == 0)
		return NULL;
	if (port.n > 5 || !slice_to_u64(port, 65535, &v) || v == 0)
		return "a port is not a number from 1 to 65535";
	a->port = (uint16_t)v;
	return NULL;
}

const char *authority_parse(struct authority *a, struct slice s)
{
	struct slice port;
	const char *reason = parse(a, s, &port);

	if (reason == NULL)
		reason = parse_port(a, port);
	return reason == NULL ? NULL : refuse(a, reason);
}

const char *authority_parse_connect(struct authority *a, struct slice s)
{
	const char *reason = authority_parse(a, s);

	if (reason == NULL && a->port == 0)
		return refuse(a, "CONNECT needs a port");
	return reason;
}

const char *authority_parse_host(struct authority *a, struct slice host)
{
	struct slice port;
	const char *reason = parse(a, host, &port);

	if (reason == NULL && port.p != NULL)
		reason = "a host has a port where none may be";
	return reason == NULL ? NULL : refuse(a, reason);
}

bool authority_eq(const struct authority *a, const struct authority *b, uint16_t default_port)
{
	return a->kind == b->kind && slice_eq(authority_host(a), authority_host(b)) &&
	       authority_port(a, default_port) == authority_port(b, default_port);
}

bool authority_write(struct buf *out, const struct authority *a, uint16_t default_port)
{
	bool v6 = a->kind == HOST_IPV6;

	if (v6)
		buf_addc(out, '[');
	buf_add(out, authority_host(a));
	if (v6)
		buf_addc(out, ']');
	if (authority_port(a, default_port) != default_port) {
		buf_addc(out, ':');
		buf_add_u64(out, a->port);
	}
	return buf_ok(out);
}
