/* Answers that no origin gave: refusals, error pages, the desk. */
#include "proxy/client_parts.h"
#include "proxy/desk/error_page.h"
#include "proxy/http/date.h"
#include "proxy/http/h1_write.h"
#include "proxy/worker.h"

#include <stdio.h>

#define PAGE_MAX (256u * 1024)
#define FIELDS_MAX 8192u
#define DETAILS_MAX 12

void client_write_own(struct client *c, unsigned status, struct slice fields, struct slice body)
{
	struct buf head;

	if (c->state == CLIENT_BODY)
		c->keep_alive = false; /* what is left of the request will not be read */
	buf_init(&head, FIELDS_MAX + fields.n);
	buf_addf(&head, "HTTP/1.1 %u ", status);
	buf_add(&head, h1_reason(status));
	buf_adds(&head, "\r\nDate: ");
	http_date(&head, clock_wall_ms(loop_clock(c->w->loop)));
	buf_addf(&head, "\r\nContent-Length: %zu\r\n", body.n);
	if (!c->keep_alive)
		buf_adds(&head, "Connection: close\r\n");
	else if (c->minor == 0)
		buf_adds(&head, "Connection: keep-alive\r\n");
	buf_add(&head, fields);
	buf_adds(&head, "\r\n");
	c->answered = true;
	if (buf_ok(&head))
		stream_writev2(c->stream, buf_slice(&head), c->is_head ? slice_of("", 0) : body);
	buf_release(&head);
	client_next(c);
}

static void write_page(struct client *c, const struct error_page *page)
{
	struct buf body, fields;

	buf_init(&body, PAGE_MAX);
	buf_init(&fields, FIELDS_MAX);
	error_page(&body, page);
	error_page_fields(&fields);
	if (buf_ok(&body) && buf_ok(&fields))
		client_write_own(c, page->status, buf_slice(&fields), buf_slice(&body));
	else
		client_close(c, STREAM_GRACEFUL);
	buf_release(&body);
	buf_release(&fields);
}

void client_refuse(struct client *c, unsigned status, const char *reason)
{
	struct error_page page = {
		.status = status,
		.title = status == 503 ? "The proxy cannot do this now"
				       : "The proxy does not take this request",
		.reason = slice_str(reason),
	};

	write_page(c, &page);
}

static unsigned status_of(const struct origin_failure *why)
{
	if (why->fault == FAULT_TIMEOUT)
		return 504;
	if (why->fault != FAULT_DIAL)
		return 502;
	switch (why->dial) {
	case DIAL_TIMEOUT:
		return 504;
	case DIAL_FORBIDDEN:
		return 403;
	case DIAL_NO_FDS:
		return 503;
	default:
		return 502;
	}
}

static void add(struct error_page *page, struct error_detail *details, const char *name,
		const char *value)
{
	if (value[0] == '\0' || page->details_n == DETAILS_MAX)
		return;
	details[page->details_n++] = (struct error_detail){ name, slice_str(value) };
}

static void refuse_certificate(struct client *c, const struct origin_failure *why)
{
	static const char *const hints[] = {
		"Nothing was sent to the site: somebody may be pretending to be it.",
		"Check the date and time of this device.",
		("If you run the site, or know its certificate authority, add its root certificate "
		 "with the option trust."),
	};
	char from[CLOCK_RFC3339_LEN + 1], until[CLOCK_RFC3339_LEN + 1];
	struct error_detail details[DETAILS_MAX];
	struct error_page page = {
		.status = 502,
		.title = "This site's certificate is not valid",
		.host = slice_str(c->tunnel != NULL ? c->tunnel->target.identity : ""),
		.reason = slice_str(why->text),
		.details = details,
		.hints = hints,
		.hints_n = sizeof(hints) / sizeof(hints[0]) - 1,
	};

	/* The last hint helps where an authority is missing, not with what is expired or forged. */
	if (strcmp(why->trust.code, "unknown-issuer") == 0 ||
	    strcmp(why->trust.code, "self-signed") == 0)
		page.hints_n++;
	add(&page, details, "Reason", why->trust.code);
	if (why->has_cert) {
		clock_rfc3339(why->cert.not_before_ms, from, sizeof(from));
		clock_rfc3339(why->cert.not_after_ms, until, sizeof(until));
		add(&page, details, "Subject", why->cert.subject);
		add(&page, details, "Names", why->cert.names);
		add(&page, details, "Issuer", why->cert.issuer);
		add(&page, details, "Valid from", from);
		add(&page, details, "Valid until", until);
		add(&page, details, "Key", why->cert.key);
		add(&page, details, "Serial number", why->cert.serial);
		add(&page, details, "SHA-256", why->cert.sha256);
	}
	write_page(c, &page);
}

void client_refuse_origin(struct client *c, const struct origin_failure *why)
{
	static const char *const private_hints[] = {
		"Addresses of this machine and of private networks are refused unless the proxy runs "
		"with allow-private.",
	};
	static const struct origin_failure unknown = { .fault = FAULT_BROKEN,
						       .text = "the connection broke" };
	struct error_page page = { .title = "The site cannot be reached" };

	if (why == NULL)
		why = &unknown;
	if (why->fault == FAULT_CERTIFICATE) {
		refuse_certificate(c, why);
		return;
	}
	page.status = status_of(why);
	page.reason = slice_str(why->text);
	page.host = slice_str(c->tunnel != NULL ? c->tunnel->target.host : "");
	if (page.status == 403) {
		page.title = "The proxy does not connect to this address";
		page.hints = private_hints;
		page.hints_n = 1;
	}
	write_page(c, &page);
}
