/*
 * http2_tools.h - HTTP/2 sessions in memory: what an end heard as lines of text, two ends back to
 * back, and frames made by hand.
 */
#ifndef CRUMBGATE_TESTS_HTTP2_TOOLS_H
#define CRUMBGATE_TESTS_HTTP2_TOOLS_H

#include "base/buf.h"
#include "proxy/http/h2_session.h"

enum {
	DATA,
	HEADERS,
	PRIORITY,
	RST_STREAM,
	SETTINGS,
	PUSH_PROMISE,
	PING,
	GOAWAY,
	WINDOW_UPDATE,
	CONTINUATION,
	PRIORITY_UPDATE = 16
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

#define STREAMS 512

struct end {
	struct h2_session *s;
	struct buf wire;	       /* what it wrote and nobody read yet */
	struct buf log;		       /* one line for each event */
	struct buf body;	       /* all data it heard */
	struct h2_stream *st[STREAMS]; /* in the order in which they came */
	size_t n;
	bool full;
	size_t writes;
	/* Called behind each line; may be NULL. */
	void (*on)(struct end *e, const char *event, struct h2_stream *st);
	const char *pause_on; /* an event */
};

extern const struct h2_config server_config, client_config;

void end_init(struct end *e, const struct h2_config *config);
void end_release(struct end *e);
/*
 * What it has to say, to the other end in pieces of `cut` octets (0: whole), until both are silent.
 */
void pump_cut(struct end *a, struct end *b, size_t cut);
void pump(struct end *a, struct end *b);
/* The log is this; then it is emptied. */
#define assert_log(e, text) assert_log_(e, text, __FILE__, __LINE__)
void assert_log_(struct end *e, const char *text, const char *file, int line);

/* A request as tests want them; `fields` is "name: value\n" lines, may be NULL. */
struct h2_stream *ask(struct end *e, const char *method, const char *target, const char *fields,
		      bool body);
bool answer(struct h2_stream *st, unsigned status, const char *fields, bool body);
void fields_of(struct fields *f, const char *lines);
void say(struct h2_stream *st, const char *text);

/* Frames by hand. */
void frame(struct buf *to, int type, int flags, uint32_t stream, struct slice payload);
/* A literal line, never indexed, without Huffman coding. */
void line(struct buf *to, struct slice name, struct slice value);
void preface(struct buf *to);
/* HEADERS of "name: value\n" lines (a pseudo-field's name begins with ':'). */
void headers(struct buf *to, int flags, uint32_t stream, const char *lines);
/* Feeds and flushes; what h2_feed() said. */
bool give(struct end *e, struct buf *bytes);
/* The next frame of the wire, which loses it; false: none. */
bool next_frame(struct end *e, int *type, int *flags, uint32_t *stream, struct slice *payload);
/* The error of the first frame of this type, which is RST_STREAM or GOAWAY; -1: none. */
int error_in(struct end *e, int type);

/* A browser's end and a proxy's, for a test under PAIR(); nothing is kept when it is over. */
struct pair {
	struct end server, client;
};

int setup(void **state);
int teardown(void **state);
#define PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
void swap(struct pair *p);
/* An end's `on` that pauses the stream at the event `pause_on`. */
void pause_on(struct end *e, const char *event, struct h2_stream *st);

/* A server that heard the preface, against frames made by hand. */
#define GET ":method: GET\n:scheme: https\n:authority: a.example\n:path: /\n"
#define POST ":method: POST\n:scheme: https\n:authority: a.example\n:path: /\n"
void server_alone(struct end *e, struct buf *b);
void release(struct end *e, struct buf *b);

#endif
