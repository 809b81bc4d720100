#include "filters/score_guard.h"

/* How a word of the list is looked for in a name. */
enum where {
	WORD,	/* as one word of the name */
	STARTS, /* the name begins with it, marks in front left out */
	INSIDE, /* anywhere: for what no other word contains */
};

struct guard_word {
	const char *text;
	enum where where;
	enum guard guard;
};

/* In the general form of names: lower case, digits as "0". */
static const struct guard_word words[] = {
	/* Records of an objection, first since a name may speak of both. */
	{ "optout", INSIDE, GUARD_OBJECTION },
	{ "opt-out", INSIDE, GUARD_OBJECTION },
	{ "opt_out", INSIDE, GUARD_OBJECTION },
	{ "donottrack", INSIDE, GUARD_OBJECTION },
	{ "dnt", WORD, GUARD_OBJECTION },

	/* Records of a choice. */
	{ "consent", INSIDE, GUARD_CHOICE },
	{ "gdpr", INSIDE, GUARD_CHOICE },
	{ "ccpa", INSIDE, GUARD_CHOICE },
	{ "optin", INSIDE, GUARD_CHOICE },
	{ "opt_in", INSIDE, GUARD_CHOICE },
	{ "usprivacy", INSIDE, GUARD_CHOICE },
	{ "rgpd", INSIDE, GUARD_CHOICE },
	{ "dsgvo", INSIDE, GUARD_CHOICE },
	{ "euconsent", INSIDE, GUARD_CHOICE },
	{ "cookielaw", INSIDE, GUARD_CHOICE },
	{ "cookiepolicy", INSIDE, GUARD_CHOICE },
	{ "cookiebar", INSIDE, GUARD_CHOICE },
	{ "cookiebanner", INSIDE, GUARD_CHOICE },
	{ "cookienotice", INSIDE, GUARD_CHOICE },
	{ "cookiesaccept", INSIDE, GUARD_CHOICE },
	{ "cookieaccept", INSIDE, GUARD_CHOICE },
	{ "acceptcookie", INSIDE, GUARD_CHOICE },
	{ "acceptedcookie", INSIDE, GUARD_CHOICE },
	{ "allowcookie", INSIDE, GUARD_CHOICE },
	{ "cookiesallow", INSIDE, GUARD_CHOICE },
	{ "cookie_policy", INSIDE, GUARD_CHOICE },
	{ "cookie-policy", INSIDE, GUARD_CHOICE },
	{ "cookie_notice", INSIDE, GUARD_CHOICE },
	{ "cookie-notice", INSIDE, GUARD_CHOICE },
	{ "cookie_banner", INSIDE, GUARD_CHOICE },
	{ "cookie-banner", INSIDE, GUARD_CHOICE },
	{ "cookies_accept", INSIDE, GUARD_CHOICE },
	{ "cookies-accept", INSIDE, GUARD_CHOICE },
	{ "cookie_accept", INSIDE, GUARD_CHOICE },
	{ "cookie-accept", INSIDE, GUARD_CHOICE },
	{ "cookie_preference", INSIDE, GUARD_CHOICE },
	{ "cookie-preference", INSIDE, GUARD_CHOICE },
	{ "cookiepreference", INSIDE, GUARD_CHOICE },
	{ "cookie_settings", INSIDE, GUARD_CHOICE },
	{ "cookie-settings", INSIDE, GUARD_CHOICE },
	{ "cookiesettings", INSIDE, GUARD_CHOICE },
	{ "cookie_law", INSIDE, GUARD_CHOICE },
	{ "privacy_policy", INSIDE, GUARD_CHOICE },
	{ "privacypolicy", INSIDE, GUARD_CHOICE },

	/* Products that ask for a choice. */
	{ "optanon", STARTS, GUARD_CHOICE },
	{ "onetrust", INSIDE, GUARD_CHOICE },
	{ "cookiebot", INSIDE, GUARD_CHOICE },
	{ "usercentrics", INSIDE, GUARD_CHOICE },
	{ "didomi", INSIDE, GUARD_CHOICE },
	{ "truste", STARTS, GUARD_CHOICE },
	{ "iubenda", INSIDE, GUARD_CHOICE },
	{ "_iub_", STARTS, GUARD_CHOICE },
	{ "axeptio", INSIDE, GUARD_CHOICE },
	{ "borlabs", INSIDE, GUARD_CHOICE },
	{ "complianz", INSIDE, GUARD_CHOICE },
	{ "cmplz", STARTS, GUARD_CHOICE },
	{ "klaro", WORD, GUARD_CHOICE },
	{ "osano", STARTS, GUARD_CHOICE },
	{ "termly", STARTS, GUARD_CHOICE },
	{ "cookieyes", INSIDE, GUARD_CHOICE },

	/* Forms. */
	{ "csrf", INSIDE, GUARD_STRONG },
	{ "xsrf", INSIDE, GUARD_STRONG },
	{ "antiforgery", INSIDE, GUARD_STRONG },
	{ "requestverification", INSIDE, GUARD_STRONG },
	{ "nonce", WORD, GUARD_STRONG },
	{ "captcha", INSIDE, GUARD_STRONG },

	/* Who is signed in. */
	{ "auth", WORD, GUARD_STRONG },
	{ "authn", WORD, GUARD_STRONG },
	{ "authz", WORD, GUARD_STRONG },
	{ "authtoken", INSIDE, GUARD_STRONG },
	{ "authkey", INSIDE, GUARD_STRONG },
	{ "authsess", INSIDE, GUARD_STRONG },
	{ "oauth", INSIDE, GUARD_STRONG },
	{ "aspxauth", INSIDE, GUARD_STRONG },
	{ "fedauth", INSIDE, GUARD_STRONG },
	{ "authent", INSIDE, GUARD_STRONG },
	{ "authori", INSIDE, GUARD_STRONG },
	{ "login", INSIDE, GUARD_STRONG },
	{ "logon", INSIDE, GUARD_STRONG },
	{ "logged", INSIDE, GUARD_STRONG },
	{ "signin", INSIDE, GUARD_STRONG },
	{ "signedin", INSIDE, GUARD_STRONG },
	{ "signed", WORD, GUARD_STRONG },
	{ "jwt", INSIDE, GUARD_STRONG },
	{ "saml", INSIDE, GUARD_STRONG },
	{ "oidc", INSIDE, GUARD_STRONG },
	{ "openid", INSIDE, GUARD_STRONG },
	{ "sso", WORD, GUARD_STRONG },
	{ "idp", WORD, GUARD_STRONG },
	{ "idps", WORD, GUARD_STRONG },
	{ "shibsession", INSIDE, GUARD_STRONG },
	{ "shibboleth", INSIDE, GUARD_STRONG },
	{ "castgc", INSIDE, GUARD_STRONG },
	{ "rememberme", INSIDE, GUARD_STRONG },
	{ "remember", WORD, GUARD_STRONG },
	{ "accesstoken", INSIDE, GUARD_STRONG },
	{ "access_token", INSIDE, GUARD_STRONG },
	{ "access-token", INSIDE, GUARD_STRONG },
	{ "refreshtoken", INSIDE, GUARD_STRONG },
	{ "refresh_token", INSIDE, GUARD_STRONG },
	{ "refresh-token", INSIDE, GUARD_STRONG },
	{ "idtoken", INSIDE, GUARD_STRONG },
	{ "id_token", INSIDE, GUARD_STRONG },
	{ "id-token", INSIDE, GUARD_STRONG },
	{ "passwd", INSIDE, GUARD_STRONG },
	{ "password", INSIDE, GUARD_STRONG },
	{ "credential", INSIDE, GUARD_STRONG },
	{ "passport", INSIDE, GUARD_STRONG },
	{ "keycloak", INSIDE, GUARD_STRONG },
	{ "kerberos", INSIDE, GUARD_STRONG },
	{ "mfa", WORD, GUARD_STRONG },
	{ "totp", WORD, GUARD_STRONG },
	{ "twofactor", INSIDE, GUARD_STRONG },
	{ "rtfa", WORD, GUARD_STRONG },
	{ "ltpa", INSIDE, GUARD_STRONG },
	{ "bearer", WORD, GUARD_STRONG },
	{ "idsrv", INSIDE, GUARD_STRONG },
	{ "ssoid", WORD, GUARD_STRONG },
	{ "vpn", INSIDE, GUARD_STRONG },

	/* Which server; protection against robots. */
	{ "bigip", INSIDE, GUARD_STRONG },
	{ "awsalb", STARTS, GUARD_STRONG },
	{ "awselb", STARTS, GUARD_STRONG },
	{ "nsc_", STARTS, GUARD_STRONG },
	{ "citrix_ns", STARTS, GUARD_STRONG },
	{ "haproxy", INSIDE, GUARD_STRONG },
	{ "arraffinity", STARTS, GUARD_STRONG },
	{ "applicationgatewayaffinity", STARTS, GUARD_STRONG },
	{ "serverid", WORD, GUARD_STRONG },
	{ "srv_id", WORD, GUARD_STRONG },
	{ "lbid", WORD, GUARD_STRONG },
	{ "appserver", INSIDE, GUARD_STRONG },
	{ "backendid", INSIDE, GUARD_STRONG },
	{ "loadbalanc", INSIDE, GUARD_STRONG },
	{ "load_balanc", INSIDE, GUARD_STRONG },
	{ "lb", WORD, GUARD_STRONG },
	{ "sticky", INSIDE, GUARD_STRONG },
	{ "stickounet", INSIDE, GUARD_STRONG },
	{ "affinity", INSIDE, GUARD_STRONG },
	{ "incap_ses", STARTS, GUARD_STRONG },
	{ "visid_incap", STARTS, GUARD_STRONG },
	{ "nlbi_", STARTS, GUARD_STRONG },
	{ "cf_", STARTS, GUARD_STRONG },
	{ "cfruid", STARTS, GUARD_STRONG },
	{ "ak_bmsc", STARTS, GUARD_STRONG },
	{ "bm_s", STARTS, GUARD_STRONG },
	{ "datadome", INSIDE, GUARD_STRONG },
	{ "waf", WORD, GUARD_STRONG },

	/* Sessions. */
	{ "session", INSIDE, GUARD_WEAK },
	{ "sess", INSIDE, GUARD_WEAK },
	{ "sid", WORD, GUARD_WEAK },
	{ "token", INSIDE, GUARD_WEAK },
	{ "security", INSIDE, GUARD_WEAK },
	{ "secure", WORD, GUARD_WEAK },
	{ "auth", INSIDE, GUARD_WEAK },
	{ "account", WORD, GUARD_WEAK },
	{ "basket", INSIDE, GUARD_WEAK },
	{ "cart", WORD, GUARD_WEAK },
	{ "checkout", INSIDE, GUARD_WEAK },
};

/* Words that make a session of a name a tracker's. */
static const char *const tracking_words[] = {
	"visit",      "visitor",    "visitors",	   "visits",	 "track",     "tracker",
	"tracking",   "analytics",  "stats",	   "stat",	 "pageview",  "pageviews",
	"pageviewed", "page",	    "views",	   "pv",	 "utm",	      "campaign",
	"ad",	      "ads",	    "adv",	   "marketing",	 "affiliate", "pixel",
	"retarget",   "recording",  "sample",	   "heatmap",	 "referrer",  "referer",
	"landing",    "engagement", "sync",	   "impression", "click",     "clicks",
	"ga",	      "gtm",	    "fb",	   "fbp",	 "mp",	      "hj",
	"rum",	      "metrics",    "lead",	   "leads",	 "last",      "first",
	"count",      "counter",    "depth",	   "start",	 "time",      "anonymous",
	"anon",	      "device",	    "experiment",  "abtest",	 "ab",	      "test",
	"everest",    "parsely",    "attribution", "source",	 "medium",    "duration",
	"event",      "events",	    "log",	   "logs",
};

/* Which letters the name has: most words of the list end here. */
static uint32_t letters_of(struct slice s)
{
	uint32_t letters = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			letters |= UINT32_C(1) << (s.p[i] - 'a');
	return letters;
}

static bool has_word(const struct score_name *name, struct slice want)
{
	for (unsigned i = 0; i < name->words; i++)
		if (slice_eq(score_name_word(name, i), want))
			return true;
	return false;
}

static bool has_inside(const struct score_name *name, struct slice want)
{
	for (size_t i = 0; want.n != 0 && i + want.n <= name->n; i++)
		if (name->text[i] == want.p[0] && memcmp(name->text + i, want.p, want.n) == 0)
			return true;
	return false;
}

static bool starts(const struct score_name *name, struct slice want)
{
	struct slice s = slice_of(name->text, name->n);

	while (s.n != 0 && (s.p[0] == '_' || s.p[0] == '.' || s.p[0] == '-'))
		s = slice_skip(s, 1);
	return slice_starts(s, want);
}

static bool has(const struct score_name *name, const struct guard_word *w)
{
	struct slice want = slice_str(w->text);

	switch (w->where) {
	case WORD:
		return has_word(name, want) || slice_eq(slice_of(name->text, name->n), want);
	case STARTS:
		return starts(name, want);
	case INSIDE:
		return has_inside(name, want);
	}
	return false;
}

static bool speaks_of_tracking(const struct score_name *name)
{
	for (size_t i = 0; i < sizeof(tracking_words) / sizeof(tracking_words[0]); i++)
		if (has_word(name, slice_str(tracking_words[i])))
			return true;
	return false;
}

enum guard score_guard(const struct score_name *name, struct slice *word)
{
	const uint32_t letters = letters_of(slice_of(name->text, name->n));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct slice start = slice_head(slice_str(words[i].text), 4);

		if ((letters_of(start) & ~letters) != 0 || !has(name, &words[i]))
			continue;
		*word = slice_str(words[i].text);
		return words[i].guard == GUARD_WEAK && speaks_of_tracking(name) ? GUARD_NONE
										: words[i].guard;
	}
	return GUARD_NONE;
}
