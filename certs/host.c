#include "certs/host.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static bool parse_address(struct slice text, struct cert_host *out)
{
	char copy[INET6_ADDRSTRLEN + 1];
	int family = slice_find(text, ':') != text.n ? AF_INET6 : AF_INET;

	if (text.n == 0 || !slice_copy(text, copy, sizeof(copy)) || strlen(copy) != text.n)
		return false;
	/*
	 * inet_pton takes exactly the plain forms: four decimals without leading zeros, or RFC
	 * 4291.
	 */
	if (inet_pton(family, copy, out->ip) != 1)
		return false;
	if (inet_ntop(family, out->ip, out->text, sizeof(out->text)) == NULL)
		return false;
	out->len = strlen(out->text);
	out->ip_len = family == AF_INET6 ? 16 : 4;
	return true;
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_';
}

static bool good_label(struct slice label)
{
	/* A '-' at an end is against RFC 1123, but such hosts exist and browsers visit them. */
	if (label.n == 0 || label.n > 63)
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!label_char(ascii_lower(label.p[i])))
			return false;
	return true;
}

/* "1", "017" or "0x7f": such a last label makes browsers read the host as an IPv4 address. */
static bool is_number(struct slice label)
{
	bool hex = label.n >= 2 && label.p[0] == '0' && ascii_lower(label.p[1]) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.n; i++) {
		char c = ascii_lower(label.p[i]);

		if (!ascii_digit(c) && !(hex && c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static bool parse_name(struct slice text, struct cert_host *out)
{
	struct slice rest = text;
	struct slice label = slice_of(NULL, 0);

	if (text.n == 0 || text.n > CERT_HOST_MAX)
		return false;
	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &label);
		if (!good_label(label))
			return false;
	}
	if (is_number(label))
		return false;
	for (size_t i = 0; i < text.n; i++)
		out->text[i] = ascii_lower(text.p[i]);
	out->text[text.n] = '\0';
	out->len = text.n;
	out->ip_len = 0;
	return true;
}

bool cert_host_parse(struct slice text, struct cert_host *out)
{
	*out = (struct cert_host){ .len = 0 };
	if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		text = slice_of(text.p + 1, text.n - 2);
		return slice_find(text, ':') != text.n && parse_address(text, out);
	}
	if (parse_address(text, out))
		return true;
	if (text.n > 1 && text.p[text.n - 1] == '.')
		text.n--;
	return parse_address(text, out) || parse_name(text, out);
}
