#include "filters/lists/list_purpose.h"

#include "filters/setters.h"

static bool speaks_of(struct slice name, const char *word)
{
	struct slice w = slice_str(word);

	for (size_t i = 0; i + w.n <= name.n; i++)
		if (slice_ieq(slice_of(name.p + i, w.n), w))
			return true;
	return false;
}

struct slice list_base_name(struct slice list)
{
	struct slice part = list;

	while (list.p != NULL)
		list = slice_cut(list, '/', &part);
	return part;
}

enum purpose list_purpose(struct slice list)
{
	struct slice name = list_base_name(list);

	if (speaks_of(name, "privacy") || speaks_of(name, "track"))
		return PURPOSE_ANALYTICS;
	if (speaks_of(name, "annoyance") || speaks_of(name, "cookie"))
		return PURPOSE_FUNCTIONAL;
	return PURPOSE_ADVERTISING;
}

bool list_purpose_wanted(enum profile profile, enum choice_state choice, enum purpose p)
{
	if (profile == PROFILE_INVESTIGATOR)
		return true;
	return profile == PROFILE_DEFAULT && choice_accepts(choice, p);
}

enum purpose list_purpose_of_request(struct slice list, const struct rules *rules,
				     struct slice host)
{
	struct setters_hit hit;

	if (rules != NULL && rules_setters(rules) != NULL &&
	    setters_find(rules_setters(rules), host, &hit))
		return hit.purpose;
	return list_purpose(list);
}
