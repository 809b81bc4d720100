#include "filters/claims/find.h"

#include "base/coding.h"
#include "filters/claims/find_names.h"
#include "filters/claims/gpp.h"
#include "filters/claims/json_walk.h"
#include "filters/claims/signals.h"
#include "filters/claims/tcf.h"
#include "filters/cookie.h"

#define TOO_LONG "it is longer than there is room for"

const char *claim_kind_word(enum claim_kind v)
{
	static const char *const words[] = {
		[CLAIM_TC] = "tc",
		[CLAIM_GPP] = "gpp",
		[CLAIM_GPP_SID] = "gpp-sid",
		[CLAIM_AC] = "ac",
		[CLAIM_US_PRIVACY] = "us-privacy",
		[CLAIM_GCS] = "gcs",
		[CLAIM_GCD] = "gcd",
		[CLAIM_GDPR] = "gdpr",
		[CLAIM_NPA] = "npa",
		[CLAIM_CHILD] = "child",
		[CLAIM_RESTRICTED] = "restricted",
		[CLAIM_LIMITED] = "limited",
		[CLAIM_GPC] = "gpc",
	};

	return v < CLAIM_KINDS ? words[v] : "?";
}

const char *claim_source_word(enum claim_source v)
{
	static const char *const words[] = { [CLAIM_IN_QUERY] = "query",
					     [CLAIM_IN_PATH] = "path",
					     [CLAIM_IN_COOKIE] = "cookie",
					     [CLAIM_IN_BODY] = "body",
					     [CLAIM_IN_FIELD] = "field" };

	return v <= CLAIM_IN_FIELD ? words[v] : "?";
}

bool claim_check(enum claim_kind kind, struct slice value, const char **why)
{
	struct ac_string ac;
	struct gpp gpp;
	struct gcs gcs;
	struct gcd gcd;
	struct usp usp;
	struct tcf tc;
	bool on;

	switch (kind) {
	case CLAIM_TC:
		return tcf_decode(value, &tc, why);
	case CLAIM_GPP:
		return gpp_decode(value, &gpp, why);
	case CLAIM_GPP_SID:
		return gpp_sid_check(value, why);
	case CLAIM_AC:
		return ac_decode(value, &ac, why);
	case CLAIM_US_PRIVACY:
		return usp_decode(value, &usp, why);
	case CLAIM_GCS:
		return gcs_decode(value, &gcs, why);
	case CLAIM_GCD:
		return gcd_decode(value, &gcd, why);
	case CLAIM_GDPR:
	case CLAIM_NPA:
	case CLAIM_CHILD:
	case CLAIM_RESTRICTED:
	case CLAIM_LIMITED:
	case CLAIM_GPC:
	case CLAIM_KINDS:
		break;
	}
	return switch_decode(value, &on, why);
}

/* A place-holder that nobody filled in. */
static bool is_macro(struct slice v)
{
	return slice_starts(v, SLICE("${")) || slice_starts(v, SLICE("$(")) ||
	       slice_starts(v, SLICE("{")) || slice_starts(v, SLICE("[")) ||
	       slice_starts(v, SLICE("%%"));
}

static bool is_there(const struct claims *c, const struct claim *like)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].kind == like->kind && c->list[i].source == like->source &&
		    slice_eq(c->list[i].value, like->value))
			return true;
	return false;
}

/* claim->refused is set where its value could not be had as it was meant. */
static void add(struct claims *c, const struct claim_name *as, const struct claim *claim)
{
	struct claim one = *claim;
	const char *why;

	if (is_macro(one.value) || is_there(c, &one))
		return;
	if (one.refused == NULL && !claim_check(one.kind, one.value, &why))
		one.refused = why;
	if (one.refused != NULL && as->shared)
		return;
	if (c->n == CLAIMS_MAX)
		c->more = true;
	else
		c->list[c->n++] = one;
}

/* Undoes percent-coding, once, into the scratch memory.  False: no room; that is said. */
static bool decode_percent(struct claims *c, struct slice raw, struct slice *out)
{
	char *to = c->scratch + c->used;
	size_t n = 0;

	*out = raw;
	if (slice_find(raw, '%') == raw.n)
		return true;
	if (raw.n > CLAIMS_SCRATCH - c->used) {
		c->more = true;
		return false;
	}
	while (raw.n != 0)
		to[n++] = percent_take(&raw);
	c->used += n;
	*out = slice_of(to, n);
	return true;
}

static void add_coded(struct claims *c, enum claim_source source, const struct claim_name *as,
		      struct slice name, struct slice raw)
{
	struct claim claim = { .kind = as->kind, .source = source, .name = name };

	if (is_macro(raw))
		return; /* %%NAME%% is no percent-coding */
	if (!decode_percent(c, raw, &claim.value))
		claim.refused = TOO_LONG;
	add(c, as, &claim);
}

static void find_parameters(struct claims *c, enum claim_source source, struct slice text,
			    char separator)
{
	struct slice rest = text, pair, name, value;

	while (rest.n != 0) {
		const struct claim_name *as;

		rest = slice_cut(rest, separator, &pair);
		value = slice_cut(pair, '=', &name);
		as = value.p != NULL ? claim_parameter(name) : NULL;
		if (as != NULL)
			add_coded(c, source, as, name, value);
	}
}

/* ---- JSON ---- */

static const struct claim_name *json_name(const struct json_walk *w, struct slice *name)
{
	const struct claim_name *as;

	for (unsigned i = w->depth; i != 0; i--) {
		if (!w->stack[i - 1].object)
			continue;
		*name = w->stack[i - 1].key;
		break;
	}
	for (size_t i = 0; (as = claim_json_names(i)) != NULL; i++)
		if (json_walk_under(w, as->name))
			return as;
	return claim_parameter(*name);
}

static void add_json(struct claims *c, enum claim_source source, const struct claim_name *as,
		     struct slice name, const struct json_scalar *v)
{
	struct claim claim = { .kind = as->kind, .source = source, .name = name, .value = v->raw };

	if (slice_eq(v->raw, SLICE("null")) && !v->string)
		return;
	if (!json_scalar_text(v->raw, c->scratch + c->used, CLAIMS_SCRATCH - c->used, &claim.value))
		claim.refused = TOO_LONG;
	else if (claim.value.p == c->scratch + c->used)
		c->used += claim.value.n;
	add(c, as, &claim);
}

static void find_json(struct claims *c, struct slice text)
{
	struct json_walk w;
	struct json_scalar v;

	json_walk_init(&w, text);
	while (json_walk_next(&w, &v)) {
		struct slice name = SLICE("");
		const struct claim_name *as = json_name(&w, &name);

		if (as != NULL)
			add_json(c, CLAIM_IN_BODY, as, name, &v);
	}
}

/* Google's own banner: an array whose fourth element holds a TC string and an AC string. */
static void find_fccdcf(struct claims *c, struct slice name, struct slice raw)
{
	static const struct claim_name parts[] = { { { "TC", 2 }, CLAIM_TC, true },
						   { { "AC", 2 }, CLAIM_AC, true } };
	struct json_scalar v;
	struct slice text;
	struct json_walk w;

	if (!decode_percent(c, raw, &text))
		return;
	json_walk_init(&w, text);
	while (json_walk_next(&w, &v))
		if (w.depth == 2 && !w.stack[0].object && !w.stack[1].object &&
		    w.stack[0].index == 3 && w.stack[1].index < 2 && v.string)
			add_json(c, CLAIM_IN_COOKIE, &parts[w.stack[1].index], name, &v);
}

static void find_cookies(struct claims *c, struct slice line)
{
	struct slice rest = line, pair, name, value;

	while (line.n != 0 && cookie_next(&rest, &pair, &name, &value)) {
		const struct claim_name *as = claim_cookie(name);

		if (as != NULL)
			add_coded(c, CLAIM_IN_COOKIE, as, name, value);
		else if (slice_eq(name, SLICE("FCCDCF")))
			find_fccdcf(c, name, value);
	}
}

enum claim_body claim_body_of_type(struct slice content_type)
{
	struct slice type;

	slice_cut(content_type, ';', &type);
	type = slice_trim(type);
	if (slice_ieq(type, SLICE("application/x-www-form-urlencoded")))
		return CLAIM_BODY_FORM;
	if (slice_ieq(type, SLICE("application/json")) || slice_iends(type, SLICE("+json")))
		return CLAIM_BODY_JSON;
	/* What needs no preflight: bid requests and beacons are sent so. */
	return slice_ieq(type, SLICE("text/plain")) ? CLAIM_BODY_TEXT : CLAIM_BODY_NONE;
}

static bool is_json(const struct claim_request *r)
{
	struct slice text = r->body;

	while (text.n != 0 && (ascii_blank(text.p[0]) || text.p[0] == '\n' || text.p[0] == '\r'))
		text = slice_skip(text, 1);
	return r->body_type == CLAIM_BODY_JSON ||
	       (r->body_type == CLAIM_BODY_TEXT && text.n != 0 &&
		(text.p[0] == '{' || text.p[0] == '['));
}

static void find_body(struct claims *c, const struct claim_request *r)
{
	if (r->body_type == CLAIM_BODY_NONE)
		return;
	if (r->body.n > CLAIM_BODY_MAX)
		c->more = true;
	else if (!is_json(r))
		find_parameters(c, CLAIM_IN_BODY, r->body, '&');
	else
		find_json(c, r->body);
}

void claims_find(const struct claim_request *request, struct claims *out)
{
	static const struct claim_name gpc = { { "Sec-GPC", 7 }, CLAIM_GPC, true };

	out->n = 0;
	out->more = false;
	out->used = 0;
	if (gpc_asks(request->sec_gpc))
		add(out, &gpc,
		    &(struct claim){ CLAIM_GPC, CLAIM_IN_FIELD, gpc.name, SLICE("1"), NULL });
	find_parameters(out, CLAIM_IN_QUERY, request->query, '&');
	find_parameters(out, CLAIM_IN_PATH, request->path, ';');
	find_cookies(out, request->cookie);
	find_body(out, request);
}
