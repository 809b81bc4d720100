#include "cmd/explain_facts.h"

#include "filters/cookie.h"

static bool set_facts(const struct entry_attrs *a, struct cookie_facts *f)
{
	f->kind = COOKIE_SET;
	f->tries = 0;
	f->lifetime_s = a->session ? LIFETIME_SESSION : a->lifetime_s;
	f->secure = a->secure;
	f->httponly = a->httponly;
	f->partitioned = a->partitioned;
	f->has_domain = a->domain.n != 0;
	f->domain = a->domain;
	f->path = a->path;
	return same_site_of_word(a->samesite, &f->same_site);
}

bool explain_entry_facts(const struct entry *e, struct cookie_facts *out)
{
	*out = (struct cookie_facts){ .kind = COOKIE_SENT,
				      .name = e->cookie,
				      .host = e->host,
				      .site = e->site,
				      .tries = (unsigned)e->tries,
				      .lifetime_s = LIFETIME_UNKNOWN };
	return site_by_of_word(e->site_by, &out->site_by) && party_of_word(e->party, &out->party) &&
	       confidence_of_word(e->confidence, &out->confidence) &&
	       profile_of_word(e->profile, &out->profile) &&
	       choice_of_word(e->choice, &out->choice) && seen_of_word(e->seen, &out->seen) &&
	       shape_parse(e->shape, &out->shape) &&
	       (e->kind == ENTRY_SENT || set_facts(&e->attrs, out));
}

void explain_score_facts(const struct cookie_facts *f, struct score_facts *out)
{
	*out = (struct score_facts){ .name = f->name,
				     .host = f->host,
				     .party_known = true,
				     .party = f->party,
				     .lifetime_s = f->lifetime_s,
				     .shape_known = true,
				     .shape = f->shape,
				     .attributes_known = f->kind == COOKIE_SET,
				     .secure = f->secure,
				     .httponly = f->httponly,
				     .has_domain = f->has_domain,
				     .same_site = f->same_site };
	if (f->has_value)
		value_shape_of(f->value, &out->shape);
}
