/*
 * pac.h - the file that tells a browser to use the proxy (proxy auto-config).
 */
#ifndef CRUMBGATE_PROXY_DESK_PAC_H
#define CRUMBGATE_PROXY_DESK_PAC_H

#include "base/buf.h"

/*
 * `plain` and `tls` are addresses with ports where the proxy listens in clear and for TLS; either
 * may be empty.  False: there is none, or it is no address; nothing was written.
 */
bool pac_write(struct buf *out, struct slice plain, struct slice tls);

#endif
