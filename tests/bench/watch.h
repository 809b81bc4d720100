/*
 * watch.h - what a process and its children have cost so far: processor time, memory, descriptors.
 *
 *	struct watch w;
 *
 *	watch_read(pid, &w);	// all of it
 *	watch_cpu_ns(pid);	// the time alone, cheap enough to be read at the edges of a run
 *
 * Linux only.  What may not be read (another user's memory) counts as 0.
 */
#ifndef CRUMBGATE_BENCH_WATCH_H
#define CRUMBGATE_BENCH_WATCH_H

#include <stdint.h>
#include <sys/types.h>

struct watch {
	unsigned processes, fds;
	uint64_t cpu_ns;
	uint64_t pss_kib, rss_kib; /* pss: shared pages divided by who shares them */
};

void watch_read(pid_t pid, struct watch *w);
uint64_t watch_cpu_ns(pid_t pid);

#endif
