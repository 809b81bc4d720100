/*
 * words.h - what people write on the command line for a site and for a choice.
 */
#ifndef CRUMBGATE_CMD_WORDS_H
#define CRUMBGATE_CMD_WORDS_H

#include "filters/site.h"
#include "filters/words.h"

/*
 * The registrable domain of a host name, or of a URL: "https://www.shop.example/cart" is
 * shop.example.  False: this is neither.
 */
bool words_site(struct sites *s, struct slice text, char out[SITE_MAX]);
/* Whether it is a URL. */
bool words_is_url(struct slice text);

/*
 * What is accepted, all else being refused: functional, analytics, advertising, with commas
 * between, or + as the log has it.
 */
bool words_purposes(struct slice text, enum choice_state *out);

#endif
