#include "proxy/report.h"

#include "base/buf.h"
#include "filters/banners/read.h"
#include "proxy/banner_side.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"

#include <stdlib.h>

#define TARGET_MAX 8192u

struct report {
	struct buf body;
	size_t method_n, path_n;
	bool read;
	char host[SITE_MAX];
	size_t text_n;
	char text[]; /* method, path, query */
};

static void split(struct slice target, struct slice *path, struct slice *query)
{
	*query = slice_cut(target, '?', path);
	if (query->p == NULL)
		*query = slice_of("", 0);
}

struct report *report_new(const struct worker *w, const struct cookie_scene *scene,
			  const struct request_head *r)
{
	struct banner_report b = { .method = r->method, .host = slice_str(scene->host) };
	struct report *report;
	bool body;

	split(r->path, &b.path, &b.query);
	if (r->path.n > TARGET_MAX || !banner_wants(w, &b, &body))
		return NULL;
	if (body && fields_find(r->fields, FIELD_CONTENT_ENCODING) != NULL)
		return NULL;
	report = malloc(sizeof(*report) + b.method.n + b.path.n + b.query.n);
	if (report == NULL)
		return NULL;
	*report = (struct report){ .method_n = b.method.n, .path_n = b.path.n };
	report->text_n = b.method.n + b.path.n + b.query.n;
	memcpy(report->text, b.method.p, b.method.n);
	memcpy(report->text + b.method.n, b.path.p, b.path.n);
	if (b.query.n != 0)
		memcpy(report->text + b.method.n + b.path.n, b.query.p, b.query.n);
	(void)slice_copy(b.host, report->host, sizeof(report->host));
	buf_init(&report->body, BANNER_BODY_MAX);
	return report;
}

void report_body(struct report *r, const struct slice *spans, size_t n)
{
	for (size_t i = 0; r != NULL && i < n; i++)
		buf_add(&r->body, spans[i]);
}

void report_end(struct report *r, struct worker *w, struct cookie_scene *scene)
{
	struct banner_report b;
	struct slice text;

	if (r == NULL || r->read || !buf_ok(&r->body))
		return;
	r->read = true;
	text = slice_of(r->text, r->text_n);
	b = (struct banner_report){
		.method = slice_head(text, r->method_n),
		.host = slice_str(r->host),
		.path = slice_head(slice_skip(text, r->method_n), r->path_n),
		.query = slice_skip(text, r->method_n + r->path_n),
		.body = buf_slice(&r->body),
	};
	banner_report(w, scene, &b);
}

void report_free(struct report *r)
{
	if (r == NULL)
		return;
	buf_release(&r->body);
	free(r);
}
