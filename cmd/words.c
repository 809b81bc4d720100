#include "cmd/words.h"

bool words_is_url(struct slice text)
{
	return slice_starts(slice_skip(text, slice_find(text, ':')), SLICE("://"));
}

/* The host of a URL, or what was given. */
static struct slice host_of(struct slice text)
{
	size_t at;

	if (words_is_url(text))
		text = slice_skip(text, slice_find(text, ':') + 3);
	for (const char *end = "/?#"; *end != '\0'; end++)
		text = slice_head(text, slice_find(text, *end));
	at = slice_find(text, '@');
	if (at < text.n)
		text = slice_skip(text, at + 1);
	if (text.n != 0 && text.p[0] == '[')
		return slice_head(text, slice_find(text, ']') + 1);
	return slice_head(text, slice_find(text, ':'));
}

bool words_site(struct sites *s, struct slice text, char out[SITE_MAX])
{
	return site_of_host(s, host_of(text), out);
}

bool words_purposes(struct slice text, enum choice_state *out)
{
	unsigned allowed = 0;

	while (text.p != NULL) {
		size_t comma = slice_find(text, ','), plus = slice_find(text, '+');
		size_t end = comma < plus ? comma : plus;
		struct slice word = slice_head(text, end);
		enum choice_state one;

		if (!choice_of_word(word, &one) || one <= CHOICE_ACCEPTED || one == CHOICE_PUT_BACK)
			return false;
		allowed |= choice_set_of(one);
		text = end < text.n ? slice_skip(text, end + 1) : (struct slice){ NULL, 0 };
	}
	*out = choice_of_set(allowed);
	return true;
}
