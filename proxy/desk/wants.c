#include "proxy/desk/wants.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/words.h"

/* Who else sets one is only counted. */
#define SETTERS_MAX 4u

/* The cookies of one purpose. */
struct want {
	const char *purpose;
	size_t n, out;
	size_t guessed; /* what they are for */
	size_t before;	/* done otherwise than it would be since the newest choice */
	struct slice setters[SETTERS_MAX];
	size_t setters_n;
	int64_t life; /* the longest; -1: of none it is known */
	bool usual;   /* ... which no origin asked for: a table says it */
	bool others;  /* who is not known or nobody in particular, or one too many */
};

/* The table has "many sites" where no one in particular sets it. */
static bool is_nobody(struct slice setter)
{
	return setter.n == 0 || slice_starts(setter, SLICE("many "));
}

static void add_setter(struct want *w, struct slice setter)
{
	if (is_nobody(setter)) {
		w->others = true;
		return;
	}
	for (size_t i = 0; i < w->setters_n; i++)
		if (slice_ieq(w->setters[i], setter))
			return;
	if (w->setters_n == SETTERS_MAX)
		w->others = true;
	else
		w->setters[w->setters_n++] = setter;
}

static void add_cookie(struct want *w, const struct desk_context *ctx, const struct desk_cookie *c)
{
	struct desk_cookie_key key = { c->name, c->host, slice_eq(c->party, SLICE("third")) };
	struct desk_about about = { SLICE(""), SLICE(""), SLICE("") };
	int64_t life;

	if (ctx->about != NULL)
		(void)ctx->about(ctx->lookup_arg, &key, &about);
	life = c->life_s >= 0 ? c->life_s : life_seconds(about.life);
	w->n++;
	w->out += desk_removed(c);
	w->guessed += desk_guessed(c);
	if (life > w->life || (life == w->life && c->life_s >= 0)) {
		w->life = life;
		w->usual = c->life_s < 0;
	}
	add_setter(w, about.setter);
}

static void setters(struct buf *out, const struct want *w)
{
	if (w->setters_n == 0)
		return;
	buf_adds(out, ", set by ");
	for (size_t i = 0; i < w->setters_n; i++) {
		bool last = i + 1 == w->setters_n && !w->others;

		buf_adds(out, i == 0 ? "" : last ? " and " : ", ");
		buf_add(out, w->setters[i]);
	}
	if (w->others)
		buf_adds(out, " and others");
}

static void life(struct buf *out, const struct want *w)
{
	if (w->life < 0)
		return;
	buf_adds(out, w->usual ? ", usually kept " : ", kept ");
	if (w->life == 0) {
		buf_adds(out, "until the browser is closed");
		return;
	}
	buf_adds(out, "for up to ");
	plain_span(out, w->life);
}

static void done(struct buf *out, const struct want *w)
{
	if (w->out == 0)
		buf_adds(out, "; let through");
	else if (w->out == w->n)
		buf_adds(out, "; removed");
	else
		buf_addf(out, "; %zu removed", w->out);
	if (w->before != 0 && w->before == w->n)
		buf_adds(out, " before you chose");
	else if (w->before != 0)
		buf_addf(out, "; %zu not seen since you chose", w->before);
	buf_addc(out, '.');
}

static void guessed(struct buf *out, const struct want *w)
{
	if (w->guessed == w->n)
		buf_adds(out, w->n == 1 ? ", by a guess" : ", all by a guess");
	else if (w->guessed != 0)
		buf_addf(out, ", %zu of them by a guess", w->guessed);
}

static void row(struct buf *out, const struct want *w)
{
	struct buf text;

	buf_init(&text, PART_MAX);
	plain_count(&text, w->n, "cookie", "cookies");
	guessed(&text, w);
	setters(&text, w);
	life(&text, w);
	done(&text, w);
	FILL(out, asset_want_html, TEXT("class", slice_str(w->purpose)),
	     TEXT("purpose", slice_str(plain_purpose(slice_str(w->purpose)))),
	     TEXT("text", page_part(out, &text)));
	buf_release(&text);
}

void wants_list(const struct desk_context *ctx, const struct desk_request *req,
		const struct desk_site *s, const struct choice_now *now, struct buf *out)
{
	struct want wants[] = {
		{ .purpose = "advertising", .life = -1 }, { .purpose = "analytics", .life = -1 },
		{ .purpose = "functional", .life = -1 },  { .purpose = "unknown", .life = -1 },
		{ .purpose = "essential", .life = -1 },	  { .purpose = "choice", .life = -1 },
	};
	const size_t n = sizeof(wants) / sizeof(wants[0]);
	struct buf rows;

	if (s->cookies_n == 0)
		return;
	buf_init(&rows, PART_MAX);
	for (size_t i = 0; i < s->cookies_n; i++) {
		const struct desk_cookie *c = &s->cookies[i];
		struct want *w = wants;

		while (strcmp(w->purpose, plain_purpose_word(c->purpose)) != 0)
			w++;
		add_cookie(w, ctx, c);
		w->before += choice_changes(req, now, c);
	}
	for (size_t k = 0; k < n; k++)
		if (wants[k].n != 0)
			row(&rows, &wants[k]);
	FILL(out, asset_wants_html, HTML("rows", page_part(out, &rows)));
	buf_release(&rows);
}
