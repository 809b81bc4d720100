#include "filters/lists/left.h"

const char *left_kind_name(enum left_kind kind)
{
	static const char *const names[LEFT_KINDS] = {
		[LEFT_COSMETIC] = "cosmetic: not for a proxy",
		[LEFT_PAGE] = "option about the inside of a page: not for a proxy",
		[LEFT_DOCUMENT] = "exception for all that pages load, by more than their host",
		[LEFT_APP] = "option about a program or device",
		[LEFT_DNS] = "option of name servers or firewalls",
		[LEFT_BODY] = "option that changes bodies",
		[LEFT_TRANSFORM] = "option that rewrites URLs",
		[LEFT_ADDRESS] = "option about a server's address",
		[LEFT_OPTION] = "unknown option",
		[LEFT_VALUE] = "bad value of an option",
		[LEFT_TOGETHER] = "options that exclude each other",
		[LEFT_PATTERN] = "bad pattern",
		[LEFT_UNICODE] = "pattern with letters that are in no URL",
		[LEFT_REGEX] = "bad regular expression",
		[LEFT_PLATFORM] = "for other programs",
		[LEFT_DIRECTIVE] = "bad directive",
		[LEFT_INCLUDE] = "included file that is not there",
	};

	return (unsigned)kind < LEFT_KINDS ? names[kind] : "";
}
