/* A line of the log, read. */
#include "evidence/entry_impl.h"

#include "base/clock.h"

struct cursor {
	const char *p, *end;
	char *scratch;
};

static bool take(struct cursor *c, const char *text, size_t n)
{
	if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

static int hex_digit(char c)
{
	if (ascii_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of one escape; only those that json_bytes() writes. */
static bool take_escape(struct cursor *c, char *out)
{
	const char *p = c->p;
	int hi, lo;

	if (p[0] != '\\')
		return false;
	if (c->end - p >= 2 && (p[1] == '"' || p[1] == '\\')) {
		*out = p[1];
		c->p += 2;
		return true;
	}
	if (c->end - p < 6 || memcmp(p, "\\u00", 4) != 0)
		return false;
	hi = hex_digit(p[4]);
	lo = hex_digit(p[5]);
	if (hi < 0 || lo < 0)
		return false;
	*out = (char)(hi * 16 + lo);
	if (entry_in_set(&entry_plain_set, *out) || *out == '"' || *out == '\\')
		return false;
	c->p += 6;
	return true;
}

static bool take_string(struct cursor *c, struct slice *out)
{
	const char *start;
	char *to;

	if (!take(c, "\"", 1))
		return false;
	start = c->p;
	while (c->p < c->end && entry_in_set(&entry_plain_set, *c->p))
		c->p++;
	if (c->p == c->end)
		return false;
	if (*c->p == '"') {
		*out = slice_of(start, (size_t)(c->p++ - start));
		return true;
	}
	to = c->scratch;
	memcpy(to, start, (size_t)(c->p - start));
	to += c->p - start;
	while (c->p < c->end && *c->p != '"') {
		if (entry_in_set(&entry_plain_set, *c->p))
			*to++ = *c->p++;
		else if (!take_escape(c, to++))
			return false;
	}
	if (c->p == c->end)
		return false;
	c->p++;
	*out = slice_of(c->scratch, (size_t)(to - c->scratch));
	c->scratch = to;
	return true;
}

/* A word or hexadecimal digits: nothing in them is ever escaped. */
static bool take_token(struct cursor *c, const struct entry_set *set, struct slice *out)
{
	const char *p = c->p;

	if (p == c->end || *p++ != '"')
		return false;
	while (p < c->end && entry_in_set(set, *p))
		p++;
	if (p == c->end || *p != '"')
		return false;
	*out = slice_of(c->p + 1, (size_t)(p - c->p - 1));
	c->p = p + 1;
	return true;
}

static bool take_u64(struct cursor *c, uint64_t *out)
{
	const char *start = c->p;
	uint64_t v = 0;

	while (c->p < c->end && ascii_digit(*c->p) && c->p - start < 17)
		v = v * 10 + (uint64_t)(*c->p++ - '0');
	if (c->p == start || (*start == '0' && c->p - start > 1) || v >= ENTRY_NUMBER_MAX) {
		c->p = start;
		return false;
	}
	*out = v;
	return true;
}

static bool take_i64(struct cursor *c, int64_t *out)
{
	const char *start = c->p;
	bool minus = take(c, "-", 1);
	uint64_t v;

	if (!take_u64(c, &v) || (minus && v == 0)) {
		c->p = start;
		return false;
	}
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool take_time(struct cursor *c, int64_t *out)
{
	if (c->end - c->p < CLOCK_RFC3339_LEN + 2 || c->p[0] != '"' ||
	    c->p[CLOCK_RFC3339_LEN + 1] != '"')
		return false;
	*out = clock_parse_rfc3339(c->p + 1, CLOCK_RFC3339_LEN);
	if (*out < 0)
		return false;
	c->p += CLOCK_RFC3339_LEN + 2;
	return true;
}

static bool take_bool(struct cursor *c, bool *out)
{
	*out = take(c, "true", 4);
	return *out || take(c, "false", 5);
}

static bool take_value(struct cursor *c, struct entry *e, const struct entry_field *f)
{
	void *p = entry_at_mut(e, f);
	bool ok = false;

	switch ((enum entry_type)f->type) {
	case TYPE_WORD:
		ok = take_token(c, &entry_word_set, p) && ((struct slice *)p)->n - 1 < f->cap;
		break;
	case TYPE_HEX:
		ok = take_token(c, &entry_hex_set, p) && ((struct slice *)p)->n == f->cap;
		break;
	case TYPE_BYTES:
		ok = take_string(c, p) && ((struct slice *)p)->n <= f->cap;
		break;
	case TYPE_U64:
		ok = take_u64(c, p);
		break;
	case TYPE_I64:
		ok = take_i64(c, p);
		break;
	case TYPE_TIME:
	case TYPE_TIME_OR_ABSENT:
		ok = take_time(c, p);
		break;
	case TYPE_BOOL:
		ok = take_bool(c, p);
		break;
	case TYPE_LITERAL:
		ok = true;
		break;
	}
	return ok;
}

/* True: the last field of what is not there, if it may be missing. */
static bool may_miss(const struct entry_field *fields, const struct entry_field **at)
{
	const struct entry_field *f = *at;

	if (f->type == TYPE_TIME_OR_ABSENT)
		return true;
	if (f->group == GROUP_NONE || (f != fields && f[-1].group == f->group))
		return false;
	while (f[1].group == f->group)
		f++;
	*at = f;
	return true;
}

static bool take_kind(struct cursor *c, enum entry_kind *kind)
{
	static const char text[] = ",\"kind\":";
	const char *start = c->p;
	struct slice word;

	if (take(c, text, sizeof(text) - 1) && take_string(c, &word) && entry_kind_of(word, kind))
		return true;
	c->p = start;
	return false;
}

static bool take_line(struct cursor *c, struct entry *e)
{
	static const char head[] = "{\"v\":1,\"n\":";
	enum entry_kind kind;
	uint64_t n;
	int64_t t;

	if (!take(c, head, sizeof(head) - 1) || !take_u64(c, &n) || !take(c, ",\"t\":", 5) ||
	    !take_time(c, &t) || !take_kind(c, &kind))
		return false;
	entry_init(e, kind, t);
	e->n = n;
	for (const struct entry_field *f = entry_fields(kind); f->text != NULL; f++) {
		if (!take(c, f->text, f->text_len)) {
			if (!may_miss(entry_fields(kind), &f))
				return false;
			continue;
		}
		if (!take_value(c, e, f) || !entry_is_there(e, f))
			return false;
	}
	return take(c, "}", 1) && c->p == c->end;
}

bool entry_parse(struct slice line, char *scratch, struct entry *e, size_t *where)
{
	struct cursor c = { line.p, line.p + line.n, scratch };

	if (line.n > ENTRY_LINE_MAX) {
		*where = ENTRY_LINE_MAX;
		return false;
	}
	if (take_line(&c, e))
		return true;
	*where = (size_t)(c.p - line.p);
	return false;
}
