#include "filters/score_why.h"

#include "filters/say.h"
#include "filters/score_model.h"

/* What a person would call one fact. */
enum topic { TOPIC_NAME, TOPIC_VALUE, TOPIC_LIFE, TOPIC_PARTY, TOPIC_ATTRIBUTES, TOPIC_HOST };
#define TOPICS 6u
#define SAID_MAX 3u

struct weighing {
	const struct score_model *m;
	unsigned class;
	int32_t topic[TOPICS];
	/* The word in the name, and in the host, that spoke most. */
	int32_t name_best, host_best;
	struct slice name_word, host_word;
};

static enum topic topic_of(struct slice feature)
{
	switch (feature.p[0]) {
	case 'v':
	case 'z':
		return TOPIC_VALUE;
	case 'l':
		return TOPIC_LIFE;
	case 'p':
		return TOPIC_PARTY;
	case 'a':
	case 'y':
		return TOPIC_ATTRIBUTES;
	case 'h':
	case 'i':
		return TOPIC_HOST;
	case 'x':
		return slice_starts(feature, SLICE("x:third")) ||
				       slice_starts(feature, SLICE("x:first"))
			       ? TOPIC_PARTY
			       : TOPIC_VALUE;
	default:
		return TOPIC_NAME;
	}
}

/* What it adds to the class beyond the mean of the other classes, times their number. */
static int32_t advantage(const struct score_weights *w, unsigned class)
{
	int32_t others = 0;

	for (unsigned i = 0; i < SCORE_CLASSES; i++)
		others += w->weight[i];
	return w->weight[class] * (int32_t)SCORE_CLASSES - others;
}

static void weigh(struct weighing *g, const struct score_weights *w)
{
	struct slice feature = slice_of(g->m->text + w->at, w->length);
	int32_t v = advantage(w, g->class);
	char kind = feature.p[0];

	g->topic[topic_of(feature)] += v;
	if (kind == 't' && v > g->name_best) {
		g->name_best = v;
		g->name_word = slice_skip(feature, 2);
	} else if (kind == 'h' && v > g->host_best) {
		g->host_best = v;
		g->host_word = slice_skip(feature, 2);
	}
}

static const char *value_words(const struct value_shape *s)
{
	static const char *const words[] = {
		[FORM_EMPTY] = "an empty value",    [FORM_BOOL] = "a yes or no",
		[FORM_NUMBER] = "a number",	    [FORM_TIMESTAMP] = "a time",
		[FORM_UUID] = "a random id",	    [FORM_HEX] = "a random id",
		[FORM_BASE64] = "a coded value",    [FORM_JWT] = "a signed token",
		[FORM_TC] = "a consent string",	    [FORM_JSON] = "a record of several values",
		[FORM_GA] = "an analytics id",	    [FORM_TEXT] = "a text",
		[FORM_OTHER] = "a text with marks",
	};

	if (s->form == FORM_TEXT && s->entropy >= 3 && s->length >= 12)
		return "a value like an id";
	return words[s->form];
}

static const char *life_words(int64_t lifetime_s)
{
	static const char *const words[][2] = {
		{ "session", "kept until the browser closes" },
		{ "hour", "kept for an hour or two" },
		{ "day", "kept for a day or two" },
		{ "week", "kept for about a week" },
		{ "month", "kept for about a month" },
		{ "quarter", "kept for months" },
		{ "half", "kept for half a year" },
		{ "year", "kept for about a year" },
		{ "long", "kept for more than a year" },
	};
	struct slice bucket = slice_str(score_life_word(lifetime_s));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq(bucket, slice_str(words[i][0])))
			return words[i][1];
	return "kept for a time that is not known";
}

static const char *attribute_words(const struct score_facts *f)
{
	if (f->httponly)
		return "hidden from scripts";
	if (f->same_site == SAME_SITE_NONE)
		return "sent from other sites too";
	return f->has_domain ? "shared by all hosts of the domain" : "readable by scripts";
}

static void say_quoted(struct say *out, const char *text, struct slice word)
{
	say_str(out, text);
	say_add(out, SLICE(" \""));
	say_add(out, word);
	say_add(out, SLICE("\""));
}

static void say_name(const struct weighing *g, enum purpose purpose, struct say *out)
{
	if (g->name_best > 0) {
		say_quoted(out, "a name that says", g->name_word);
		return;
	}
	say_add(out, SLICE("a name like those of "));
	say_str(out, purpose_word(purpose));
	say_add(out, SLICE(" cookies"));
}

static void say_host(const struct weighing *g, enum purpose purpose, struct say *out)
{
	if (g->host_best > 0) {
		say_quoted(out, "a setter that is called", g->host_word);
		return;
	}
	say_add(out, SLICE("a setter called like those of "));
	say_str(out, purpose_word(purpose));
	say_add(out, SLICE(" cookies"));
}

static void say_topic(const struct weighing *g, const struct score_facts *f, enum topic topic,
		      enum purpose purpose, struct say *out)
{
	switch (topic) {
	case TOPIC_NAME:
		say_name(g, purpose, out);
		break;
	case TOPIC_VALUE:
		say_str(out, value_words(&f->shape));
		break;
	case TOPIC_LIFE:
		say_str(out, life_words(f->lifetime_s));
		break;
	case TOPIC_PARTY:
		say_str(out, f->party == PARTY_THIRD ? "set by a third party"
						     : "set by the site itself");
		break;
	case TOPIC_ATTRIBUTES:
		say_str(out, attribute_words(f));
		break;
	case TOPIC_HOST:
		say_host(g, purpose, out);
		break;
	}
}

/* The topic that spoke most, TOPICS when none is left that spoke for it. */
static unsigned strongest(const struct weighing *g)
{
	unsigned best = TOPICS;

	for (unsigned i = 0; i < TOPICS; i++)
		if (g->topic[i] > 0 && (best == TOPICS || g->topic[i] > g->topic[best]))
			best = i;
	return best;
}

void score_explain(const struct score_model *m, const struct score_hits *hits,
		   const struct score_facts *f, enum purpose purpose, char out[SCORE_WHY_MAX])
{
	struct weighing g = { .m = m, .class = (unsigned)purpose - PURPOSE_ESSENTIAL };
	struct say text;

	say_init(&text, out, SCORE_WHY_MAX);
	for (unsigned i = 0; i < hits->n; i++)
		weigh(&g, hits->at[i]);
	for (unsigned said = 0; said < SAID_MAX; said++) {
		unsigned topic = strongest(&g);
		size_t before = text.n;

		if (topic == TOPICS)
			break;
		if (said != 0)
			say_add(&text, SLICE(", "));
		say_topic(&g, f, (enum topic)topic, purpose, &text);
		g.topic[topic] = 0;
		if (said != 0 && text.n == SCORE_WHY_MAX - 1) {
			/* No half of a reason. */
			text.n = before;
			out[before] = '\0';
			break;
		}
	}
	if (text.n != 0)
		return;
	if (purpose != PURPOSE_ANALYTICS && purpose != PURPOSE_ADVERTISING) {
		say_add(&text, SLICE("nothing that speaks for tracking"));
		return;
	}
	say_add(&text, SLICE("too little is known; most such cookies are for "));
	say_str(&text, purpose_word(purpose));
}
