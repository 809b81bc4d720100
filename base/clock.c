#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct clock clock_system = { NULL, NULL };

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_ms(const struct clock *c)
{
	return c->virtual_wall_ms != NULL ? *c->virtual_wall_ms : read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(const struct clock *c)
{
	return c->virtual_mono_ms != NULL ? *c->virtual_mono_ms : read_ms(CLOCK_MONOTONIC);
}

/*
 * Days since 1970-01-01 to the civil date, proleptic Gregorian (Howard Hinnant's days_from_civil,
 * reversed).
 */
static void civil(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)((int64_t)yoe + era * 400 + (*month <= 2));
}

static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
	int64_t era;
	unsigned yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + (int64_t)doe - 719468;
}

/* Each entry of the log holds two or three times, so this path is a hot one: no printf. */
static void digits(char *out, int n, unsigned v)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		out[i] = (char)('0' + v % 10);
}

void clock_rfc3339(int64_t wall_ms, char *out, size_t size)
{
	int64_t day_ms = 86400000;
	int64_t days = wall_ms >= 0 ? wall_ms / day_ms : -((-wall_ms + day_ms - 1) / day_ms);
	unsigned ms = (unsigned)(wall_ms - days * day_ms);
	unsigned month, day;
	int year;

	civil(days, &year, &month, &day);
	if (year < 0 || year > 9999) {
		snprintf(out, size, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month, day,
			 ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
		return;
	}
	if (size <= CLOCK_RFC3339_LEN)
		return;
	memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_RFC3339_LEN + 1);
	digits(out, 4, (unsigned)year);
	digits(out + 5, 2, month);
	digits(out + 8, 2, day);
	digits(out + 11, 2, ms / 3600000);
	digits(out + 14, 2, ms / 60000 % 60);
	digits(out + 17, 2, ms / 1000 % 60);
	digits(out + 20, 3, ms % 1000);
}

static bool number(const char *p, int n, unsigned *out)
{
	unsigned v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(p[i] - '0');
	}
	*out = v;
	return true;
}

static unsigned month_days(unsigned y, unsigned m)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m == 2 && leap ? 29 : days[m - 1];
}

int64_t clock_parse_rfc3339(const char *p, size_t n)
{
	unsigned y, mo, d, h, mi, s, ms;
	int64_t t;

	if (n != CLOCK_RFC3339_LEN || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' ||
	    p[16] != ':' || p[19] != '.' || p[23] != 'Z')
		return -1;
	if (!number(p, 4, &y) || !number(p + 5, 2, &mo) || !number(p + 8, 2, &d) ||
	    !number(p + 11, 2, &h) || !number(p + 14, 2, &mi) || !number(p + 17, 2, &s) ||
	    !number(p + 20, 3, &ms))
		return -1;
	if (mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || s > 59)
		return -1;
	t = ((days_from_civil((int64_t)y, mo, d) * 24 + h) * 60 + mi) * 60 + s;
	return t * 1000 + ms;
}
