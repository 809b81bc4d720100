/*
 * ports.h - ports that no web page is ever fetched from.
 *
 * A proxy that connects anywhere can be made to speak to mail servers and databases.  Browsers
 * refuse the ports of other protocols (WHATWG Fetch, section "port blocking"), so the proxy does.
 */
#ifndef CRUMBGATE_PROXY_PORTS_H
#define CRUMBGATE_PROXY_PORTS_H

#include <stdbool.h>
#include <stdint.h>

bool port_is_blocked(uint16_t port);

#endif
