#include "cmd/explain_out.h"

#include "base/json.h"
#include "cmd/evidence.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define OUT_MAX ((size_t)8 * 1024 * 1024)
#define SENTENCE_MAX 1001
#define LABEL_WIDTH 16

void out_init(struct explain_out *o, bool json)
{
	*o = (struct explain_out){ .json = json };
	buf_init(&o->text, OUT_MAX);
	if (json)
		json_open(&o->text, '{');
}

void out_release(struct explain_out *o)
{
	buf_release(&o->text);
}

bool out_finish(struct explain_out *o)
{
	bool good;

	if (o->json) {
		json_close(&o->text, '}');
		buf_addc(&o->text, '\n');
	}
	good = buf_ok(&o->text);
	if (good)
		fwrite(buf_slice(&o->text).p, 1, buf_slice(&o->text).n, stdout);
	else
		fprintf(stderr,
			"crumbgate explain: there is more to say than 8 MiB, or no memory\n");
	out_release(o);
	return good;
}

/* ---- form ---- */

static void indent(struct explain_out *o)
{
	for (unsigned i = 0; i < o->depth; i++)
		buf_adds(&o->text, "  ");
}

/* False: an item's facts are in its line already. */
static bool label(struct explain_out *o, const char *key)
{
	size_t width = LABEL_WIDTH;

	if (o->json) {
		json_key(&o->text, key);
		return true;
	}
	if (o->items != 0)
		return false;
	indent(o);
	for (const char *p = key; *p != '\0'; p++)
		buf_addc(&o->text, *p == '_' ? ' ' : *p);
	for (size_t n = strlen(key); n < width; n++)
		buf_addc(&o->text, ' ');
	buf_addc(&o->text, ' ');
	return true;
}

static void end(struct explain_out *o)
{
	if (!o->json)
		buf_addc(&o->text, '\n');
}

static void paragraph(struct explain_out *o, const char *key)
{
	indent(o);
	for (const char *p = key; *p != '\0'; p++)
		buf_addc(&o->text, *p == '_' ? ' ' : *p);
	buf_adds(&o->text, ":\n");
	o->depth++;
}

void out_open(struct explain_out *o, const char *key)
{
	if (o->json) {
		json_key(&o->text, key);
		json_open(&o->text, '{');
	} else if (o->items == 0) {
		paragraph(o, key);
	}
}

void out_close(struct explain_out *o)
{
	if (o->json)
		json_close(&o->text, '}');
	else if (o->items == 0)
		o->depth--;
}

void out_list(struct explain_out *o, const char *key)
{
	if (o->json) {
		json_key(&o->text, key);
		json_open(&o->text, '[');
	} else {
		paragraph(o, key);
	}
}

void out_list_close(struct explain_out *o)
{
	if (o->json)
		json_close(&o->text, ']');
	else
		o->depth--;
}

void out_item(struct explain_out *o)
{
	o->items++;
	if (!o->json)
		return;
	json_item(&o->text);
	json_open(&o->text, '{');
}

void out_item_close(struct explain_out *o)
{
	o->items--;
	if (o->json)
		json_close(&o->text, '}');
}

/* ---- values ---- */

void out_bytes(struct explain_out *o, const char *key, struct slice v)
{
	if (!label(o, key))
		return;
	if (o->json)
		json_bytes(&o->text, v);
	else
		put_plain(&o->text, v);
	end(o);
}

void out_str(struct explain_out *o, const char *key, const char *v)
{
	out_bytes(o, key, slice_str(v));
}

void out_u64(struct explain_out *o, const char *key, uint64_t v)
{
	if (!label(o, key))
		return;
	buf_add_u64(&o->text, v);
	end(o);
}

void out_i64(struct explain_out *o, const char *key, int64_t v)
{
	if (!label(o, key))
		return;
	buf_addf(&o->text, "%" PRId64, v);
	end(o);
}

void out_bool(struct explain_out *o, const char *key, bool v)
{
	if (!label(o, key))
		return;
	if (o->json)
		json_bool(&o->text, v);
	else
		buf_adds(&o->text, v ? "yes" : "no");
	end(o);
}

void out_permille(struct explain_out *o, const char *key, unsigned v)
{
	if (!label(o, key))
		return;
	buf_addf(&o->text, "%u.%03u", v / 1000, v % 1000);
	end(o);
}

void out_say(struct explain_out *o, const char *key, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out_str(o, key, text);
}

bool out_line(struct explain_out *o)
{
	if (!o->json)
		indent(o);
	return !o->json;
}

void out_line_close(struct explain_out *o)
{
	end(o);
}
