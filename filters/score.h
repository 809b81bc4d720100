/*
 * score.h - the learned score: what a cookie that no table knows is probably for.
 *
 *	struct score_model *m = score_new(text, "score.tsv", &error);
 *	score_of(m, &facts, &s);
 *	s.purpose, s.permille, s.why
 *	score_free(m);
 *
 * The model is multinomial logistic regression over the words of score_features.h, learned by
 * data/train_score.py.  It is text, one row a line, columns separated by one tab, '#' comments:
 *
 *	feature  essential  functional  analytics  advertising  choice
 *	threshold  750  500  700  900  0	tracking is said from this probability on, in
 *			thousandths: for a first party, a third, one that is not known, and a first
 *			party's cookie of which the attributes are not known, as in a request
 *	bias  12  -40  ...		where every cookie starts
 *	t:track  -81  -10  120  64  -2	what the word adds for each purpose
 *
 * Weights are whole hundredths of a natural logarithm.  All arithmetic is in integers, so every
 * machine comes to the same score, which a replay of the log relies on.  The model is immutable
 * after score_new(), the text is copied; it takes a few microseconds a cookie.
 */
#ifndef CRUMBGATE_FILTERS_SCORE_H
#define CRUMBGATE_FILTERS_SCORE_H

#include "base/buf.h"
#include "filters/score_features.h"

#define SCORE_TEXT_MAX (8u * 1024 * 1024)
#define SCORE_WEIGHT_MAX 9999
#define SCORE_CLASSES 5u
#define SCORE_WHY_MAX 100

struct score_model;

/*
 * Reads a table of weights.  On failure NULL, and `error` holds one line that begins with
 * "name:line:" and says what to do.
 */
struct score_model *score_new(struct slice table, const char *name, struct buf *error);
void score_free(struct score_model *m);
size_t score_count(const struct score_model *m);

struct score_result {
	enum purpose purpose;
	unsigned permille;		 /* of that purpose, 0-1000 */
	unsigned classes[SCORE_CLASSES]; /* thousandths, in the order of the columns */
	char why[SCORE_WHY_MAX];	 /* "a random id; kept for a year; ..." */
};

/* Never UNKNOWN: the likeliest purpose, but tracking only from the threshold on. */
void score_of(const struct score_model *m, const struct score_facts *f, struct score_result *out);

#endif
