#include "proxy/visitor_host.h"

struct visitor_host visitor_host_of(const uint8_t id[CLIENT_ID_LEN], struct slice host)
{
	struct visitor_host k;

	k.n = 0;
	if (host.n == 0 || host.n >= SITE_MAX)
		return k;
	memcpy(k.text, id, CLIENT_ID_LEN);
	memcpy(k.text + CLIENT_ID_LEN, host.p, host.n);
	k.n = CLIENT_ID_LEN + host.n;
	return k;
}

struct visitor_host visitor_host_get(struct msg_reader *r)
{
	struct slice key = msg_get_bytes(r);

	if (r->bad || key.n <= CLIENT_ID_LEN)
		return (struct visitor_host){ .n = 0 };
	return visitor_host_of((const uint8_t *)key.p, slice_skip(key, CLIENT_ID_LEN));
}
