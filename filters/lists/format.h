/*
 * format.h - the compiled form of filter lists: one image without pointers, to be mapped read-only
 * and shared by all workers.  For the files of this folder only; lists.h opens one.
 *
 *	header		magic, version, size, checksum, what it was made of, where the sections are
 *	TEXT		each rule kept, as it stood in its list, a line each; then strings
 *	LISTS		each list's name, and which part of TEXT is its own
 *	CLASSES		the few combinations of types and flags that plain host rules have
 *	OPTIONS		what else a rule asks for: see below
 *	SETS		domain lists of domain=, to= and denyallow=; equal ones once
 *	REGEXES		where regular expressions stand; they are compiled at opening
 *	LEFT		rules that were left out, with list, line and kind
 *	COUNTS		how many were left out, by kind
 *	two host indexes (block, allow), and a rule index for each realm
 *
 * An index is an array of records sorted by the hash of the key they are filed under, a directory
 * over the first bits of the hash (2^bits + 1 places in that array), and a bit filter that says for
 * most keys that nothing is filed under them.  So a look-up is a shift and mostly one bit.
 *
 * A plain host rule (`||host^` with nothing but types, party and importance) takes 8 octets, any
 * other 16, besides its text.  The pattern of a rule is a part of its text wherever that is in lower
 * case; where it is not, OPT_PATTERN says where else it is.
 *
 * Numbers are in the machine's byte order; the magic tells the orders apart.  Everything that is
 * read through an offset was checked once by image_check(), which trusts nothing.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_FORMAT_H
#define CRUMBGATE_FILTERS_LISTS_FORMAT_H

#include "base/slice.h"

#define IMAGE_MAGIC 0x3173746c42677243ull /* "CrgBlts1" */
#define IMAGE_VERSION 3u
#define IMAGE_MAX ((size_t)512 * 1024 * 1024)
#define IMAGE_LISTS_MAX 256u
#define IMAGE_REGEXES_MAX 16384u
/* All of them together, compiled, in each process that opens the image. */
#define IMAGE_REGEX_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define IMAGE_LEFT_MAX 2000u
#define IMAGE_CLASSES_MAX 256u

enum image_section {
	SECTION_TEXT,
	SECTION_LISTS,
	SECTION_CLASSES,
	SECTION_OPTIONS,
	SECTION_SETS,
	SECTION_REGEXES,
	SECTION_LEFT,
	SECTION_COUNTS,
	SECTIONS
};

/* What a rule does; each realm is asked at its own moment. */
enum image_realm {
	REALM_BLOCK,
	REALM_ALLOW,
	REALM_HEADER,	/* block by a response header, and what is excepted from that */
	REALM_REDIRECT, /* what a blocked request is answered with */
	REALM_PARAM,	/* query parameters to remove */
	REALM_COOKIE,	/* cookies to remove or shorten */
	REALM_FIELD,	/* header fields to remove or to add */
	REALM_SKIP,	/* redirectors to skip */
	REALM_CNAME,	/* hosts whose aliases do not count */
	REALMS
};

struct image_span {
	uint32_t off, n; /* octets from the image's start */
};

struct image_index {
	struct image_span records;
	struct image_span directory; /* uint32_t[2^bits + 1] */
	struct image_span filter;    /* uint64_t[], a power of two of them */
	uint32_t bits;
	uint32_t always; /* the first so many records are filed under no key */
	uint32_t parts;	 /* how many are filed under parts of tokens */
	uint32_t zero;
};

struct image_header {
	uint64_t magic;
	uint64_t size;
	uint64_t checksum; /* of everything behind this field */
	uint32_t version;
	uint32_t rules;	 /* kept */
	uint64_t source; /* digest of names and texts, as lists_digest() has it */
	struct image_span section[SECTIONS];
	struct image_index hosts[2]; /* REALM_BLOCK, REALM_ALLOW */
	struct image_index realm[REALMS];
};

struct image_list {
	uint32_t name, name_n; /* in TEXT */
	uint32_t from, to;     /* its part of TEXT */
	uint32_t rules;
};

/* Flags of a rule. */
enum {
	RULE_FIRST = 1u << 0, /* holds for first-party requests */
	RULE_THIRD = 1u << 1,
	RULE_SAME_HOST = 1u << 2, /* strict1p */
	RULE_OTHER_HOST = 1u << 3,
	RULE_AT_LABEL = 1u << 4, /* || */
	RULE_AT_START = 1u << 5, /* | before */
	RULE_AT_END = 1u << 6,	 /* | behind */
	RULE_ANY = 1u << 7,	 /* no pattern: every URL */
	RULE_PLAIN = 1u << 8,	 /* neither * nor ^ in the pattern */
	RULE_REGEX = 1u << 9,
	RULE_CASE = 1u << 10, /* match-case */
	RULE_EXCEPTION = 1u << 11,
	RULE_IMPORTANT = 1u << 12,
};

struct image_host {
	uint32_t text;
	uint8_t class;
	uint8_t at; /* of the host, behind text */
	uint16_t tag;
};

struct image_class {
	uint16_t types, flags;
};

struct image_rule {
	uint32_t text;
	uint32_t options; /* index in OPTIONS, plus one; 0: none */
	uint16_t types, flags;
	uint16_t pattern_n;
	uint8_t at; /* of the pattern, behind text */
	uint8_t tag;
};

/*
 * OPTIONS: a word with one bit for each option that is there, then their words in this order.
 * Strings are (offset in TEXT, length).
 */
enum image_option {
	OPT_DOMAIN,    /* set */
	OPT_PATTERN,   /* string */
	OPT_REGEX,     /* number of the pattern in REGEXES */
	OPT_TO,	       /* set */
	OPT_DENYALLOW, /* set */
	OPT_METHOD,    /* bits of methods; the upper half: not these */
	OPT_HEADER,    /* field name (string), value (string), regex or UINT32_MAX */
	OPT_VALUE,     /* of the realm's own option: string */
	OPT_VALUE_REGEX,
	OPT_MODE,    /* see below */
	OPT_MAX_AGE, /* seconds */
	OPTIONS
};

/* OPT_MODE */
enum {
	MODE_NOT = 1u << 0,	    /* removeparam=~name */
	MODE_REQUEST = 1u << 1,	    /* removeheader=request:name */
	MODE_CSP = 1u << 2,	    /* csp= */
	MODE_PERMISSIONS = 1u << 3, /* permissions= */
	MODE_MAX_AGE = 1u << 4,	    /* cookie=...;maxAge= */
	MODE_SAME_SITE_SHIFT = 8,   /* 2 bits: none said, lax, strict, none */
	MODE_REDIRECT_SHIFT = 16,   /* 8 bits: enum lists_body */
	MODE_PRIORITY_SHIFT = 24,   /* 8 bits */
};

/* How many words each option takes. */
static inline unsigned image_option_words(unsigned option)
{
	static const unsigned char words[OPTIONS] = {
		[OPT_DOMAIN] = 1,      [OPT_PATTERN] = 2, [OPT_REGEX] = 1,  [OPT_TO] = 1,
		[OPT_DENYALLOW] = 1,   [OPT_METHOD] = 1,  [OPT_HEADER] = 5, [OPT_VALUE] = 2,
		[OPT_VALUE_REGEX] = 1, [OPT_MODE] = 1,	  [OPT_MAX_AGE] = 1
	};

	return words[option];
}

/*
 * SETS: this head, then yes and no entries sorted by hash, then yes and no regular expressions
 * (a word each).  Sets are named by their first word's index.
 */
struct image_set {
	uint32_t yes, no, yes_regexes, no_regexes;
};

struct image_set_entry {
	uint32_t hash; /* host_hash() of the name; of an entity, what stands before ".*" */
	uint32_t name; /* in TEXT */
	uint16_t n, entity;
};

#define IMAGE_SET_WORDS (sizeof(struct image_set) / 4)
#define IMAGE_ENTRY_WORDS (sizeof(struct image_set_entry) / 4)

struct image_regex {
	uint32_t text, n; /* without the slashes */
	uint32_t match_case;
};

struct image_left {
	uint32_t text, n; /* in TEXT; cut where it is long */
	uint32_t line;
	uint16_t list, kind;
};

/* Where a span begins; the caller knows that it was checked. */
static inline const void *image_at(const void *image, struct image_span s)
{
	return (const char *)image + s.off;
}

/* Detects corruption, not malice. */
uint64_t image_checksum(uint64_t seed, const void *p, size_t n);

/* NULL when the whole image may be read by what it says of itself; else why not. */
const char *image_check(struct slice image);

#endif
