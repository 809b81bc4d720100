#include "proxy/alpn.h"

#include "base/hash.h"
#include "proxy/net/hello.h"
#include "proxy/origin.h"
#include "proxy/visitor.h"

#include <stdlib.h>

/* One place for each hash: whoever comes later to a place has it. */
struct alpn_memory {
	struct known {
		uint64_t key; /* by a secret function, so places cannot be aimed at */
		int64_t until_ms;
		enum http_protocol chosen;
	} places[ALPN_REMEMBERED_MAX];
};

enum alpn_offer alpn_offer_of(const struct hello *h)
{
	enum alpn_offer offer = ALPN_H1;
	bool h1 = false, h2 = false;

	for (size_t i = 0; i < h->alpn_len; i += 1 + (size_t)(unsigned char)h->alpn[i]) {
		struct slice name = slice_of(h->alpn + i + 1, (unsigned char)h->alpn[i]);

		if (slice_eq(name, SLICE("h2")) && !h2) {
			h2 = true;
			offer = h1 ? ALPN_H1_H2 : ALPN_H2;
		} else if (slice_eq(name, SLICE("http/1.1")) && !h1) {
			h1 = true;
			offer = h2 ? ALPN_H2_H1 : ALPN_H1;
		}
	}
	return offer;
}

struct slice alpn_names(enum alpn_offer offer)
{
	switch (offer) {
	case ALPN_H2:
	case ALPN_H2_H1:
		return SLICE("\x02h2\x08http/1.1");
	case ALPN_H1_H2:
		return SLICE("\x08http/1.1\x02h2");
	case ALPN_H1:
		break;
	}
	return SLICE("\x08http/1.1");
}

struct slice alpn_name(enum http_protocol protocol)
{
	return protocol == PROTOCOL_H2 ? SLICE("\x02h2") : SLICE("\x08http/1.1");
}

bool alpn_is_settled(enum alpn_offer offer, enum http_protocol *protocol)
{
	*protocol = offer == ALPN_H2 || offer == ALPN_H2_H1 ? PROTOCOL_H2 : PROTOCOL_H1;
	return offer == ALPN_H1 || offer == ALPN_H2;
}

enum http_protocol alpn_chosen(const SSL *ssl)
{
	const unsigned char *name = NULL;
	unsigned n = 0;

	if (ssl != NULL)
		SSL_get0_alpn_selected(ssl, &name, &n);
	return slice_eq(slice_of((const char *)name, n), SLICE("h2")) ? PROTOCOL_H2 : PROTOCOL_H1;
}

/* ---- the memory ---- */

struct alpn_memory *alpn_memory_new(void)
{
	return calloc(1, sizeof(struct alpn_memory));
}

void alpn_memory_free(struct alpn_memory *m)
{
	free(m);
}

static uint64_t key_of(const struct origin_target *t)
{
	char mem[CLIENT_ID_LEN + 2 * SITE_MAX + 2];
	const char *names[2] = { t->host, t->identity };
	size_t n = CLIENT_ID_LEN;

	memcpy(mem, t->visitor->id, CLIENT_ID_LEN);
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(names[i]) + 1;

		memcpy(mem + n, names[i], len);
		n += len;
	}
	mem[n++] = (char)(t->port & 0xff);
	mem[n++] = (char)(t->port >> 8);
	return hash_bytes(mem, n);
}

void alpn_note(struct alpn_memory *m, const struct origin_target *target, enum http_protocol chosen,
	       int64_t now_ms)
{
	uint64_t key = key_of(target);

	if (target->alpn != ALPN_H1)
		m->places[key % ALPN_REMEMBERED_MAX] =
			(struct known){ key, now_ms + ALPN_REMEMBERED_MS, chosen };
}

bool alpn_known(const struct alpn_memory *m, const struct origin_target *target, int64_t now_ms,
		enum http_protocol *protocol)
{
	uint64_t key = key_of(target);
	const struct known *k = &m->places[key % ALPN_REMEMBERED_MAX];

	if (k->key != key || now_ms >= k->until_ms)
		return false;
	*protocol = k->chosen;
	return true;
}
