/*
 * What origins, responders and other processes hand to certs/.  The first byte says which it is:
 * c a certificate, o an OCSP answer, l a CRL, i issuers, k a request to the keeper, m its answer,
 * t ticket keys.
 */
#include "certs/keeper.h"
#include "certs/tickets.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS INT64_C(1795000000000)

static struct ca *ca;
static struct keeper *keeper;
static struct trust_issuers *issuers;

static void begin(void)
{
	struct buf error;
	struct ca *kept;

	if (ca != NULL)
		return;
	buf_init(&error, 4096);
	ca = ca_create(NOW_MS, &error);
	kept = ca_create(NOW_MS, &error);
	keeper = kept != NULL ? keeper_new(kept, &error) : NULL;
	issuers = trust_issuers_new();
	if (ca == NULL || keeper == NULL || issuers == NULL)
		abort();
	buf_release(&error);
}

static void is_text(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	if (n == size)
		abort();
	for (size_t i = 0; i < n; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			abort();
}

static void try_cert(struct slice in)
{
	struct trust trust = { .clock = &clock_system };
	const unsigned char *p = (const unsigned char *)in.p;
	X509 *x = d2i_X509(NULL, &p, (long)in.n);
	STACK_OF(X509) *chain = sk_X509_new_null();
	const char *text = NULL;
	struct trust_cert about;
	struct cert_host host;

	if (x == NULL || chain == NULL || !cert_host_parse(SLICE("www.example.com"), &host))
		goto out;
	trust_describe_cert(x, &about);
	is_text(about.subject, sizeof(about.subject));
	is_text(about.issuer, sizeof(about.issuer));
	is_text(about.names, sizeof(about.names));
	is_text(about.serial, sizeof(about.serial));
	is_text(about.key, sizeof(about.key));
	/* As a server's, and as an authority's above itself. */
	for (int i = 0; i < 3 && sk_X509_push(chain, i < 2 ? x : ca->cert) != 0; i++)
		if (trust_rules(&trust, &host, chain, &text) != NULL && text == NULL)
			abort();
	free(trust_aia_url(x, NID_ad_ca_issuers));
	free(trust_aia_url(x, NID_ad_OCSP));
	free(trust_crl_url(x));
out:
	sk_X509_free(chain);
	X509_free(x);
}

static void try_keeper(struct slice in)
{
	struct minted_note note;
	struct minted minted;
	struct buf answer;

	buf_init(&answer, MSG_MAX);
	(void)keeper_handle(keeper, 1, in, NOW_MS, 1, &answer, &note);
	if (!keeper_get_minted(buf_slice(&answer), &minted))
		abort();
	buf_release(&answer);
}

static void try_tickets(struct slice in)
{
	struct ticket_keys keys = { .count = 0 }, again = { .count = 0 };
	struct buf body;

	buf_init(&body, MSG_MAX);
	if (ticket_keys_unpack(&keys, in)) {
		ticket_keys_pack(&keys, &body);
		if (!slice_eq(buf_slice(&body), in) ||
		    !ticket_keys_unpack(&again, buf_slice(&body)))
			abort();
	}
	buf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of((const char *)data, size);
	struct minted minted;

	begin();
	if (size == 0 || size > 64 * 1024)
		return 0;
	in = slice_skip(in, 1);
	switch (data[0]) {
	case 'c':
		try_cert(in);
		break;
	case 'o':
		if (revocation_of_ocsp(in, ca->cert, ca->cert, NOW_MS).status != REVOCATION_UNKNOWN)
			abort(); /* nobody signed it */
		break;
	case 'l':
		if (revocation_of_crl(in, ca->cert, ca->cert, NOW_MS).status != REVOCATION_UNKNOWN)
			abort();
		break;
	case 'i':
		(void)trust_issuers_keep(issuers, "http://a.test/", in, NOW_MS);
		break;
	case 'k':
		try_keeper(in);
		break;
	case 'm':
		(void)keeper_get_minted(in, &minted);
		break;
	case 't':
		try_tickets(in);
		break;
	default:
		break;
	}
	ERR_clear_error();
	return 0;
}
