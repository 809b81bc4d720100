#include "proxy/desk/pac.h"

/* What goes into the script's strings can be nothing else. */
static bool is_address(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]) &&
		    (s.p[i] == '\0' || strchr("abcdefABCDEF.:[]", s.p[i]) == NULL))
			return false;
	return true;
}

/* The first is tried first; a browser goes on to the second when that cannot be reached. */
static void answer(struct buf *out, const char *a, struct slice first, const char *b,
		   struct slice second)
{
	if (first.n == 0)
		buf_addf(out, "return \"%s %.*s\";\n", b, SLICE_ARG(second));
	else if (second.n == 0)
		buf_addf(out, "return \"%s %.*s\";\n", a, SLICE_ARG(first));
	else
		buf_addf(out, "return \"%s %.*s; %s %.*s\";\n", a, SLICE_ARG(first), b,
			 SLICE_ARG(second));
}

/*
 * No DIRECT at the end: a browser whose proxy is gone must not go on without it.  What is on this
 * machine or in the house is asked for directly, because the proxy refuses private addresses.  Who
 * does not trust the CA yet cannot use TLS to the proxy and gets the CA at the desk.
 */
bool pac_write(struct buf *out, struct slice plain, struct slice tls)
{
	if (!is_address(plain) || !is_address(tls) || plain.n + tls.n == 0)
		return false;
	buf_adds(out, "function FindProxyForURL(url, host) {\n"
		      "\tif (host == \"localhost\" || shExpMatch(host, \"*.localhost\") ||\n"
		      "\t    shExpMatch(host, \"*.local\") ||\n"
		      "\t    /^(127|10)\\.[0-9]+\\.[0-9]+\\.[0-9]+$/.test(host) ||\n"
		      "\t    /^192\\.168\\.[0-9]+\\.[0-9]+$/.test(host) ||\n"
		      "\t    /^172\\.(1[6-9]|2[0-9]|3[01])\\.[0-9]+\\.[0-9]+$/.test(host) ||\n"
		      "\t    /^\\[?(::1|f[cd][0-9a-f:]+|fe80:[0-9a-f:]+)\\]?$/.test(host))\n"
		      "\t\treturn \"DIRECT\";\n");
	if (plain.n != 0 && tls.n != 0) {
		buf_adds(out, "\tif (host == \"crumbgate.internal\")\n\t\t");
		answer(out, "PROXY", plain, "HTTPS", tls);
	}
	buf_adds(out, "\t");
	answer(out, "HTTPS", tls, "PROXY", plain);
	buf_adds(out, "}\n");
	return true;
}
