#include "filters/words.h"

static const char *word_of(const char *const *words, size_t n, unsigned v)
{
	return v < n ? words[v] : "?";
}

static bool value_of(const char *const *words, size_t n, struct slice word, unsigned *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (slice_eq(word, slice_str(words[i]))) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* The two functions of one enum, and its words in the order of its values. */
#define WORDS(name, type, ...)                                                                     \
	static const char *const name##_words[] = { __VA_ARGS__ };                                 \
	const char *name##_word(enum type v)                                                       \
	{                                                                                          \
		return word_of(name##_words, sizeof(name##_words) / sizeof(name##_words[0]),       \
			       (unsigned)v);                                                       \
	}                                                                                          \
	bool name##_of_word(struct slice word, enum type *out)                                     \
	{                                                                                          \
		unsigned v;                                                                        \
                                                                                                   \
		if (!value_of(name##_words, sizeof(name##_words) / sizeof(name##_words[0]), word,  \
			      &v))                                                                 \
			return false;                                                              \
		*out = (enum type)v;                                                               \
		return true;                                                                       \
	}

WORDS(purpose, purpose, "unknown", "essential", "functional", "analytics", "advertising", "choice")
WORDS(profile, profile, "default", "minors", "investigator")
WORDS(choice, choice_state, "none", "refused", "accepted", "functional", "analytics",
      "functional+analytics", "advertising", "functional+advertising", "analytics+advertising",
      "put-back")
WORDS(seen, choice_seen, "nowhere", "desk", "cli", "session", "banner", "claim")
WORDS(verdict, verdict, "kept", "removed", "expired")
WORDS(cookie_kind, cookie_kind, "set", "sent")
WORDS(party, party, "first", "third")
WORDS(site_by, site_by, "navigation", "same-site", "referer", "frame", "connection", "recent",
      "self")
WORDS(confidence, confidence, "high", "medium", "low")
WORDS(list_says, list_says, "nothing", "remove", "limit")
WORDS(same_site, same_site, "default", "none", "lax", "strict")

/* The values of some purposes are the sets 1 to 6, in order, behind ACCEPTED. */
enum choice_state choice_of_set(unsigned allowed)
{
	allowed &= ALLOW_ALL;
	if (allowed == 0)
		return CHOICE_REFUSED;
	return allowed == ALLOW_ALL ? CHOICE_ACCEPTED
				    : (enum choice_state)(CHOICE_ACCEPTED + allowed);
}

unsigned choice_set_of(enum choice_state v)
{
	_Static_assert(CHOICE_ANALYTICS_ADVERTISING - CHOICE_ACCEPTED ==
			       (ALLOW_ANALYTICS | ALLOW_ADVERTISING),
		       "the values are the sets");
	if (v <= CHOICE_REFUSED || v >= CHOICE_PUT_BACK)
		return 0;
	return v == CHOICE_ACCEPTED ? ALLOW_ALL : (unsigned)(v - CHOICE_ACCEPTED);
}

bool choice_accepts(enum choice_state v, enum purpose p)
{
	unsigned allowed = choice_set_of(v);

	switch (p) {
	case PURPOSE_FUNCTIONAL:
		return (allowed & ALLOW_FUNCTIONAL) != 0;
	case PURPOSE_ANALYTICS:
		return (allowed & ALLOW_ANALYTICS) != 0;
	case PURPOSE_ADVERTISING:
		return (allowed & ALLOW_ADVERTISING) != 0;
	case PURPOSE_UNKNOWN:
		return allowed == ALLOW_ALL;
	default:
		return false;
	}
}
