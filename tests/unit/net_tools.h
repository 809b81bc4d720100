/* What the tests of proxy/net share: pairs of streams, a certificate, loops that end. */
#ifndef CRUMBGATE_TESTS_NET_TOOLS_H
#define CRUMBGATE_TESTS_NET_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "proxy/net/address.h"
#include "proxy/net/stream.h"

#include <openssl/ssl.h>

/* One end of a pair, with everything that happened to it. */
struct end {
	struct stream *s;
	struct buf got;
	bool keep_bytes, stop_reading;
	unsigned connected, reads, drained, eofs, errors, timeouts, wants;
	uint64_t count;
	void (*hook)(struct end *e, enum stream_event ev);
	void *arg;
};

void end_event(struct stream *s, enum stream_event ev, void *arg);

struct pair {
	struct loop *loop;
	struct end a, b;
	SSL_CTX *server, *client;
	int64_t mono;
	struct clock clock;
};

/* A loop with the system's clock, or a virtual one at 1000000 ms. */
void pair_init(struct pair *p, bool virtual_clock);
/* A socketpair, or TCP over 127.0.0.1. */
void pair_sockets(struct pair *p, bool tcp);
/* Two ends without a socket (stream_pair()), in `ends` too; local is 192.0.2.1:8443. */
void pair_ends(struct pair *p, struct stream *ends[2]);
/* b is the server.  Does not run the loop. */
void pair_tls(struct pair *p, int version);
void pair_release(struct pair *p);

void tcp_pair(int fd[2]);
/* P-256, self-signed, for "test". */
SSL_CTX *server_ctx(void);
/* Trusts `server`'s certificate. */
SSL_CTX *client_ctx(SSL_CTX *server);
/* Open descriptors of this process. */
unsigned open_fds(void);
size_t resident(void);

/* Turns until the condition holds; fails the test after many turns or when nothing can happen. */
#define RUN_UNTIL(loop, condition)                                                                 \
	do {                                                                                       \
		unsigned turns_ = 0;                                                               \
		while (!(condition)) {                                                             \
			assert_true(turns_++ < 2000000);                                           \
			assert_true(loop_turn((loop), true));                                      \
		}                                                                                  \
	} while (0)

/* Runs what can run without waiting. */
void run_idle(struct loop *loop);

#endif
