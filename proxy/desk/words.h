/*
 * words.h - what the desk says about profiles, times and how long things are kept; base/plain.h has
 * the words that the commands have too.
 */
#ifndef CRUMBGATE_PROXY_DESK_WORDS_H
#define CRUMBGATE_PROXY_DESK_WORDS_H

#include "base/buf.h"
#include "base/config.h"
#include "base/plain.h"

const char *plain_profile(enum config_profile profile);
/* What is done with what is not essential, a sentence each. */
struct profile_rules {
	const char *functional, *tracking, *unknown;
};
struct profile_rules profile_rules(enum config_profile profile);
/*
 * Whether there is anything to choose: not for minors, where refusing is in force whatever is
 * said.
 */
bool choice_offered(enum config_profile profile);
/*
 * Whether a choice decides anything under the profile; where it does not, what is said of choices
 * must not sound as if it did.
 */
bool choice_decides(enum config_profile profile);
/* How choices work, for all sites and for one. */
const char *all_rule(enum config_profile profile);
const char *site_heading(enum config_profile profile);
const char *site_rule(enum config_profile profile);
/* What to know about a profile in which choices do not count; NULL for the others. */
const char *profile_notice(enum config_profile profile);
/* "just now", "5 minutes ago", "3 days ago". */
void plain_age(struct buf *out, int64_t then, int64_t now);
/* "for another 5 minutes", "for less than a minute more". */
void plain_left(struct buf *out, int64_t until, int64_t now);
/* Why something passes unread: a sentence, as markup.  `count`: of refusals. */
void plain_pass(struct buf *out, struct slice why, unsigned count);
/* Of a table's short form ("390d"); 0: until the browser is closed; -1: not known. */
int64_t life_seconds(struct slice life);
/* "13 months", "30 minutes". */
void plain_span(struct buf *out, int64_t seconds);
/*
 * How long a cookie is kept: "Kept for 13 months." where it was seen (seconds; -1: it was not),
 * else "Usually kept for 13 months.", from a table's short form ("390d", "session"); nothing where
 * neither is known.
 */
void plain_life(struct buf *out, int64_t seen, struct slice table);
/* "1 cookie", "7 cookies". */
void plain_count(struct buf *out, size_t n, const char *one, const char *many);

#endif
