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
WORDS(choice, choice_state, "none", "refused", "accepted")
WORDS(seen, choice_seen, "nowhere", "desk", "cli", "session", "banner", "claim")
WORDS(verdict, verdict, "kept", "removed", "expired")
WORDS(cookie_kind, cookie_kind, "set", "sent")
WORDS(party, party, "first", "third")
WORDS(site_by, site_by, "navigation", "same-site", "referer", "frame", "connection", "recent",
      "self")
WORDS(confidence, confidence, "high", "medium", "low")
WORDS(same_site, same_site, "default", "none", "lax", "strict")
