#include "proxy/net/names.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/time.h>

/* With one server 1.5 s and 3 s; resolve.c ends everything after RESOLVE_TIMEOUT_MS. */
#define TRY_MS 1500
#define TRIES 2

struct names_socket {
	struct names *names;
	struct names_socket *next;
	struct event *ev;
	ares_socket_t fd;
};

struct names {
	struct loop *loop;
	ares_channel channel;
	bool ready;
	struct names_socket *sockets;
	struct oneshot tick;
};

static void arm(struct names *n);

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct names_socket *sock = arg;
	struct names *n = sock->names;

	ares_process_fd(n->channel, what & EV_READ ? fd : ARES_SOCKET_BAD,
			what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	arm(n);
}

static void on_tick(struct oneshot *o)
{
	struct names *n = LOOP_OWNER(o, struct names, tick);

	ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(n);
}

static void arm(struct names *n)
{
	struct timeval tv;

	if (ares_timeout(n->channel, NULL, &tv) == NULL) {
		oneshot_stop(&n->tick);
		return;
	}
	loop_after(n->loop, &n->tick, (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1, on_tick);
}

static void forget(struct names_socket **at)
{
	struct names_socket *sock = *at;

	*at = sock->next;
	if (sock->ev != NULL)
		event_free(sock->ev);
	free(sock);
}

/* c-ares tells which of its sockets it wants watched; neither way: it is about to close it. */
static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct names *n = arg;
	struct names_socket **at = &n->sockets, *sock;
	short what = (short)(EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	if (*at != NULL)
		forget(at);
	if (!readable && !writable)
		return;
	sock = calloc(1, sizeof(*sock));
	if (sock == NULL)
		return; /* the question times out */
	sock->names = n;
	sock->fd = fd;
	sock->ev = event_new(loop_base(n->loop), fd, what, on_socket, sock);
	sock->next = n->sockets;
	n->sockets = sock;
	if (sock->ev != NULL)
		event_add(sock->ev, NULL);
}

static int channel_init(struct names *n, enum names_source source)
{
	char files[] = "f", dns[] = "b";
	struct ares_options options = { .timeout = TRY_MS,
					.tries = TRIES,
					.ndots = 1,
					.lookups = source == NAMES_FILE ? files : dns,
					.sock_state_cb = on_state,
					.sock_state_cb_data = n };
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;

	/* An empty search list. */
	if (source == NAMES_DNS)
		mask |= ARES_OPT_NDOTS | ARES_OPT_DOMAINS;
	return ares_init_options(&n->channel, &options, mask);
}

struct names *names_new(struct loop *loop, enum names_source source, const char *servers)
{
	struct names *n;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		errno = ENOMEM;
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		ares_library_cleanup();
		return NULL;
	}
	n->loop = loop;
	n->ready = channel_init(n, source) == ARES_SUCCESS;
	if (!n->ready ||
	    (servers != NULL && ares_set_servers_ports_csv(n->channel, servers) != ARES_SUCCESS)) {
		names_free(n);
		errno = EINVAL;
		return NULL;
	}
	return n;
}

void names_free(struct names *n)
{
	if (n == NULL)
		return;
	if (n->ready)
		ares_destroy(n->channel);
	oneshot_stop(&n->tick);
	while (n->sockets != NULL)
		forget(&n->sockets);
	free(n);
	ares_library_cleanup();
}

void names_ask(struct names *n, const char *name, int family, ares_addrinfo_callback cb, void *arg)
{
	/* No sorting: it would open a socket for each address; who dials orders them himself. */
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT, .ai_family = family };

	ares_getaddrinfo(n->channel, name, NULL, &hints, cb, arg);
	arm(n);
}
