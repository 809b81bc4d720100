#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The process's voice: set once by diag_init(), the rest counts repeats. */
static struct {
	const char *who;
	enum diag_level level;
	char last[512];
	time_t last_at;
	unsigned repeats;
} voice = { "crumbgate", DIAG_INFO, "", 0, 0 };

void diag_init(const char *who, enum diag_level level)
{
	voice.who = who;
	voice.level = level;
}

static void put(const char *line)
{
	char out[640];
	int n = snprintf(out, sizeof(out), "%s: %s\n", voice.who, line);
	ssize_t done;

	if (n < 0)
		return;
	if ((size_t)n >= sizeof(out))
		n = (int)sizeof(out) - 1;
	done = write(STDERR_FILENO, out, (size_t)n);
	(void)done; /* nobody is left to tell */
}

static void say(enum diag_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void say(enum diag_level level, const char *fmt, va_list ap)
{
	char line[sizeof(voice.last)];
	struct timespec now;

	if (level > voice.level)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	for (char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (strcmp(line, voice.last) == 0 && now.tv_sec - voice.last_at < 1) {
		voice.repeats++;
		return;
	}
	if (voice.repeats != 0) {
		char again[64];

		snprintf(again, sizeof(again), "(the last line %u times more)", voice.repeats);
		put(again);
	}
	voice.repeats = 0;
	voice.last_at = now.tv_sec;
	memcpy(voice.last, line, sizeof(line));
	put(line);
}

#define DIAG_FUNCTION(name, level)                                                                 \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		say(level, fmt, ap);                                                               \
		va_end(ap);                                                                        \
	}

DIAG_FUNCTION(diag_error, DIAG_ERROR)
DIAG_FUNCTION(diag_warning, DIAG_WARNING)
DIAG_FUNCTION(diag_info, DIAG_INFO)
DIAG_FUNCTION(diag_debug, DIAG_DEBUG)
