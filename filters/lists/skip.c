#include "filters/lists/skip.h"

#include "base/coding.h"
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

static bool take_param(struct slice url, struct slice want, struct buf *out)
{
	struct slice query = url_query(url), one, name, value;

	while (query.p != NULL) {
		query = slice_cut(query, '&', &one);
		value = slice_cut(one, '=', &name);
		if (!slice_eq(name, want) || value.p == NULL)
			continue;
		percent_decode(value, out);
		return true;
	}
	return false;
}

static bool take_nth(struct slice url, struct slice number, struct buf *out)
{
	struct slice query = url_query(url), one, name;
	uint64_t nth;

	if (!slice_to_u64(number, 100, &nth))
		return false;
	while (query.p != NULL) {
		query = slice_cut(query, '&', &one);
		if (--nth != 0)
			continue;
		slice_cut(one, '=', &name);
		percent_decode(name, out);
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
		return base64_decode(now, out);
	if (slice_eq(step, SLICE("-uricomponent"))) {
		percent_decode(now, out);
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
