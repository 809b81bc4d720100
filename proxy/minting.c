#include "proxy/minting.h"

#include "base/diag.h"
#include "base/hash.h"
#include "certs/leaf.h"
#include "filters/site.h"
#include "proxy/worker.h"

#include <stdlib.h>

TAILQ_HEAD(wait_list, minting_wait);

struct minting_host {
	UT_hash_handle hh;
	struct minting *table;
	struct wait_list waits;
	struct timer again;
	unsigned tries;
	uint32_t id;
	char name[SITE_MAX];
};

struct minting {
	struct worker *w;
	struct minting_host *hosts;
	struct timer_class again;
	uint32_t last_id;
};

struct minting *minting_new(struct worker *w)
{
	struct minting *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->w = w;
	timer_class_init(&m->again, w->loop, MINTING_AGAIN_MS);
	return m;
}

static void host_done(struct minting_host *h, bool minted)
{
	struct minting_wait *wait;

	timer_stop(&h->again);
	HASH_DEL(h->table->hosts, h);
	while ((wait = TAILQ_FIRST(&h->waits)) != NULL) {
		TAILQ_REMOVE(&h->waits, wait, next);
		wait->host = NULL;
		wait->done(wait, minted);
	}
	free(h);
}

static void put_question(struct minting_host *h);

static void on_again(struct timer *t)
{
	struct minting_host *h = LOOP_OWNER(t, struct minting_host, again);

	if (h->tries >= MINTING_TRIES || TAILQ_EMPTY(&h->waits))
		host_done(h, false);
	else
		put_question(h);
}

static void put_question(struct minting_host *h)
{
	struct worker *w = h->table->w;
	struct buf body;

	buf_init(&body, 4096);
	h->tries++;
	if (leaves_ask(w->leaves, slice_str(h->name), &body))
		(void)post_send(w->post, POST_KEEPER, MSG_MINT, h->id, buf_slice(&body));
	buf_release(&body);
	timer_start(&h->table->again, &h->again, on_again);
}

bool minting_ask(struct minting *m, struct slice host, struct minting_wait *wait,
		 void (*done)(struct minting_wait *, bool))
{
	struct minting_host *h;

	HASH_FIND(hh, m->hosts, host.p, host.n, h);
	if (h == NULL) {
		h = calloc(1, sizeof(*h));
		if (h == NULL || !slice_copy(host, h->name, sizeof(h->name))) {
			free(h);
			return false;
		}
		h->table = m;
		h->id = ++m->last_id;
		TAILQ_INIT(&h->waits);
		HASH_ADD_STR(m->hosts, name, h);
		put_question(h);
	}
	wait->host = h;
	wait->done = done;
	TAILQ_INSERT_TAIL(&h->waits, wait, next);
	return true;
}

void minting_cancel(struct minting_wait *wait)
{
	if (wait->host == NULL)
		return;
	TAILQ_REMOVE(&wait->host->waits, wait, next);
	wait->host = NULL;
}

void minting_letter(struct minting *m, const struct letter *letter)
{
	struct minting_host *h;
	struct minted minted;
	struct buf why;
	bool good;

	if (!keeper_get_minted(letter->body, &minted)) {
		diag_warning("the keeper's answer could not be read");
		return;
	}
	HASH_FIND(hh, m->hosts, minted.host.p, minted.host.n, h);
	buf_init(&why, 1024);
	good = leaves_learn(m->w->leaves, &minted, &why);
	if (!good)
		diag_warning("no certificate for %.*s: %.*s", SLICE_ARG(minted.host),
			     SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	if (h != NULL)
		host_done(h, good);
}

void minting_free(struct minting *m)
{
	struct minting_host *h, *next;

	if (m == NULL)
		return;
	HASH_ITER(hh, m->hosts, h, next)
		host_done(h, false);
	timer_class_release(&m->again);
	free(m);
}
