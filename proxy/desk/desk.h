/*
 * desk.h - the pages at crumbgate.internal: a request in, an answer out, no socket.
 *
 * The desk shows a client what the proxy did for that same client, takes its choices and helps to
 * trust the CA.  It is served only through the proxy: whoever handles the request for an origin
 * asks desk_is_host() and, if true, brings the exchange here instead of dialling.
 *
 *	step = desk_handle(&ctx, &request, &answer);
 *	if (step == DESK_SITES)   { ask the recorder (MSG_QUERY);
 *	                            desk_sites(..., json, &answer); }
 *	if (step == DESK_CHOICE)  { tell the recorder (MSG_CHOICE, answer.choice);
 *	                            on its MSG_ACK desk_chosen(&ctx, &request, true, &answer); }
 *	if (step == DESK_STOP)    { end the pass of answer.site; desk_stopped(&ctx, &request,
 *	                            &answer); }
 *	... write answer.status, answer.fields, Content-Length, answer.body ...
 *
 * Nothing is kept between two calls: the caller keeps the request's bytes until the answer is
 * made.  No I/O, no clock, no globals: time, address and secret come in the context and the
 * request.
 *
 * What guards it:
 *   - Host must name the desk, so a rebound name gets nothing;
 *   - Sec-Fetch-Site, when sent, must be same-origin or none; a foreign page may only navigate to
 *     the public pages; browsers send no fetch metadata to http://, therefore also:
 *   - Origin, when sent, must be the desk's own; every answer carries Cross-Origin-Resource-Policy
 *     (a foreign page cannot load it) and no CORS field (it cannot read it);
 *   - a POST needs a token bound to the client's address and the day;
 *   - a strict Content-Security-Policy; all text goes through one escaping writer (html.h).
 */
#ifndef CRUMBGATE_PROXY_DESK_DESK_H
#define CRUMBGATE_PROXY_DESK_DESK_H

#include "base/buf.h"
#include "base/config.h"

/* A larger body is answered with 413; the caller need not read more than this plus one byte. */
#define DESK_BODY_MAX (16u * 1024)
/* Cap for answer.body and answer.fields together with what is being built. */
#define DESK_ANSWER_MAX (4u * 1024 * 1024)
/* Ask the ledger for at most so many rows (recorder_query.limit). */
#define DESK_ROWS_MAX 2000u

struct desk_cookie_key {
	struct slice name, host;
	bool third; /* party */
};

/* For people; borrowed from the rules. */
struct desk_about {
	struct slice setter, what;
	struct slice life; /* how long it is kept: "390d", "session", "?" */
};

/* A choice in force. */
struct desk_choice {
	struct slice word; /* none, refused, accepted, or the purposes that were accepted */
	bool functional, analytics, advertising; /* accepted */
	bool for_all;	     /* that for all sites; for a site, for want of one of its own */
	struct slice seen;   /* where: desk, cli, session, banner, claim */
	int64_t when, until; /* wall ms; not for none */
};

/* A choice in force for one site; borrowed until the next call. */
struct desk_own_choice {
	struct slice site;
	struct desk_choice choice;
};
/* Older ones are not shown. */
#define DESK_OWN_CHOICES_MAX 200u
struct desk_own_choices {
	struct desk_own_choice v[DESK_OWN_CHOICES_MAX]; /* newest first */
	size_t n;
	size_t all; /* more than n where there are older ones */
};

/* What a name that was typed stands for. */
enum desk_names { DESK_NAMES_NOTHING, DESK_NAMES_SITE, DESK_NAMES_SUFFIX };

/* A host that passes unread for this client, for a time; borrowed until the next call. */
struct desk_pass {
	struct slice host, why; /* why: "refused-by-client", "challenge" */
	unsigned count;		/* refusals that led to it */
	int64_t since, until;	/* wall ms */
};
/* More are not shown. */
#define DESK_PASSES_MAX 64u

/* The same in every worker. */
struct desk_context {
	/*
	 * HMAC-SHA-256 (or another keyed digest of 32 bytes) of `text` under a secret that all
	 * workers share and that lives as long as the proxy runs.
	 */
	void (*digest)(void *arg, struct slice text, unsigned char out[32]);
	void *digest_arg;

	/* The choice in force for this client on a site, or for all sites ("*"). */
	struct desk_choice (*choice)(void *arg, struct slice client, struct slice site);
	/* All that the client chose for single sites. */
	void (*own_choices)(void *arg, struct slice client, struct desk_own_choices *out);
	/* What the table of rules says of a cookie.  False: nothing. */
	bool (*about)(void *arg, const struct desk_cookie_key *key, struct desk_about *out);
	/* What passes unread for this client; how many were written. */
	size_t (*passes)(void *arg, struct slice client, struct desk_pass out[DESK_PASSES_MAX]);
	/*
	 * Writes the site (the registrable domain) of a host name; a public suffix is its own.
	 */
	enum desk_names (*site_of)(void *arg, struct slice host, char out[256]);
	/* For all of these; each may be NULL: no choice, nothing known, none, any name is a site. */
	void *lookup_arg;

	/* What is known of TikTok: the text of data/tiktok.tsv (data/README.md). */
	struct slice tiktok;

	struct slice version;
	int64_t started; /* wall ms */
	/* The CA for download; an empty slice answers 503. */
	struct slice ca_pem, ca_der, ca_mobileconfig;
	struct slice ca_name; /* its subject in words, as a person sees it in a list of CAs */
	struct slice ca_fingerprint; /* SHA-256, "AB:CD:..." */
};

/* An absent field is a slice with p == NULL. */
struct desk_request {
	struct slice method;
	struct slice target; /* path and query, from the first '/' */
	struct slice body;   /* whole; at most DESK_BODY_MAX + 1 bytes */
	bool https;
	/*
	 * In origin-form to the proxy's own port, not for crumbgate.internal: gets a page that says
	 * how to use the proxy and what that page needs: the PAC file, the CA, the style.
	 */
	bool direct;

	struct slice host; /* the Host field as it came: "crumbgate.internal" or with ":port" */
	struct slice origin, sec_fetch_site, sec_fetch_mode, sec_fetch_dest;
	struct slice content_type, user_agent;

	struct slice client; /* canonical address (in tokens, and shown to the client itself) */
	enum config_profile profile;
	/*
	 * Where the proxy listens in clear, at the address the client connected to:
	 * "127.0.0.1:8118"; and where for TLS.  Empty: nowhere.
	 */
	struct slice proxy, tls_proxy;
	int64_t now; /* wall ms */
};

/* SOME: the purposes of the answer are accepted, the others refused. */
enum desk_choice_op { DESK_REFUSE, DESK_ACCEPT, DESK_SOME, DESK_CLEAR };

struct desk_answer {
	unsigned status;
	struct buf fields; /* field lines, each with CRLF; framing and Date are the caller's */
	struct buf body;   /* to be left out for HEAD, its length still told */

	/* DESK_CHOICE only. */
	enum desk_choice_op op;
	bool functional, analytics, advertising; /* DESK_SOME */
	/*
	 * "*" is all sites; else a site.  For DESK_STOP the host.
	 */
	char site[256];
};

enum desk_step {
	DESK_DONE,   /* the answer is there */
	DESK_SITES,  /* the ledger's rows for this client are wanted */
	DESK_CHOICE, /* the client chose; carry it out, then desk_chosen() */
	DESK_STOP    /* a host is to pass unread no more; carry it out, then desk_stopped() */
};

void desk_answer_init(struct desk_answer *a);
void desk_answer_release(struct desk_answer *a);

/* host: the name alone, without port, any case. */
bool desk_is_host(struct slice host);

enum desk_step desk_handle(const struct desk_context *ctx, const struct desk_request *req,
			   struct desk_answer *a);
/*
 * After DESK_SITES: `json` is the document that the recorder answered with (evidence/ledger.h); p
 * == NULL when it did not answer, which becomes a 503 page that says so.
 */
void desk_sites(const struct desk_context *ctx, const struct desk_request *req, struct slice json,
		struct desk_answer *a);
/* After DESK_CHOICE: 303 back to the page, or 503 when it was not done. */
void desk_chosen(const struct desk_context *ctx, const struct desk_request *req, bool done,
		 struct desk_answer *a);
/* After DESK_STOP, also when nothing passed any more: 303 back to the page. */
void desk_stopped(const struct desk_context *ctx, const struct desk_request *req,
		  struct desk_answer *a);

#endif
