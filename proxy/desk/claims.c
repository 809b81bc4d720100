#include "proxy/desk/claims.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/claim_words.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/words.h"

/* Lines of one kind, and hosts named in a line; more are only counted. */
#define LINES_MAX 100u
#define HOSTS_MAX 3u

struct line {
	const struct desk_claim *first; /* the newest */
	uint64_t count;
	struct slice hosts[HOSTS_MAX];
	size_t hosts_n;
	bool others;
};

struct lines {
	struct line v[LINES_MAX];
	size_t n;
	bool more;
};

enum group { CONTRADICTIONS, CLAIMS, BLOCKED, DONE, GROUPS };

static enum group group_of(const struct desk_claim *c)
{
	if (slice_eq(c->kind, SLICE("contradiction")))
		return CONTRADICTIONS;
	if (slice_eq(c->kind, SLICE("claim")))
		return CLAIMS;
	return slice_eq(c->kind, SLICE("block")) ? BLOCKED : DONE;
}

/* ---- what stands in one line ---- */

/* Of what a list names, list and purpose matter to a reader, not which of its rules. */
static bool is_same_block(const struct desk_claim *a, const struct desk_claim *b)
{
	struct slice purpose_a, purpose_b;
	struct slice list_a = block_list(a->why, &purpose_a);
	struct slice list_b = block_list(b->why, &purpose_b);

	return slice_eq(list_a, list_b) && slice_eq(purpose_a, purpose_b);
}

static bool is_same(const struct desk_claim *a, const struct desk_claim *b)
{
	if (group_of(a) == BLOCKED)
		return is_same_block(a, b);
	return slice_eq(a->kind, b->kind) && slice_eq(a->name, b->name) &&
	       slice_eq(a->why, b->why) && slice_eq(a->choice, b->choice);
}

static void add_host(struct line *l, struct slice host)
{
	for (size_t i = 0; i < l->hosts_n; i++)
		if (slice_eq(l->hosts[i], host))
			return;
	if (host.n == 0)
		return;
	if (l->hosts_n == HOSTS_MAX)
		l->others = true;
	else
		l->hosts[l->hosts_n++] = host;
}

static void add(struct lines *lines, const struct desk_claim *c)
{
	size_t i = 0;

	while (i < lines->n && !is_same(lines->v[i].first, c))
		i++;
	if (i == LINES_MAX) {
		lines->more = true;
		return;
	}
	if (i == lines->n)
		lines->v[lines->n++] = (struct line){ .first = c };
	lines->v[i].count += c->count;
	add_host(&lines->v[i], c->host);
}

static bool every(const void *arg, const struct desk_claim *c)
{
	(void)arg;
	(void)c;
	return true;
}

static struct claims_view whole(const struct desk_site *s)
{
	return (struct claims_view){ s->claims, s->claims_n, every, NULL, '3' };
}

static void collect(struct lines *lines, enum group group, const struct claims_view *view)
{
	lines->n = 0;
	lines->more = false;
	for (size_t i = 0; i < view->n; i++)
		if (group_of(&view->list[i]) == group && view->pick(view->arg, &view->list[i]))
			add(lines, &view->list[i]);
}

/* ---- as markup ---- */

static void detail(struct buf *out, const struct desk_request *req, const struct line *l)
{
	for (size_t i = 0; i < l->hosts_n; i++) {
		bool last = i + 1 == l->hosts_n && !l->others;

		buf_adds(out, i == 0 ? "At " : last ? " and " : ", ");
		buf_add(out, l->hosts[i]);
	}
	buf_adds(out, l->others ? " and others" : "");
	if (group_of(l->first) != BLOCKED) {
		buf_adds(out, l->hosts_n != 0 ? ", " : "");
		plain_count(out, (size_t)l->count, "time", "times");
	}
	buf_adds(out, group_of(l->first) != BLOCKED || l->hosts_n != 0 ? ", last " : "Last ");
	plain_age(out, l->first->last, req->now);
	buf_addc(out, '.');
}

static void put_line(struct buf *out, const struct desk_request *req, const struct line *l)
{
	struct buf sentence, text, word;

	buf_init(&sentence, 8192);
	buf_init(&text, 4096);
	buf_init(&word, 2048);
	buf_add(&word, l->first->kind);
	if (group_of(l->first) == CONTRADICTIONS || group_of(l->first) == CLAIMS)
		buf_addf(&word, " %.*s", SLICE_ARG(l->first->name));
	claim_sentence(&sentence, l->first, l->count);
	detail(&text, req, l);
	FILL(out, asset_claim_html, TEXT("sentence", page_part(out, &sentence)),
	     TEXT("detail", page_part(out, &text)), TEXT("word", page_part(out, &word)));
	buf_release(&sentence);
	buf_release(&text);
	buf_release(&word);
}

static bool put_group(struct buf *out, const struct desk_request *req, enum group group,
		      const struct lines *lines, char level)
{
	static const char *const titles[GROUPS] = {
		[CONTRADICTIONS] = "What does not fit together",
		[CLAIMS] = "Claims",
		[BLOCKED] = "Requests that were not sent",
		[DONE] = "What else was done",
	};
	struct buf rows;

	if (lines->n == 0)
		return false;
	buf_init(&rows, PART_MAX);
	for (size_t i = 0; i < lines->n; i++)
		put_line(&rows, req, &lines->v[i]);
	if (lines->more)
		buf_adds(&rows, "<li class=\"quiet\">There are more in the record.</li>\n");
	FILL(out, asset_claim_list_html, TEXT("level", slice_of(&level, 1)),
	     TEXT("title", slice_str(titles[group])), HTML("rows", page_part(out, &rows)));
	buf_release(&rows);
	return true;
}

bool claims_lists(struct buf *out, const struct desk_request *req, const struct claims_view *view)
{
	struct lines lines;
	bool any = false;

	for (int group = 0; group < GROUPS; group++) {
		collect(&lines, (enum group)group, view);
		any = put_group(out, req, (enum group)group, &lines, view->level) || any;
	}
	return any;
}

static bool is_needless(const struct desk_cookie *c)
{
	return slice_eq(c->purpose, SLICE("advertising")) ||
	       slice_eq(c->purpose, SLICE("analytics"));
}

/* Nothing where it is not known of any. */
static void before_choice(struct buf *out, const struct desk_site *s)
{
	size_t known = 0, unasked = 0, needless = 0;

	for (size_t i = 0; i < s->cookies_n; i++) {
		known += s->cookies[i].unasked >= 0;
		unasked += s->cookies[i].unasked > 0;
		needless += s->cookies[i].unasked > 0 && is_needless(&s->cookies[i]);
	}
	if (known == 0)
		return;
	buf_addf(out, "<p>Before any choice of yours %zu of ", unasked);
	plain_count(out, known, "cookie was", "cookies were");
	buf_adds(out, " set or sent");
	if (needless != 0)
		buf_addf(out, ", %zu of these to advertise or to measure", needless);
	buf_adds(out, ".</p>\n");
}

void claims_section(struct buf *out, const struct desk_request *req, const struct desk_site *s)
{
	const struct claims_view view = whole(s);
	struct buf lists;

	buf_init(&lists, PART_MAX);
	before_choice(&lists, s);
	if (!claims_lists(&lists, req, &view))
		buf_adds(&lists, "<p>It claimed nothing about consent that was seen here.</p>\n");
	FILL(out, asset_claims_html, HTML("lists", page_part(out, &lists)));
	buf_release(&lists);
}

void claims_summary(struct buf *out, const struct desk_site *s)
{
	const struct claims_view view = whole(s);
	struct lines lines;
	uint64_t blocked = 0;

	if (s->claims_n == 0)
		return;
	collect(&lines, CONTRADICTIONS, &view);
	if (lines.n != 0) {
		buf_adds(out, ", ");
		plain_count(out, lines.n, "contradiction", "contradictions");
	}
	for (size_t i = 0; i < s->claims_n; i++)
		blocked += group_of(&s->claims[i]) == BLOCKED ? s->claims[i].count : 0;
	if (blocked != 0) {
		buf_adds(out, ", ");
		plain_count(out, (size_t)blocked, "request not sent", "requests not sent");
	}
}
