/*
 * libFuzzer: one Set-Cookie field value.  Whatever it is, its slices lie in it, its lifetime is one
 * of the documented values, and what the store would say does not depend on how often it is asked.
 */
#include "filters/cookie.h"
#include "filters/expire.h"
#include "filters/shape.h"
#include "filters/site.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct slice part, struct slice whole)
{
	if (part.n != 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void check_shape(struct slice value)
{
	struct value_shape s, again;
	char text[SHAPE_TEXT_MAX];

	value_shape_of(value, &s);
	shape_write(&s, text);
	if (!shape_parse(slice_str(text), &again) || again.form != s.form ||
	    again.length != s.length || again.classes != s.classes || again.entropy != s.entropy)
		abort();
}

static void check_expiry_line(void *arg, struct slice line)
{
	const struct slice *name = arg;
	struct set_cookie c;

	if (!set_cookie_parse(line, &c) || !slice_eq(c.name, *name) ||
	    set_cookie_lifetime_s(&c, 1) != LIFETIME_DELETES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sites *sites;
	struct slice line = slice_of((const char *)data, size);
	struct cookie_context ctx = { SLICE("www.shop.co.uk"), true, false };
	struct expire_facts expire = {
		.host = ctx.host, .site = SLICE("shop.co.uk"), .target = SLICE("/a"), .secure = true
	};
	struct set_cookie c;
	int64_t life;

	if (sites == NULL)
		sites = sites_new(SITES_BUILTIN);
	check_shape(line);
	if (!set_cookie_parse(line, &c))
		return 0;
	inside(c.name, line);
	inside(c.value, line);
	inside(c.domain, line);
	inside(c.path, line);
	if (c.name.n + c.value.n > COOKIE_PAIR_MAX || c.has_domain != (c.domain.n != 0))
		abort();
	life = set_cookie_lifetime_s(&c, 1795305600);
	if (life < LIFETIME_SESSION || life > COOKIE_LIFETIME_MAX_S)
		abort();
	if (set_cookie_would_store(sites, &c, &ctx) != set_cookie_would_store(sites, &c, &ctx))
		abort();
	/* A parsed name that can be written at all is written so that it is parsed again. */
	expire.name = c.name;
	expire.target = c.path;
	expire.tries = (unsigned)size % EXPIRE_TRIES_MAX;
	expire_lines(&expire, check_expiry_line, &c.name);
	return 0;
}
