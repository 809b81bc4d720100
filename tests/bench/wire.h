/*
 * wire.h - one client connection of the load generator: TCP, CONNECT, TLS, and HTTP/1.1 or HTTP/2
 *over it.
 *
 *	w = wire_open(&setup, "s1.bench.test", NULL, &events, arg);
 *	events->ready: wire_ask(w) once (HTTP/1.1) or up to `streams` times (HTTP/2)
 *	events->answer: wire_ask() again, or wire_close()
 *
 * Events come from wire_turn() only.  wire_close() is allowed inside one and frees at the next
 * wire_sweep().
 */
#ifndef CRUMBGATE_BENCH_WIRE_H
#define CRUMBGATE_BENCH_WIRE_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

struct wire_answer {
	uint64_t begun_ns, bytes; /* of the body */
	unsigned status;
};

struct wire_events {
	void (*ready)(void *arg, struct wire *w);
	void (*answer)(void *arg, struct wire *w, const struct wire_answer *a);
	void (*broken)(void *arg, struct wire *w, const char *why);
	/* A session that can be resumed; the callee's from now on. */
	void (*session)(void *arg, SSL_SESSION *s);
};

struct wire_setup {
	struct sockaddr_in to;
	bool tunnel;   /* `to` is a proxy: ask it for a tunnel first */
	unsigned port; /* of the origin, by its name */
	const char *path;
	bool h2;
	SSL_CTX *ctx;
	int epoll;
	const struct wire_events *events;
};

/* A context that trusts the certificates in one file.  NULL: that cannot be read. */
SSL_CTX *wire_context(const char *ca, bool h2);
/* NULL: no memory or no socket. */
struct wire *wire_open(const struct wire_setup *setup, const char *host, SSL_SESSION *session,
		       void *arg);
void wire_turn(struct wire *w, uint32_t epoll_events);
bool wire_ask(struct wire *w);
/* After wire_ask() outside of an event. */
void wire_send(struct wire *w);
bool wire_resumed(const struct wire *w);
void wire_close(struct wire *w);
void wire_sweep(void);

uint64_t now_ns(void);

#endif
