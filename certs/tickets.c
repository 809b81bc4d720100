#include "certs/tickets.h"

#include "base/msg.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

bool ticket_keys_rotate(struct ticket_keys *t)
{
	struct ticket_key fresh;

	if (RAND_bytes((unsigned char *)&fresh, (int)sizeof(fresh)) != 1)
		return false;
	memmove(&t->keys[1], &t->keys[0], sizeof(t->keys[0]) * (TICKET_KEYS - 1));
	t->keys[0] = fresh;
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	if (t->count < TICKET_KEYS)
		t->count++;
	return true;
}

void ticket_keys_clear(struct ticket_keys *t)
{
	OPENSSL_cleanse(t, sizeof(*t));
}

static struct slice bytes(const unsigned char *p, size_t n)
{
	return slice_of((const char *)p, n);
}

void ticket_keys_pack(const struct ticket_keys *t, struct buf *body)
{
	msg_put_u8(body, (uint8_t)t->count);
	for (size_t i = 0; i < t->count; i++) {
		msg_put_bytes(body, bytes(t->keys[i].name, sizeof(t->keys[i].name)));
		msg_put_bytes(body, bytes(t->keys[i].aes, sizeof(t->keys[i].aes)));
		msg_put_bytes(body, bytes(t->keys[i].hmac, sizeof(t->keys[i].hmac)));
	}
}

static void take(struct msg_reader *r, unsigned char *out, size_t n)
{
	struct slice s = msg_get_bytes(r);

	if (s.n == n)
		memcpy(out, s.p, n);
	else
		r->bad = true;
}

bool ticket_keys_unpack(struct ticket_keys *t, struct slice body)
{
	struct ticket_keys fresh = { .count = 0 };
	struct msg_reader r;
	bool good;

	msg_reader_init(&r, body);
	fresh.count = msg_get_u8(&r);
	if (fresh.count == 0 || fresh.count > TICKET_KEYS)
		return false;
	for (size_t i = 0; i < fresh.count; i++) {
		take(&r, fresh.keys[i].name, sizeof(fresh.keys[i].name));
		take(&r, fresh.keys[i].aes, sizeof(fresh.keys[i].aes));
		take(&r, fresh.keys[i].hmac, sizeof(fresh.keys[i].hmac));
	}
	good = msg_end(&r);
	if (good)
		*t = fresh;
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	return good;
}

/* Where a context keeps its keys; made once. */
static int keys_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static bool set_mac(EVP_MAC_CTX *mac, const struct ticket_key *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->hmac,
						  sizeof(key->hmac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int seal(const struct ticket_key *key, unsigned char *name, unsigned char *iv,
		EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	memcpy(name, key->name, sizeof(key->name));
	if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1 ||
	    EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->aes, iv, NULL) != 1 ||
	    !set_mac(mac, key))
		return -1;
	return 1;
}

/*
 * 1: resumed; 2: resumed, and the browser gets a new ticket; 0: no such key.  With TLS 1.3 browsers
 * use a ticket once (RFC 8446 appendix C.4), so without a new one each second handshake would be a
 * full one.
 */
static int unseal(const struct ticket_keys *t, bool once, const unsigned char *name,
		  const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct ticket_key *key = &t->keys[i];

		if (CRYPTO_memcmp(name, key->name, sizeof(key->name)) != 0)
			continue;
		if (EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key->aes, iv, NULL) != 1 ||
		    !set_mac(mac, key))
			return -1;
		return i == 0 && !once ? 1 : 2;
	}
	return 0;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		     EVP_MAC_CTX *mac, int encrypt)
{
	const struct ticket_keys *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_index());

	if (t == NULL || t->count == 0)
		return -1;
	return encrypt != 0 ? seal(&t->keys[0], name, iv, cipher, mac)
			    : unseal(t, SSL_version(ssl) >= TLS1_3_VERSION, name, iv, cipher, mac);
}

bool ticket_keys_attach(const struct ticket_keys *t, SSL_CTX *ctx)
{
	return keys_index() >= 0 &&
	       SSL_CTX_set_ex_data(ctx, keys_index(), (void *)(uintptr_t)t) == 1 &&
	       SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1;
}
