#include "proxy/consent_body.h"

#include "base/buf.h"
#include "filters/banners/read.h"
#include "filters/claims/find.h"
#include "proxy/banner_side.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"

#include <stdlib.h>

#define TARGET_MAX 8192u

struct consent_body {
	struct buf body;
	enum claim_body claims; /* what to look for claims in it as */
	bool gpc;		/* the browser asks not to sell or share */
	bool report;		/* of a banner; what follows is about that */
	bool over;		/* it was read, or is not to be had */
	size_t method_n, path_n;
	char host[SITE_MAX];
	size_t text_n;
	char text[]; /* method, path, query */
};

_Static_assert(CLAIM_BODY_MAX == BANNER_BODY_MAX, "one bound does for both");

static void split(struct slice target, struct slice *path, struct slice *query)
{
	*query = slice_cut(target, '?', path);
	if (query->p == NULL)
		*query = slice_of("", 0);
}

/* Whether it is a banner's report; *body: and whether that is read from its body. */
static bool is_report(const struct worker *w, const struct cookie_scene *scene,
		      const struct request_head *r, bool *body)
{
	struct banner_report b = { .method = r->method, .host = slice_str(scene->host) };

	split(r->path, &b.path, &b.query);
	*body = false;
	return r->path.n <= TARGET_MAX && banner_wants(w, &b, body);
}

static enum claim_body claims_in(const struct cookie_scene *scene, const struct request_head *r)
{
	if (!scene->posts || r->framing.kind == FRAMING_NONE ||
	    (r->framing.kind == FRAMING_LENGTH && r->framing.length > CLAIM_BODY_MAX))
		return CLAIM_BODY_NONE;
	return claim_body_of_type(fields_value(r->fields, FIELD_CONTENT_TYPE));
}

static void keep_target(struct consent_body *b, const struct cookie_scene *scene,
			const struct request_head *r)
{
	struct slice path, query;

	split(r->path, &path, &query);
	b->method_n = r->method.n;
	b->path_n = path.n;
	b->text_n = r->method.n + path.n + query.n;
	memcpy(b->text, r->method.p, r->method.n);
	memcpy(b->text + b->method_n, path.p, path.n);
	if (query.n != 0)
		memcpy(b->text + b->method_n + b->path_n, query.p, query.n);
	(void)slice_copy(slice_str(scene->host), b->host, sizeof(b->host));
}

struct consent_body *consent_body_new(const struct worker *w, const struct cookie_scene *scene,
				      const struct request_head *r)
{
	bool body, report = is_report(w, scene, r, &body);
	enum claim_body claims = claims_in(scene, r);
	struct consent_body *b;

	if (fields_find(r->fields, FIELD_CONTENT_ENCODING) != NULL) {
		report = report && !body;
		claims = CLAIM_BODY_NONE;
	}
	if (!report && claims == CLAIM_BODY_NONE)
		return NULL;
	b = malloc(sizeof(*b) + (report ? r->method.n + r->path.n : 0));
	if (b == NULL)
		return NULL;
	*b = (struct consent_body){ .claims = claims, .report = report };
	b->gpc = slice_eq(fields_value(r->fields, FIELD_SEC_GPC), SLICE("1"));
	if (report)
		keep_target(b, scene, r);
	buf_init(&b->body, CLAIM_BODY_MAX);
	return b;
}

void consent_body_add(struct consent_body *b, const struct slice *spans, size_t n)
{
	if (b == NULL || b->over)
		return;
	for (size_t i = 0; i < n && !b->over; i++)
		b->over = !buf_add(&b->body, spans[i]);
	if (b->over)
		buf_release(&b->body);
}

static void read_report(const struct consent_body *b, struct worker *w, struct cookie_scene *scene)
{
	struct slice text = slice_of(b->text, b->text_n);
	const struct banner_report report = {
		.method = slice_head(text, b->method_n),
		.host = slice_str(b->host),
		.path = slice_head(slice_skip(text, b->method_n), b->path_n),
		.query = slice_skip(text, b->method_n + b->path_n),
		.body = buf_slice(&b->body),
	};

	banner_report(w, scene, &report);
}

void consent_body_end(struct consent_body *b, struct worker *w, struct cookie_scene *scene)
{
	if (b == NULL || b->over)
		return;
	b->over = true;
	if (b->report)
		read_report(b, w, scene);
	if (b->claims != CLAIM_BODY_NONE)
		claim_body(w, scene, b->gpc, b->claims, buf_slice(&b->body));
	buf_release(&b->body);
}

void consent_body_free(struct consent_body *b)
{
	if (b == NULL)
		return;
	buf_release(&b->body);
	free(b);
}
