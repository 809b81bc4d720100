/*
 * change.h - is a new reading of a banner something that a person did?
 *
 *	what = banner_change(memory, &reading, &moment, &memory);
 *
 * The caller keeps one uint32_t for each client and host of a page (0: never looked at), and hands
 * in what banner_summary() or banner_read_report() says together with the moment: first-party
 * requests to that host, answers from it, and the banner's own reports.  Pure.
 *
 * Consent needs a clear act of a person (GDPR article 4 (11), C-673/17), and a proxy does not see
 * clicks.  What it sees, and what we conclude:
 *
 * - A REPORT of the banner to its maker is sent because somebody answered: an act, unless it came
 *   sooner after the page than a hand needs.  The caller hands in only reports of which it knows
 *   for sure whose page made them; a script of another on that page can still make one.
 *
 * - A cookie that CHANGED BETWEEN TWO REQUESTS, with no Set-Cookie in between that did it, was
 *   changed by a script on the page.  That is how banners store a click, so it is an act - unless
 *   it happened sooner after the page was answered than a hand needs (BANNER_HAND_MS): then the
 *   page did it by itself.  A script that waits and then consents on its own cannot be told from a
 *   person on the wire; only a scripted session without any click shows it.
 *
 * - A cookie that is there when we LOOK FOR THE FIRST TIME was decided before we came.  Nobody saw
 *   the act, so it is none, but it is no finding either.  For this a look counts only when the
 *   request carries all the cookies that the browser has for the host (`whole`): a cross-site
 *   navigation leaves out SameSite=Strict, a fetch may leave out all.
 *
 * - Consent in a SET-COOKIE of the site's server: when it answers a form that was sent or a request
 *   that a script made well after the page came, somebody may have answered through the server: an
 *   act.  When it comes with the page itself, or at once, nobody has seen a banner yet: "a consent
 *   cookie that nobody's act produced", which is a finding.  What a server wrote in parts, or from
 *   another host of the site, comes back with a request later: the caller says so by
 *   banner_served(), and it then counts as decided before.
 *
 * - LESS consent than before counts at once and needs no proof: withdrawing must be as easy as
 *   giving (GDPR article 7 (3)).  When a record that had consent turns unreadable, implied or
 *   undecided, the consent has lapsed.
 *
 * - A prefetched page (Sec-Purpose: prefetch) was seen by nobody: no act, no finding.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_CHANGE_H
#define CRUMBGATE_FILTERS_BANNERS_CHANGE_H

#include "filters/banners/reading.h"

/* From the answer of a page to a click on what it shows; nobody is faster. */
#define BANNER_HAND_MS 500

enum banner_seen_by { BANNER_IN_REQUEST, BANNER_IN_SET_COOKIE, BANNER_IN_REPORT };

struct banner_moment {
	enum banner_seen_by by;
	bool document; /* the exchange is the page itself: a top-level navigation */
	bool whole;    /* the request carries all cookies that the browser has for the host */
	bool posts;    /* its method is POST, PUT or PATCH */
	bool prefetch; /* Sec-Purpose: prefetch */
	/* Since the last page of this host was answered to this client; -1: not known. */
	int64_t since_document_ms;
};

enum banner_change {
	BANNER_SAME,	/* nothing new */
	BANNER_BEFORE,	/* decided before we looked: note it, count it as nothing */
	BANNER_ACT,	/* a person's choice: REFUSE, PARTIAL or ACCEPT of the reading */
	BANNER_LAPSED,	/* what was granted is gone: no choice is left */
	BANNER_UNASKED, /* consent that nobody's act produced: a finding, and no consent */
};

/* *after may be where `before` came from. */
enum banner_change banner_change(uint32_t before, const struct banner_reading *now,
				 const struct banner_moment *m, uint32_t *after);

/*
 * The memory of a page after an answer of its site set a banner's cookie without an act, until a
 * request came with an explicit record.
 */
uint32_t banner_served(uint32_t memory);

/* "same", "before", "act", "lapsed", "unasked". */
const char *banner_change_word(enum banner_change change);

#endif
