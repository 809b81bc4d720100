#include "base/options.h"

#include "base/config.h"
#include "base/config_value.h"

#include <stddef.h>

#define SECOND 1000u
#define MINUTE (60u * SECOND)
#define HOUR (60u * MINUTE)
#define DAY (24u * HOUR)
#define KIB 1024u

#define FIELD(f) .offset = offsetof(struct config, f)
#define LIST(f) .offset = offsetof(struct config, f), .offset_n = offsetof(struct config, f##_n)

static const char *const revocation_words[] = { "stapled", "fetch", NULL };
static const char *const log_values_words[] = { "none", "keep", NULL };
static const char *const verbose_words[] = { "error", "warning", "info", "debug", NULL };

/*
 * In the order of the help and the manual.  `manual` is plain text: the manual page's list is
 * printed from it (options_mdoc).
 */
const struct option_row options[] = {
	{ .name = "listen",
	  .type = OPTION_LISTEN,
	  .arg = "ADDR:PORT",
	  .fallback = "127.0.0.1:8118 [::1]:8118",
	  LIST(listen),
	  .fixed = true,
	  .help = "listen for browsers here; repeatable",
	  .manual = "Addresses to listen on, an IPv4 address or an IPv6 address in brackets, and a "
		    "port. "
		    "Given on the command line they replace those of the file. An address that "
		    "others can "
		    "reach makes this a proxy for all of them: set a firewall accordingly." },
	{ .name = "listen-tls",
	  .type = OPTION_LISTEN,
	  .arg = "ADDR:PORT",
	  .fallback = "",
	  LIST(listen_tls),
	  .fixed = true,
	  .help = "listen here for browsers that speak TLS to the proxy; repeatable",
	  .manual = "Addresses on which TLS is spoken to the proxy itself (HTTPS address:port in a "
		    "PAC file), with HTTP/2 or HTTP/1.1 inside. Nobody on the way then sees which "
		    "hosts are asked for, and a browser needs one connection for all of them. The "
		    "certificate is the CA's, so browsers that use it must trust the CA first." },
	{ .name = "tls-name",
	  .type = OPTION_HOSTS,
	  .arg = "HOST",
	  .fallback = "",
	  LIST(tls_name),
	  .adds = true,
	  .help = "browsers know the proxy of listen-tls as HOST (or *.HOST); repeatable",
	  .manual = "Names under which browsers reach the addresses of listen-tls: a name, or *. "
		    "and a name for all names below it. The proxy shows a certificate for these, "
		    "for the machine's host name, localhost and crumbgate.internal, and for the "
		    "address when the browser knows no name; whoever asks for another name there "
		    "is refused." },
	{ .name = "state",
	  .type = OPTION_FOLDER,
	  .arg = "FOLDER",
	  .fallback = "",
	  FIELD(state),
	  .fixed = true,
	  .help = "keep the CA, the ledger and the evidence here",
	  .manual = "The state folder. It is made if missing, with mode 0700; a folder that others "
		    "can "
		    "read is refused. Default: /var/lib/crumbgate for root and for system users, "
		    "else "
		    "$XDG_STATE_HOME/crumbgate or ~/.local/state/crumbgate." },
	{ .name = "user",
	  .type = OPTION_STRING,
	  .arg = "NAME",
	  .fallback = "",
	  FIELD(user),
	  .fixed = true,
	  .help = "run as this user when started as root",
	  .manual =
		  "The user to become after the listening sockets are open, when started as root. "
		  "Default: nobody when started as root, else no change." },
	{ .name = "workers",
	  .type = OPTION_COUNT,
	  .arg = "N",
	  .fallback = "0",
	  .min = 0,
	  .max = CONFIG_WORKERS_MAX,
	  FIELD(workers),
	  .fixed = true,
	  .help = "number of worker processes; 0 is one for each core",
	  .manual = "Number of worker processes, at most 64. With 0 there is one for each core." },
	{ .name = "trust",
	  .type = OPTION_FILES,
	  .arg = "FILE",
	  .fallback = "",
	  LIST(trust),
	  .adds = true,
	  .help = "trust the root certificates of this PEM file; repeatable",
	  .manual = "Files with further root certificates (PEM) that origins may be verified "
		    "against." },
	{ .name = "trust-system",
	  .type = OPTION_BOOL,
	  .fallback = "yes",
	  FIELD(trust_system),
	  .help = "trust the system's root certificates",
	  .manual = "Whether origins are verified against the system's root certificates too. With "
		    "no, "
		    "only those of trust count." },
	{ .name = "revocation",
	  .type = OPTION_WORD,
	  .arg = "stapled|fetch",
	  .fallback = "stapled",
	  .words = revocation_words,
	  FIELD(revocation),
	  .help = "how revoked certificates of origins are found out",
	  .manual = "What is done to learn that an origin's certificate was revoked. With stapled "
		    "only the answer counts that the origin sends along. With fetch the "
		    "certificate's OCSP responder or CRL is asked as well, over plain HTTP and at "
		    "most for some seconds; no answer counts as good, as in browsers. This tells "
		    "the authority which sites are visited, though not by whom." },
	{ .name = "connect-to",
	  .type = OPTION_CONNECT_TO,
	  .arg = "HOST:PORT:ADDR:PORT",
	  .fallback = "",
	  LIST(connect_to),
	  .adds = true,
	  .help = "go to ADDR:PORT for HOST:PORT, as curl has it; repeatable",
	  .manual = "For a connection meant for the first HOST:PORT go to the second instead. Any "
		    "of the "
		    "four may be empty: an empty HOST or PORT on the left matches all, one on the "
		    "right "
		    "stays what it was. IPv6 addresses stand in brackets. Names and certificates "
		    "are still "
		    "those of HOST. The first that matches counts." },
	{ .name = "allow-private",
	  .type = OPTION_BOOL,
	  .fallback = "no",
	  FIELD(allow_private),
	  .help = "allow origins on loopback, link-local and private addresses",
	  .manual =
		  "Whether origins on loopback, link-local and private addresses may be reached. "
		  "With "
		  "no they are refused, so that no site can use the proxy to look into the network "
		  "behind it." },
	{ .name = "never-intercept",
	  .type = OPTION_HOSTS,
	  .arg = "HOST",
	  .fallback = "",
	  LIST(never_intercept),
	  .adds = true,
	  .help = "pass TLS to HOST (or *.HOST) through unread; repeatable",
	  .manual = "Hosts whose TLS is passed through unread: a name, or *. and a name for all "
		    "names "
		    "below it. What passes is recorded as pass-through, without content." },
	{ .name = "never-intercept-defaults",
	  .type = OPTION_BOOL,
	  .fallback = "yes",
	  FIELD(never_intercept_defaults),
	  .help = "use the built-in table of hosts that are never intercepted",
	  .manual =
		  "Whether the built-in table of hosts that do not work with interception (pinned "
		  "applications, software updates) counts too." },
	{ .name = "pass-after-refusals",
	  .type = OPTION_COUNT,
	  .arg = "N",
	  .fallback = "3",
	  .min = 2,
	  .max = 16,
	  .or_zero = true,
	  FIELD(pass_after_refusals),
	  .help = "pass a host unread after a client refused its certificate so often; 0 is never",
	  .manual = "An application that accepts only its own certificate refuses the proxy's. "
		    "After so many refusals within pass-window that one host is passed through "
		    "unread for that one client, never the names below it. Connections opened "
		    "side by side count once. A client that never used any connection the proxy "
		    "intercepted does not trust the CA, and nothing is passed for it; nor is a host "
		    "that the client used intercepted within pass-time, for it works so; nor is "
		    "anything for clients of the profile minors. A client is an address: devices "
		    "that share one, behind a router for example, share what is passed, and one of "
		    "them can bring it about for all. Each pass is recorded, and the desk lists it "
		    "and can end it. With 0 refusals change nothing." },
	{ .name = "pass-window",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "10m",
	  .min = SECOND,
	  .max = DAY,
	  FIELD(pass_window_ms),
	  .help = "a refused certificate counts for so long",
	  .manual = "How long a refusal counts for pass-after-refusals." },
	{ .name = "pass-time",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "1h",
	  .min = SECOND,
	  .max = DAY,
	  FIELD(pass_time_ms),
	  .help = "how long a host passes unread after refusals or a challenge",
	  .manual = "How long a host is passed through unread after refusals or a challenge. Then"
		    " it is intercepted again and connections that are still open are cut. One "
		    "that was ended at the desk does not begin again for the same time. A reload of "
		    "the configuration changes nothing of either, unless it makes the time shorter "
		    "or switches this off." },
	{ .name = "pass-on-challenge",
	  .type = OPTION_BOOL,
	  .fallback = "yes",
	  FIELD(pass_on_challenge),
	  .help = "pass a host unread that asks whether a robot is calling",
	  .manual = "Whether a host that answers with a challenge for robots (as cf-mitigated: "
		    "challenge) is passed through unread for pass-time, because such a question "
		    "can be meant for the proxy. Only where the host belongs to the page's own "
		    "site, for that client and that host alone, and never for clients of the "
		    "profile minors. The proxy cannot tell why a site asks, so a site can have "
		    "itself read no more for pass-time; the log says so." },
	{ .name = "via",
	  .type = OPTION_BOOL,
	  .fallback = "no",
	  FIELD(via),
	  .help = "add a Via field to messages",
	  .manual = "Whether messages get a Via field (RFC 9110 section 7.6.3). It tells each site "
		    "that "
		    "a proxy is used." },
	{ .name = "gpc",
	  .type = OPTION_BOOL,
	  .fallback = "yes",
	  FIELD(gpc),
	  .help = "say Sec-GPC: 1 for who refused advertising",
	  .manual = "Whether requests of clients who refused advertising, and of all clients of "
		    "the profile minors, say Sec-GPC: 1 (W3C Global Privacy Control). For who "
		    "made no choice nothing is said." },
	{ .name = "list",
	  .type = OPTION_FILES,
	  .arg = "FILE",
	  .fallback = "",
	  LIST(lists),
	  .adds = true,
	  .help = "refuse requests that this filter list names; repeatable",
	  .manual = "Files with filter lists in the syntax of Adblock Plus, AdGuard and uBlock "
		    "Origin, or hosts files. A request that one names is refused where its "
		    "purpose was not accepted: what its host is known for, else analytics for a "
		    "list with privacy or track in its file's name, functional for one with "
		    "annoyance or cookie, advertising for all others. A cookie that one names "
		    "is removed, or given a shorter life, by the same purpose, unless the table "
		    "of cookies knows it or its name is one of sign-in and the like. They are "
		    "read again on SIGHUP." },
	{ .name = "list-url",
	  .type = OPTION_URLS,
	  .arg = "URL",
	  .fallback = "",
	  LIST(list_urls),
	  .adds = true,
	  .help = "use the copy of this list that 'crumbgate lists update' keeps; repeatable",
	  .manual = "URLs (https, http or file) of filter lists that crumbgate lists update fetches "
		    "into the state folder and keeps up to date. The proxy itself fetches nothing: "
		    "it uses the last good copies at its start and on SIGHUP, and says which are "
		    "not there yet. In the file a URL stands in quotes. The purpose of a list is "
		    "told by the last part of its URL's path, as for list." },
	{ .name = "list-defaults",
	  .type = OPTION_BOOL,
	  .fallback = "yes",
	  FIELD(list_defaults),
	  .help = "use EasyList and EasyPrivacy of the system",
	  .manual = "Whether EasyList and EasyPrivacy are used too where Debian's package "
		    "webext-ublock-origin-chromium or webext-ublock-origin-firefox has put them." },
	{ .name = "consent-write",
	  .type = OPTION_BOOL,
	  .fallback = "no",
	  FIELD(consent_write),
	  .help = "tell sites' banners of a refusal, so that they do not ask",
	  .manual = "Whether a refusal that a client of the profile default has made at the desk "
		    "or by crumbgate choice is written into the answers of sites whose consent "
		    "banner still asks, as the cookie in which the banner itself would keep it, "
		    "where its form is known (crumbgate-banners(7)). Never an acceptance. Each is "
		    "recorded." },
	{ .name = "profile",
	  .type = OPTION_PROFILE,
	  .arg = "NAME=CIDR,...",
	  .fallback = "",
	  LIST(clients),
	  .adds = true,
	  .help = "the profile of these clients; repeatable",
	  .manual =
		  "The profile of a group of clients by subnet: default, minors (no choice counts: "
		  "nothing that is known not to be essential, ever) or investigator (everything is recorded, nothing "
		  "removed). In the file it is a section, see below. The longest prefix wins; "
		  "clients in no subnet "
		  "have the profile default." },
	{ .name = "log-values",
	  .type = OPTION_WORD,
	  .arg = "none|keep",
	  .fallback = "none",
	  .words = log_values_words,
	  FIELD(log_values),
	  .help = "keep cookie values in clear beside the log",
	  .manual = "With keep, cookie values are also kept in clear, in files apart from the log "
		    "that "
		    "can be erased. With none there are only keyed digests." },
	{ .name = "record-strict",
	  .type = OPTION_BOOL,
	  .fallback = "no",
	  FIELD(record_strict),
	  .help = "stop traffic when nothing can be recorded",
	  .manual =
		  "What happens when the evidence cannot be written, as on a full disk: with yes "
		  "traffic "
		  "stops until it can, with no it goes on and the loss is counted and recorded." },
	{ .name = "sync-interval",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "1s",
	  .min = 10,
	  .max = HOUR,
	  FIELD(sync_interval_ms),
	  .help = "how often the evidence is forced to disk",
	  .manual =
		  "How often the evidence is forced to disk: the most that a power cut can cost." },
	{ .name = "max-head",
	  .type = OPTION_SIZE,
	  .arg = "SIZE",
	  .fallback = "64K",
	  .min = 8 * KIB,
	  .max = KIB * KIB,
	  FIELD(max_head),
	  .help = "longest head of a request or an answer",
	  .manual = "The longest head of a request or an answer that is accepted." },
	{ .name = "max-fields",
	  .type = OPTION_COUNT,
	  .arg = "N",
	  .fallback = "200",
	  .min = 16,
	  .max = 10000,
	  FIELD(max_fields),
	  .help = "most field lines in a head",
	  .manual = "The most field lines that are accepted in a head or in trailers." },
	{ .name = "max-connections",
	  .type = OPTION_COUNT,
	  .arg = "N",
	  .fallback = "20000",
	  .min = 1,
	  .max = 1000000,
	  FIELD(max_connections),
	  .help = "most connections from all clients together",
	  .manual = "The most connections from all clients together. Each needs two file "
		    "descriptors." },
	{ .name = "connections-per-client",
	  .type = OPTION_COUNT,
	  .arg = "N",
	  .fallback = "8000",
	  .min = 1,
	  .max = 1000000,
	  FIELD(connections_per_client),
	  .help = "most connections from one client address",
	  .manual = "The most connections from one client address, and for each of them eight to "
		    "origins (but at most half of max-connections). "
		    "Raise it where many clients share an address." },
	{ .name = "header-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "30s",
	  .min = 100,
	  .max = HOUR,
	  FIELD(header_timeout_ms),
	  .help = "time for a request's head to arrive whole",
	  .manual = "Time for a request's head to arrive whole, from its first byte." },
	{ .name = "handshake-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "30s",
	  .min = 100,
	  .max = HOUR,
	  FIELD(handshake_timeout_ms),
	  .help = "time for a TLS handshake",
	  .manual = "Time for a TLS handshake, on either side." },
	{ .name = "connect-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "30s",
	  .min = 100,
	  .max = HOUR,
	  FIELD(connect_timeout_ms),
	  .help = "time to find and reach an origin",
	  .manual = "Time to resolve an origin's name and to connect to one of its addresses." },
	{ .name = "stall-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "5m",
	  .min = SECOND,
	  .max = DAY,
	  FIELD(stall_timeout_ms),
	  .help = "end a request or an answer that does not move for so long",
	  .manual = "An exchange in which no byte moves for so long, in either direction, is "
		    "ended. A "
		    "server that holds an answer back (long poll) has this time for it." },
	{ .name = "idle-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "2m",
	  .min = SECOND,
	  .max = DAY,
	  FIELD(idle_timeout_ms),
	  .help = "close a client's connection that has no request for so long",
	  .manual = "A client's connection without a request is closed after this time." },
	{ .name = "origin-idle-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "1m",
	  .min = SECOND,
	  .max = DAY,
	  FIELD(origin_idle_timeout_ms),
	  .help = "close an origin's connection that is not used for so long",
	  .manual = "A connection to an origin that is kept for reuse is closed after this time." },
	{ .name = "tunnel-idle-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "1h",
	  .min = SECOND,
	  .max = DAY,
	  FIELD(tunnel_idle_timeout_ms),
	  .help = "close a tunnel or WebSocket that is silent for so long",
	  .manual = "A tunnel or a WebSocket in which no byte moves for so long is closed." },
	{ .name = "drain-timeout",
	  .type = OPTION_TIME,
	  .arg = "TIME",
	  .fallback = "30s",
	  .min = 0,
	  .max = HOUR,
	  FIELD(drain_timeout_ms),
	  .help = "on SIGTERM let what runs go on for so long",
	  .manual = "After SIGTERM no new connection is accepted, and exchanges that run may go on "
		    "for so "
		    "long." },
	{ .name = "verbose",
	  .type = OPTION_WORD,
	  .arg = "LEVEL",
	  .fallback = "info",
	  .words = verbose_words,
	  FIELD(verbose),
	  .help = "how much is said on stderr: error, warning, info or debug",
	  .manual = "How much is said on standard error: error, warning, info or debug. Cookie "
		    "values are "
		    "never said." },
};

const size_t options_n = sizeof(options) / sizeof(options[0]);

const struct option_row *option_find(struct slice name)
{
	for (size_t i = 0; i < options_n; i++)
		if (slice_eq(slice_str(options[i].name), name))
			return &options[i];
	return NULL;
}

#define NAME_MAX_COMPARED 40

/* Levenshtein's distance, one row at a time. */
static unsigned distance(struct slice a, struct slice b)
{
	unsigned row[NAME_MAX_COMPARED + 1];

	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned least = diagonal + (ascii_lower(a.p[i - 1]) != b.p[j - 1]);

			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = least;
		}
	}
	return row[b.n];
}

const char *nearest_name(struct slice wrong, const char *const *names, size_t n)
{
	const char *best = NULL;
	/* Further away is no slip of the finger, and in a short word two letters are all of it. */
	unsigned best_distance = wrong.n > 3 ? 3 : 2;

	if (wrong.n == 0 || wrong.n > NAME_MAX_COMPARED)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct slice name = slice_str(names[i]);
		unsigned d;

		if (name.n > NAME_MAX_COMPARED)
			continue;
		d = distance(wrong, name);
		if (d < best_distance && d < name.n) {
			best_distance = d;
			best = names[i];
		}
	}
	return best;
}

const char *option_nearest(struct slice wrong)
{
	const char *names[sizeof(options) / sizeof(options[0])];

	for (size_t i = 0; i < options_n; i++)
		names[i] = options[i].name;
	return nearest_name(wrong, names, options_n);
}

#define EXPLAIN_WIDTH 78u

/* At blanks; a longer word stands on a line of its own. */
static void print_wrapped(struct slice text, FILE *out)
{
	struct slice word;
	size_t column = 0;

	while (text.p != NULL) {
		text = slice_cut(text, ' ', &word);
		if (word.n == 0)
			continue;
		if (column != 0 && column + 1 + word.n > EXPLAIN_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%.*s", column != 0 ? " " : "", SLICE_ARG(word));
		column += (column != 0) + word.n;
	}
	fputc('\n', out);
}

static void add_range(const struct option_row *row, struct buf *out)
{
	if (option_is_list(row->type))
		buf_adds(out, " A list.");
	if (row->type == OPTION_BOOL)
		buf_adds(out, " Yes or no.");
	if (row->type == OPTION_TIME || row->type == OPTION_SIZE || row->type == OPTION_COUNT) {
		buf_adds(out, row->or_zero ? " 0, or from " : " From ");
		config_amount(out, row->type, row->min);
		buf_adds(out, " to ");
		config_amount(out, row->type, row->max);
		buf_addc(out, '.');
	}
	if (row->fallback[0] != '\0')
		buf_addf(out, " Default: %s.", row->fallback);
	else if (option_is_list(row->type))
		buf_adds(out, " Default: empty.");
	if (row->fixed)
		buf_adds(out, " Read at start only.");
}

void option_explain(const struct option_row *row, FILE *out)
{
	struct buf text;

	if (row->type == OPTION_BOOL)
		fprintf(out, "%s = yes|no\n--%s, --no-%s\n\n", row->name, row->name, row->name);
	else if (row->type == OPTION_PROFILE)
		fprintf(out, "%s \"NAME\" { clients = {CIDR, ...} }\n--%s %s\n\n", row->name,
			row->name, row->arg);
	else
		fprintf(out, "%s = %s\n--%s %s\n\n", row->name, row->arg, row->name, row->arg);
	print_wrapped(slice_str(row->manual), out);
	buf_init(&text, 4096);
	add_range(row, &text);
	print_wrapped(buf_slice(&text), out);
	buf_release(&text);
}

void options_help(FILE *out)
{
	fprintf(out, "  -c, --config FILE\n"
		     "        read this configuration file\n");
	for (size_t i = 0; i < options_n; i++) {
		const struct option_row *row = &options[i];

		if (row->type == OPTION_BOOL)
			fprintf(out, "  --%s, --no-%s\n", row->name, row->name);
		else
			fprintf(out, "  --%s %s\n", row->name, row->arg);
		fprintf(out, "        %s", row->help);
		if (row->fallback[0] != '\0')
			fprintf(out, " (default: %s)", row->fallback);
		fputc('\n', out);
	}
}

/* mdoc: a line must not begin with '.' or ''', and '\' starts an escape.  The table has neither. */
static void mdoc_one(const struct option_row *row, FILE *out)
{
	if (row->type == OPTION_BOOL)
		fprintf(out, ".It Ic %s Ns = Ns Ar yes | no\n", row->name);
	else if (row->type == OPTION_PROFILE)
		fprintf(out, ".It Ic %s Ar NAME Ic { clients Ns = Ns Ar CIDR Ic }\n", row->name);
	else
		fprintf(out, ".It Ic %s Ns = Ns Ar %s\n", row->name, row->arg);
	for (const char *p = row->manual; *p != '\0'; p++) {
		/* A new sentence begins a new line. */
		if (*p == ' ' && p[-1] == '.' && p[-2] != '*') {
			fputc('\n', out);
			continue;
		}
		fputc(*p, out);
	}
	fputc('\n', out);
	if (option_is_list(row->type))
		fprintf(out, "A list.\n");
	if (row->type == OPTION_TIME || row->type == OPTION_SIZE || row->type == OPTION_COUNT)
		fprintf(out, "%s%u to %u%s.\n", row->or_zero ? "0, or from " : "From ", row->min,
			row->max,
			row->type == OPTION_TIME   ? " ms"
			: row->type == OPTION_SIZE ? " bytes"
						   : "");
	if (row->fallback[0] != '\0')
		fprintf(out, "Default: %s.\n", row->fallback);
	if (row->fixed)
		fprintf(out, "Read at start only.\n");
}

void options_mdoc(FILE *out)
{
	for (size_t i = 0; i < options_n; i++)
		mdoc_one(&options[i], out);
}
