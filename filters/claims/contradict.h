/*
 * contradict.h - where claims say something else than the person did, or than their own framework allows.
 *
 *	struct contradictions found;
 *
 *	contradictions_find(&claims, &choice, &found);
 *	for (size_t i = 0; i < found.n; i++)
 *		... contradiction_word(found.list[i].kind), found.list[i].words
 *
 * Pure facts about bytes, never that a law was broken: what follows from a contradiction is for whoever reads
 * the log.  A granted purpose counts against a choice only if the person did not accept what the purpose
 * serves.  Refused claims grant nothing and contradict nothing.
 *
 * How the purposes of the TCF serve the project's: 2, 3, 4 and 7 advertising; 8, 9 and 10 analytics; 5, 6 and
 * 11 functional (personalised content); 1, storage, all of them.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_CONTRADICT_H
#define CRUMBGATE_FILTERS_CLAIMS_CONTRADICT_H

#include "filters/claims/find.h"
#include "filters/claims/gpp.h"
#include "filters/claims/signals.h"
#include "filters/claims/tcf.h"
#include "filters/words.h"

/* What the person decided, by purpose; and who it is. */
struct claim_choice {
	enum choice_state functional, analytics, advertising;
	bool minor;
	bool gpc; /* the browser asks not to sell or share; contradictions_find() sees Sec-GPC itself */
};

enum contradiction_kind {
	/* Against the person's choice: refused, or with "unasked" none made yet. */
	CONTRA_TC_GRANTS,
	CONTRA_TC_UNASKED,
	CONTRA_MODE_GRANTS, /* gcs or gcd */
	CONTRA_MODE_UNASKED,
	CONTRA_AC_GRANTS,
	CONTRA_AC_UNASKED,
	CONTRA_PERSONALISED, /* npa=0 though advertising was refused */
	CONTRA_GPC_IGNORED,  /* no opt-out claimed though the browser asks for it */
	CONTRA_CHILD_DENIED, /* a minor, and the claim says it is no child */
	/* Against the framework's own rules. */
	CONTRA_LI_PROFILING,   /* legitimate interest for purposes 3 to 6 */
	CONTRA_LI_STORAGE,     /* legitimate interest for purpose 1 */
	CONTRA_TC_GLOBAL,      /* not service-specific */
	CONTRA_TC_POLICY,      /* an outdated policy version */
	CONTRA_TC_UNDISCLOSED, /* no segment of disclosed vendors */
	CONTRA_TC_TIMES,       /* created and last updated differ, or are no midnight */
	/* Against another claim of the same request. */
	CONTRA_TC_DIFFER,	/* the same time, other purposes */
	CONTRA_GDPR_WITHOUT_TC, /* gdpr=1 and no TC string that can be read */
	CONTRADICTION_KINDS,
};

/* "tc-grants", "li-profiling" and so on; words of the log. */
const char *contradiction_word(enum contradiction_kind v);

#define CONTRADICTION_WORDS 200
#define CONTRADICTIONS_MAX 24

struct contradiction {
	enum contradiction_kind kind;
	char words[CONTRADICTION_WORDS]; /* a sentence without its full stop */
};

struct contradictions {
	size_t n;
	struct contradiction list[CONTRADICTIONS_MAX];
};

/* Each adds to *out; one of each kind at most. */
void contradictions_of_tcf(const struct tcf *tc, const struct claim_choice *choice,
			   struct contradictions *out);
void contradictions_of_gcs(const struct gcs *gcs, const struct claim_choice *choice,
			   struct contradictions *out);
void contradictions_of_gcd(const struct gcd *gcd, const struct claim_choice *choice,
			   struct contradictions *out);
void contradictions_of_ac(const struct ac_string *ac, const struct claim_choice *choice,
			  struct contradictions *out);
void contradictions_of_usp(const struct usp *usp, const struct claim_choice *choice,
			   struct contradictions *out);
void contradictions_of_gpp(const struct gpp *gpp, const struct claim_choice *choice,
			   struct contradictions *out);
/* npa, child flags: `on` is what the switch says. */
void contradictions_of_switch(enum claim_kind kind, bool on, const struct claim_choice *choice,
			      struct contradictions *out);

/* What a TC string has against its own rules, whoever chose what. */
void contradictions_in_tcf(const struct tcf *tc, struct contradictions *out);

/* All claims of a request, each by itself and together; *out is emptied first. */
void contradictions_find(const struct claims *claims, const struct claim_choice *choice,
			 struct contradictions *out);

#endif
