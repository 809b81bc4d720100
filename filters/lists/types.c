#include "filters/lists/types.h"

static const struct {
	const char *word;
	enum lists_type type;
} type_words[] = {
	{ "script", LISTS_SCRIPT },
	{ "image", LISTS_IMAGE },
	{ "stylesheet", LISTS_STYLESHEET },
	{ "object", LISTS_OBJECT },
	{ "xhr", LISTS_XHR },
	{ "frame", LISTS_FRAME },
	{ "ping", LISTS_PING },
	{ "websocket", LISTS_WEBSOCKET },
	{ "media", LISTS_MEDIA },
	{ "font", LISTS_FONT },
	{ "other", LISTS_OTHER },
	{ "document", LISTS_DOCUMENT },
	{ "popup", LISTS_POPUP },
	/* Other names of the same, after the ones to print. */
	{ "xmlhttprequest", LISTS_XHR },
	{ "fetch", LISTS_XHR },
	{ "sub_frame", LISTS_FRAME },
	{ "subdocument", LISTS_FRAME },
	{ "iframe", LISTS_FRAME },
	{ "main_frame", LISTS_DOCUMENT },
	{ "doc", LISTS_DOCUMENT },
	{ "css", LISTS_STYLESHEET },
	{ "style", LISTS_STYLESHEET },
	{ "img", LISTS_IMAGE },
	{ "imageset", LISTS_IMAGE },
	{ "beacon", LISTS_PING },
	{ "embed", LISTS_OBJECT },
	{ "object-subrequest", LISTS_OBJECT },
	{ "object_subrequest", LISTS_OBJECT },
	{ "audio", LISTS_MEDIA },
	{ "video", LISTS_MEDIA },
	{ "track", LISTS_MEDIA },
	{ "worker", LISTS_SCRIPT },
	{ "csp_report", LISTS_OTHER },
	{ "manifest", LISTS_OTHER },
	{ "speculative", LISTS_OTHER },
};

bool lists_type_of_word(struct slice word, enum lists_type *out)
{
	for (size_t i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++) {
		if (slice_ieq(word, slice_str(type_words[i].word))) {
			*out = type_words[i].type;
			return true;
		}
	}
	return false;
}

const char *lists_type_word(enum lists_type type)
{
	return (unsigned)type < LISTS_TYPES ? type_words[type].word : "";
}

unsigned lists_method_bit(struct slice method)
{
	static const char *const methods[] = { "get",	  "post",  "head",    "put",  "delete",
					       "options", "patch", "connect", "trace" };

	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (slice_ieq(method, slice_str(methods[i])))
			return 1u << i;
	return 0;
}
