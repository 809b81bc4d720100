#include "proxy/http/date.h"

static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct civil {
	unsigned year, month, day; /* month 0-11, day 1-31 */
};

/* From days since 1970, by years that begin in March, so that the leap day is the last. */
static struct civil civil_of(uint64_t day)
{
	uint64_t z = day + 719468, era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	unsigned month = (unsigned)(mp < 10 ? mp + 2 : mp - 10);

	return (struct civil){
		.year = (unsigned)(yoe + era * 400 + (month < 2 ? 1 : 0)),
		.month = month,
		.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
	};
}

static char *put(char *to, const char *from, size_t n)
{
	memcpy(to, from, n);
	return to + n;
}

static char *digits(char *to, uint64_t v, unsigned n, char behind)
{
	for (unsigned i = n; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	to[n] = behind;
	return to + n + 1;
}

bool http_date(struct buf *out, int64_t wall_ms)
{
	int64_t wall = wall_ms / 1000;
	uint64_t second = wall < 0 ? 0 : (uint64_t)(wall > LAST_SECOND ? LAST_SECOND : wall);
	uint64_t day = second / 86400, time = second % 86400;
	struct civil date = civil_of(day);
	char text[32], *to = text;

	to = put(to, days + 3 * (day % 7), 3);
	to = put(to, ", ", 2);
	to = digits(to, date.day, 2, ' ');
	to = put(to, months + 3 * (size_t)date.month, 3);
	*to++ = ' ';
	to = digits(to, date.year, 4, ' ');
	to = digits(to, time / 3600, 2, ':');
	to = digits(to, time / 60 % 60, 2, ':');
	to = digits(to, time % 60, 2, ' ');
	to = put(to, "GMT", 3);
	return buf_add(out, slice_of(text, (size_t)(to - text)));
}
