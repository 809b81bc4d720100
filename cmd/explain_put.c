#include "cmd/explain_put.h"

#include "base/plain.h"

void explain_put_verdict(struct explain_out *o, struct slice verdict)
{
	out_bytes(o, "verdict", o->json ? verdict : slice_str(plain_verdict(verdict)));
}

void explain_put_choice(struct explain_out *o, struct slice choice)
{
	struct buf plain;

	buf_init(&plain, 256);
	plain_choice(&plain, choice);
	out_bytes(o, "choice", o->json ? choice : buf_slice(&plain));
	buf_release(&plain);
}

/* "choice accepted, profile default" for people, a member each in JSON. */
static void put_what(struct explain_out *o, const struct explain_change *c)
{
	const struct {
		bool changed;
		const char *key, *word;
	} parts[] = { { c->choice, "choice", choice_word(c->to.choice) },
		      { c->profile, "profile", profile_word(c->to.profile) },
		      { c->party, "party", party_word(c->to.party) } };
	const char *between = "";

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].changed)
			continue;
		out_str(o, parts[i].key, parts[i].word);
		if (!o->json)
			buf_addf(&o->text, "%s%s %s", between, parts[i].key, parts[i].word);
		between = ", ";
	}
}

static void put_change(struct explain_out *o, const struct explain_change *c,
		       const struct explain_way *ways, size_t n)
{
	out_item(o);
	(void)out_line(o);
	put_what(o, c);
	for (size_t i = 0; i < n; i++) {
		bool passes = (c->passes & ways[i].bit) != 0;
		const char *word = passes ? ways[i].passes : ways[i].stays;
		const char *plain = passes ? ways[i].passes_plain : ways[i].stays_plain;

		out_str(o, ways[i].key, word);
		if (!o->json)
			buf_addf(&o->text, "%s %s %s", i == 0 ? ":" : ",", ways[i].key,
				 plain != NULL ? plain : word);
	}
	out_line_close(o);
	out_item_close(o);
}

void explain_put_changes(struct explain_out *o, const struct explain_change *found, size_t n,
			 const struct explain_way *ways, size_t ways_n)
{
	out_list(o, "what_would_change_it");
	for (size_t i = 0; i < n; i++)
		put_change(o, &found[i], ways, ways_n);
	if (n == 0 && out_line(o)) {
		buf_adds(&o->text, "no choice, profile or party");
		out_line_close(o);
	}
	out_list_close(o);
}
