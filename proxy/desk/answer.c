#include "proxy/desk/answer.h"

#include "proxy/desk/pages.h"

static const char csp[] =
	"Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; "
	"img-src 'self' https://crumbgate.internal; connect-src 'self'; "
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n";
/*
 * Referrer-Policy is same-origin, not no-referrer: with the latter a browser sends "Origin: null"
 * with our own forms, and the Origin check would be worth less.
 */
static const char common_fields[] = "Cache-Control: no-store\r\n"
				    "X-Content-Type-Options: nosniff\r\n"
				    "Referrer-Policy: same-origin\r\n"
				    "Cross-Origin-Opener-Policy: same-origin\r\n";

void desk_answer_init(struct desk_answer *a)
{
	*a = (struct desk_answer){ .status = 500 };
	buf_init(&a->fields, DESK_ANSWER_MAX);
	buf_init(&a->body, DESK_ANSWER_MAX);
}

void desk_answer_release(struct desk_answer *a)
{
	buf_release(&a->fields);
	buf_release(&a->body);
}

void desk_answer_begin(struct desk_answer *a, unsigned status, const char *type)
{
	a->status = status;
	buf_clear(&a->fields);
	buf_clear(&a->body);
	buf_addf(&a->fields, "Content-Type: %s\r\n", type);
	buf_adds(&a->fields, common_fields);
	buf_adds(&a->fields, csp);
}

void desk_answer_embeddable(struct desk_answer *a, bool anywhere)
{
	buf_addf(&a->fields, "Cross-Origin-Resource-Policy: %s\r\n",
		 anywhere ? "cross-origin" : "same-origin");
}

void desk_answer_note(const struct desk_context *ctx, const struct desk_request *req,
		      struct desk_answer *a, unsigned status, const char *title, const char *text)
{
	desk_answer_begin(a, status, DESK_HTML);
	desk_answer_embeddable(a, false);
	page_note(ctx, req, title, text, &a->body);
}

void desk_answer_finish(struct desk_answer *a)
{
	if (buf_ok(&a->body) && buf_ok(&a->fields))
		return;
	desk_answer_begin(a, 500, "text/plain; charset=utf-8");
	desk_answer_embeddable(a, false);
	buf_adds(&a->body, "The page could not be made; look again.\n");
}

struct slice desk_form_value(struct slice form, struct slice key)
{
	struct slice pair, name, value;

	while (form.p != NULL) {
		form = slice_cut(form, '&', &pair);
		value = slice_cut(pair, '=', &name);
		if (value.p != NULL && slice_eq(name, key))
			return value;
	}
	return (struct slice){ NULL, 0 };
}
