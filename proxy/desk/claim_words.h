/*
 * claim_words.h - what a claim, a contradiction or a blocked request is, in a sentence for people.
 *
 * The words of the record stand in crumbgate-evidence(5).  Each appends plain text, not markup: it
 * holds bytes that sites chose and is to be escaped like any other text.
 */
#ifndef CRUMBGATE_PROXY_DESK_CLAIM_WORDS_H
#define CRUMBGATE_PROXY_DESK_CLAIM_WORDS_H

#include "proxy/desk/data.h"

#include "base/buf.h"

/* A sentence with its full stop; a word that is not known is told as it stands.  count: in all. */
void claim_sentence(struct buf *out, const struct desk_claim *c, uint64_t count);
/* A claim that somebody consented or that there is a legitimate interest; one that can be read. */
bool claim_is_basis(const struct desk_claim *c);
/* The name of the filter list that a block's reason begins with, and the purpose behind it. */
struct slice block_list(struct slice why, struct slice *purpose);
/*
 * Whether it says what somebody's click in the site's banner came to; the word for that: "accept",
 * "refuse", "partial".
 */
bool claim_banner_answer(const struct desk_claim *c, struct slice *state);
/* That in words: "noted that you accepted everything". */
const char *claim_banner_words(struct slice state);
/* Both say the same of a cookie, each of its own: they can stand in one sentence. */
bool claim_is_alike(const struct desk_claim *a, const struct desk_claim *b);
/*
 * "7 cookies were set, though you refused: ", and what stands behind it for each: its name and, in
 * brackets, its purpose and the host, if one is given.
 */
void claim_cookies_were(struct buf *out, const struct desk_claim *c, size_t n);
void claim_cookie_name(struct buf *out, const struct desk_claim *c, struct slice host);
/* The cookie that an entry about set-after-refusal or sent-after-refusal names. */
struct slice refused_cookie(struct slice why, struct slice *purpose);

#endif
