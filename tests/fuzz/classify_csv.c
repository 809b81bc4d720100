/*
 * libFuzzer: a CSV text of cookies, every record made into facts and classified with small tables.
 * No record may have more fields than there is room for, no field be longer than promised, and the
 * same facts always give the same purpose, score and reason.
 */
#include "cmd/classify_row.h"
#include "filters/purpose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n"
	"_g*\tanalytics\taudience\tA\t*\tany\t*\t?\tCounts.\tpractice\n"
	"#section trackers.tsv\n"
	"domain\tcompany\tpurpose\tsource\n"
	"ads.example\tA\tadvertising\tx\n"
	"#section score.tsv\n"
	"feature\tessential\tfunctional\tanalytics\tadvertising\tchoice\n"
	"threshold\t750\t500\t650\t900\t0\nbias\t10\t0\t0\t20\t0\ng:^ab\t1\t2\t3\t400\t5\n"
	"t:a\t-9999\t0\t9999\t1\t0\nv:text\t5\t-80\t9\t0\t0\n";

static void classify(const struct rules *t, const struct score_facts *f)
{
	struct purpose_found one, two;

	purpose_find(t, f, &one);
	purpose_find(t, f, &two);
	if (one.purpose != two.purpose || one.permille != two.permille || one.permille > 1000 ||
	    strcmp(one.why, two.why) != 0 || one.layer == LAYER_NONE)
		abort();
}

static void read_records(struct csv *c, struct sites *sites, const struct rules *t)
{
	struct classify_columns columns;
	const char *error = NULL;
	struct score_facts f;

	if (csv_next(c) != CSV_RECORD || !classify_columns_of(c, &columns, &error))
		return;
	while (csv_next(c) == CSV_RECORD) {
		if (c->n == 0 || c->n > CSV_FIELDS_MAX)
			abort();
		for (size_t i = 0; i < c->n; i++)
			if (c->field[i].n > CSV_FIELD_MAX)
				abort();
		if (classify_facts(sites, &columns, c, &f, &error))
			classify(t, &f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules *rules;
	static struct sites *sites;
	struct csv c;

	if (sites == NULL) {
		struct buf error;

		buf_init(&error, 1024);
		sites = sites_new_from_text(SLICE("com\nexample\n"));
		rules = rules_new(SLICE(text), "t.tsv", &error);
		if (sites == NULL || rules == NULL)
			abort();
		buf_release(&error);
	}
	csv_init(&c, slice_of((const char *)data, size));
	read_records(&c, sites, rules);
	csv_release(&c);
	return 0;
}
