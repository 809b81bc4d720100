/*
 * note.h - C2SP signed notes and tlog checkpoints, signed with Ed25519 (RFC 8032).
 *
 * A note is a text that ends in a newline, an empty line, and signature lines
 * "— <key name> <base64(key id || signature)>\n".  A checkpoint is a note whose text is three
 * lines: the log's origin, the tree's size in decimal, its root in base64.  The name of the log's
 * key is its origin.  Reading is strict: base64 in its one canonical form, no leading zero, no
 * control character, so that no byte of a checkpoint can change unnoticed.
 *
 * https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint
 */
#ifndef CRUMBGATE_EVIDENCE_NOTE_H
#define CRUMBGATE_EVIDENCE_NOTE_H

#include "base/buf.h"
#include "evidence/merkle.h"

#define NOTE_NAME_MAX 128u
#define NOTE_KEY_LEN 32u
#define NOTE_SIGNATURE_LEN 64u
#define NOTE_SIGNATURES 16u
/* A note longer than this is refused. */
#define NOTE_MAX 16384u

/* A verifier's key: "name+8 hex digits of the id+base64(0x01 || public key)". */
struct note_key {
	char name[NOTE_NAME_MAX + 1];
	unsigned char id[4];
	unsigned char pub[NOTE_KEY_LEN];
};

bool note_key_init(struct note_key *k, struct slice name, const unsigned char pub[NOTE_KEY_LEN]);
bool note_key_parse(struct slice vkey, struct note_key *k);
void note_key_format(const struct note_key *k, struct buf *out);
/* The SubjectPublicKeyInfo as PEM, for openssl pkeyutl -verify -pubin -rawin. */
bool note_key_pem(const struct note_key *k, struct buf *out);
bool note_key_equal(const struct note_key *a, const struct note_key *b);

struct note_signature {
	struct slice name;
	unsigned char id[4];
	struct slice sig; /* what follows the id, still in base64: the whole base64 text */
};

struct note {
	struct slice text; /* with its last newline, without the empty line */
	struct slice whole;
	size_t count;
	struct note_signature sigs[NOTE_SIGNATURES];
};

/*
 * Reads the note that `in` begins with; notes may stand one behind the other.  *used is its length.
 * False: no (whole) note stands there.
 */
bool note_parse(struct slice in, struct note *n, size_t *used);

/*
 * True when bytes that note_parse() refused can be the beginning of a note whose writing a crash
 * cut short; false when they were whole once.
 */
bool note_is_torn(struct slice rest);

enum note_result { NOTE_GOOD, NOTE_UNSIGNED, NOTE_BAD };
/* UNSIGNED: no signature by this key; BAD: a signature by this key that does not hold. */
enum note_result note_verify(const struct note *n, const struct note_key *k);

/* The log's own key; the private part never leaves this object and its file. */
struct note_signer;

/* A new key pair, named "crumbgate/" and 16 hex digits of the public key's hash. */
struct note_signer *note_signer_make(void);
/* From and to the PEM (PKCS #8) that the key file holds. */
struct note_signer *note_signer_load(struct slice pem);
bool note_signer_save(const struct note_signer *s, struct buf *pem);
void note_signer_free(struct note_signer *s);
const struct note_key *note_signer_key(const struct note_signer *s);
/* Appends the whole note: text, empty line, signature.  The text must end in a newline. */
bool note_sign(const struct note_signer *s, struct slice text, struct buf *out);

struct checkpoint {
	struct slice origin;
	uint64_t size;
	struct merkle_hash root;
};

void checkpoint_format(const struct checkpoint *c, struct buf *text);
/* Extension lines are allowed and ignored. */
bool checkpoint_parse(struct slice text, struct checkpoint *c);

#endif
