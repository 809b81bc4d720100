#include "filters/expire.h"

#include "filters/cookie.h"
#include "filters/site.h"

bool expire_possible(struct slice name)
{
	if (name.n == 0 || name.n > EXPIRE_NAME_MAX || slice_trim(name).n != name.n)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || c == 0x7f || c == ';' || c == '=')
			return false;
	}
	return true;
}

/* What a Domain or Path attribute can carry unchanged. */
static bool is_attribute_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || c == ';')
			return false;
	}
	return s.n != 0 && s.n <= COOKIE_ATTRIBUTE_MAX;
}

/* The lines of one step as they are made. */
struct plan {
	const struct expire_facts *f;
	struct cookie_prefix prefix;
	expire_emit *emit;
	void *arg;
	unsigned count;
	char line[EXPIRE_LINE_MAX];
	size_t n;
	bool full; /* the line did not fit */
};

static void put(struct plan *p, struct slice s)
{
	if (s.n > sizeof(p->line) - p->n) {
		p->full = true;
		return;
	}
	memcpy(p->line + p->n, s.p, s.n);
	p->n += s.n;
}

/* domain empty: host-only.  slash: the path with '/' behind it. */
static void emit_line(struct plan *p, struct slice domain, struct slice path, bool slash,
		      bool partitioned)
{
	if (p->count == EXPIRE_LINES_MAX)
		return;
	p->n = 0;
	p->full = false;
	put(p, p->f->name);
	put(p, SLICE("=; Max-Age=0; Path="));
	put(p, path);
	if (slash)
		put(p, SLICE("/"));
	if (domain.n != 0) {
		put(p, SLICE("; Domain="));
		put(p, domain);
	}
	if (p->prefix.http)
		put(p, SLICE("; HttpOnly"));
	if (p->f->secure)
		put(p, p->f->cross_site ? SLICE("; Secure; SameSite=None") : SLICE("; Secure"));
	if (partitioned)
		put(p, SLICE("; Partitioned"));
	if (p->full)
		return;
	p->emit(p->arg, slice_of(p->line, p->n));
	p->count++;
}

enum twins { TWINS_NONE, TWINS_BOTH, TWINS_ONLY };

static void emit_twins(struct plan *p, struct slice domain, struct slice path, bool slash,
		       enum twins twins)
{
	if (twins != TWINS_ONLY)
		emit_line(p, domain, path, slash, false);
	if (twins != TWINS_NONE)
		emit_line(p, domain, path, slash, true);
}

/* Host-only, then the host and each parent down to the site. */
static void emit_domains(struct plan *p, struct slice path, bool slash, enum twins twins)
{
	struct slice domain = p->f->host;

	emit_twins(p, slice_of("", 0), path, slash, twins);
	if (p->prefix.host || host_is_address(domain))
		return;
	while (domain.n >= p->f->site.n && slice_iends(domain, p->f->site)) {
		size_t dot = slice_find(domain, '.');

		emit_twins(p, domain, path, slash, twins);
		if (dot == domain.n)
			return;
		domain = slice_skip(domain, dot + 1);
	}
}

/* Cross-site cookies may be partitioned or not; a top-level page's seldom are. */
static enum twins usual_twins(const struct plan *p)
{
	return p->f->secure && p->f->cross_site ? TWINS_BOTH : TWINS_NONE;
}

/* Section 5.1.4: up to the right-most '/', not included. */
static struct slice directory_of(struct slice path)
{
	while (path.n != 0 && path.p[path.n - 1] != '/')
		path.n--;
	return slice_head(path, path.n != 0 ? path.n - 1 : 0);
}

static void emit_prefix(struct plan *p, struct slice prefix, bool slash)
{
	if (prefix.n > 1 && is_attribute_text(prefix))
		emit_domains(p, prefix, slash, usual_twins(p));
}

/* "/a", "/a/b", ... of the path, but `except`. */
static void emit_prefixes(struct plan *p, struct slice path, struct slice except, bool slash)
{
	for (size_t i = 1; i <= path.n; i++) {
		struct slice prefix = slice_head(path, i);

		/* With '/' at its end the last one is the document, not a folder. */
		if (slash ? i == path.n || path.p[i] != '/' : i != path.n && path.p[i] != '/')
			continue;
		if (!slice_eq(prefix, except))
			emit_prefix(p, prefix, slash);
	}
}

static void emit_step(struct plan *p, unsigned step, struct slice path)
{
	struct slice root = SLICE("/"), directory = directory_of(path);

	switch (step) {
	case 0:
		emit_domains(p, root, false, usual_twins(p));
		break;
	case 1:
		emit_prefix(p, directory, false);
		break;
	case 2:
		emit_prefixes(p, path, directory, false);
		break;
	case 3:
		if (p->f->secure && !p->f->cross_site)
			emit_domains(p, root, false, TWINS_ONLY);
		emit_prefixes(p, path, slice_of("", 0), true);
		break;
	default:
		break;
	}
}

static struct slice path_of(struct slice target)
{
	struct slice path = slice_head(target, slice_find(target, '?'));

	path = slice_head(path, slice_find(path, '#'));
	return path.n != 0 && path.p[0] == '/' ? path : SLICE("/");
}

unsigned expire_lines(const struct expire_facts *f, expire_emit *emit, void *arg)
{
	struct plan p;
	struct expire_facts facts = *f;

	if (facts.host.n != 0 && facts.host.p[facts.host.n - 1] == '.')
		facts.host.n--;
	if (!expire_possible(f->name) || !is_attribute_text(facts.host) || f->site.n == 0 ||
	    f->tries >= EXPIRE_TRIES_MAX)
		return 0;
	p.f = &facts;
	p.prefix = cookie_prefix_of(f->name);
	p.emit = emit;
	p.arg = arg;
	p.count = 0;
	/* A name with a prefix is only ever sent, and only ever set, over TLS. */
	if (p.prefix.secure && !f->secure)
		return 0;
	if (!p.prefix.host)
		emit_step(&p, f->tries, path_of(f->target));
	else if (f->tries == 3)
		emit_step(&p, 3, SLICE("/"));
	if (p.count == 0)
		emit_step(&p, 0, SLICE("/"));
	return p.count;
}
