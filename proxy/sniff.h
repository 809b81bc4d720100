/*
 * sniff.h - is what a client sends behind CONNECT, in clear, HTTP/1?
 *
 * Browsers send plain WebSockets (ws://) through CONNECT; those requests carry cookies and must be
 * read.  What is not HTTP goes through unread, so in doubt it is HTTP: the strict parser then
 * refuses what is none.
 */
#ifndef CRUMBGATE_PROXY_SNIFF_H
#define CRUMBGATE_PROXY_SNIFF_H

#include "base/slice.h"

/* Without a line's end in so many octets it is decided all the same. */
#define SNIFF_MAX 8192u

enum sniff { SNIFF_HTTP, SNIFF_OTHER, SNIFF_MORE };

enum sniff sniff_http(struct slice in);

#endif
