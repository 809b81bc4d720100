/*
 * plain.h - the words of the log (filters/words.h) as the desk and the commands say them.
 *
 * One table for both, so that nobody has to learn two names of one thing.  A purpose has the name
 * that the log and `crumbgate choice set` have for it.  Where a machine reads (JSON, the log), the
 * log's own words stand.  A word that is not known becomes the answer for "unknown", never itself.
 */
#ifndef CRUMBGATE_BASE_PLAIN_H
#define CRUMBGATE_BASE_PLAIN_H

#include "base/buf.h"

/* "Analytics": as a label. */
const char *plain_purpose(struct slice purpose);
/* "essential", or "unknown" for a word that is none. */
const char *plain_purpose_word(struct slice purpose);
/* "Tells the site how it is used", without a full stop. */
const char *plain_purpose_means(struct slice purpose);

/* Of a cookie: "let through", "removed", "deleted" (and the browser was told to forget it). */
const char *plain_verdict(struct slice verdict);

/*
 * Of a client for a site: "no choice yet", "refused", "accepted", "accepted functional and
 * analytics only", "put back".
 */
void plain_choice(struct buf *out, struct slice choice);

/* A client's address, or "this machine". */
struct slice plain_client(struct slice client);

#endif
