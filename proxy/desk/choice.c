#include "proxy/desk/choice.h"

#include "base/clock.h"
#include "proxy/desk/assets.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/site_name.h"
#include "proxy/desk/words.h"

static struct desk_choice choice_of(const struct desk_context *ctx, const struct desk_request *req,
				    struct slice site)
{
	const struct desk_choice none = { .word = SLICE("none") };

	return ctx->choice != NULL ? ctx->choice(ctx->lookup_arg, req->client, site) : none;
}

static bool is_none(const struct desk_choice *c)
{
	return slice_eq(c->word, SLICE("none"));
}

static bool is_refused(const struct desk_choice *c)
{
	return slice_eq(c->word, SLICE("refused"));
}

struct choice_now choice_now(const struct desk_context *ctx, const struct desk_request *req,
			     struct slice site)
{
	return (struct choice_now){ .choice = choice_of(ctx, req, site),
				    .all = choice_of(ctx, req, SLICE("*")) };
}

/* ---- the form ---- */

/* The third way, small, where there is something to forget. */
static struct slice forget_button(const struct choice_now *now, struct slice site)
{
	if (is_none(&now->choice))
		return SLICE("");
	if (slice_eq(site, SLICE("*")))
		return SLICE("<button class=\"forget\" name=\"op\" value=\"clear\">"
			     "Forget all my choices</button>");
	if (now->choice.for_all)
		return SLICE("");
	return SLICE("<button class=\"forget\" name=\"op\" value=\"clear\">"
		     "Forget my choice</button>");
}

static struct slice checked(bool on)
{
	return on ? SLICE(" checked") : SLICE("");
}

static struct slice label(struct slice purpose)
{
	return slice_str(plain_purpose(purpose));
}

static struct slice means(struct slice purpose)
{
	return slice_str(plain_purpose_means(purpose));
}

static void purposes(struct buf *out, const struct desk_choice *c, const char *what)
{
	const struct slice f = SLICE("functional"), an = SLICE("analytics"),
			   ad = SLICE("advertising");

	FILL(out, asset_purposes_html, TEXT("what", slice_str(what)),
	     TEXT("functional_label", label(f)), TEXT("functional_means", means(f)),
	     TEXT("analytics_label", label(an)), TEXT("analytics_means", means(an)),
	     TEXT("advertising_label", label(ad)), TEXT("advertising_means", means(ad)),
	     HTML("functional", checked(c->functional)), HTML("analytics", checked(c->analytics)),
	     HTML("advertising", checked(c->advertising)));
}

void choice_form(struct buf *out, const struct desk_context *ctx, const struct desk_request *req,
		 const struct choice_now *now, const struct choice_form *form)
{
	const struct slice yes = SLICE("true"), no = SLICE("false");
	bool accepted = slice_eq(now->choice.word, SLICE("accepted"));
	char token[GUARD_TOKEN_LEN + 1], use[SITE_NAME_USE_MAX];
	struct buf fold;

	if (!choice_offered(req->profile))
		return;
	buf_init(&fold, PART_MAX);
	site_name_use(ctx, form->site, use);
	guard_token(ctx, req, use, token);
	if (form->purposes)
		purposes(&fold, &now->choice, form->what);
	FILL(out, asset_choice_html, TEXT("token", slice_str(token)), TEXT("site", form->site),
	     TEXT("from", slice_str(form->from)), TEXT("what", slice_str(form->what)),
	     HTML("forget", forget_button(now, form->site)),
	     TEXT("refused", is_refused(&now->choice) ? yes : no),
	     TEXT("accepted", accepted ? yes : no), HTML("purposes", page_part(out, &fold)));
	buf_release(&fold);
}

/* ---- in words ---- */

static void until(struct buf *out, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(wall_ms, text, sizeof(text));
	buf_addf(out, " It holds until %.10s.", text);
}

static void effect(struct buf *out, const struct desk_choice *c)
{
	if (is_none(c) || is_refused(c))
		buf_adds(out, ": what is not essential is removed.");
	else if (slice_eq(c->word, SLICE("accepted")))
		buf_adds(out, ": sites may store and receive everything.");
	else
		buf_adds(out, ": everything else that is not essential is removed.");
}

/* A click that was not at the desk is said to be one. */
static void where(struct buf *out, const struct desk_choice *c)
{
	if (slice_eq(c->seen, SLICE("banner")))
		buf_adds(out, " in the site's banner");
}

static void for_all_sites(struct buf *out, const struct choice_now *now)
{
	if (is_none(&now->choice)) {
		buf_adds(out, "No choice yet");
	} else {
		buf_adds(out, "You ");
		plain_choice(out, now->choice.word);
	}
	effect(out, &now->choice);
}

static void for_one_site(struct buf *out, const struct choice_now *now, bool counts)
{
	if (is_none(&now->choice)) {
		buf_adds(out, counts ? "No choice yet, which counts as a refusal."
				     : "No choice yet. It would not count.");
		return;
	}
	buf_adds(out, "You ");
	plain_choice(out, now->choice.word);
	where(out, &now->choice);
	if (counts && now->choice.for_all)
		buf_adds(out, " for all sites");
	buf_adds(out, counts ? "." : ". It is noted, but does not count.");
}

/* Behind the site's own choice, which comes first. */
static void for_the_others(struct buf *out, const struct choice_now *now)
{
	if (is_none(&now->choice) || now->choice.for_all || is_none(&now->all))
		return;
	buf_adds(out, " For all other sites you ");
	plain_choice(out, now->all.word);
	buf_addc(out, '.');
}

void choice_sentence(struct buf *out, const struct desk_request *req, const struct choice_now *now,
		     bool all_sites)
{
	bool counts = choice_decides(req->profile);

	if (!choice_offered(req->profile)) {
		buf_adds(out, "What is not essential is removed, always.");
		return;
	}
	if (all_sites && !counts) {
		buf_adds(out, "Nothing is removed, whatever is chosen.");
		return;
	}
	if (all_sites)
		for_all_sites(out, now);
	else
		for_one_site(out, now, counts);
	if (!is_none(&now->choice) && counts)
		until(out, now->choice.until);
	if (!all_sites && counts)
		for_the_others(out, now);
}

void choice_words(struct buf *out, const struct desk_request *req, const struct choice_now *now)
{
	bool counts = choice_decides(req->profile);

	if (!choice_offered(req->profile) || is_none(&now->choice))
		return;
	buf_adds(out, "; you ");
	plain_choice(out, now->choice.word);
	where(out, &now->choice);
	if (!counts)
		buf_adds(out, ", which does not count");
	else if (now->choice.for_all)
		buf_adds(out, " for all sites");
}

bool choice_is_own(const struct desk_choice *choice)
{
	return !is_none(choice) &&
	       (slice_eq(choice->seen, SLICE("desk")) || slice_eq(choice->seen, SLICE("cli")) ||
		slice_eq(choice->seen, SLICE("session")));
}

/* The words of the log, as a person says where that was; other words are not told. */
static const struct {
	const char *word, *plain;
} places[] = {
	{ "desk", " at the desk" },
	{ "cli", " by command" },
	{ "banner", " in the site's banner" },
};

void choice_told(struct buf *out, const struct desk_choice *choice)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(choice->until, text, sizeof(text));
	buf_adds(out, "You ");
	plain_choice(out, choice->word);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (slice_eq(choice->seen, slice_str(places[i].word)))
			buf_adds(out, places[i].plain);
	buf_addf(out, ", until %.10s.", text);
}

static bool accepts(const struct desk_choice *choice, struct slice purpose)
{
	if (slice_eq(purpose, SLICE("functional")))
		return choice->functional;
	if (slice_eq(purpose, SLICE("analytics")))
		return choice->analytics;
	if (slice_eq(purpose, SLICE("advertising")))
		return choice->advertising;
	return slice_eq(choice->word, SLICE("accepted"));
}

/* From the site itself these are let through without being accepted, too. */
static bool weighs_party(struct slice purpose)
{
	return slice_eq(purpose, SLICE("functional")) || slice_eq(purpose, SLICE("unknown"));
}

bool choice_changes(const struct desk_request *req, const struct choice_now *now,
		    const struct desk_cookie *c)
{
	if (!choice_decides(req->profile) || is_none(&now->choice) || c->last >= now->choice.when)
		return false;
	if (accepts(&now->choice, c->purpose))
		return desk_removed(c);
	return !desk_removed(c) && desk_accepted(c) &&
	       !(weighs_party(c->purpose) && slice_eq(c->party, SLICE("first")));
}
