#include "cmd/choice_request.h"

#include "cmd/words.h"

#include <stdio.h>

/* What is wrong, and the word that is; NULL: no word, nothing wrong. */
struct wrong {
	const char *word, *what;
};

static const struct wrong nothing = { NULL, NULL };

static struct wrong wrong(const char *word, const char *what)
{
	return (struct wrong){ word, what };
}

/* The word as it was typed, but for what would drive the terminal. */
static bool complain(const struct wrong *w)
{
	fputs("crumbgate choice: ", stderr);
	if (w->word != NULL) {
		fputc('\'', stderr);
		for (const char *p = w->word; *p != '\0'; p++) {
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				fprintf(stderr, "\\x%02x", (unsigned)*p);
			else
				fputc(*p, stderr);
		}
		fputs("': ", stderr);
	}
	fprintf(stderr, "%s; see 'crumbgate choice --help'\n", w->what);
	return false;
}

/* ---- the site ---- */

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

/* "all" is more likely a slip than a host of one's own network. */
static bool is_bare_word(struct slice site)
{
	return slice_find(site, '.') == site.n && !slice_eq(site, SLICE("localhost")) &&
	       !host_is_address(site);
}

static struct wrong read_site_of(struct choice_request *r, struct sites *sites, const char *text)
{
	if (!is_ascii(text))
		return wrong(text, "this is no site's name as hosts have it: write its form that "
				   "begins with xn--, as the log and the desk have it");
	if (!words_site(sites, slice_str(text), r->site))
		return wrong(text, "this is no site's name; for all sites use --all");
	if (r->verb == CHOICE_SET && site_is_listed_suffix(sites, slice_str(r->site)))
		return wrong(text, "this is no site's name but a suffix under which many have "
				   "their sites; name one of these, or for all sites use --all");
	if (is_bare_word(slice_str(r->site)) && !words_is_url(slice_str(text)))
		return wrong(text, "this is no site's name; for all sites use --all, and for a "
				   "host of your own network its URL, such as http://printer/");
	return nothing;
}

static struct wrong read_site(struct choice_request *r, const char *text)
{
	struct sites *sites = sites_new(SITES_LATEST);
	struct wrong w = sites != NULL ? read_site_of(r, sites, text)
				       : wrong(NULL, "the list of public suffixes cannot be read");

	sites_free(sites);
	return w;
}

/* ---- the other words ---- */

static bool read_client(struct choice_request *r, struct slice text)
{
	r->has_client = true;
	if (slice_eq(text, SLICE("local")))
		return true;
	if (!address_parse_ip(text, 0, &r->address))
		return false;
	address_client(&r->address, r->client);
	return true;
}

/* Takes the value of "--name VALUE" or "--name=VALUE"; p == NULL when args[*i] is another word. */
static struct slice value_of(int argc, char **argv, int *i, struct slice name)
{
	struct slice arg = slice_str(argv[*i]), head, value = slice_cut(arg, '=', &head);

	if (!slice_eq(head, name))
		return (struct slice){ NULL, 0 };
	if (value.p == NULL && *i + 1 < argc)
		value = slice_str(argv[++*i]);
	return value.p != NULL ? value : slice_of("", 0);
}

static bool read_choice(struct choice_request *r, struct slice text)
{
	if (!slice_eq(text, SLICE("refuse")) && !slice_eq(text, SLICE("accept")))
		return words_purposes(text, &r->choice);
	r->choice = slice_eq(text, SLICE("accept")) ? CHOICE_ACCEPTED : CHOICE_REFUSED;
	return true;
}

/* words[0..n) without options. */
static struct wrong read_verb(struct choice_request *r, const char *const *words, int n, bool all)
{
	int sites;

	if (n == 1 && strcmp(words[0], "list") == 0) {
		r->verb = CHOICE_LIST;
		return all ? wrong(NULL, "list takes no site") : nothing;
	}
	if (n > 0 && strcmp(words[0], "clear") == 0) {
		r->verb = CHOICE_CLEAR;
		sites = n - 1;
	} else if (n > 1 && strcmp(words[0], "set") == 0) {
		r->verb = CHOICE_SET;
		if (!read_choice(r, slice_str(words[1])))
			return wrong(words[1],
				     "say refuse, accept, or what is accepted: functional, "
				     "analytics, advertising, with commas between");
		sites = n - 2;
	} else {
		return wrong(n > 0 ? words[0] : NULL,
			     "say set refuse, set accept, set PURPOSES, list or clear");
	}
	if (sites != (all ? 0 : 1))
		return wrong(NULL, "name one site, or say --all");
	if (!all)
		return read_site(r, words[n - 1]);
	slice_copy(SLICE("*"), r->site, sizeof(r->site));
	return nothing;
}

static struct wrong read_words(struct choice_request *r, int argc, char **argv)
{
	const char *words[3] = { NULL, NULL, NULL };
	struct slice value;
	bool all = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		struct slice arg = slice_str(argv[i]);

		if (slice_eq(arg, SLICE("--json"))) {
			r->json = true;
		} else if (slice_eq(arg, SLICE("--all"))) {
			all = true;
		} else if ((value = value_of(argc, argv, &i, SLICE("--client"))).p != NULL) {
			if (!read_client(r, value))
				return wrong(value.p, "--client: this is no IP address");
		} else if ((value = value_of(argc, argv, &i, SLICE("--state"))).p != NULL) {
			r->from.state = value.p; /* to the end of a word, so NUL is behind it */
		} else if ((value = value_of(argc, argv, &i, SLICE("-c"))).p != NULL ||
			   (value = value_of(argc, argv, &i, SLICE("--config"))).p != NULL) {
			r->from.config = value.p;
		} else if (arg.n != 0 && arg.p[0] == '-') {
			return wrong(argv[i], "an option that does not exist");
		} else if (n < 3) {
			words[n++] = argv[i];
		} else {
			return wrong(argv[i], "there are too many words");
		}
	}
	return read_verb(r, words, n, all);
}

bool choice_request_read(struct choice_request *r, int argc, char **argv)
{
	struct wrong w;

	*r = (struct choice_request){ .verb = CHOICE_LIST, .client = "local" };
	if (!address_parse_ip(SLICE("127.0.0.1"), 0, &r->address))
		return complain(&(struct wrong){ NULL, "no address of this machine" });
	w = read_words(r, argc, argv);
	return w.what == NULL || complain(&w);
}
