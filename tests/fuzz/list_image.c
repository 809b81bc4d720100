/*
 * libFuzzer: a compiled filter list that somebody made up.  The input changes an image that was
 * compiled from a list of everything: each five octets are a place (four) and what is put there.  The
 * sum is put right, so that what it does not guard is what is tested.
 */
#include "filters/lists/build.h"
#include "filters/lists/format.h"
#include "filters/lists/modify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char list[] =
	"||ads.example^\n||b.ads.example^$third-party,important\n"
	"/banner[0-9]+/$script,domain=a.example|~b.a.example|/^n/|c.*\n"
	"/Track.js?$to=x.org|y.*,denyallow=z.org,method=post|~get\n@@||ok.example/x^$match-case\n"
	"||h.example^$header=via:/v/\n||r.example^$script,redirect=noopjs:3\n$removeparam=gclid\n"
	"$removeparam=/^utm_/,domain=news.example\n||c.example^$cookie=/a/;maxAge=3\n$cookie=_ga\n"
	"||f.example^$removeheader=refresh\n||p.example^$permissions=a=()|b=()\n"
	"||s.example^$urlskip=?u\n@@||n.example^$cname\n0.0.0.0 h1.example h2.example\n##.ad\n"
	"||x^$app=y\n$script,domain=only.example\n";

static const struct buf *original(void)
{
	struct lists_text one = { SLICE("fuzz"), SLICE(list) };
	struct lists_input in = { .texts = &one, .n = 1 };
	static struct buf image;
	struct buf error;

	if (image.mem != NULL)
		return &image;
	buf_init(&error, 256);
	buf_init(&image, LISTS_IMAGE_BYTES_MAX);
	if (!lists_build(&in, &image, &error))
		abort();
	buf_release(&error);
	return &image;
}

static void ask(const struct lists *l, struct query *q, const char *url, enum lists_type type)
{
	const struct query_field field = { SLICE("Via"), SLICE("v") };
	struct query_facts facts = { .url = slice_str(url),
				     .source = SLICE("https://news.example/"),
				     .type = type,
				     .method = SLICE("POST"),
				     .fields = &field,
				     .fields_n = 1 };
	struct lists_field fields[4];
	struct lists_cookie cookie;
	struct lists_left left;
	struct lists_verdict v;
	struct lists_rule by;
	size_t list_at_fault;
	struct buf out;

	buf_init(&out, 16384);
	if (!query_set(q, &facts))
		abort();
	lists_match(l, q, &v);
	(void)lists_gave_up(l, q, &list_at_fault);
	(void)lists_await_answer(l, q);
	lists_match_answer(l, q, &v);
	lists_strip(l, q, &out, &by, 1);
	lists_match_cookie(l, q, SLICE("_ga"), &cookie);
	lists_match_fields(l, q, fields, 4);
	lists_skip(l, q, true, &out, &by);
	for (size_t i = 0; i < 8 && lists_left(l, i, &left); i++)
		lists_name(l, left.list);
	buf_release(&out);
}

static void change(char *image, size_t n, const uint8_t *data, size_t size)
{
	struct image_header *h = (void *)image;
	const size_t summed = offsetof(struct image_header, version);

	for (; size >= 5; data += 5, size -= 5) {
		uint32_t at;

		memcpy(&at, data, 4);
		image[at % n] = (char)data[4];
	}
	h->magic = IMAGE_MAGIC;
	h->version = IMAGE_VERSION;
	h->size = n;
	h->checksum = image_checksum(IMAGE_VERSION, image + summed, n - summed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice from = buf_slice(original());
	static struct sites *sites;
	static struct query *q;
	struct buf error;
	struct lists *l;
	char *image;

	if (q == NULL) {
		sites = sites_new(SITES_BUILTIN);
		q = query_new(sites);
	}
	image = malloc(from.n);
	if (image == NULL)
		return 0;
	memcpy(image, from.p, from.n);
	change(image, from.n, data, size);
	buf_init(&error, 256);
	l = lists_open(slice_of(image, from.n), &error);
	if (l != NULL) {
		ask(l, q, "https://b.ads.example/banner12/track.js?gclid=1&utm_a=2", LISTS_SCRIPT);
		ask(l, q, "https://r.example/ok.example/x/", LISTS_DOCUMENT);
		ask(l, q, "https://s.example/?u=https://c.example", LISTS_DOCUMENT);
		ask(l, q, "http://p.example/h.example/f.example/", LISTS_FRAME);
	}
	lists_free(l);
	buf_release(&error);
	free(image);
	return 0;
}
