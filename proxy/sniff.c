#include "proxy/sniff.h"

#define METHOD_MAX 32u

static bool is_method_char(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* " HTTP/1.1", whatever the digits. */
static bool ends_in_version(struct slice line)
{
	struct slice tail = line.n >= 9 ? slice_skip(line, line.n - 9) : slice_of("", 0);

	return slice_starts(tail, SLICE(" HTTP/")) && ascii_digit(tail.p[6]) && tail.p[7] == '.' &&
	       ascii_digit(tail.p[8]);
}

enum sniff sniff_http(struct slice in)
{
	size_t method = 0, end;
	struct slice line;

	if (slice_eq(in, SLICE("\r")))
		return SNIFF_MORE;
	if (slice_starts(in, SLICE("\r\n")))
		in = slice_skip(in, 2);
	while (method < in.n && is_method_char(in.p[method]))
		method++;
	if (method > METHOD_MAX)
		return SNIFF_OTHER;
	if (method == in.n)
		return SNIFF_MORE; /* nothing yet, or a method so far */
	if (method == 0 || in.p[method] != ' ')
		return SNIFF_OTHER;
	end = slice_find(in, '\n');
	if (end == in.n)
		return in.n < SNIFF_MAX ? SNIFF_MORE : SNIFF_HTTP;
	line = slice_head(in, end);
	if (line.p[line.n - 1] == '\r')
		line.n--;
	return ends_in_version(line) ? SNIFF_HTTP : SNIFF_OTHER;
}
