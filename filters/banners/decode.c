#include "filters/banners/decode.h"

#include "base/coding.h"

static bool replace(struct buf *at, struct buf *with)
{
	struct buf old = *at;

	*at = *with;
	*with = old;
	buf_clear(with);
	return buf_ok(at);
}

static bool one_step(struct slice step, struct buf *text, struct buf *next)
{
	if (slice_eq(step, SLICE("base64")))
		return base64_decode(buf_slice(text), next) && replace(text, next);
	if (!slice_eq(step, SLICE("percent")))
		return true;
	if (!percent_decode(buf_slice(text), next) || !replace(text, next))
		return false;
	if (buf_slice(text).n == 0 || buf_slice(text).p[0] != '%')
		return true;
	return percent_decode(buf_slice(text), next) && replace(text, next);
}

bool decode_value(struct slice code, struct slice value, struct buf *out)
{
	struct buf next;
	struct slice rest = code, step;
	bool good;

	buf_init(&next, out->max);
	good = buf_add(out, value);
	while (good && rest.p != NULL) {
		rest = slice_cut(rest, ' ', &step);
		good = one_step(step, out, &next);
	}
	buf_release(&next);
	return good;
}
