/* claims_tools.h - writes claims for the unit tests: fields of bits into base64url text. */
#ifndef CRUMBGATE_TESTS_UNIT_CLAIMS_TOOLS_H
#define CRUMBGATE_TESTS_UNIT_CLAIMS_TOOLS_H

#include "base/slice.h"

#define WRITTEN_MAX 4096

struct written {
	char text[WRITTEN_MAX];
	size_t bits; /* of the segment that is being written */
	size_t from; /* where that begins */
	size_t n;
};

void write_begin(struct written *w);
void write_bits(struct written *w, uint64_t v, unsigned n);
/* n zeros but for those at the places in `ones`, from 1, ended by 0. */
void write_flags(struct written *w, unsigned n, const unsigned *ones);
void write_fibonacci(struct written *w, uint32_t v);
/* The next segment, behind this character. */
void write_next(struct written *w, char separator);
struct slice written(const struct written *w);

/* The core of a TC string up to its vendors; what differs from test to test is told. */
struct core {
	uint64_t created_ds, updated_ds;
	unsigned cmp_id, policy;
	bool global;
	unsigned consents[25], legitimate[25]; /* ended by 0 */
};
extern const struct core core_usual;
void write_core(struct written *w, const struct core *c);
/* Two empty sets of vendors and no restrictions. */
void write_no_vendors(struct written *w);
/* The whole of the last two. */
struct slice whole_core(struct written *w, const struct core *c);

#endif
