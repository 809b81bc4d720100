#include "filters/banners/time.h"

/* Ten digits: 2001-09-09 to 2286-11-20. */
#define TIME_MIN INT64_C(1000000000)
#define TIME_MAX INT64_C(9999999999)

/* Days since 1970-01-01 to a date of the Gregorian calendar, and back; years from March on. */
static void civil_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = z / 146097, of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

static int64_t days_of_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool has_form(struct slice s)
{
	static const char form[] = "0000-00-00T00:00:00";

	if (s.n < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? !ascii_digit(s.p[i]) : s.p[i] != form[i])
			return false;
	return true;
}

static unsigned number(struct slice s, size_t at, size_t n)
{
	uint64_t v = 0;

	slice_to_u64(slice_head(slice_skip(s, at), n), 9999, &v);
	return (unsigned)v;
}

static bool read_iso(struct slice s, int64_t *seconds)
{
	unsigned month = number(s, 5, 2), day = number(s, 8, 2), hour = number(s, 11, 2);
	unsigned minute = number(s, 14, 2), second = number(s, 17, 2);

	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	*seconds = days_of_civil(number(s, 0, 4), month, day) * 86400 + hour * 3600 + minute * 60 +
		   second;
	return true;
}

bool banner_time_read(struct slice text, int64_t *seconds)
{
	uint64_t v;

	if (has_form(text)) {
		if (!read_iso(text, seconds))
			return false;
	} else {
		if (!slice_to_u64(text, (uint64_t)TIME_MAX * 1000 + 999, &v))
			return false;
		*seconds = (int64_t)(v > (uint64_t)TIME_MAX ? v / 1000 : v);
	}
	return *seconds >= TIME_MIN && *seconds <= TIME_MAX;
}

void banner_time_write(int64_t seconds, struct buf *out)
{
	int64_t of_day = seconds % 86400, year;
	unsigned month, day;

	civil_of_days(seconds / 86400, &year, &month, &day);
	buf_addf(out, "%04lld-%02u-%02uT%02d:%02d:%02d.000Z", (long long)year, month, day,
		 (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
}
