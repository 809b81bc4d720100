#include "evidence/replay_facts.h"

#include "filters/cookie.h"
#include "filters/shape.h"

/* What the entry does not have the lists did not say. */
static bool list_facts(const struct entry_list *e, struct cookie_list *out)
{
	if (e->says.n == 0)
		return true;
	out->name = e->name;
	out->version = e->version;
	out->rule = e->rule;
	return list_says_of_word(e->says, &out->says) && purpose_of_word(e->purpose, &out->purpose);
}

static bool set_facts(const struct entry_attrs *a, struct cookie_facts *out)
{
	out->kind = COOKIE_SET;
	out->tries = 0;
	out->lifetime_s = a->session ? LIFETIME_SESSION : a->lifetime_s;
	out->secure = a->secure;
	out->httponly = a->httponly;
	out->partitioned = a->partitioned;
	out->has_domain = a->domain.n != 0;
	out->domain = a->domain;
	out->path = a->path;
	return same_site_of_word(a->samesite, &out->same_site);
}

bool replay_facts(const struct entry *e, struct cookie_facts *out)
{
	*out = (struct cookie_facts){ .kind = COOKIE_SENT,
				      .name = e->cookie,
				      .host = e->host,
				      .alias = e->alias,
				      .site = e->site,
				      .tries = (unsigned)e->tries,
				      .lifetime_s = LIFETIME_UNKNOWN };
	return site_by_of_word(e->site_by, &out->site_by) && party_of_word(e->party, &out->party) &&
	       confidence_of_word(e->confidence, &out->confidence) &&
	       profile_of_word(e->profile, &out->profile) &&
	       choice_of_word(e->choice, &out->choice) && seen_of_word(e->seen, &out->seen) &&
	       shape_parse(e->shape, &out->shape) && list_facts(&e->list, &out->list) &&
	       (e->kind == ENTRY_SENT || set_facts(&e->attrs, out));
}
