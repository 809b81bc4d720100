/*
 * visitor_host.h - a visitor and a host (or site) as the key of a table, and of the letters in
 * which workers tell each other of a row of it.
 */
#ifndef CRUMBGATE_PROXY_VISITOR_HOST_H
#define CRUMBGATE_PROXY_VISITOR_HOST_H

#include "base/msg.h"
#include "filters/choices.h"
#include "filters/site.h"

struct visitor_host {
	size_t n; /* 0: none */
	char text[CLIENT_ID_LEN + SITE_MAX];
};

/* None for no host and for one that is too long. */
struct visitor_host visitor_host_of(const uint8_t id[CLIENT_ID_LEN], struct slice host);

/* From a letter, where it stands as bytes; none for what is no such key. */
struct visitor_host visitor_host_get(struct msg_reader *r);

#endif
