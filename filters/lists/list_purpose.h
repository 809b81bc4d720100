/*
 * list_purpose.h - what a filter list is for, and whether a client wants what it names.
 *
 * A list has one purpose, told by the name of its file: lists about privacy or tracking are
 * analytics, those about annoyances or cookies functional, all others advertising.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_LIST_PURPOSE_H
#define CRUMBGATE_FILTERS_LISTS_LIST_PURPOSE_H

#include "filters/rules.h"

/* The last part of a list's path. */
struct slice list_base_name(struct slice list);
enum purpose list_purpose(struct slice list);

/*
 * Whether requests for that purpose go out although a list names them: who accepted the purpose is
 * not bothered, for minors everything is refused, and for an investigator nothing.
 */
bool list_purpose_wanted(enum profile profile, enum choice_state choice, enum purpose p);
/*
 * What a request is for that a list is about: what its host is known for weighs more than the name
 * of the list, which may hold trackers of all kinds.  rules may be NULL.
 */
enum purpose list_purpose_of_request(struct slice list, const struct rules *rules,
				     struct slice host);

#endif
