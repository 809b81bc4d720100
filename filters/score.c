/* The score: a sum of weights, made a probability in integers. */
#include "filters/score.h"

#include "filters/score_why.h"

#define CLASS_OF(purpose) ((unsigned)(purpose)-PURPOSE_ESSENTIAL)

/*
 * 65536 * 2^-(x / 65536) for x >= 0: whole halvings are shifts, for the fraction f the parabola
 * through 1, 2^-1/2 and 1/2, which is right to within two thousandths.
 */
static uint64_t exp2_negative_q16(uint64_t x)
{
	uint64_t whole = x >> 16, f = x & 65535;
	uint64_t bend = (f * (65536 - f) >> 16) * 11245 >> 16;

	return whole >= 17 ? 0 : (65536 - f / 2 - bend) >> whole;
}

/* Hundredths of a natural logarithm below the best, as x of the function above. */
static uint64_t halvings_q16(int64_t below)
{
	/* 65536 / (100 * ln 2) = 945.49 */
	return (uint64_t)below * 94549 / 100;
}

static void softmax(const int32_t sums[SCORE_CLASSES], unsigned permille[SCORE_CLASSES])
{
	uint64_t part[SCORE_CLASSES], whole = 0;
	int32_t best = sums[0];

	for (unsigned i = 1; i < SCORE_CLASSES; i++)
		best = sums[i] > best ? sums[i] : best;
	for (unsigned i = 0; i < SCORE_CLASSES; i++) {
		part[i] = exp2_negative_q16(halvings_q16((int64_t)best - sums[i]));
		whole += part[i];
	}
	for (unsigned i = 0; i < SCORE_CLASSES; i++)
		permille[i] = (unsigned)((part[i] * 1000 + whole / 2) / whole);
}

static enum purpose likeliest(const int32_t sums[SCORE_CLASSES], const enum purpose *of, unsigned n)
{
	enum purpose best = of[0];

	for (unsigned i = 1; i < n; i++)
		if (sums[CLASS_OF(of[i])] > sums[CLASS_OF(best)])
			best = of[i];
	return best;
}

static unsigned threshold_of(const struct score_model *m, const struct score_facts *f)
{
	if (!f->party_known)
		return m->threshold[THRESHOLD_UNKNOWN];
	if (f->party == PARTY_THIRD)
		return m->threshold[THRESHOLD_THIRD];
	return m->threshold[f->attributes_known ? THRESHOLD_FIRST : THRESHOLD_FIRST_SENT];
}

static enum purpose choose(unsigned threshold, const int32_t sums[SCORE_CLASSES],
			   const unsigned permille[SCORE_CLASSES])
{
	static const enum purpose tracking[] = { PURPOSE_ADVERTISING, PURPOSE_ANALYTICS };
	static const enum purpose kept[] = { PURPOSE_ESSENTIAL, PURPOSE_FUNCTIONAL,
					     PURPOSE_CHOICE };

	if (permille[CLASS_OF(PURPOSE_ANALYTICS)] + permille[CLASS_OF(PURPOSE_ADVERTISING)] >=
	    threshold)
		return likeliest(sums, tracking, 2);
	return likeliest(sums, kept, 3);
}

struct look_up {
	const struct score_model *m;
	struct score_hits hits;
};

static void find_feature(void *arg, struct slice feature)
{
	struct look_up *l = arg;
	const struct score_weights *w = score_slot(l->m, feature);

	if (w->at != 0 && l->hits.n < SCORE_HITS_MAX)
		l->hits.at[l->hits.n++] = w;
}

void score_of(const struct score_model *m, const struct score_facts *f, struct score_result *out)
{
	int32_t sums[SCORE_CLASSES];
	struct look_up l;

	l.m = m;
	l.hits.n = 0;
	score_features(f, find_feature, &l);
	for (unsigned c = 0; c < SCORE_CLASSES; c++) {
		sums[c] = m->bias[c];
		for (unsigned i = 0; i < l.hits.n; i++)
			sums[c] += l.hits.at[i]->weight[c];
	}
	softmax(sums, out->classes);
	out->purpose = choose(threshold_of(m, f), sums, out->classes);
	out->permille = out->classes[CLASS_OF(out->purpose)];
	score_explain(m, &l.hits, f, out->purpose, out->why);
}
