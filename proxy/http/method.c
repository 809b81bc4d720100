#include "proxy/http/method.h"

static const struct {
	const char *name;
	uint8_t len;
	uint8_t id;
} methods[] = {
	{ "GET", 3, METHOD_GET },	  { "HEAD", 4, METHOD_HEAD },
	{ "POST", 4, METHOD_POST },	  { "PUT", 3, METHOD_PUT },
	{ "DELETE", 6, METHOD_DELETE },	  { "CONNECT", 7, METHOD_CONNECT },
	{ "OPTIONS", 7, METHOD_OPTIONS }, { "TRACE", 5, METHOD_TRACE },
	{ "PATCH", 5, METHOD_PATCH },
};

enum http_method method_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (name.n == methods[i].len && memcmp(name.p, methods[i].name, name.n) == 0)
			return (enum http_method)methods[i].id;
	return METHOD_OTHER;
}

bool method_idempotent(enum http_method m)
{
	switch (m) {
	case METHOD_GET:
	case METHOD_HEAD:
	case METHOD_PUT:
	case METHOD_DELETE:
	case METHOD_OPTIONS:
	case METHOD_TRACE:
		return true;
	case METHOD_POST:
	case METHOD_PATCH:
	case METHOD_CONNECT:
	case METHOD_OTHER:
		break;
	}
	return false;
}
