/*
 * The tests that every row of data/banners.tsv needs: an example of each state, or the reason why
 * the row cannot express it.  banners_cookies.c and banners_reports.c run the examples,
 * banners_table.c sees to it that no row and no state is without.
 *
 * <<...>> stands for the base64 of what is between.  The values are made up.
 */
#ifndef CRUMBGATE_TESTS_BANNERS_CASES_H
#define CRUMBGATE_TESTS_BANNERS_CASES_H

#include "filters/banners/reading.h"

/* TC strings of 20 January 2026: all purposes, none, 1 3 4, none but legitimate 2 7-10, 1 8 9. */
#define TC_ALL "CQeU7cAQeU7cAB7ABBENCMFgAP_gAAAAAAYgAAAAAAAA"
#define TC_NO "CQeU7cAQeU7cAB7ABBENCMFgAAAAAAAAAAYgAAAAAAAA"
#define TC_ADS "CQeU7cAQeU7cAB7ABBENCMFgALAAAAAAAAYgAAAAAAAA"
#define TC_CLAIMS "CQeU7cAQeU7cAB7ABBENCMFgAAAAAEPAAAYgAAAAAAAA"
#define TC_COUNTS "CQeU7cAQeU7cAB7ABBENCMFgAIGAAAAAAAYgAAAAAAAA"
/* Of version 1, and one that is cut short. */
#define TC_OLD "BQeU7cAQeU7cAB7ABBENCMFgAAAAAAAAAAYgAAAAAAAA"
#define TC_SHORT "CQeU7cAQeU7cAB7ABBENC"
/* All purposes, but cut within the vendors; and of the CMP 0, which nobody has. */
#define TC_CUT "CQeU7cAQeU7cAB7ABBENCMFgAP_gAAAAAAYgAA"
#define TC_NOBODY "CQeU7cAQeU7cAAAABBENCMFgAP_gAAAAAAYgAAAAAAAA"

#define FUN BANNER_FUNCTIONAL
#define ANA BANNER_ANALYTICS
#define ADS BANNER_ADVERTISING

/* A Cookie field, and what it says. */
struct banner_case {
	const char *row; /* the table's match column */
	enum banner_state state;
	unsigned granted;
	const char *cookies;
	const char *host; /* NULL: www.example.com */
};

#define ACCEPT(row, cookies)                                                                       \
	{                                                                                          \
		row, BANNER_ACCEPT, BANNER_ALL, cookies, NULL                                      \
	}
#define REFUSE(row, cookies)                                                                       \
	{                                                                                          \
		row, BANNER_REFUSE, 0, cookies, NULL                                               \
	}
#define PARTIAL(row, granted, cookies)                                                             \
	{                                                                                          \
		row, BANNER_PARTIAL, granted, cookies, NULL                                        \
	}
#define IMPLIED(row, cookies)                                                                      \
	{                                                                                          \
		row, BANNER_IMPLIED, 0, cookies, NULL                                              \
	}
#define UNDECIDED(row, cookies)                                                                    \
	{                                                                                          \
		row, BANNER_UNDECIDED, 0, cookies, NULL                                            \
	}
#define MALFORMED(row, cookies)                                                                    \
	{                                                                                          \
		row, BANNER_UNREADABLE, 0, cookies, NULL                                           \
	}

#define BOX "OptanonAlertBoxClosed=2026-01-20T10:11:12.345Z; "
#define OPT "isGpcEnabled=0&datestamp=Tue+Jan+20+2026&version=202601.1.0&hosts=&"
#define STAMP "stamp:%27uT5pXo%3D%3D%27%2Cnecessary:true%2C"
#define DONE "cmplz_banner-status=dismissed; cmplz_functional=allow; "
#define CKY "cookieyes-consent=consentid:QUJD,consent:yes,action:yes,necessary:yes,"
#define CLI "viewed_cookie_policy=yes; cookielawinfo-checkbox-necessary=yes; "
#define CIC                                                                                        \
	"CookieInformationConsent={\"website_uuid\":\"1\",\"consents_approved\":[\"cookie_cat_"    \
	"necessary\""
#define TIK "cookie-consent=%7B%22ga%22%3A"
#define TIKTOK "www.tiktok.com"

static const struct banner_case banner_cases[] = {
	/* OneTrust */
	ACCEPT("OptanonConsent",
	       BOX "OptanonConsent=" OPT
		   "interactionCount=1&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1"),
	ACCEPT("OptanonConsent", BOX "OptanonConsent=" OPT "groups=1%3A1%2C2%3A1%2C3%3A1"),
	REFUSE("OptanonConsent",
	       BOX "OptanonConsent=" OPT "groups=C0001%3A1%2CC0002%3A0%2CC0003%3A0%2CC0004%3A0"),
	/* The site's own ids: one of them is on, and that is the necessary one. */
	REFUSE("OptanonConsent", BOX "OptanonConsent=" OPT "groups=1%3A1%2C2%3A0%2C3%3A0"),
	REFUSE("OptanonConsent", BOX "OptanonConsent=" OPT "groups=s00:1,BG36:0,V2STACK42:0"),
	PARTIAL("OptanonConsent", ANA,
		BOX "OptanonConsent=" OPT "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A0"),
	/* Two groups of one purpose, and one of them refused: the purpose is not granted. */
	PARTIAL("OptanonConsent", FUN,
		BOX "OptanonConsent=" OPT "groups=C0001:1,C0003:1,C0004:1,C0005:0"),
	PARTIAL("OptanonConsent", 0, BOX "OptanonConsent=" OPT "groups=1:1,2:1,3:0"),
	IMPLIED("OptanonConsent",
		"OptanonConsent=" OPT
		"interactionCount=0&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1"),
	IMPLIED("OptanonConsent", "OptanonConsent=" OPT "groups=C0001%3A1%2CC0002%3A0"),
	UNDECIDED("OptanonConsent", "OptanonConsent=" OPT "interactionCount=0"),
	MALFORMED("OptanonConsent", BOX "OptanonConsent=" OPT "groups=C0001%3A1%2CC0002%3Aon"),
	MALFORMED("OptanonConsent", BOX "OptanonConsent=hello"),
	ACCEPT("OptanonAlertBoxClosed", BOX "OptanonConsent=groups=C0001:1,C0002:1"),
	REFUSE("OptanonAlertBoxClosed", BOX "OptanonConsent=groups=C0001:1,C0002:0"),
	PARTIAL("OptanonAlertBoxClosed", ADS, BOX "OptanonConsent=groups=C0004:1,C0002:0"),
	IMPLIED("OptanonAlertBoxClosed", "OptanonConsent=groups=C0001:1,C0002:1"),
	UNDECIDED("OptanonAlertBoxClosed", BOX),
	MALFORMED("OptanonAlertBoxClosed",
		  "OptanonAlertBoxClosed=yes; OptanonConsent=groups=C0001:1,C0002:1"),
	ACCEPT("eupubconsent-v2", BOX "eupubconsent-v2=" TC_ALL),
	REFUSE("eupubconsent-v2", BOX "eupubconsent-v2=" TC_NO),
	PARTIAL("eupubconsent-v2", ADS, BOX "eupubconsent-v2=" TC_ADS),
	/* It takes back what the groups beside it say. */
	PARTIAL("eupubconsent-v2", 0,
		BOX "eupubconsent-v2=" TC_NO "; OptanonConsent=groups=C0001:1,C0004:1"),
	IMPLIED("eupubconsent-v2", "eupubconsent-v2=" TC_ALL),
	MALFORMED("eupubconsent-v2", BOX "eupubconsent-v2=" TC_SHORT),
	/* Cookiebot */
	ACCEPT("CookieConsent", "CookieConsent={" STAMP
				"preferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%"
				"27explicit%27%2Cver:1%2Cutc:1768900000000%2Cregion:%27fr%27}"),
	ACCEPT("CookieConsent", "CookieConsent={stamp:'x',necessary:true,preferences:true,"
				"statistics:true,marketing:true,method:'explicit',ver:1}"),
	REFUSE("CookieConsent",
	       "CookieConsent={" STAMP "preferences:false%2Cstatistics:false%2Cmarketing:false%"
	       "2Cmethod:%27explicit%27%2Cver:1}"),
	PARTIAL("CookieConsent", FUN | ANA,
		"CookieConsent={" STAMP "preferences:true%2Cstatistics:true%2Cmarketing:false%"
		"2Cmethod:%27explicit%27%2Cver:1}"),
	IMPLIED("CookieConsent",
		"CookieConsent={" STAMP "preferences:true%2Cstatistics:true%2Cmarketing:true%"
		"2Cmethod:%27implied%27%2Cver:1}"),
	IMPLIED("CookieConsent", "CookieConsent={stamp:'-1',necessary:true,preferences:true,"
				 "statistics:true,marketing:true,method:'explicit'}"),
	/* Other products use the name. */
	MALFORMED("CookieConsent", "CookieConsent=true"),
	MALFORMED("CookieConsent", "CookieConsent={%22consent%22:true}"),
	/* Didomi */
	ACCEPT("didomi_token", "didomi_token=<<{\"user_id\":\"1\",\"version\":2,\"purposes\":{"
			       "\"enabled\":[\"cookies\","
			       "\"select_personalized_ads\"],\"disabled\":[]},\"vendors\":{"
			       "\"enabled\":[\"google\"],\"disabled\":[]}}>>"),
	REFUSE("didomi_token", "didomi_token=<<{\"version\":2,\"purposes\":{\"enabled\":[],"
			       "\"disabled\":[\"cookies\"]},"
			       "\"vendors\":{\"enabled\":[],\"disabled\":[\"google\"]},\"vendors_"
			       "li\":{\"enabled\":[\"c:1\"]}}>>"),
	PARTIAL("didomi_token", ANA,
		"didomi_token=<<{\"version\":2,\"purposes\":{\"enabled\":[\"market_research\"],"
		"\"disabled\":[\"select_personalized_ads\"]},\"vendors\":{}}>>"),
	IMPLIED("didomi_token", "didomi_token=<<{\"version\":null,\"purposes\":{\"enabled\":["
				"\"cookies\"],\"disabled\":[]}}>>"),
	UNDECIDED("didomi_token", "didomi_token=<<{\"user_id\":\"1\",\"created\":\"2026-01-20\","
				  "\"version\":null}>>"),
	UNDECIDED("didomi_token", "didomi_token=<<{\"version\":null,\"purposes\":{\"enabled\":[],"
				  "\"disabled\":[]}}>>"),
	MALFORMED("didomi_token", "didomi_token=eyJ1c2VyX2lkIjo*"),
	MALFORMED("didomi_token", "didomi_token=<<{\"version\":2,>>"),
	/* IAB TCF */
	ACCEPT("euconsent-v2", "euconsent-v2=" TC_ALL),
	REFUSE("euconsent-v2", "euconsent-v2=" TC_NO),
	REFUSE("euconsent-v2", "euconsent-v2=" TC_CLAIMS ".YAAAAAAAAAAA"),
	PARTIAL("euconsent-v2", ADS, "euconsent-v2=" TC_ADS),
	PARTIAL("euconsent-v2", ANA, "euconsent-v2=" TC_COUNTS),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_OLD),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_ALL ".Y*A"),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_CUT),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_ALL "; euconsent-v2=" TC_CUT),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_NOBODY),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_ALL "."),
	MALFORMED("euconsent-v2", "euconsent-v2=" TC_ALL "="),
	ACCEPT("dm-euconsent-v2", "dm-euconsent-v2=" TC_ALL),
	REFUSE("dm-euconsent-v2", "dm-euconsent-v2=" TC_NO),
	PARTIAL("dm-euconsent-v2", ADS, "dm-euconsent-v2=" TC_ADS),
	MALFORMED("dm-euconsent-v2", "dm-euconsent-v2=" TC_SHORT),
	ACCEPT("addtl_consent", "euconsent-v2=" TC_ALL "; addtl_consent=1~1.35.41"),
	REFUSE("addtl_consent", "euconsent-v2=" TC_NO "; addtl_consent=1~"),
	PARTIAL("addtl_consent", 0, "euconsent-v2=" TC_NO "; addtl_consent=2~1.35~dv.9.21"),
	UNDECIDED("addtl_consent", "addtl_consent=1~1.35.41"),
	MALFORMED("addtl_consent", "addtl_consent=1.35.41"),
	MALFORMED("addtl_consent", "euconsent-v2=" TC_ALL "; addtl_consent=1~1~dv.2"),
	MALFORMED("addtl_consent", "euconsent-v2=" TC_ALL "; addtl_consent=2~1"),
	MALFORMED("addtl_consent", "euconsent-v2=" TC_ALL "; addtl_consent=3~1"),
	MALFORMED("addtl_consent", "euconsent-v2=" TC_ALL "; addtl_consent=1~a"),
	/* TrustArc */
	ACCEPT("notice_behavior", "notice_behavior=expressed,eu; notice_preferences=2:"),
	REFUSE("notice_behavior", "notice_behavior=expressed,eu; notice_preferences=0:"),
	PARTIAL("notice_behavior", FUN, "notice_behavior=expressed|eu; notice_preferences=1:"),
	IMPLIED("notice_behavior", "notice_behavior=implied,eu; notice_preferences=2:; "
				   "notice_gdpr_prefs=0,1,2:"),
	UNDECIDED("notice_behavior", "notice_behavior=expressed,eu"),
	MALFORMED("notice_behavior", "notice_behavior=perhaps; notice_preferences=2:"),
	ACCEPT("notice_preferences", "notice_preferences=2:cb8350a2759273dccf1e483791e6f8fd"),
	REFUSE("notice_preferences", "notice_preferences=0:"),
	/* Opted out, also where the place would let the site assume a yes. */
	REFUSE("notice_preferences", "notice_behavior=implied,eu; notice_preferences=0:"),
	PARTIAL("notice_preferences", FUN, "notice_preferences=1:"),
	IMPLIED("notice_preferences", "notice_preferences=1:; notice_behavior=implied,eu"),
	MALFORMED("notice_preferences", "notice_preferences=:2"),
	ACCEPT("notice_gdpr_prefs", "notice_gdpr_prefs=0,1,2:"),
	ACCEPT("notice_gdpr_prefs", "notice_gdpr_prefs=0|1|2:"),
	REFUSE("notice_gdpr_prefs", "notice_gdpr_prefs=0::implied,eu"),
	PARTIAL("notice_gdpr_prefs", ADS, "notice_gdpr_prefs=0,2:"),
	IMPLIED("notice_gdpr_prefs", "notice_gdpr_prefs=0,1:; notice_behavior=implied,eu"),
	MALFORMED("notice_gdpr_prefs", "notice_gdpr_prefs=all"),
	ACCEPT("cmapi_cookie_privacy", "cmapi_cookie_privacy=permit 1,2,3"),
	ACCEPT("cmapi_cookie_privacy", "cmapi_cookie_privacy=permit_1|2|3"),
	REFUSE("cmapi_cookie_privacy", "cmapi_cookie_privacy=permit 1 required"),
	PARTIAL("cmapi_cookie_privacy", FUN, "cmapi_cookie_privacy=permit%201%2C2"),
	IMPLIED("cmapi_cookie_privacy",
		"notice_behavior=implied,us; cmapi_cookie_privacy=permit 1,2,3"),
	MALFORMED("cmapi_cookie_privacy", "cmapi_cookie_privacy=permit"),
	/* consentmanager */
	ACCEPT("__cmpconsent*", "__cmpconsentx4711=" TC_ALL "; __cmpcpcx4711=__1_2_3__"),
	ACCEPT("__cmpconsent*", "__cmpconsentx4711=" TC_ALL "; __cmpcpcx4711=__1__"),
	REFUSE("__cmpconsent*", "__cmpconsentx4711=" TC_NO "; __cmpcpcx4711=____"),
	PARTIAL("__cmpconsent*", ADS, "__cmpconsentx4711=" TC_ADS),
	MALFORMED("__cmpconsent*", "__cmpconsentx4711=" TC_OLD),
	ACCEPT("__cmpcpc*", "__cmpcpc=__1_2_3__; __cmpconsent4711=" TC_ALL),
	REFUSE("__cmpcpc*", "__cmpcpc=__1__"),
	PARTIAL("__cmpcpc*", 0, "__cmpcpc=__1_2__"),
	UNDECIDED("__cmpcpc*", "__cmpcpcs1=____"),
	MALFORMED("__cmpcpc*", "__cmpcpc=1,2"),
	/* Axeptio */
	ACCEPT("axeptio_cookies",
	       "axeptio_cookies={%22$$token%22:%22x%22%2C%22$$completed%22:true%2C"
	       "%22google_analytics%22:true%2C%22hotjar%22:true}"),
	REFUSE("axeptio_cookies", "axeptio_cookies={\"$$completed\":true,\"hotjar\":false}"),
	PARTIAL("axeptio_cookies", 0,
		"axeptio_cookies={\"$$completed\":true,\"hotjar\":false,\"matomo\":true}"),
	UNDECIDED("axeptio_cookies",
		  "axeptio_cookies={\"$$completed\":false,\"hotjar\":true}; "
		  "axeptio_authorized_vendors=,hotjar,; axeptio_all_vendors=,hotjar,"),
	MALFORMED("axeptio_cookies", "axeptio_cookies={\"$$completed\":true"),
	ACCEPT("axeptio_authorized_vendors", "axeptio_authorized_vendors=%2Cmatomo%2Chotjar%2C; "
					     "axeptio_all_vendors=%2Chotjar%2Cmatomo%2C"),
	REFUSE("axeptio_authorized_vendors",
	       "axeptio_authorized_vendors=%2C%2C; axeptio_all_vendors=%2Chotjar%2Cmatomo%2C"),
	REFUSE("axeptio_authorized_vendors", "axeptio_authorized_vendors=,,"),
	PARTIAL("axeptio_authorized_vendors", 0,
		"axeptio_authorized_vendors=,hotjar,; axeptio_all_vendors=,hotjar,matomo,"),
	PARTIAL("axeptio_authorized_vendors", 0, "axeptio_authorized_vendors=,hotjar,"),
	ACCEPT("axeptio_all_vendors", "axeptio_all_vendors=,a,; axeptio_authorized_vendors=,a,"),
	REFUSE("axeptio_all_vendors", "axeptio_all_vendors=,a,; axeptio_authorized_vendors=,,"),
	PARTIAL("axeptio_all_vendors", 0,
		"axeptio_all_vendors=,a,b,; axeptio_authorized_vendors=,b,"),
	UNDECIDED("axeptio_all_vendors", "axeptio_all_vendors=,a,b,"),
	/* Complianz */
	ACCEPT("cmplz_banner-status",
	       DONE "cmplz_preferences=allow; cmplz_statistics=allow; cmplz_marketing=allow"),
	REFUSE("cmplz_banner-status",
	       DONE "cmplz_preferences=deny; cmplz_statistics=deny; cmplz_marketing=deny"),
	PARTIAL("cmplz_banner-status", ANA, DONE "cmplz_statistics=allow; cmplz_marketing=deny"),
	IMPLIED("cmplz_banner-status", "cmplz_statistics=allow; cmplz_marketing=allow"),
	UNDECIDED("cmplz_banner-status", DONE),
	MALFORMED("cmplz_banner-status", "cmplz_banner-status=open; cmplz_marketing=allow"),
	ACCEPT("cmplz_*", DONE "cmplz_marketing=allow; cmplz_policy_id=64"),
	REFUSE("cmplz_*", DONE "cmplz_marketing=deny; cmplz_statistics-anonymous=allow"),
	PARTIAL("cmplz_*", FUN, DONE "cmplz_preferences=allow; cmplz_marketing=deny"),
	IMPLIED("cmplz_*", "cmplz_marketing=allow"),
	MALFORMED("cmplz_*", DONE "cmplz_marketing=maybe"),
	/* CookieYes and its older self */
	ACCEPT("cookieyes-consent",
	       CKY "functional:yes,analytics:yes,performance:yes,advertisement:yes"),
	REFUSE("cookieyes-consent",
	       "cookieyes-consent=consentid:QUJD%2Cconsent:no%2Caction:yes%2Cnecessary:yes%2C"
	       "functional:no%2Canalytics:no%2Cperformance:no%2Cadvertisement:no"),
	PARTIAL("cookieyes-consent", FUN,
		CKY "functional:yes,analytics:yes,performance:no,advertisement:no"),
	UNDECIDED("cookieyes-consent",
		  "cookieyes-consent=consentid:QUJD,consent:,action:,necessary:yes,functional:yes,"
		  "analytics:yes,performance:yes,advertisement:yes"),
	ACCEPT("viewed_cookie_policy", CLI "cookielawinfo-checkbox-analytics=yes"),
	REFUSE("viewed_cookie_policy", CLI "cookielawinfo-checkbox-analytics=no"),
	REFUSE("viewed_cookie_policy", "viewed_cookie_policy=no"),
	PARTIAL("viewed_cookie_policy", ANA,
		CLI "cookielawinfo-checkbox-analytics=yes; "
		    "cookielawinfo-checkbox-advertisement=no"),
	IMPLIED("viewed_cookie_policy", "cookielawinfo-checkbox-analytics=yes"),
	UNDECIDED("viewed_cookie_policy", CLI),
	MALFORMED("viewed_cookie_policy",
		  "viewed_cookie_policy=2; cookielawinfo-checkbox-analytics=yes"),
	ACCEPT("cookielawinfo-checkbox-*", CLI "cookielawinfo-checkbox-non-necessary=yes"),
	REFUSE("cookielawinfo-checkbox-*", CLI "cookielawinfo-checkbox-non-necessary=no"),
	PARTIAL("cookielawinfo-checkbox-*", ADS,
		CLI "cookielawinfo-checkbox-advertisement=yes; "
		    "cookielawinfo-checkbox-others=no"),
	IMPLIED("cookielawinfo-checkbox-*", "cookielawinfo-checkbox-non-necessary=yes"),
	MALFORMED("cookielawinfo-checkbox-*", CLI "cookielawinfo-checkbox-analytics=x"),
	ACCEPT("CookieLawInfoConsent",
	       CLI "CookieLawInfoConsent=<<{\"necessary\":true,\"analytics\":true}>>"),
	REFUSE("CookieLawInfoConsent", CLI "CookieLawInfoConsent=<<{\"necessary\":true,"
					   "\"analytics\":false,\"others\":false}>>"),
	PARTIAL("CookieLawInfoConsent", ANA,
		CLI "CookieLawInfoConsent=<<{\"analytics\":true,\"advertisement\":false}>>"),
	IMPLIED("CookieLawInfoConsent", "CookieLawInfoConsent=<<{\"analytics\":true}>>"),
	MALFORMED("CookieLawInfoConsent", CLI "CookieLawInfoConsent=true"),
	/* Moove, Real Cookie Banner, Borlabs */
	ACCEPT("moove_gdpr_popup", "moove_gdpr_popup={\"strict\":\"1\",\"thirdparty\":\"1\","
				   "\"advanced\":\"1\",\"version\":\"1\"}"),
	REFUSE("moove_gdpr_popup", "moove_gdpr_popup=%7B%22strict%22%3A%221%22%2C%22thirdparty%22%"
				   "3A%220%22%2C%22advanced%22%3A%220%22%7D"),
	PARTIAL("moove_gdpr_popup", 0,
		"moove_gdpr_popup={\"strict\":\"1\",\"thirdparty\":\"1\",\"advanced\":\"0\"}"),
	MALFORMED("moove_gdpr_popup", "moove_gdpr_popup=1"),
	REFUSE("real_cookie_banner*",
	       "real_cookie_banner-v:3_blog:1=1768900000:0b9e0cc5-7f5d-4e1b-9c54-7d3f2a1b0c9d:"
	       "0123456789abcdef0123456789abcdef:{\"14\":[60,61]}"),
	PARTIAL("real_cookie_banner*", 0,
		"real_cookie_banner=1768900000:0b9e0cc5-7f5d-4e1b-9c54-7d3f2a1b0c9d:"
		"0123456789abcdef0123456789abcdef:{\"14\":[60],\"15\":[70]}"),
	MALFORMED("real_cookie_banner*", "real_cookie_banner={\"14\":[60]}"),
	ACCEPT("borlabs-cookie", "borlabs-cookie={\"consents\":{\"essential\":[\"borlabs-cookie\"],"
				 "\"statistics\":[\"m\"],"
				 "\"marketing\":[\"f\"],\"external-media\":[\"y\"]},\"uid\":"
				 "\"anonymous\",\"v3\":true,\"version\":1}"),
	REFUSE("borlabs-cookie",
	       "borlabs-cookie={\"consents\":{\"essential\":[\"borlabs-cookie\"]},\"version\":1}"),
	REFUSE("borlabs-cookie", "borlabs-cookie={\"consents\":{\"essential\":[\"borlabs-cookie\"],"
				 "\"statistics\":[]}}"),
	PARTIAL("borlabs-cookie", FUN,
		"borlabs-cookie={\"consents\":{\"essential\":[\"b\"],\"external-media\":[\"y\"]}}"),
	MALFORMED("borlabs-cookie", "borlabs-cookie={\"consents\":[]}"),
	/* Drupal, Shopify, Pandectes */
	ACCEPT("cookie-agreed", "cookie-agreed=2; cookie-agreed-version=1.0.0"),
	REFUSE("cookie-agreed", "cookie-agreed=0"),
	PARTIAL("cookie-agreed", ANA, "cookie-agreed=2; cookie-agreed-categories=[\"analytics\"]"),
	MALFORMED("cookie-agreed", "cookie-agreed=yes"),
	ACCEPT("cookie-agreed-categories", "cookie-agreed=2; "
					   "cookie-agreed-categories=%5B%22functional%22%2C%"
					   "22analytics%22%2C%22marketing%22%5D"),
	REFUSE("cookie-agreed-categories",
	       "cookie-agreed=0; cookie-agreed-categories=[\"essential\"]"),
	PARTIAL("cookie-agreed-categories", 0,
		"cookie-agreed=2; cookie-agreed-categories=[\"essential\"]"),
	MALFORMED("cookie-agreed-categories", "cookie-agreed=2; cookie-agreed-categories=[\"ess"),
	ACCEPT("_tracking_consent", "_tracking_consent={\"v\":\"2.1\",\"purposes\":{\"a\":true,"
				    "\"p\":true,\"m\":true,\"sd\":true}}"),
	ACCEPT("_tracking_consent", "_tracking_consent={\"con\":{\"CMP\":{\"a\":\"1\",\"m\":\"1\","
				    "\"p\":\"1\",\"s\":\"1\"}},\"v\":\"2.1\"}"),
	REFUSE("_tracking_consent", "_tracking_consent=%7B%22purposes%22%3A%7B%22a%22%3Afalse%2C%"
				    "22p%22%3Afalse%2C%22m%22%3Afalse%7D%7D"),
	PARTIAL("_tracking_consent", ANA,
		"_tracking_consent={\"purposes\":{\"a\":true,\"p\":false,\"m\":false,\"sd\":false}"
		"}"),
	IMPLIED("_tracking_consent", "_tracking_consent={\"con\":{\"CMP\":{\"a\":\"\",\"m\":\"\","
				     "\"p\":\"\",\"s\":\"\"}},"
				     "\"purposes\":{\"a\":true,\"p\":true,\"m\":true,\"t\":true}}"),
	UNDECIDED(
		"_tracking_consent",
		"_tracking_consent={\"purposes\":{\"a\":\"\",\"p\":\"\",\"m\":\"\",\"sd\":\"\"}}"),
	MALFORMED("_tracking_consent", "_tracking_consent=3AMPS_DEHE_f_f"),
	ACCEPT("_pandectes_gdpr", "_pandectes_gdpr=<<{\"status\":\"allow\",\"preferences\":0}>>"),
	REFUSE("_pandectes_gdpr", "_pandectes_gdpr=<<{\"status\":\"deny\",\"preferences\":7}>>"),
	PARTIAL("_pandectes_gdpr", 0,
		"_pandectes_gdpr=<<{\"status\":\"mixed\",\"preferences\":4}>>"),
	UNDECIDED("_pandectes_gdpr",
		  "_pandectes_gdpr=<<{\"status\":\"\",\"timestamp\":null,\"preferences\":null}>>"),
	MALFORMED("_pandectes_gdpr", "_pandectes_gdpr=<<{\"preferences\":4}>>"),
	/* Klaro and its like */
	ACCEPT("klaro", "klaro=%7B%22matomo%22%3Atrue%2C%22youtube%22%3Atrue%7D"),
	REFUSE("klaro", "klaro={\"necessary\":true,\"matomo\":false,\"youtube\":false}"),
	PARTIAL("klaro", ANA, "klaro={\"matomo\":true,\"youtube\":false}"),
	MALFORMED("klaro", "klaro={\"matomo\":true,\"matomo\":false}"),
	ACCEPT("orejime", "orejime={\"matomo\":true}"),
	REFUSE("orejime", "orejime={\"matomo\":false}"),
	PARTIAL("orejime", 0, "orejime={\"matomo\":false,\"own\":true}"),
	MALFORMED("orejime", "orejime=[true]"),
	ACCEPT("eu-consent", "eu-consent={\"matomo\":true}"),
	REFUSE("eu-consent", "eu-consent={\"matomo\":false}"),
	PARTIAL("eu-consent", ANA, "eu-consent={\"matomo\":true,\"own\":false}"),
	MALFORMED("eu-consent", "eu-consent=yes"),
	ACCEPT("tarteaucitron", "tarteaucitron=!gtag=true!facebookpixel=true"),
	REFUSE("tarteaucitron", "tarteaucitron=!gtag=false!facebookpixel=false"),
	PARTIAL("tarteaucitron", ANA, "tarteaucitron=!gtag=true!facebookpixel=false"),
	PARTIAL("tarteaucitron", ANA, "tarteaucitron=%21gtag%3Dtrue%21x%3Dfalse%21y%3Dwait"),
	UNDECIDED("tarteaucitron", "tarteaucitron=!gtag=wait!facebookpixel=false"),
	ACCEPT("cc_cookie",
	       "cc_cookie={\"categories\":[\"necessary\",\"analytics\"],\"revision\":0,"
	       "\"services\":{\"necessary\":[],\"analytics\":[\"m\"]},\"consentId\":\"1\"}"),
	ACCEPT("cc_cookie", "cc_cookie={\"categories\":[\"necessary\",\"functionality\","
			    "\"analytics\",\"ads\"]}"),
	REFUSE("cc_cookie",
	       "cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%5D%2C%22revision%22%3A0%7D"),
	REFUSE("cc_cookie", "cc_cookie={\"categories\":[\"necessary\"],\"services\":{\"necessary\":"
			    "[],\"ads\":[]}}"),
	PARTIAL("cc_cookie", ANA,
		"cc_cookie={\"categories\":[\"necessary\",\"analytics\"],\"services\":{"
		"\"analytics\":[],\"ads\":[]}}"),
	/* What else was asked the list does not say. */
	PARTIAL("cc_cookie", ANA, "cc_cookie={\"categories\":[\"necessary\",\"analytics\"]}"),
	MALFORMED("cc_cookie", "cc_cookie={\"revision\":0}"),
	/* Osano, Google */
	ACCEPT("cookieconsent_status", "cookieconsent_status=allow"),
	REFUSE("cookieconsent_status", "cookieconsent_status=deny"),
	UNDECIDED("cookieconsent_status", "cookieconsent_status=dismiss"),
	MALFORMED("cookieconsent_status", "cookieconsent_status=ok"),
	MALFORMED("osano_consentmanager", "osano_consentmanager=kL0-9zX_opaque"),
	ACCEPT("FCCDCF", "FCCDCF=[null,null,null,[\"" TC_ALL "\",\"1~1.35\",\"u\"],null,null,[]]"),
	REFUSE("FCCDCF", "FCCDCF=%5Bnull%2Cnull%2Cnull%2C%5B%22" TC_NO "%22%2C%221~%22%5D%5D"),
	PARTIAL("FCCDCF", ADS, "FCCDCF=[null,null,null,[\"" TC_ADS "\",\"1~\"]]"),
	UNDECIDED("FCCDCF", "FCCDCF=[null,null,null,null,null,null,[[32,\"[\\\"u\\\",[1,2]]\"]]]"),
	MALFORMED("FCCDCF", "FCCDCF={\"tc\":1}"),
	ACCEPT("SOCS", "SOCS=CAISHAgBEhJnd3NfMjAyNjAxMjA"),
	REFUSE("SOCS", "SOCS=CAESHAgBEhJnd3NfMjAyNjAxMjA; CONSENT=YES+cb.20210720"),
	UNDECIDED("SOCS", "SOCS=CAAaBgiAse7MBg; CONSENT=YES+cb.20210720"),
	MALFORMED("SOCS", "SOCS=hello"),
	{ "CONSENT", BANNER_ACCEPT, BANNER_ALL, "CONSENT=YES+cb.20210720-07-p0.en+FX+410",
	  "www.youtube.com" },
	{ "CONSENT", BANNER_UNDECIDED, 0, "CONSENT=PENDING+987", "consent.google.de" },
	{ "CONSENT", BANNER_UNREADABLE, 0, "CONSENT=WP.25dcd5", "www.google.com" },
	/* iubenda and other products */
	ACCEPT("_iub_cs-*",
	       "_iub_cs-12345678={\"timestamp\":\"2026-01-20T10:00:00Z\",\"version\":\"1.75.1\","
	       "\"purposes\":{\"1\":true,\"3\":true,\"4\":true},\"id\":12345678}"),
	ACCEPT("_iub_cs-*", "_iub_cs-12345678=%7B%22consent%22%3Atrue%2C%22id%22%3A1%7D"),
	REFUSE("_iub_cs-*", "_iub_cs-12345678={\"purposes\":{\"1\":true,\"2\":false,\"3\":false,"
			    "\"4\":false,\"5\":false}}"),
	REFUSE("_iub_cs-*", "_iub_cs-12345678={\"consent\":false}"),
	PARTIAL("_iub_cs-*", ANA,
		"_iub_cs-12345678={\"purposes\":{\"1\":true,\"4\":true,\"5\":false}}"),
	UNDECIDED("_iub_cs-*", "_iub_cs-12345678={\"id\":12345678}"),
	MALFORMED("_iub_cs-*", "_iub_cs-12345678={\"purposes\""),
	ACCEPT("CookieScriptConsent",
	       "CookieScriptConsent={\"bannershown\":1,\"action\":\"accept\",\"categories\":"
	       "\"[\\\"targeting\\\",\\\"performance\\\",\\\"functionality\\\"]\",\"key\":\"k\"}"),
	ACCEPT("CookieScriptConsent", "CookieScriptConsent={\"action\":\"accept\"}"),
	REFUSE("CookieScriptConsent", "CookieScriptConsent={\"bannershown\":1,\"action\":"
				      "\"reject\",\"categories\":\"[]\",\"key\":\"k\"}"),
	PARTIAL("CookieScriptConsent", ANA,
		"CookieScriptConsent={\"action\":\"accept\",\"categories\":\"[\\\"performance\\\"]"
		"\"}"),
	PARTIAL("CookieScriptConsent", 0,
		"CookieScriptConsent={\"action\":\"accept\",\"categories\":\"[]\"}"),
	UNDECIDED("CookieScriptConsent", "CookieScriptConsent={\"googleconsentmap\":{}}"),
	MALFORMED("CookieScriptConsent", "CookieScriptConsent=accept"),
	ACCEPT("TC_PRIVACY*", "TC_PRIVACY=0%40032%7C13%7C1665%401%2C2%2C3%40%401768900000000%"
			      "2C1768900000000%2C1800436000000%40"),
	ACCEPT("TC_PRIVACY*", "TC_PRIVACY=0@064@ALL@@1768900000000@"),
	REFUSE("TC_PRIVACY*", "TC_PRIVACY=1@003@@@1768900000000@"),
	REFUSE("TC_PRIVACY*", "TC_PRIVACY=1@009@ALL@@1768900000000@"),
	PARTIAL("TC_PRIVACY*", 0, "TC_PRIVACY=0@019@2,3@1@1768900000000@"),
	MALFORMED("TC_PRIVACY*", "TC_PRIVACY=2@003@1"),
	ACCEPT("CookieInformationConsent",
	       CIC ",\"cookie_cat_functional\",\"cookie_cat_statistic\",\"cookie_cat_marketing\","
		   "\"cookie_cat_unclassified\"],\"consents_denied\":[]}"),
	REFUSE("CookieInformationConsent",
	       CIC "],\"consents_denied\":[\"cookie_cat_functional\",\"cookie_cat_statistic\"]}"),
	PARTIAL("CookieInformationConsent", ANA,
		CIC ",\"cookie_cat_statistic\"],\"consents_denied\":[\"cookie_cat_marketing\"]}"),
	MALFORMED("CookieInformationConsent", CIC "]"),
	ACCEPT("CONSENTMGR", "CONSENTMGR=c1:1%7Cc2:1%7Cc3:1%7Cts:1768900000000%7Cconsent:true"),
	ACCEPT("CONSENTMGR", "CONSENTMGR=consent:true%7Cts:1768900000000"),
	REFUSE("CONSENTMGR", "CONSENTMGR=consent:false%7Cts:1768900000000"),
	PARTIAL("CONSENTMGR", 0, "CONSENTMGR=c1:1%7Cc4:1%7Cc2:0%7Cts:1768900000000%7Cconsent:true"),
	REFUSE("_ketch_consent_v1_", "_ketch_consent_v1_=<<{\"essential_services\":{\"status\":"
				     "\"granted\"},\"analytics\":{\"status\":\"denied\"}}>>"),
	IMPLIED("_ketch_consent_v1_", "_ketch_consent_v1_=<<{\"essential_services\":{\"status\":"
				      "\"granted\"},\"analytics\":{\"status\":\"granted\"}}>>"),
	UNDECIDED("_ketch_consent_v1_",
		  "_ketch_consent_v1_=<<{\"essential_services\":{\"status\":\"granted\"}}>>"),
	MALFORMED("_ketch_consent_v1_", "_ketch_consent_v1_=%%%"),
	ACCEPT("ppms_privacy_*", "ppms_privacy_1a2b={%22visitorId%22:%22v%22%2C%22consents%22:{%"
				 "22analytics%22:{%22status%22:1}}}"),
	REFUSE("ppms_privacy_*", "ppms_privacy_1a2b={\"consents\":{\"analytics\":{\"status\":0},"
				 "\"remarketing\":{\"status\":0}}}"),
	PARTIAL("ppms_privacy_*", ANA,
		"ppms_privacy_1a2b={\"consents\":{\"analytics\":{\"status\":1},"
		"\"remarketing\":{\"status\":0}}}"),
	UNDECIDED("ppms_privacy_*",
		  "ppms_privacy_1a2b={\"consents\":{\"analytics\":{\"status\":-1},"
		  "\"remarketing\":{\"status\":-1}}}"),
	MALFORMED("ppms_privacy_*", "ppms_privacy_1a2b=1"),
	ACCEPT("edp_cookie_agree", "edp_cookie_agree=1"),
	REFUSE("edp_cookie_agree", "edp_cookie_agree=0"),
	MALFORMED("edp_cookie_agree", "edp_cookie_agree="),
	ACCEPT("cookiefirst-consent",
	       "cookiefirst-consent={\"necessary\":true,\"performance\":true,\"functional\":true,"
	       "\"advertising\":true,"
	       "\"timestamp\":1768900000,\"type\":\"category\",\"version\":\"1\"}"),
	REFUSE("cookiefirst-consent",
	       "cookiefirst-consent=%7B%22necessary%22%3Atrue%2C%22performance%22%3Afalse%2C%"
	       "22functional%22%3Afalse%2C%22advertising%22%3Afalse%2C%22timestamp%22%3A1%7D"),
	PARTIAL("cookiefirst-consent", FUN | ANA,
		"cookiefirst-consent={\"necessary\":true,\"performance\":true,\"functional\":true,"
		"\"advertising\":false}"),
	MALFORMED("cookiefirst-consent", "cookiefirst-consent={necessary:true}"),
	/* TikTok, on its own site only */
	{ "cookie-consent", BANNER_ACCEPT, BANNER_ALL,
	  TIK "true%2C%22af%22%3Atrue%2C%22ttads%22%3Atrue%2C%22version%22%3A%22v9%22%7D", TIKTOK },
	{ "cookie-consent", BANNER_REFUSE, 0,
	  TIK "false%2C%22af%22%3Afalse%2C%22ttads%22%3Afalse%2C%22version%22%3A%22v9%22%7D",
	  TIKTOK },
	{ "cookie-consent", BANNER_PARTIAL, ANA,
	  TIK "true%2C%22af%22%3Afalse%2C%22ttads%22%3Afalse%2C%22version%22%3A%22v9%22%7D",
	  TIKTOK },
	{ "cookie-consent", BANNER_UNREADABLE, 0, TIK "tru", TIKTOK },
};

/* A banner's report of the answer. */
struct banner_report_case {
	const char *row;
	enum banner_state state;
	unsigned granted;
	const char *method, *host, *path, *query, *body;
};

#define RECEIPT "POST *.onetrust.com/request/v1/consentreceipts"
#define LOGGED "GET consent.cookiebot.com/logconsent.ashx"
#define EVENT "POST api.privacy-center.org/v1/events"
#define CHOICE "POST */wrapper/v2/choice/gdpr/*"
#define UW "POST consent-api.service.consent.usercentrics.eu/consent/uw/3"
#define UA "POST consent-api.service.consent.usercentrics.eu/consent/ua/3"
#define UW1 "POST consent-api.service.consent.eu1.usercentrics.eu/consent/uw/3"
#define UA1 "POST consent-api.service.consent.eu1.usercentrics.eu/consent/ua/3"

#define ONETRUST(state, granted, body)                                                             \
	{                                                                                          \
		RECEIPT, state, granted, "POST", "privacyportal-eu.onetrust.com",                  \
			"/request/v1/consentreceipts", "", body                                    \
	}
#define COOKIEBOT(state, granted, query)                                                           \
	{                                                                                          \
		LOGGED, state, granted, "GET", "consent.cookiebot.com", "/logconsent.ashx", query, \
			""                                                                         \
	}
#define DIDOMI(state, granted, body)                                                               \
	{                                                                                          \
		EVENT, state, granted, "POST", "api.privacy-center.org", "/v1/events", "", body    \
	}
#define SOURCEPOINT(state, granted, n, body)                                                       \
	{                                                                                          \
		CHOICE, state, granted, "POST", "cmp.shop.example", "/wrapper/v2/choice/gdpr/" n,  \
			"env=prod", body                                                           \
	}
#define UC_HOST "consent-api.service.consent.usercentrics.eu"
#define UC_HOST1 "consent-api.service.consent.eu1.usercentrics.eu"
#define UC(row, host, path, state, granted, action, second)                                        \
	{                                                                                          \
		row, state, granted, "POST", host, path, "",                                       \
			"{\"action\":\"" action "\",\"consents\":[{\"consentStatus\":true,"        \
			"\"consentTemplateId\":\"H1Vl5NidjWX\"},{\"consentStatus\":" second        \
			",\"consentTemplateId\":\"HkocEodjb7\"}]}"                                 \
	}
#define UC_ALL(row, host, path)                                                                    \
	UC(row, host, path, BANNER_ACCEPT, BANNER_ALL, "onAcceptAllServices", "true"),             \
		UC(row, host, path, BANNER_REFUSE, 0, "onDenyAllServices", "false"),               \
		UC(row, host, path, BANNER_PARTIAL, 0, "onUpdateServices", "false"),               \
		UC(row, host, path, BANNER_IMPLIED, 0, "onNonEURegion", "true"),                   \
		UC(row, host, path, BANNER_IMPLIED, 0, "onInitialPageLoad", "true"),               \
	{                                                                                          \
		row, BANNER_UNREADABLE, 0, "POST", host, path, "", "{\"consents\":[]}"             \
	}

static const struct banner_report_case banner_report_cases[] = {
	ONETRUST(BANNER_ACCEPT, BANNER_ALL,
		 "{\"requestInformation\":\"eyJ\",\"purposes\":[{\"Id\":\"a\",\"TransactionType\":"
		 "\"CONFIRMED\"},"
		 "{\"Id\":\"b\",\"TransactionType\":\"CONFIRMED\"}]}"),
	ONETRUST(BANNER_REFUSE, 0,
		 "{\"purposes\":[{\"Id\":\"a\",\"TransactionType\":\"WITHDRAWN\"},"
		 "{\"Id\":\"b\",\"TransactionType\":\"OPT_OUT\"}]}"),
	ONETRUST(BANNER_PARTIAL, 0,
		 "{\"purposes\":[{\"Id\":\"a\",\"TransactionType\":\"CONFIRMED\"},"
		 "{\"Id\":\"b\",\"TransactionType\":\"WITHDRAWN\"}]}"),
	ONETRUST(BANNER_UNDECIDED, 0,
		 "{\"purposes\":[{\"Id\":\"a\",\"TransactionType\":\"NOTGIVEN\"},"
		 "{\"Id\":\"b\",\"TransactionType\":\"NO_CHOICE\"}]}"),
	ONETRUST(BANNER_UNREADABLE, 0, "{\"purposes\":\"all\"}"),
	ONETRUST(BANNER_UNREADABLE, 0, ""),
	COOKIEBOT(BANNER_ACCEPT, BANNER_ALL,
		  "action=accept&nocache=1&method=strict&clp=true&cls=true&clm=true&cbid=0"),
	COOKIEBOT(BANNER_ACCEPT, BANNER_ALL, "action=accept&nocache=1&method=strict"),
	COOKIEBOT(BANNER_REFUSE, 0, "action=decline&nocache=1&method=strict"),
	COOKIEBOT(BANNER_PARTIAL, ANA, "action=accept&clp=false&cls=true&clm=false&method=strict"),
	COOKIEBOT(BANNER_IMPLIED, 0, "action=accept&method=implied&clp=true&cls=true&clm=true"),
	COOKIEBOT(BANNER_UNDECIDED, 0, "action=hello"),
	DIDOMI(BANNER_ACCEPT, BANNER_ALL,
	       "{\"type\":\"consent.given\",\"user\":{\"id\":\"1\",\"token\":\"{\\\"purposes\\\":{"
	       "\\\"enabled\\\":"
	       "[\\\"analytics\\\"],\\\"disabled\\\":[]},\\\"vendors\\\":{\\\"enabled\\\":["
	       "\\\"v\\\"],\\\"disabled\\\":[]}}\"}}"),
	DIDOMI(BANNER_REFUSE, 0,
	       "{\"type\":\"consent.given\",\"user\":{\"token\":{\"purposes\":{\"enabled\":[],"
	       "\"disabled\":[\"analytics\"]}}}}"),
	DIDOMI(BANNER_PARTIAL, ANA,
	       "{\"type\":\"consent.given\",\"user\":{\"token\":{\"purposes\":{\"enabled\":["
	       "\"analytics\"],"
	       "\"disabled\":[\"select_personalized_ads\"]}}}}"),
	DIDOMI(BANNER_UNDECIDED, 0, "{\"type\":\"pageview\",\"user\":{\"id\":\"1\"}}"),
	DIDOMI(BANNER_UNREADABLE, 0, "{\"user\":{\"id\":\"1\"}}"),
	SOURCEPOINT(BANNER_ACCEPT, BANNER_ALL, "11", "{}"),
	SOURCEPOINT(BANNER_REFUSE, 0, "13", ""),
	SOURCEPOINT(BANNER_PARTIAL, 0, "1",
		    "{\"pmSaveAndExitVariables\":{\"categories\":[{\"_id\":\"a\",\"consent\":true},"
		    "{\"_id\":\"b\",\"consent\":false}]}}"),
	SOURCEPOINT(BANNER_REFUSE, 0, "1",
		    "{\"pmSaveAndExitVariables\":{\"categories\":[{\"_id\":\"a\",\"consent\":false}"
		    "]}}"),
	SOURCEPOINT(BANNER_PARTIAL, 0, "1", ""),
	SOURCEPOINT(BANNER_UNDECIDED, 0, "12", ""),
	SOURCEPOINT(BANNER_UNDECIDED, 0, "9", ""),
	SOURCEPOINT(BANNER_UNREADABLE, 0, "77", ""),
	UC_ALL(UW, UC_HOST, "/consent/uw/3"),
	UC_ALL(UA, UC_HOST, "/consent/ua/3"),
	UC_ALL(UW1, UC_HOST1, "/consent/uw/3"),
	UC_ALL(UA1, UC_HOST1, "/consent/ua/3"),
};

/* States that a row cannot express, and why. */
struct banner_cannot {
	const char *row;
	unsigned states; /* 1 << state */
	const char *why;
};

#define S_ACCEPT (1u << BANNER_ACCEPT)
#define S_REFUSE (1u << BANNER_REFUSE)
#define S_PARTIAL (1u << BANNER_PARTIAL)
#define S_IMPLIED (1u << BANNER_IMPLIED)
#define S_MALFORMED (1u << BANNER_UNREADABLE)
#define S_EVERY (S_ACCEPT | S_REFUSE | S_PARTIAL | S_IMPLIED | S_MALFORMED)

#define SILENT "it stands beside a record and gives no answer of its own"
#define NO_MARK "the record has no mark for an answer that nobody gave"
#define ANY_TEXT "every text is a list of this form; what is in none of its fields is no answer"
#define ONE_WORD "one word for all purposes"
#define AN_ACT "a report of an answer is made because there was one"

static const struct banner_cannot banner_cannots[] = {
	{ "OTAdditionalConsentString", S_ACCEPT | S_REFUSE | S_PARTIAL | S_IMPLIED | S_MALFORMED,
	  "it counts only beside a TC string of the same product, and is tested as addtl_consent" },
	{ "OTGPPConsent", S_EVERY, SILENT },
	{ RECEIPT, S_IMPLIED, AN_ACT },
	{ LOGGED, S_MALFORMED, ANY_TEXT },
	{ EVENT, S_IMPLIED, AN_ACT },
	{ CHOICE, S_IMPLIED, AN_ACT },
	{ "euconsent-v2", S_IMPLIED, NO_MARK },
	{ "dm-euconsent-v2", S_IMPLIED, NO_MARK },
	{ "addtl_consent", S_IMPLIED, NO_MARK },
	{ "_cmpRepromptHash", S_EVERY, SILENT },
	{ "noniabvendorconsent", S_EVERY, SILENT },
	{ "consentUUID", S_EVERY, SILENT },
	{ "consentDate", S_EVERY, SILENT },
	{ "_sp_su", S_EVERY, SILENT },
	{ "_sp_v1_*", S_EVERY, SILENT },
	{ "cmapi_gtm_bl", S_EVERY, SILENT },
	{ "notice_poptime", S_EVERY, SILENT },
	{ "__cmpconsent*", S_IMPLIED, NO_MARK },
	{ "__cmpcpc*", S_IMPLIED, NO_MARK },
	{ "__cmpiabli", S_EVERY,
	  "it says who claims legitimate interest; tested in banners_forms" },
	{ "__cmpiab", S_EVERY, SILENT },
	{ "__cmpcvc*", S_EVERY, SILENT },
	{ "__cmpcc*", S_EVERY, SILENT },
	{ "uc_settings", S_EVERY, "storage of the browser never reaches the wire" },
	{ "uc_tcf", S_EVERY, "storage of the browser never reaches the wire" },
	{ "uc_gcm", S_EVERY, "storage of the browser never reaches the wire" },
	{ "axeptio_cookies", S_IMPLIED, NO_MARK },
	{ "axeptio_authorized_vendors", S_IMPLIED, NO_MARK },
	{ "axeptio_authorized_vendors", S_MALFORMED, ANY_TEXT },
	{ "axeptio_all_vendors", S_IMPLIED, NO_MARK },
	{ "axeptio_all_vendors", S_MALFORMED, ANY_TEXT },
	{ "cookieyes-consent", S_IMPLIED, "an empty action makes it undecided, not implied" },
	{ "cookieyes-consent", S_MALFORMED, ANY_TEXT },
	{ "moove_gdpr_popup", S_IMPLIED, NO_MARK },
	{ "real_cookie_banner*", S_ACCEPT,
	  "it lists the accepted groups only, by the site's numbers" },
	{ "real_cookie_banner*", S_IMPLIED, NO_MARK },
	{ "borlabs-cookie", S_IMPLIED, NO_MARK },
	{ "cookie-agreed", S_IMPLIED, NO_MARK },
	{ "cookie-agreed-categories", S_IMPLIED, NO_MARK },
	{ "cookie-agreed-version", S_EVERY, SILENT },
	{ "_pandectes_gdpr", S_IMPLIED, NO_MARK },
	{ "klaro", S_IMPLIED, NO_MARK },
	{ "orejime", S_IMPLIED, NO_MARK },
	{ "eu-consent", S_IMPLIED, NO_MARK },
	{ "tarteaucitron", S_IMPLIED, NO_MARK },
	{ "tarteaucitron", S_MALFORMED, ANY_TEXT },
	{ "cc_cookie", S_IMPLIED, NO_MARK },
	{ "cookieconsent_status", S_PARTIAL, ONE_WORD },
	{ "cookieconsent_status", S_IMPLIED, "dismiss makes it undecided, not implied" },
	{ "osano_consentmanager", S_ACCEPT | S_REFUSE | S_PARTIAL | S_IMPLIED, "it is encrypted" },
	{ "osano_consentmanager_uuid", S_EVERY, SILENT },
	{ "FCCDCF", S_IMPLIED, NO_MARK },
	{ "FCNEC", S_EVERY, SILENT },
	{ "SOCS", S_PARTIAL, ONE_WORD },
	{ "SOCS", S_IMPLIED, "0 makes it undecided, not implied" },
	{ "CONSENT", S_REFUSE, "it knows YES and PENDING; a refusal stands in SOCS" },
	{ "CONSENT", S_PARTIAL, ONE_WORD },
	{ "CONSENT", S_IMPLIED, "PENDING makes it undecided, not implied" },
	{ "_iub_cs-*", S_IMPLIED, NO_MARK },
	{ "CookieScriptConsent", S_IMPLIED, NO_MARK },
	{ "TC_PRIVACY*", S_IMPLIED, NO_MARK },
	{ "CookieInformationConsent", S_IMPLIED, NO_MARK },
	{ "CONSENTMGR", S_IMPLIED, NO_MARK },
	{ "CONSENTMGR", S_MALFORMED, ANY_TEXT },
	{ "_ketch_consent_v1_", S_ACCEPT | S_PARTIAL,
	  "granted stands there before any answer, too, so all of it is implied" },
	{ "ppms_privacy_*", S_IMPLIED, "-1 makes it undecided, not implied" },
	{ "edp_cookie_agree", S_PARTIAL, ONE_WORD },
	{ "edp_cookie_agree", S_IMPLIED, NO_MARK },
	{ "cookiefirst-consent", S_IMPLIED, NO_MARK },
	{ "cookie-consent", S_IMPLIED, NO_MARK },
};

#endif
