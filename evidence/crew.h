/*
 * crew.h - work on a stream in parallel, with its order kept and bounded memory.
 *
 * Each thread owns one slot and goes round: fill it with the next piece (one thread at a time, in
 * order), work on it (all at once), drain it (one thread at a time, in the order of filling). So
 * there are as many pieces in memory as threads.
 */
#ifndef CRUMBGATE_EVIDENCE_CREW_H
#define CRUMBGATE_EVIDENCE_CREW_H

#include <stdbool.h>
#include <stddef.h>

struct crew {
	void *arg;
	size_t slot_size;			/* a slot begins zeroed */
	bool (*init)(void *arg, void *slot);	/* false: no memory */
	void (*release)(void *arg, void *slot); /* also after a failed init */
	bool (*fill)(void *arg, void *slot);	/* false: no more */
	void (*work)(void *arg, void *slot);	/* nothing shared is written here */
	bool (*drain)(void *arg, void *slot);	/* false: stop */
};

/* Returns when all is drained or stopped; false when not even one slot could be had. */
bool crew_run(const struct crew *c, unsigned threads);
/* One more than the processors that this process may use: one waits while the others compute. */
unsigned crew_size(void);

#endif
