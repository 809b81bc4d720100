/* The cookie-date algorithm of RFC 6265bis section 5.6.1: lenient about order and punctuation. */
#include "filters/cookie.h"

#define SECONDS_A_DAY INT64_C(86400)

struct found {
	bool time, day, month, year;
	unsigned hour, minute, second, mday, mon, full_year;
};

static bool is_delimiter(unsigned char c)
{
	return c == 0x09 || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
	       (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

/*
 * Takes min to max digits from the front of *s.  Behind them must stand no further digit, which is
 * what the grammar's ( non-digit *OCTET ) says.
 */
static bool take_digits(struct slice *s, size_t min, size_t max, unsigned *out)
{
	unsigned v = 0;
	size_t n = 0;

	while (n < s->n && n < max && ascii_digit(s->p[n]))
		v = v * 10 + (unsigned)(s->p[n++] - '0');
	if (n < min || (n < s->n && ascii_digit(s->p[n])))
		return false;
	*s = slice_skip(*s, n);
	*out = v;
	return true;
}

static bool take_colon(struct slice *s)
{
	if (s->n == 0 || s->p[0] != ':')
		return false;
	*s = slice_skip(*s, 1);
	return true;
}

static bool is_time(struct slice token, struct found *f)
{
	unsigned h, m, s;

	if (!take_digits(&token, 1, 2, &h) || !take_colon(&token) ||
	    !take_digits(&token, 1, 2, &m) || !take_colon(&token) || !take_digits(&token, 1, 2, &s))
		return false;
	f->hour = h;
	f->minute = m;
	f->second = s;
	return true;
}

static bool is_month(struct slice token, unsigned *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (unsigned i = 0; i < 12; i++) {
		if (slice_istarts(token, slice_of(names + (size_t)3 * i, 3))) {
			*month = i + 1;
			return true;
		}
	}
	return false;
}

/* Each token is the first of these that it can be and that was not found yet. */
static void read_token(struct slice token, struct found *f)
{
	struct slice at = token;

	if (!f->time && is_time(token, f))
		f->time = true;
	else if (!f->day && take_digits(&at, 1, 2, &f->mday))
		f->day = true;
	else if (!f->month && is_month(token, &f->mon))
		f->month = true;
	else if (!f->year && take_digits(&token, 2, 4, &f->full_year))
		f->year = true;
}

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t days_before(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - 1;
	int64_t days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;

	for (unsigned m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days + (int64_t)day - 1;
}

bool cookie_date_parse(struct slice text, int64_t *seconds)
{
	struct found f = { 0 };
	size_t i = 0;

	while (i < text.n) {
		size_t start;

		while (i < text.n && is_delimiter((unsigned char)text.p[i]))
			i++;
		start = i;
		while (i < text.n && !is_delimiter((unsigned char)text.p[i]))
			i++;
		if (i > start)
			read_token(slice_of(text.p + start, i - start), &f);
	}
	if (!f.time || !f.day || !f.month || !f.year)
		return false;
	if (f.full_year >= 70 && f.full_year <= 99)
		f.full_year += 1900;
	else if (f.full_year <= 69)
		f.full_year += 2000;
	if (f.full_year < 1601 || f.hour > 23 || f.minute > 59 || f.second > 59 || f.mday < 1 ||
	    f.mday > days_in_month(f.full_year, f.mon))
		return false;
	*seconds = days_before(f.full_year, f.mon, f.mday) * SECONDS_A_DAY +
		   (int64_t)f.hour * 3600 + (int64_t)f.minute * 60 + (int64_t)f.second;
	return true;
}
