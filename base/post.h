/*
 * post.h - the letter boxes between the supervisor and its children.
 *
 * Each process has one box: an AF_UNIX SOCK_SEQPACKET pair made by the supervisor before it forks
 * and kept open by it, so a letter that was put into a box outlives both the sender and a reader
 * that dies; the reader's successor finds it.  Letters are whole or absent, and keep the order in
 * which they were put.  Nobody waits: a letter that does not fit is queued in the sender, up to
 * POST_QUEUE_MAX bytes, and beyond that post_send() returns false and the caller counts a loss.
 *
 * Each letter carries its type, the sender's number and an id that the sender chose; an
 * answer repeats the id.  Numbers, lengths and bodies are checked by the receiver (msg.h).
 *
 * A post's read event has the loop's priority 0 and everything else must have 1 or more, so that a
 * letter put before a peer's bytes left is handled before any bytes that came in answer to them.
 */
#ifndef CRUMBGATE_BASE_POST_H
#define CRUMBGATE_BASE_POST_H

#include "base/msg.h"

#define POST_SUPERVISOR 0u
#define POST_KEEPER 1u
#define POST_RECORDER 2u
#define POST_WORKER 3u /* the first worker; the others follow */
#define POST_MAX 67u   /* 64 workers */
#define POST_QUEUE_MAX (8u * 1024 * 1024)

struct event_base;

struct post_boxes {
	unsigned count;
	int rd[POST_MAX], wr[POST_MAX];
};

struct letter {
	enum msg_type type;
	unsigned from;
	uint32_t id;
	struct slice body; /* valid during the call only */
};

/* Opens `count` boxes (close-on-exec, non-blocking).  False with errno. */
bool post_boxes_open(struct post_boxes *boxes, unsigned count);
void post_boxes_close(struct post_boxes *boxes);

/* Without a loop.  post_put(): false when the box is full or gone (errno). */
bool post_put(const struct post_boxes *boxes, unsigned from, unsigned to, enum msg_type type,
	      uint32_t id, struct slice body);
/*
 * Takes the next letter into mem (MSG_MAX bytes): 1 read, 0 none, -1 error or malformed (dropped).
 * With `peek` the letter stays in the box until post_drop().
 */
int post_take(const struct post_boxes *boxes, unsigned self, char *mem, struct letter *out,
	      bool peek);
void post_drop(const struct post_boxes *boxes, unsigned self);

/* With a loop. */
typedef void post_handler(const struct letter *letter, void *arg);

struct post;

/*
 * Reads self's box in `base` and calls the handler for each letter.  With `keep_until_done` a
 * letter leaves the box only after the handler returned (at least once; the handler must know a
 * letter that it has already done).  Without a handler it only sends, and the caller reads the box
 * by post_take().  The boxes are borrowed.
 */
struct post *post_new(const struct post_boxes *boxes, unsigned self, struct event_base *base,
		      bool keep_until_done, post_handler *handler, void *arg);
bool post_send(struct post *p, unsigned to, enum msg_type type, uint32_t id, struct slice body);
unsigned post_self(const struct post *p);
/* Bytes that wait in this process for a full box. */
size_t post_queued(const struct post *p);
void post_free(struct post *p);

#endif
