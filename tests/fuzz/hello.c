/*
 * Any bytes as the first ones of a TLS client.  A verdict never changes when more bytes come, what
 * is told is sound, and how the message is cut into records does not matter.
 *
 * The first octet chooses how large the records of the second cutting are.
 */
#include "proxy/net/hello.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* From memory that holds these bytes and nothing else. */
static enum hello_status parse(struct slice bytes, struct hello *h)
{
	char *copy = malloc(bytes.n + 1);
	enum hello_status status;

	MUST(copy != NULL);
	if (bytes.n != 0)
		memcpy(copy + 1, bytes.p, bytes.n);
	status = hello_parse(slice_of(copy + 1, bytes.n), h);
	free(copy);
	return status;
}

static void same_ids(const struct hello_list *a, const struct hello_list *b)
{
	MUST(a->n == b->n && memcmp(a->ids, b->ids, a->n * sizeof(a->ids[0])) == 0);
}

static void same(const struct hello *a, const struct hello *b)
{
	MUST(strcmp(a->sni, b->sni) == 0);
	MUST(a->alpn_len == b->alpn_len && memcmp(a->alpn, b->alpn, a->alpn_len) == 0);
	MUST(a->versions == b->versions && a->has_ech == b->has_ech && a->alpn_cut == b->alpn_cut);
	same_ids(&a->suites, &b->suites);
	same_ids(&a->groups, &b->groups);
	same_ids(&a->sigalgs, &b->sigalgs);
}

static void sound_ids(const struct hello_list *list)
{
	MUST(list->n <= HELLO_LIST_MAX);
	for (size_t i = 0; i < list->n; i++)
		MUST((list->ids[i] & 0x0f0f) != 0x0a0a || list->ids[i] >> 8 != (list->ids[i] & 255));
}

static void sound(const struct hello *h)
{
	size_t at = 0;

	MUST(memchr(h->sni, '\0', sizeof(h->sni)) != NULL);
	for (const char *p = h->sni; *p != '\0'; p++)
		MUST(*p > ' ' && *p <= '~' && (*p < 'A' || *p > 'Z'));
	sound_ids(&h->suites);
	sound_ids(&h->groups);
	sound_ids(&h->sigalgs);
	MUST(h->alpn_len <= sizeof(h->alpn));
	while (at < h->alpn_len) {
		size_t n = (unsigned char)h->alpn[at];
		struct slice name = slice_of(h->alpn + at + 1, n);

		MUST(n != 0 && at + 1 + n <= h->alpn_len);
		MUST(hello_offers_alpn(h, name));
		at += 1 + n;
	}
}

/* The message in records of `size` octets; how many bytes, 0 when it is too long for `to`. */
static size_t cut_again(struct slice bytes, size_t size, char *to, size_t room)
{
	size_t n = 0, in_record = 0, header = 0;

	while (bytes.n >= 5) {
		struct slice part;
		size_t left = (size_t)(unsigned char)bytes.p[3] << 8 | (unsigned char)bytes.p[4];

		bytes = slice_skip(bytes, 5);
		part = slice_head(bytes, left);
		bytes = slice_skip(bytes, left);
		for (size_t i = 0; i < part.n; i++) {
			if (in_record == 0) {
				header = n;
				n += 5;
			}
			if (n >= room)
				return 0;
			to[n++] = part.p[i];
			in_record++;
			memcpy(to + header, "\x16\x03\x01", 3);
			to[header + 3] = (char)(in_record >> 8);
			to[header + 4] = (char)in_record;
			if (in_record == size)
				in_record = 0;
		}
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char again[2 * HELLO_BYTES_MAX];
	struct hello whole, part;
	enum hello_status status, early = HELLO_MORE;
	struct slice in;
	size_t n, records;

	if (size == 0)
		return 0;
	in = slice_of((const char *)data + 1, size - 1);
	status = parse(in, &whole);
	MUST(status != HELLO_MORE || in.n < HELLO_BYTES_MAX);
	for (n = 0; n < in.n && early == HELLO_MORE; n += 1 + n / 64)
		early = parse(slice_head(in, n), &part);
	if (early != HELLO_MORE) {
		MUST(early == status);
		if (status == HELLO_OK)
			same(&whole, &part);
	}
	if (status != HELLO_OK)
		return 0;
	sound(&whole);
	records = 1 + (size_t)data[0] * 16;
	n = cut_again(in, records, again, sizeof(again));
	status = parse(slice_of(again, n), &part);
	if (status == HELLO_OK)
		same(&whole, &part);
	else
		MUST(n == 0 || in.n / records + 1 > HELLO_RECORDS_MAX / 2);
	return 0;
}
