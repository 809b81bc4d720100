#include "proxy/http/h1_write.h"
#include "proxy/http/chars.h"

/* protocol-name [ "/" protocol-version ] that is neither HTTP in any version nor TLS. */
static bool may_pass(struct slice protocol)
{
	static const char *const refused[] = { "h2c", "h2", "h3", "http", "tls" };
	struct slice name, version = slice_cut(protocol, '/', &name);

	if (!chars_token(name) || (version.p != NULL && !chars_token(version)))
		return false;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (slice_ieq(name, slice_str(refused[i])))
			return false;
	return true;
}

struct slice h1_upgrade_wanted(const struct h1_request *r, const struct framing *f)
{
	const struct fields *fields = &r->fields;

	if (r->minor == 0 || r->method_id == METHOD_CONNECT || f->kind == FRAMING_CHUNKED ||
	    f->length != 0 || !fields_has_token(fields, FIELD_CONNECTION, SLICE("upgrade")))
		return SLICE("");
	for (const struct field *at = fields_find(fields, FIELD_UPGRADE); at != NULL;
	     at = fields_next(fields, at)) {
		struct slice rest = at->value, item;

		while (rest.p != NULL) {
			rest = slice_cut(rest, ',', &item);
			item = slice_trim(item);
			if (may_pass(item))
				return item;
		}
	}
	return SLICE("");
}
