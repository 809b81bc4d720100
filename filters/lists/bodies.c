#include "filters/lists/bodies.h"

/* 1x1, one transparent pixel. */
static const char gif[] =
	"GIF89a\1\0\1\0\x80\0\0\0\0\0\0\0\0!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

/* clang-format off */
static const struct lists_body_data bodies[LISTS_BODIES] = {
	[LISTS_BODY_NONE] = { "none", "", { "", 0 } },
	[LISTS_BODY_EMPTY] = { "empty", "text/plain", { "", 0 } },
	[LISTS_BODY_TEXT] = { "noop.txt", "text/plain", { "", 0 } },
	[LISTS_BODY_SCRIPT] = { "noop.js", "text/javascript", { "", 0 } },
	[LISTS_BODY_JSON] = { "noop.json", "application/json", { "{}", 2 } },
	[LISTS_BODY_STYLE] = { "noop.css", "text/css", { "", 0 } },
	[LISTS_BODY_HTML] = { "noop.html", "text/html", { "<!DOCTYPE html>", 15 } },
	[LISTS_BODY_GIF] = { "1x1.gif", "image/gif", { gif, sizeof(gif) - 1 } },
	[LISTS_BODY_VAST] = { "noop-vast3.xml", "text/xml", { "<VAST version=\"3.0\"></VAST>", 27 } },
	[LISTS_BODY_VMAP] = { "noop-vmap1.xml", "text/xml",
		{ "<vmap:VMAP xmlns:vmap=\"http://www.iab.net/videosuite/vmap\" version=\"1.0\"></vmap:VMAP>", 85 } },
	[LISTS_BODY_AUDIO] = { "noop.mp3", "audio/mpeg", { "", 0 } },
	[LISTS_BODY_VIDEO] = { "noop.mp4", "video/mp4", { "", 0 } },
};

static const struct {
	const char *name;
	enum lists_body body;
} names[] = {
	{ "none", LISTS_BODY_NONE },
	{ "empty", LISTS_BODY_EMPTY },
	{ "nooptext", LISTS_BODY_TEXT },
	{ "noop.txt", LISTS_BODY_TEXT },
	{ "blank-text", LISTS_BODY_TEXT },
	{ "noopjs", LISTS_BODY_SCRIPT },
	{ "noop.js", LISTS_BODY_SCRIPT },
	{ "blank-js", LISTS_BODY_SCRIPT },
	{ "abort-on-property-read.js", LISTS_BODY_SCRIPT },
	{ "noopjson", LISTS_BODY_JSON },
	{ "noop.json", LISTS_BODY_JSON },
	{ "empty.json", LISTS_BODY_JSON },
	{ "noopcss", LISTS_BODY_STYLE },
	{ "noop.css", LISTS_BODY_STYLE },
	{ "blank-css", LISTS_BODY_STYLE },
	{ "noopframe", LISTS_BODY_HTML },
	{ "noop.html", LISTS_BODY_HTML },
	{ "blank-html", LISTS_BODY_HTML },
	{ "click2load.html", LISTS_BODY_HTML },
	{ "click-to-load", LISTS_BODY_HTML },
	{ "1x1.gif", LISTS_BODY_GIF },
	{ "1x1-transparent.gif", LISTS_BODY_GIF },
	{ "1x1-transparent-gif", LISTS_BODY_GIF },
	{ "2x2.png", LISTS_BODY_GIF },
	{ "2x2-transparent.png", LISTS_BODY_GIF },
	{ "2x2-transparent-png", LISTS_BODY_GIF },
	{ "3x2.png", LISTS_BODY_GIF },
	{ "3x2-transparent.png", LISTS_BODY_GIF },
	{ "3x2-transparent-png", LISTS_BODY_GIF },
	{ "32x32.png", LISTS_BODY_GIF },
	{ "32x32-transparent.png", LISTS_BODY_GIF },
	{ "32x32-transparent-png", LISTS_BODY_GIF },
	{ "noopvast-2.0", LISTS_BODY_VAST },
	{ "noopvast-3.0", LISTS_BODY_VAST },
	{ "noopvast-4.0", LISTS_BODY_VAST },
	{ "noop-vast2.xml", LISTS_BODY_VAST },
	{ "noop-vast3.xml", LISTS_BODY_VAST },
	{ "noop-vast4.xml", LISTS_BODY_VAST },
	{ "noopvmap-1.0", LISTS_BODY_VMAP },
	{ "noop-vmap1.0.xml", LISTS_BODY_VMAP },
	{ "noop-vmap1.xml", LISTS_BODY_VMAP },
	{ "noopmp3-0.1s", LISTS_BODY_AUDIO },
	{ "noop-0.1s.mp3", LISTS_BODY_AUDIO },
	{ "noop-0.5s.mp3", LISTS_BODY_AUDIO },
	{ "blank-mp3", LISTS_BODY_AUDIO },
	{ "noopmp4-1s", LISTS_BODY_VIDEO },
	{ "noop-1s.mp4", LISTS_BODY_VIDEO },
	{ "blank-mp4", LISTS_BODY_VIDEO },
	/* Surrogates whose names do not end in ".js". */
	{ "google-analytics", LISTS_BODY_SCRIPT },
	{ "google-analytics-ga", LISTS_BODY_SCRIPT },
	{ "google-ima3", LISTS_BODY_SCRIPT },
	{ "googletagmanager-gtm", LISTS_BODY_SCRIPT },
	{ "googletagservices-gpt", LISTS_BODY_SCRIPT },
	{ "googlesyndication-adsbygoogle", LISTS_BODY_SCRIPT },
	{ "google-analytics_cx_api", LISTS_BODY_SCRIPT },
	{ "scorecardresearch-beacon", LISTS_BODY_SCRIPT },
	{ "metrika-yandex-tag", LISTS_BODY_SCRIPT },
	{ "metrika-yandex-watch", LISTS_BODY_SCRIPT },
	{ "amazon-apstag", LISTS_BODY_SCRIPT },
	{ "ati-smarttag", LISTS_BODY_SCRIPT },
	{ "didomi-loader", LISTS_BODY_SCRIPT },
	{ "fingerprintjs2", LISTS_BODY_SCRIPT },
	{ "fingerprintjs3", LISTS_BODY_SCRIPT },
	{ "gemius", LISTS_BODY_SCRIPT },
	{ "matomo", LISTS_BODY_SCRIPT },
	{ "naver-wcslog", LISTS_BODY_SCRIPT },
	{ "pardot-1.0", LISTS_BODY_SCRIPT },
	{ "prebid", LISTS_BODY_SCRIPT },
	{ "prebid-ads", LISTS_BODY_SCRIPT },
	{ "prevent-bab", LISTS_BODY_SCRIPT },
	{ "prevent-bab2", LISTS_BODY_SCRIPT },
	{ "prevent-fab-3.2.0", LISTS_BODY_SCRIPT },
	{ "prevent-popads-net", LISTS_BODY_SCRIPT },
	{ "set-popads-dummy", LISTS_BODY_SCRIPT },
	{ "hd-main", LISTS_BODY_SCRIPT },
	{ "chartbeat", LISTS_BODY_SCRIPT },
};
/* clang-format on */

bool lists_body_of_name(struct slice name, enum lists_body *out)
{
	/* Adblock Plus: rewrite=abp-resource:NAME */
	if (slice_starts(name, SLICE("abp-resource:")))
		name = slice_skip(name, sizeof("abp-resource:") - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_eq(name, slice_str(names[i].name))) {
			*out = names[i].body;
			return true;
		}
	}
	/* The surrogates all are scripts: their names are many and change. */
	*out = LISTS_BODY_SCRIPT;
	return name.n > 3 && slice_ends(name, SLICE(".js"));
}

const struct lists_body_data *lists_body_data(enum lists_body body)
{
	return &bodies[(unsigned)body < LISTS_BODIES ? body : LISTS_BODY_EMPTY];
}
