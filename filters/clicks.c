#include "filters/clicks.h"

/* Each is named in its maker's own help pages; sorted. */
static const char *const names[] = {
	"ScCid",       /* Snap */
	"_hsenc",      /* HubSpot */
	"_hsmi",       /* HubSpot */
	"_openstat",   /* Yandex */
	"dclid",       /* Google Display & Video */
	"epik",	       /* Pinterest */
	"fbclid",      /* Meta */
	"gad_source",  /* Google Ads */
	"gbraid",      /* Google Ads, apps */
	"gclid",       /* Google Ads */
	"gclsrc",      /* Google Search Ads 360 */
	"igsh",	       /* Instagram */
	"igshid",      /* Instagram */
	"li_fat_id",   /* LinkedIn */
	"mc_cid",      /* Mailchimp */
	"mc_eid",      /* Mailchimp */
	"mkt_tok",     /* Adobe Marketo */
	"msclkid",     /* Microsoft Advertising */
	"oly_anon_id", /* Omeda */
	"oly_enc_id",  /* Omeda */
	"rdt_cid",     /* Reddit */
	"srsltid",     /* Google Merchant */
	"ttclid",      /* TikTok */
	"twclid",      /* X */
	"vero_id",     /* Vero */
	"wbraid",      /* Google Ads, web to app */
	"wickedid",    /* Wicked Reports */
	"yclid",       /* Yandex */
	"ysclid",      /* Yandex */
};

bool is_click_id(struct slice parameter)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_eq(parameter, slice_str(names[i])))
			return true;
	return false;
}

static bool is_stripped(struct slice pair)
{
	struct slice name;

	(void)slice_cut(pair, '=', &name);
	return is_click_id(name);
}

static size_t count(struct slice query, struct slice *first)
{
	struct slice pair;
	size_t n = 0;

	while (query.p != NULL) {
		query = slice_cut(query, '&', &pair);
		if (is_stripped(pair) && n++ == 0)
			(void)slice_cut(pair, '=', first);
	}
	return n;
}

size_t clicks_strip(struct slice target, struct buf *out, struct slice *name)
{
	struct slice path, query = slice_cut(target, '?', &path), pair;
	char mark = '?';
	size_t n = query.p != NULL ? count(query, name) : 0;

	if (n == 0)
		return 0;
	buf_add(out, path);
	while (query.p != NULL) {
		query = slice_cut(query, '&', &pair);
		if (is_stripped(pair))
			continue;
		buf_addc(out, mark);
		buf_add(out, pair);
		mark = '&';
	}
	return n;
}
