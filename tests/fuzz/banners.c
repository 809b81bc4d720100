/*
 * libFuzzer: the first octet chooses between a Cookie field and the reports of the table, the rest
 * is the field, or query, NUL, body.  Nothing but PARTIAL and ACCEPT ever grants anything, the
 * reason holds none of what came, and the conclusion is the same however often it is drawn.
 */
#include "filters/banners/change.h"
#include "filters/banners/read.h"

#include "data/tables.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct banners *table(void)
{
	static struct banners *t;
	struct buf error;

	if (t != NULL)
		return t;
	buf_init(&error, 512);
	t = banners_new(table_banners, "banners.tsv", &error);
	if (t == NULL)
		abort();
	buf_release(&error);
	return t;
}

static void check(const struct banner_reading *r)
{
	if (r->state > BANNER_ACCEPT || (r->granted & ~BANNER_ALL) != 0 ||
	    strlen(r->why) >= BANNER_WHY_MAX)
		abort();
	if (r->granted != 0 && r->state != BANNER_PARTIAL && r->state != BANNER_ACCEPT)
		abort();
	if (r->state == BANNER_ACCEPT && r->granted != BANNER_ALL)
		abort();
	for (const char *p = r->why; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			abort();
}

/* Less consent than any of its parts, and the same from any memory's point of view. */
static void check_all(const struct banner_reading *r, size_t n, uint32_t memory)
{
	struct banner_reading all = banner_summary(r, n);
	struct banner_moment m = { .by = (enum banner_seen_by)(memory % 2),
				   .since_document_ms = memory % 2000 };
	uint32_t after = memory;

	check(&all);
	for (size_t i = 0; i < n; i++)
		if (r[i].state == BANNER_REFUSE && all.granted != 0)
			abort();
	banner_change(memory, &all, &m, &after);
	if (banner_change(after, &all, &m, &after) != BANNER_SAME && all.state != BANNER_NONE)
		abort();
}

static void read_cookies(struct slice field)
{
	static const char *const hosts[] = { "www.example.com", "www.tiktok.com" };
	struct banner_reading r[BANNER_READINGS_MAX];

	for (unsigned i = 0; i < 2; i++) {
		size_t n = banner_read_field(table(), slice_str(hosts[i]), field, r);

		for (size_t j = 0; j < n; j++)
			check(&r[j]);
		check_all(r, n, (uint32_t)(field.n * 2654435761u) >> 24);
	}
}

static void read_report(unsigned which, struct slice input)
{
	const struct banners *t = table();
	struct banner_report report = { .query = slice_head(input, slice_find(input, '\0')) };
	const struct banner_row *row = banners_at(t, which % banners_count(t));
	struct banner_reading r;
	char path[64];

	if (row->where != BANNER_CALL)
		return;
	report.body = slice_skip(input, report.query.n + 1);
	report.method = row->method;
	report.host = slice_starts(row->host, SLICE("*")) ? SLICE("a.onetrust.com") : row->host;
	report.path = row->match;
	if (row->star && row->match.n < sizeof(path) - 4) {
		memcpy(path, row->match.p, row->match.n);
		memcpy(path + row->match.n, which & 128 ? "1" : "11", which & 128 ? 1 : 2);
		report.path = slice_of(path, row->match.n + (which & 128 ? 1 : 2));
	}
	if (!banner_read_report(t, &report, &r))
		abort();
	check(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input;

	if (size == 0 || size > 70000)
		return 0;
	input = slice_of((const char *)data + 1, size - 1);
	if (data[0] == 'C')
		read_cookies(input);
	else
		read_report(data[0], input);
	return 0;
}
