/*
 * clock.h - two times, and a virtual pair of them for tests.
 *
 * Wall time (milliseconds since 1970-01-01T00:00:00Z) goes into entries and certificates;
 * monotonic time (milliseconds since some point) drives every time-out.  Code that needs time is
 * handed a `const struct clock *` and never asks the system itself, so a test can move it.
 */
#ifndef CRUMBGATE_BASE_CLOCK_H
#define CRUMBGATE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
	/* NULL reads the system's clocks; else these two numbers are the time. */
	const int64_t *virtual_wall_ms;
	const int64_t *virtual_mono_ms;
};

extern const struct clock clock_system;

int64_t clock_wall_ms(const struct clock *c);
int64_t clock_mono_ms(const struct clock *c);

#define CLOCK_RFC3339_LEN 24
/* "2026-11-22T03:36:50.123Z", NUL-terminated: size must be at least CLOCK_RFC3339_LEN + 1. */
void clock_rfc3339(int64_t wall_ms, char *out, size_t size);
/* The reverse, exactly that form only; -1 for anything else. */
int64_t clock_parse_rfc3339(const char *p, size_t n);

#endif
