/*
 * h2_tunnel.h - CONNECT on a stream of HTTP/2 to the proxy (RFC 9113 section 8.5).
 *
 * Such a stream is a connection of its own with another wrapping, so it gets an inner client
 * (inner.h), which is asked by an HTTP/1.1 CONNECT.  When the inner client says 200 the stream's
 * octets go both ways: what one side does not take holds the other back, and a half that ended ends
 * there too.  A reset of the stream is a reset of the inner connection, and the other way round
 * CONNECT_ERROR.  Any other answer, a page of the proxy's own, is the stream's answer.
 */
#ifndef CRUMBGATE_PROXY_H2_TUNNEL_H
#define CRUMBGATE_PROXY_H2_TUNNEL_H

struct authority;
struct downstream;

/* The `connect` of struct h2_client_setup. */
void h2_tunnel_open(struct downstream *d, const struct authority *to);

#endif
