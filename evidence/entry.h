/*
 * entry.h - one entry of the evidence log: what it holds, and its three forms.
 *
 *	struct entry	in memory; slices are borrowed
 *	packed		bytes of base/msg.h, from a worker to the recorder, which gives it its n
 *	line		canonical JSON, one line of the log; its bytes are the leaf of the tree
 *
 * There is exactly one line for an entry and exactly one entry for a line: entry_parse() refuses
 * every other spelling (a space, another order of keys, "\u0041" for "A", "01" for 1), so
 * entry_format(entry_parse(line)) == line, always.
 *
 * Each kind has its own keys, in a fixed order, all present (`first`, `alias` and `list`
 * excepted); entry.c holds them
 * as one table, crumbgate-evidence(5) describes them.  Words (purpose, verdict and so on) are
 * lower-case tokens; whose vocabulary they are is said at the field.  Cookie-names, paths
 * and reasons are bytes and are written as base/json.h writes bytes.
 *
 * Repeats: the first sighting of a fact is written at once with count 1 and last == t.  When the
 * window closes and there were more sightings, an entry with the same facts tells their number in
 * `count` and the times of the first and the last of them, so the sum of `count` over all entries
 * is the number of sightings (repeats.h counts them).
 *
 * Nothing here allocates beyond the buffers passed in, reads a clock or touches a file.
 */
#ifndef CRUMBGATE_EVIDENCE_ENTRY_H
#define CRUMBGATE_EVIDENCE_ENTRY_H

#include "base/buf.h"
#include "base/msg.h"

/* The version of the line's form: the value of "v". */
#define ENTRY_VERSION 1u
/* C2SP tlog-tiles: an entry's length is a uint16.  Without the line's end. */
#define ENTRY_LINE_MAX 65535u
/* A keyed digest: 16 bytes of HMAC-SHA-256 in lower-case hexadecimal (digest.h). */
#define ENTRY_DIGEST_LEN 32u
#define ENTRY_RULES_LEN 16u
/* `first` of an entry that is not a repeat. */
#define ENTRY_NO_TIME INT64_MIN

enum entry_kind {
	ENTRY_START,	 /* the recorder began: version, origin (the name of the log's key) */
	ENTRY_STOP,	 /* ... and ended in good order: why */
	ENTRY_CONFIG,	 /* a configuration came into force: name, digest (SHA-256), why */
	ENTRY_RULES,	 /* a set of rules came into force: name, digest (SHA-256), count (rules) */
	ENTRY_MINT,	 /* a certificate was minted: host, digest (SHA-256 of the certificate) */
	ENTRY_SET,	 /* an origin set a cookie */
	ENTRY_SENT,	 /* a client sent a cookie */
	ENTRY_CHOICE,	 /* a client chose: client, site ("*" for all), profile, choice, seen */
	ENTRY_PASS,	 /* bytes went through unread: client, host, why, count, last, first */
	ENTRY_REFUSE,	 /* an origin was refused: client, host, why, count, last, first */
	ENTRY_LOSS,	 /* something was not recorded: count (things lost), why */
	ENTRY_CLOCK,	 /* the wall clock jumped: jump_ms */
	ENTRY_HEARTBEAT, /* nothing else happened, and the recorder lived */
	ENTRY_RESTART,	 /* a child died and was started again: name, why */
	/*
	 * What a site says of consent, and where that contradicts what was chosen or seen: client,
	 * site, site_by, confidence, party, host, name (who says it; which contradiction), why,
	 * profile, choice, seen, count, last, first.
	 */
	ENTRY_CLAIM,
	ENTRY_CONTRADICTION,
	/* The same keys: a refusal that the proxy wrote into an answer for a banner (name). */
	ENTRY_WRITE,
	/*
	 * The same keys: a request was not sent, because a rule (name) of a filter list is about
	 * it; or a parameter was taken out of its URL (name: it, or the rule).
	 */
	ENTRY_BLOCK,
	ENTRY_STRIP,
	/* The same keys: a cookie (name) was put back, because the site did not work without it. */
	ENTRY_HEAL,
	ENTRY_KINDS
};

/* The attributes of a Set-Cookie as the origin sent it, read by RFC 6265bis section 5.6. */
struct entry_attrs {
	struct slice domain; /* lower case, without a leading dot; empty: host-only */
	struct slice path;   /* as sent; empty: none sent */
	/* capped at 400 days; <= 0 deletes the cookie; 0 for a session cookie */
	int64_t lifetime_s;
	bool session, secure, httponly;
	struct slice samesite; /* none, lax, strict, default */
	bool partitioned;
};

/* What a filter list said of a cookie, where one spoke of it. */
struct entry_list {
	struct slice says;    /* word: remove, limit (filters); empty: none spoke */
	struct slice purpose; /* word: what the list, or the host, is for */
	struct slice name;
	struct slice version; /* the first ENTRY_RULES_LEN digits of the digest of its text */
	struct slice rule;    /* as it stands there; cut where it is long */
};

struct entry {
	enum entry_kind kind;
	uint64_t n; /* the leaf's index, from 0 without a gap; given by the recorder */
	int64_t t;  /* wall time in ms; for a repeat: when the window closed */

	/* set and sent; some also elsewhere, see enum entry_kind */
	struct slice client;	 /* keyed digest of the client's address */
	struct slice site;	 /* registrable domain of the page; empty: not known */
	struct slice site_by;	 /* word: how the site was found (filters) */
	struct slice confidence; /* word: high, medium, low (filters) */
	struct slice party;	 /* word: first, third, unknown (filters) */
	struct slice host;	 /* the request's host, lower case, without port */
	struct slice cookie;	 /* cookie-name */
	struct slice purpose;	 /* word (filters) */
	struct slice why;	 /* the reason, as filters give it; elsewhere a short text */
	struct slice profile;	 /* the name of the profile */
	struct slice choice;	 /* word: none, refused, accepted, or purposes */
	struct slice seen;	 /* word: where the choice was seen: nowhere, desk, cli, ... */
	struct slice verdict;	 /* word: kept, removed, expired */
	struct slice value;	 /* keyed digest of the cookie-value */
	struct slice shape;	 /* what the value looks like, without the value (filters) */
	uint64_t count;		 /* sightings */
	int64_t last, first;	 /* wall times in ms; first: ENTRY_NO_TIME unless it is a repeat */
	struct slice scheme;	 /* word: http, https */
	/*
	 * The rules that decided: the first ENTRY_RULES_LEN digits of their digest
	 * (digest_plain()).
	 */
	struct slice rules;
	/* A tracker's name that the host is an alias of; empty: none is known. */
	struct slice alias;
	struct entry_list list;
	/* set */
	struct entry_attrs attrs;
	uint64_t status; /* the answer's status code */
	/* sent */
	uint64_t tries; /* how often this client's cookie was expired before */

	/* other kinds */
	struct slice name, digest, version, origin;
	int64_t jump_ms;

	/*
	 * The cookie-value itself, only where the person running the proxy asked for it (log-values
	 * keep), else p == NULL.  Packed, but never part of the line: the recorder keeps it apart.
	 */
	struct slice clear;
};

/* A kind's word, as in the line; NULL for a number that is no kind. */
const char *entry_kind_word(enum entry_kind kind);
/* False when no kind has this word. */
bool entry_kind_of(struct slice word, enum entry_kind *out);

/* Everything empty, first = ENTRY_NO_TIME. */
void entry_init(struct entry *e, enum entry_kind kind, int64_t t);

/*
 * True when the entry has a line: every word is a word, digests are digests, nothing is over its
 * cap.  What is not true of bytes from outside must be made true by the caller (cut, or refused).
 */
bool entry_ok(const struct entry *e);
/* The caps, in bytes before escaping. */
#define ENTRY_NAME_MAX 4096u  /* cookie */
#define ENTRY_PATH_MAX 1024u  /* attrs.path, attrs.domain */
#define ENTRY_HOST_MAX 255u   /* host, site */
#define ENTRY_WHY_MAX 512u    /* why, name, version, origin */
#define ENTRY_WORD_MAX 64u    /* each word, profile, shape */
#define ENTRY_CLEAR_MAX 4096u /* clear */

/*
 * Appends the packed form (no n).  Check buf_ok(); a packed entry is never longer than
 * ENTRY_PACKED_MAX, so that one always fits into a letter.  Several stand one behind the other.
 */
#define ENTRY_PACKED_MAX 16384u
void entry_pack(struct buf *b, const struct entry *e);
/*
 * Takes one entry from the reader; its slices point into the message.  False: the message is
 * malformed or the entry is not entry_ok(), and the reader's place is of no use any more.
 */
bool entry_unpack(struct msg_reader *r, struct entry *e);

/* Appends the line, without a line's end.  Check buf_ok().  The entry must be entry_ok(). */
void entry_format(struct buf *b, const struct entry *e);

/*
 * Reads a line (without its end).  `scratch` takes the bytes of strings that hold an escape and
 * must have room for line.n bytes; the entry borrows from both.  False: not canonical, *where is
 * the offset of the first byte that cannot stand there.
 */
bool entry_parse(struct slice line, char *scratch, struct entry *e, size_t *where);

#endif
