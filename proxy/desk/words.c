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
		return "On this network nothing that is not needed is let through for you. A "
		       "choice made "
		       "here is noted, but it does not count.";
	case CONFIG_INVESTIGATOR:
		return "For your address everything is recorded and nothing is kept out. A choice "
		       "made here "
		       "is noted, but it removes nothing.";
	default:
		return NULL;
	}
}

void plain_count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_addf(out, "%zu %s", n, n == 1 ? one : many);
}

void plain_age(struct buf *out, int64_t then, int64_t now)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = { { 86400, "day", "days" },
		      { 3600, "hour", "hours" },
		      { 60, "minute", "minutes" } };
	int64_t age = (now - then) / 1000;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (age < units[i].seconds)
			continue;
		plain_count(out, (size_t)(age / units[i].seconds), units[i].one, units[i].many);
		buf_adds(out, " ago");
		return;
	}
	buf_adds(out, "just now");
}
