#include "filters/claims/print.h"

#include "base/clock.h"
#include "base/json.h"

#include <inttypes.h>

#define NAME_WIDTH 36

/* The name of what comes; in a table a line begins. */
static void begin(struct claim_printer *p, const char *name)
{
	if (p->json && name != NULL)
		json_key(p->out, name);
	else if (p->json)
		json_item(p->out);
	else
		buf_addf(p->out, "%*s%-*s ", (int)(2 * p->depth), "",
			 (int)(NAME_WIDTH - 2 * p->depth), name);
}

static void end(struct claim_printer *p)
{
	if (!p->json)
		buf_addc(p->out, '\n');
}

static void heading(struct claim_printer *p, const char *name)
{
	if (!p->json && name != NULL)
		buf_addf(p->out, "%*s%s\n", (int)(2 * p->depth), "", name);
	if (name != NULL || p->depth != 0)
		p->depth++;
}

void print_open(struct claim_printer *p, const char *name)
{
	if (p->json)
		begin(p, name);
	if (p->json)
		json_open(p->out, '{');
	heading(p, name);
}

void print_close(struct claim_printer *p)
{
	if (p->json)
		json_close(p->out, '}');
	if (p->depth != 0)
		p->depth--;
}

void print_open_list(struct claim_printer *p, const char *name)
{
	if (p->json)
		begin(p, name);
	if (p->json)
		json_open(p->out, '[');
	heading(p, name);
}

void print_close_list(struct claim_printer *p)
{
	if (p->json)
		json_close(p->out, ']');
	p->depth--;
}

void print_u64(struct claim_printer *p, const char *name, uint64_t v)
{
	begin(p, name);
	buf_add_u64(p->out, v);
	end(p);
}

void print_bool(struct claim_printer *p, const char *name, bool v)
{
	begin(p, name);
	if (p->json)
		json_bool(p->out, v);
	else
		buf_adds(p->out, v ? "yes" : "no");
	end(p);
}

void print_text(struct claim_printer *p, const char *name, struct slice v)
{
	begin(p, name);
	if (p->json)
		json_bytes(p->out, v);
	else
		buf_add(p->out, v.n != 0 ? v : SLICE("-"));
	end(p);
}

void print_time(struct claim_printer *p, const char *name, uint64_t ds)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339((int64_t)(ds * 100), text, sizeof(text));
	print_text(p, name, slice_str(text));
}

/* A list of numbers: json [1,2], else 1 2, "-" for none. */
static void list_begin(struct claim_printer *p, const char *name)
{
	begin(p, name);
	if (p->json)
		json_open(p->out, '[');
}

static void list_number(struct claim_printer *p, bool first, uint64_t v)
{
	if (!first)
		buf_addc(p->out, p->json ? ',' : ' ');
	buf_add_u64(p->out, v);
}

static void list_end(struct claim_printer *p, bool none)
{
	if (p->json)
		json_close(p->out, ']');
	else if (none)
		buf_addc(p->out, '-');
	end(p);
}

void print_numbers(struct claim_printer *p, const char *name, uint64_t flags, unsigned n)
{
	bool none = true;

	list_begin(p, name);
	for (unsigned i = 1; i <= n; i++) {
		if (!flag_has(flags, i))
			continue;
		list_number(p, none, i);
		none = false;
	}
	list_end(p, none);
}

void print_bools(struct claim_printer *p, const char *name, uint64_t flags, unsigned n)
{
	if (!p->json) {
		print_numbers(p, name, flags, n);
		return;
	}
	list_begin(p, name);
	for (unsigned i = 1; i <= n; i++) {
		json_item(p->out);
		json_bool(p->out, flag_has(flags, i));
	}
	list_end(p, n == 0);
}

void print_answers(struct claim_printer *p, const char *name, const uint8_t *v, size_t n)
{
	list_begin(p, name);
	for (size_t i = 0; i < n; i++)
		list_number(p, i == 0, v[i]);
	list_end(p, n == 0);
}

void print_words(struct claim_printer *p, const char *name, const char *const *words, size_t n)
{
	list_begin(p, name);
	for (size_t i = 0; i < n; i++) {
		if (p->json)
			json_item(p->out);
		buf_addf(p->out, p->json ? "\"%s\"" : i == 0 ? "%s" : " %s", words[i]);
	}
	list_end(p, n == 0);
}

void print_ordered_runs(struct claim_printer *p, const char *name, const struct vendor_ids *ids)
{
	uint16_t first, last;
	uint32_t at = 0;
	bool none = true;

	begin(p, name);
	if (p->json)
		buf_addc(p->out, '"');
	while (vendor_ids_next(ids, &at, &first, &last)) {
		buf_addf(p->out, first == last ? "%s%u" : "%s%u-%u", none ? "" : ",", first, last);
		none = false;
	}
	buf_adds(p->out, p->json ? "\"" : none ? "-" : "");
	end(p);
}

void print_runs(struct claim_printer *p, const char *name, const struct vendor_set *s)
{
	struct vendor_ids ids = { { 0 } };

	vendor_ids_add(&ids, s);
	print_ordered_runs(p, name, &ids);
}

void print_ids(struct claim_printer *p, const char *name, const struct vendor_set *s)
{
	struct vendor_ids ids = { { 0 } };
	uint16_t first, last;
	uint32_t at = 0;
	bool none = true;

	vendor_ids_add(&ids, s);
	if (!p->json) {
		print_ordered_runs(p, name, &ids);
		return;
	}
	list_begin(p, name);
	while (buf_ok(p->out) && vendor_ids_next(&ids, &at, &first, &last))
		for (uint32_t id = first; id <= last; id++, none = false)
			list_number(p, none, id);
	list_end(p, none);
}

static void print_letter(struct claim_printer *p, const char *name, char c)
{
	print_text(p, name, slice_of(&c, 1));
}

void print_usp(struct claim_printer *p, const struct usp *usp)
{
	print_u64(p, "Version", usp->version);
	print_letter(p, "Notice", usp->notice);
	print_letter(p, "OptOutSale", usp->opt_out_sale);
	print_letter(p, "LspaCovered", usp->lspa_covered);
}

static void print_providers(struct claim_printer *p, const char *name, struct slice list)
{
	bool none = true;
	uint32_t id;

	list_begin(p, name);
	while (ac_next(&list, &id)) {
		list_number(p, none, id);
		none = false;
	}
	list_end(p, none);
}

void print_ac(struct claim_printer *p, const struct ac_string *ac)
{
	print_u64(p, "version", ac->version);
	print_providers(p, "consented", ac->consented);
	print_providers(p, "disclosed", ac->disclosed);
}

static void print_state(struct claim_printer *p, const char *name, enum consent_state state)
{
	if (state != STATE_NOT_SET && p->json) {
		print_bool(p, name, state == STATE_GRANTED);
		return;
	}
	begin(p, name);
	buf_adds(p->out, p->json		  ? "null"
			 : state == STATE_GRANTED ? "granted"
			 : state == STATE_DENIED  ? "denied"
						  : "not set");
	end(p);
}

void print_gcs(struct claim_printer *p, const struct gcs *gcs)
{
	print_state(p, consent_type_word(AD_STORAGE), gcs->ad_storage);
	print_state(p, consent_type_word(ANALYTICS_STORAGE), gcs->analytics_storage);
}

/* What is granted; null where nothing was ever set. */
static void print_granted(struct claim_printer *p, const struct gcd *gcd)
{
	const char *granted[CONSENT_TYPES];
	bool set = false;
	size_t n = 0;

	for (int i = 0; i < CONSENT_TYPES; i++) {
		enum consent_state state = gcd_state(gcd->letters[i]);

		set = set || state != STATE_NOT_SET;
		if (state == STATE_GRANTED)
			granted[n++] = consent_type_word((enum consent_type)i);
	}
	if (set)
		print_words(p, "granted", granted, n);
	else
		print_state(p, "granted", STATE_NOT_SET);
}

void print_gcd(struct claim_printer *p, const struct gcd *gcd)
{
	for (int i = 0; i < CONSENT_TYPES; i++)
		print_text(p, consent_type_word((enum consent_type)i),
			   slice_str(gcd_words(gcd->letters[i])));
	print_granted(p, gcd);
}
