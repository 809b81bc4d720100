/* The pages of clients, and what their banners said last. */
#include "proxy/banner_parts.h"

#include "base/msg.h"
#include "proxy/cookies.h"
#include "proxy/peers.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdlib.h>

#define PAGES_MAX 8192u

struct banner_side *banner_side_new(void)
{
	return calloc(1, sizeof(struct banner_side));
}

static void forget(struct banner_side *b, struct banner_page *p)
{
	HASH_DEL(b->pages, p);
	free(p);
}

void banner_side_free(struct banner_side *b)
{
	if (b == NULL)
		return;
	while (b->pages != NULL)
		forget(b, b->pages);
	free(b);
}

struct banner_page *banner_page_find(const struct banner_side *b, const struct visitor_host *k)
{
	struct banner_page *p = NULL;

	if (k->n != 0)
		HASH_FIND(hh, b->pages, k->text, k->n, p);
	return p;
}

struct banner_page *banner_page_meet(struct banner_side *b, const struct visitor_host *k)
{
	struct banner_page *p = banner_page_find(b, k);

	if (p != NULL && p->hh.next == NULL)
		return p;
	if (p != NULL) {
		HASH_DEL(b->pages, p);
	} else if (k->n != 0 && (p = malloc(sizeof(*p) + k->n)) != NULL) {
		*p = (struct banner_page){ .answered_at = BANNER_NEVER, .key_n = k->n };
		memcpy(p->key, k->text, k->n);
	}
	if (p == NULL)
		return NULL;
	while (HASH_COUNT(b->pages) >= PAGES_MAX)
		forget(b, b->pages);
	HASH_ADD_KEYPTR(hh, b->pages, p->key, p->key_n, p);
	return p;
}

void banner_page_tell(struct worker *w, const struct banner_page *p)
{
	struct buf body;

	if (w->setup->workers < 2)
		return;
	buf_init(&body, 1024);
	msg_put_bytes(&body, slice_of(p->key, p->key_n));
	msg_put_u64(&body, p->state);
	msg_put_u64(&body, (uint64_t)p->answered_at);
	if (buf_ok(&body))
		peers_tell(w, MSG_BANNER, buf_slice(&body));
	buf_release(&body);
}

bool banner_letter(struct worker *w, struct slice body)
{
	struct visitor_host k;
	struct msg_reader r;
	uint64_t state, answered;
	struct banner_page *p;

	msg_reader_init(&r, body);
	k = visitor_host_get(&r);
	state = msg_get_u64(&r);
	answered = msg_get_u64(&r);
	if (!msg_end(&r) || k.n == 0 || state > UINT32_MAX)
		return false;
	p = banner_page_meet(w->banners, &k);
	if (p != NULL) {
		p->state = (uint32_t)state;
		if ((int64_t)answered >= 0 && (int64_t)answered <= loop_now_ms(w->loop))
			p->answered_at = (int64_t)answered;
		p->pairs = 0;
	}
	return true;
}

struct banner_page *banner_page_of(struct worker *w, const struct cookie_scene *s)
{
	struct visitor_host k;

	if (s->site.party != PARTY_FIRST)
		return NULL;
	k = visitor_host_of(s->visitor->id, slice_str(s->host));
	return s->document ? banner_page_meet(w->banners, &k) : banner_page_find(w->banners, &k);
}
