/*
 * proxy_h2_origin_tools.h - an origin's HTTP/2 connection and the exchanges on it, against the
 * server side of the codec at the other end of a socketpair, under virtual time.
 *
 * Everything ends the test when it fails, so nothing here needs to be checked.
 */
#ifndef CRUMBGATE_TESTS_PROXY_H2_ORIGIN_TOOLS_H
#define CRUMBGATE_TESTS_PROXY_H2_ORIGIN_TOOLS_H

#include "tests/unit/net_tools.h"
#include "tests/unit/proxy_h2_origin_played.h"

#include "base/config.h"
#include "proxy/h2_origin.h"
#include "proxy/http/h2_session.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#define STALL_MS 60000
#define IDLE_MS 30000
#define ASKED_MAX 128
#define EXCHANGES 128
#define STREAMS 100

/* A request as the server saw it. */
struct asked {
	struct h2_stream *stream; /* NULL: closed */
	char method[16], path[64], host[64], te[16], protocol[16];
	uint64_t body;
	bool ended, closed, has_trailers;
	uint32_t error;
};

struct server {
	struct stream *stream;
	struct h2_session *session;
	struct asked asked[ASKED_MAX];
	size_t n;
	unsigned reads;
	bool eof, mute; /* mute: reads and says nothing */
};

/* A request of ours and what came of it. */
struct exchange {
	struct upstream_h2 u;
	unsigned status, interims, rooms;
	struct framing framing;
	uint64_t got;
	char first[64]; /* the first bytes of the body */
	bool ended, failed, unprocessed, has_trailers, drop_at_head, pause_at_body;
	struct exchange *drop_with_me;
	enum origin_fault fault;
	char text[256];
};

struct scene {
	int64_t mono;
	struct clock clock;
	struct config config;
	struct worker w;
	struct visitor visitor;
	struct origin origin;
	struct server v;
	struct h2_origin *h;
	struct exchange x[EXCHANGES];
	bool freed;
};

/*
 * The origin's SETTINGS are on their way; late: they came together with the end of the handshake.
 */
int set_up(void **state);
int set_up_late(void **state);
int tear_down(void **state);

/* Runs what can run without waiting; advance() first moves the clock, tick by tick. */
void turns(struct scene *t);
void advance(struct scene *t, int64_t ms);

/* A request to begin; `method` may be NULL (GET), `host` too (none). */
struct ask {
	const char *method, *target, *host;
	bool body;
};

/* The i-th exchange. */
bool begin(struct scene *t, size_t i, const struct ask *a);
void get(struct scene *t, size_t i, const char *target);
void post(struct scene *t, size_t i);
void send_body(struct exchange *x, const char *p, size_t n);

/* The i-th request's answer: a head, and if `data` is not NULL that as a body. */
void answer(struct scene *t, size_t i, const char *data, bool end);
void say(struct scene *t, size_t i, const char *data, bool end);
void reset(struct scene *t, size_t i, enum h2_error error);
/* Bytes from the server past its codec; go_away() writes a GOAWAY so. */
void raw(struct scene *t, const void *p, size_t n);
void go_away(struct scene *t, uint32_t last, uint32_t error);

#endif
