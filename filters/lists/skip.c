#include "filters/lists/skip.h"

#include "filters/url.h"

/* As long as a URL is anywhere; a hostile one grows no further. */
#define SKIP_MAX 8192u

static struct slice next_step(struct slice *steps)
{
	struct slice step;

	do
		*steps = slice_cut(*steps, ' ', &step);
	while (step.n == 0 && steps->p != NULL);
	return step;
}

static bool step_is_good(struct slice step)
{
	static const char *const words[] = { "#",	    "+https",	     "-base64",
					     "-safebase64", "-uricomponent", "-blocked" };
	uint64_t nth;

	if (step.n > 1 && step.p[0] == '?')
		return true;
	if (step.n > 1 && step.p[0] == '&')
		return slice_to_u64(slice_skip(step, 1), 100, &nth) && nth != 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq(step, slice_str(words[i])))
			return true;
	return false;
}

bool skip_is_good(struct slice steps)
{
	while (steps.p != NULL)
		if (!step_is_good(next_step(&steps)))
			return false;
	return true;
}

static int hex_value(char c)
{
	c = ascii_lower(c);
	if (ascii_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_percent(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n && s.p[i] == '%' ? hex_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;

		if (low >= 0) {
			buf_addc(out, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_addc(out, s.p[i]);
		}
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static bool decode_base64(struct slice s, struct buf *out)
{
	unsigned bits = 0, n = 0;

	while (s.n != 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		int v = base64_value(s.p[i]);

		if (v < 0)
			return false;
		bits = (bits << 6 | (unsigned)v) & 0xffffff;
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_addc(out, (char)(bits >> n & 0xff));
		}
	}
	return s.n != 0;
}

static struct slice query_of(struct slice url)
{
	url = slice_head(url, slice_find(url, '#'));
	return slice_skip(url, slice_find(url, '?') + 1);
}

static bool take_param(struct slice url, struct slice want, struct buf *out)
{
	struct slice query = query_of(url), one, name, value;

	while (query.p != NULL) {
		query = slice_cut(query, '&', &one);
		value = slice_cut(one, '=', &name);
		if (!slice_eq(name, want) || value.p == NULL)
			continue;
		decode_percent(value, out);
		return true;
	}
	return false;
}

static bool take_nth(struct slice url, struct slice number, struct buf *out)
{
	struct slice query = query_of(url), one, name;
	uint64_t nth;

	if (!slice_to_u64(number, 100, &nth))
		return false;
	while (query.p != NULL) {
		query = slice_cut(query, '&', &one);
		if (--nth != 0)
			continue;
		slice_cut(one, '=', &name);
		decode_percent(name, out);
		return true;
	}
	return false;
}

static bool follow(struct slice now, struct slice step, bool blocked, struct buf *out)
{
	if (step.p[0] == '?')
		return take_param(now, slice_skip(step, 1), out);
	if (step.p[0] == '&')
		return take_nth(now, slice_skip(step, 1), out);
	if (step.p[0] == '#')
		return buf_add(out, slice_skip(now, slice_find(now, '#') + 1));
	if (step.p[0] == '+')
		return buf_adds(out, "https://") && buf_add(out, now);
	if (slice_ends(step, SLICE("base64")))
		return decode_base64(now, out);
	if (slice_eq(step, SLICE("-uricomponent"))) {
		decode_percent(now, out);
		return true;
	}
	return blocked && buf_add(out, now);
}

/* Visible octets only: it goes into Location. */
static bool may_go_to(struct slice url)
{
	struct url_parts parts;

	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
			return false;
	return url.n < SKIP_MAX && url_split(url, &parts) &&
	       (slice_istarts(url, SLICE("http:")) || slice_istarts(url, SLICE("https:")));
}

bool skip_follow(struct slice url, struct slice steps, bool blocked, struct buf *out)
{
	struct buf a, b, *now = &a, *next = &b, *other;
	bool good = skip_is_good(steps);

	buf_init(&a, SKIP_MAX);
	buf_init(&b, SKIP_MAX);
	buf_add(now, url);
	while (good && steps.p != NULL) {
		buf_clear(next);
		good = follow(buf_slice(now), next_step(&steps), blocked, next) && buf_ok(next);
		other = now;
		now = next;
		next = other;
	}
	good = good && buf_ok(now) && may_go_to(buf_slice(now)) && !slice_eq(buf_slice(now), url) &&
	       buf_add(out, buf_slice(now));
	buf_release(&a);
	buf_release(&b);
	return good;
}
