#include "base/config_value.h"

#include "base/json.h"

#include <arpa/inet.h>
#include <stdlib.h>

static char *copy_lower(struct slice s)
{
	char *p = config_copy(s);

	for (char *c = p; c != NULL && *c != '\0'; c++)
		*c = ascii_lower(*c);
	return p;
}

static bool host_char(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.';
}

static bool is_v6(struct slice host)
{
	unsigned char addr[16];
	char text[INET6_ADDRSTRLEN];

	return slice_copy(host, text, sizeof(text)) && inet_pton(AF_INET6, text, addr) == 1;
}

static bool is_host(struct slice host)
{
	if (host.n == 0 || host.n > 253 || host.p[0] == '.')
		return false;
	for (size_t i = 0; i < host.n; i++)
		if (!host_char(host.p[i]) ||
		    (host.p[i] == '.' && i + 1 < host.n && host.p[i + 1] == '.'))
			return false;
	return true;
}

bool config_add_host(struct config *cfg, const struct option_row *row, struct slice v,
		     struct buf *why)
{
	struct slice name = slice_starts(v, SLICE("*.")) ? slice_skip(v, 2) : v;
	char **slot, *p;

	if (name.n > 1 && name.p[name.n - 1] == '.')
		v.n--, name.n--;
	if (!is_host(name) && !(name.n == v.n && is_v6(v))) {
		buf_addf(why,
			 "'%.*s' is no host pattern; write a name, or *. and a name, without "
			 "scheme and port "
			 "(other scripts as xn--...)",
			 SLICE_ARG(v));
		return false;
	}
	p = copy_lower(v);
	if (p == NULL)
		return config_no_memory(why);
	slot = config_grow(cfg, row, sizeof(*slot), CONFIG_LIST_MAX, why);
	if (slot == NULL)
		free(p);
	else
		*slot = p;
	return slot != NULL;
}

/* 4 or 16 bytes into addr; the family, or 0. */
int config_parse_ip(struct slice text, unsigned char addr[16])
{
	char z[INET6_ADDRSTRLEN];

	if (!slice_copy(text, z, sizeof(z)))
		return 0;
	if (inet_pton(AF_INET, z, addr) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, z, addr) == 1 ? AF_INET6 : 0;
}

/* Takes a host (an IPv6 address in brackets) up to ':' or the end; false: brackets are wrong. */
static bool take_host(struct slice *rest, struct slice *host)
{
	if (rest->n != 0 && rest->p[0] == '[') {
		size_t end = slice_find(*rest, ']');

		*host = slice_head(slice_skip(*rest, 1), end - 1);
		*rest = slice_skip(*rest, end + 1);
		return is_v6(*host) && (rest->n == 0 || rest->p[0] == ':');
	}
	*host = slice_head(*rest, slice_find(*rest, ':'));
	*rest = slice_skip(*rest, host->n);
	return host->n == 0 || is_host(*host);
}

/* ":PORT", up to the next ':' or the end; an empty port is 0. */
static bool take_port(struct slice *rest, uint16_t *port)
{
	struct slice text;
	uint64_t v = 0;

	if (rest->n == 0 || rest->p[0] != ':')
		return false;
	*rest = slice_skip(*rest, 1);
	text = slice_head(*rest, slice_find(*rest, ':'));
	*rest = slice_skip(*rest, text.n);
	if (text.n != 0 && (!slice_to_u64(text, 65535, &v) || v == 0))
		return false;
	*port = (uint16_t)v;
	return true;
}

static bool same_listen(const struct config_listen *a, const struct config_listen *b)
{
	return a->sa_len == b->sa_len && memcmp(&a->sa, &b->sa, a->sa_len) == 0;
}

static void listen_address(struct config_listen *l, int family, const unsigned char addr[16],
			   uint16_t port)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (family == AF_INET) {
		memcpy(&in4.sin_addr, addr, sizeof(in4.sin_addr));
		memcpy(&l->sa, &in4, sizeof(in4));
		l->sa_len = sizeof(in4);
	} else {
		memcpy(&in6.sin6_addr, addr, sizeof(in6.sin6_addr));
		memcpy(&l->sa, &in6, sizeof(in6));
		l->sa_len = sizeof(in6);
	}
}

bool config_add_listen(struct config *cfg, const struct option_row *row, struct slice v,
		       struct buf *why)
{
	struct slice rest = v, host = { "", 0 };
	struct config_listen fresh = { 0 }, *slot;
	const struct config_listen *list;
	unsigned char addr[16];
	uint16_t port = 0;
	size_t n;
	bool bracketed = v.n != 0 && v.p[0] == '[';
	int family;

	if (!take_host(&rest, &host) || !take_port(&rest, &port) || rest.n != 0 || port == 0 ||
	    (family = config_parse_ip(host, addr)) == 0 || bracketed != (family == AF_INET6)) {
		buf_addf(why,
			 "'%.*s' is no address to listen on; write ADDR:PORT, as 127.0.0.1:8118 or "
			 "[::1]:8118",
			 SLICE_ARG(v));
		return false;
	}
	listen_address(&fresh, family, addr, port);
	list = config_listens(cfg, row, &n);
	for (size_t i = 0; i < n; i++) {
		if (!same_listen(&list[i], &fresh))
			continue;
		buf_addf(why, "%.*s is there twice; take one away", SLICE_ARG(v));
		return false;
	}
	fresh.text = config_copy(v);
	if (fresh.text == NULL)
		return config_no_memory(why);
	slot = config_grow(cfg, row, sizeof(*slot), CONFIG_LISTEN_MAX, why);
	if (slot == NULL)
		free(fresh.text);
	else
		*slot = fresh;
	return slot != NULL;
}

const char *config_listen_clash(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->listen_tls_n; i++)
		for (size_t k = 0; k < cfg->listen_n; k++)
			if (same_listen(&cfg->listen_tls[i], &cfg->listen[k]))
				return cfg->listen_tls[i].text;
	return NULL;
}

static bool takes(const struct sockaddr *listener, const struct sockaddr *at)
{
	struct sockaddr_in l4, a4;
	struct sockaddr_in6 l6, a6;

	if (listener->sa_family != at->sa_family)
		return false;
	if (at->sa_family == AF_INET) {
		memcpy(&l4, listener, sizeof(l4));
		memcpy(&a4, at, sizeof(a4));
		return l4.sin_addr.s_addr == htonl(INADDR_ANY) ||
		       l4.sin_addr.s_addr == a4.sin_addr.s_addr;
	}
	memcpy(&l6, listener, sizeof(l6));
	memcpy(&a6, at, sizeof(a6));
	return IN6_IS_ADDR_UNSPECIFIED(&l6.sin6_addr) ||
	       IN6_ARE_ADDR_EQUAL(&l6.sin6_addr, &a6.sin6_addr);
}

uint16_t config_listen_port(const struct config_listen *list, size_t n, const struct sockaddr *at)
{
	if (at->sa_family != AF_INET && at->sa_family != AF_INET6)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct sockaddr_in in4; /* the port stands at the same place in both */

		if (!takes((const struct sockaddr *)&list[i].sa, at))
			continue;
		memcpy(&in4, &list[i].sa, sizeof(in4));
		return ntohs(in4.sin_port);
	}
	return 0;
}

bool config_add_connect_to(struct config *cfg, const struct option_row *row, struct slice v,
			   struct buf *why)
{
	struct config_connect_to fresh = { 0 }, *slot = NULL;
	struct slice rest = v, host, to_host;
	bool good = take_host(&rest, &host) && take_port(&rest, &fresh.port) && rest.n != 0;

	if (good) {
		rest = slice_skip(rest, 1);
		good = take_host(&rest, &to_host) && take_port(&rest, &fresh.to_port) &&
		       rest.n == 0;
	}
	if (!good) {
		buf_addf(why,
			 "'%.*s' is no rule; write HOST:PORT:ADDR:PORT, each of them may be empty, "
			 "IPv6 "
			 "in brackets",
			 SLICE_ARG(v));
		return false;
	}
	fresh.host = copy_lower(host);
	fresh.to_host = copy_lower(to_host);
	if (fresh.host == NULL || fresh.to_host == NULL)
		config_no_memory(why);
	else
		slot = config_grow(cfg, row, sizeof(*slot), CONFIG_LIST_MAX, why);
	if (slot == NULL) {
		free(fresh.host);
		free(fresh.to_host);
		return false;
	}
	*slot = fresh;
	return true;
}

void config_show_connect_to(struct buf *out, const struct config_connect_to *c)
{
	struct buf text;
	const char *const hosts[2] = { c->host, c->to_host };
	const unsigned ports[2] = { c->port, c->to_port };

	buf_init(&text, 2 * CONFIG_VALUE_MAX);
	for (int i = 0; i < 2; i++) {
		bool v6 = slice_find(slice_str(hosts[i]), ':') != strlen(hosts[i]);

		buf_addf(&text, v6 ? "%s[%s]:" : "%s%s:", i == 0 ? "" : ":", hosts[i]);
		if (ports[i] != 0)
			buf_addf(&text, "%u", ports[i]);
	}
	json_bytes(out, buf_slice(&text));
	buf_release(&text);
}
