/*
 * left.h - why a line of a filter list was left out, in kinds that are counted.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_LEFT_H
#define CRUMBGATE_FILTERS_LISTS_LEFT_H

enum left_kind {
	LEFT_COSMETIC,	/* hides or changes parts of pages */
	LEFT_PAGE,	/* options that are about what happens inside of a page */
	LEFT_DOCUMENT,	/* exceptions for all that a page loads, by more than the page's host */
	LEFT_APP,	/* options about programs and devices */
	LEFT_DNS,	/* options of name servers and firewalls */
	LEFT_BODY,	/* options that change bodies of answers */
	LEFT_TRANSFORM, /* options that rewrite URLs by pattern */
	LEFT_ADDRESS,	/* options about IP addresses of servers */
	LEFT_OPTION,	/* an option that nobody here knows */
	LEFT_VALUE,	/* an option's value that makes no sense, or is missing */
	LEFT_TOGETHER,	/* options that cannot stand together */
	LEFT_PATTERN,	/* a pattern that makes no sense or is too long */
	LEFT_UNICODE,	/* a pattern with letters that no URL has */
	LEFT_REGEX,	/* a regular expression that cannot be compiled, or one too many */
	LEFT_PLATFORM,	/* meant for other programs */
	LEFT_DIRECTIVE, /* a directive that makes no sense */
	LEFT_INCLUDE,	/* a file to include that is not there */
	LEFT_KINDS
};

/* One line for people. */
const char *left_kind_name(enum left_kind kind);

#endif
