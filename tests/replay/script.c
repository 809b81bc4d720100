#include "tests/replay/script.h"

#include "proxy/http/chars.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES (4u * 1024 * 1024)
#define OPTIONS_MAX 32
#define SETTLE_TURNS 20
#define SHOWN_MAX 600

struct player {
	struct script *script;
	struct stage stage;
	unsigned line;
	struct slice rest;  /* of the script */
	struct end *sender; /* who has `unsent` */
	struct buf unsent, text;
	size_t entry_at;
};

static bool fail(struct player *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct player *p, const char *fmt, ...)
{
	char *why = p->script->why;
	size_t size = sizeof(p->script->why);
	int n = snprintf(why, size, "line %u: ", p->line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(why + n, size - (size_t)n, fmt, args);
	va_end(args);
	return false;
}

/* For people: controls are shown as the script writes them. */
static const char *shown(struct slice s, char out[SHOWN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < SHOWN_MAX - 8; i++) {
		if (s.p[i] >= ' ' && s.p[i] <= '~')
			out[n++] = s.p[i];
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x", (unsigned char)s.p[i]);
	}
	out[n] = '\0';
	return out;
}

/* ---- text ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unescape(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\0';

		if (c != '\\') {
			buf_addc(out, c);
			continue;
		}
		i++;
		if (next == 'x' && i + 2 < s.n && hex_digit(s.p[i + 1]) >= 0 &&
		    hex_digit(s.p[i + 2]) >= 0) {
			buf_addc(out, (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2])));
			i += 2;
		} else if (next == 'r' || next == 'n' || next == 't' || next == '\\') {
			buf_addc(out, next == 'r'   ? '\r'
				      : next == 'n' ? '\n'
				      : next == 't' ? '\t'
						    : '\\');
		} else {
			return false;
		}
	}
	return buf_ok(out);
}

/* The bytes that a line with this character behind its arrow is about, into p->text. */
static bool line_text(struct player *p, char kind, struct slice s)
{
	uint64_t times = 1;
	struct slice count;

	buf_clear(&p->text);
	if (kind == '*') {
		s = slice_cut(s, ' ', &count);
		if (!slice_to_u64(count, LINE_MAX_BYTES, &times))
			return fail(p, "how often?");
	}
	for (uint64_t i = 0; i < times; i++)
		if (!unescape(&p->text, s))
			return fail(p, "an unknown escape, or too much text");
	if (kind == ' ')
		buf_adds(&p->text, "\r\n");
	return true;
}

/* ---- what is sent ---- */

static void send_by_octet(struct player *p, struct stream *s, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		stream_write(s, slice_of(bytes.p + i, 1));
		stage_turn(&p->stage);
		stage_turn(&p->stage);
	}
}

static bool is_sent(void *arg)
{
	return stream_queued(arg) == 0;
}

/* What was gathered goes out at once, as one write. */
static bool flush(struct player *p)
{
	struct slice bytes = buf_slice(&p->unsent);
	struct end *e = p->sender;
	bool sent = true;

	p->sender = NULL;
	if (e == NULL || bytes.n == 0)
		return true;
	if (e->stream == NULL || e->reset) {
		sent = fail(p, "there is nobody left to send to");
	} else if (p->script->by_octet) {
		send_by_octet(p, e->stream, bytes);
	} else {
		stream_write(e->stream, bytes);
		stage_turn(&p->stage);
		sent = e->reset || stage_wait(&p->stage, is_sent, e->stream) ||
		       fail(p, "the proxy does not read");
	}
	buf_clear(&p->unsent);
	return sent;
}

static bool do_send(struct player *p, struct end *e, char kind, struct slice text)
{
	if (kind == '|' || kind == '!') {
		if (!flush(p) || e->stream == NULL)
			return false;
		if (kind == '|') {
			stream_shutdown_write(e->stream);
		} else {
			stream_close(e->stream, STREAM_RESET);
			e->stream = NULL;
		}
		stage_turn(&p->stage);
		return true;
	}
	if (!line_text(p, kind, text) || (p->sender != e && !flush(p)))
		return false;
	p->sender = e;
	return buf_add(&p->unsent, buf_slice(&p->text)) || fail(p, "too much text");
}

/* ---- what is expected ---- */

struct expectation {
	struct end *end;
	struct slice text;
	char kind;
};

static size_t find(struct slice in, struct slice what)
{
	for (size_t i = 0; i + what.n <= in.n; i++)
		if (memcmp(in.p + i, what.p, what.n) == 0)
			return i;
	return in.n;
}

static bool is_settled(void *arg)
{
	const struct expectation *x = arg;
	struct slice got = buf_slice(&x->end->got);

	if (x->end->eof || x->end->reset)
		return true;
	if (x->kind == '|' || x->kind == '!')
		return got.n != 0;
	if (x->kind == '~')
		return find(got, x->text) != got.n;
	return got.n >= x->text.n || !slice_starts(x->text, got);
}

static bool take(struct player *p, const struct expectation *x)
{
	char want[SHOWN_MAX], have[SHOWN_MAX];
	struct slice got = buf_slice(&x->end->got);
	size_t at = x->kind == '~' ? find(got, x->text) : 0;

	if (slice_starts(slice_skip(got, at), x->text)) {
		buf_take(&x->end->got, at + x->text.n);
		return true;
	}
	return fail(p, "expected \"%s\", got \"%s\"%s", shown(x->text, want), shown(got, have),
		    x->end->reset ? ", then a reset"
		    : x->end->eof ? ", then the end"
				  : "");
}

static bool do_expect(struct player *p, struct end *e, char kind, struct slice text)
{
	struct expectation x = { .end = e, .kind = kind };
	char have[SHOWN_MAX];

	if (!flush(p) || !line_text(p, kind, text))
		return false;
	x.text = buf_slice(&p->text);
	(void)stage_wait(&p->stage, is_settled, &x);
	if (kind != '|' && kind != '!')
		return take(p, &x);
	if (e->got.len != 0 || !(kind == '|' ? e->eof && !e->reset : e->reset))
		return fail(p, "expected %s, got \"%s\"%s", kind == '|' ? "the end" : "a reset",
			    shown(buf_slice(&e->got), have),
			    e->reset ? ", then a reset"
			    : e->eof ? ", then the end"
				     : "");
	return true;
}

/* ---- lines that are no arrows ---- */

static void settle(struct player *p)
{
	for (int i = 0; i < SETTLE_TURNS; i++)
		stage_turn(&p->stage);
}

static bool holds_all(struct slice line, struct slice words)
{
	struct slice word;

	while (words.p != NULL) {
		words = slice_cut(words, ' ', &word);
		if (find(line, word) == line.n)
			return false;
	}
	return true;
}

static bool do_entry(struct player *p, struct slice words)
{
	struct slice rest = slice_skip(buf_slice(&p->stage.entries), p->entry_at), line;

	while (rest.n != 0) {
		size_t n = slice_find(rest, '\n') + 1;

		line = slice_head(rest, n);
		rest = slice_skip(rest, n);
		p->entry_at += n;
		if (holds_all(line, words))
			return true;
	}
	return fail(p, "nothing like it in\n%.*s", SLICE_ARG(buf_slice(&p->stage.entries)));
}

static bool do_choice(struct player *p, struct slice args)
{
	char site[256], choice[16];
	struct slice head;

	args = slice_cut(args, ' ', &head);
	return (args.p != NULL && slice_copy(head, site, sizeof(site)) &&
		slice_copy(args, choice, sizeof(choice)) &&
		stage_choice(&p->stage, site, choice)) ||
	       fail(p, "choice SITE refused|accepted");
}

static bool do_alias(struct player *p, struct slice args)
{
	struct slice host;
	char name[256];

	args = slice_cut(args, ' ', &host);
	if (args.p == NULL || !slice_copy(args, name, sizeof(name)))
		return fail(p, "alias HOST NAME");
	stage_alias(&p->stage, host, name);
	return true;
}

static bool do_command(struct player *p, struct slice line)
{
	struct slice word, args = slice_cut(line, ' ', &word);
	uint64_t n = 0;

	if (!flush(p))
		return false;
	settle(p);
	if (slice_eq(word, SLICE("entry")))
		return do_entry(p, args);
	if (slice_eq(word, SLICE("choice")))
		return do_choice(p, args);
	if (slice_eq(word, SLICE("alias")))
		return do_alias(p, args);
	if (slice_eq(word, SLICE("drain"))) {
		stage_drain(&p->stage);
		return true;
	}
	if (slice_eq(word, SLICE("nothing-recorded")))
		return p->entry_at == p->stage.entries.len ||
		       fail(p, "recorded:\n%.*s", SLICE_ARG(buf_slice(&p->stage.entries)));
	if (!slice_to_u64(args, 1000000000, &n))
		return fail(p, "not a line of a script");
	if (slice_eq(word, SLICE("time"))) {
		stage_advance(&p->stage, (int64_t)n);
		return true;
	}
	if (slice_eq(word, SLICE("origins")))
		return p->stage.origins_n == n ||
		       fail(p, "%zu connections to origins", p->stage.origins_n);
	return fail(p, "not a line of a script");
}

/* ---- lines ---- */

static bool next_line(struct player *p, struct slice *line)
{
	if (p->rest.p == NULL || p->rest.n == 0)
		return false;
	p->rest = slice_cut(p->rest, '\n', line);
	p->line++;
	return true;
}

static bool is_comment(struct slice line)
{
	return slice_trim(line).n == 0 || line.p[0] == '#';
}

/* "O2>. text": who, which way, what kind, and the text.  False: no arrow. */
struct arrow {
	bool origin, out;
	size_t number;
	char kind;
	struct slice text;
};

static bool read_arrow(struct slice line, struct arrow *a)
{
	size_t i = 0;

	*a = (struct arrow){ .kind = ' ' };
	a->origin = line.p[0] == 'O';
	i += a->origin ? 1 : 0;
	if (i < line.n && line.p[i] >= '1' && line.p[i] <= '8')
		a->number = (size_t)(line.p[i++] - '1');
	if (i == line.n || (line.p[i] != '>' && line.p[i] != '<'))
		return false;
	a->out = line.p[i++] == '>';
	if (i < line.n && line.p[i] != ' ')
		a->kind = line.p[i++];
	if (i < line.n && line.p[i] == ' ')
		i++;
	a->text = slice_skip(line, i);
	return a->kind == ' ' || strchr(a->out ? ".*|!" : ".*~|!", a->kind) != NULL;
}

static bool do_line(struct player *p, struct slice line)
{
	struct arrow a;
	struct end *e;

	if (!read_arrow(line, &a))
		return do_command(p, line);
	if (a.origin && p->sender != NULL &&
	    !(a.out && p->sender >= p->stage.origins &&
	      p->sender < p->stage.origins + STAGE_ENDS) &&
	    !flush(p))
		return false;
	e = a.origin ? stage_origin(&p->stage, a.number) : stage_client(&p->stage, a.number);
	if (e == NULL)
		return fail(p, "there is no such connection");
	return a.out ? do_send(p, e, a.kind, a.text) : do_expect(p, e, a.kind, a.text);
}

/* One more rule; the list is an option of the proxy from its first one on. */
static size_t add_rule(struct player *p, struct slice line, char *options[OPTIONS_MAX], size_t n)
{
	struct slice name, rule = slice_cut(line, ' ', &name);
	char path[PATH_MAX];
	bool known = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%.*s", p->script->state, SLICE_ARG(name));
	for (size_t i = 0; i < n; i++)
		known = known || strcmp(options[i], path) == 0;
	f = fopen(path, known ? "a" : "w");
	if (f == NULL)
		return n;
	fprintf(f, "%.*s\n", SLICE_ARG(rule));
	fclose(f);
	if (!known && n + 2 <= OPTIONS_MAX) {
		options[n++] = strdup("--list");
		options[n++] = strdup(path);
	}
	return n;
}

static void remove_lists(const struct player *p, char *const *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_starts(slice_str(options[i]), slice_str(p->script->state)))
			(void)remove(options[i]);
}

static size_t read_options(struct player *p, char *options[OPTIONS_MAX])
{
	struct slice line, before = p->rest, word;
	size_t n = 0;

	while (n < OPTIONS_MAX && next_line(p, &line)) {
		bool option = slice_starts(line, SLICE("option "));
		bool list = slice_starts(line, SLICE("list "));

		if (list)
			n = add_rule(p, slice_skip(line, 5), options, n);
		if (!option && !list && !is_comment(line)) {
			p->rest = before;
			p->line--;
			break;
		}
		before = p->rest;
		line = option ? slice_skip(line, 7) : slice_of(NULL, 0);
		while (line.p != NULL && n < OPTIONS_MAX) {
			line = slice_cut(line, ' ', &word);
			options[n++] = strndup(word.p, word.n);
		}
	}
	return n;
}

static bool nothing_left(struct player *p)
{
	char have[SHOWN_MAX];

	settle(p);
	for (size_t i = 0; i < 2 * STAGE_ENDS; i++) {
		const struct end *e =
			i < STAGE_ENDS ? &p->stage.clients[i] : &p->stage.origins[i - STAGE_ENDS];

		if (e->got.len != 0)
			return fail(p, "at the end %s %zu had got \"%s\"",
				    i < STAGE_ENDS ? "client" : "origin", i % STAGE_ENDS + 1,
				    shown(buf_slice(&e->got), have));
	}
	return true;
}

static bool play(struct player *p)
{
	struct slice line;

	while (next_line(p, &line))
		if (!is_comment(line) && !do_line(p, line))
			return false;
	return flush(p) && nothing_left(p);
}

bool script_run(struct script *s)
{
	struct player p = { .script = s, .rest = s->text };
	char *options[OPTIONS_MAX];
	size_t n;
	bool good;

	buf_init(&p.unsent, LINE_MAX_BYTES);
	buf_init(&p.text, LINE_MAX_BYTES);
	n = read_options(&p, options);
	if (stage_open(&p.stage, s->state, options, n)) {
		good = play(&p);
		if (!stage_close(&p.stage) && good)
			good = fail(
				&p,
				"at the end somebody was still served, or an entry was no replay");
	} else {
		good = fail(&p, "the worker does not start");
	}
	remove_lists(&p, options, n);
	for (size_t i = 0; i < n; i++)
		free(options[i]);
	buf_release(&p.unsent);
	buf_release(&p.text);
	return good;
}
