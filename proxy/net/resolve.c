#include "proxy/net/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "proxy/net/names.h"

#define HOST_MAX 253
#define RESOLV_CONF "/etc/resolv.conf"
/* How often to look whether it changed. */
#define CONF_CHECK_MS 5000

struct family {
	struct lookup *lookup;
	enum resolve_state state;
	struct address *list;
	size_t count;
};

/* One name: a question under way, or its answer in the cache, or both families in between. */
struct lookup {
	struct resolver *resolver;
	char *host;
	bool listed;	/* in the resolver's table, which is in the order of asking */
	unsigned asked; /* of c-ares, and not answered */
	struct family v6, v4;
	char *cnames[RESOLVE_CNAMES_MAX];
	size_t cname_count;
	const char *text;
	int64_t ttl_s, expires;
	struct resolve *askers;
	struct oneshot guard;
	struct deferred dead;
	UT_hash_handle hh;
};

struct resolve {
	struct lookup *lookup;		     /* NULL: done or cancelled */
	struct resolve *next, *prev;	     /* the lookup's */
	struct resolve *next_all, *prev_all; /* the resolver's */
	resolve_cb *cb;
	void *arg;
	struct deferred tell, dead;
};

struct resolver {
	struct loop *loop;
	char *servers;
	struct names *files, *dns, *search;
	struct lookup *table;
	struct resolve *askers;
	/* Of all lookups, listed or not, those that c-ares still has to answer. */
	unsigned asked;
	int64_t conf_checked;
	struct stat conf;
	bool freeing;
};

static bool settled(const struct lookup *l)
{
	return l->v6.state != RESOLVE_PENDING && l->v4.state != RESOLVE_PENDING;
}

static void lookup_free(struct deferred *d)
{
	struct lookup *l = LOOP_OWNER(d, struct lookup, dead);

	for (size_t i = 0; i < l->cname_count; i++)
		free(l->cnames[i]);
	free(l->v6.list);
	free(l->v4.list);
	free(l->host);
	free(l);
}

/*
 * At the end of the turn: an asker that cancels inside his callback may still look at the answer.
 */
static void lookup_free_if_unused(struct lookup *l)
{
	if (l->listed || l->asked != 0 || l->askers != NULL)
		return;
	oneshot_stop(&l->guard);
	loop_free_later(l->resolver->loop, &l->dead, lookup_free);
}

static void unlist(struct lookup *l)
{
	if (!l->listed)
		return;
	HASH_DELETE(hh, l->resolver->table, l);
	l->listed = false;
	lookup_free_if_unused(l);
}

static void asker_drop(struct resolve *q)
{
	struct lookup *l = q->lookup;
	struct resolver *r = l->resolver;

	q->lookup = NULL;
	deferred_cancel(&q->tell);
	if (q->prev_all != NULL)
		q->prev_all->next_all = q->next_all;
	else
		r->askers = q->next_all;
	if (q->next_all != NULL)
		q->next_all->prev_all = q->prev_all;
	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		l->askers = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	lookup_free_if_unused(l);
}

static void asker_free(struct deferred *d)
{
	free(LOOP_OWNER(d, struct resolve, dead));
}

static void on_tell(struct deferred *d)
{
	struct resolve *q = LOOP_OWNER(d, struct resolve, tell);
	struct lookup *l = q->lookup;
	struct loop *loop = l->resolver->loop;
	bool last = settled(l);
	struct resolution r = { .host = l->host,
				.v6_state = l->v6.state,
				.v4_state = l->v4.state,
				.v6_count = l->v6.count,
				.v4_count = l->v4.count,
				.v6 = l->v6.list,
				.v4 = l->v4.list,
				.cname_count = l->cname_count,
				.cnames = (const char *const *)l->cnames,
				.text = l->text };

	q->cb(q, &r, q->arg);
	if (last && q->lookup != NULL) {
		asker_drop(q);
		loop_free_later(loop, &q->dead, asker_free);
	}
}

static void tell_all(struct lookup *l)
{
	for (struct resolve *q = l->askers; q != NULL; q = q->next)
		loop_defer(l->resolver->loop, &q->tell, on_tell);
}

static void keep_until(struct lookup *l)
{
	bool found = l->v6.state == RESOLVE_FOUND || l->v4.state == RESOLVE_FOUND;
	bool failed = l->v6.state == RESOLVE_FAILED || l->v4.state == RESOLVE_FAILED;
	int64_t ttl = found ? l->ttl_s : RESOLVE_TTL_NEGATIVE;

	if (ttl < RESOLVE_TTL_MIN)
		ttl = RESOLVE_TTL_MIN;
	if (ttl > RESOLVE_TTL_MAX)
		ttl = RESOLVE_TTL_MAX;
	if (failed)
		ttl = RESOLVE_TTL_NEGATIVE;
	l->expires = loop_now_ms(l->resolver->loop) + ttl * 1000;
	oneshot_stop(&l->guard);
}

static void settle(struct family *f, enum resolve_state state)
{
	f->state = state;
	if (settled(f->lookup))
		keep_until(f->lookup);
	tell_all(f->lookup);
}

/* Letters, digits, hyphen, underscore; a last label of digits would be an IPv4 address to some. */
static bool host_is_name(struct slice host)
{
	struct slice rest = host, label;
	bool digits = false;

	if (host.n == 0 || host.n > HOST_MAX)
		return false;
	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &label);
		if (label.n == 0 || label.n > 63)
			return false;
		digits = true;
		for (size_t i = 0; i < label.n; i++) {
			char c = ascii_lower(label.p[i]);

			if (!ascii_digit(c))
				digits = false;
			if (!ascii_digit(c) && (c < 'a' || c > 'z') && c != '-' && c != '_')
				return false;
		}
	}
	return !digits;
}

static char *lower_copy(struct slice s)
{
	char *copy = malloc(s.n + 1);

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < s.n; i++)
		copy[i] = ascii_lower(s.p[i]);
	copy[s.n] = '\0';
	return copy;
}

static struct slice without_dot(struct slice name)
{
	return name.n > 1 && name.p[name.n - 1] == '.' ? slice_head(name, name.n - 1) : name;
}

/* Follows the chain from the name that was asked for; a record that is not on it is ignored. */
static void note_cnames(struct lookup *l, const struct ares_addrinfo *result)
{
	struct slice at = slice_str(l->host);
	bool more = l->cname_count == 0;

	while (more && l->cname_count < RESOLVE_CNAMES_MAX) {
		more = false;
		for (struct ares_addrinfo_cname *c = result->cnames; c != NULL; c = c->next) {
			struct slice name = without_dot(slice_str(c->name));

			if (!slice_ieq(without_dot(slice_str(c->alias)), at) || !host_is_name(name))
				continue;
			l->cnames[l->cname_count] = lower_copy(name);
			if (l->cnames[l->cname_count] == NULL)
				return;
			at = slice_str(l->cnames[l->cname_count++]);
			if (c->ttl < l->ttl_s)
				l->ttl_s = c->ttl;
			more = true;
			break;
		}
	}
}

static void note_addresses(struct family *f, const struct ares_addrinfo *result, int family)
{
	struct ares_addrinfo_node *node;
	size_t n = 0;

	for (node = result->nodes; node != NULL; node = node->ai_next)
		if (node->ai_family == family && n < RESOLVE_ADDRESSES_MAX)
			n++;
	free(f->list);
	f->list = n != 0 ? calloc(n, sizeof(*f->list)) : NULL;
	f->count = 0;
	for (node = result->nodes; node != NULL && f->list != NULL && f->count < n;
	     node = node->ai_next) {
		struct address *a = &f->list[f->count];

		if (node->ai_family != family || (size_t)node->ai_addrlen > sizeof(a->sa))
			continue;
		memcpy(&a->sa, node->ai_addr, (size_t)node->ai_addrlen);
		a->len = (socklen_t)node->ai_addrlen;
		address_set_port(a, 0);
		f->count++;
		if (node->ai_ttl < f->lookup->ttl_s)
			f->lookup->ttl_s = node->ai_ttl;
	}
}

static enum resolve_state state_of(int status, const struct family *f)
{
	if (status == ARES_SUCCESS)
		return f->count != 0 ? RESOLVE_FOUND : RESOLVE_NOT_FOUND;
	return status == ARES_ENOTFOUND || status == ARES_ENODATA ? RESOLVE_NOT_FOUND
								  : RESOLVE_FAILED;
}

static void on_dns(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct family *f = arg;
	struct lookup *l = f->lookup;
	bool gone = l->resolver->freeing;

	(void)timeouts;
	l->asked--;
	l->resolver->asked--;
	if (result != NULL && !gone && f->state == RESOLVE_PENDING) {
		note_addresses(f, result, f == &l->v6 ? AF_INET6 : AF_INET);
		note_cnames(l, result);
	}
	ares_freeaddrinfo(result);
	if (!gone && f->state == RESOLVE_PENDING) {
		enum resolve_state state = state_of(status, f);

		if (state == RESOLVE_FAILED)
			l->text = ares_strerror(status);
		settle(f, state);
	}
	lookup_free_if_unused(l);
}

/* No answer in time.  c-ares still holds the question; what it says later is not used. */
static void on_guard(struct oneshot *o)
{
	struct lookup *l = LOOP_OWNER(o, struct lookup, guard);

	l->text = "the name servers did not answer in time";
	if (l->v6.state == RESOLVE_PENDING)
		settle(&l->v6, RESOLVE_FAILED);
	if (l->v4.state == RESOLVE_PENDING)
		settle(&l->v4, RESOLVE_FAILED);
}

static void on_files(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct lookup *l = arg;

	(void)timeouts;
	if (status == ARES_SUCCESS && result != NULL) {
		note_addresses(&l->v6, result, AF_INET6);
		note_addresses(&l->v4, result, AF_INET);
		l->ttl_s = RESOLVE_TTL_MIN;
	}
	ares_freeaddrinfo(result);
}

static void answer(struct lookup *l)
{
	settle(&l->v6, l->v6.count != 0 ? RESOLVE_FOUND : RESOLVE_NOT_FOUND);
	settle(&l->v4, l->v4.count != 0 ? RESOLVE_FOUND : RESOLVE_NOT_FOUND);
}

static void ask(struct lookup *l)
{
	struct resolver *r = l->resolver;
	bool dotted = strchr(l->host, '.') != NULL;
	struct names *servers = dotted || r->search == NULL ? r->dns : r->search;

	names_ask(r->files, l->host, AF_UNSPEC, on_files, l);
	if (l->v6.count + l->v4.count != 0) {
		answer(l);
		return;
	}
	l->asked = 2;
	r->asked += 2;
	loop_after(r->loop, &l->guard, RESOLVE_TIMEOUT_MS, on_guard);
	names_ask(servers, l->host, AF_INET6, on_dns, &l->v6);
	names_ask(servers, l->host, AF_INET, on_dns, &l->v4);
}

static bool note_literal(struct family *f, const struct address *a)
{
	f->list = malloc(sizeof(*f->list));
	if (f->list == NULL)
		return false;
	*f->list = *a;
	f->count = 1;
	return true;
}

/* RFC 6761 section 6.3: never asked for. */
static bool is_localhost(struct slice host)
{
	return slice_eq(host, SLICE("localhost")) || slice_ends(host, SLICE(".localhost"));
}

/* What needs no question; true when the lookup has its answer. */
static bool answer_at_once(struct lookup *l)
{
	static const unsigned char one6[16] = { [15] = 1 }, one4[4] = { 127, 0, 0, 1 };
	struct slice host = slice_str(l->host);
	struct address a, b;

	if (address_parse_ip(host, 0, &a)) {
		note_literal(address_family(&a) == AF_INET6 ? &l->v6 : &l->v4, &a);
	} else if (is_localhost(host)) {
		address_from_bytes(one6, 16, 0, &a);
		address_from_bytes(one4, 4, 0, &b);
		note_literal(&l->v6, &a);
		note_literal(&l->v4, &b);
	} else if (host_is_name(host)) {
		return false;
	} else {
		l->text = "not a host name";
	}
	answer(l);
	return true;
}

static struct lookup *lookup_new(struct resolver *r, struct slice host)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->resolver = r;
	l->v6.lookup = l;
	l->v4.lookup = l;
	l->ttl_s = RESOLVE_TTL_MAX;
	l->host = lower_copy(host);
	if (l->host == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

/* Makes room: the oldest that nobody needs. */
static void evict(struct resolver *r)
{
	struct lookup *l = r->table;
	unsigned looked = 0;

	if (HASH_COUNT(r->table) < RESOLVE_CACHE_MAX)
		return;
	while (l != NULL && looked++ < 64 && (!settled(l) || l->askers != NULL))
		l = l->hh.next;
	unlist(l != NULL && looked < 64 ? l : r->table);
}

static struct lookup *lookup_find(struct resolver *r, struct slice host)
{
	char name[HOST_MAX + 1];
	struct lookup *l = NULL;

	if (host.n > HOST_MAX)
		return NULL;
	for (size_t i = 0; i < host.n; i++)
		name[i] = ascii_lower(host.p[i]);
	HASH_FIND(hh, r->table, name, host.n, l);
	if (l != NULL && settled(l) && l->expires <= loop_now_ms(r->loop)) {
		unlist(l);
		return NULL;
	}
	return l;
}

/* resolv.conf changes when a laptop changes networks. */
static void look_for_changes(struct resolver *r)
{
	int64_t now = loop_now_ms(r->loop);
	struct names *dns, *search;
	struct stat st;

	if (r->servers != NULL || r->asked != 0 || now - r->conf_checked < CONF_CHECK_MS)
		return;
	r->conf_checked = now;
	if (stat(RESOLV_CONF, &st) != 0 ||
	    (st.st_ino == r->conf.st_ino && st.st_size == r->conf.st_size &&
	     st.st_mtim.tv_sec == r->conf.st_mtim.tv_sec &&
	     st.st_mtim.tv_nsec == r->conf.st_mtim.tv_nsec))
		return;
	dns = names_new(r->loop, NAMES_DNS, NULL);
	search = names_new(r->loop, NAMES_SEARCH, NULL);
	if (dns == NULL || search == NULL) {
		names_free(dns);
		names_free(search);
		return;
	}
	names_free(r->dns);
	names_free(r->search);
	r->dns = dns;
	r->search = search;
	r->conf = st;
	resolver_forget(r);
}

static struct lookup *lookup_of(struct resolver *r, struct slice host)
{
	struct lookup *l;

	host = without_dot(host);
	l = lookup_find(r, host);
	if (l != NULL)
		return l;
	look_for_changes(r);
	l = lookup_new(r, host);
	if (l == NULL || answer_at_once(l))
		return l;
	evict(r);
	HASH_ADD_KEYPTR(hh, r->table, l->host, host.n, l);
	l->listed = true;
	ask(l);
	return l;
}

struct resolve *resolve_start(struct resolver *r, struct slice host, resolve_cb *cb, void *arg)
{
	struct resolve *q = calloc(1, sizeof(*q));
	struct lookup *l = q != NULL ? lookup_of(r, host) : NULL;

	if (l == NULL) {
		free(q);
		return NULL;
	}
	*q = (struct resolve){
		.lookup = l, .next = l->askers, .next_all = r->askers, .cb = cb, .arg = arg
	};
	if (l->askers != NULL)
		l->askers->prev = q;
	l->askers = q;
	if (r->askers != NULL)
		r->askers->prev_all = q;
	r->askers = q;
	if (l->v6.state != RESOLVE_PENDING || l->v4.state != RESOLVE_PENDING)
		loop_defer(r->loop, &q->tell, on_tell);
	return q;
}

void resolve_cancel(struct resolve *q)
{
	struct loop *loop;

	if (q == NULL || q->lookup == NULL)
		return;
	loop = q->lookup->resolver->loop;
	asker_drop(q);
	loop_free_later(loop, &q->dead, asker_free);
}

void resolver_forget(struct resolver *r)
{
	struct lookup *next;

	for (struct lookup *l = r->table; l != NULL; l = next) {
		next = l->hh.next;
		unlist(l);
	}
}

struct resolver *resolver_new(struct loop *loop, const char *servers)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int e;

	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->conf_checked = loop_now_ms(loop);
	if (stat(RESOLV_CONF, &r->conf) != 0)
		r->conf = (struct stat){ .st_size = 0 };
	errno = 0;
	r->servers = servers != NULL ? strdup(servers) : NULL;
	r->files = names_new(loop, NAMES_FILE, NULL);
	r->dns = names_new(loop, NAMES_DNS, servers);
	r->search = names_new(loop, NAMES_SEARCH, servers);
	if (r->files != NULL && r->dns != NULL && r->search != NULL)
		return r;
	e = errno != 0 ? errno : ENOMEM;
	resolver_free(r);
	errno = e;
	return NULL;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	r->freeing = true;
	while (r->askers != NULL)
		resolve_cancel(r->askers);
	resolver_forget(r);
	names_free(r->files);
	names_free(r->dns);
	names_free(r->search);
	free(r->servers);
	free(r);
}
