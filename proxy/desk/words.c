#include "proxy/desk/words.h"

const char *plain_profile(enum config_profile profile)
{
	switch (profile) {
	case CONFIG_MINORS:
		return "Minors: what is not essential is always removed";
	case CONFIG_INVESTIGATOR:
		return "Investigator: everything is recorded, nothing is removed";
	default:
		return "Default: what is not essential is removed unless you accept it";
	}
}

const char *profile_notice(enum config_profile profile)
{
	switch (profile) {
	case CONFIG_MINORS:
		return "On this network nothing that is known not to be essential is let through "
		       "for "
		       "you. Sites "
		       "are never passed unread here, except those that the owner of the proxy "
		       "named.";
	case CONFIG_INVESTIGATOR:
		return "For your address everything is recorded and nothing is removed. A choice "
		       "made here is noted, but it removes nothing.";
	default:
		return NULL;
	}
}

struct profile_rules profile_rules(enum config_profile profile)
{
	static const char let_through[] = "Recorded and let through.";
	static const char always_out[] = "Removed, always.";
	static const char by_party[] = "From the site itself: let through. From a third party: "
				       "removed unless you accept.";

	switch (profile) {
	case CONFIG_MINORS:
		return (struct profile_rules){ always_out, always_out,
					       "From the site itself: let through. From a third "
					       "party: removed, always." };
	case CONFIG_INVESTIGATOR:
		return (struct profile_rules){ let_through, let_through, let_through };
	default:
		return (struct profile_rules){ by_party, "Removed unless you accept.", by_party };
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

static const char no_choice[] = "There is nothing to choose here.";

const char *all_rule(enum config_profile profile)
{
	if (!choice_offered(profile))
		return no_choice;
	if (!choice_decides(profile))
		return "A choice is noted, but does not count.";
	return "A choice for one site comes before this one. No choice counts as a refusal. A "
	       "choice holds for six months.";
}

const char *site_heading(enum config_profile profile)
{
	return choice_offered(profile) ? "Your choice for this site" : "The rule for this site";
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

/* Whole units read better: 365 days are a year, 390 are 13 months. */
static void plain_days(struct buf *out, uint64_t days)
{
	if (days >= 360 && (days + 5) % 365 <= 10)
		plain_count(out, (size_t)((days + 5) / 365), "year", "years");
	else if (days >= 60)
		plain_count(out, (size_t)((days + 15) / 30), "month", "months");
	else
		plain_count(out, (size_t)days, "day", "days");
}

int64_t life_seconds(struct slice life)
{
	static const char letters[] = "smhdwy";
	static const int64_t seconds[] = { 1, 60, 3600, 86400, 7 * 86400, 365 * 86400 };
	const char *unit;
	uint64_t n;

	if (slice_eq(life, SLICE("session")))
		return 0;
	unit = life.n > 1 ? memchr(letters, life.p[life.n - 1], sizeof(letters) - 1) : NULL;
	if (unit == NULL || !slice_to_u64(slice_head(life, life.n - 1), 1000000, &n) || n == 0)
		return -1;
	return (int64_t)n * seconds[unit - letters];
}

void plain_span(struct buf *out, int64_t seconds)
{
	if (seconds >= 2 * 86400)
		plain_days(out, (uint64_t)seconds / 86400);
	else if (!plain_time(out, seconds))
		buf_adds(out, "less than a minute");
}

void plain_life(struct buf *out, int64_t seen, struct slice table)
{
	int64_t seconds = seen >= 0 ? seen : life_seconds(table);

	if (seconds < 0)
		return;
	buf_adds(out, seen >= 0 ? "Kept " : "Usually kept ");
	if (seconds == 0) {
		buf_adds(out, "until the browser is closed.");
		return;
	}
	buf_adds(out, "for ");
	plain_span(out, seconds);
	buf_addc(out, '.');
}
