#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

/* The program's key: written once by hash_seed(). */
static uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

void hash_seed(void)
{
	uint64_t fresh[2];

	if (getrandom(fresh, sizeof(fresh), 0) == (ssize_t)sizeof(fresh))
		memcpy(key, fresh, sizeof(key));
}

static uint64_t rotl(uint64_t v, unsigned n)
{
	return (v << n) | (v >> (64 - n));
}

static inline void sip_round(struct hasher *h)
{
	uint64_t a = h->v[0], b = h->v[1], c = h->v[2], d = h->v[3];

	a += b;
	b = rotl(b, 13) ^ a;
	a = rotl(a, 32);
	c += d;
	d = rotl(d, 16) ^ c;
	a += d;
	d = rotl(d, 21) ^ a;
	c += b;
	b = rotl(b, 17) ^ c;
	c = rotl(c, 32);
	*h = (struct hasher){ { a, b, c, d } };
}

static inline void take(struct hasher *h, uint64_t m)
{
	h->v[3] ^= m;
	sip_round(h);
	h->v[0] ^= m;
}

static inline uint64_t load(const char *p)
{
	uint64_t m;

	memcpy(&m, p, sizeof(m));
	return m;
}

/* The last n % 8 octets of s as a number. */
static inline uint64_t odd_end(struct slice s)
{
	size_t odd = s.n % 8;
	uint64_t m = 0;

	if (odd == 0)
		return 0;
	if (s.n > 8)
		return load(s.p + s.n - 8) >> (64 - 8 * odd);
	for (size_t i = 0; i < odd; i++)
		m |= (uint64_t)(unsigned char)s.p[i] << (8 * i);
	return m;
}

static inline void take_whole(struct hasher *h, struct slice s)
{
	for (size_t i = 0; i + 8 <= s.n; i += 8)
		take(h, load(s.p + i));
}

void hasher_init(struct hasher *h)
{
	*h = (struct hasher){ { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
				key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u } };
}

void hasher_add_u64(struct hasher *h, uint64_t m)
{
	take(h, m);
}

void hasher_add(struct hasher *h, struct slice s)
{
	struct hasher at = *h;

	/* The length first, so that no sequence of slices is the beginning of another. */
	take(&at, s.n);
	take_whole(&at, s);
	if (s.n % 8 != 0)
		take(&at, odd_end(s));
	*h = at;
}

uint64_t hasher_result(const struct hasher *h)
{
	struct hasher at = *h;

	at.v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&at);
	return at.v[0] ^ at.v[1] ^ at.v[2] ^ at.v[3];
}

uint64_t hash_bytes(const void *p, size_t n)
{
	struct slice s = slice_of(p, n);
	struct hasher h;

	hasher_init(&h);
	take_whole(&h, s);
	take(&h, (uint64_t)n << 56 | odd_end(s));
	return hasher_result(&h);
}
