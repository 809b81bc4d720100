#include "proxy/desk/claims.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/claim_words.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/words.h"

/* Lines of one kind, and hosts named in a line; more are only counted. */
#define LINES_MAX 100u
#define HOSTS_MAX 3u
#define SENTENCE_MAX 8192u
/* More cookies of which the same is said stand in one line; so many of them with their names. */
#define APART_MAX 6u
#define NAMES_MAX 50u

struct line {
	const struct desk_claim *newest;
	size_t sentence, sentence_n; /* where in the sentences of all lines */
	uint64_t count;
	int64_t first; /* wall ms; 0: not known */
	struct slice hosts[HOSTS_MAX];
	size_t hosts_n;
	bool others;
};

struct lines {
	struct line v[LINES_MAX];
	size_t n;
	bool more;
	struct buf sentences;
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

static bool is_first_party(const struct desk_claim *c)
{
	size_t n = c->host.n - c->site.n;

	return c->host.n >= c->site.n && slice_eq(slice_skip(c->host, n), c->site) &&
	       (n == 0 || c->host.p[n - 1] == '.');
}

static struct slice sentence_of(const struct lines *lines, const struct line *l)
{
	return slice_head(slice_skip(buf_slice(&lines->sentences), l->sentence), l->sentence_n);
}

/* What reads the same is the same, whatever was chosen when it was said. */
static bool is_same(const struct lines *lines, const struct line *l, const struct desk_claim *c,
		    struct slice sentence)
{
	const struct desk_claim *kept = l->newest;

	if (group_of(c) == BLOCKED)
		return is_same_block(kept, c);
	return slice_eq(kept->kind, c->kind) && slice_eq(kept->name, c->name) &&
	       is_first_party(kept) == is_first_party(c) &&
	       slice_eq(sentence_of(lines, l), sentence);
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

static void add(struct lines *lines, const struct desk_claim *c, struct buf *sentence)
{
	struct line *l;
	size_t i = 0;

	buf_clear(sentence);
	/* That of a blocked request holds the count, which is not known yet. */
	if (group_of(c) != BLOCKED)
		claim_sentence(sentence, c, c->count);
	while (i < lines->n && !is_same(lines, &lines->v[i], c, buf_slice(sentence)))
		i++;
	if (i == LINES_MAX) {
		lines->more = true;
		return;
	}
	l = &lines->v[i];
	if (i == lines->n) {
		lines->n++;
		*l = (struct line){ .newest = c, .first = c->first };
		l->sentence = lines->sentences.len;
		l->sentence_n = sentence->len;
		buf_add(&lines->sentences, buf_slice(sentence));
	}
	l->count += c->count;
	if (c->first < l->first)
		l->first = c->first;
	add_host(l, c->host);
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

/* To be released. */
static void collect(struct lines *lines, enum group group, const struct claims_view *view)
{
	struct buf sentence;

	lines->n = 0;
	lines->more = false;
	buf_init(&lines->sentences, LINES_MAX * SENTENCE_MAX);
	buf_init(&sentence, SENTENCE_MAX);
	for (size_t i = 0; i < view->n; i++)
		if (group_of(&view->list[i]) == group && view->pick(view->arg, &view->list[i]))
			add(lines, &view->list[i], &sentence);
	if (!buf_ok(&sentence))
		lines->sentences.failed = true;
	buf_release(&sentence);
}

static void release(struct lines *lines)
{
	buf_release(&lines->sentences);
}

/* ---- as markup ---- */

/* The first is left out where it reads like the last. */
static void first_and_last(struct buf *out, const struct line *l, int64_t now)
{
	struct buf first, last;

	buf_init(&first, 64);
	buf_init(&last, 64);
	plain_age(&first, l->first, now);
	plain_age(&last, l->newest->last, now);
	if (l->first > 0 && !slice_eq(buf_slice(&first), buf_slice(&last)))
		buf_addf(out, ", first %.*s", SLICE_ARG(buf_slice(&first)));
	buf_addf(out, ", last %.*s", SLICE_ARG(buf_slice(&last)));
	buf_release(&first);
	buf_release(&last);
}

static void detail(struct buf *out, const struct desk_request *req, const struct line *l)
{
	for (size_t i = 0; i < l->hosts_n; i++) {
		bool last = i + 1 == l->hosts_n && !l->others;

		buf_adds(out, i == 0 ? "At " : last ? " and " : ", ");
		buf_add(out, l->hosts[i]);
	}
	buf_adds(out, l->others ? " and others" : "");
	if (group_of(l->newest) != BLOCKED || l->hosts_n == 0) {
		buf_adds(out, l->hosts_n != 0 ? ", " : "");
		plain_count(out, (size_t)l->count, "time", "times");
	}
	first_and_last(out, l, req->now);
	buf_addc(out, '.');
}

static void put_sentence(struct buf *out, const struct desk_request *req, const struct line *l,
			 const struct buf *sentence)
{
	struct buf text, word;

	buf_init(&text, 4096);
	buf_init(&word, 2048);
	buf_add(&word, l->newest->kind);
	if (group_of(l->newest) == CONTRADICTIONS || group_of(l->newest) == CLAIMS)
		buf_addf(&word, " %.*s", SLICE_ARG(l->newest->name));
	detail(&text, req, l);
	FILL(out, asset_claim_html, TEXT("sentence", page_part(out, sentence)),
	     TEXT("detail", page_part(out, &text)), TEXT("word", page_part(out, &word)));
	buf_release(&text);
	buf_release(&word);
}

static void put_line(struct buf *out, const struct desk_request *req, const struct lines *lines,
		     const struct line *l)
{
	struct buf sentence;

	buf_init(&sentence, SENTENCE_MAX);
	if (group_of(l->newest) == BLOCKED)
		claim_sentence(&sentence, l->newest, l->count);
	else
		buf_add(&sentence, sentence_of(lines, l));
	put_sentence(out, req, l, &sentence);
	buf_release(&sentence);
}

/* ---- many cookies in one line ---- */

/* The next line from `i` on that says the same of a cookie as that at `first`; n: there is none. */
static size_t next_alike(const struct lines *lines, size_t first, size_t i)
{
	while (i < lines->n && !claim_is_alike(lines->v[first].newest, lines->v[i].newest))
		i++;
	return i;
}

static size_t count_alike(const struct lines *lines, size_t first)
{
	size_t n = 0;

	for (size_t i = next_alike(lines, first, 0); i < lines->n;
	     i = next_alike(lines, first, i + 1))
		n++;
	return n;
}

static void take_in(struct line *all, const struct line *l)
{
	all->count += l->count;
	if (l->first < all->first)
		all->first = l->first;
	for (size_t i = 0; i < l->hosts_n; i++)
		add_host(all, l->hosts[i]);
	all->others = all->others || l->others;
}

/* Lines are the newest first, so that at `first` is the newest of its like. */
static void put_alike(struct buf *out, const struct desk_request *req, const struct lines *lines,
		      size_t first, size_t n)
{
	struct line all = lines->v[first];
	struct buf sentence;
	size_t named = 0;

	buf_init(&sentence, NAMES_MAX * SENTENCE_MAX);
	claim_cookies_were(&sentence, all.newest, n);
	for (size_t i = first; i < lines->n; i = next_alike(lines, first, i + 1)) {
		const struct desk_claim *c = lines->v[i].newest;

		if (i != first)
			take_in(&all, &lines->v[i]);
		if (named++ >= NAMES_MAX)
			continue;
		buf_adds(&sentence, named > 1 ? ", " : "");
		claim_cookie_name(&sentence, c, is_first_party(c) ? SLICE("") : c->host);
	}
	if (named > NAMES_MAX)
		buf_addf(&sentence, " and %zu more", named - NAMES_MAX);
	buf_addc(&sentence, '.');
	put_sentence(out, req, &all, &sentence);
	buf_release(&sentence);
}

static void put_lines(struct buf *out, const struct desk_request *req, const struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		size_t n = count_alike(lines, i);

		if (n <= APART_MAX)
			put_line(out, req, lines, &lines->v[i]);
		else if (next_alike(lines, i, 0) == i)
			put_alike(out, req, lines, i, n);
	}
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
	put_lines(&rows, req, lines);
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
		(void)page_part(out, &lines.sentences);
		release(&lines);
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
		buf_addf(out, ", %zu of these for advertising or analytics", needless);
	buf_adds(out, ".</p>\n");
}

/* What is said in part cannot be told from a part that was chosen. */
static bool says_else(struct slice state, struct slice chosen)
{
	if (slice_eq(state, SLICE("accept")))
		return !slice_eq(chosen, SLICE("accepted"));
	if (slice_eq(state, SLICE("refuse")))
		return !slice_eq(chosen, SLICE("refused"));
	return slice_eq(chosen, SLICE("accepted")) || slice_eq(chosen, SLICE("refused"));
}

void claims_overruled(struct buf *out, const struct desk_request *req, const struct desk_site *s,
		      const struct choice_now *now)
{
	const struct desk_choice *own = &now->choice;
	struct slice state;
	size_t i = 0;

	if (!choice_decides(req->profile) || !choice_is_own(own))
		return;
	while (i < s->claims_n && !claim_banner_answer(&s->claims[i], &state))
		i++;
	if (i == s->claims_n || s->claims[i].last <= own->when || !says_else(state, own->word))
		return;
	buf_addf(out, "<p>Its banner %s ", claim_banner_words(state));
	plain_age(out, s->claims[i].last, req->now);
	buf_addf(out,
		 ". That does not count: your own choice%s is stronger. If you meant it, choose so "
		 "here.</p>\n",
		 own->for_all ? " for all sites" : "");
}

void claims_section(struct buf *out, const struct desk_request *req, const struct desk_site *s)
{
	const struct claims_view view = whole(s);
	struct buf lists;

	buf_init(&lists, PART_MAX);
	before_choice(&lists, s);
	if (claims_lists(&lists, req, &view))
		FILL(&lists, asset_numbers_html, TEXT("site", s->name));
	else
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
	release(&lines);
	for (size_t i = 0; i < s->claims_n; i++)
		blocked += group_of(&s->claims[i]) == BLOCKED ? s->claims[i].count : 0;
	if (blocked != 0) {
		buf_adds(out, ", ");
		plain_count(out, (size_t)blocked, "request not sent", "requests not sent");
	}
}
