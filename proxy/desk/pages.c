#include "proxy/desk/pages.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/choice.h"
#include "proxy/desk/claims.h"
#include "proxy/desk/own_choices.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/passes.h"
#include "proxy/desk/wants.h"
#include "proxy/desk/words.h"

#define HOME_COOKIES 20u
/* What a page is made with. */
struct page {
	const struct desk_context *ctx;
	const struct desk_request *req;
	const struct desk_data *data;
	const char *from; /* where a choice leads back to */
	struct passes_list passes;
};

static void notice(struct buf *out, const struct desk_request *req)
{
	const char *text = profile_notice(req->profile);

	if (text != NULL)
		FILL(out, asset_notice_html, TEXT("text", slice_str(text)));
}

/* ---- the table ---- */

static void capitalised(struct buf *out, const char *words)
{
	buf_addc(out, (char)(words[0] >= 'a' && words[0] <= 'z' ? words[0] - 'a' + 'A' : words[0]));
	buf_adds(out, words + 1);
}

/* As the newest verdict would be in the log. */
static struct slice newest_verdict(const struct desk_cookie *c)
{
	if (!desk_removed(c))
		return SLICE("kept");
	return c->expired != 0 ? SLICE("expired") : SLICE("removed");
}

struct slice cookie_guess(const struct desk_cookie *c)
{
	return desk_guessed(c) ? SLICE(" <span class=\"quiet\">by a guess.</span>") : SLICE("");
}

void cookie_done(struct buf *out, const struct desk_request *req, const struct choice_now *now,
		 const struct desk_cookie *c)
{
	uint64_t all = c->kept + c->removed + c->expired;

	if (desk_put_back(c))
		buf_adds(out, "Put back, the site did not work without it");
	else
		capitalised(out, plain_verdict(newest_verdict(c)));
	if (choice_changes(req, now, c))
		buf_adds(out, " before you chose");
	if (c->kept != 0 && c->kept != all)
		buf_addf(out, " (%s%llu of %llu times)", desk_removed(c) ? "let through " : "",
			 (unsigned long long)c->kept, (unsigned long long)all);
}

static void cookie_row(struct buf *out, const struct page *p, const struct choice_now *now,
		       const struct desk_cookie *c)
{
	struct desk_cookie_key key = { c->name, c->host, slice_eq(c->party, SLICE("third")) };
	struct desk_about about = { SLICE("not known"), SLICE(""), SLICE("") };
	struct buf from, life, done_text, count;

	buf_init(&from, PART_MAX);
	buf_init(&life, 128);
	buf_init(&done_text, 256);
	buf_init(&count, 32);
	if (p->ctx->about != NULL && p->ctx->about(p->ctx->lookup_arg, &key, &about) &&
	    about.setter.n == 0)
		about.setter = SLICE("not known");
	buf_adds(&from, key.third ? "third party " : "");
	buf_add(&from, c->host);
	plain_life(&life, c->life_s, about.life);
	cookie_done(&done_text, p->req, now, c);
	buf_add_u64(&count, c->kept + c->removed + c->expired);
	FILL(out, asset_cookie_html, TEXT("name", c->name.n != 0 ? c->name : SLICE("(no name)")),
	     TEXT("from", page_part(out, &from)),
	     TEXT("purpose", slice_str(plain_purpose(c->purpose))),
	     TEXT("purpose_class", slice_str(plain_purpose_word(c->purpose))),
	     HTML("guess", cookie_guess(c)), TEXT("what", about.what),
	     TEXT("life", page_part(out, &life)), TEXT("setter", about.setter),
	     TEXT("verdict_class", desk_removed(c) ? SLICE("out") : SLICE("in")),
	     TEXT("done", page_part(out, &done_text)), TEXT("times", page_part(out, &count)));
	buf_release(&from);
	buf_release(&life);
	buf_release(&done_text);
	buf_release(&count);
}

static size_t removed_of(const struct desk_site *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->cookies_n; i++)
		n += desk_removed(&s->cookies[i]);
	return n;
}

static void summary(struct buf *out, const struct page *p, const struct desk_site *s,
		    const struct choice_now *now)
{
	if (s->cookies_n == 0 && s->claims_n == 0) {
		buf_adds(out, "Not seen yet");
	} else {
		plain_count(out, s->cookies_n, "cookie", "cookies");
		buf_addf(out, ", %zu removed", removed_of(s));
		claims_summary(out, s);
	}
	if (s->last > 0) {
		buf_adds(out, ", seen ");
		plain_age(out, s->last, p->req->now);
	}
	choice_words(out, p->req, now);
}

static void note_row(struct buf *out, struct slice html)
{
	FILL(out, asset_row_note_html, HTML("note", html));
}

static void rows(struct buf *out, const struct page *p, const struct desk_site *s,
		 const struct choice_now *now, size_t most)
{
	struct buf link;

	for (size_t i = 0; i < s->cookies_n && i < most; i++)
		cookie_row(out, p, now, &s->cookies[i]);
	if (s->cookies_n <= most || s->name.n == 0)
		return;
	buf_init(&link, 1024);
	buf_adds(&link, "<a href=\"/site/");
	url_segment(&link, s->name);
	buf_addf(&link, "\">All %zu cookies of ", s->cookies_n);
	html_text(&link, s->name);
	buf_adds(&link, "</a>");
	note_row(out, page_part(out, &link));
	buf_release(&link);
}

static const char *no_cookies(const struct page *p, const struct desk_site *s)
{
	if (passes_cover(&p->passes, s->name))
		return "Nothing was seen, for it passes unread.";
	return s->claims_n != 0 ? "No cookie was set or sent."
				: "What is seen stands here for a month.";
}

/* Folded: what to choose is seen before how each was decided. */
static void cookies(struct buf *out, const struct page *p, const struct desk_site *s,
		    const struct choice_now *now, size_t most)
{
	struct buf body, id, title;

	if (s->cookies_n == 0) {
		buf_addf(out, "<p class=\"quiet\">%s</p>", no_cookies(p, s));
		return;
	}
	buf_init(&body, PART_MAX);
	buf_init(&id, 1024);
	buf_init(&title, 128);
	rows(&body, p, s, now, most);
	buf_adds(&id, "c-");
	buf_add(&id, s->name);
	plain_count(&title, s->cookies_n, "cookie", "cookies, one by one");
	FILL(out, asset_table_html, TEXT("id", page_part(out, &id)),
	     TEXT("title", page_part(out, &title)),
	     TEXT("site", s->name.n != 0 ? s->name : SLICE("sites not known")),
	     HTML("rows", page_part(out, &body)));
	buf_release(&body);
	buf_release(&id);
	buf_release(&title);
}

static void site_link(struct buf *out, struct slice site)
{
	if (site.n == 0) {
		buf_adds(out, "Site not known");
		return;
	}
	buf_adds(out, "<a href=\"/site/");
	url_segment(out, site);
	buf_adds(out, "\">");
	html_text(out, site);
	buf_adds(out, "</a>");
}

static void group(struct buf *out, const struct page *p, const struct desk_site *s, size_t most)
{
	const struct slice unread = SLICE("<span class=\"unread\">Passes unread</span> ");
	struct choice_now now = choice_now(p->ctx, p->req, s->name.n != 0 ? s->name : SLICE("*"));
	struct choice_form form_of = { .site = s->name, .from = p->from };
	struct buf name, text, form, wants, body, id, what;

	buf_init(&name, PART_MAX);
	buf_init(&text, 512);
	buf_init(&form, PART_MAX);
	buf_init(&wants, PART_MAX);
	buf_init(&body, PART_MAX);
	buf_init(&id, 1024);
	buf_init(&what, 1024);
	site_link(&name, s->name);
	summary(&text, p, s, &now);
	buf_addf(&what, "for %.*s", SLICE_ARG(s->name));
	buf_addc(&what, '\0');
	form_of.what = page_part(out, &what).p;
	if (s->name.n != 0)
		choice_form(&form, p->ctx, p->req, &now, &form_of);
	wants_list(p->ctx, p->req, s, &now, &wants);
	cookies(&body, p, s, &now, most);
	buf_adds(&id, "s-");
	buf_add(&id, s->name);
	FILL(out, asset_group_html, TEXT("id", page_part(out, &id)),
	     HTML("name", page_part(out, &name)),
	     HTML("mark", passes_cover(&p->passes, s->name) ? unread : SLICE("")),
	     TEXT("summary", page_part(out, &text)), HTML("form", page_part(out, &form)),
	     HTML("wants", page_part(out, &wants)), HTML("cookies", page_part(out, &body)));
	buf_release(&name);
	buf_release(&text);
	buf_release(&form);
	buf_release(&wants);
	buf_release(&body);
	buf_release(&id);
	buf_release(&what);
}

/* ---- the start ---- */

static void totals(const struct desk_data *d, size_t *cookies, size_t *out_n)
{
	*cookies = *out_n = 0;
	for (size_t i = 0; i < d->sites_n; i++) {
		*cookies += d->sites[i].cookies_n;
		*out_n += removed_of(&d->sites[i]);
	}
}

static void lead(struct buf *out, const struct desk_data *d)
{
	size_t cookies, out_n;

	if (d->sites_n == 0) {
		buf_adds(out, "Nothing yet. Visit a site, and its cookies appear here.");
		return;
	}
	totals(d, &cookies, &out_n);
	plain_count(out, d->sites_n, "site, ", "sites, ");
	plain_count(out, cookies, "cookie: ", "cookies: ");
	buf_addf(out, "%zu removed, %zu let through.", out_n, cookies - out_n);
}

static void groups(struct buf *out, const struct page *p, size_t from)
{
	for (size_t i = from; i < p->data->sites_n && i < from + PAGE_SITES; i++)
		group(out, p, &p->data->sites[i], HOME_COOKIES);
}

static void pager(struct buf *out, const struct desk_data *d, size_t from)
{
	buf_adds(out, "<p>");
	if (from != 0)
		buf_addf(out, "<a href=\"/?from=%zu\">Newer sites</a> ",
			 from > PAGE_SITES ? from - PAGE_SITES : 0);
	if (from + PAGE_SITES < d->sites_n)
		buf_addf(out, "<a href=\"/?from=%zu\">Older sites</a>", from + PAGE_SITES);
	if (d->more && from + PAGE_SITES >= d->sites_n)
		buf_adds(out, "Older ones are in the record only.");
	buf_adds(out, "</p>");
}

void page_home(const struct desk_context *ctx, const struct desk_request *req,
	       const struct desk_data *data, size_t from, struct buf *out)
{
	struct page p = { .ctx = ctx, .req = req, .data = data, .from = "home" };
	struct choice_now all = choice_now(ctx, req, SLICE("*"));
	const struct choice_form all_form = {
		.site = SLICE("*"), .from = "home", .what = "for all sites", .purposes = true
	};
	struct buf main_part, now_text, lead_text, notice_part, probe_part, form, passes_part,
		rows_part, more, own;

	buf_init(&main_part, PART_MAX);
	buf_init(&now_text, 512);
	buf_init(&lead_text, 256);
	buf_init(&notice_part, 1024);
	buf_init(&probe_part, 1024);
	buf_init(&form, 4096);
	buf_init(&passes_part, PART_MAX);
	buf_init(&rows_part, PART_MAX);
	buf_init(&more, 512);
	buf_init(&own, PART_MAX);
	own_choices(&own, ctx, req);
	lead(&lead_text, data);
	notice(&notice_part, req);
	page_probe(&probe_part, ctx, req);
	choice_sentence(&now_text, req, &all, true);
	choice_form(&form, ctx, req, &all, &all_form);
	passes_load(ctx, req, &p.passes);
	passes_section(ctx, req, &p.passes, SLICE(""), &passes_part);
	groups(&rows_part, &p, from);
	pager(&more, data, from);
	FILL(&main_part, asset_home_html, TEXT("lead", page_part(out, &lead_text)),
	     TEXT("news", page_part(out, &lead_text)), HTML("notice", page_part(out, &notice_part)),
	     TEXT("profile", slice_str(plain_profile(req->profile))),
	     TEXT("client", plain_client(req->client)), HTML("probe", page_part(out, &probe_part)),
	     TEXT("all_now", page_part(out, &now_text)),
	     TEXT("all_rule", slice_str(all_rule(req->profile))),
	     HTML("all_form", page_part(out, &form)), HTML("own", page_part(out, &own)),
	     HTML("passes", page_part(out, &passes_part)),
	     HTML("sites", page_part(out, &rows_part)), HTML("more", page_part(out, &more)));
	page_layout(out, ctx, "Sites", TAB_SITES, &main_part);
	buf_release(&main_part);
	buf_release(&now_text);
	buf_release(&lead_text);
	buf_release(&notice_part);
	buf_release(&probe_part);
	buf_release(&form);
	buf_release(&passes_part);
	buf_release(&rows_part);
	buf_release(&more);
	buf_release(&own);
}

/* ---- one site ---- */

/* What the words of the table mean, and what is done with the cookies of each. */
static void words_list(struct buf *out, enum config_profile profile)
{
	const struct profile_rules rules = profile_rules(profile);
	const struct {
		struct slice word;
		const char *rule;
	} words[] = {
		{ SLICE("essential"), "Always let through." },
		{ SLICE("functional"), rules.functional },
		{ SLICE("analytics"), rules.tracking },
		{ SLICE("advertising"), rules.tracking },
		{ SLICE("choice"), "Never touched." },
		{ SLICE("unknown"), rules.unknown },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		FILL(out, asset_word_html, TEXT("label", slice_str(plain_purpose(words[i].word))),
		     TEXT("means", slice_str(plain_purpose_means(words[i].word))),
		     TEXT("rule", slice_str(words[i].rule)));
	FILL(out, asset_word_html, TEXT("label", SLICE("By a guess")),
	     TEXT("means",
		  SLICE("No table knows the cookie; its name and its form look like that")),
	     TEXT("rule", SLICE("Treated as if it were known.")));
}

void page_site(const struct desk_context *ctx, const struct desk_request *req,
	       const struct desk_data *data, struct slice site, struct buf *out)
{
	struct page p = { .ctx = ctx, .req = req, .data = data, .from = "site" };
	struct choice_now now = choice_now(ctx, req, site);
	const struct choice_form site_form = {
		.site = site, .from = "site", .what = "for this site", .purposes = true
	};
	const struct desk_site unseen = { .name = site };
	const struct desk_site *s = desk_data_find(data, site);
	struct buf main_part, text, now_text, notice_part, form, wants, passes_part, rows_part,
		claims, link, words, overruled;

	s = s != NULL ? s : &unseen;
	buf_init(&main_part, PART_MAX);
	buf_init(&text, 512);
	buf_init(&now_text, 512);
	buf_init(&notice_part, 1024);
	buf_init(&form, 4096);
	buf_init(&wants, PART_MAX);
	buf_init(&passes_part, PART_MAX);
	buf_init(&rows_part, PART_MAX);
	buf_init(&claims, PART_MAX);
	buf_init(&link, 1024);
	buf_init(&words, PART_MAX);
	buf_init(&overruled, 1024);
	words_list(&words, req->profile);
	summary(&text, &p, s, &now);
	choice_sentence(&now_text, req, &now, false);
	claims_overruled(&overruled, req, s, &now);
	notice(&notice_part, req);
	choice_form(&form, ctx, req, &now, &site_form);
	if (s->cookies_n != 0)
		buf_adds(&wants, "<h3 class=\"block\">What it asked for</h3>\n");
	wants_list(ctx, req, s, &now, &wants);
	passes_load(ctx, req, &p.passes);
	passes_section(ctx, req, &p.passes, site, &passes_part);
	cookies(&rows_part, &p, s, &now, SIZE_MAX);
	claims_section(&claims, req, s);
	url_segment(&link, site);
	FILL(&main_part, asset_site_html, TEXT("name", site),
	     TEXT("summary", page_part(out, &text)), TEXT("news", page_part(out, &text)),
	     HTML("notice", page_part(out, &notice_part)),
	     TEXT("heading", slice_str(site_heading(req->profile))),
	     HTML("words", page_part(out, &words)), TEXT("now", page_part(out, &now_text)),
	     HTML("overruled", page_part(out, &overruled)),
	     TEXT("rule", slice_str(site_rule(req->profile))), HTML("form", page_part(out, &form)),
	     HTML("wants", page_part(out, &wants)), HTML("passes", page_part(out, &passes_part)),
	     HTML("link", page_part(out, &link)), HTML("table", page_part(out, &rows_part)),
	     HTML("claims", page_part(out, &claims)));
	page_layout(out, ctx, "One site", TAB_SITES, &main_part);
	buf_release(&main_part);
	buf_release(&text);
	buf_release(&now_text);
	buf_release(&notice_part);
	buf_release(&form);
	buf_release(&wants);
	buf_release(&passes_part);
	buf_release(&rows_part);
	buf_release(&claims);
	buf_release(&link);
	buf_release(&words);
	buf_release(&overruled);
}
