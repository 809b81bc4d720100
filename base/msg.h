/*
 * msg.h - typed messages between processes: bytes and ids, never pointers.
 *
 * A writer is a struct buf; numbers are little-endian, byte strings carry a 32-bit length.  A
 * reader never reads past its end: the first miss sets `bad`, and every later get returns zero or
 * an empty slice.  A message is read to its last byte: msg_end() is false when something is missing
 * *or left over*, and the receiver then drops the message and says so.
 */
#ifndef CRUMBGATE_BASE_MSG_H
#define CRUMBGATE_BASE_MSG_H

#include "base/buf.h"

/* The largest message, head included; a datagram of the post (post.h). */
#define MSG_MAX (60 * 1024)

/* Who answers what is said where each group's body is defined. */
enum msg_type {
	MSG_NONE = 0,
	/* keeper (certs/keeper.h) */
	MSG_MINT = 10,
	MSG_MINTED,
	/* recorder (evidence/recorder.h) */
	MSG_ENTRIES = 20,
	MSG_HELLO,
	MSG_KEYS,
	MSG_CHOICE,
	MSG_CHOICES_END,
	MSG_CHOICE_LIST,
	MSG_QUERY,
	MSG_ANSWER,
	MSG_ACK,
	/* workers among themselves (proxy/peers.h) */
	MSG_PAGE = 40,
	MSG_PASS,
	MSG_BANNER,
	MSG_HEAL,
	MSG_CHOSEN,
	/* supervisor */
	MSG_TICKETS = 60,
	MSG_DRAIN,
	MSG_READY,
	MSG_CONFIG,
	MSG_LIST, /* a filter list that came into force: bytes name, bytes digest, u64 rules */
	MSG_CHILD_DIED,
};

void msg_put_u8(struct buf *b, uint8_t v);
void msg_put_u16(struct buf *b, uint16_t v);
void msg_put_u32(struct buf *b, uint32_t v);
void msg_put_u64(struct buf *b, uint64_t v);
void msg_put_i64(struct buf *b, int64_t v);
void msg_put_bytes(struct buf *b, struct slice s);

struct msg_reader {
	struct slice rest;
	bool bad;
};

void msg_reader_init(struct msg_reader *r, struct slice body);
uint8_t msg_get_u8(struct msg_reader *r);
uint16_t msg_get_u16(struct msg_reader *r);
uint32_t msg_get_u32(struct msg_reader *r);
uint64_t msg_get_u64(struct msg_reader *r);
int64_t msg_get_i64(struct msg_reader *r);
/* Borrowed from the message. */
struct slice msg_get_bytes(struct msg_reader *r);
bool msg_end(const struct msg_reader *r);

#endif
