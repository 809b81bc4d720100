/*
 * challenges.h - is this answer a question whether a robot is calling?
 *
 * Only by fields that a service sends with such answers and no others, each with the value and the
 * statuses that it documents or that were observed (challenges.c has the table with its sources).
 * A body is never looked at, nor a field that says which service is in use: that would take every
 * site of the service for challenged.
 */
#ifndef CRUMBGATE_PROXY_CHALLENGES_H
#define CRUMBGATE_PROXY_CHALLENGES_H

#include "proxy/http/field.h"

/* Who asks ("cloudflare"), static; NULL: it is no challenge.  Pure. */
const char *challenge_of(unsigned status, const struct fields *f);

#endif
