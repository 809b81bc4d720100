/*
 * reading.h - what was read out of a banner's cookies or out of one of its reports.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_READING_H
#define CRUMBGATE_FILTERS_BANNERS_READING_H

#include "base/slice.h"

/* Only PARTIAL and ACCEPT are consent, and PARTIAL only to what `granted` says. */
enum banner_state {
	BANNER_NONE,	   /* no banner's cookie is there, or none that says anything */
	BANNER_UNDECIDED,  /* a banner is there and nobody has answered it */
	BANNER_UNREADABLE, /* it is not in the form we know: counts as undecided */
	BANNER_IMPLIED,	   /* a setting that no act of a person stands behind: never consent */
	BANNER_REFUSE,
	BANNER_PARTIAL,
	BANNER_ACCEPT,
};

/* The purposes of a cookie that somebody can be asked about, as a set. */
#define BANNER_FUNCTIONAL 1u
#define BANNER_ANALYTICS 2u
#define BANNER_ADVERTISING 4u
#define BANNER_ALL 7u

#define BANNER_WHY_MAX 128

struct banner_reading {
	enum banner_state state;
	/* ACCEPT: BANNER_ALL.  PARTIAL: those that are surely among the yes; may be 0.  Else 0. */
	unsigned granted;
	/*
	 * What the record itself claims, whether or not it counts: for IMPLIED what was switched on
	 * without an act.  And the purposes that were certainly asked about; 0 where the banner's
	 * own names do not tell.
	 */
	unsigned claimed, asked;
	bool legitimate;     /* legitimate interest is claimed for some purpose or vendor */
	bool privacy_signal; /* the record says that the browser's GPC was seen */
	/* When the record says it was answered, in seconds since 1970; 0: it does not say. */
	int64_t answered_s;
	struct slice product; /* borrowed from the table */
	uint32_t line;	      /* of data/banners.tsv */
	/* "OneTrust: 1 of 3 yes"; never a part of the value. */
	char why[BANNER_WHY_MAX];
};

/* "none", "undecided", "unreadable", "implied", "refuse", "partial", "accept". */
const char *banner_state_word(enum banner_state state);
bool banner_state_of_word(struct slice word, enum banner_state *out);

/* A choice that a person made: REFUSE, PARTIAL or ACCEPT. */
static inline bool banner_explicit(enum banner_state state)
{
	return state >= BANNER_REFUSE;
}

#endif
