#include "proxy/desk/claim_words.h"

#include "proxy/desk/words.h"

/* Cuts at the first " word ", or whatever the separator is; false: it is not there. */
static bool cut_at(struct slice s, struct slice separator, struct slice *head, struct slice *tail)
{
	for (size_t i = 0; i + separator.n <= s.n; i++) {
		if (!slice_starts(slice_skip(s, i), separator))
			continue;
		*head = slice_head(s, i);
		*tail = slice_skip(s, i + separator.n);
		return true;
	}
	return false;
}

/* ---- what a reason holds ---- */

/* "list:NAME VERSION; PURPOSE; ..." */
struct slice block_list(struct slice why, struct slice *purpose)
{
	struct slice list, rest = slice_cut(why, ';', &list);
	size_t end = list.n;

	slice_cut(rest, ';', purpose);
	*purpose = slice_trim(*purpose);
	while (end > 0 && list.p[end - 1] != ' ')
		end--;
	list = slice_head(list, end > 1 ? end - 1 : list.n);
	return slice_starts(list, SLICE("list:")) ? slice_skip(list, 5) : list;
}

struct slice refused_cookie(struct slice why, struct slice *purpose)
{
	size_t at = why.n;

	while (at > 0 && why.p[at - 1] != ':')
		at--;
	*purpose = slice_trim(slice_skip(why, at));
	return slice_head(why, at != 0 ? at - 1 : 0);
}

bool claim_is_basis(const struct desk_claim *c)
{
	static const char *const none[] = { "gdpr",  "gpp-sid",	   "npa",     "us-privacy",
					    "child", "restricted", "limited", "gpc" };

	if (!slice_eq(c->kind, SLICE("claim")) || slice_starts(c->why, SLICE("refused: ")))
		return false;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (slice_eq(c->name, slice_str(none[i])))
			return false;
	return true;
}

/* ---- TC strings ---- */

/* The purposes of the TCF, in our own words. */
static const char *const purposes[] = {
	[1] = "keeping things in your browser",
	[2] = "choosing ads by a few facts",
	[3] = "building a profile for ads",
	[4] = "choosing ads by your profile",
	[5] = "building a profile for content",
	[6] = "choosing content by your profile",
	[7] = "measuring ads",
	[8] = "measuring content",
	[9] = "statistics about audiences",
	[10] = "developing services",
	[11] = "choosing content by a few facts",
};
#define PURPOSES (sizeof(purposes) / sizeof(purposes[0]))

/* "1 3 4" as words. */
static void list_purposes(struct buf *out, struct slice numbers)
{
	struct slice word;
	bool first = true;
	uint64_t n;

	while (numbers.p != NULL) {
		numbers = slice_cut(numbers, ' ', &word);
		if (word.n == 0)
			continue;
		buf_adds(out, first ? "" : ", ");
		if (slice_to_u64(word, PURPOSES - 1, &n) && n != 0)
			buf_adds(out, purposes[n]);
		else
			buf_add(out, word);
		first = false;
	}
}

static bool is_none(struct slice numbers)
{
	return numbers.n == 0 || slice_eq(numbers, SLICE("none"));
}

static void tc_sentence(struct buf *out, const struct desk_claim *c)
{
	struct slice head, consents, interests;

	if (!cut_at(c->why, SLICE("consent for purposes: "), &head, &consents) ||
	    !cut_at(consents, SLICE("; legitimate interest for: "), &consents, &interests)) {
		buf_addf(out, "It sent a consent string: %.*s.", SLICE_ARG(c->why));
		return;
	}
	if (is_none(consents) && is_none(interests)) {
		buf_adds(out, "It sent a consent string that claims neither consent nor a "
			      "legitimate interest.");
		return;
	}
	buf_adds(out, "It claimed ");
	if (!is_none(consents)) {
		buf_adds(out, "your consent for ");
		list_purposes(out, consents);
	}
	buf_adds(out, !is_none(consents) && !is_none(interests) ? "; and " : "");
	if (!is_none(interests)) {
		buf_adds(out, "a legitimate interest, which asks nobody, for ");
		list_purposes(out, interests);
	}
	buf_addc(out, '.');
}

/* ---- Google's consent mode ---- */

static const struct {
	const char *word, *plain;
} consent_types[] = {
	{ "analytics_storage", "analytics" },
	{ "ad_storage", "cookies for advertising" },
	{ "ad_user_data", "data about you for advertising" },
	{ "ad_personalization", "ads chosen for you" },
};

static void list_types(struct buf *out, struct slice list)
{
	struct slice word;
	bool first = true;

	while (list.p != NULL) {
		const char *plain = NULL;

		list = slice_cut(list, ',', &word);
		word = slice_trim(word);
		for (size_t i = 0; i < sizeof(consent_types) / sizeof(consent_types[0]); i++)
			if (slice_eq(word, slice_str(consent_types[i].word)))
				plain = consent_types[i].plain;
		buf_adds(out, first ? "" : list.p == NULL ? " and " : ", ");
		if (plain != NULL)
			buf_adds(out, plain);
		else
			buf_add(out, word);
		first = false;
	}
}

/* "gcs claims as granted by default what the person refused: ad_storage". */
static void mode_sentence(struct buf *out, const struct desk_claim *c, const char *though)
{
	struct slice head, types;

	buf_adds(out, "It told Google that you allow ");
	if (cut_at(c->why, SLICE(": "), &head, &types))
		list_types(out, types);
	else
		buf_adds(out, "it");
	buf_adds(out, though);
}

static const char *state_of(char letter)
{
	return letter == '1' ? "allowed" : letter == '0' ? "refused" : "not said";
}

/* gcs: "G1", then a digit or '-' for advertising and for analytics. */
static void gcs_sentence(struct buf *out, const struct desk_claim *c)
{
	if (c->why.n == 4 && slice_starts(c->why, SLICE("G1")))
		buf_addf(out, "It told Google: advertising %s, analytics %s.",
			 state_of(c->why.p[2]), state_of(c->why.p[3]));
	else
		buf_addf(out, "It told Google about consent: %.*s.", SLICE_ARG(c->why));
}

/* ---- other claims ---- */

static const struct {
	const char *name, *one, *zero;
} switches[] = {
	{ "gdpr", "It said that the GDPR applies.", "It said that the GDPR does not apply." },
	{ "npa", "It asked for ads that are not chosen for you.",
	  "It said that ads may be chosen for you." },
	{ "child", "It said that you are to be treated as a child.",
	  "It said that you are not to be treated as a child." },
	{ "restricted", "It asked to process less data.", "It did not ask to process less data." },
	{ "limited", "It asked for limited ads.", "It did not ask for limited ads." },
};

static const struct {
	const char *name, *what;
} strings[] = {
	{ "tc", "a consent string (TC)" },
	{ "gpp", "a consent string (GPP)" },
	{ "gpp-sid", "which laws it thinks apply (GPP)" },
	{ "ac", "a list of Google's providers that you are said to accept" },
	{ "us-privacy", "a privacy string of the United States" },
	{ "gcs", "the state of consent, to Google" },
	{ "gcd", "the state of consent in full, to Google" },
};

static const char *string_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (slice_eq(name, slice_str(strings[i].name)))
			return strings[i].what;
	return NULL;
}

static bool switch_sentence(struct buf *out, const struct desk_claim *c)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (!slice_eq(c->name, slice_str(switches[i].name)))
			continue;
		if (slice_eq(c->why, SLICE("1")))
			buf_adds(out, switches[i].one);
		else if (slice_eq(c->why, SLICE("0")))
			buf_adds(out, switches[i].zero);
		else
			return false;
		return true;
	}
	return false;
}

/* ---- banners ---- */

static const struct {
	const char *word, *plain;
} banner_states[] = {
	{ "accept", "noted that you accepted everything" },
	{ "refuse", "noted that you refused" },
	{ "partial", "noted that you accepted a part" },
	{ "implied", "took your silence for consent" },
	{ "undecided", "noted no answer yet" },
	{ "unreadable", "noted something that cannot be read" },
}, banner_changes[] = {
	{ "act", ", after somebody's click" },
	{ "before", ", before it was first seen here" },
	{ "lapsed", "; what it noted before no longer holds" },
	{ "unasked", ", though nobody did anything" },
};

/* "refuse, act: OneTrust: 1 of 4 yes"; false: it is no banner's. */
static bool cut_banner(const struct desk_claim *c, struct slice *state, struct slice *change)
{
	struct slice rest;

	return slice_eq(c->kind, SLICE("claim")) && cut_at(c->why, SLICE(", "), state, &rest) &&
	       cut_at(rest, SLICE(": "), change, &rest);
}

bool claim_banner_answer(const struct desk_claim *c, struct slice *state)
{
	struct slice change;

	return cut_banner(c, state, &change) && slice_eq(change, SLICE("act")) &&
	       (slice_eq(*state, SLICE("accept")) || slice_eq(*state, SLICE("refuse")) ||
		slice_eq(*state, SLICE("partial")));
}

const char *claim_banner_words(struct slice state)
{
	for (size_t i = 0; i < sizeof(banner_states) / sizeof(banner_states[0]); i++)
		if (slice_eq(state, slice_str(banner_states[i].word)))
			return banner_states[i].plain;
	return NULL;
}

static bool banner_sentence(struct buf *out, const struct desk_claim *c)
{
	struct slice state, change;
	const char *what, *how = "";

	if (!cut_banner(c, &state, &change))
		return false;
	what = claim_banner_words(state);
	for (size_t i = 0; i < sizeof(banner_changes) / sizeof(banner_changes[0]); i++)
		if (slice_eq(change, slice_str(banner_changes[i].word)))
			how = banner_changes[i].plain;
	if (what == NULL)
		return false;
	buf_addf(out, "Its banner (%.*s) %s%s.", SLICE_ARG(c->name), what, how);
	return true;
}

static void other_sentence(struct buf *out, const struct desk_claim *c)
{
	buf_addf(out, "%.*s", SLICE_ARG(c->name.n != 0 ? c->name : c->kind));
	if (c->why.n != 0)
		buf_addf(out, ": %.*s", SLICE_ARG(c->why));
	buf_addc(out, '.');
}

static void claim_words(struct buf *out, const struct desk_claim *c)
{
	const struct slice refused = SLICE("refused: ");
	const char *string = string_of(c->name);

	if (slice_starts(c->why, refused) && string != NULL)
		buf_addf(out, "It sent %s that cannot be read and so grants nothing: %.*s.", string,
			 SLICE_ARG(slice_skip(c->why, refused.n)));
	else if (slice_eq(c->name, SLICE("tc")))
		tc_sentence(out, c);
	else if (slice_eq(c->name, SLICE("gcs")))
		gcs_sentence(out, c);
	else if (string != NULL && slice_eq(c->why, SLICE("well-formed")))
		buf_addf(out, "It sent %s.", string);
	else if (string != NULL)
		buf_addf(out, "It sent %s: %.*s.", string, SLICE_ARG(c->why));
	else if (!switch_sentence(out, c) && !banner_sentence(out, c))
		other_sentence(out, c);
}

/* ---- contradictions ---- */

/* "refused" is also what a minor's profile says, or a part that was not accepted. */
static const char *though_refused(const struct desk_claim *c)
{
	if (slice_eq(c->choice, SLICE("none")))
		return ", though it is refused for you here.";
	return slice_eq(c->choice, SLICE("refused")) ? ", though you refused."
						     : ", though you had not accepted that.";
}

static const struct {
	const char *name, *plain;
} contradictions[] = {
	{ "consent-unasked", "It noted a consent that nobody gave." },
	{ "tc-unasked", "It claimed your consent in a consent string, though you had not chosen "
			"anything." },
	{ "ac-unasked", "It claimed your consent for Google's providers, though you had not chosen "
			"anything." },
	{ "gpc-ignored", "It said that nobody objected, though your browser did." },
	{ "child-denied", "It said that you are no child, though this network says you are one." },
	{ "li-profiling", "It claimed a legitimate interest in profiles of you, or in ads or "
			  "content chosen by them, where only consent counts." },
	{ "li-storage", "It claimed a legitimate interest in keeping things in your browser, where "
			"only consent counts." },
	{ "tc-global", "Its consent string is not for one site, which has not been allowed since "
		       "2021." },
	{ "tc-policy", "Its consent string was made under rules that had ended." },
	{ "tc-undisclosed", "Its consent string does not say whose names you were shown." },
	{ "tc-times", "The times in its consent string are not as the rules want them." },
	{ "tc-differ", "It sent two consent strings of the same time that say different things." },
	{ "gdpr-without-tc", "It said that the GDPR applies and sent no consent string that can be "
			     "read." },
}, against_refusal[] = {
	{ "tc-grants", "It claimed your consent in a consent string" },
	{ "ac-grants", "It claimed your consent for Google's providers" },
	{ "personalised", "It said that ads may be chosen for you" },
};

static const struct {
	const char *name, *one, *many;
} cookies_after[] = {
	{ "set-after-refusal", " was set", " were set" },
	{ "sent-after-refusal", " came with a request", " came with requests" },
};
#define COOKIES_AFTER (sizeof(cookies_after) / sizeof(cookies_after[0]))

/* COOKIES_AFTER: it is not about a cookie. */
static size_t cookie_after(const struct desk_claim *c)
{
	size_t i = 0;

	while (i < COOKIES_AFTER && !(slice_eq(c->kind, SLICE("contradiction")) &&
				      slice_eq(c->name, slice_str(cookies_after[i].name))))
		i++;
	return i;
}

bool claim_is_alike(const struct desk_claim *a, const struct desk_claim *b)
{
	return cookie_after(a) < COOKIES_AFTER && slice_eq(a->name, b->name) &&
	       slice_eq(a->kind, b->kind) && strcmp(though_refused(a), though_refused(b)) == 0;
}

void claim_cookie_name(struct buf *out, const struct desk_claim *c, struct slice host)
{
	struct slice purpose, name = refused_cookie(c->why, &purpose);

	buf_addf(out, "%.*s (%s%s%.*s)", SLICE_ARG(name.n != 0 ? name : c->why),
		 plain_purpose(purpose), host.n != 0 ? ", " : "", SLICE_ARG(host));
}

void claim_cookies_were(struct buf *out, const struct desk_claim *c, size_t n)
{
	struct slice though = slice_str(though_refused(c));

	plain_count(out, n, "cookie", "cookies");
	buf_addf(out, "%s%.*s: ", cookies_after[cookie_after(c)].many,
		 SLICE_ARG(slice_head(though, though.n - 1)));
}

static void cookie_sentence(struct buf *out, const struct desk_claim *c)
{
	buf_adds(out, "The cookie ");
	claim_cookie_name(out, c, SLICE(""));
	buf_addf(out, "%s%s", cookies_after[cookie_after(c)].one, though_refused(c));
}

static void contradiction_words(struct buf *out, const struct desk_claim *c)
{
	const char *though = though_refused(c);

	for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++) {
		if (!slice_eq(c->name, slice_str(contradictions[i].name)))
			continue;
		buf_adds(out, contradictions[i].plain);
		return;
	}
	for (size_t i = 0; i < sizeof(against_refusal) / sizeof(against_refusal[0]); i++) {
		if (!slice_eq(c->name, slice_str(against_refusal[i].name)))
			continue;
		buf_addf(out, "%s%s", against_refusal[i].plain, though);
		return;
	}
	if (slice_eq(c->name, SLICE("mode-grants")))
		mode_sentence(out, c, though);
	else if (slice_eq(c->name, SLICE("mode-unasked")))
		mode_sentence(out, c, ", though you had not chosen anything.");
	else if (cookie_after(c) < COOKIES_AFTER)
		cookie_sentence(out, c);
	else
		other_sentence(out, c);
}

/* ---- what was done ---- */

static void block_words(struct buf *out, const struct desk_claim *c, uint64_t count)
{
	struct slice purpose, list = block_list(c->why, &purpose);

	plain_count(out, (size_t)count, "request was", "requests were");
	buf_addf(out, " not sent: %.*s names %s", SLICE_ARG(list), count == 1 ? "it" : "them");
	if (purpose.n != 0)
		buf_addf(out, " (%s)", plain_purpose(purpose));
	buf_addc(out, '.');
}

static void strip_words(struct buf *out, const struct desk_claim *c)
{
	if (slice_eq(c->why, SLICE("click identifier")))
		buf_addf(out, "%.*s, which tells who clicked, was taken out of the address.",
			 SLICE_ARG(c->name));
	else
		buf_addf(out, "A part was taken out of the address, by the rule %.*s.",
			 SLICE_ARG(c->name));
}

void claim_sentence(struct buf *out, const struct desk_claim *c, uint64_t count)
{
	if (slice_eq(c->kind, SLICE("claim")))
		claim_words(out, c);
	else if (slice_eq(c->kind, SLICE("contradiction")))
		contradiction_words(out, c);
	else if (slice_eq(c->kind, SLICE("block")))
		block_words(out, c, count);
	else if (slice_eq(c->kind, SLICE("strip")))
		strip_words(out, c);
	else if (slice_eq(c->kind, SLICE("write")))
		buf_addf(out, "Your refusal was written down for its banner (%.*s).",
			 SLICE_ARG(c->name));
	else if (slice_eq(c->kind, SLICE("heal")))
		buf_addf(out,
			 "The cookie %.*s was put back for a day: without it the site went round "
			 "in circles.",
			 SLICE_ARG(c->name));
	else
		other_sentence(out, c);
}
