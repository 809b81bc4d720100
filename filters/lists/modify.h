/*
 * modify.h - what lists say about a request that is not blocked: parameters, cookies, header fields,
 * redirectors.
 *
 * Each question is asked at its own moment of an exchange, of the same struct query.  An exception
 * that names a value is about that value, one that names none is about all; `important` beats both.
 * Slices are borrowed from the image.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_MODIFY_H
#define CRUMBGATE_FILTERS_LISTS_MODIFY_H

#include "filters/lists/match.h"

/* More rules of a kind than this are not heard about one request. */
#define LISTS_MODIFY_MAX 256u

/*
 * removeparam: appends the request's URL to `url` without the parameters that are to go, all other
 * octets as they came, and returns how many went; 0: none, and nothing is appended.  `by` gets the
 * rule of each of the first by_n of them (may be NULL with 0).
 */
size_t lists_strip(const struct lists *l, struct query *q, struct buf *url, struct lists_rule *by,
		   size_t by_n);

enum lists_cookie_action {
	LISTS_COOKIE_NOTHING,
	LISTS_COOKIE_EXCEPT, /* `rule` says that the others do not hold */
	LISTS_COOKIE_REMOVE,
	LISTS_COOKIE_CHANGE /* to max_age seconds, to same_site, or both */
};
enum lists_same_site {
	LISTS_SAME_SITE_AS_IS,
	LISTS_SAME_SITE_LAX,
	LISTS_SAME_SITE_STRICT,
	LISTS_SAME_SITE_NONE
};

struct lists_cookie {
	enum lists_cookie_action action;
	struct lists_rule rule;
	bool has_max_age;
	uint32_t max_age; /* seconds, at most */
	enum lists_same_site same_site;
};

/* Does any rule speak of cookies?  Else nobody need ask. */
bool lists_have_cookies(const struct lists *l);
/* cookie: about one cookie, by its name, in either direction. */
void lists_match_cookie(const struct lists *l, struct query *q, struct slice name,
			struct lists_cookie *out);

enum lists_field_edit {
	LISTS_REMOVE_FROM_REQUEST,
	LISTS_REMOVE_FROM_ANSWER,
	LISTS_ADD_CSP,	      /* one Content-Security-Policy more */
	LISTS_ADD_PERMISSIONS /* one Permissions-Policy more */
};

struct lists_field {
	enum lists_field_edit edit;
	struct slice value; /* a field name, or a policy */
	struct lists_rule rule;
};

/* Is it that edit, of the field with this name? */
static inline bool lists_field_takes(const struct lists_field *e, enum lists_field_edit edit,
				     struct slice name)
{
	return e->edit == edit && slice_ieq(e->value, name);
}

/* removeheader, csp, permissions: writes at most n, returns how many. */
size_t lists_match_fields(const struct lists *l, struct query *q, struct lists_field *out,
			  size_t n);

/* urlskip: appends where the redirector leads to.  `blocked`: what lists_match() said of it. */
bool lists_skip(const struct lists *l, struct query *q, bool blocked, struct buf *url,
		struct lists_rule *by);

#endif
