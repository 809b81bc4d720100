#include "proxy/desk/words.h"

static const struct {
	const char *word, *plain;
} purposes[] = {
	{ "unknown", "Not known" },   { "essential", "Needed" },	{ "functional", "Comfort" },
	{ "analytics", "Measuring" }, { "advertising", "Advertising" }, { "choice", "Your choice" },
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
	return purposes[purpose_index(purpose)].plain;
}

const char *purpose_class(struct slice purpose)
{
	return purposes[purpose_index(purpose)].word;
}

const char *plain_profile(enum config_profile profile)
{
	switch (profile) {
	case CONFIG_MINORS:
		return "Protected: what is not needed is always kept out";
	case CONFIG_INVESTIGATOR:
		return "Recording: everything is noted, nothing is kept out";
	default:
		return "What is not needed is kept out unless you accept it";
	}
}

const char *profile_notice(enum config_profile profile)
{
	switch (profile) {
	case CONFIG_MINORS:
		return "On this network nothing that is not needed is let through for you. Sites "
		       "are never passed unread here, except those that the owner of the proxy "
		       "named.";
	case CONFIG_INVESTIGATOR:
		return "For your address everything is recorded and nothing is kept out. A choice "
		       "made here "
		       "is noted, but it removes nothing.";
	default:
		return NULL;
	}
}

struct profile_rules profile_rules(enum config_profile profile)
{
	static const char let_through[] = "Recorded and let through.";
	static const char always_out[] = "Kept out, always.";
	static const char by_party[] = "From the site itself: let through. From a third party: "
				       "kept out unless you accept.";

	switch (profile) {
	case CONFIG_MINORS:
		return (struct profile_rules){ always_out, always_out,
					       "From the site itself: let through. From a third "
					       "party: kept out, always." };
	case CONFIG_INVESTIGATOR:
		return (struct profile_rules){ let_through, let_through, let_through };
	default:
		return (struct profile_rules){ by_party, "Kept out unless you accept.", by_party };
	}
}

bool choice_offered(enum config_profile profile)
{
	return profile != CONFIG_MINORS;
}

bool choice_decides(enum config_profile profile)
{
	return profile == CONFIG_DEFAULT;
}

static const char always_kept_out[] = "What is not needed is kept out, always.";
static const char no_choice[] = "There is nothing to choose here.";

const char *all_now(enum config_profile profile, struct slice choice)
{
	if (profile == CONFIG_INVESTIGATOR)
		return "Nothing is kept out, whatever is chosen.";
	if (profile == CONFIG_MINORS)
		return always_kept_out;
	if (slice_eq(choice, SLICE("accepted")))
		return "You accepted: sites may store and receive everything.";
	if (slice_eq(choice, SLICE("refused")))
		return "You refused: what is not needed is kept out.";
	return "You made no choice: what is not needed is kept out.";
}

const char *all_rule(enum config_profile profile)
{
	if (!choice_offered(profile))
		return no_choice;
	if (!choice_decides(profile))
		return "A choice is noted, but does not count.";
	return "A choice for one site comes before this one. No choice counts as a refusal.";
}

const char *site_heading(enum config_profile profile)
{
	return choice_offered(profile) ? "Your choice for this site" : "The rule for this site";
}

const char *site_now(enum config_profile profile, struct slice choice, bool for_all)
{
	bool counts = choice_decides(profile);

	if (!choice_offered(profile))
		return always_kept_out;
	if (slice_eq(choice, SLICE("accepted")))
		return !counts	 ? "You accepted. It is noted, but does not count."
		       : for_all ? "You accepted for all sites."
				 : "You accepted.";
	if (slice_eq(choice, SLICE("refused")))
		return !counts	 ? "You refused. It is noted, but does not count."
		       : for_all ? "You refused for all sites."
				 : "You refused.";
	return counts ? "None yet, which counts as a refusal." : "None yet. It would not count.";
}

const char *site_rule(enum config_profile profile)
{
	if (!choice_offered(profile))
		return no_choice;
	if (!choice_decides(profile))
		return "";
	return "Refusing keeps what the site needs to work: signing in, the basket, security. "
	       "Accepting lets it store and receive everything. It counts from the next request "
	       "on, and you can change it at any time.";
}

const char *chosen(enum config_profile profile, struct slice choice, bool for_all)
{
	bool counts = choice_decides(profile);

	if (!choice_offered(profile))
		return "";
	if (slice_eq(choice, SLICE("accepted")))
		return !counts	 ? "; you accepted, which does not count"
		       : for_all ? "; you accepted for all sites"
				 : "; you accepted";
	if (slice_eq(choice, SLICE("refused")))
		return !counts	 ? "; you refused, which does not count"
		       : for_all ? "; you refused for all sites"
				 : "; you refused";
	return "";
}

void plain_count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_addf(out, "%zu %s", n, n == 1 ? one : many);
}

static const struct {
	int64_t seconds;
	const char *one, *many;
} units[] = { { 86400, "day", "days" }, { 3600, "hour", "hours" }, { 60, "minute", "minutes" } };

/* In the largest unit that fits; false: less than a minute. */
static bool plain_time(struct buf *out, int64_t seconds)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < units[i].seconds)
			continue;
		plain_count(out, (size_t)(seconds / units[i].seconds), units[i].one, units[i].many);
		return true;
	}
	return false;
}

void plain_age(struct buf *out, int64_t then, int64_t now)
{
	buf_adds(out, plain_time(out, (now - then) / 1000) ? " ago" : "just now");
}

void plain_left(struct buf *out, int64_t until, int64_t now)
{
	buf_adds(out, "for ");
	if (until - now < 60000) {
		buf_adds(out, "less than a minute more");
		return;
	}
	buf_adds(out, "another ");
	(void)plain_time(out, (until - now) / 1000);
}

void plain_pass(struct buf *out, struct slice why, unsigned count)
{
	if (slice_eq(why, SLICE("challenge"))) {
		buf_adds(out, "The site asked for proof that you are no robot; that can be caused "
			      "by this proxy.");
		return;
	}
	buf_adds(out, "A program at your address refused the proxy's certificate ");
	plain_count(out, count, "time", "times");
	buf_adds(out, ": it accepts only the site's own, or does not trust the proxy's CA yet "
		      "(<a href=\"/trust\">Set-up</a>).");
}
