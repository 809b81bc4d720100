/* The bytes of a page event within a message between workers. */
#include "filters/pages.h"

#define EVENT_FRAME 1u
#define EVENT_PREFETCH 2u
#define EVENT_SECURE 4u

void page_event_pack(const struct page_event *e, struct buf *out)
{
	msg_put_u8(out,
		   (uint8_t)((e->frame ? EVENT_FRAME : 0) | (e->prefetch ? EVENT_PREFETCH : 0) |
			     (e->secure ? EVENT_SECURE : 0)));
	msg_put_u16(out, e->port);
	msg_put_u32(out, e->target_length);
	msg_put_u64(out, e->agent);
	msg_put_bytes(out, e->host);
	msg_put_bytes(out, slice_head(e->target, PAGE_URL_MAX));
	msg_put_bytes(out, e->own);
	msg_put_bytes(out, e->top);
}

bool page_event_unpack(struct msg_reader *r, struct page_event *out)
{
	uint8_t flags = msg_get_u8(r);

	*out = (struct page_event){
		.frame = (flags & EVENT_FRAME) != 0,
		.prefetch = (flags & EVENT_PREFETCH) != 0,
		.secure = (flags & EVENT_SECURE) != 0,
	};
	out->port = msg_get_u16(r);
	out->target_length = msg_get_u32(r);
	out->agent = msg_get_u64(r);
	out->host = msg_get_bytes(r);
	out->target = msg_get_bytes(r);
	out->own = msg_get_bytes(r);
	out->top = msg_get_bytes(r);
	return !r->bad && flags <= (EVENT_FRAME | EVENT_PREFETCH | EVENT_SECURE) &&
	       out->target.n <= PAGE_URL_MAX && out->host.n != 0 && out->own.n != 0 &&
	       out->own.n < SITE_MAX && out->top.n != 0 && out->top.n < SITE_MAX &&
	       memchr(out->top.p, '\0', out->top.n) == NULL;
}
