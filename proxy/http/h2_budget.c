#include "proxy/http/h2_budget.h"

#include <nghttp2/nghttp2.h>

#define PREFACE 24
/* Of a PRIORITY frame, and its first part. */
#define PRIORITY_LENGTH 5
#define DEPENDENCY 4
/* DATA shorter than this is mostly overhead. */
#define TINY 16

static const struct {
	int32_t most, a_second;
} buckets[H2_COSTS] = {
	/*
	 * A page of 100 images that is left resets them at once; maps do so again and again, but
	 * load more.
	 */
	[H2_COST_RESET] = { 500, 50 },
	/* One each is usual, three were seen. */
	[H2_COST_SETTINGS] = { 50, 2 },
	/* gRPC sends one for each round trip of data, which earns them. */
	[H2_COST_PING] = { 300, 20 },
	/* Chromium: two or three and a frame of an unknown type for each request. */
	[H2_COST_PRIORITY] = { 1000, 50 },
	/* At most two for each DATA frame, or one for each few KiB; both earn more. */
	[H2_COST_WINDOW] = { 4000, 200 },
	[H2_COST_EMPTY] = { 200, 10 },
	/* Messages of a few octets may go on for hours. */
	[H2_COST_TINY] = { 20000, 2000 },
	/* A request's head is 1 to 10 KiB. */
	[H2_COST_HEAD] = { 16384, 1024 },
};

void h2_budget_init(struct h2_budget *b, int64_t now_ms)
{
	b->at_ms = now_ms;
	for (size_t i = 0; i < H2_COSTS; i++)
		b->left[i] = buckets[i].most;
}

void h2_earn(struct h2_budget *b, enum h2_cost cost, size_t n)
{
	int32_t most = buckets[cost].most;

	if (n >= (size_t)most || b->left[cost] >= most - (int32_t)n)
		b->left[cost] = most;
	else
		b->left[cost] += (int32_t)n;
}

void h2_budget_time(struct h2_budget *b, int64_t now_ms)
{
	int64_t seconds;

	if (now_ms < b->at_ms)
		b->at_ms = now_ms;
	seconds = (now_ms - b->at_ms) / 1000;
	if (seconds == 0)
		return;
	b->at_ms += seconds * 1000;
	if (seconds > 1000)
		seconds = 1000;
	for (size_t i = 0; i < H2_COSTS; i++)
		h2_earn(b, (enum h2_cost)i, (size_t)(seconds * buckets[i].a_second));
}

bool h2_spend(struct h2_budget *b, enum h2_cost cost, size_t n)
{
	if (n > (size_t)buckets[cost].most || b->left[cost] < (int32_t)n) {
		b->left[cost] = 0;
		return false;
	}
	b->left[cost] -= (int32_t)n;
	return true;
}

void h2_earn_request(struct h2_budget *b)
{
	h2_earn(b, H2_COST_RESET, 1);
	h2_earn(b, H2_COST_PING, 1);
	h2_earn(b, H2_COST_PRIORITY, 4);
	h2_earn(b, H2_COST_HEAD, 16);
}

void h2_earn_sent(struct h2_budget *b, size_t n)
{
	h2_earn(b, H2_COST_WINDOW, 2 + n / 1024);
}

void h2_meter_init(struct h2_meter *m, bool preface)
{
	*m = (struct h2_meter){ .skip = preface ? PREFACE : 0 };
}

static bool meter_data(struct h2_budget *b, size_t length, uint8_t flags)
{
	if (length >= TINY) {
		h2_earn(b, H2_COST_PING, 1);
		return true;
	}
	if ((flags & NGHTTP2_FLAG_END_STREAM) != 0)
		return true;
	return h2_spend(b, length == 0 ? H2_COST_EMPTY : H2_COST_TINY, 1);
}

static bool meter_frame(struct h2_budget *b, uint8_t type, uint8_t flags, size_t length)
{
	switch (type) {
	case NGHTTP2_DATA:
		return meter_data(b, length, flags);
	case NGHTTP2_HEADERS:
		return h2_spend(b, H2_COST_HEAD, 1);
	case NGHTTP2_CONTINUATION: /* nghttp2 counts these for each block */
	case NGHTTP2_PUSH_PROMISE: /* an error of the connection */
		return true;
	case NGHTTP2_RST_STREAM:
		return h2_spend(b, H2_COST_RESET, 1);
	case NGHTTP2_SETTINGS:
		return h2_spend(b, H2_COST_SETTINGS, 1);
	case NGHTTP2_PING:
		return h2_spend(b, H2_COST_PING, 1);
	case NGHTTP2_WINDOW_UPDATE:
		return h2_spend(b, H2_COST_WINDOW, 1);
	default:
		return h2_spend(b, H2_COST_PRIORITY, 1);
	}
}

/* A stream that depends on itself, or no stream at all. */
static bool is_bad_priority(const uint8_t head[13])
{
	uint8_t stream[4] = { head[5] & 0x7f, head[6], head[7], head[8] };
	uint8_t parent[4] = { head[9] & 0x7f, head[10], head[11], head[12] };
	static const uint8_t none[4];

	return memcmp(stream, parent, 4) == 0 || memcmp(stream, none, 4) == 0;
}

/* Octets to be read before the frame is judged. */
static size_t needed(const struct h2_meter *m)
{
	static const uint8_t priority[] = { 0, 0, PRIORITY_LENGTH, NGHTTP2_PRIORITY };

	return m->have >= H2_FRAME_HEAD && memcmp(m->head, priority, sizeof(priority)) == 0
		       ? H2_FRAME_HEAD + DEPENDENCY
		       : H2_FRAME_HEAD;
}

/* False: `in` is used up. */
static bool gather(struct h2_meter *m, struct slice *in)
{
	while (m->have < needed(m)) {
		size_t n = needed(m) - m->have;

		if (in->n == 0)
			return false;
		if (n > in->n)
			n = in->n;
		memcpy(m->head + m->have, in->p, n);
		*in = slice_skip(*in, n);
		m->have = (uint8_t)(m->have + n);
	}
	return true;
}

int32_t h2_meter_stream(const struct h2_meter *m)
{
	return (int32_t)((uint32_t)(m->head[5] & 0x7f) << 24 | (uint32_t)m->head[6] << 16 |
			 (uint32_t)m->head[7] << 8 | m->head[8]);
}

enum h2_metered h2_meter_feed(struct h2_meter *m, struct h2_budget *b, struct slice *in)
{
	for (;;) {
		size_t n = in->n < m->skip ? in->n : m->skip, length;

		*in = slice_skip(*in, n);
		m->skip -= (uint32_t)n;
		if (m->skip != 0 || !gather(m, in))
			return H2_METER_GOOD;
		m->judged = m->have;
		if (m->have > H2_FRAME_HEAD && is_bad_priority(m->head))
			return H2_METER_BAD;
		length = (size_t)m->head[0] << 16 | (size_t)m->head[1] << 8 | m->head[2];
		m->skip = (uint32_t)(length - (m->have - (size_t)H2_FRAME_HEAD));
		m->have = 0;
		if (!meter_frame(b, m->head[3], m->head[4], length))
			return H2_METER_TOO_MUCH;
		if (m->head[3] == NGHTTP2_DATA)
			return H2_METER_DATA;
	}
}
