#include "certs/shape.h"

/* The rows' order is our own; OpenSSL wants names. */
struct row {
	uint16_t id;
	const char *name;
};

static const struct row suites_13[SHAPE_SUITES_13] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
};

static const struct row suites_12[SHAPE_SUITES_12] = {
	{ 0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256" }, { 0xc02f, "ECDHE-RSA-AES128-GCM-SHA256" },
	{ 0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305" }, { 0xcca8, "ECDHE-RSA-CHACHA20-POLY1305" },
	{ 0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384" }, { 0xc030, "ECDHE-RSA-AES256-GCM-SHA384" },
};

static const struct row groups[SHAPE_GROUPS] = {
	{ 29, "X25519" }, { 23, "P-256" },	{ 24, "P-384" },      { 25, "P-521" },
	{ 30, "X448" },	  { 256, "ffdhe2048" }, { 257, "ffdhe3072" },
};
/* Nobody's own offer: each further group is one more thing that can go wrong. */
#define OWN_GROUPS 3

static const struct row sigalgs[SHAPE_SIGALGS] = {
	{ 0x0403, "ecdsa_secp256r1_sha256" }, { 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0401, "rsa_pkcs1_sha256" },	      { 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0805, "rsa_pss_rsae_sha384" },    { 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },    { 0x0601, "rsa_pkcs1_sha512" },
	{ 0x0603, "ecdsa_secp521r1_sha512" }, { 0x0807, "ed25519" },
};

static void take(uint8_t *to, const struct row *table, size_t rows, const uint16_t *ids, size_t n)
{
	size_t len = 0;

	memset(to, 0, rows);
	for (size_t i = 0; i < n && len < rows; i++) {
		size_t row = 0;

		while (row < rows && table[row].id != ids[i])
			row++;
		if (row < rows && memchr(to, (int)row + 1, len) == NULL)
			to[len++] = (uint8_t)(row + 1);
	}
}

void tls_shape_follow(struct tls_shape *shape, enum tls_list list, const uint16_t *ids, size_t n)
{
	switch (list) {
	case TLS_LIST_SUITES:
		take(shape->suites_13, suites_13, SHAPE_SUITES_13, ids, n);
		take(shape->suites_12, suites_12, SHAPE_SUITES_12, ids, n);
		break;
	case TLS_LIST_GROUPS:
		take(shape->groups, groups, SHAPE_GROUPS, ids, n);
		break;
	case TLS_LIST_SIGALGS:
		take(shape->sigalgs, sigalgs, SHAPE_SIGALGS, ids, n);
		break;
	}
}

#define NAMES_MAX 512

/* The names with ':' between them; the first `own` rows where nothing was taken. */
static const char *names(char out[NAMES_MAX], const uint8_t *list, const struct row *table,
			 size_t rows, size_t own)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < (list[0] != 0 ? rows : own); i++) {
		const struct row *row = &table[list[0] != 0 ? list[i] - 1u : i];
		size_t len;

		if (list[0] != 0 && list[i] == 0)
			break;
		len = strlen(row->name);
		if (n + len + 2 > NAMES_MAX)
			break;
		if (n != 0)
			out[n++] = ':';
		memcpy(out + n, row->name, len + 1);
		n += len;
	}
	return out;
}

bool tls_shape_apply(const struct tls_shape *s, SSL_CTX *ctx)
{
	char text[NAMES_MAX];

	return SSL_CTX_set_ciphersuites(ctx, names(text, s->suites_13, suites_13, SHAPE_SUITES_13,
						   SHAPE_SUITES_13)) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, names(text, s->suites_12, suites_12, SHAPE_SUITES_12,
						  SHAPE_SUITES_12)) == 1 &&
	       SSL_CTX_set1_groups_list(
		       ctx, names(text, s->groups, groups, SHAPE_GROUPS, OWN_GROUPS)) == 1 &&
	       SSL_CTX_set1_sigalgs_list(
		       ctx, names(text, s->sigalgs, sigalgs, SHAPE_SIGALGS, SHAPE_SIGALGS)) == 1;
}
