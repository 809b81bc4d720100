#include "proxy/desk/tiktok.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/claim_words.h"
#include "proxy/desk/claims.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/pages.h"
#include "proxy/desk/tiktok_facts.h"
#include "proxy/desk/words.h"

/* More are not shown here; each site's own page has them. */
#define SITES_MAX 30u
#define ROWS_MAX 100u
#define HOSTS_MAX 24u
/* Of a name that a site chose, in bytes: a page must not grow by it. */
#define NAME_SHOWN 128u

/* One site on the page. */
struct view {
	const struct desk_context *ctx;
	const struct desk_request *req;
	const struct tiktok_facts *facts;
	const struct desk_site *site;
	bool own; /* TikTok's own, not one that carries its pixel */
	size_t asked, unasked,
		needless; /* rows; needless: unasked, and for advertising or analytics */
};

/* ---- what of a site is TikTok's ---- */

/* What the table says about a cookie; NULL: nothing, and beside TikTok's hosts it is none of its. */
static const struct tiktok_fact *fact_of(const struct view *v, struct slice name, struct slice host)
{
	const struct tiktok_fact *f = NULL;

	if (v->own)
		return tiktok_fact(v->facts, "cookie", "site", name);
	if (!tiktok_is_own(v->facts, host))
		return tiktok_fact(v->facts, "cookie", "pixel", name);
	f = tiktok_fact(v->facts, "cookie", "embed", name);
	return f != NULL ? f : tiktok_fact(v->facts, "cookie", "pixel", name);
}

static bool is_cookie_wanted(const struct view *v, const struct desk_cookie *c)
{
	return v->own || tiktok_is_own(v->facts, c->host) || fact_of(v, c->name, c->host) != NULL;
}

static bool is_parameter(const struct view *v, const struct desk_claim *c)
{
	return slice_eq(c->kind, SLICE("strip")) &&
	       tiktok_fact(v->facts, "parameter", "pixel", c->name) != NULL;
}

static bool is_claim_wanted(const struct view *v, const struct desk_claim *c)
{
	struct slice name, purpose;

	if (v->own || tiktok_is_own(v->facts, c->host) || is_parameter(v, c))
		return true;
	if (!slice_ends(c->name, SLICE("-after-refusal")))
		return false;
	name = refused_cookie(c->why, &purpose);
	return tiktok_fact(v->facts, "cookie", "pixel", name) != NULL;
}

/* What the rows of the table do not say already. */
static bool is_listed(const void *arg, const struct desk_claim *c)
{
	return !slice_eq(c->kind, SLICE("block")) && !slice_eq(c->kind, SLICE("strip")) &&
	       is_claim_wanted(arg, c);
}

static bool is_of_tiktok(const struct view *v)
{
	for (size_t i = 0; i < v->site->cookies_n; i++)
		if (is_cookie_wanted(v, &v->site->cookies[i]))
			return true;
	for (size_t i = 0; i < v->site->claims_n; i++)
		if (is_claim_wanted(v, &v->site->claims[i]))
			return true;
	return false;
}

/* ---- rows ---- */

struct row {
	struct slice name, host, purpose, what, life;
	int64_t life_s;	 /* as an origin set it; -1: not known */
	int64_t unasked; /* sightings before any choice; -1: not known */
	uint64_t all;	 /* 0: not counted */
	bool out;
	struct slice guess; /* markup */
	const struct buf *done;
};

static void plain_times(struct buf *out, uint64_t n)
{
	buf_adds(out, "Yes, ");
	plain_count(out, (size_t)n, "time", "times");
}

static void put_row(struct buf *out, struct view *v, const struct row *r)
{
	struct buf life, before;

	buf_init(&life, 128);
	buf_init(&before, 128);
	plain_life(&life, r->life_s, r->life);
	if (r->unasked < 0)
		buf_adds(&before, "Not known");
	else if (r->unasked == 0)
		buf_adds(&before, "No");
	else if (r->all == 0)
		buf_adds(&before, "Yes");
	else if ((uint64_t)r->unasked < r->all)
		buf_addf(&before, "Yes, %llu of %llu times", (unsigned long long)r->unasked,
			 (unsigned long long)r->all);
	else
		plain_times(&before, r->all);
	FILL(out, asset_tiktok_row_html, TEXT("name", slice_head(r->name, NAME_SHOWN)),
	     TEXT("host", r->host),
	     TEXT("purpose_class", slice_str(plain_purpose_word(r->purpose))),
	     TEXT("purpose", slice_str(plain_purpose(r->purpose))), HTML("guess", r->guess),
	     TEXT("what", r->what), TEXT("life", page_part(out, &life)),
	     TEXT("before", page_part(out, &before)),
	     TEXT("verdict_class", r->out ? SLICE("out") : SLICE("in")),
	     TEXT("done", page_part(out, r->done)));
	v->asked++;
	v->unasked += r->unasked > 0;
	v->needless += r->unasked > 0 && (slice_eq(r->purpose, SLICE("advertising")) ||
					  slice_eq(r->purpose, SLICE("analytics")));
	buf_release(&life);
	buf_release(&before);
}

/* The table of cookies knows those of others that tiktok.com uses. */
static void describe(const struct view *v, const struct desk_cookie *c, struct row *r)
{
	struct desk_cookie_key key = { c->name, c->host, slice_eq(c->party, SLICE("third")) };
	const struct tiktok_fact *f = fact_of(v, c->name, c->host);
	struct desk_about about;

	if (f != NULL) {
		r->what = f->what;
		r->life = f->life;
	} else if (v->ctx->about != NULL && v->ctx->about(v->ctx->lookup_arg, &key, &about)) {
		r->what = about.what;
		r->life = about.life;
	}
}

static void cookie_row(struct buf *out, struct view *v, const struct desk_cookie *c)
{
	struct row r = { .name = c->name.n != 0 ? c->name : SLICE("(no name)"),
			 .host = c->host,
			 .purpose = c->purpose,
			 .what = SLICE(""),
			 .life = SLICE(""),
			 .life_s = c->life_s,
			 .unasked = c->unasked,
			 .all = c->kept + c->removed + c->expired,
			 .guess = cookie_guess(c),
			 .out = desk_removed(c) };
	const struct choice_now now = choice_now(v->ctx, v->req, c->site);
	struct buf done;

	buf_init(&done, 256);
	describe(v, c, &r);
	cookie_done(&done, v->req, &now, c);
	r.done = &done;
	put_row(out, v, &r);
	buf_release(&done);
}

/* A host that requests went to, or a parameter: what the claims of a site tell about it. */
struct target {
	struct slice name;
	uint64_t blocked, stripped;
	uint64_t unasked; /* sightings of whatever kind: more than one can be of one request */
	bool known;
};

struct targets {
	struct target v[HOSTS_MAX];
	size_t n;
};

static struct target *target_of(struct targets *t, struct slice name)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_eq(t->v[i].name, name))
			return &t->v[i];
	if (t->n == HOSTS_MAX)
		return NULL;
	t->v[t->n] = (struct target){ .name = name, .known = true };
	return &t->v[t->n++];
}

static void add_claim(struct targets *t, const struct view *v, const struct desk_claim *c)
{
	bool strips = is_parameter(v, c);
	struct target *at;

	if (!strips && !tiktok_is_own(v->facts, c->host))
		return;
	at = target_of(t, strips ? c->name : c->host);
	if (at == NULL)
		return;
	at->stripped += strips ? c->count : 0;
	at->blocked += slice_eq(c->kind, SLICE("block")) ? c->count : 0;
	at->unasked += slice_eq(c->choice, SLICE("none")) ? c->count : 0;
}

static void add_cookie(struct targets *t, const struct view *v, const struct desk_cookie *c)
{
	struct target *at = tiktok_is_own(v->facts, c->host) ? target_of(t, c->host) : NULL;

	if (at == NULL)
		return;
	at->unasked += c->unasked > 0 ? (uint64_t)c->unasked : 0;
	at->known = at->known && c->unasked >= 0;
}

static void target_done(struct buf *out, const struct target *t)
{
	if (t->stripped != 0) {
		buf_adds(out, "Taken out of the address ");
		plain_count(out, (size_t)t->stripped, "time", "times");
	} else if (t->blocked != 0) {
		plain_count(out, (size_t)t->blocked, "request", "requests");
		buf_adds(out, " not sent");
	} else {
		buf_adds(out, "Requests sent, without what was removed");
	}
}

static void target_row(struct buf *out, struct view *v, const struct target *t)
{
	const struct tiktok_fact *f = t->stripped != 0
					      ? tiktok_fact(v->facts, "parameter", "pixel", t->name)
					      : tiktok_host(v->facts, t->name);
	struct row r = { .name = t->name,
			 .host = t->stripped != 0 ? SLICE("in the address") : SLICE("host"),
			 .purpose = f != NULL ? f->purpose : SLICE("unknown"),
			 .what = f != NULL ? f->what : SLICE("One of TikTok's hosts."),
			 .life = SLICE(""),
			 .life_s = -1,
			 .unasked = t->unasked != 0 || t->known ? (int64_t)t->unasked : -1,
			 .all = t->stripped,
			 .guess = SLICE(""),
			 .out = t->stripped + t->blocked != 0 };
	struct buf done;

	buf_init(&done, 256);
	target_done(&done, t);
	r.done = &done;
	put_row(out, v, &r);
	buf_release(&done);
}

/* TikTok's pages come from TikTok's hosts: nothing that one would be asked about. */
static bool is_own_page(const struct view *v, const struct target *t)
{
	const struct tiktok_fact *f = tiktok_host(v->facts, t->name);

	return v->own && t->blocked + t->stripped == 0 &&
	       (f == NULL || slice_eq(f->purpose, SLICE("essential")));
}

static void put_rows(struct buf *out, struct view *v)
{
	const struct desk_site *s = v->site;
	struct targets targets = { .n = 0 };

	for (size_t i = 0; i < s->cookies_n && v->asked < ROWS_MAX; i++)
		if (is_cookie_wanted(v, &s->cookies[i]))
			cookie_row(out, v, &s->cookies[i]);
	for (size_t i = 0; i < s->claims_n; i++)
		add_claim(&targets, v, &s->claims[i]);
	for (size_t i = 0; i < s->cookies_n; i++)
		add_cookie(&targets, v, &s->cookies[i]);
	for (size_t i = 0; i < targets.n; i++)
		if (!is_own_page(v, &targets.v[i]))
			target_row(out, v, &targets.v[i]);
}

/* ---- a site ---- */

static void basis(struct buf *out, const struct view *v)
{
	const struct claims_view view = { v->site->claims, v->site->claims_n, is_listed, v, '4' };
	bool any = false;

	for (size_t i = 0; i < v->site->claims_n; i++)
		any = any || (is_claim_wanted(v, &v->site->claims[i]) &&
			      claim_is_basis(&v->site->claims[i]));
	if (any)
		buf_adds(out,
			 "<p>A basis was claimed, as said below. A claim alone decides nothing "
			 "here.</p>\n");
	else
		buf_adds(out, v->own ? "<p>No basis was claimed: nothing that was seen said that "
				       "you consented, or spoke of a legitimate interest.</p>\n"
				     : "<p>No basis was claimed: no request to TikTok's hosts said "
				       "that you consented, or spoke of a legitimate "
				       "interest.</p>\n");
	(void)claims_lists(out, v->req, &view);
}

static void site_summary(struct buf *out, const struct view *v)
{
	buf_adds(out, v->own ? "TikTok's own pages. " : "Carries TikTok's pixel or frames. ");
	plain_count(out, v->asked, "thing was", "things were");
	buf_addf(out, " asked for, %zu of them before any choice", v->unasked);
	if (v->needless != 0)
		buf_addf(out, ", %zu of these for advertising or analytics", v->needless);
	buf_addc(out, '.');
}

static void put_site(struct buf *out, struct view *v, size_t number)
{
	struct buf rows, summary, claimed, link, id;

	buf_init(&rows, PART_MAX);
	buf_init(&summary, 256);
	buf_init(&claimed, PART_MAX);
	buf_init(&link, 1024);
	buf_init(&id, 32);
	put_rows(&rows, v);
	site_summary(&summary, v);
	basis(&claimed, v);
	url_segment(&link, v->site->name);
	buf_addf(&id, "t-%zu", number);
	FILL(out, asset_tiktok_site_html, TEXT("id", page_part(out, &id)),
	     HTML("link", page_part(out, &link)), TEXT("name", v->site->name),
	     TEXT("summary", page_part(out, &summary)), HTML("rows", page_part(out, &rows)),
	     HTML("basis", page_part(out, &claimed)));
	buf_release(&rows);
	buf_release(&summary);
	buf_release(&claimed);
	buf_release(&link);
	buf_release(&id);
}

/* First TikTok's own sites, then the others; the newest first in both. */
static size_t put_sites(struct buf *out, struct view *v, const struct desk_data *data, bool own,
			size_t number)
{
	for (size_t i = 0; i < data->sites_n; i++) {
		v->site = &data->sites[i];
		v->own = tiktok_is_own(v->facts, v->site->name);
		v->asked = v->unasked = v->needless = 0;
		if (v->own != own || v->site->name.n == 0 || !is_of_tiktok(v))
			continue;
		if (++number <= SITES_MAX)
			put_site(out, v, number);
	}
	return number;
}

/* ---- the page ---- */

static void put_facts(struct buf *out, const struct tiktok_facts *f, const char *where,
		      const char *title)
{
	struct buf rows, life;

	buf_init(&rows, PART_MAX);
	buf_init(&life, 128);
	for (size_t i = 0; i < f->n; i++) {
		if (!slice_eq(f->v[i].where, slice_str(where)))
			continue;
		buf_clear(&life);
		plain_life(&life, -1, f->v[i].life);
		FILL(&rows, asset_tiktok_fact_html, TEXT("name", f->v[i].name),
		     TEXT("kind", f->v[i].kind),
		     TEXT("purpose_class", slice_str(plain_purpose_word(f->v[i].purpose))),
		     TEXT("purpose", slice_str(plain_purpose(f->v[i].purpose))),
		     TEXT("what", f->v[i].what), TEXT("life", page_part(out, &life)));
	}
	if (rows.len != 0)
		FILL(out, asset_tiktok_facts_html, TEXT("title", slice_str(title)),
		     HTML("rows", page_part(out, &rows)));
	buf_release(&rows);
	buf_release(&life);
}

static const char nothing[] =
	"<p>Nothing of TikTok's was seen yet. Once tiktok.com is visited through the proxy, or a "
	"site that carries TikTok's pixel, this place says what was asked for before any choice, "
	"what each is for, what was done, and what was claimed as a basis for it.</p>\n";

void page_tiktok(const struct desk_context *ctx, const struct desk_request *req,
		 const struct desk_data *data, struct buf *out)
{
	struct tiktok_facts facts;
	struct view v = { .ctx = ctx, .req = req, .facts = &facts };
	struct buf main_part, sites, known;
	size_t n;

	tiktok_facts_read(ctx->tiktok, &facts);
	buf_init(&main_part, PART_MAX);
	buf_init(&sites, PART_MAX);
	buf_init(&known, PART_MAX);
	n = put_sites(&sites, &v, data, true, 0);
	n = put_sites(&sites, &v, data, false, n);
	if (n == 0)
		buf_adds(&sites, nothing);
	else if (n > SITES_MAX)
		buf_addf(&sites, "<p>And %zu sites more.</p>\n", n - SITES_MAX);
	put_facts(&known, &facts, "site", "On TikTok's own pages");
	put_facts(&known, &facts, "embed", "TikTok's frames and requests on other sites");
	put_facts(&known, &facts, "pixel", "The pixel, under the other site's own name");
	FILL(&main_part, asset_tiktok_html, HTML("sites", page_part(out, &sites)),
	     HTML("known", page_part(out, &known)));
	page_layout(out, ctx, "TikTok", TAB_TIKTOK, &main_part);
	buf_release(&main_part);
	buf_release(&sites);
	buf_release(&known);
}
