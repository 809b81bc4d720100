#include "proxy/desk/error_page.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/html.h"

#define PART_MAX (256u * 1024)

/*
 * The hash is that of assets/error.css, byte for byte (CSP 3 section 2.3.1); a test holds the two
 * together.
 */
#define ERROR_CSP                                                                                  \
	"default-src 'none'; style-src 'sha256-aq+FlF2JIjgVwlh2Edv8+4qYF8bNAzAyTPzzhp86ESU='; "    \
	"frame-ancestors 'none'; form-action 'none'; base-uri 'none'"

const char *error_page_csp(void)
{
	return ERROR_CSP;
}

void error_page_fields(struct buf *fields)
{
	buf_adds(fields, "Content-Type: text/html; charset=utf-8\r\n"
			 "Cache-Control: no-store\r\n"
			 "Content-Security-Policy: " ERROR_CSP "\r\n"
			 "X-Content-Type-Options: nosniff\r\n"
			 "Referrer-Policy: no-referrer\r\n");
}

static void details(struct buf *out, const struct error_page *page)
{
	if (page->details_n == 0)
		return;
	buf_adds(out, "<h2>What the proxy saw</h2>\n<table>\n");
	for (size_t i = 0; i < page->details_n; i++) {
		buf_adds(out, "<tr><th scope=\"row\">");
		html_text(out, slice_str(page->details[i].name));
		buf_adds(out, "</th><td>");
		html_text(out, page->details[i].value);
		buf_adds(out, "</td></tr>\n");
	}
	buf_adds(out, "</table>");
}

static void hints(struct buf *out, const struct error_page *page)
{
	if (page->hints_n == 0)
		return;
	buf_adds(out, "<h2>What you can do</h2>\n<ul>\n");
	for (size_t i = 0; i < page->hints_n; i++) {
		buf_adds(out, "<li>");
		html_text(out, slice_str(page->hints[i]));
		buf_adds(out, "</li>\n");
	}
	buf_adds(out, "</ul>");
}

void error_page(struct buf *body, const struct error_page *page)
{
	struct buf by, rows, list;

	buf_init(&by, 1024);
	buf_init(&rows, PART_MAX);
	buf_init(&list, PART_MAX);
	buf_addf(&by, "Error %u from the proxy crumbgate", page->status);
	if (page->host.n != 0) {
		buf_adds(&by, ", for ");
		buf_add(&by, slice_head(page->host, 255));
	}
	details(&rows, page);
	hints(&list, page);
	html_fill(body, asset_error_html,
		  (const struct slot[]){ { "title", slice_str(page->title), SLOT_TEXT },
					 { "style", asset_error_css, SLOT_HTML },
					 { "by", buf_slice(&by), SLOT_TEXT },
					 { "reason", page->reason, SLOT_TEXT },
					 { "details", buf_slice(&rows), SLOT_HTML },
					 { "hints", buf_slice(&list), SLOT_HTML } },
		  6);
	if (!buf_ok(&by) || !buf_ok(&rows) || !buf_ok(&list))
		body->failed = true;
	buf_release(&by);
	buf_release(&rows);
	buf_release(&list);
}
