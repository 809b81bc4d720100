#include "proxy/desk/desk.h"

#include "base/clock.h"
#include "base/json.h"
#include "proxy/desk/answer.h"
#include "proxy/desk/assets.h"
#include "proxy/desk/forms.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/html.h"
#include "proxy/desk/pac.h"
#include "proxy/desk/pages.h"
#include "proxy/desk/passes.h"
#include "proxy/desk/site_name.h"
#include "proxy/desk/tiktok.h"

/* ---- the target ---- */

struct target {
	struct slice path, query;
};

static struct target split(struct slice target)
{
	struct target t;

	t.query = slice_cut(target, '?', &t.path);
	return t;
}

/* ---- answers without data ---- */

static void serve_file(struct desk_answer *a, const char *type, struct slice bytes, bool anywhere)
{
	desk_answer_begin(a, 200, type);
	desk_answer_embeddable(a, anywhere);
	buf_add(&a->body, bytes);
}

static void serve_ca(const struct desk_context *ctx, const struct desk_request *req,
		     struct desk_answer *a, const char *type, struct slice bytes, const char *name)
{
	if (bytes.n == 0) {
		desk_answer_note(ctx, req, a, 503, "Not there yet",
				 "The proxy has no CA yet; look again in a moment.");
		return;
	}
	serve_file(a, type, bytes, false);
	buf_addf(&a->fields, "Content-Disposition: attachment; filename=\"%s\"\r\n", name);
}

static void serve_pac(const struct desk_context *ctx, const struct desk_request *req,
		      struct desk_answer *a)
{
	desk_answer_begin(a, 200, "application/x-ns-proxy-autoconfig");
	desk_answer_embeddable(a, true);
	if (!pac_write(&a->body, req->proxy, req->tls_proxy))
		desk_answer_note(ctx, req, a, 503, "No address",
				 "The proxy does not know its own address here.");
}

static void serve_status(const struct desk_context *ctx, const struct desk_request *req,
			 struct desk_answer *a)
{
	char started[CLOCK_RFC3339_LEN + 1], now[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(ctx->started, started, sizeof(started));
	clock_rfc3339(req->now, now, sizeof(now));
	desk_answer_begin(a, 200, "application/json");
	desk_answer_embeddable(a, false);
	json_open(&a->body, '{');
	json_kv(&a->body, "version", ctx->version);
	json_kv(&a->body, "started", slice_str(started));
	json_kv(&a->body, "now", slice_str(now));
	json_kv(&a->body, "client", req->client);
	json_kv(&a->body, "profile", slice_str(config_profile_name(req->profile)));
	json_kv(&a->body, "proxy", req->proxy);
	json_kv(&a->body, "tls_proxy", req->tls_proxy);
	json_kv(&a->body, "ca_sha256", ctx->ca_fingerprint);
	json_close(&a->body, '}');
	buf_addc(&a->body, '\n');
}

static void serve_probe(const struct desk_context *ctx, const struct desk_request *req,
			struct slice query, struct desk_answer *a)
{
	/* Only a page of ours knows the token: no other site may learn that crumbgate is in use. */
	if (guard_token_good(ctx, req, "probe", desk_form_value(query, SLICE("t"))))
		serve_file(a, "image/svg+xml", asset_probe_svg, true);
	else
		desk_answer_note(ctx, req, a, 403, "Not for you",
				 "This picture is for the desk's own pages.");
}

/* ---- the table of pages ---- */

enum page_id {
	PAGE_HOME,
	PAGE_SITE,
	PAGE_SITES_JSON,
	PAGE_TIKTOK,
	PAGE_CHOICE,
	PAGE_PASS,
	PAGE_PASSES_JSON,
	PAGE_TRUST,
	PAGE_TRUSTED,
	PAGE_PROBE,
	PAGE_PAC,
	PAGE_STATUS,
	PAGE_STYLE,
	PAGE_SCRIPT,
	PAGE_ICON,
	PAGE_CA_PEM,
	PAGE_CA_DER,
	PAGE_CA_MOBILECONFIG,
};

static const struct route {
	const char *path; /* one that ends in '/' takes a segment, "/" itself excepted */
	enum page_id id;
	enum guard_rule rule;
} routes[] = {
	{ "/", PAGE_HOME, GUARD_NAVIGATE },
	{ "/site/", PAGE_SITE, GUARD_OWN },
	{ "/sites.json", PAGE_SITES_JSON, GUARD_OWN },
	{ "/tiktok", PAGE_TIKTOK, GUARD_OWN },
	{ "/choice", PAGE_CHOICE, GUARD_OWN },
	{ "/pass", PAGE_PASS, GUARD_OWN },
	{ "/passes.json", PAGE_PASSES_JSON, GUARD_OWN },
	{ "/trust", PAGE_TRUST, GUARD_NAVIGATE },
	{ "/trusted", PAGE_TRUSTED, GUARD_NAVIGATE },
	{ "/probe.svg", PAGE_PROBE, GUARD_EMBED },
	{ "/proxy.pac", PAGE_PAC, GUARD_OWN },
	{ "/status.json", PAGE_STATUS, GUARD_OWN },
	{ "/style.css", PAGE_STYLE, GUARD_OWN },
	{ "/desk.js", PAGE_SCRIPT, GUARD_OWN },
	{ "/icon.svg", PAGE_ICON, GUARD_OWN },
	{ "/ca.pem", PAGE_CA_PEM, GUARD_OWN },
	{ "/ca.der", PAGE_CA_DER, GUARD_OWN },
	{ "/ca.mobileconfig", PAGE_CA_MOBILECONFIG, GUARD_OWN },
};

static const struct route *find_route(struct slice path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		struct slice own = slice_str(routes[i].path);

		if (slice_eq(path, own) ? routes[i].id != PAGE_SITE
					: routes[i].id == PAGE_SITE && slice_starts(path, own))
			return &routes[i];
	}
	return NULL;
}

static void serve_plain(const struct desk_context *ctx, const struct desk_request *req,
			const struct route *r, struct desk_answer *a)
{
	switch (r->id) {
	case PAGE_TRUST:
		desk_answer_begin(a, 200, DESK_HTML);
		desk_answer_embeddable(a, false);
		page_trust(ctx, req, &a->body);
		return;
	case PAGE_TRUSTED:
		desk_answer_note(
			ctx, req, a, 200, req->https ? "It works" : "Not over https",
			req->https ? "This page came over https. If there was no warning before "
				     "it, your "
				     "browser trusts the proxy's certificates."
				   : "Open https://crumbgate.internal/trusted to see whether your "
				     "browser trusts "
				     "the proxy's certificates.");
		return;
	case PAGE_PROBE:
		serve_probe(ctx, req, split(req->target).query, a);
		return;
	case PAGE_PAC:
		serve_pac(ctx, req, a);
		return;
	case PAGE_STATUS:
		serve_status(ctx, req, a);
		return;
	case PAGE_PASSES_JSON:
		desk_answer_begin(a, 200, "application/json");
		desk_answer_embeddable(a, false);
		passes_json(ctx, req, &a->body);
		return;
	case PAGE_STYLE:
		serve_file(a, "text/css; charset=utf-8", asset_style_css, false);
		return;
	case PAGE_SCRIPT:
		serve_file(a, "text/javascript; charset=utf-8", asset_desk_js, false);
		return;
	case PAGE_ICON:
		serve_file(a, "image/svg+xml", asset_icon_svg, false);
		return;
	case PAGE_CA_PEM:
		serve_ca(ctx, req, a, "application/x-pem-file", ctx->ca_pem, "crumbgate-ca.pem");
		return;
	case PAGE_CA_DER:
		serve_ca(ctx, req, a, "application/x-x509-ca-cert", ctx->ca_der,
			 "crumbgate-ca.crt");
		return;
	case PAGE_CA_MOBILECONFIG:
		serve_ca(ctx, req, a, "application/x-apple-aspen-config", ctx->ca_mobileconfig,
			 "crumbgate.mobileconfig");
		return;
	default:
		desk_answer_note(ctx, req, a, 404, "Not found", "There is no such page here.");
	}
}

/* ---- the page of a site ---- */

static bool site_of_path(struct slice path, char out[SITE_NAME_MAX])
{
	return site_name_read(slice_skip(path, strlen("/site/")), false, out);
}

static void no_site(const struct desk_context *ctx, const struct desk_request *req,
		    struct desk_answer *a)
{
	desk_answer_note(ctx, req, a, 404, site_name_title, site_name_text);
}

/* Cookies and choices are a site's, so the page of a host below it is that of its site. */
static enum desk_step find_site(const struct desk_context *ctx, const struct desk_request *req,
				struct slice path, struct desk_answer *a)
{
	char name[SITE_NAME_MAX], site[SITE_NAME_MAX];

	if (!site_of_path(path, name) || !site_name_resolve(ctx, slice_str(name), site)) {
		no_site(ctx, req, a);
		return DESK_DONE;
	}
	if (strcmp(name, site) == 0)
		return DESK_SITES;
	desk_answer_begin(a, 302, DESK_HTML);
	desk_answer_embeddable(a, false);
	buf_adds(&a->fields, "Location: /site/");
	url_segment(&a->fields, slice_str(site));
	buf_adds(&a->fields, "\r\n");
	page_note(ctx, req, "Its site", "What is seen of a host stands on the page of its site.",
		  &a->body);
	return DESK_DONE;
}

static void serve_site(const struct desk_context *ctx, const struct desk_request *req,
		       const struct desk_data *data, struct slice path, struct desk_answer *a)
{
	struct passes_list unread;
	char name[SITE_NAME_MAX];
	struct slice site;

	if (!site_of_path(path, name)) {
		no_site(ctx, req, a);
		return;
	}
	site = slice_str(name);
	passes_load(ctx, req, &unread);
	if (site_name_odd(ctx, site) && desk_data_find(data, site) == NULL &&
	    !passes_cover(&unread, site)) {
		no_site(ctx, req, a);
		return;
	}
	desk_answer_embeddable(a, false);
	page_site(ctx, req, data, site, &a->body);
}

/* ---- in and out ---- */

/*
 * What the proxy gives who asks it as if it were a site.  Any name may have been rebound to it, so
 * there is nothing of the client in it, and the CA, by which a person could be known again, under
 * the proxy's own address only.
 */
static enum desk_step handle_direct(const struct desk_context *ctx, const struct desk_request *req,
				    const struct route *r, struct desk_answer *a)
{
	bool get = slice_eq(req->method, SLICE("GET")) || slice_eq(req->method, SLICE("HEAD"));
	enum page_id id = r != NULL && get ? r->id : PAGE_CHOICE;

	switch (id) {
	case PAGE_CA_PEM:
	case PAGE_CA_DER:
	case PAGE_CA_MOBILECONFIG:
		if (!guard_is_own_address(req))
			break;
		/* fall through */
	case PAGE_PAC:
	case PAGE_STYLE:
	case PAGE_ICON:
		serve_plain(ctx, req, r, a);
		return DESK_DONE;
	default:
		break;
	}
	desk_answer_begin(a, id == PAGE_HOME && guard_is_own_address(req) ? 200 : 400, DESK_HTML);
	desk_answer_embeddable(a, false);
	page_direct(ctx, req, &a->body);
	return DESK_DONE;
}

static enum desk_step handle(const struct desk_context *ctx, const struct desk_request *req,
			     struct desk_answer *a)
{
	const struct route *r = find_route(split(req->target).path);
	bool post = slice_eq(req->method, SLICE("POST")), wants_post;
	const char *refused;
	unsigned status;

	if (req->direct)
		return handle_direct(ctx, req, r, a);
	refused = guard_refuses(req, r != NULL ? r->rule : GUARD_OWN, &status);
	if (refused != NULL) {
		desk_answer_note(ctx, req, a, status, "Not from there", refused);
		return DESK_DONE;
	}
	if (r == NULL) {
		desk_answer_note(ctx, req, a, 404, "Not found", "There is no such page here.");
		return DESK_DONE;
	}
	wants_post = r->id == PAGE_CHOICE || r->id == PAGE_PASS;
	if (post != wants_post || (!post && !slice_eq(req->method, SLICE("GET")) &&
				   !slice_eq(req->method, SLICE("HEAD")))) {
		desk_answer_note(ctx, req, a, 405, "Not in this way",
				 "This page does not know that method.");
		buf_addf(&a->fields, "Allow: %s\r\n", wants_post ? "POST" : "GET, HEAD");
		return DESK_DONE;
	}
	if (wants_post)
		return desk_form_take(ctx, req, r->id == PAGE_PASS, a);
	if (r->id == PAGE_SITE)
		return find_site(ctx, req, split(req->target).path, a);
	if (r->id == PAGE_HOME || r->id == PAGE_SITES_JSON || r->id == PAGE_TIKTOK)
		return DESK_SITES;
	serve_plain(ctx, req, r, a);
	return DESK_DONE;
}

enum desk_step desk_handle(const struct desk_context *ctx, const struct desk_request *req,
			   struct desk_answer *a)
{
	enum desk_step step = handle(ctx, req, a);

	if (step == DESK_DONE)
		desk_answer_finish(a);
	return step;
}

static void serve_data(const struct desk_context *ctx, const struct desk_request *req,
		       const struct desk_data *data, struct slice json, struct desk_answer *a)
{
	struct target t = split(req->target);
	const struct route *r = find_route(t.path);
	uint64_t from = 0;

	desk_answer_begin(a, 200, DESK_HTML);
	if (r != NULL && r->id == PAGE_SITES_JSON) {
		serve_file(a, "application/json", json, false);
	} else if (r != NULL && r->id == PAGE_TIKTOK) {
		desk_answer_embeddable(a, false);
		page_tiktok(ctx, req, data, &a->body);
	} else if (r != NULL && r->id == PAGE_SITE) {
		serve_site(ctx, req, data, t.path, a);
	} else {
		desk_answer_embeddable(a, false);
		(void)slice_to_u64(desk_form_value(t.query, SLICE("from")), DESK_ROWS_MAX, &from);
		page_home(ctx, req, data, (size_t)from, &a->body);
	}
}

void desk_sites(const struct desk_context *ctx, const struct desk_request *req, struct slice json,
		struct desk_answer *a)
{
	struct desk_data *data = json.p != NULL ? desk_data_new(json) : NULL;

	if (data != NULL)
		serve_data(ctx, req, data, json, a);
	else
		desk_answer_note(
			ctx, req, a, 503, "No list now",
			"The part of the proxy that keeps the record did not answer. What is not "
			"essential is removed all the same. Look again in a moment.");
	desk_data_free(data);
	desk_answer_finish(a);
}
