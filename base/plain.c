#include "base/plain.h"

static const struct {
	const char *word, *label, *means;
} purposes[] = {
	{ "unknown", "Unknown", "Nothing here knows the cookie" },
	{ "essential", "Essential", "The visit does not work without it" },
	{ "functional", "Functional", "Remembers a setting or something you asked for" },
	{ "analytics", "Analytics", "Tells the site how it is used" },
	{ "advertising", "Advertising",
	  "Recognises you across sites, or ties an ad to what you do" },
	{ "choice", "Choice", "The site's own note of what you clicked in its banner" },
};

static const struct {
	const char *word, *plain;
} verdicts[] = {
	{ "kept", "let through" },
	{ "removed", "removed" },
	{ "expired", "deleted" },
};

static size_t purpose_index(struct slice purpose)
{
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
		if (slice_eq(purpose, slice_str(purposes[i].word)))
			return i;
	return 0;
}

const char *plain_purpose(struct slice purpose)
{
	return purposes[purpose_index(purpose)].label;
}

const char *plain_purpose_word(struct slice purpose)
{
	return purposes[purpose_index(purpose)].word;
}

const char *plain_purpose_means(struct slice purpose)
{
	return purposes[purpose_index(purpose)].means;
}

const char *plain_verdict(struct slice verdict)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (slice_eq(verdict, slice_str(verdicts[i].word)))
			return verdicts[i].plain;
	return "unknown";
}

/* "functional+analytics". */
static void accepted_only(struct buf *out, struct slice set)
{
	const char *between = " ";
	struct slice word;

	buf_adds(out, "accepted");
	while (set.p != NULL) {
		set = slice_cut(set, '+', &word);
		buf_addf(out, "%s%s", between, plain_purpose_word(word));
		between = " and ";
	}
	buf_adds(out, " only");
}

void plain_choice(struct buf *out, struct slice choice)
{
	if (slice_eq(choice, SLICE("none")))
		buf_adds(out, "no choice yet");
	else if (slice_eq(choice, SLICE("put-back")))
		buf_adds(out, "put back");
	else if (slice_eq(choice, SLICE("refused")) || slice_eq(choice, SLICE("accepted")))
		buf_add(out, choice);
	else
		accepted_only(out, choice);
}

struct slice plain_client(struct slice client)
{
	return slice_eq(client, SLICE("local")) ? SLICE("this machine") : client;
}
