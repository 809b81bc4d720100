/*
 * score_model.h - the table of weights, as score_model.c reads it and score.c adds it up.
 *
 * Words are filed by a hash in open addressing and compared, so nothing depends on the hash but
 * speed.
 */
#ifndef CRUMBGATE_FILTERS_SCORE_MODEL_H
#define CRUMBGATE_FILTERS_SCORE_MODEL_H

#include "filters/score.h"

enum score_threshold {
	THRESHOLD_FIRST,
	THRESHOLD_THIRD,
	THRESHOLD_UNKNOWN,
	THRESHOLD_FIRST_SENT,
	SCORE_THRESHOLDS,
};

/* at is 0 in a free slot: the text begins with the header line, so no word stands there. */
struct score_weights {
	uint32_t at;
	uint16_t length;
	int16_t weight[SCORE_CLASSES];
};

struct score_model {
	char *text;
	size_t text_length;
	struct score_weights *slots;
	uint32_t slot_mask, count;
	int16_t bias[SCORE_CLASSES];
	unsigned threshold[SCORE_THRESHOLDS]; /* thousandths */
};

/* The slot of a word, or the free one where it belongs. */
struct score_weights *score_slot(const struct score_model *m, struct slice feature);

#endif
