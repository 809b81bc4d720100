/*
 * assets.h - the templates, the style and the script in proxy/desk/assets, carried in the program.
 *
 * Made into proxy/desk/assets.c at build time by data/embed.awk; ASCII only.
 */
#ifndef CRUMBGATE_PROXY_DESK_ASSETS_H
#define CRUMBGATE_PROXY_DESK_ASSETS_H

#include "base/slice.h"

extern const struct slice asset_bare_html, asset_ca_html, asset_choice_html,
	asset_claim_html, asset_claim_list_html, asset_claims_html, asset_cookie_html, asset_direct_html, asset_error_css, asset_error_html,
	asset_group_html, asset_home_html, asset_layout_html, asset_note_html, asset_notice_html, asset_numbers_html,
	asset_own_choice_html, asset_own_choices_html, asset_pass_html, asset_passes_html, asset_probe_html, asset_purposes_html,
	asset_row_note_html, asset_site_html, asset_start_html,
	asset_table_html, asset_tiktok_html, asset_tiktok_fact_html, asset_tiktok_facts_html,
	asset_tiktok_row_html, asset_tiktok_site_html, asset_trust_html, asset_use_html, asset_use_tls_html,
	asset_want_html, asset_wants_html, asset_word_html;
extern const struct slice asset_desk_js, asset_icon_svg, asset_probe_svg, asset_style_css;

#endif
