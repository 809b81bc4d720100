#include "base/config_value.h"

#include "base/json.h"

#include <arpa/inet.h>

static const char *const profile_names[CONFIG_PROFILES] = { "default", "minors", "investigator" };

const char *config_profile_name(enum config_profile profile)
{
	return (unsigned)profile < CONFIG_PROFILES ? profile_names[profile] : "?";
}

bool config_profile_find(struct slice name, enum config_profile *out)
{
	for (unsigned i = 0; i < CONFIG_PROFILES; i++) {
		if (!slice_eq(name, slice_str(profile_names[i])))
			continue;
		*out = (enum config_profile)i;
		return true;
	}
	return false;
}

static void show_subnet(struct buf *out, const struct config_subnet *s)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(s->family, s->addr, text, sizeof(text)) != NULL)
		buf_addf(out, "%s/%u", text, s->bits);
}

/* True when there were bits beyond the prefix. */
static bool mask_off(struct config_subnet *s)
{
	bool any = false;

	for (unsigned i = 0; i < (s->family == AF_INET ? 4u : 16u); i++) {
		unsigned in_byte = s->bits <= i * 8	  ? 0
				   : s->bits - i * 8 >= 8 ? 8
							  : s->bits - i * 8;
		unsigned char keep = (unsigned char)(0xff00u >> in_byte);

		any |= (s->addr[i] & ~keep & 0xff) != 0;
		s->addr[i] &= keep;
	}
	return any;
}

static const unsigned char v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool parse_subnet(struct slice v, struct config_subnet *s, struct buf *why)
{
	struct slice ip, bits = slice_cut(v, '/', &ip);
	uint64_t n, most;

	s->family = config_parse_ip(ip, s->addr);
	most = s->family == AF_INET ? 32 : 128;
	n = most;
	if (s->family == 0 || (bits.p != NULL && !slice_to_u64(bits, most, &n))) {
		buf_addf(why,
			 "'%.*s' is no subnet; write ADDRESS/BITS, as 10.1.0.0/16 or fd00:1::/64",
			 SLICE_ARG(v));
		return false;
	}
	s->bits = (unsigned)n;
	if (s->family == AF_INET6 && n >= 96 &&
	    memcmp(s->addr, v4_mapped, sizeof(v4_mapped)) == 0) {
		memmove(s->addr, s->addr + 12, 4);
		s->family = AF_INET;
		s->bits -= 96;
	}
	if (mask_off(s)) {
		buf_addf(why, "'%.*s' has bits beyond its prefix; write ", SLICE_ARG(v));
		show_subnet(why, s);
		return false;
	}
	return true;
}

static size_t address_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static bool add_subnet(struct config *cfg, const struct option_row *row, struct slice v,
		       enum config_profile profile, struct buf *why)
{
	struct config_subnet fresh = { .profile = profile }, *slot;

	if (!parse_subnet(v, &fresh, why))
		return false;
	for (size_t i = 0; i < cfg->clients_n; i++) {
		const struct config_subnet *s = &cfg->clients[i];

		if (s->family != fresh.family || s->bits != fresh.bits ||
		    memcmp(s->addr, fresh.addr, address_len(s->family)) != 0)
			continue;
		if (s->profile == profile)
			return true;
		buf_addf(why, "%.*s has the profile '%s' already; take one away", SLICE_ARG(v),
			 config_profile_name(s->profile));
		return false;
	}
	slot = config_grow(cfg, row, sizeof(*slot), CONFIG_LIST_MAX, why);
	if (slot != NULL)
		*slot = fresh;
	return slot != NULL;
}

bool config_add_profile(struct config *cfg, const struct option_row *row, struct slice v,
			struct buf *why)
{
	struct slice name, rest = slice_cut(v, '=', &name), subnet;
	enum config_profile profile;

	if (rest.p == NULL || !config_profile_find(name, &profile)) {
		buf_addf(why,
			 "'%.*s' is no profile; write NAME=SUBNET with NAME default, minors or "
			 "investigator",
			 SLICE_ARG(v));
		return false;
	}
	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', &subnet);
		if (!add_subnet(cfg, row, subnet, profile, why))
			return false;
	}
	return true;
}

enum config_profile config_profile_of(const struct config *cfg, const struct sockaddr *client)
{
	enum config_profile best = CONFIG_DEFAULT;
	struct config_subnet c = { 0 };
	unsigned best_bits = 0;

	if (client->sa_family == AF_INET) {
		c.family = AF_INET;
		memcpy(c.addr, &((const struct sockaddr_in *)(const void *)client)->sin_addr, 4);
	} else if (client->sa_family == AF_INET6) {
		c.family = AF_INET6;
		memcpy(c.addr, &((const struct sockaddr_in6 *)(const void *)client)->sin6_addr, 16);
		if (memcmp(c.addr, v4_mapped, sizeof(v4_mapped)) == 0) {
			memmove(c.addr, c.addr + 12, 4);
			c.family = AF_INET;
		}
	}
	for (size_t i = 0; i < cfg->clients_n; i++) {
		const struct config_subnet *s = &cfg->clients[i];
		struct config_subnet m = c;

		m.bits = s->bits;
		if (s->family != c.family || s->bits < best_bits)
			continue;
		mask_off(&m);
		if (memcmp(m.addr, s->addr, address_len(s->family)) != 0)
			continue;
		best = s->profile;
		best_bits = s->bits;
	}
	return best;
}

void config_show_profile(struct buf *out, const struct config_subnet *s)
{
	struct buf text;

	buf_init(&text, 256);
	buf_addf(&text, "%s=", config_profile_name(s->profile));
	show_subnet(&text, s);
	json_bytes(out, buf_slice(&text));
	buf_release(&text);
}
