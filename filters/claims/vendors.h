/*
 * vendors.h - sets of vendor ids as TC strings and GPP sections write them, and the restrictions
 * that a publisher puts on vendors.
 *
 * A set is a bit field or a list of entries, one id or a range each.  It is checked whole when it is
 * read and then stays in its text: a struct vendor_set is a few numbers and lives as long as the
 * text does, whatever it holds.
 *
 *	if (!vendor_set_read(&bits, VENDORS_FIXED, &set, NULL))
 *		...                             // malformed; bits.failed is set
 *	if (vendor_set_has(&set, 755)) ...
 *	for (walk = vendor_walk(&set); vendor_next(&walk, &first, &last);)
 *		...
 *
 * Refused: what does not fit into the bits that are left, ids of 0 or above the set's own greatest,
 * ranges that end before they begin, and restrictions of purpose 0 or of the undefined type.  Entries may overlap and come in any order, so a walk may
 * meet an id twice; vendor_ids_add() puts a set in order.  The work of reading and of one
 * question is bounded by the length of the text, that of vendor_ids_add() by its entries times 1,024 words.
 *
 * Sources: "Consent string and vendor list formats v2" (TCF), sections on VendorConsents and
 * PubRestrictions; the GPP "Consent String Specification", section on data types.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_VENDORS_H
#define CRUMBGATE_FILTERS_CLAIMS_VENDORS_H

#include "filters/claims/bits.h"

#define VENDOR_ID_MAX 65535u

enum vendor_coding {
	VENDORS_FIXED,	   /* greatest id, then a bit field or entries with ids of 16 bits */
	VENDORS_FIBONACCI, /* the same, with Fibonacci-coded distances in the entries (GPP) */
	VENDORS_ENTRIES,   /* entries with ids of 16 bits and nothing before them: restrictions */
};

struct vendor_set {
	struct bits at; /* the field or the first entry */
	uint16_t max;	/* the greatest id it says it may hold */
	uint16_t entries;
	bool field;
	enum vendor_coding coding;
};

/*
 * Reads and checks one set, moves on behind it.  False: malformed, and b->failed is set.  *as_encoder
 * (may be NULL) says whether an encoder would have written the same set in the same bits: entries
 * merged and ascending, the shorter form, the greatest id the last one.
 */
bool vendor_set_read(struct bits *b, enum vendor_coding coding, struct vendor_set *out,
		     bool *as_encoder);
bool vendor_set_has(const struct vendor_set *s, uint16_t id);

struct vendor_walk {
	struct vendor_set set;
	uint32_t last; /* id that was given last */
	uint16_t left;
};

struct vendor_walk vendor_walk(const struct vendor_set *s);
/* The next run of ids first..last, in the order of the text; false at the end. */
bool vendor_next(struct vendor_walk *w, uint16_t *first, uint16_t *last);

/* Ids in order, each once; the caller's memory (8 KiB).  Zero it before use. */
struct vendor_ids {
	uint64_t words[(VENDOR_ID_MAX + 1) / 64];
};

void vendor_ids_add(struct vendor_ids *ids, const struct vendor_set *s);
/* The next run at or behind *id; moves *id behind it.  Begin with 0; false at the end. */
bool vendor_ids_next(const struct vendor_ids *ids, uint32_t *id, uint16_t *first, uint16_t *last);

/* For one purpose, what a publisher demands of some vendors. */
enum restriction_type {
	RESTRICTION_NOT_ALLOWED,
	RESTRICTION_REQUIRE_CONSENT,
	RESTRICTION_REQUIRE_LI,
	RESTRICTION_UNDEFINED,
};

struct restriction {
	uint8_t purpose;
	enum restriction_type type;
	struct vendor_set vendors;
};

/* A place in a checked list of restrictions; a copy of it walks again. */
struct restrictions {
	struct bits at;
	uint16_t left;
	enum vendor_coding coding;
};

/* coding: VENDORS_ENTRIES (TCF) or VENDORS_FIBONACCI (TCF Canada in GPP).  As vendor_set_read(). */
bool restrictions_read(struct bits *b, enum vendor_coding coding, struct restrictions *out,
		       bool *as_encoder);
bool restrictions_next(struct restrictions *r, struct restriction *out);

#endif
