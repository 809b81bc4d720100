#include "base/post.h"

#include "base/diag.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_LEN 8u
#define LETTERS_A_TURN 64

bool post_boxes_open(struct post_boxes *boxes, unsigned count)
{
	int wanted = 4 * 1024 * 1024;

	if (count > POST_MAX) {
		errno = EINVAL;
		return false;
	}
	boxes->count = 0;
	for (unsigned i = 0; i < count; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
			post_boxes_close(boxes);
			return false;
		}
		/* The plain option is capped by net.core.wmem_max; both are best effort. */
		if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) < 0)
			(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
		boxes->rd[i] = pair[0];
		boxes->wr[i] = pair[1];
		boxes->count = i + 1;
	}
	return true;
}

void post_boxes_close(struct post_boxes *boxes)
{
	for (unsigned i = 0; i < boxes->count; i++) {
		if (boxes->rd[i] >= 0)
			close(boxes->rd[i]);
		close(boxes->wr[i]);
	}
	boxes->count = 0;
}

static void head_write(char head[HEAD_LEN], enum msg_type type, unsigned from, uint32_t id)
{
	struct buf b;

	buf_init(&b, HEAD_LEN);
	b.mem = head;
	b.cap = HEAD_LEN;
	msg_put_u16(&b, (uint16_t)type);
	msg_put_u16(&b, (uint16_t)from);
	msg_put_u32(&b, id);
}

static bool put_head_body(int fd, const char head[HEAD_LEN], struct slice body)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)head, HEAD_LEN },
				{ (void *)(uintptr_t)body.p, body.n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	if (body.n > MSG_MAX - HEAD_LEN) {
		errno = EMSGSIZE;
		return false;
	}
	do {
		n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n >= 0;
}

bool post_put(const struct post_boxes *boxes, unsigned from, unsigned to, enum msg_type type,
	      uint32_t id, struct slice body)
{
	char head[HEAD_LEN];

	if (to >= boxes->count) {
		errno = EINVAL;
		return false;
	}
	head_write(head, type, from, id);
	return put_head_body(boxes->wr[to], head, body);
}

int post_take(const struct post_boxes *boxes, unsigned self, char *mem, struct letter *out,
	      bool peek)
{
	struct msg_reader r;
	ssize_t n;

	do {
		n = recv(boxes->rd[self], mem, MSG_MAX, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	msg_reader_init(&r, slice_of(mem, (size_t)n));
	out->type = (enum msg_type)msg_get_u16(&r);
	out->from = msg_get_u16(&r);
	out->id = msg_get_u32(&r);
	out->body = r.rest;
	if (!r.bad && out->from < boxes->count)
		return 1;
	if (peek)
		post_drop(boxes, self);
	return -1;
}

void post_drop(const struct post_boxes *boxes, unsigned self)
{
	char one;

	(void)recv(boxes->rd[self], &one, sizeof(one), MSG_DONTWAIT | MSG_TRUNC);
}

/* A letter that found its box full. */
struct waiting {
	STAILQ_ENTRY(waiting) next;
	size_t n;
	char head[HEAD_LEN];
	char body[];
};

STAILQ_HEAD(waiting_list, waiting);

struct outbox {
	struct post *post;
	unsigned to;
	struct waiting_list list;
	struct event *writable;
};

struct post {
	const struct post_boxes *boxes;
	unsigned self;
	bool keep_until_done;
	post_handler *handler;
	void *arg;
	struct event *readable;
	size_t queued;
	char *mem;
	struct outbox out[POST_MAX];
};

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct post *p = arg;
	struct letter letter;

	(void)fd;
	(void)what;
	for (int i = 0; i < LETTERS_A_TURN; i++) {
		int got = post_take(p->boxes, p->self, p->mem, &letter, p->keep_until_done);

		if (got == 0)
			return;
		if (got < 0) {
			diag_warning("a malformed message between processes was dropped");
			continue;
		}
		p->handler(&letter, p->arg);
		if (p->keep_until_done)
			post_drop(p->boxes, p->self);
	}
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct outbox *o = arg;
	struct waiting *w;

	(void)what;
	while ((w = STAILQ_FIRST(&o->list)) != NULL) {
		if (!put_head_body(fd, w->head, slice_of(w->body, w->n)) &&
		    (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)) {
			event_add(o->writable, NULL);
			return;
		}
		STAILQ_REMOVE_HEAD(&o->list, next);
		o->post->queued -= w->n;
		free(w);
	}
}

struct post *post_new(const struct post_boxes *boxes, unsigned self, struct event_base *base,
		      bool keep_until_done, post_handler *handler, void *arg)
{
	struct post *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->boxes = boxes;
	p->self = self;
	p->keep_until_done = keep_until_done;
	p->handler = handler;
	p->arg = arg;
	p->mem = malloc(MSG_MAX);
	if (handler != NULL)
		p->readable =
			event_new(base, boxes->rd[self], EV_READ | EV_PERSIST, on_readable, p);
	if (p->mem == NULL || (handler != NULL && p->readable == NULL)) {
		post_free(p);
		return NULL;
	}
	if (p->readable != NULL)
		event_priority_set(p->readable, 0);
	for (unsigned i = 0; i < boxes->count; i++) {
		struct outbox *o = &p->out[i];

		o->post = p;
		o->to = i;
		STAILQ_INIT(&o->list);
		o->writable = event_new(base, boxes->wr[i], EV_WRITE, on_writable, o);
		if (o->writable == NULL) {
			post_free(p);
			return NULL;
		}
	}
	if (p->readable != NULL && event_add(p->readable, NULL) < 0) {
		post_free(p);
		return NULL;
	}
	return p;
}

static bool enqueue(struct post *p, struct outbox *o, const char head[HEAD_LEN], struct slice body)
{
	struct waiting *w;

	if (body.n > POST_QUEUE_MAX - p->queued)
		return false;
	w = malloc(sizeof(*w) + body.n);
	if (w == NULL)
		return false;
	memcpy(w->head, head, HEAD_LEN);
	if (body.n != 0)
		memcpy(w->body, body.p, body.n);
	w->n = body.n;
	STAILQ_INSERT_TAIL(&o->list, w, next);
	p->queued += body.n;
	event_add(o->writable, NULL);
	return true;
}

bool post_send(struct post *p, unsigned to, enum msg_type type, uint32_t id, struct slice body)
{
	char head[HEAD_LEN];
	struct outbox *o;

	if (to >= p->boxes->count || body.n > MSG_MAX - HEAD_LEN)
		return false;
	o = &p->out[to];
	head_write(head, type, p->self, id);
	if (!STAILQ_EMPTY(&o->list))
		return enqueue(p, o, head, body);
	if (put_head_body(p->boxes->wr[to], head, body))
		return true;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return enqueue(p, o, head, body);
	return false;
}

unsigned post_self(const struct post *p)
{
	return p->self;
}

size_t post_queued(const struct post *p)
{
	return p->queued;
}

void post_free(struct post *p)
{
	if (p == NULL)
		return;
	if (p->readable != NULL)
		event_free(p->readable);
	for (unsigned i = 0; i < POST_MAX; i++) {
		struct waiting *w;

		if (p->out[i].writable == NULL)
			continue;
		event_free(p->out[i].writable);
		while ((w = STAILQ_FIRST(&p->out[i].list)) != NULL) {
			STAILQ_REMOVE_HEAD(&p->out[i].list, next);
			free(w);
		}
	}
	free(p->mem);
	free(p);
}
