#include "proxy/net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"

/*
 * Taken in one turn; the rest wait in the backlog for this worker's next turn, or another worker.
 */
#define BATCH 16
/* Waiting clients that are turned away in one retry, when patience is over. */
#define SHED 64

struct listener {
	struct loop *loop;
	struct event *ev;
	int fd, reserve;
	listener_cb *cb;
	void *arg;
	struct oneshot retry;
	struct deferred dead;
	int64_t short_since; /* when descriptors ran out; 0: they did not */
	bool freed;
};

static bool out_of_descriptors(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

/* A second descriptor of the same socket: a sandboxed worker could open nothing else. */
static int reserve_open(const struct listener *l)
{
	return fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
}

static int take(struct listener *l, struct address *peer)
{
	int fd;

	peer->len = sizeof(peer->sa);
	do
		fd = accept4(l->fd, (struct sockaddr *)&peer->sa, &peer->len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	return fd;
}

/*
 * Turns clients away that have waited too long; a closed connection is an answer, silence is none.
 */
static void shed(struct listener *l)
{
	struct address peer;
	int fd = 0;

	if (l->reserve < 0)
		return;
	close(l->reserve);
	for (int i = 0; i < SHED && fd >= 0; i++) {
		fd = take(l, &peer);
		if (fd >= 0)
			close(fd);
	}
	l->reserve = reserve_open(l);
}

static void on_retry(struct oneshot *o);

static void shortage(struct listener *l)
{
	int64_t now = loop_now_ms(l->loop);

	if (l->short_since == 0) {
		l->short_since = now;
		diag_error(
			"no descriptors left for new clients, they have to wait: raise the limit "
			"of open files (ulimit -n, LimitNOFILE=) or lower the connection limits");
	}
	if (now - l->short_since >= LISTENER_PATIENCE_MS)
		shed(l);
	event_del(l->ev);
	loop_after(l->loop, &l->retry, LISTENER_RETRY_MS, on_retry);
}

static void accept_some(struct listener *l)
{
	struct address peer;
	int fd;

	for (int i = 0; i < BATCH && !l->freed; i++) {
		fd = take(l, &peer);
		if (fd < 0 && out_of_descriptors(errno))
			shortage(l);
		if (fd < 0)
			return;
		if (l->short_since != 0) {
			diag_info("new clients are accepted again");
			l->short_since = 0;
		}
		if (l->reserve < 0)
			l->reserve = reserve_open(l);
		l->cb(fd, &peer, l->arg);
	}
}

static void on_retry(struct oneshot *o)
{
	struct listener *l = LOOP_OWNER(o, struct listener, retry);

	event_add(l->ev, NULL);
	accept_some(l);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	accept_some(arg);
}

struct listener *listener_new(struct loop *loop, int fd, listener_cb *cb, void *arg)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	*l = (struct listener){ .loop = loop, .fd = fd, .cb = cb, .arg = arg };
	l->reserve = reserve_open(l);
	/*
	 * Level-triggered: a batch may leave connections behind, and other workers share the queue.
	 */
	l->ev = event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_readable, l);
	if (l->ev == NULL || event_add(l->ev, NULL) != 0) {
		listener_free(l);
		errno = ENOMEM;
		return NULL;
	}
	return l;
}

static void listener_dead(struct deferred *d)
{
	free(LOOP_OWNER(d, struct listener, dead));
}

void listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	l->freed = true;
	oneshot_stop(&l->retry);
	if (l->ev != NULL)
		event_free(l->ev);
	if (l->reserve >= 0)
		close(l->reserve);
	loop_free_later(l->loop, &l->dead, listener_dead);
}

static void say_bind_failed(const char *addrport, char *error, size_t size)
{
	const char *hint = "";

	switch (errno) {
	case EADDRINUSE:
		hint = ": another program listens there; stop it, or choose another port with "
		       "--listen ADDR:PORT";
		break;
	case EACCES:
		hint = ": ports below 1024 need root or CAP_NET_BIND_SERVICE";
		break;
	case EADDRNOTAVAIL:
		hint = ": this machine has no such address";
		break;
	case EAFNOSUPPORT:
		hint = ": this system has no IPv6";
		break;
	default:
		break;
	}
	snprintf(error, size, "cannot listen on %s: %s%s", addrport, strerror(errno), hint);
}

/* -1: errno. */
static int bind_at(const struct address *at, bool shared)
{
	int fd, e, one = 1;

	fd = socket(address_family(at), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0) &&
	    (address_family(at) != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, (const struct sockaddr *)&at->sa, at->len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

/*
 * A socket that shares with nobody finds out whether the address is free, and which port 0 means.
 */
static bool probe(struct address *at)
{
	int fd = bind_at(at, false);
	bool good;

	if (fd < 0)
		return false;
	at->len = sizeof(at->sa);
	good = getsockname(fd, (struct sockaddr *)&at->sa, &at->len) == 0;
	close(fd);
	return good;
}

static bool parse(const char *addrport, struct address *at, char *error, size_t size)
{
	if (address_parse_listen(slice_str(addrport), at))
		return true;
	snprintf(error, size,
		 "cannot listen on %s: not an address and port like 127.0.0.1:8118 or [::1]:8118",
		 addrport);
	return false;
}

int listener_bind(const char *addrport, char *error, size_t size)
{
	struct address at;
	int fd;

	if (!parse(addrport, &at, error, size))
		return -1;
	fd = bind_at(&at, false);
	if (fd < 0)
		say_bind_failed(addrport, error, size);
	return fd;
}

bool listener_bind_shared(const char *addrport, int *fds, unsigned n, char *error, size_t size)
{
	struct address at;

	if (!parse(addrport, &at, error, size))
		return false;
	if (!probe(&at)) {
		say_bind_failed(addrport, error, size);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		fds[i] = bind_at(&at, true);
		if (fds[i] >= 0)
			continue;
		say_bind_failed(addrport, error, size);
		while (i-- > 0)
			close(fds[i]);
		return false;
	}
	return true;
}
