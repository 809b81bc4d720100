/*
 * skip.h - urlskip=: from the URL of a redirector to the one it would lead to.
 *
 * A value is a list of steps with blanks between them: "?name" (that parameter's value), "&1" (the
 * name of the n-th parameter), "#" (the fragment), "+https" (in front), "-base64", "-safebase64",
 * "-uricomponent", "-blocked" (only if the redirector itself is blocked).
 * https://github.com/gorhill/uBlock/wiki/Static-filter-syntax#urlskip
 */
#ifndef CRUMBGATE_FILTERS_LISTS_SKIP_H
#define CRUMBGATE_FILTERS_LISTS_SKIP_H

#include "base/buf.h"

/* All steps are known. */
bool skip_is_good(struct slice steps);

/*
 * Writes the URL to go to.  False, and nothing to be used in `out`: a step finds nothing, or what
 * comes out is no http or https URL that may stand in a header field.
 */
bool skip_follow(struct slice url, struct slice steps, bool blocked, struct buf *out);

#endif
