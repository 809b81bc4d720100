#include "base/config_file.h"

#include "base/config_value.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * libconfuse knows the line of what it reads but not the column, so the reader follows it through
 * the text: values and keys come in order, and each is looked for behind the one before it.
 */
#define UNKNOWN_MAX 16

/* Unknown keys, at the top or in a profile. */
struct unknown {
	char *names[UNKNOWN_MAX];
	size_t n;
};

struct reader {
	const char *name;
	struct slice text;
	struct buf *why;
	struct config_settings *out;
	struct config_place at;	 /* behind the last token found */
	struct config_place end; /* of the text */
	bool failed;
	/*
	 * libconfuse ends at an unknown key.  So it is asked once more, with that key allowed and
	 * its value ignored, and only what the last pass says besides counts.
	 */
	struct unknown top, in_profile;
	bool again;
	bool full; /* there was no memory */
	struct buf besides;
};

/* libconfuse's callbacks carry no argument of ours (its scanner is global as well). */
static _Thread_local struct reader *reader_now;

static void complain(struct reader *r, struct config_place p, const char *what)
{
	buf_addf(&r->besides, "%s:%u:%u: %s\n", r->name, p.line, p.column, what);
	r->failed = true;
}

static bool is_unknown(const struct unknown *u, struct slice name)
{
	for (size_t i = 0; i < u->n; i++)
		if (slice_eq(slice_str(u->names[i]), name))
			return true;
	return false;
}

/* True when it is new, and the next pass can allow it. */
static bool add_unknown(struct unknown *u, struct slice name)
{
	char *copy;

	if (u->n == UNKNOWN_MAX || name.n == 0 || is_unknown(u, name))
		return false;
	copy = config_copy(name);
	if (copy != NULL)
		u->names[u->n++] = copy;
	return copy != NULL;
}

static void release_unknown(struct unknown *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->names[i]);
}

static struct slice line_of(struct slice text, unsigned line)
{
	struct slice rest = text, one = { "", 0 };

	while (rest.p != NULL && line-- > 0)
		rest = slice_cut(rest, '\n', &one);
	return one;
}

/* ---- before libconfuse: what it would take without a word ---- */

enum scan { PLAIN, WORD, COMMENT_LINE, COMMENT_BLOCK, DOUBLE, SINGLE };

/* A list in a section in the file. */
#define BRACES_MAX 2

struct scanner {
	enum scan state;
	struct config_place here, began;
	struct slice rest;
	struct config_place braces[BRACES_MAX];
	size_t depth;
};

static bool scan_starts(const struct scanner *s, const char *with)
{
	return slice_starts(s->rest, slice_str(with));
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What is wrong with the byte at the front, outside of comments; NULL: nothing. */
static const char *scan_complaint(const struct scanner *s, char c)
{
	if (scan_starts(s, "${") && s->state != SINGLE)
		return "environment variables are not read here; write the value itself";
	if (s->state == DOUBLE || s->state == SINGLE)
		return c == '\n' ? "a quoted value ends on its own line; add the closing quote"
				 : NULL;
	if (c == '*')
		return "a value with '*' must stand in quotes; write \"*.host.example\"";
	if (c == '(' || c == ')')
		return "functions such as include() are not known here; remove it";
	return NULL;
}

/* The state behind the byte (or two: *took) at the front. */
static enum scan scan_next(const struct scanner *s, char c, size_t *took)
{
	switch (s->state) {
	case COMMENT_LINE:
		return c == '\n' ? PLAIN : COMMENT_LINE;
	case COMMENT_BLOCK:
		if (!scan_starts(s, "*/"))
			return COMMENT_BLOCK;
		*took = 2;
		return PLAIN;
	case DOUBLE:
	case SINGLE:
		if (c == '\\' && s->rest.n > 1)
			*took = s->rest.p[1] == '\n' ? 1 : 2;
		return c == (s->state == DOUBLE ? '"' : '\'') ? PLAIN : s->state;
	default:
		break;
	}
	if (c == '"' || c == '\'')
		return c == '"' ? DOUBLE : SINGLE;
	if (c == '#' || scan_starts(s, "//"))
		return COMMENT_LINE;
	if (scan_starts(s, "/*")) {
		*took = 2;
		return COMMENT_BLOCK;
	}
	return blank(c) || strchr("={},+", c) != NULL ? PLAIN : WORD;
}

/* libconfuse takes the end of the file for a missing '}'. */
static const char *scan_brace(struct scanner *s, char c)
{
	if (c == '{' && s->depth == BRACES_MAX)
		return "there are too many '{' around this; remove one";
	if (c == '{')
		s->braces[s->depth++] = s->here;
	else if (c == '}' && s->depth != 0)
		s->depth--;
	return NULL;
}

static void scan_step(struct scanner *s, size_t took)
{
	for (size_t i = 0; i < took; i++) {
		s->here.column++;
		if (s->rest.p[i] == '\n')
			s->here = (struct config_place){ s->here.line + 1, 1 };
	}
	s->rest = slice_skip(s->rest, took);
}

/* Characters and quotes; the grammar is libconfuse's. */
static bool scan(struct reader *r)
{
	struct scanner s = { .state = PLAIN, .here = { 1, 1 }, .rest = r->text };

	while (s.rest.n != 0 && !r->failed) {
		char c = s.rest.p[0];
		bool comment = s.state == COMMENT_LINE || s.state == COMMENT_BLOCK;
		size_t took = 1;
		enum scan next = scan_next(&s, c, &took);
		bool opens = next != s.state && next != PLAIN && next != WORD;
		const char *wrong = comment || opens ? NULL : scan_complaint(&s, c);

		if (((unsigned char)c < 0x20 && !blank(c)) || c == 0x7f)
			wrong = "a control character cannot stand here; remove it";
		if (wrong == NULL && next == PLAIN && took == 1)
			wrong = scan_brace(&s, c);
		if (wrong != NULL)
			complain(r, s.here, wrong);
		if (opens)
			s.began = s.here;
		s.state = next;
		scan_step(&s, took);
	}
	r->end = s.here;
	if (!r->failed && s.state == COMMENT_BLOCK)
		complain(r, s.began, "this comment has no end; add */");
	if (!r->failed && (s.state == DOUBLE || s.state == SINGLE))
		complain(r, s.began, "this quote has no end; add the closing quote");
	if (!r->failed && s.depth != 0)
		complain(r, s.braces[s.depth - 1], "this '{' has no end; add '}'");
	return !r->failed;
}

/* ---- places ---- */

static bool token_byte(char c)
{
	return !blank(c) && strchr("={},\"'#", c) == NULL;
}

/* The column of the word in the line, at or behind `from`; 0: it is not there. */
static unsigned find_word(struct slice line, unsigned from, struct slice word)
{
	for (size_t i = from > 0 ? from - 1 : 0; word.n != 0 && i + word.n <= line.n; i++) {
		bool open = i == 0 || !token_byte(line.p[i - 1]) || !token_byte(word.p[0]);
		bool shut = i + word.n == line.n || !token_byte(line.p[i + word.n]);

		if (open && shut && memcmp(line.p + i, word.p, word.n) == 0)
			return (unsigned)i + 1;
	}
	return 0;
}

static unsigned first_word(struct slice line, unsigned from)
{
	size_t i = from > 0 ? from - 1 : 0;

	while (i < line.n && (blank(line.p[i]) || line.p[i] == ','))
		i++;
	return (unsigned)(i < line.n ? i : line.n) + 1;
}

/* Finds the word on the line and moves behind it; else the first word that was not read. */
static struct config_place place_of(struct reader *r, int at_line, struct slice word)
{
	struct config_place p = { at_line > 0 ? (unsigned)at_line : 1, 0 };
	unsigned from = p.line == r->at.line ? r->at.column : 1;

	p.column = find_word(line_of(r->text, p.line), from, word);
	if (p.column == 0) {
		p.column = first_word(line_of(r->text, p.line), from);
		word.n = 0;
	}
	r->at = (struct config_place){ p.line, p.column + (unsigned)word.n };
	return p;
}

/* Backwards from the line to the top; {line, 1} when it is nowhere. */
static struct config_place place_before(const struct reader *r, int at_line, struct slice word)
{
	struct config_place p = { at_line > 0 ? (unsigned)at_line : 1, 0 };

	for (unsigned line = p.line; line > 0; line--) {
		p.column = find_word(line_of(r->text, line), 1, word);
		if (p.column == 0)
			continue;
		p.line = line;
		return p;
	}
	p.column = 1;
	return p;
}

/* ---- libconfuse's callbacks ---- */

static bool keep(struct reader *r, const struct option_row *row, char *value,
		 struct config_place at)
{
	struct config_setting *more = realloc(r->out->v, (r->out->n + 1) * sizeof(*more));

	if (more == NULL || value == NULL) {
		if (more != NULL)
			r->out->v = more;
		free(value);
		complain(r, at, "there is no memory left");
		r->full = true;
		return false;
	}
	r->out->v = more;
	r->out->v[r->out->n++] = (struct config_setting){ row, value, at };
	return true;
}

/* "minors" and "10.0.0.0/8" as the command line has it: "minors=10.0.0.0/8". */
static char *profile_value(const char *title, const char *subnet)
{
	size_t size = strlen(title) + strlen(subnet) + 2;
	char *p = malloc(size);

	if (p != NULL)
		snprintf(p, size, "%s=%s", title, subnet);
	return p;
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = reader_now;
	const char *title = cfg_title(cfg);
	struct slice key = slice_str(cfg_opt_name(opt));
	const struct option_row *row = option_find(title != NULL ? SLICE("profile") : key);
	struct config_place at = place_of(r, cfg->line, slice_str(value));
	enum config_profile ignored;

	*(const char **)result = value;
	if (title != NULL ? is_unknown(&r->in_profile, key) ||
				    !config_profile_find(slice_str(title), &ignored)
			  : is_unknown(&r->top, key))
		return 0; /* that is the mistake, whatever the value */
	if (row == NULL)
		return -1;
	return keep(r, row,
		    title != NULL ? profile_value(title, value) : config_copy(slice_str(value)), at)
		       ? 0
		       : -1;
}

static int on_profile(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reader *r = reader_now;
	unsigned n = cfg_opt_size(opt);
	const char *title = n != 0 ? cfg_title(cfg_opt_getnsec(opt, n - 1)) : NULL;
	enum config_profile ignored;

	if (title == NULL || config_profile_find(slice_str(title), &ignored))
		return 0;
	complain(r, place_before(r, cfg->line, slice_str(title)),
		 "there is no such profile; write default, minors or investigator");
	return 0;
}

static const char *after_quote(const char *message, struct slice *quoted)
{
	const char *from = strchr(message, '\''),
		   *to = from != NULL ? strchr(from + 1, '\'') : NULL;

	*quoted = slice_of("", 0);
	if (to == NULL)
		return message;
	*quoted = slice_of(from + 1, (size_t)(to - from - 1));
	return to + 1;
}

static void unknown_key(struct reader *r, cfg_t *cfg, struct slice key)
{
	bool in_profile = cfg_title(cfg) != NULL;
	struct config_place at = place_of(r, cfg->line, key);
	struct buf what;
	const char *near = option_nearest(key);

	buf_init(&what, 1024);
	buf_adds(&what, "unknown key '");
	buf_add_shown(&what, key, 80);
	if (in_profile)
		buf_adds(&what, "' in a profile; only 'clients' can stand there");
	else if (near != NULL)
		buf_addf(&what, "'; did you mean '%s'?", near);
	else
		buf_adds(&what, "'; 'crumbgate run --help' lists all");
	buf_addc(&what, '\0');
	r->again = add_unknown(in_profile ? &r->in_profile : &r->top, key);
	if (r->again)
		buf_clear(&r->besides); /* the next pass says it once more */
	complain(r, at, buf_ok(&what) ? buf_slice(&what).p : "unknown key");
	if (r->again) {
		buf_add(r->why, buf_slice(&r->besides));
		buf_clear(&r->besides);
	}
	buf_release(&what);
}

/* libconfuse's sentences (its C locale) and what we say instead. */
static const struct {
	const char *theirs, *ours;
} sentences[] = {
	{ "missing equal sign", "a '=' is missing before this; write KEY = VALUE" },
	{ "unexpected closing brace", "there is no '{' for this '}'; remove it" },
	{ "missing opening brace",
	  "a '{' is missing before this; write profile \"NAME\" { clients = {...} }" },
	{ "missing title", "the name is missing; write profile \"NAME\" { clients = {...} }" },
	{ "unexpected token", "this cannot stand here; write KEY = VALUE or KEY = {VALUE, VALUE}" },
	{ "append to non-list", "'+=' is for lists only; write '='" },
};

__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct reader *r = reader_now;
	char message[512];
	struct slice quoted;

	if (r->again || r->full)
		return; /* what follows an error of ours */
	vsnprintf(message, sizeof(message), fmt, ap);
	after_quote(message, &quoted);
	if (is_unknown(cfg_title(cfg) != NULL ? &r->in_profile : &r->top, quoted))
		return; /* said already; what stands behind it is no value */
	if (strncmp(message, "no such option", 14) == 0 ||
	    strncmp(message, "no sub-section", 14) == 0) {
		unknown_key(r, cfg, quoted);
		return;
	}
	if (strstr(message, "end of file") != NULL) {
		complain(r, r->end, "the file ends in the middle; is a value missing?");
		return;
	}
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (strstr(message, sentences[i].theirs) == NULL)
			continue;
		/* An unexpected token is quoted; else the key is, and the place is behind it. */
		if (strstr(message, "token") == NULL) {
			place_of(r, cfg->line, quoted);
			quoted.n = 0;
		}
		complain(r, place_of(r, cfg->line, quoted), sentences[i].ours);
		return;
	}
	complain(r, place_of(r, cfg->line, quoted), message);
}

/* ---- all together ---- */

/* A list takes a single value as well. */
static void allow(cfg_opt_t *opts, size_t n, const char *name)
{
	opts[n] = (cfg_opt_t)CFG_STR_LIST_CB(name, NULL, CFGF_NODEFAULT, on_value);
	opts[n + 1] = (cfg_opt_t)CFG_END();
}

static cfg_t *make_parser(const struct reader *r)
{
	cfg_opt_t clients[UNKNOWN_MAX + 2];
	cfg_opt_t *opts = calloc(options_n + UNKNOWN_MAX + 1, sizeof(*opts));
	cfg_t *cfg;

	allow(clients, 0, "clients");
	for (size_t i = 0; i < r->in_profile.n; i++)
		allow(clients, i + 1, r->in_profile.names[i]);
	if (opts == NULL)
		return NULL;
	for (size_t i = 0; i < options_n; i++) {
		const char *name = options[i].name;

		if (options[i].type == OPTION_PROFILE)
			opts[i] = (cfg_opt_t)CFG_SEC(name, clients, CFGF_MULTI | CFGF_TITLE);
		else if (option_is_list(options[i].type))
			opts[i] = (cfg_opt_t)CFG_STR_LIST_CB(name, NULL, CFGF_NODEFAULT, on_value);
		else
			opts[i] = (cfg_opt_t)CFG_STR_CB(name, NULL, CFGF_NODEFAULT, on_value);
	}
	opts[options_n] = (cfg_opt_t)CFG_END();
	for (size_t i = 0; i < r->top.n; i++)
		allow(opts, options_n + i, r->top.names[i]);
	cfg = cfg_init(opts, CFGF_NONE); /* copies them */
	free(opts);
	if (cfg == NULL)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	cfg_set_validate_func(cfg, "profile", on_profile);
	return cfg;
}

/* A key given twice: libconfuse keeps the last and says nothing. */
static void find_twins(struct reader *r, cfg_t *cfg)
{
	for (size_t i = 0; i < options_n; i++) {
		const struct option_row *row = &options[i];
		const struct config_setting *last = NULL;
		unsigned n = 0;

		for (size_t k = 0; k < r->out->n; k++) {
			if (r->out->v[k].row != row)
				continue;
			last = &r->out->v[k];
			n++;
		}
		if (row->type == OPTION_PROFILE || n <= cfg_size(cfg, row->name))
			continue;
		complain(r, last->place,
			 option_is_list(row->type)
				 ? "the key of this value is there twice; join the lists, or write "
				   "+= the "
				   "second time"
				 : "the key of this value is there twice; remove one");
	}
}

/* A warning: nothing is wrong, but the profile is nobody's. */
static void find_empty_profiles(struct reader *r, cfg_t *cfg)
{
	for (unsigned i = 0; i < cfg_size(cfg, "profile"); i++) {
		cfg_t *one = cfg_getnsec(cfg, "profile", i);
		struct config_place at;

		if (cfg_size(one, "clients") != 0)
			continue;
		at = place_before(r, one->line, slice_str(cfg_title(one)));
		buf_addf(&r->besides,
			 "%s:%u:%u: no clients: nobody has this profile; add clients = {...}\n",
			 r->name, at.line, at.column);
	}
}

static void parse(struct reader *r)
{
	cfg_t *cfg = make_parser(r);
	char *text = config_copy(r->text);

	config_settings_release(r->out);
	r->at = (struct config_place){ 1, 1 };
	r->again = false;
	if (cfg == NULL || text == NULL) {
		complain(r, (struct config_place){ 1, 1 }, "there is no memory left");
	} else {
		reader_now = r;
		if (cfg_parse_buf(cfg, text) != CFG_SUCCESS && !r->failed)
			complain(r, r->at, "this cannot be read; write KEY = VALUE");
		reader_now = NULL;
		if (!r->again && !r->full)
			find_twins(r, cfg);
		if (!r->failed)
			find_empty_profiles(r, cfg);
	}
	free(text);
	if (cfg != NULL)
		cfg_free(cfg);
}

bool config_file_parse(const char *name, struct slice text, struct config_settings *out,
		       struct buf *why)
{
	struct reader r = { .name = name, .text = text, .why = why, .out = out };

	*out = (struct config_settings){ 0 };
	buf_init(&r.besides, why->max);
	if (scan(&r)) {
		do {
			parse(&r); /* each pass but the last finds one more unknown key */
		} while (r.again);
	}
	buf_add(why, buf_slice(&r.besides));
	buf_release(&r.besides);
	release_unknown(&r.top);
	release_unknown(&r.in_profile);
	return !r.failed;
}

void config_settings_release(struct config_settings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].value);
	free(s->v);
	*s = (struct config_settings){ 0 };
}
