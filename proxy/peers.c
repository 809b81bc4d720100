#include "proxy/peers.h"

#include "proxy/visitor.h"
#include "proxy/worker.h"

unsigned peers_self(const struct worker *w)
{
	return post_self(w->post) - w->setup->first_box;
}

void peers_tell(struct worker *w, enum msg_type type, struct slice body)
{
	unsigned self = post_self(w->post);

	for (unsigned i = 0; i < w->setup->workers; i++)
		if (w->setup->first_box + i != self)
			(void)post_send(w->post, w->setup->first_box + i, type, 0, body);
}

bool peers_hand(struct worker *w, enum msg_type type, struct slice body, bool all)
{
	unsigned first = setup_other_boxes(w->setup), n = w->setup->workers;
	bool good = true;

	if (!all)
		return post_send(w->post, first + peers_self(w), type, 0, body);
	for (unsigned i = 0; i < n; i++)
		good &= post_send(w->post, first + i, type, 0, body);
	return good;
}

void peers_tell_page(struct worker *w, const struct visitor *v, const struct page_event *e)
{
	struct buf body;

	if (w->setup->workers < 2)
		return;
	buf_init(&body, 8192);
	msg_put_bytes(&body, slice_str(v->address));
	page_event_pack(e, &body);
	if (buf_ok(&body))
		peers_tell(w, MSG_PAGE, buf_slice(&body));
	buf_release(&body);
}

bool peers_letter(struct worker *w, const struct letter *letter)
{
	struct page_event e;
	struct msg_reader r;
	struct slice address;
	struct visitor *v;

	msg_reader_init(&r, letter->body);
	address = msg_get_bytes(&r);
	if (r.bad || !page_event_unpack(&r, &e) || !msg_end(&r))
		return false;
	v = visitor_meet(w->visitors, address);
	if (v != NULL)
		pages_apply(v->pages, &e, loop_now_ms(w->loop));
	return true;
}
