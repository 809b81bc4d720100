/*
 * address.h - IP addresses with a port: parsing, printing, and what they are good for.
 */
#ifndef CRUMBGATE_PROXY_NET_ADDRESS_H
#define CRUMBGATE_PROXY_NET_ADDRESS_H

#include "base/slice.h"

#include <sys/socket.h>

struct address {
	struct sockaddr_storage sa;
	socklen_t len; /* 0: no address */
};

/* "[2001:db8::1]:443", "192.0.2.1:443" with a non-zero port below 65536. */
bool address_parse(struct slice text, struct address *out);
/* The same where port 0 lets the system choose. */
bool address_parse_listen(struct slice text, struct address *out);
/*
 * A bare literal with a port apart: dotted quad (four decimal parts, nothing else: no octal, no
 * hexadecimal, no short forms), IPv6 with or without brackets, no zone.
 */
bool address_parse_ip(struct slice text, uint16_t port, struct address *out);
/* ip: 4 or 16 bytes in network order. */
void address_from_bytes(const void *ip, size_t n, uint16_t port, struct address *out);

#define ADDRESS_TEXT 56
/* As address_parse() reads it; always NUL-terminated. */
void address_print(const struct address *a, char out[ADDRESS_TEXT]);
/* Without port and brackets. */
void address_print_ip(const struct address *a, char out[ADDRESS_TEXT]);

int address_family(const struct address *a);
uint16_t address_port(const struct address *a);
void address_set_port(struct address *a, uint16_t port);
/* Same family, same IP; the port does not count. */
bool address_same_ip(const struct address *a, const struct address *b);
/* The IP's 4 or 16 bytes. */
struct slice address_bytes(const struct address *a);

/*
 * The name under which a client is known: its IP, a v4-mapped IPv6 address as IPv4, and every
 * loopback address, v4 or v6, as "local" (the same person).
 */
void address_client(const struct address *a, char out[ADDRESS_TEXT]);

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_UNSPECIFIED,   /* 0.0.0.0/8, :: */
	ADDRESS_LOOPBACK,      /* 127/8, ::1 */
	ADDRESS_PRIVATE,       /* RFC 1918, RFC 6598 100.64/10, fc00::/7 */
	ADDRESS_LINK_LOCAL,    /* 169.254/16 (cloud metadata), fe80::/10 */
	ADDRESS_MULTICAST,     /* 224/4, ff00::/8 */
	ADDRESS_DOCUMENTATION, /* 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8::/32, 3fff::/20
				*/
	ADDRESS_RESERVED,      /* 240/4, broadcast, 198.18/15, 192.0.0/24, site-local and other
				  unassigned */
};

/*
 * The IANA special-purpose registries (RFC 6890 and successors).  An IPv4 address inside an IPv6
 * one (mapped, compatible, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 6to4, Teredo) is judged as well,
 * and the worse counts.
 */
enum address_class address_class(const struct address *a);
/* False for everything but ADDRESS_PUBLIC; *reason (if not NULL) is then a static phrase. */
bool address_is_public(const struct address *a, const char **reason);

#endif
