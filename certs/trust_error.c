/* Words for why a certificate was refused, and a description of it. */
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
	int error;
	const char *code, *text;
} reasons[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, "expired", "a certificate has expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, "not-yet-valid",
	  "a certificate is not valid yet (or this computer's clock is wrong)" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed",
	  "the certificate is signed by itself, so anybody could have made it" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown-issuer",
	  "no authority that is trusted here stands behind the certificate" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown-issuer",
	  "no authority that is trusted here stands behind the certificate" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown-issuer",
	  "no authority that is trusted here stands behind the certificate" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown-issuer",
	  "no authority that is trusted here stands behind the certificate" },
	{ X509_V_ERR_HOSTNAME_MISMATCH, "wrong-host", "the certificate is for other hosts" },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, "wrong-host", "the certificate is for other hosts" },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, "bad-signature",
	  "a signature is wrong: the certificate was forged or damaged" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, "weak-key", "the certificate's key is too weak" },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, "weak-key", "an authority's key is too weak" },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, "weak-key", "a key on a curve of its own" },
	{ X509_V_ERR_CA_MD_TOO_WEAK, "weak-signature",
	  "a certificate is signed by a method that can be forged (SHA-1 or MD5)" },
	{ X509_V_ERR_INVALID_PURPOSE, "bad-purpose",
	  "a certificate is not meant for what it is used for here" },
	{ X509_V_ERR_INVALID_CA, "bad-issuer",
	  "a certificate was issued by one that may not issue any" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, "bad-issuer",
	  "an authority has issued to another although it may not" },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "bad-issuer",
	  "a certificate was issued by one that may not issue any" },
	{ X509_V_ERR_PERMITTED_VIOLATION, "bad-constraints",
	  "an authority may not speak for this host" },
	{ X509_V_ERR_EXCLUDED_VIOLATION, "bad-constraints",
	  "an authority may not speak for this host" },
	{ X509_V_ERR_SUBTREE_MINMAX, "bad-constraints", "name constraints that cannot be right" },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, "bad-constraints",
	  "name constraints of a kind that is not understood" },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, "bad-constraints",
	  "name constraints that cannot be right" },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, "bad-name", "a name that is no host's" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "critical-extension",
	  "a critical extension that is not understood" },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, "too-complex",
	  "too many authorities, one above the other" },
};

void trust_reason_of(int x509_error, const char **code, const char **text)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == x509_error) {
			*code = reasons[i].code;
			*text = reasons[i].text;
			return;
		}
	*code = "bad-form";
	*text = X509_verify_cert_error_string(x509_error);
}

/* As a URL writes it. */
static void add_address(struct buf *b, const ASN1_OCTET_STRING *ip)
{
	char text[INET6_ADDRSTRLEN];
	int n = ASN1_STRING_length(ip);

	if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip),
					     text, sizeof(text)) != NULL)
		buf_adds(b, text);
	else
		buf_adds(b, "(a malformed address)");
}

static void add_name(struct buf *b, const GENERAL_NAME *name)
{
	if (buf_slice(b).n != 0)
		buf_adds(b, ", ");
	if (name->type == GEN_DNS)
		buf_add(b, slice_of((const char *)ASN1_STRING_get0_data(name->d.dNSName),
				    (size_t)ASN1_STRING_length(name->d.dNSName)));
	else if (name->type == GEN_IPADD)
		add_address(b, name->d.iPAddress);
	else
		buf_adds(b, "(another kind of name)");
}

static void describe_names(X509 *cert, struct trust_cert *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct buf b;

	/* One name may be longer than the room; what does not fit is cut by cert_printable(). */
	buf_init(&b, 64 * 1024);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && b.len < sizeof(out->names); i++)
		add_name(&b, sk_GENERAL_NAME_value(names, i));
	out->name_count = names != NULL ? (unsigned)sk_GENERAL_NAME_num(names) : 0;
	cert_printable(buf_slice(&b), out->names, sizeof(out->names));
	buf_release(&b);
	GENERAL_NAMES_free(names);
}

void trust_describe_cert(X509 *cert, struct trust_cert *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	unsigned char digest[32];
	struct buf b;

	memset(out, 0, sizeof(*out));
	cert_name_text(X509_get_subject_name(cert), out->subject, sizeof(out->subject));
	cert_name_text(X509_get_issuer_name(cert), out->issuer, sizeof(out->issuer));
	describe_names(cert, out);
	cert_key_text(X509_get0_pubkey(cert), out->key, sizeof(out->key));
	out->not_before_ms = cert_time_ms(X509_get0_notBefore(cert));
	out->not_after_ms = cert_time_ms(X509_get0_notAfter(cert));
	buf_init(&b, 128);
	buf_add_hex(&b, ASN1_STRING_get0_data(serial),
		    ASN1_STRING_length(serial) > 24 ? 24 : (size_t)ASN1_STRING_length(serial));
	cert_printable(buf_slice(&b), out->serial, sizeof(out->serial));
	buf_clear(&b);
	if (cert_sha256(cert, digest) && buf_add_hex(&b, digest, sizeof(digest)))
		cert_printable(buf_slice(&b), out->sha256, sizeof(out->sha256));
	buf_release(&b);
}
