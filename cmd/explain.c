/* crumbgate explain: finds the form that is asked for. */
#include "cmd/explain.h"

#include "cmd/command.h"
#include "cmd/words.h"

#include <stdio.h>
#include <string.h>

bool explain_usage(const char *what)
{
	fprintf(stderr, "crumbgate explain: %s; see 'crumbgate explain --help'\n", what);
	return false;
}

bool explain_read_profile(const char *word, enum profile *out)
{
	return profile_of_word(slice_str(word), out) ||
	       explain_usage("--profile takes default, minors or investigator");
}

bool explain_read_choice(const char *word, enum choice_state *out)
{
	return choice_of_word(slice_str(word), out) || words_purposes(slice_str(word), out) ||
	       explain_usage("--choice takes none, refused, accepted, functional, analytics, "
			     "advertising, or two of these with a comma or + between them");
}

int cmd_explain(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(int argc, char **argv);
	} forms[] = { { "cookie", explain_cookie },
		      { "url", explain_url },
		      { "entry", explain_entry } };

	for (size_t i = 0; argc > 1 && i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(argv[1], forms[i].word) == 0)
			return forms[i].run(argc - 1, argv + 1);
	explain_usage("it explains a cookie, a url or an entry: name one of the three first");
	return COMMAND_USAGE;
}
