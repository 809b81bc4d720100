#include "cmd/explain_facts.h"

void explain_score_facts(const struct cookie_facts *f, struct score_facts *out)
{
	*out = (struct score_facts){ .name = f->name,
				     .host = f->host,
				     .alias = f->alias,
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
