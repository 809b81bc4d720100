#include "proxy/net/hello.h"

#define RECORD_HANDSHAKE 22
#define HANDSHAKE_CLIENT_HELLO 1
#define EXT_SERVER_NAME 0
#define EXT_GROUPS 10
#define EXT_SIGALGS 13
#define EXT_ALPN 16
#define EXT_SUPPORTED_VERSIONS 43
#define EXT_ECH 0xfe0d

/*
 * Reads the handshake message through the record headers that may stand anywhere in it, so
 * nothing has to be put together.  The first miss sets `status` and every later get gives zero.
 */
struct cursor {
	struct slice in; /* the bytes behind what was read */
	size_t record;	 /* left of the current record */
	unsigned records;
	enum hello_status status;
};

static unsigned octet(struct slice s, size_t i)
{
	return (unsigned char)s.p[i];
}

/* At a record's start: its header (RFC 8446 section 5.1). */
static void next_record(struct cursor *c)
{
	struct slice in = c->in;
	unsigned first = c->records == 0;

	/* Told from other protocols by whatever is there of type and version. */
	if ((in.n > 0 && octet(in, 0) != RECORD_HANDSHAKE) || (in.n > 1 && octet(in, 1) != 3)) {
		c->status = first ? HELLO_NOT_TLS : HELLO_BAD;
		return;
	}
	if (in.n < 5) {
		c->status = HELLO_MORE;
		return;
	}
	c->record = octet(in, 3) << 8 | octet(in, 4);
	c->in = slice_skip(in, 5);
	if (c->record == 0 || c->record > 16384 || ++c->records > HELLO_RECORDS_MAX)
		c->status = HELLO_BAD;
}

static unsigned get8(struct cursor *c)
{
	unsigned v;

	if (c->status == HELLO_OK && c->record == 0)
		next_record(c);
	if (c->status == HELLO_OK && c->in.n == 0)
		c->status = HELLO_MORE;
	if (c->status != HELLO_OK)
		return 0;
	v = octet(c->in, 0);
	c->in = slice_skip(c->in, 1);
	c->record--;
	return v;
}

static unsigned get16(struct cursor *c)
{
	unsigned high = get8(c);

	return high << 8 | get8(c);
}

/* By whole pieces of records: a post-quantum key share is more than a thousand bytes. */
static void skip(struct cursor *c, size_t n)
{
	while (n > 0 && c->status == HELLO_OK) {
		size_t part = n < c->record ? n : c->record;

		if (part < 2 || part > c->in.n) {
			get8(c);
			n--;
			continue;
		}
		c->in = slice_skip(c->in, part);
		c->record -= part;
		n -= part;
	}
}

/* A field of n bytes inside one of *left; false (and BAD) when it does not fit. */
static bool within(struct cursor *c, size_t *left, size_t n)
{
	if (c->status == HELLO_OK && n > *left)
		c->status = HELLO_BAD;
	if (c->status != HELLO_OK)
		return false;
	*left -= n;
	return true;
}

/* RFC 6066 section 3: a list of names, of which only the one host_name counts. */
static void get_sni(struct cursor *c, size_t left, struct hello *out)
{
	size_t n;

	if (!within(c, &left, 5))
		return;
	skip(c, 2);
	if (get8(c) != 0) {
		skip(c, left + 2);
		return;
	}
	n = get16(c);
	if (!within(c, &left, n))
		return;
	if (n == 0 || n >= sizeof(out->sni)) {
		c->status = HELLO_BAD;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char ch = ascii_lower((char)get8(c));

		/* Nothing that could end a string or a line; what is a host name others decide. */
		if (c->status == HELLO_OK && (ch <= ' ' || ch > '~'))
			c->status = HELLO_BAD;
		out->sni[i] = ch;
	}
	if (out->sni[n - 1] == '.')
		n--;
	out->sni[n] = '\0';
	skip(c, left);
}

/* RFC 7301 section 3.1. */
static void get_alpn(struct cursor *c, size_t left, struct hello *out)
{
	if (!within(c, &left, 2))
		return;
	skip(c, 2);
	while (left > 0 && c->status == HELLO_OK) {
		size_t n = get8(c);
		bool fits = out->alpn_len + 1 + n <= sizeof(out->alpn);

		if (!within(c, &left, n + 1))
			return;
		if (n == 0) {
			c->status = HELLO_BAD;
			return;
		}
		if (!fits) {
			out->alpn_cut = true;
			skip(c, n);
			continue;
		}
		out->alpn[out->alpn_len++] = (char)n;
		for (size_t i = 0; i < n; i++)
			out->alpn[out->alpn_len++] = (char)get8(c);
	}
}

/* RFC 8701: 0x0a0a, 0x1a1a ... 0xfafa. */
static bool is_grease(unsigned id)
{
	return (id & 0x0f0f) == 0x0a0a && id >> 8 == (id & 255);
}

/* n octets of code points. */
static void get_ids(struct cursor *c, size_t n, struct hello_list *out)
{
	if (c->status == HELLO_OK && n % 2 != 0)
		c->status = HELLO_BAD;
	for (; n >= 2 && c->status == HELLO_OK; n -= 2) {
		unsigned id = get16(c);

		if (c->status == HELLO_OK && out->n < HELLO_LIST_MAX && !is_grease(id))
			out->ids[out->n++] = (uint16_t)id;
	}
}

/* An extension that is one vector of code points with two octets of length before it. */
static void get_id_vector(struct cursor *c, size_t left, struct hello_list *out)
{
	size_t n;

	if (!within(c, &left, 2))
		return;
	n = get16(c);
	if (c->status == HELLO_OK && n != left)
		c->status = HELLO_BAD;
	get_ids(c, n, out);
}

static void note_version(struct hello *out, unsigned version)
{
	if (version >> 8 == 3 && (version & 255) >= 1 && (version & 255) <= 16)
		out->versions = (uint16_t)(out->versions | 1u << ((version & 255) - 1));
}

/* RFC 8446 section 4.2.1; replaces what the legacy field says. */
static void get_versions(struct cursor *c, size_t left, struct hello *out)
{
	if (!within(c, &left, 1))
		return;
	skip(c, 1);
	out->versions = 0;
	for (; left >= 2 && c->status == HELLO_OK; left -= 2)
		note_version(out, get16(c));
	skip(c, left);
}

static void get_extension(struct cursor *c, size_t *left, struct hello *out)
{
	unsigned type;
	size_t n;

	if (!within(c, left, 4))
		return;
	type = get16(c);
	n = get16(c);
	if (!within(c, left, n))
		return;
	switch (type) {
	case EXT_SERVER_NAME:
		get_sni(c, n, out);
		break;
	case EXT_GROUPS:
		get_id_vector(c, n, &out->groups);
		break;
	case EXT_SIGALGS:
		get_id_vector(c, n, &out->sigalgs);
		break;
	case EXT_ALPN:
		get_alpn(c, n, out);
		break;
	case EXT_SUPPORTED_VERSIONS:
		get_versions(c, n, out);
		break;
	case EXT_ECH:
		out->has_ech = true;
		skip(c, n);
		break;
	default:
		skip(c, n);
	}
}

/* A vector with one octet of length that nobody wants. */
static void skip_vector(struct cursor *c, size_t *left)
{
	size_t n;

	if (!within(c, left, 1))
		return;
	n = get8(c);
	if (within(c, left, n))
		skip(c, n);
}

static void get_suites(struct cursor *c, size_t *left, struct hello *out)
{
	size_t n;

	if (!within(c, left, 2))
		return;
	n = get16(c);
	if (within(c, left, n))
		get_ids(c, n, &out->suites);
}

/* RFC 8446 section 4.1.2. */
static void get_hello(struct cursor *c, size_t left, struct hello *out)
{
	unsigned legacy;
	size_t extensions;

	if (!within(c, &left, 34))
		return;
	legacy = get16(c);
	for (unsigned v = 0x0301; v <= legacy && v <= 0x0303; v++)
		note_version(out, v);
	skip(c, 32);
	skip_vector(c, &left); /* legacy_session_id */
	get_suites(c, &left, out);
	skip_vector(c, &left); /* legacy_compression_methods */
	if (left == 0 || !within(c, &left, 2))
		return;
	extensions = get16(c);
	if (!within(c, &left, extensions))
		return;
	while (extensions > 0 && c->status == HELLO_OK)
		get_extension(c, &extensions, out);
	if (c->status == HELLO_OK && left != 0)
		c->status = HELLO_BAD;
}

enum hello_status hello_parse(struct slice bytes, struct hello *out)
{
	struct cursor c = { .in = bytes, .status = HELLO_OK };
	unsigned type;
	size_t n;

	*out = (struct hello){ .alpn_len = 0 };
	type = get8(&c);
	if (c.status == HELLO_OK && type != HANDSHAKE_CLIENT_HELLO)
		return HELLO_BAD;
	n = (size_t)get8(&c) << 16;
	n |= get16(&c);
	if (c.status == HELLO_OK && n > HELLO_MAX)
		return HELLO_BAD;
	if (c.status == HELLO_OK)
		get_hello(&c, n, out);
	return c.status;
}

bool hello_offers_alpn(const struct hello *h, struct slice name)
{
	for (size_t i = 0; i < h->alpn_len; i += 1 + (size_t)(unsigned char)h->alpn[i])
		if (slice_eq(slice_of(h->alpn + i + 1, (unsigned char)h->alpn[i]), name))
			return true;
	return false;
}
