#include "filters/profile.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define V4_PREFIX_BITS 96u

struct subnet {
	struct net_address base;
	unsigned bits; /* of the 128 */
	enum profile profile;
};

/* The longest prefix first. */
struct profiles {
	struct subnet *at;
	size_t count;
};

static void map_v4(const void *four, struct net_address *out)
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memcpy(out->b, prefix, sizeof(prefix));
	memcpy(out->b + sizeof(prefix), four, 4);
}

bool net_address_parse(struct slice text, struct net_address *out)
{
	char s[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (!slice_copy(text, s, sizeof(s)) || strlen(s) != text.n)
		return false;
	if (inet_pton(AF_INET, s, &v4) == 1) {
		map_v4(&v4, out);
		return true;
	}
	return inet_pton(AF_INET6, s, out->b) == 1;
}

bool net_address_of(const struct sockaddr *sa, struct net_address *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	/* Copied out: a sockaddr need not be aligned as its family's struct is. */
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&v4, sa, sizeof(v4));
		map_v4(&v4.sin_addr, out);
		return true;
	case AF_INET6:
		memcpy(&v6, sa, sizeof(v6));
		memcpy(out->b, &v6.sin6_addr, sizeof(out->b));
		return true;
	default:
		return false;
	}
}

struct profiles *profiles_new(void)
{
	return calloc(1, sizeof(struct profiles));
}

void profiles_free(struct profiles *p)
{
	if (p == NULL)
		return;
	free(p->at);
	free(p);
}

static bool has_bits_beyond(const struct net_address *a, unsigned bits)
{
	for (unsigned i = bits; i < 128; i++)
		if ((a->b[i / 8] >> (7 - i % 8) & 1) != 0)
			return true;
	return false;
}

static bool holds(const struct subnet *s, const struct net_address *a)
{
	unsigned whole = s->bits / 8, rest = s->bits % 8;

	if (memcmp(s->base.b, a->b, whole) != 0)
		return false;
	return rest == 0 || (s->base.b[whole] ^ a->b[whole]) >> (8 - rest) == 0;
}

static bool complain(struct buf *error, struct slice subnet, const char *advice)
{
	buf_adds(error, "subnet \"");
	for (size_t i = 0; i < subnet.n && i < 60; i++)
		buf_addc(error, subnet.p[i] >= 0x20 && subnet.p[i] < 0x7f ? subnet.p[i] : '?');
	buf_addf(error, "\": %s", advice);
	return false;
}

static bool parse_subnet(struct slice text, struct subnet *out, struct buf *error)
{
	size_t slash = slice_find(text, '/');
	struct slice address = slice_head(text, slash);
	bool v4 = slice_find(address, ':') == address.n;
	uint64_t bits = v4 ? 32 : 128;

	if (!net_address_parse(address, &out->base))
		return complain(error, text, "write it as 10.20.0.0/16 or 2001:db8::/32");
	if (slash < text.n && !slice_to_u64(slice_skip(text, slash + 1), bits, &bits))
		return complain(error, text,
				v4 ? "the prefix is a number from 0 to 32"
				   : "the prefix is a number from 0 to 128");
	out->bits = (unsigned)bits + (v4 ? V4_PREFIX_BITS : 0);
	if (has_bits_beyond(&out->base, out->bits))
		return complain(error, text,
				"the address has bits set beyond the prefix: clear them, or make "
				"the prefix longer");
	return true;
}

bool profiles_add(struct profiles *p, struct slice subnet, enum profile profile, struct buf *error)
{
	struct subnet s = { .profile = profile }, *at;
	size_t i = 0;

	if (!parse_subnet(subnet, &s, error))
		return false;
	while (i < p->count && p->at[i].bits >= s.bits) {
		if (p->at[i].bits == s.bits && holds(&p->at[i], &s.base))
			return p->at[i].profile == profile
				       ? true
				       : complain(error, subnet, "it already has another profile");
		i++;
	}
	if (p->count == PROFILES_MAX)
		return complain(error, subnet, "there are more than 4096 subnets: join some");
	at = realloc(p->at, (p->count + 1) * sizeof(*at));
	if (at == NULL)
		return complain(error, subnet, "out of memory");
	memmove(at + i + 1, at + i, (p->count - i) * sizeof(*at));
	at[i] = s;
	p->at = at;
	p->count++;
	return true;
}

enum profile profile_of_address(const struct profiles *p, const struct net_address *a)
{
	for (size_t i = 0; i < p->count; i++)
		if (holds(&p->at[i], a))
			return p->at[i].profile;
	return PROFILE_DEFAULT;
}
