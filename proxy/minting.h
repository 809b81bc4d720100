/*
 * minting.h - asks the keeper for a leaf certificate, once for a host however many wait.
 *
 * The keeper may have died with the question: it is put again every MINTING_AGAIN_MS, and after
 * MINTING_TRIES all that wait are told no.
 */
#ifndef CRUMBGATE_PROXY_MINTING_H
#define CRUMBGATE_PROXY_MINTING_H

#include "base/post.h"
#include "proxy/net/loop.h"

#include <sys/queue.h>

#define MINTING_AGAIN_MS 1000
#define MINTING_TRIES 8

struct minting;
struct worker;

/* Embedded by whoever waits. */
struct minting_wait {
	TAILQ_ENTRY(minting_wait) next;
	struct minting_host *host; /* NULL: not waiting */
	void (*done)(struct minting_wait *wait, bool minted);
};

struct minting *minting_new(struct worker *w);
void minting_free(struct minting *m);
/* Called back from the loop, once.  False: cannot be asked. */
bool minting_ask(struct minting *m, struct slice host, struct minting_wait *wait,
		 void (*done)(struct minting_wait *, bool));
void minting_cancel(struct minting_wait *wait);
/* MSG_MINTED. */
void minting_letter(struct minting *m, const struct letter *letter);

#endif
