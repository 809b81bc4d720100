/*
 * See watch.h.
 */
#include "tests/bench/watch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 64

/* The process and all below it. */
static unsigned tree(pid_t top, pid_t *pids)
{
	unsigned n = 1;

	pids[0] = top;
	for (unsigned at = 0; at < n; at++) {
		char path[64], text[4096], *next;
		FILE *f;
		size_t got;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pids[at],
			 (int)pids[at]);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		got = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		text[got] = '\0';
		for (char *p = text; n < MOST; p = next) {
			long pid = strtol(p, &next, 10);

			if (next == p)
				break;
			pids[n++] = (pid_t)pid;
		}
	}
	return n;
}

static uint64_t cpu_of(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The number behind "NAME:" in a file of /proc, or 0. */
static uint64_t number_in(pid_t pid, const char *file, const char *name)
{
	char path[64], line[256];
	uint64_t value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name), NULL, 10);
	fclose(f);
	return value;
}

static unsigned fds_of(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return 0;
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

uint64_t watch_cpu_ns(pid_t pid)
{
	pid_t pids[MOST];
	unsigned n = tree(pid, pids);
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += cpu_of(pids[i]);
	return sum;
}

void watch_read(pid_t pid, struct watch *w)
{
	pid_t pids[MOST];

	*w = (struct watch){ .processes = tree(pid, pids) };
	for (unsigned i = 0; i < w->processes; i++) {
		w->cpu_ns += cpu_of(pids[i]);
		w->pss_kib += number_in(pids[i], "smaps_rollup", "Pss:");
		w->rss_kib += number_in(pids[i], "status", "VmRSS:");
		w->fds += fds_of(pids[i]);
	}
}
