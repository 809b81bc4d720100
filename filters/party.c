#include "filters/party.h"

#include "filters/pages.h"
#include "filters/url.h"

void request_facts_init(struct request_facts *f, struct slice method, bool secure,
			struct slice host, uint16_t port, struct slice target)
{
	*f = (struct request_facts){
		.method = method,
		.secure = secure,
		.host = host,
		.port = port,
		.target = target,
	};
}

/*
 * FNV-1a.  Not keyed: every worker must name a User-Agent by the same number, and a client that
 * makes two of its own collide deceives only itself.
 */
static uint64_t agent_of(struct slice v)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static enum fetch_site fetch_site_of(struct slice v)
{
	if (slice_eq(v, SLICE("none")))
		return FETCH_SITE_NONE;
	if (slice_eq(v, SLICE("same-origin")))
		return FETCH_SITE_ORIGIN;
	if (slice_eq(v, SLICE("same-site")))
		return FETCH_SITE_SITE;
	if (slice_eq(v, SLICE("cross-site")))
		return FETCH_SITE_CROSS;
	return FETCH_SITE_ABSENT;
}

/* What loads another document inside a page, by the Fetch standard's destinations. */
static enum fetch_dest fetch_dest_of(struct slice v)
{
	static const char *const frames[] = { "iframe", "frame", "object", "embed", "fencedframe" };

	if (slice_eq(v, SLICE("document")))
		return FETCH_DEST_DOCUMENT;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		if (slice_eq(v, slice_str(frames[i])))
			return FETCH_DEST_FRAME;
	return FETCH_DEST_OTHER;
}

static void fetch_field(struct request_facts *f, struct slice name, struct slice value)
{
	if (slice_ieq(name, SLICE("site")))
		f->fetch_site = fetch_site_of(value);
	else if (slice_ieq(name, SLICE("dest")))
		f->fetch_dest = fetch_dest_of(value);
	else if (slice_ieq(name, SLICE("mode")))
		f->fetch_navigate = slice_eq(value, SLICE("navigate"));
	else if (slice_ieq(name, SLICE("user")))
		f->fetch_user = slice_eq(value, SLICE("?1"));
	else if (slice_ieq(name, SLICE("storage-access")))
		f->storage_access = true;
}

void request_facts_field(struct request_facts *f, struct slice name, struct slice value)
{
	static const struct slice fetch = { "sec-fetch-", 10 };

	if (name.n < 6)
		return;
	if (slice_istarts(name, fetch))
		fetch_field(f, slice_skip(name, fetch.n), value);
	else if (slice_ieq(name, SLICE("origin")))
		f->origin = value;
	else if (slice_ieq(name, SLICE("referer")))
		f->referer = value;
	else if (slice_ieq(name, SLICE("user-agent")))
		f->agent = agent_of(value);
	else if (slice_ieq(name, SLICE("upgrade-insecure-requests")))
		f->wants_document = slice_eq(value, SLICE("1"));
	else if (slice_ieq(name, SLICE("sec-purpose")) || slice_ieq(name, SLICE("purpose")))
		f->prefetch = slice_istarts(value, SLICE("prefetch"));
}

bool request_is_navigation(const struct request_facts *f)
{
	if (f->fetch_dest != FETCH_DEST_ABSENT)
		return f->fetch_dest == FETCH_DEST_DOCUMENT;
	return f->fetch_navigate || (f->fetch_site == FETCH_SITE_ABSENT && f->wants_document);
}

bool request_is_frame(const struct request_facts *f)
{
	return f->fetch_dest == FETCH_DEST_FRAME;
}

/* The document that made the request, as far as the request names it. */
struct initiator {
	bool known;
	bool is_same; /* by its own word of the same site as the request */
	struct url_parts url;
	char site[SITE_MAX];
};

static bool same_origin(const struct url_parts *a, const struct url_parts *b)
{
	return a->secure == b->secure && a->port == b->port && slice_ieq(a->host, b->host);
}

/*
 * Referer names the document most closely, but a request that a style sheet makes carries the
 * sheet's URL; where Origin is there and differs, Origin is the document's.
 */
static void find_initiator(struct sites *sites, const struct request_facts *f,
			   struct initiator *out)
{
	struct url_parts origin;

	*out = (struct initiator){
		.is_same = f->fetch_site == FETCH_SITE_ORIGIN || f->fetch_site == FETCH_SITE_SITE,
	};
	out->known = f->referer.n != 0 && url_split(f->referer, &out->url);
	if (f->origin.n != 0 && url_split(f->origin, &origin) &&
	    (!out->known || !same_origin(&origin, &out->url))) {
		out->url = origin;
		out->known = true;
	}
	if (out->known && !site_of_host(sites, out->url.host, out->site))
		out->known = false;
}

static struct pages_hit find_pages(const struct pages *pages, const struct request_facts *f,
				   const struct initiator *in, const char *own)
{
	const struct url_parts *u = &in->url;
	struct pages_hit hit = { 0 };

	if (pages == NULL)
		return hit;
	if (in->known) {
		hit = pages_find_url(pages, f->agent, u->secure, u->host, u->port, u->target);
		if (!hit.document && !hit.frame)
			hit = pages_find_origin(pages, f->agent, u->secure, u->host, u->port);
	} else if (f->fetch_site == FETCH_SITE_ORIGIN) {
		hit = pages_find_origin(pages, f->agent, f->secure, f->host, f->port);
	}
	if (!hit.document && !hit.frame && in->is_same)
		hit = pages_find_site(pages, f->agent, own);
	return hit;
}

static void settle(struct site_verdict *out, struct slice site, enum site_by by,
		   enum confidence confidence)
{
	slice_copy(site, out->site, sizeof(out->site));
	out->by = by;
	out->confidence = confidence;
}

/* What the page graph says about the initiating document; false: it does not know it. */
static bool settle_by_pages(const struct request_facts *f, const struct initiator *in,
			    const struct pages_hit *hit, struct site_verdict *out)
{
	/*
	 * Sec-Fetch-Storage-Access: the context is cross-site to its top level, so it is a frame.
	 */
	bool document = hit->document && !(f->storage_access && in->is_same && hit->frame);
	const char *site = in->known ? in->site : out->own;
	enum site_by by = in->is_same ? BY_SAME_SITE : BY_REFERER;

	if (!document && !hit->frame)
		return false;
	if (document && f->storage_access && in->is_same)
		return false;
	if (document && !hit->frame) {
		settle(out, slice_str(site), by, CONFIDENCE_HIGH);
	} else if (!document && !hit->frames_differ) {
		settle(out, slice_str(hit->frame_top), BY_FRAME, CONFIDENCE_HIGH);
	} else if (f->connection_site.n != 0) {
		settle(out, f->connection_site, BY_CONNECTION, CONFIDENCE_MEDIUM);
	} else if (document && hit->document_ms >= hit->frame_ms) {
		settle(out, slice_str(site), by, CONFIDENCE_LOW);
	} else {
		settle(out, slice_str(hit->frame_top), BY_FRAME,
		       document ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM);
	}
	return true;
}

/*
 * No page is known, because it was opened before us or the initiator is no page: what the fields
 * say by themselves.  An initiator of our own site in a cross-site request is a style sheet
 * or a redirect, and tells nothing.
 */
static bool settle_by_fields(const struct request_facts *f, const struct initiator *in,
			     struct site_verdict *out)
{
	if (f->connection_site.n != 0) {
		settle(out, f->connection_site, BY_CONNECTION, CONFIDENCE_MEDIUM);
		return true;
	}
	if (in->is_same && !f->storage_access) {
		settle(out, slice_str(out->own), BY_SAME_SITE, CONFIDENCE_MEDIUM);
		return true;
	}
	if (f->fetch_site == FETCH_SITE_NONE) {
		settle(out, slice_str(out->own), BY_SELF, CONFIDENCE_MEDIUM);
		return true;
	}
	if (in->known && !in->is_same &&
	    (f->fetch_site == FETCH_SITE_ABSENT || !same_site(in->site, out->own))) {
		settle(out, slice_str(in->site), BY_REFERER, CONFIDENCE_MEDIUM);
		return true;
	}
	return false;
}

/*
 * The page that this browser loaded last: only for a request that comes from some page.  Over
 * TLS one without metadata comes from no browser of today.
 */
static bool settle_by_recent(const struct pages *pages, const struct request_facts *f,
			     int64_t now_ms, struct site_verdict *out)
{
	const char *site;

	if (pages == NULL || (f->fetch_site == FETCH_SITE_ABSENT && f->secure))
		return false;
	site = pages_recent(pages, f->agent, now_ms);
	if (site == NULL || (f->fetch_site == FETCH_SITE_CROSS && same_site(site, out->own)))
		return false;
	settle(out, slice_str(site), BY_RECENT, CONFIDENCE_LOW);
	return true;
}

static enum party party_of(const struct request_facts *f, const struct site_verdict *v)
{
	if (v->by == BY_SELF && !request_is_navigation(f) &&
	    (f->fetch_site == FETCH_SITE_CROSS || f->storage_access))
		return PARTY_THIRD;
	return same_site(v->site, v->own) ? PARTY_FIRST : PARTY_THIRD;
}

/* It comes from the origin it goes to, which was seen as a page and never as a frame. */
static bool is_of_own_page(const struct request_facts *f, const struct initiator *in,
			   const struct pages_hit *hit)
{
	/* Over clear HTTP browsers say nothing but the referrer. */
	bool own = f->fetch_site == FETCH_SITE_ORIGIN ||
		   (f->fetch_site == FETCH_SITE_ABSENT && in->known &&
		    slice_ieq(in->url.host, f->host));

	return own && hit->document && !hit->frame;
}

bool find_site(struct sites *sites, const struct pages *pages, const struct request_facts *f,
	       int64_t now_ms, struct site_verdict *out)
{
	struct initiator in;
	struct pages_hit hit;

	*out = (struct site_verdict){ .by = BY_SELF,
				      .confidence = CONFIDENCE_LOW,
				      .party = PARTY_THIRD };
	if (!site_of_host(sites, f->host, out->own))
		return false;
	if (request_is_navigation(f)) {
		settle(out, slice_str(out->own), BY_NAVIGATION,
		       f->fetch_dest == FETCH_DEST_DOCUMENT ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
		out->party = PARTY_FIRST;
		out->own_page = true;
		return true;
	}
	find_initiator(sites, f, &in);
	hit = find_pages(pages, f, &in, out->own);
	if (!settle_by_pages(f, &in, &hit, out) && !settle_by_fields(f, &in, out) &&
	    !settle_by_recent(pages, f, now_ms, out))
		settle(out, slice_str(out->own), BY_SELF, CONFIDENCE_LOW);
	out->party = party_of(f, out);
	out->own_page = is_of_own_page(f, &in, &hit);
	return true;
}

bool request_is_cross_site(const struct request_facts *f, const struct site_verdict *v)
{
	return v->party == PARTY_THIRD && !request_is_navigation(f);
}
