/*
 * print.h - what a claim says, field by field: as JSON under the names that the IAB's reference libraries
 * use, or as a table to read.
 *
 *	struct claim_printer p = { .out = &buf, .json = true };
 *	print_open(&p, NULL);
 *	print_tcf(&p, &tc);
 *	print_close(&p);
 *
 * The two forms come from the same calls.  Lengths are the buffer's to limit (buf.h): a hostile
 * string can name millions of vendors in a few hundred characters.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_PRINT_H
#define CRUMBGATE_FILTERS_CLAIMS_PRINT_H

#include "base/buf.h"
#include "filters/claims/gpp.h"
#include "filters/claims/signals.h"
#include "filters/claims/tcf.h"

struct claim_printer {
	struct buf *out;
	bool json;
	unsigned depth;
};

/* An object; name NULL: the outermost, or an element of a list. */
void print_open(struct claim_printer *p, const char *name);
void print_close(struct claim_printer *p);
/* A list of objects. */
void print_open_list(struct claim_printer *p, const char *name);
void print_close_list(struct claim_printer *p);

void print_u64(struct claim_printer *p, const char *name, uint64_t v);
void print_bool(struct claim_printer *p, const char *name, bool v);
void print_text(struct claim_printer *p, const char *name, struct slice v);
void print_words(struct claim_printer *p, const char *name, const char *const *words, size_t n);
/* Tenths of a second since 1970, as 2026-01-15T00:00:00.000Z. */
void print_time(struct claim_printer *p, const char *name, uint64_t ds);
/* Flags i = 1..n: the numbers of those that are set, or (bools) a list of n truth values. */
void print_numbers(struct claim_printer *p, const char *name, uint64_t flags, unsigned n);
void print_bools(struct claim_printer *p, const char *name, uint64_t flags, unsigned n);
void print_answers(struct claim_printer *p, const char *name, const uint8_t *v, size_t n);
/* A set of vendors as text, "1-3,7", or as a list of all ids. */
void print_runs(struct claim_printer *p, const char *name, const struct vendor_set *s);
void print_ids(struct claim_printer *p, const char *name, const struct vendor_set *s);
/* The same of ids that were put in order before. */
void print_ordered_runs(struct claim_printer *p, const char *name, const struct vendor_ids *ids);

/* The fields of each; print_open() and print_close() are the caller's. */
void print_tcf(struct claim_printer *p, const struct tcf *tc);
void print_gpp(struct claim_printer *p, const struct gpp *gpp);
void print_usp(struct claim_printer *p, const struct usp *usp);
void print_ac(struct claim_printer *p, const struct ac_string *ac);
void print_gcs(struct claim_printer *p, const struct gcs *gcs);
void print_gcd(struct claim_printer *p, const struct gcd *gcd);

#endif
