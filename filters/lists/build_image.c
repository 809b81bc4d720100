#include "filters/lists/build_impl.h"

#include "filters/lists/keys.h"

#include <stdlib.h>

/* One index before it is written: what goes in, by key. */
struct entry {
	uint32_t key, draft;
};

struct plan {
	struct entry *entries; /* those under no key come first */
	uint32_t n, always, parts;
	unsigned bits;
};

static uint32_t slot_of(uint32_t key, unsigned bits)
{
	return (uint32_t)((uint64_t)key << bits >> 32);
}

static struct image_span append(struct build *b, struct buf *image, const void *p, size_t n)
{
	static const char zeros[8] = { 0 };
	struct image_span s = { (uint32_t)buf_slice(image).n, (uint32_t)n };

	build_add(b, image, p, n);
	build_add(b, image, zeros, (8 - n % 8) % 8);
	return s;
}

/* ---- the order ---- */

/* Sorts by slot and leaves what is in one slot in the order of drafts. */
static bool sort_plan(struct plan *p, uint32_t **directory)
{
	uint32_t slots = 1u << p->bits, *dir = calloc((size_t)slots + 1, 4), at;
	struct entry *sorted = calloc((size_t)p->n + 1, sizeof(*sorted));

	*directory = dir;
	if (dir == NULL || sorted == NULL) {
		free(sorted);
		return false;
	}
	memcpy(sorted, p->entries, p->always * sizeof(*sorted));
	for (uint32_t i = p->always; i < p->n; i++)
		dir[slot_of(p->entries[i].key, p->bits)]++;
	at = p->always;
	for (uint32_t i = 0; i <= slots; i++) {
		uint32_t n = dir[i];

		dir[i] = at;
		at += n;
	}
	for (uint32_t i = p->always; i < p->n; i++)
		sorted[dir[slot_of(p->entries[i].key, p->bits)]++] = p->entries[i];
	/* Each slot's number went on to its end, which is where the next begins. */
	memmove(dir + 1, dir, slots * sizeof(*dir));
	dir[0] = p->always;
	free(p->entries);
	p->entries = sorted;
	return true;
}

static struct image_span write_filter(struct build *b, struct buf *image, const struct plan *p)
{
	size_t words = 1;
	struct image_span s = { 0 };
	uint64_t *filter;

	/* Eight bits and more for each key: seven of eight others are told apart by one look. */
	while (words * 64 < (size_t)p->n * 8 && words < 1u << 22)
		words *= 2;
	filter = calloc(words, 8);
	if (filter == NULL) {
		b->error = "out of memory";
		return s;
	}
	for (uint32_t i = p->always; i < p->n; i++)
		filter[p->entries[i].key >> 6 & (words - 1)] |= 1ull << (p->entries[i].key & 63);
	s = append(b, image, filter, words * 8);
	free(filter);
	return s;
}

static void write_host(struct build *b, struct buf *out, const struct entry *e)
{
	const struct draft *d = draft_at(b, e->draft);
	struct image_host h = { d->rule.text, d->class, d->rule.at, (uint16_t)e->key };

	build_add(b, out, &h, sizeof(h));
}

static void write_rule(struct build *b, struct buf *out, const struct entry *e)
{
	struct image_rule r = draft_at(b, e->draft)->rule;

	r.tag = (uint8_t)e->key;
	build_add(b, out, &r, sizeof(r));
}

static void write_index(struct build *b, struct buf *image, struct plan *p, bool hosts,
			struct image_index *out)
{
	uint32_t *directory = NULL;
	struct buf records;

	while ((2u << p->bits) < p->n - p->always && p->bits < 24)
		p->bits++;
	if (!sort_plan(p, &directory)) {
		b->error = "out of memory";
		free(directory);
		return;
	}
	buf_init(&records, IMAGE_MAX);
	for (uint32_t i = 0; i < p->n; i++)
		(hosts ? write_host : write_rule)(b, &records, &p->entries[i]);
	out->records = append(b, image, buf_slice(&records).p, buf_slice(&records).n);
	out->directory = append(b, image, directory, ((size_t)(1u << p->bits) + 1) * 4);
	out->filter = write_filter(b, image, p);
	out->bits = p->bits;
	out->always = p->always;
	out->parts = p->parts;
	buf_release(&records);
	free(directory);
}

/* ---- what goes into each ---- */

static void write_hosts(struct build *b, struct buf *image, bool allow, struct image_index *out)
{
	size_t n = draft_count(b);
	struct plan p = { .entries = calloc(n + 1, sizeof(*p.entries)) };

	if (p.entries == NULL) {
		b->error = "out of memory";
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct draft *d = draft_at(b, i);
		struct slice host;

		if (!d->host || (d->realm == REALM_ALLOW) != allow)
			continue;
		host = slice_head(slice_skip(buf_slice(&b->text), d->rule.text + d->rule.at),
				  d->rule.pattern_n);
		p.entries[p.n++] = (struct entry){ host_hash(host), (uint32_t)i };
	}
	write_index(b, image, &p, true, out);
	free(p.entries);
}

static void add_entry(struct plan *p, const struct filing *f)
{
	p->entries[p->n++] = (struct entry){ f->key, f->draft };
	p->parts += f->part;
}

static void write_realm(struct build *b, struct buf *image, const struct buf *filings,
			unsigned realm, struct image_index *out)
{
	const struct filing *f = (const void *)buf_slice(filings).p;
	size_t n = buf_slice(filings).n / sizeof(*f);
	struct plan p = { .entries = calloc(n + 1, sizeof(*p.entries)) };

	if (p.entries == NULL) {
		b->error = "out of memory";
		return;
	}
	for (unsigned keyed = 0; keyed < 2; keyed++) {
		for (size_t i = 0; i < n; i++)
			if (f[i].realm == realm && f[i].always == !keyed)
				add_entry(&p, &f[i]);
		if (keyed == 0)
			p.always = p.n;
	}
	write_index(b, image, &p, false, out);
	free(p.entries);
}

static void write_sections(struct build *b, struct buf *image, struct image_header *h)
{
	const struct buf *const from[SECTIONS] = {
		[SECTION_TEXT] = &b->text,	 [SECTION_LISTS] = &b->lists,
		[SECTION_CLASSES] = &b->classes, [SECTION_OPTIONS] = &b->options,
		[SECTION_SETS] = &b->sets,	 [SECTION_REGEXES] = &b->regexes,
		[SECTION_LEFT] = &b->left,
	};

	for (unsigned i = 0; i < SECTIONS; i++) {
		if (i == SECTION_COUNTS)
			h->section[i] = append(b, image, b->counts, sizeof(b->counts));
		else
			h->section[i] =
				append(b, image, buf_slice(from[i]).p, buf_slice(from[i]).n);
	}
}

static uint32_t rules_of(struct build *b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < draft_count(b); i++)
		n += draft_counts(draft_at(b, i));
	return n;
}

bool build_image(struct build *b, const struct buf *filings, struct buf *image)
{
	const size_t summed = offsetof(struct image_header, version);
	struct image_header h = { .magic = IMAGE_MAGIC, .version = IMAGE_VERSION };
	char *at;

	h.rules = rules_of(b);
	h.source = lists_digest(b->in);
	append(b, image, &h, sizeof(h));
	write_sections(b, image, &h);
	for (unsigned i = 0; i < 2 && b->error == NULL; i++)
		write_hosts(b, image, i == 1, &h.hosts[i]);
	for (unsigned i = 0; i < REALMS && b->error == NULL; i++)
		write_realm(b, image, filings, i, &h.realm[i]);
	if (b->error != NULL || !buf_ok(image))
		return false;
	h.size = buf_slice(image).n;
	at = image->mem + image->off;
	memcpy(at, &h, sizeof(h));
	h.checksum = image_checksum(IMAGE_VERSION, at + summed, h.size - summed);
	memcpy(at, &h, sizeof(h));
	return true;
}
