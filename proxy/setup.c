#include "proxy/setup.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/diag.h"
#include "certs/trust.h"
#include "data/tables.h"
#include "evidence/digest.h"
#include "filters/lists/list_purpose.h"
#include "filters/banners/table.h"
#include "filters/hosts.h"
#include "filters/rules.h"
#include "filters/site.h"
#include "proxy/list_compile.h"
#include "proxy/list_files.h"
#include "proxy/net/listener.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define CA_FILE_MAX (256u * 1024)

struct slice setup_rules_text(void)
{
	return table_rules;
}

unsigned setup_worker_count(const struct config *config)
{
	unsigned most = (POST_MAX - POST_WORKER) / 2;
	unsigned n = config->workers;
	cpu_set_t cores;

	if (n == 0)
		n = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? (unsigned)CPU_COUNT(&cores)
								     : 1;
	return n < 1 ? 1 : n > most ? most : n;
}

const char *setup_user(const struct config *config)
{
	return config->user[0] != '\0' ? config->user : "nobody";
}

/* ---- filter lists ---- */

/* Which version of a list decided is a fact of each entry; its text is not needed any more. */
static bool note_lists(struct setup *s)
{
	struct list_files *f = s->lists;

	s->list_about = calloc(f->n, sizeof(*s->list_about));
	if (s->list_about == NULL)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		if (!digest_plain(buf_slice(&f->files[i].text), s->list_about[i].digest))
			return false;
		s->list_about[i].purpose = list_purpose(lists_name(f->lists, i));
		buf_release(&f->files[i].text);
	}
	return true;
}

/* A copy that is missing stops nobody: the other lists protect too. */
static bool add_lists(struct setup *s)
{
	for (size_t i = 0; i < s->list_sources.n; i++) {
		const struct list_source *one = &s->list_sources.list[i];

		if (!one->there)
			diag_warning("list-url %s was never fetched, so it does nothing; run: "
				     "crumbgate lists update",
				     one->url);
		else if (!list_files_add(s->lists, one->path))
			return false;
	}
	return true;
}

bool setup_load_lists(struct setup *s)
{
	struct list_files *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return false;
	s->lists = f;
	list_files_init(f, "run");
	if (!list_sources_init(&s->list_sources, s->config) || !add_lists(s))
		return false;
	if (f->n != 0)
		return list_files_open_by(f, list_compile, setup_user(s->config)) && note_lists(s);
	list_files_release(f);
	free(f);
	s->lists = NULL;
	return true;
}

/* ---- tables ---- */

static bool load_tables(struct setup *s)
{
	char digest[DIGEST_PLAIN_LEN + 1];
	struct buf why;
	bool good;

	if (!digest_plain(table_rules, digest))
		return false;
	(void)slice_copy(slice_of(digest, ENTRY_RULES_LEN), s->rules_id, sizeof(s->rules_id));
	buf_init(&why, 4096);
	s->sites = sites_new(SITES_LATEST);
	if (s->sites == NULL)
		diag_error(
			"no public suffix list: libpsl has none built in and the system has none "
			"(Debian: install publicsuffix)");
	s->rules = rules_new(table_rules, "cookies.tsv", &why);
	s->banners = banners_new(table_banners, "banners.tsv", &why);
	if (s->config->never_intercept_defaults)
		s->never = hosts_new();
	good = s->sites != NULL && s->rules != NULL && s->banners != NULL &&
	       (!s->config->never_intercept_defaults ||
		(s->never != NULL &&
		 hosts_add_table(s->never, table_never_intercept, "never-intercept.tsv", &why)));
	if (!good && why.len != 0)
		diag_error("%.*s", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	return good && setup_load_lists(s);
}

/* `optional`: a machine without IPv6 has no [::1], and nobody asked for it. */
static bool bind_one(struct setup *s, const struct config_listen *at, bool tls, bool optional)
{
	char why[512];
	int fds[CONFIG_WORKERS_MAX];
	bool good;

	if (s->workers == 1)
		good = (fds[0] = listener_bind(at->text, why, sizeof(why))) >= 0;
	else
		good = listener_bind_shared(at->text, fds, s->workers, why, sizeof(why));
	if (!good && optional && errno != EADDRINUSE)
		return true;
	if (!good) {
		diag_error("%s", why);
		return false;
	}
	for (unsigned i = 0; i < s->workers; i++)
		s->listeners[s->listeners_n++] = (struct setup_listener){ fds[i], tls, i };
	return true;
}

static bool bind_all(struct setup *s)
{
	const struct config *c = s->config;
	size_t n = c->listen_n + c->listen_tls_n;

	if (n > SETUP_ADDRESSES_MAX) {
		diag_error("at most %d addresses can be listened on", SETUP_ADDRESSES_MAX);
		return false;
	}
	s->listeners = calloc(n * s->workers, sizeof(*s->listeners));
	if (s->listeners == NULL)
		return false;
	for (size_t i = 0; i < c->listen_n; i++)
		if (!bind_one(s, &c->listen[i], false, c->listen_is_default && i > 0))
			return false;
	for (size_t i = 0; i < c->listen_tls_n; i++)
		if (!bind_one(s, &c->listen_tls[i], true, false))
			return false;
	return s->listeners_n != 0;
}

static struct setup *setup_blank(struct config *config, unsigned first_box, unsigned workers)
{
	struct setup *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->config = config;
	s->first_box = first_box;
	s->workers = workers;
	s->started = clock_wall_ms(&clock_system);
	buf_init(&s->ca_pem, CA_FILE_MAX);
	buf_init(&s->ca_der, CA_FILE_MAX);
	buf_init(&s->ca_mobileconfig, CA_FILE_MAX);
	return s;
}

struct setup *setup_new(struct config *config, unsigned first_box, unsigned workers)
{
	struct setup *s = setup_blank(config, first_box, workers);

	if (s == NULL)
		return NULL;
	if (!load_tables(s) || !bind_all(s)) {
		setup_free(s);
		return NULL;
	}
	if (!ticket_keys_rotate(&s->tickets) ||
	    getrandom(s->secret, sizeof(s->secret), 0) != (ssize_t)sizeof(s->secret)) {
		diag_error("the system gives no random numbers");
		setup_free(s);
		return NULL;
	}
	return s;
}

static bool is_public_suffix(struct slice name, void *arg)
{
	return site_is_public_suffix(arg, name);
}

static bool load_trust(struct setup *s)
{
	struct slice own = buf_slice(&s->ca_der);
	struct trust_options options = {
		.use_system = s->config->trust_system,
		.extra_roots = (const char *const *)s->config->trust,
		.extra_root_count = s->config->trust_n,
		.own_cas = &own,
		.own_ca_count = 1,
		.is_public_suffix = is_public_suffix,
		.arg = s->sites,
		.fetch_revocation = s->config->revocation == CONFIG_REVOCATION_FETCH,
	};
	struct buf why;

	buf_init(&why, 8192);
	s->trust = trust_new(&options, &why);
	if (s->trust == NULL)
		diag_error("%.*s", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	return s->trust != NULL;
}

bool setup_load_ca(struct setup *s)
{
	struct buf why;
	struct ca *ca;
	bool good;

	buf_init(&why, 4096);
	ca = ca_load_public(s->config->state, NULL, &why);
	good = ca != NULL && ca_export_pem(ca, &s->ca_pem) && ca_export_der(ca, &s->ca_der) &&
	       ca_export_mobileconfig(ca, &s->ca_mobileconfig);
	if (good)
		ca_describe(ca, &s->ca_about);
	else
		diag_error("the CA cannot be read: %.*s", SLICE_ARG(buf_slice(&why)));
	ca_free(ca);
	buf_release(&why);
	return good && load_trust(s);
}

struct setup *setup_reload(struct setup *old, struct config *config, unsigned first_box)
{
	struct setup *s = setup_blank(config, first_box, old->workers);

	if (s == NULL)
		return NULL;
	if (!load_tables(s) || !setup_load_ca(s)) {
		s->config = NULL;
		setup_free(s);
		return NULL;
	}
	s->tickets = old->tickets;
	s->started = old->started;
	memcpy(s->secret, old->secret, sizeof(s->secret));
	s->listeners = old->listeners;
	s->listeners_n = old->listeners_n;
	old->listeners = NULL;
	old->listeners_n = 0;
	return s;
}

unsigned setup_other_boxes(const struct setup *s)
{
	return s->first_box == POST_WORKER ? POST_WORKER + s->workers : POST_WORKER;
}

void setup_close_listeners(struct setup *s)
{
	for (size_t i = 0; i < s->listeners_n; i++)
		close(s->listeners[i].fd);
	free(s->listeners);
	s->listeners = NULL;
	s->listeners_n = 0;
}

void setup_free(struct setup *s)
{
	if (s == NULL)
		return;
	setup_close_listeners(s);
	trust_free(s->trust);
	rules_free(s->rules);
	banners_free(s->banners);
	if (s->lists != NULL)
		list_files_release(s->lists);
	free(s->lists);
	free(s->list_about);
	list_sources_release(&s->list_sources);
	hosts_free(s->never);
	sites_free(s->sites);
	buf_release(&s->ca_pem);
	buf_release(&s->ca_der);
	buf_release(&s->ca_mobileconfig);
	ticket_keys_clear(&s->tickets);
	explicit_bzero(s->secret, sizeof(s->secret));
	if (s->config != NULL)
		config_free(s->config);
	free(s);
}
