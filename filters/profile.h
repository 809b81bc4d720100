/*
 * profile.h - which rules hold for a client: its subnet's profile.
 *
 *	profiles_add(p, SLICE("10.20.0.0/16"), PROFILE_MINORS, &error)
 *
 * The longest prefix that holds the address wins; an address in no subnet has PROFILE_DEFAULT.
 * IPv4 addresses and IPv4-mapped IPv6 ones (::ffff:10.20.1.2) are the same.
 */
#ifndef CRUMBGATE_FILTERS_PROFILE_H
#define CRUMBGATE_FILTERS_PROFILE_H

#include "base/buf.h"
#include "filters/words.h"

#define PROFILES_MAX 4096u

/* An IPv6 address in network order; IPv4 as ::ffff:a.b.c.d. */
struct net_address {
	uint8_t b[16];
};

struct sockaddr;

/* Text without brackets, port or scope; false for anything else. */
bool net_address_parse(struct slice text, struct net_address *out);
/* AF_INET and AF_INET6 only. */
bool net_address_of(const struct sockaddr *sa, struct net_address *out);

struct profiles;

struct profiles *profiles_new(void);
void profiles_free(struct profiles *p);
/*
 * False: `error` gets one line that says what is wrong with the subnet (no prefix, bits set beyond
 * the prefix, the same subnet with another profile, too many).  An address alone is a /32 or /128.
 */
bool profiles_add(struct profiles *p, struct slice subnet, enum profile profile, struct buf *error);
enum profile profile_of_address(const struct profiles *p, const struct net_address *a);

#endif
