#include "evidence/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define THREADS_MAX 65u

struct state {
	const struct crew *c;
	pthread_mutex_t input, turn;
	pthread_cond_t next;
	unsigned long filled, drained; /* pieces; filled is guarded by input, drained by turn */
	bool stop;		       /* guarded by turn */
	bool any;		       /* some thread had a slot; guarded by turn */
};

static bool stopped(struct state *s)
{
	bool stop;

	pthread_mutex_lock(&s->turn);
	stop = s->stop;
	pthread_mutex_unlock(&s->turn);
	return stop;
}

static bool take_piece(struct state *s, void *slot, unsigned long *number)
{
	bool got;

	pthread_mutex_lock(&s->input);
	got = !stopped(s) && s->c->fill(s->c->arg, slot);
	if (got)
		*number = s->filled++;
	pthread_mutex_unlock(&s->input);
	return got;
}

static void give_piece(struct state *s, void *slot, unsigned long number)
{
	pthread_mutex_lock(&s->turn);
	while (s->drained != number)
		pthread_cond_wait(&s->next, &s->turn);
	if (!s->stop && !s->c->drain(s->c->arg, slot))
		s->stop = true;
	s->drained++;
	pthread_cond_broadcast(&s->next);
	pthread_mutex_unlock(&s->turn);
}

static void *member(void *arg)
{
	struct state *s = arg;
	void *slot = calloc(1, s->c->slot_size);
	unsigned long number;

	if (slot == NULL)
		return NULL;
	if (s->c->init(s->c->arg, slot)) {
		pthread_mutex_lock(&s->turn);
		s->any = true;
		pthread_mutex_unlock(&s->turn);
		while (take_piece(s, slot, &number)) {
			s->c->work(s->c->arg, slot);
			give_piece(s, slot, number);
		}
	}
	s->c->release(s->c->arg, slot);
	free(slot);
	return NULL;
}

bool crew_run(const struct crew *c, unsigned threads)
{
	struct state s = { .c = c,
			   .input = PTHREAD_MUTEX_INITIALIZER,
			   .turn = PTHREAD_MUTEX_INITIALIZER,
			   .next = PTHREAD_COND_INITIALIZER };
	pthread_t others[THREADS_MAX];
	unsigned started = 0;

	while (started + 1 < threads && started < THREADS_MAX &&
	       pthread_create(&others[started], NULL, member, &s) == 0)
		started++;
	member(&s);
	while (started > 0)
		pthread_join(others[--started], NULL);
	return s.any;
}

unsigned crew_size(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	if (n < 2)
		return 1;
	return n + 1 < (int)THREADS_MAX ? (unsigned)n + 1 : THREADS_MAX;
}
