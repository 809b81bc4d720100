#include "proxy/desk/forms.h"

#include "proxy/desk/answer.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/html.h"
#include "proxy/desk/pages.h"
#include "proxy/desk/site_name.h"

static bool read_choice(const struct desk_context *ctx, struct slice form, struct desk_answer *a)
{
	static const char *const words[] = {
		[DESK_REFUSE] = "refuse",
		[DESK_ACCEPT] = "accept",
		[DESK_SOME] = "some",
		[DESK_CLEAR] = "clear",
	};
	const size_t n = sizeof(words) / sizeof(words[0]);
	struct slice op = desk_form_value(form, SLICE("op")),
		     site = desk_form_value(form, SLICE("site"));
	char name[SITE_NAME_MAX];
	size_t i = 0;

	while (i < n && !slice_eq(op, slice_str(words[i])))
		i++;
	if (i == n || site.p == NULL)
		return false;
	a->op = (enum desk_choice_op)i;
	a->functional = desk_form_value(form, SLICE("functional")).p != NULL;
	a->analytics = desk_form_value(form, SLICE("analytics")).p != NULL;
	a->advertising = desk_form_value(form, SLICE("advertising")).p != NULL;
	if (slice_eq(site, SLICE("*")) || slice_ieq(site, SLICE("%2A")))
		return slice_copy(SLICE("*"), a->site, sizeof(a->site));
	return site_name_read(site, true, name) && site_name_resolve(ctx, slice_str(name), a->site);
}

static bool is_form(struct slice type)
{
	struct slice essence;

	slice_cut(type, ';', &essence);
	return slice_ieq(slice_trim(essence), SLICE("application/x-www-form-urlencoded"));
}

/*
 * A form may choose for what is odd (site_name.h) only with a token of that name's own page; what
 * was chosen somehow can be forgotten always.
 */
static bool is_for(const struct desk_context *ctx, const struct desk_request *req,
		   const struct desk_answer *a, bool *odd)
{
	struct slice token = desk_form_value(req->body, SLICE("token")), site = slice_str(a->site);
	char use[SITE_NAME_USE_MAX];

	site_name_use(ctx, site, use);
	*odd = a->op != DESK_CLEAR && site_name_odd(ctx, site);
	if (guard_token_good(ctx, req, use, token)) {
		*odd = false;
		return true;
	}
	return guard_token_good(ctx, req, "form", token);
}

enum desk_step desk_form_take(const struct desk_context *ctx, const struct desk_request *req,
			      bool pass, struct desk_answer *a)
{
	struct slice host = desk_form_value(req->body, SLICE("host"));
	bool good, odd = false;

	if (req->body.n > DESK_BODY_MAX) {
		desk_answer_note(ctx, req, a, 413, "Too long",
				 "This form is longer than the desk reads.");
		return DESK_DONE;
	}
	if (!is_form(req->content_type)) {
		desk_answer_note(ctx, req, a, 415, "No form", "A choice is sent as a form.");
		return DESK_DONE;
	}
	good = pass ? host.p != NULL && site_name_read(host, true, a->site)
		    : read_choice(ctx, req->body, a);
	if (!good)
		a->site[0] = '\0';
	if (!is_for(ctx, req, a, &odd))
		desk_answer_note(
			ctx, req, a, 403, "This page was too old",
			"Nothing was changed. Go back, load the page again and choose once more.");
	else if (!good)
		desk_answer_note(ctx, req, a, 400, "No choice",
				 "This form names no site, or nothing to do.");
	else if (odd && !pass)
		desk_answer_note(ctx, req, a, 400, site_name_title, site_name_text);
	else
		return pass ? DESK_STOP : DESK_CHOICE;
	return DESK_DONE;
}

void desk_chosen(const struct desk_context *ctx, const struct desk_request *req, bool done,
		 struct desk_answer *a)
{
	struct slice from = desk_form_value(req->body, SLICE("from"));

	if (!done) {
		desk_answer_note(
			ctx, req, a, 503, "Not noted",
			"The part of the proxy that keeps choices did not answer. Nothing was "
			"changed; try "
			"again in a moment.");
	} else {
		desk_answer_begin(a, 303, DESK_HTML);
		desk_answer_embeddable(a, false);
		buf_adds(&a->fields, "Location: ");
		if (slice_eq(from, SLICE("own"))) {
			buf_adds(&a->fields, "/#own");
		} else if (strcmp(a->site, "*") != 0) {
			buf_adds(&a->fields, slice_eq(from, SLICE("site")) ? "/site/" : "/#s-");
			url_segment(&a->fields, slice_str(a->site));
		} else {
			buf_adds(&a->fields, "/");
		}
		buf_adds(&a->fields, "\r\n");
		page_note(ctx, req, "Noted", "It counts from the next request on.", &a->body);
	}
	desk_answer_finish(a);
}

void desk_stopped(const struct desk_context *ctx, const struct desk_request *req,
		  struct desk_answer *a)
{
	struct slice page = desk_form_value(req->body, SLICE("page"));
	char site[SITE_NAME_MAX];

	desk_answer_begin(a, 303, DESK_HTML);
	desk_answer_embeddable(a, false);
	buf_adds(&a->fields, "Location: /");
	if (page.p != NULL && site_name_read(page, true, site)) {
		buf_adds(&a->fields, "site/");
		url_segment(&a->fields, slice_str(site));
	}
	buf_adds(&a->fields, "\r\n");
	page_note(ctx, req, "Noted", "It counts from the next connection on.", &a->body);
	desk_answer_finish(a);
}
