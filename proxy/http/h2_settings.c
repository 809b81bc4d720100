#include "proxy/http/h2_parts.h"

/* What a browser announces for itself is more than a proxy for thousands needs. */
#define LIKE_STREAM_WINDOW (6u << 20)
#define LIKE_WINDOW (16u << 20)
#define LIKE_TABLE (64u * 1024)
#define LIKE_FRAME (64u * 1024)
#define LIKE_LIST (256u * 1024)

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t list_size(const struct h2_session *s)
{
	return s->config.max_head > UINT32_MAX ? UINT32_MAX : (uint32_t)s->config.max_head;
}

static void put(struct h2_settings *to, uint32_t id, uint32_t value)
{
	if (to->n == H2_SETTINGS_MAX)
		return;
	to->v[to->n].id = (uint16_t)id;
	to->v[to->n++].value = value;
}

/* False: not announced. */
static bool tame(uint16_t id, uint32_t *value)
{
	switch (id) {
	case NGHTTP2_SETTINGS_HEADER_TABLE_SIZE:
		*value = least(*value, LIKE_TABLE);
		return true;
	case NGHTTP2_SETTINGS_ENABLE_PUSH:
		*value = 0;
		return true;
	case NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS:
		return true;
	case NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE:
		*value = least(*value, LIKE_STREAM_WINDOW);
		return true;
	case NGHTTP2_SETTINGS_MAX_FRAME_SIZE:
		*value = least(*value, LIKE_FRAME);
		return *value >= 16384;
	case NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE:
		/*
		 * Advisory (section 10.5.1): what is larger than our own cap is refused when it
		 * comes.
		 */
		*value = least(*value, LIKE_LIST);
		return true;
	case NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES:
		return *value <= 1;
	default:
		return false;
	}
}

static bool has(const struct h2_settings *set, uint16_t id)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].id == id)
			return true;
	return false;
}

/* The browser's own, in its order, each once. */
static void put_like(const struct h2_session *s, struct h2_settings *to)
{
	const struct h2_settings *like = s->config.like;

	if (!has(like, NGHTTP2_SETTINGS_ENABLE_PUSH))
		to->n = 0;
	for (size_t i = 0; i < like->n && i < H2_SETTINGS_MAX; i++) {
		uint32_t value = like->v[i].value;

		if (!has(to, like->v[i].id) && tame(like->v[i].id, &value))
			put(to, like->v[i].id, value);
	}
	if (has(to, NGHTTP2_SETTINGS_ENABLE_PUSH))
		return;
	/* It must be there: push is on unless it says no. */
	if (to->n == H2_SETTINGS_MAX)
		to->n--;
	put(to, NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
}

static void put_own(const struct h2_session *s, struct h2_settings *to)
{
	bool server = s->config.side == H2_SERVER;

	if (server)
		put(to, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, s->config.max_streams);
	else
		put(to, NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
	put(to, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, s->config.stream_window);
	put(to, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, list_size(s));
	if (server && s->config.extended_connect)
		put(to, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1);
	if (server) /* RFC 9218: no tree to be built and flooded */
		put(to, NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1);
}

bool h2_settings_submit(struct h2_session *s)
{
	const struct h2_settings *like = s->config.like;
	struct h2_settings set = { .n = 0 };
	nghttp2_settings_entry entries[H2_SETTINGS_MAX];
	uint32_t window = s->config.window;

	if (s->config.side == H2_CLIENT && like != NULL && like->n != 0) {
		put_like(s, &set);
		window = like->window != 0 ? least(like->window, LIKE_WINDOW) : 65535;
	} else {
		put_own(s, &set);
	}
	for (size_t i = 0; i < set.n; i++)
		entries[i] = (nghttp2_settings_entry){ set.v[i].id, set.v[i].value };
	return nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, entries, set.n) == 0 &&
	       (window <= 65535 ||
		nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 0,
						      (int32_t)least(window, INT32_MAX)) == 0);
}

void h2_offer_extended_connect(struct h2_session *s)
{
	const nghttp2_settings_entry entry = { NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 };

	if (s->broken || s->config.extended_connect)
		return;
	s->config.extended_connect =
		nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, &entry, 1) == 0;
}

/* Octets of one setting. */
#define SETTING 6u

bool h2_preface_offers_extended_connect(struct slice in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t n;

	if (in.n < H2_FRAME_HEAD || p[3] != NGHTTP2_SETTINGS || (p[4] & NGHTTP2_FLAG_ACK) != 0)
		return false;
	n = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
	if (n > in.n - H2_FRAME_HEAD)
		return false;
	for (size_t at = H2_FRAME_HEAD; at + SETTING <= H2_FRAME_HEAD + n; at += SETTING)
		if (p[at] == 0 && p[at + 1] == NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL)
			return p[at + 5] == 1;
	return false;
}

void h2_settings_received(struct h2_session *s, const nghttp2_settings *frame)
{
	for (size_t i = 0; i < frame->niv; i++) {
		uint32_t id = (uint32_t)frame->iv[i].settings_id;
		size_t at = 0;

		while (at < s->peer.n && s->peer.v[at].id != id)
			at++;
		if (at < s->peer.n)
			s->peer.v[at].value = frame->iv[i].value;
		else
			put(&s->peer, id, frame->iv[i].value);
	}
	s->settled = true;
}

void h2_window_received(struct h2_session *s, uint32_t increment)
{
	if (s->settled && !s->opened && s->peer.window == 0 && increment <= INT32_MAX - 65535)
		s->peer.window = 65535 + increment;
	s->opened = true;
}

const struct h2_settings *h2_peer_settings(const struct h2_session *s)
{
	return &s->peer;
}

bool h2_peer_extended_connect(const struct h2_session *s)
{
	return !s->broken && nghttp2_session_get_remote_settings(
				     s->ng, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}
