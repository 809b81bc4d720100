#include "certs/ca.h"

#include "certs/certinfo.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

static bool add_pem(X509 *cert, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n = 0;
	bool ok;

	if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1)
		n = BIO_get_mem_data(bio, &p);
	ok = n > 0 && buf_add(out, slice_of(p, (size_t)n));
	BIO_free(bio);
	return ok;
}

bool ca_export_pem(const struct ca *ca, struct buf *out)
{
	bool ok = add_pem(ca->cert, out);

	for (size_t i = 0; ok && i < ca->chain_len; i++)
		ok = add_pem(ca->chain[i], out);
	return ok;
}

bool ca_export_der(const struct ca *ca, struct buf *out)
{
	return cert_der(ca->cert, out);
}

/* A UUID of RFC 9562 section 5.8 (version 8) out of the fingerprint and a label. */
static void add_uuid(struct buf *out, const unsigned char digest[32], const char *label)
{
	static const size_t groups[] = { 4, 2, 2, 2, 6 };
	struct buf in;
	unsigned char raw[32];
	size_t at = 0;

	buf_init(&in, 256);
	buf_add(&in, slice_of((const char *)digest, 32));
	buf_adds(&in, label);
	SHA256((const unsigned char *)buf_slice(&in).p, buf_slice(&in).n, raw);
	buf_release(&in);
	raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x80);
	raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		if (g != 0)
			buf_addc(out, '-');
		buf_add_hex(out, raw + at, groups[g]);
		at += groups[g];
	}
}

static void add_xml(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '&')
			buf_adds(out, "&amp;");
		else if (*text == '<')
			buf_adds(out, "&lt;");
		else if (*text == '>')
			buf_adds(out, "&gt;");
		else
			buf_addc(out, *text);
	}
}

static void add_string(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "<key>%s</key><string>", key);
	add_xml(out, value);
	buf_adds(out, "</string>\n");
}

static void add_id(struct buf *out, const unsigned char digest[32], const char *label)
{
	buf_adds(out, "<key>PayloadIdentifier</key><string>crumbgate.");
	add_uuid(out, digest, label);
	buf_adds(out, "</string>\n<key>PayloadUUID</key><string>");
	add_uuid(out, digest, label);
	buf_adds(out, "</string>\n<key>PayloadVersion</key><integer>1</integer>\n");
}

static bool add_base64(struct buf *out, struct slice bytes)
{
	size_t room = (bytes.n + 2) / 3 * 4 + 1;
	char *to = buf_reserve(out, room);
	int n;

	if (to == NULL)
		return false;
	n = EVP_EncodeBlock((unsigned char *)to, (const unsigned char *)bytes.p, (int)bytes.n);
	buf_commit(out, (size_t)n);
	return true;
}

bool ca_export_mobileconfig(const struct ca *ca, struct buf *out)
{
	unsigned char digest[32];
	struct ca_about about;
	struct buf der;
	bool ok;

	buf_init(&der, 64 * 1024);
	ok = cert_sha256(ca->cert, digest) && cert_der(ca->cert, &der);
	ca_describe(ca, &about);
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		      "<plist version=\"1.0\"><dict>\n"
		      "<key>PayloadType</key><string>Configuration</string>\n");
	add_id(out, digest, "profile");
	add_string(out, "PayloadDisplayName", "crumbgate");
	add_string(out, "PayloadDescription",
		   "Lets this device trust the certificates that crumbgate makes for the sites you "
		   "visit.");
	buf_adds(out, "<key>PayloadContent</key><array><dict>\n"
		      "<key>PayloadType</key><string>com.apple.security.root</string>\n");
	add_id(out, digest, "certificate");
	add_string(out, "PayloadDisplayName", about.subject);
	add_string(out, "PayloadCertificateFileName", "crumbgate-ca.cer");
	buf_adds(out, "<key>PayloadContent</key><data>");
	ok = ok && add_base64(out, buf_slice(&der));
	buf_adds(out, "</data>\n</dict></array>\n</dict></plist>\n");
	buf_release(&der);
	return ok && buf_ok(out);
}
