/*
 * proxy_h2_client_tools.h - a browser's HTTP/2 connection against a browser played by the client's
 * side of the codec, under virtual time.  What answers requests (dispatch.c and refusal.c in the
 * proxy) is played too.
 *
 * Everything ends the test when it fails, so nothing here needs to be checked.
 */
#ifndef CRUMBGATE_TESTS_PROXY_H2_CLIENT_TOOLS_H
#define CRUMBGATE_TESTS_PROXY_H2_CLIENT_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/config.h"
#include "proxy/h2_client.h"
#include "proxy/worker.h"

#define REQUESTS 40
#define STALL_MS 20000
#define LARGE (1024u * 1024)

/* One request as the proxy saw it. */
struct asked {
	struct downstream *d; /* NULL: dropped */
	char method[16], path[64], host[64], upgrade[32], cookie[64];
	bool https;
	enum framing_kind framing;
	struct buf body;
	bool takes, ended, trailers;
	unsigned rooms;
	char priority[32];
};

/* One request as the browser sees it. */
struct seen {
	struct h2_stream *stream; /* NULL: closed */
	unsigned status, interims;
	char type[64], length[64], link[64], cookies;
	struct buf body;
	bool ended, closed, trailers;
	uint32_t error;
};

struct stage {
	int64_t wall_ms, mono_ms;
	struct clock clock;
	struct config config;
	struct worker w;
	struct stream *proxy, *browser;
	struct h2_client *h;
	struct h2_session *session;
	char site[SITE_MAX];
	struct asked asked[REQUESTS];
	size_t asked_n;
	struct seen seen[REQUESTS];
	bool takes; /* what new requests begin with */
	bool busy, over, free_when_idle, take;
	unsigned busies;
	/* a stream that was taken over */
	struct downstream *taken;
	struct h2_stream *taken_stream;
	struct buf taken_body;
	bool taken_end;
	unsigned taken_closed, taken_rooms;
	unsigned refused;
};

/* One at a time: what the proxy calls has no argument for it. */
void open_stage(struct stage *t, bool websockets);
void close_stage(struct stage *t);
/* Until nothing moves; advance() moves the clock before, tick by tick. */
void settle(struct stage *t);
void advance(struct stage *t, int64_t ms);

/* The i-th request; "CONNECT" with a protocol is an extended one. */
struct seen *ask(struct stage *t, size_t i, const char *method, const char *protocol,
		 const char *const fields[][2], bool body);
struct seen *get(struct stage *t, size_t i);

/* Its answer, head and body; `fields` ends with NULL, or is it. */
extern const struct framing chunked;
bool answer(struct asked *a, unsigned status, const struct framing *framing,
	    const char *const fields[][2]);
void answer_body(struct asked *a, struct slice s);
/* A whole small answer. */
void answer_ok(struct stage *t, struct asked *a);

bool body_is(const struct buf *b, const char *text);
/* LARGE octets, to be freed. */
char *large(void);

#endif
