#include "cmd/explain_kinds.h"

const char *explain_kind_means(enum entry_kind kind)
{
	static const char *const means[ENTRY_KINDS] = {
		[ENTRY_START] = "The recorder began to write the log.",
		[ENTRY_STOP] = "The recorder ended in good order.",
		[ENTRY_CONFIG] = "A configuration came into force.",
		[ENTRY_RULES] = "Rules about cookies came into force; the copy with this digest is "
				"kept beside the log.",
		[ENTRY_MINT] = "A certificate for this host was signed, so that what the browser "
			       "says to it could be seen.",
		[ENTRY_SET] = "The answer of this host set a cookie.",
		[ENTRY_SENT] = "The browser sent this host a cookie.",
		[ENTRY_CHOICE] = "A client chose for a site (* for all sites), or took its choice "
				 "back (none).",
		[ENTRY_PASS] = "What went between client and host was passed through unread: the "
			       "log says nothing about it.",
		[ENTRY_REFUSE] = "A connection to this host was refused.",
		[ENTRY_LOSS] = "So many things happened that were not recorded.",
		[ENTRY_CLOCK] =
			"The machine's clock jumped: times before and after do not compare.",
		[ENTRY_HEARTBEAT] = "Nothing else happened, and the recorder was alive.",
		[ENTRY_RESTART] = "A process of the proxy died and was started again.",
		[ENTRY_CLAIM] = "The site said something about consent; nothing is decided by its "
				"word alone.",
		[ENTRY_CONTRADICTION] = "What the site does or says contradicts what was chosen or "
					"seen.",
		[ENTRY_WRITE] =
			"The refusal that was chosen was written into the site's answer, so "
			"that its banner need not ask: the site did not set it.",
		[ENTRY_BLOCK] = "A request was not sent, because a rule of a filter list names it "
				"and the list's purpose was not accepted.",
		[ENTRY_STRIP] = "A parameter that follows the person from site to site was taken "
				"out of a page's URL.",
		[ENTRY_HEAL] =
			"The site went round in circles, so a cookie that had been taken out "
			"was put back for a day.",
	};

	return (unsigned)kind < ENTRY_KINDS ? means[kind] : "";
}

const char *explain_verdict_means(enum cookie_kind way, enum verdict v)
{
	if (v == VERDICT_KEPT)
		return way == COOKIE_SET ? "the browser gets it" : "the host gets it";
	if (v == VERDICT_EXPIRED)
		return "it is taken out of the request, and the browser is told to forget it";
	return way == COOKIE_SET ? "the line is taken out of the answer: the browser never has it"
				 : "it is taken out of the request: the host does not get it";
}

/* How much an entry of a kind shows. */
#define PROOF "proof: the octets alone show it"
#define INDICATION                                                                                 \
	"indication: it takes a reading of what the octets mean, or of what was seen before"
#define CONTEXT "context: no fault by itself"

bool explain_contradiction(struct slice name, struct explain_contradiction *out)
{
	static const struct {
		const char *name, *weight, *means;
	} rows[] = {
		{ "consent-unasked", INDICATION,
		  "The site set a record of consent that nobody's act produced." },
		{ "set-after-refusal", INDICATION,
		  "A cookie was set for a purpose that the client had refused." },
		{ "sent-after-refusal", INDICATION,
		  "A cookie came with a request for a purpose that the client had refused." },
		{ "tc-grants", PROOF, "The TC string grants what the client refused." },
		{ "tc-unasked", INDICATION,
		  "The TC string grants what nobody had been asked about." },
		{ "mode-grants", INDICATION,
		  "Google's consent mode grants what the client refused." },
		{ "mode-unasked", INDICATION,
		  "Google's consent mode grants what nobody had been asked about." },
		{ "ac-grants", PROOF,
		  "The additional consent string grants what the client refused." },
		{ "ac-unasked", INDICATION,
		  "The additional consent string grants what nobody had been asked about." },
		{ "personalised", PROOF,
		  "Personalised ads are asked for although they were refused." },
		{ "gpc-ignored", INDICATION,
		  "The browser asks not to sell or share, and the claim knows no opt-out." },
		{ "child-denied", PROOF,
		  "The client is a minor, and the claim says it is no child." },
		{ "li-profiling", PROOF,
		  "Legitimate interest is claimed for purposes 3 to 6, for which the framework "
		  "does not allow it." },
		{ "li-storage", PROOF,
		  "Legitimate interest is claimed for purpose 1, storage, for which "
		  "the framework does not allow it." },
		{ "tc-global", PROOF, "The TC string is not for this service alone." },
		{ "tc-policy", PROOF, "The TC string follows an outdated policy." },
		{ "tc-undisclosed", PROOF, "The TC string does not say which vendors were shown." },
		{ "tc-times", PROOF, "The times in the TC string differ, or are no midnight." },
		{ "tc-differ", INDICATION,
		  "Two TC strings of the same time grant different purposes." },
		{ "gdpr-without-tc", CONTEXT,
		  "The GDPR is said to apply, and there is no TC string that can be read." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!slice_eq(name, slice_str(rows[i].name)))
			continue;
		*out = (struct explain_contradiction){ rows[i].means, rows[i].weight };
		return true;
	}
	return false;
}

/* What stands behind the last `mark`, nothing where there is none; `head` gets what is before. */
static struct slice behind_last(struct slice s, struct slice mark, struct slice *head)
{
	for (size_t at = s.n; at-- > 0;) {
		if (!slice_starts(slice_skip(s, at), mark))
			continue;
		*head = slice_head(s, at);
		return slice_skip(s, at + mark.n);
	}
	*head = s;
	return SLICE("");
}

/* "list:NAME VERSION; PURPOSE; alias of HOST", read from its end: a name may be of any octets. */
bool explain_block_read(struct slice why, struct explain_block *out)
{
	struct slice mark = SLICE("list:"), rest = why, purpose;

	*out = (struct explain_block){ .purpose = PURPOSE_UNKNOWN };
	if (!slice_starts(why, mark))
		return false;
	(void)behind_last(rest, SLICE("; by its answer"), &rest);
	out->alias = behind_last(rest, SLICE("; alias of "), &rest);
	purpose = behind_last(rest, SLICE("; "), &rest);
	out->version = behind_last(rest, SLICE(" "), &rest);
	out->list = slice_skip(rest, mark.n);
	return out->list.n != 0 && out->version.n != 0 && purpose_of_word(purpose, &out->purpose);
}
