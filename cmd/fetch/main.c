/*
 * crumbgate-fetch: gets one URL for `crumbgate lists update` (cmd/lists_fetch.h), which starts it.
 *
 * A program of its own, so that neither libcurl nor the two dozen libraries behind it are ever in a
 * process of the proxy, and so that what reads a foreign answer is not what writes the state folder.
 *
 *	crumbgate-fetch [OPTION...] URL
 *
 *	--root FILE		trust the root certificates of this PEM file; repeatable, and there
 *				are no others
 *	--connect-to RULE	as curl has it; repeatable
 *	--etag TAG, --modified DATE
 *				ask for the file only if it is another
 *	--same-host		follow no redirection to another host
 *	--allow-private		follow redirections into private networks too
 *	--user NAME		become this user before anything is fetched
 *
 * It can write no file, and gains no privilege by anything that it might start.
 *
 * The body goes to standard output as it comes.  At the end descriptor 3 gets lines of name, tab and
 * value: status, url (the last one asked), etag, modified; or error, with one line for a person.
 * Exit status: 0 an answer came whole, whatever its status; 1 none did.
 */
#include "base/buf.h"
#include "proxy/net/address.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define REPORT_FD 3
#define BODY_MAX ((size_t)64 * 1024 * 1024)
#define ROOTS_MAX ((size_t)16 * 1024 * 1024)
#define REDIRECTS_MAX 5u
#define FIELD_MAX 512u
#define CONNECT_S 30L
#define WHOLE_S 600L
#define SLOW_OCTETS 500L /* a second, */
#define SLOW_S 30L	 /* for so long */

struct fetch {
	CURL *curl;
	struct buf roots;
	struct curl_slist *fields, *connect_to;
	const char *first; /* the URL asked for */
	const char *user;
	bool same_host, allow_private;
	bool follows; /* the URL at hand comes from a redirection to another host */
	size_t got;
	char etag[FIELD_MAX], modified[FIELD_MAX];
	const char *wrong; /* what curl does not know better */
};

/* ---- what curl calls ---- */

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	size_t all = size * n;
	long status = 0;

	if (all > BODY_MAX - f->got) {
		f->wrong = "the answer is larger than 64 MiB, which no list is";
		return CURL_WRITEFUNC_ERROR;
	}
	f->got += all;
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	for (size_t at = 0; status == 200 && at < all;) {
		ssize_t did = write(STDOUT_FILENO, p + at, all - at);

		if (did <= 0)
			return CURL_WRITEFUNC_ERROR;
		at += (size_t)did;
	}
	return all;
}

/* A validator is kept and sent back, so it must be one line of plain text. */
static void keep_field(struct slice line, struct slice name, char out[FIELD_MAX])
{
	struct slice value;

	if (!slice_istarts(line, name))
		return;
	value = slice_trim(slice_skip(line, name.n));
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] > '~')
			return;
	(void)slice_copy(value, out, FIELD_MAX);
}

static size_t take_field(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	struct slice line = slice_of(p, size * n);

	while (line.n != 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	keep_field(line, SLICE("etag:"), f->etag);
	keep_field(line, SLICE("last-modified:"), f->modified);
	return size * n;
}

/* Who names a URL may mean the own network; a list's server may not send us there. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct fetch *f = arg;
	struct address a = { .len = to->addrlen };

	(void)purpose;
	if (to->addrlen > sizeof(a.sa))
		return CURL_SOCKET_BAD;
	memcpy(&a.sa, &to->addr, to->addrlen);
	if (f->follows && !f->allow_private && !address_is_public(&a, NULL)) {
		f->wrong = "it is redirected to a private address; name that URL itself, or "
			   "allow-private";
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- one request ---- */

static bool is_https(const char *url)
{
	return slice_istarts(slice_str(url), SLICE("https://"));
}

static bool set_up(struct fetch *f, const char *url)
{
	struct curl_blob roots = { (void *)(uintptr_t)buf_slice(&f->roots).p,
				   buf_slice(&f->roots).n, CURL_BLOB_COPY };
	CURL *c = f->curl;
	bool good = true;

#define SET(option, value) (good = good && curl_easy_setopt(c, option, value) == CURLE_OK)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_PROXY, ""); /* as the proxy itself goes out: directly */
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_USERAGENT, "crumbgate");
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_HTTPHEADER, f->fields);
	SET(CURLOPT_CONNECT_TO, f->connect_to);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CAINFO_BLOB, &roots);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	SET(CURLOPT_TIMEOUT, WHOLE_S);
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_OCTETS);
	SET(CURLOPT_LOW_SPEED_TIME, SLOW_S);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_HEADERFUNCTION, take_field);
	SET(CURLOPT_HEADERDATA, f);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, f);
#undef SET
	return good;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = NULL, *y = NULL;
	bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    slice_ieq(slice_str(x), slice_str(y));

	curl_free(x);
	curl_free(y);
	return same;
}

static bool is_same_host(const char *one, const char *other)
{
	CURLU *a = curl_url(), *b = curl_url();
	bool same = a != NULL && b != NULL && curl_url_set(a, CURLUPART_URL, one, 0) == CURLUE_OK &&
		    curl_url_set(b, CURLUPART_URL, other, 0) == CURLUE_OK &&
		    same_part(a, b, CURLUPART_HOST) && same_part(a, b, CURLUPART_PORT);

	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

static bool is_redirection(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Where the answer sends us; NULL: nowhere, or f->wrong says why we do not go. */
static const char *next_url(struct fetch *f, const char *url, unsigned hops)
{
	const char *next = NULL;
	long status = 0;

	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &next);
	if (!is_redirection(status) || next == NULL)
		return NULL;
	if (hops == REDIRECTS_MAX)
		f->wrong = "it is redirected again and again; is the URL still the right one?";
	else if (is_https(url) && !is_https(next))
		f->wrong = "it is redirected from https to something less safe; look for its new "
			   "URL";
	else if (f->same_host && !is_same_host(f->first, next))
		f->wrong = "it is redirected to another host, where a part of a list must not be";
	return f->wrong == NULL ? next : NULL;
}

static bool run(struct fetch *f, char **url)
{
	for (unsigned hops = 0;; hops++) {
		const char *next;
		char *copy;

		f->etag[0] = f->modified[0] = '\0';
		f->got = 0;
		if (!set_up(f, *url)) {
			f->wrong = "libcurl cannot do what is needed here";
			return false;
		}
		f->follows = !is_same_host(f->first, *url);
		if (curl_easy_perform(f->curl) != CURLE_OK)
			return false;
		next = next_url(f, *url, hops);
		if (next == NULL)
			return f->wrong == NULL;
		copy = strdup(next); /* curl's own goes with the next request */
		if (copy == NULL)
			return false;
		free(*url);
		*url = copy;
	}
}

/* ---- the command line ---- */

static bool add_roots(struct fetch *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0) {
		char *room = buf_reserve(&f->roots, 65536);

		n = room != NULL ? read(fd, room, 65536) : -1;
		if (n <= 0)
			break;
		buf_commit(&f->roots, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	buf_addc(&f->roots, '\n');
	if (n != 0)
		f->wrong = "a file with root certificates cannot be read";
	return n == 0;
}

static bool add_to(struct curl_slist **list, const char *name, const char *value)
{
	struct curl_slist *more;
	struct buf line;

	buf_init(&line, 4096);
	buf_addf(&line, "%s%s%c", name, value, '\0');
	more = buf_ok(&line) ? curl_slist_append(*list, buf_slice(&line).p) : NULL;
	buf_release(&line);
	if (more != NULL)
		*list = more;
	return more != NULL;
}

static bool read_option(struct fetch *f, int c)
{
	switch (c) {
	case 'r':
		return add_roots(f, optarg);
	case 'c':
		return add_to(&f->connect_to, "", optarg);
	case 'e':
		return add_to(&f->fields, "If-None-Match: ", optarg);
	case 'm':
		return add_to(&f->fields, "If-Modified-Since: ", optarg);
	case 's':
		f->same_host = true;
		return true;
	case 'p':
		f->allow_private = true;
		return true;
	case 'u':
		f->user = optarg;
		return true;
	default:
		return false;
	}
}

static bool read_arguments(struct fetch *f, int argc, char **argv)
{
	static const struct option longs[] = { { "root", required_argument, NULL, 'r' },
					       { "connect-to", required_argument, NULL, 'c' },
					       { "etag", required_argument, NULL, 'e' },
					       { "modified", required_argument, NULL, 'm' },
					       { "same-host", no_argument, NULL, 's' },
					       { "allow-private", no_argument, NULL, 'p' },
					       { "user", required_argument, NULL, 'u' },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!read_option(f, c))
			return false;
	return optind + 1 == argc;
}

/* The files with roots are read by then. */
static bool give_up_rights(struct fetch *f)
{
	const struct rlimit nothing = { 0, 0 };
	const struct passwd *pw = f->user != NULL ? getpwnam(f->user) : NULL;

	f->wrong = "the rights that are not needed to fetch cannot be given up; is there the user "
		   "of the option user, or nobody?";
	if (f->user != NULL && (pw == NULL || setgroups(0, NULL) != 0 ||
				setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
				setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0))
		return false;
	if (setrlimit(RLIMIT_FSIZE, &nothing) != 0 || setrlimit(RLIMIT_CORE, &nothing) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	f->wrong = NULL;
	return true;
}

static void report(const struct fetch *f, const char *url, bool good, const char *said)
{
	struct buf out;
	long status = 0;

	buf_init(&out, 65536);
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	if (good)
		buf_addf(&out, "status\t%ld\nurl\t%s\netag\t%s\nmodified\t%s\n", status, url,
			 f->etag, f->modified);
	else
		buf_addf(&out, "error\t%s\n",
			 f->wrong != NULL  ? f->wrong
			 : said[0] != '\0' ? said
					   : "it cannot be had");
	if (write(REPORT_FD, buf_slice(&out).p, buf_slice(&out).n) < 0)
		perror("crumbgate-fetch");
	buf_release(&out);
}

int main(int argc, char **argv)
{
	struct fetch f = { .same_host = false };
	char said[CURL_ERROR_SIZE] = "";
	char *url = NULL;
	bool good;

	if (fcntl(REPORT_FD, F_GETFD) < 0) {
		fprintf(stderr, "crumbgate-fetch is started by: crumbgate lists update\n");
		return 2;
	}
	buf_init(&f.roots, ROOTS_MAX);
	f.curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
	good = f.curl != NULL && read_arguments(&f, argc, argv) && give_up_rights(&f);
	if (good) {
		curl_easy_setopt(f.curl, CURLOPT_ERRORBUFFER, said);
		f.first = argv[optind];
		url = strdup(f.first);
		good = url != NULL && run(&f, &url);
	}
	report(&f, url, good, said);
	free(url);
	curl_slist_free_all(f.fields);
	curl_slist_free_all(f.connect_to);
	curl_easy_cleanup(f.curl);
	curl_global_cleanup();
	buf_release(&f.roots);
	return good ? 0 : 1;
}
