/* config: the file's places, values of each type, the command line, reload, the description. */
#include "base/config.h"
#include "base/config_file.h"
#include "base/diag.h"
#include "base/options.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/crumbgate-config-XXXXXX";
static char path[64];
static struct buf why;

static void write_conf(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* The options as literals; config_load() copies them. */
static struct config *load_args(enum config_status want, int n, const char *const *args)
{
	struct config *cfg = NULL;
	enum config_status got;

	buf_clear(&why);
	got = config_load(n, (char *const *)(uintptr_t)args, &cfg, &why);
	if (got != want)
		print_error("%.*s", SLICE_ARG(buf_slice(&why)));
	assert_int_equal(got, want);
	assert_int_equal(cfg != NULL, want == CONFIG_GOOD);
	assert_int_equal(why.len == 0, want == CONFIG_GOOD);
	return cfg;
}

#define LOAD(want, ...)                                                                            \
	load_args(want, (int)(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)),           \
		  (const char *[]){ __VA_ARGS__ })

static struct config *load_text(enum config_status want, const char *text)
{
	write_conf(text);
	return LOAD(want, "-c", path);
}

/* All of what was said, with the file's name taken away. */
static void assert_said(const char *want)
{
	char said[8192];
	size_t n = 0;
	struct slice rest = buf_slice(&why), line;

	while (rest.n != 0) {
		rest = slice_cut(rest, '\n', &line);
		if (slice_starts(line, slice_str(path)))
			line = slice_skip(line, strlen(path) + 1);
		assert_true(n + line.n + 2 < sizeof(said));
		memcpy(said + n, line.p, line.n);
		n += line.n;
		said[n++] = '\n';
	}
	said[n] = '\0';
	assert_string_equal(said, want);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/c.conf", folder);
	setenv("HOME", folder, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	buf_init(&why, 64 * 1024);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	buf_release(&why);
	return rmdir(folder);
}

static void test_defaults(void **state)
{
	struct config *cfg = load_args(CONFIG_GOOD, 0, NULL);

	(void)state;
	assert_int_equal(cfg->listen_n, 2);
	assert_true(cfg->listen_is_default);
	assert_string_equal(cfg->listen[0].text, "127.0.0.1:8118");
	assert_string_equal(cfg->listen[1].text, "[::1]:8118");
	assert_int_equal(cfg->listen[1].sa.ss_family, AF_INET6);
	assert_int_equal(cfg->state[0], '/');
	assert_string_equal(cfg->user, "");
	assert_true(cfg->trust_system && cfg->never_intercept_defaults);
	assert_int_equal(cfg->revocation, CONFIG_REVOCATION_STAPLED);
	assert_false(cfg->allow_private || cfg->via || cfg->record_strict);
	assert_true(cfg->gpc && !cfg->consent_write);
	assert_int_equal(cfg->max_head, 65536);
	assert_int_equal(cfg->max_fields, 200);
	assert_int_equal(cfg->idle_timeout_ms, 120000);
	assert_int_equal(cfg->sync_interval_ms, 1000);
	assert_int_equal(cfg->log_values, CONFIG_VALUES_NONE);
	assert_int_equal(cfg->verbose, DIAG_INFO);
	assert_int_equal(cfg->pass_after_refusals, 3);
	assert_int_equal(cfg->pass_window_ms, 600000);
	assert_int_equal(cfg->pass_time_ms, 3600000);
	assert_true(cfg->pass_on_challenge);
	assert_null(cfg->file);
	config_free(cfg);
}

static void test_file(void **state)
{
	struct config *cfg = load_text(
		CONFIG_GOOD,
		"# everything\n"
		"listen = {127.0.0.1:3128, \"[::]:3128\"}\n"
		"state = crumbs\n"
		"workers = 4 // four\n"
		"connect-to = {\"a.test:443:127.0.0.1:8443\", '::[::1]:', \":80::8080\"}\n"
		"never-intercept = {Bank.Example, \"*.bank.example\"}\n"
		"never-intercept += \"x.test\"\n"
		"allow-private = yes\n via=on\n gpc = no\n consent-write = yes\n trust-system = no\n"
		"log-values = keep\nrevocation = fetch\nidle-timeout = 90\nsync-interval = 250ms\nmax-head = 32KiB\n"
		"pass-after-refusals = 0\ndrain-timeout = 0\nheader-timeout=2m\nverbose = debug\n"
		"/* who */\n"
		"profile minors { clients = {10.1.0.0/16, fd00:1::/64, 192.0.2.7} }\n"
		"profile \"investigator\" {\n\tclients = 10.1.5.0/24\n}\n");
	const struct config_connect_to *to;

	(void)state;
	assert_int_equal(cfg->listen_n, 2);
	assert_false(cfg->listen_is_default);
	assert_string_equal(cfg->listen[1].text, "[::]:3128");
	assert_int_equal(strncmp(cfg->state, folder, strlen(folder)), 0);
	assert_string_equal(cfg->state + strlen(folder), "/crumbs");
	assert_int_equal(cfg->workers, 4);
	assert_int_equal(cfg->connect_to_n, 3);
	assert_string_equal(cfg->connect_to[1].to_host, "::1");
	assert_int_equal(cfg->connect_to[1].to_port, 0);
	to = config_connect_to(cfg, SLICE("A.test"), 443);
	assert_ptr_equal(to, &cfg->connect_to[0]);
	assert_int_equal(to->to_port, 8443);
	assert_ptr_equal(config_connect_to(cfg, SLICE("b.test"), 443), &cfg->connect_to[1]);
	assert_int_equal(cfg->never_intercept_n, 3);
	assert_true(config_never_intercept(cfg, SLICE("bank.example")));
	assert_true(config_never_intercept(cfg, SLICE("a.b.bank.example")));
	assert_false(config_never_intercept(cfg, SLICE("abank.example")));
	assert_false(config_never_intercept(cfg, SLICE(".bank.example")));
	assert_true(cfg->allow_private && cfg->via && !cfg->trust_system && !cfg->gpc &&
		    cfg->consent_write);
	assert_int_equal(cfg->pass_after_refusals, 0);
	assert_int_equal(cfg->log_values, CONFIG_VALUES_KEEP);
	assert_int_equal(cfg->revocation, CONFIG_REVOCATION_FETCH);
	assert_int_equal(cfg->idle_timeout_ms, 90000);
	assert_int_equal(cfg->sync_interval_ms, 250);
	assert_int_equal(cfg->max_head, 32768);
	assert_int_equal(cfg->drain_timeout_ms, 0);
	assert_int_equal(cfg->header_timeout_ms, 120000);
	assert_int_equal(cfg->verbose, DIAG_DEBUG);
	assert_int_equal(cfg->clients_n, 4);
	config_free(cfg);
}

static enum config_profile profile_for(const struct config *cfg, int family, const char *ip)
{
	struct sockaddr_storage ss = { .ss_family = (sa_family_t)family };
	void *at = family == AF_INET ? (void *)&((struct sockaddr_in *)&ss)->sin_addr
				     : (void *)&((struct sockaddr_in6 *)&ss)->sin6_addr;

	assert_int_equal(inet_pton(family, ip, at), 1);
	return config_profile_of(cfg, (struct sockaddr *)&ss);
}

static void test_profiles(void **state)
{
	struct config *cfg =
		load_text(CONFIG_GOOD,
			  "profile minors { clients = {10.1.0.0/16, fd00:1::/64, 0.0.0.0/0} }\n"
			  "profile investigator { clients = {10.1.5.0/24, 172.16.0.0/12,\n"
			  "\t::ffff:10.9.0.0/112} }\n"
			  "profile default { clients = 10.1.5.4/32 }\n");

	(void)state;
	assert_int_equal(profile_for(cfg, AF_INET, "10.1.0.1"), CONFIG_MINORS);
	assert_int_equal(profile_for(cfg, AF_INET, "10.1.5.9"), CONFIG_INVESTIGATOR);
	assert_int_equal(profile_for(cfg, AF_INET, "10.1.5.4"), CONFIG_DEFAULT);
	assert_int_equal(profile_for(cfg, AF_INET, "10.9.1.4"), CONFIG_INVESTIGATOR);
	assert_int_equal(profile_for(cfg, AF_INET, "172.31.255.255"), CONFIG_INVESTIGATOR);
	assert_int_equal(profile_for(cfg, AF_INET, "172.32.0.1"), CONFIG_MINORS);
	assert_int_equal(profile_for(cfg, AF_INET6, "::ffff:10.1.5.9"), CONFIG_INVESTIGATOR);
	assert_int_equal(profile_for(cfg, AF_INET6, "fd00:1::42"), CONFIG_MINORS);
	assert_int_equal(profile_for(cfg, AF_INET6, "fd00:2::42"), CONFIG_DEFAULT);
	assert_int_equal(profile_for(cfg, AF_INET, "8.8.8.8"), CONFIG_MINORS);
	config_free(cfg);
}

static const struct {
	const char *text, *said;
} wrong_files[] = {
	{ "\n  lisen = 127.0.0.1:1\n", "2:3: unknown key 'lisen'; did you mean 'listen'?\n" },
	{ "frobnicate = 1", "1:1: unknown key 'frobnicate'; 'crumbgate run --help' lists all\n" },
	{ "via = yes\nworkers = 65\n",
	  "2:11: 65 is out of range; 'workers' can be from 0 to 64\n" },
	{ "workers = -1\n", "1:11: '-1' is no value of 'workers'; write digits only\n" },
	{ "workers = 18446744073709551617",
	  "1:11: '18446744073709551617' is no value of 'workers'; write digits only\n" },
	{ "max-head = 1K", "1:12: 1K is out of range; 'max-head' can be from 8K to 1M\n" },
	{ "idle-timeout = 5x",
	  "1:16: '5x' is no value of 'idle-timeout'; write a number with ms, s, m or h, as 30s\n" },
	{ "sync-interval = 2h",
	  "1:17: 2h is out of range; 'sync-interval' can be from 10ms to 1h\n" },
	{ "pass-after-refusals = 1",
	  "1:23: 1 is out of range; 'pass-after-refusals' can be 0 or from 2 to 16\n" },
	{ "via = maybe", "1:7: 'maybe' is neither yes nor no; write one of these\n" },
	{ "log-values = keeep",
	  "1:14: 'keeep' is no value of 'log-values'; did you mean 'keep'?\n" },
	{ "verbose = loudly",
	  "1:11: 'loudly' is no value of 'verbose'; write error, warning, info or debug\n" },
	{ "listen = {127.0.0.1:8118, 127.0.0.1:0}",
	  "1:27: '127.0.0.1:0' is no address to listen on; write ADDR:PORT, as 127.0.0.1:8118 or "
	  "[::1]:8118\n" },
	{ "listen = {localhost:80}",
	  "1:11: 'localhost:80' is no address to listen on; write ADDR:PORT, as "
	  "127.0.0.1:8118 or [::1]:8118\n" },
	{ "listen = {::1:80}", "1:11: '::1:80' is no address to listen on; write ADDR:PORT, as "
			       "127.0.0.1:8118 or [::1]:8118\n" },
	{ "listen = {1.1.1.1:1,\n 1.1.1.1:1}", "2:2: 1.1.1.1:1 is there twice; take one away\n" },
	{ "list-url = {\"https://a/x\", \"https://a/x\"}",
	  "1:29: https://a/x is there twice; take one away\n" },
	{ "list-url = \"ftp://a/x\"",
	  "1:13: 'ftp://a/x' is no URL of a list; write https://HOST/PATH (http:// and file:/// "
	  "are possible too), in quotes in a file, without a user's name and without '#'\n" },
	{ "connect-to = a:b",
	  "1:14: 'a:b' is no rule; write HOST:PORT:ADDR:PORT, each of them may be empty, "
	  "IPv6 in brackets\n" },
	{ "connect-to = a:1:[::1:2",
	  "1:14: 'a:1:[::1:2' is no rule; write HOST:PORT:ADDR:PORT, each of them "
	  "may be empty, IPv6 in brackets\n" },
	{ "never-intercept = {ok.test, \"*.\"}", "1:30: '*.' is no host pattern; write a name, or "
						 "*. and a name, without scheme and port (other "
						 "scripts as xn--...)\n" },
	{ "never-intercept = *.a.test", "1:19: a value with '*' must stand in quotes; write "
					"\"*.host.example\"\n" },
	{ "profile minors { clients = 10.1.2.3/16 }",
	  "1:28: '10.1.2.3/16' has bits beyond its prefix; write 10.1.0.0/16\n" },
	{ "profile minors { clients = 10.0.0.0/33 }",
	  "1:28: '10.0.0.0/33' is no subnet; write ADDRESS/BITS, as 10.1.0.0/16 or fd00:1::/64\n" },
	{ "profile minor { clients = 10.0.0.0/8 }\n",
	  "1:9: there is no such profile; write default, minors or investigator\n" },
	{ "profile minors { client = 10.0.0.0/8 }\n",
	  "1:18: unknown key 'client' in a profile; only 'clients' can stand there\n" },
	{ "profile minors { clients = 10.0.0.0/8 }\nprofile default { clients = 10.0.0.0/8 }",
	  "2:29: 10.0.0.0/8 has the profile 'minors' already; take one away\n" },
	{ "via = yes\nvia = no\n", "2:7: the key of this value is there twice; remove one\n" },
	{ "tls-name = a\nworkers = 1\ntls-name = b\n",
	  "3:12: the key of this value is there twice; join the lists, or "
	  "write += the second time\n" },
	{ "include(\"/etc/passwd\")",
	  "1:8: functions such as include() are not known here; remove it\n" },
	{ "state = ${HOME}",
	  "1:9: environment variables are not read here; write the value itself\n" },
	{ "state = \"a${HOME}\"",
	  "1:11: environment variables are not read here; write the value itself\n" },
	{ "state = \"a\nb\"",
	  "1:11: a quoted value ends on its own line; add the closing quote\n" },
	{ "state = \"a", "1:9: this quote has no end; add the closing quote\n" },
	{ "via = yes /* on", "1:11: this comment has no end; add */\n" },
	{ "via = y\001s", "1:8: a control character cannot stand here; remove it\n" },
	{ "via yes\n", "1:5: a '=' is missing before this; write KEY = VALUE\n" },
	{ "via = }\n", "1:7: this cannot stand here; write KEY = VALUE or KEY = {VALUE, VALUE}\n" },
	{ "via = yes\n}\n", "2:1: there is no '{' for this '}'; remove it\n" },
	{ "listen = {1.1.1.1:1", "1:10: this '{' has no end; add '}'\n" },
	{ "profile minors {", "1:16: this '{' has no end; add '}'\n" },
	{ "listen = {1.1.1.1:1, {", "1:22: this '{' has no end; add '}'\n" },
	{ "listen = {{{", "1:12: there are too many '{' around this; remove one\n" },
	{ "listen = ", "1:10: the file ends in the middle; is a value missing?\n" },
	{ "profile {}", "1:9: the name is missing; write profile \"NAME\" { clients = {...} }\n" },
	{ "via += yes", "1:5: '+=' is for lists only; write '='\n" },
	{ "trust = /nonexistent/roots.pem",
	  "1:9: /nonexistent/roots.pem cannot be read: No such file or "
	  "directory; correct the path or its permissions\n" },
	{ "user = no-such-user-here",
	  "1:8: there is no user 'no-such-user-here'; make it or name another\n" },
	/* All values are looked at before giving up. */
	{ "via = 1\n\nworkers = x\n", "1:7: '1' is neither yes nor no; write one of these\n"
				      "3:11: 'x' is no value of 'workers'; write digits only\n" },
	/* Unknown keys, names and values do not hide each other. */
	{ "lisen = 1.1.1.1:1\nworkers = x\nfrob = {a, \"b c\"}\n"
	  "profile minor { clients = 10.0.0.0/8 }\n"
	  "profile minors { client = 10.0.0.0/8 clients = 10.0.0.0/33 }\nvia = 1\nlisen = 2\n",
	  "1:1: unknown key 'lisen'; did you mean 'listen'?\n"
	  "3:1: unknown key 'frob'; 'crumbgate run --help' lists all\n"
	  "5:18: unknown key 'client' in a profile; only 'clients' can stand there\n"
	  "4:9: there is no such profile; write default, minors or investigator\n"
	  "2:11: 'x' is no value of 'workers'; write digits only\n"
	  "5:48: '10.0.0.0/33' is no subnet; write ADDRESS/BITS, as 10.1.0.0/16 or fd00:1::/64\n"
	  "6:7: '1' is neither yes nor no; write one of these\n" },
	/* The grammar ends it, but what was read before is looked at. */
	{ "workers = x\nlisen = 1\nvia yes\n",
	  "2:1: unknown key 'lisen'; did you mean 'listen'?\n"
	  "3:5: a '=' is missing before this; write KEY = VALUE\n"
	  "1:11: 'x' is no value of 'workers'; write digits only\n" },
	{ "frob { a = 1 }\n", "1:1: unknown key 'frob'; 'crumbgate run --help' lists all\n" },
	{ "frob 1\n", "1:1: unknown key 'frob'; 'crumbgate run --help' lists all\n" },
};

static void test_wrong_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong_files) / sizeof(wrong_files[0]); i++) {
		load_text(CONFIG_INVALID, wrong_files[i].text);
		assert_said(wrong_files[i].said);
	}
}

static void test_many_unknown(void **state)
{
	char text[4096] = "";
	struct slice rest, line;
	size_t n = 0, lines = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "key-%u = {1, 2}\n", i);
	load_text(CONFIG_INVALID, text);
	for (rest = buf_slice(&why); rest.n != 0; lines++) {
		rest = slice_cut(rest, '\n', &line);
		assert_true(slice_find(line, 'u') < line.n);
	}
	assert_in_range(lines, 10, 20); /* then it gives up */
}

static void test_too_long(void **state)
{
	size_t n = CONFIG_FILE_MAX + 1;
	char *text = malloc(n + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', n);
	text[n] = '\0';
	load_text(CONFIG_USAGE, text);
	assert_said(" longer than 1048576 bytes; shorten it\n");
	free(text);
}

static void test_command_line(void **state)
{
	struct config *cfg;

	(void)state;
	write_conf("listen = {1.1.1.1:1, 2.2.2.2:2}\nnever-intercept = a.test\nworkers = 3\nvia = "
		   "yes\n"
		   "profile minors { clients = 10.0.0.0/8 }");
	cfg = LOAD(CONFIG_GOOD, "--never-intercept=b.test", "--listen", "3.3.3.3:3", "--workers=2",
		   "--config", path, "--no-via", "--allow-private", "--profile",
		   "investigator=10.1.0.0/16,10.2.0.0/16");
	assert_int_equal(cfg->listen_n, 1);
	assert_string_equal(cfg->listen[0].text, "3.3.3.3:3");
	assert_int_equal(cfg->never_intercept_n, 2);
	assert_int_equal(cfg->clients_n, 3);
	assert_int_equal(cfg->workers, 2);
	assert_false(cfg->via);
	assert_true(cfg->allow_private);
	assert_string_equal(cfg->file, path);
	config_free(cfg);

	LOAD(CONFIG_USAGE, "--lisen=1");
	assert_said("--lisen: unknown option; did you mean --listen?\n");
	LOAD(CONFIG_USAGE, "--no-workers");
	assert_said("--no-workers: unknown option; did you mean --workers?\n");
	LOAD(CONFIG_USAGE, "8118");
	assert_said("'8118' is not expected here; options begin with --\n");
	LOAD(CONFIG_USAGE, "--workers");
	assert_said("--workers: a value is missing; write it behind the option\n");
	LOAD(CONFIG_USAGE, "--workers=many", "--via=2");
	assert_said("--workers: 'many' is no value of 'workers'; write digits only\n"
		    "--via: '2' is neither yes nor no; write one of these\n");
	LOAD(CONFIG_USAGE, "-c", "/nonexistent/c.conf");
	assert_said("/nonexistent/c.conf: No such file or directory; correct the path or its "
		    "permissions\n");
}

static void test_reload(void **state)
{
	struct config *cfg, *next;

	(void)state;
	write_conf("workers = 3\nmax-fields = 100\n");
	cfg = LOAD(CONFIG_GOOD, "-c", path, "--via");
	write_conf("workers = 4\nmax-fields = 101\nstate = /tmp/else\n");
	buf_clear(&why);
	next = config_reload(cfg, &why);
	assert_non_null(next);
	assert_int_equal(next->max_fields, 101);
	assert_true(next->via);
	assert_false(config_same_process(cfg, next, &why));
	assert_said("state, workers\n");
	config_free(next);

	buf_clear(&why);
	write_conf("workers = 3\nmax-fields = 1\n");
	assert_null(config_reload(cfg, &why));
	assert_said("2:14: 1 is out of range; 'max-fields' can be from 16 to 10000\n");
	buf_clear(&why);
	assert_true(config_same_process(cfg, cfg, &why));
	config_free(cfg);
}

static void test_describe(void **state)
{
	struct config *cfg = LOAD(CONFIG_GOOD, "--state=/s", "--connect-to=a:1:[::1]:2",
				  "--profile=minors=10.0.0.0/8", "--never-intercept=*.Q",
				  "--listen-tls=127.0.0.1:8443", "--tls-name=Proxy.Q",
				  "--list-url=https://a.test/x.txt");
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	config_describe(cfg, &out);
	buf_addc(&out, '\0');
	assert_true(buf_ok(&out));
	assert_string_equal(
		buf_slice(&out).p,
		"{\"listen\":[\"127.0.0.1:8118\",\"[::1]:8118\"],"
		"\"listen-tls\":[\"127.0.0.1:8443\"],\"tls-name\":[\"proxy.q\"],\"state\":\"/s\",\"user\":\"\","
		"\"workers\":0,\"trust\":[],\"trust-system\":true,"
		"\"revocation\":\"stapled\",\"connect-to\":[\"a:1:[::1]:2\"],"
		"\"allow-private\":false,\"never-intercept\":[\"*.q\"],"
		"\"never-intercept-defaults\":true,\"pass-after-refusals\":3,"
		"\"pass-window\":600000,\"pass-time\":3600000,\"pass-on-challenge\":true,"
		"\"via\":false,\"gpc\":true,\"list\":[],\"list-url\":[\"https://a.test/x.txt\"],\"list-defaults\":true,\"consent-write\":false,\"profile\":[\"minors=10.0.0.0/"
		"8\"],"
		"\"log-values\":\"none\",\"record-strict\":false,\"sync-interval\":1000,"
		"\"max-head\":65536,\"max-fields\":200,\"max-connections\":20000,"
		"\"connections-per-client\":8000,\"header-timeout\":30000,"
		"\"handshake-timeout\":30000,\"connect-timeout\":30000,\"stall-timeout\":300000,"
		"\"idle-timeout\":120000,\"origin-idle-timeout\":60000,"
		"\"tunnel-idle-timeout\":3600000,\"drain-timeout\":30000,\"verbose\":\"info\"}");
	buf_release(&out);
	config_free(cfg);
}

static uint16_t port_at(const struct config_listen *list, size_t n, const char *ip)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, ip, &in4.sin_addr) == 1)
		memcpy(&sa, &in4, sizeof(in4));
	else if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1)
		memcpy(&sa, &in6, sizeof(in6));
	return config_listen_port(list, n, (struct sockaddr *)&sa);
}

static void test_listen_tls(void **state)
{
	struct config *cfg = load_args(CONFIG_GOOD, 0, NULL);

	(void)state;
	assert_int_equal(cfg->listen_tls_n, 0);
	assert_int_equal(port_at(cfg->listen_tls, cfg->listen_tls_n, "127.0.0.1"), 0);
	config_free(cfg);

	write_conf("listen-tls = {1.1.1.1:1}\n");
	cfg = LOAD(CONFIG_GOOD, "-c", path, "--listen-tls=10.0.0.1:8443", "--listen-tls", "0.0.0.0:8444",
		   "--listen-tls=[::1]:8445", "--tls-name=proxy.school.test",
		   "--tls-name=*.gate.test");
	assert_true(cfg->listen_is_default);
	assert_int_equal(cfg->listen_n, 2);
	assert_int_equal(cfg->listen_tls_n, 3);
	assert_string_equal(cfg->listen_tls[0].text, "10.0.0.1:8443");
	assert_int_equal(port_at(cfg->listen_tls, cfg->listen_tls_n, "10.0.0.1"), 8443);
	assert_int_equal(port_at(cfg->listen_tls, cfg->listen_tls_n, "10.0.0.2"), 8444);
	assert_int_equal(port_at(cfg->listen_tls, cfg->listen_tls_n, "::1"), 8445);
	assert_int_equal(port_at(cfg->listen_tls, cfg->listen_tls_n, "::2"), 0);
	assert_int_equal(port_at(cfg->listen_tls, cfg->listen_tls_n, "neither"), 0);
	assert_true(config_tls_name(cfg, SLICE("proxy.school.test")));
	assert_true(config_tls_name(cfg, SLICE("a.gate.test")));
	assert_false(config_tls_name(cfg, SLICE("gate.test")));
	assert_false(config_tls_name(cfg, SLICE("site.test")));
	assert_false(config_never_intercept(cfg, SLICE("proxy.school.test")));
	config_free(cfg);

	LOAD(CONFIG_USAGE, "--listen-tls=1.1.1.1:1", "--listen-tls=1.1.1.1:1");
	assert_said("--listen-tls: 1.1.1.1:1 is there twice; take one away\n");
	LOAD(CONFIG_USAGE, "--listen=1.1.1.1:1", "--listen-tls=1.1.1.1:1");
	assert_said("listen-tls: 1.1.1.1:1 is an address of listen too; a port speaks TLS or it "
		    "does not, so give one of them another\n");
	LOAD(CONFIG_USAGE, "--listen-tls=[::1]:8118");
	load_text(CONFIG_INVALID, "listen-tls = 127.0.0.1:8118\n");
	config_free(LOAD(CONFIG_GOOD, "--listen=1.1.1.1:1", "--listen-tls=1.1.1.2:1",
			 "--listen-tls=1.1.1.1:2"));
}

static void test_nearest(void **state)
{
	(void)state;
	assert_string_equal(option_nearest(SLICE("Listen")), "listen");
	assert_string_equal(option_nearest(SLICE("max-feilds")), "max-fields");
	assert_null(option_nearest(SLICE("")));
	assert_null(option_nearest(SLICE("zzz")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_file),
		cmocka_unit_test(test_profiles), cmocka_unit_test(test_wrong_files),
		cmocka_unit_test(test_many_unknown),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_reload),	 cmocka_unit_test(test_describe),
		cmocka_unit_test(test_nearest),	 cmocka_unit_test(test_listen_tls),
	};

	return cmocka_run_group_tests_name("config", tests, set_up, tear_down);
}
