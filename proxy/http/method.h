/*
 * method.h - request methods (RFC 9110 section 9).  Names are case-sensitive.
 *
 * The methods that change how a message is framed or whether it may be sent again have a number;
 * any other token is METHOD_OTHER and passes by its name.
 */
#ifndef CRUMBGATE_HTTP_METHOD_H
#define CRUMBGATE_HTTP_METHOD_H

#include "base/slice.h"

enum http_method {
	METHOD_OTHER,
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_CONNECT,
	METHOD_OPTIONS,
	METHOD_TRACE,
	METHOD_PATCH,
};

enum http_method method_of(struct slice name);
/* May the request be sent a second time when a reused connection broke (RFC 9110 section 9.2.2)? */
bool method_idempotent(enum http_method m);

#endif
