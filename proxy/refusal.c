/* Answers that no origin gave: the proxy's own pages in place of one. */
#include "proxy/desk/error_page.h"
#include "proxy/downstream.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define PAGE_MAX (256u * 1024)
#define FIELDS_MAX 8192u
#define DETAILS_MAX 12

static void write_page(struct downstream *d, const struct error_page *page)
{
	struct buf body, fields;

	buf_init(&body, PAGE_MAX);
	buf_init(&fields, FIELDS_MAX);
	error_page(&body, page);
	error_page_fields(&fields);
	if (buf_ok(&body) && buf_ok(&fields))
		d->ops->own(d, page->status, buf_slice(&fields), buf_slice(&body));
	else
		d->ops->cut(d);
	buf_release(&body);
	buf_release(&fields);
}

void refuse(struct downstream *d, unsigned status, const char *reason)
{
	struct error_page page = {
		.status = status,
		.title = status == 503 ? "The proxy cannot do this now"
				       : "The proxy does not take this request",
		.reason = slice_str(reason),
	};

	d->ops->forget(d);
	write_page(d, &page);
}

void refuse_listed(struct downstream *d, const char *host, const char *site, bool minors)
{
	char accept[SITE_MAX + 160];
	const char *const hints[] = {
		"Go back, if you came by a link for advertising: what you look for can be had "
		"without it.",
		accept,
		"The log has the list and its rule as an entry of kind block.",
	};
	struct error_page page = {
		.status = 403,
		.title = "A filter list keeps this page out",
		.host = slice_str(host),
		.reason = SLICE("The proxy did not ask for it: a filter list names it, and what "
				"the list is "
				"about was not accepted for this site."),
		.hints = hints,
		.hints_n = sizeof(hints) / sizeof(hints[0]),
	};

	snprintf(accept, sizeof(accept),
		 minors ? "Your device is in a group for which no choice counts; whoever runs this "
			  "network can say why."
			: "To open it all the same, accept for this site at "
			  "http://crumbgate.internal/site/%s, and load the page again.",
		 site);
	write_page(d, &page);
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

/* What to do about a certificate, by the code of what is wrong with it (certs/trust_error.c). */
static const char *certificate_hint(const char *code)
{
	static const struct {
		const char *code, *hint;
	} hints[] = {
		{ "expired",
		  "Check the date and time of the machine that the proxy runs on. If they are "
		  "right, the site has to renew its certificate." },
		{ "not-yet-valid",
		  "Check the date and time of the machine that the proxy runs on. If they are "
		  "right, look again when the certificate has become valid." },
		{ "wrong-host",
		  "Check that the site's name is written as you meant it. If it is, only the site "
		  "can mend this: its certificate has to name this host." },
		{ "unknown-issuer",
		  "If you run the site, or know its certificate authority, add its root "
		  "certificate with the option trust." },
		{ "self-signed",
		  "If you run the site, or know its certificate authority, add its root "
		  "certificate with the option trust." },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(code, hints[i].code) == 0)
			return hints[i].hint;
	return "Only the site can mend this: it needs another certificate.";
}

static void refuse_certificate(struct downstream *d, const struct origin_failure *why)
{
	const char *const hints[] = {
		"Nothing was sent to the site: somebody may be pretending to be it.",
		certificate_hint(why->trust.code),
	};
	char from[CLOCK_RFC3339_LEN + 1], until[CLOCK_RFC3339_LEN + 1];
	struct error_detail details[DETAILS_MAX];
	struct error_page page = {
		.status = 502,
		.title = "This site's certificate is not valid",
		.host = slice_str(d->target != NULL ? d->target->identity : ""),
		.reason = slice_str(why->text),
		.details = details,
		.hints = hints,
		.hints_n = sizeof(hints) / sizeof(hints[0]),
	};

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
	write_page(d, &page);
}

void refuse_origin(struct downstream *d, const struct origin_failure *why)
{
	static const char *const private_hints[] = {
		"Addresses of this machine and of private networks are refused unless the proxy "
		"runs "
		"with allow-private.",
	};
	static const struct origin_failure unknown = { .fault = FAULT_BROKEN,
						       .text = "the connection broke" };
	struct error_page page = { .title = "The site cannot be reached" };

	if (why == NULL)
		why = &unknown;
	if (why->fault == FAULT_CERTIFICATE) {
		refuse_certificate(d, why);
		return;
	}
	page.status = status_of(why);
	page.reason = slice_str(why->text);
	page.host = slice_str(d->target != NULL ? d->target->host : "");
	if (page.status == 403) {
		page.title = "The proxy does not connect to this address";
		page.hints = private_hints;
		page.hints_n = 1;
	}
	write_page(d, &page);
}
