/*
 * Any bytes as a head.  How they are cut must not matter, what is accepted must survive being
 * written and read again, and what was written once must not change when it is written again.
 *
 * The first octet chooses the kind: bit 0 an answer, bits 1-3 the seed of the cuts, bit 4 small
 * limits.
 */
#include "proxy/http/framing.h"
#include "proxy/http/h1_write.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static const struct h1_limits small_limits = { 400, 120, 10, 8192 };

static void same_fields(const struct fields *a, const struct fields *b)
{
	MUST(a->n == b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		MUST(slice_eq(a->v[i].name, b->v[i].name));
		MUST(slice_eq(a->v[i].value, b->v[i].value));
		MUST(a->v[i].id == field_id_of(a->v[i].name));
	}
}

/* What lies in a list can be written without splitting a head. */
static void sound_fields(const struct fields *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		struct slice name = f->v[i].name, value = f->v[i].value;

		MUST(name.n != 0);
		for (size_t j = 0; j < name.n; j++)
			MUST(name.p[j] > ' ' && name.p[j] < 0x7f && name.p[j] != ':');
		MUST(slice_trim(value).n == value.n);
		for (size_t j = 0; j < value.n; j++)
			MUST(value.p[j] == '\t' || (unsigned char)value.p[j] >= ' ');
	}
}

static size_t next_cut(size_t at, size_t n, unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	at += 1 + (*seed >> 16) % 7;
	return at < n ? at : n;
}

/* Each piece comes with all before it in a new place; the old one is gone. */
static char *moved(struct slice in, size_t n, char *old)
{
	char *copy = malloc(n + 1);

	MUST(copy != NULL);
	memcpy(copy, in.p, n);
	free(old);
	return copy;
}

static void write_request(const struct h1_request *r, struct buf *out)
{
	struct h1_hop hop = { 0 };
	struct h1_error error;

	if (framing_of_request(r, &hop.framing, &error) != H1_OK) {
		MUST(error.status >= 400 && error.status < 600 && error.reason != NULL);
		return;
	}
	hop.upgrade = h1_upgrade_wanted(r, &hop.framing);
	MUST(h1_write_request(out, r->method, r->path, &r->fields, &hop));
}

/* out was written from r: reading it again gives the same meaning, writing that the same bytes. */
static void again_request(const struct h1_request *r, struct buf *out)
{
	struct h1_request second;
	struct h1_error error;
	struct framing a, b;
	struct buf twice;

	h1_request_init(&second, &h1_response_limits);
	buf_init(&twice, 1 << 20);
	MUST(h1_parse_request(buf_slice(out), &second) == H1_OK);
	MUST(second.head_len == buf_slice(out).n);
	MUST(framing_of_request(r, &a, &error) == H1_OK);
	MUST(framing_of_request(&second, &b, &error) == H1_OK);
	MUST(a.kind == b.kind && a.length == b.length);
	MUST(slice_eq(r->method, second.method));
	MUST(authority_eq(&r->authority, &second.authority, 80));
	MUST(fields_count(&second.fields, FIELD_COOKIE) == fields_count(&r->fields, FIELD_COOKIE));
	write_request(&second, &twice);
	MUST(slice_eq(buf_slice(out), buf_slice(&twice)));
	buf_release(&twice);
	h1_request_release(&second);
}

static void try_request(struct slice in, const struct h1_limits *limits, unsigned seed)
{
	struct h1_request once, cut;
	enum h1_result result, slow = H1_MORE;
	char *copy = NULL;
	struct buf out;

	h1_request_init(&once, limits);
	h1_request_init(&cut, limits);
	buf_init(&out, 1 << 20);
	result = h1_parse_request(in, &once);
	for (size_t at = 0; slow == H1_MORE; at = next_cut(at, in.n, &seed)) {
		copy = moved(in, at, copy);
		slow = h1_parse_request(slice_of(copy, at), &cut);
		if (at == in.n)
			break;
	}
	MUST(slow == result);
	MUST(once.error.status == cut.error.status && once.error.reason == cut.error.reason);
	if (result == H1_OK) {
		MUST(once.head_len == cut.head_len && once.head_len <= in.n);
		same_fields(&once.fields, &cut.fields);
		sound_fields(&once.fields);
		MUST(h1_request_keep(&cut));
		free(copy);
		copy = NULL;
		same_fields(&once.fields, &cut.fields);
		/* HTTP/1.0 without a Host cannot become HTTP/1.1. */
		if (cut.method_id != METHOD_CONNECT && cut.authority.kind != HOST_NONE)
			write_request(&cut, &out);
		if (buf_slice(&out).n != 0)
			again_request(&cut, &out);
	}
	free(copy);
	buf_release(&out);
	h1_request_release(&once);
	h1_request_release(&cut);
}

static bool write_response(const struct h1_response *r, enum http_method method, struct buf *out)
{
	struct h1_hop hop = { .upgrade = r->status == 101 ? SLICE("websocket") : SLICE("") };
	struct h1_error error;

	if (framing_of_response(r, method, hop.upgrade, &hop.framing, &error) != H1_OK) {
		MUST(error.status == 502 && error.reason != NULL);
		return false;
	}
	if (hop.framing.kind == FRAMING_TUNNEL && r->status != 101)
		return false;
	MUST(h1_write_response(out, r->status, r->reason, &r->fields, &hop));
	return true;
}

static void again_response(const struct h1_response *r, enum http_method method, struct buf *out)
{
	struct h1_response second;
	struct buf twice;

	h1_response_init(&second, &(struct h1_limits){ 1 << 20, 1 << 20, 1000, 1 << 20 });
	buf_init(&twice, 1 << 20);
	MUST(h1_parse_response(buf_slice(out), &second) == H1_OK);
	MUST(second.head_len == buf_slice(out).n);
	MUST(second.status == r->status && slice_eq(second.reason, r->reason));
	MUST(fields_count(&second.fields, FIELD_SET_COOKIE) ==
	     fields_count(&r->fields, FIELD_SET_COOKIE));
	MUST(write_response(&second, method, &twice));
	MUST(slice_eq(buf_slice(out), buf_slice(&twice)));
	buf_release(&twice);
	h1_response_release(&second);
}

static void try_response(struct slice in, const struct h1_limits *limits, unsigned seed)
{
	enum http_method method = seed % 2 != 0 ? METHOD_HEAD : METHOD_GET;
	struct h1_response once, cut;
	enum h1_result result, slow = H1_MORE;
	char *copy = NULL;
	struct buf out;

	h1_response_init(&once, limits);
	h1_response_init(&cut, limits);
	buf_init(&out, 1 << 20);
	result = h1_parse_response(in, &once);
	for (size_t at = 0; slow == H1_MORE; at = next_cut(at, in.n, &seed)) {
		copy = moved(in, at, copy);
		slow = h1_parse_response(slice_of(copy, at), &cut);
		if (at == in.n)
			break;
	}
	MUST(slow == result);
	MUST(once.error.status == cut.error.status && once.error.reason == cut.error.reason);
	if (result == H1_OK) {
		MUST(once.head_len == cut.head_len && once.head_len <= in.n);
		same_fields(&once.fields, &cut.fields);
		sound_fields(&once.fields);
		MUST(h1_response_keep(&cut));
		free(copy);
		copy = NULL;
		if (write_response(&cut, method, &out))
			again_response(&cut, method, &out);
	}
	free(copy);
	buf_release(&out);
	h1_response_release(&once);
	h1_response_release(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in;
	bool small;

	if (size == 0)
		return 0;
	in = slice_of((const char *)data + 1, size - 1);
	small = (data[0] & 16) != 0;
	if ((data[0] & 1) != 0)
		try_response(in, small ? &small_limits : &h1_response_limits, data[0] >> 1 & 7);
	else
		try_request(in, small ? &small_limits : &h1_request_limits, data[0] >> 1 & 7);
	return 0;
}
