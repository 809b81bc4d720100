#include "proxy/http/field.h"
#include "proxy/http/chars.h"

enum { HOP = 1, NO_TRAILER = 2 };

/*
 * Symbol, name, then three octets of the name for SLOT(): the first, the one a quarter from the
 * end, and the last.  A wrong octet makes the name unfindable (the unit test looks each one up);
 * two names in one slot are an initialiser given twice, which the compiler refuses.
 */
/* clang-format off */
#define FIELDS(X)										\
	X(HOST, "host", 'h', 's', 't', NO_TRAILER)						\
	X(CONNECTION, "connection", 'c', 'i', 'n', HOP | NO_TRAILER)				\
	X(KEEP_ALIVE, "keep-alive", 'k', 'i', 'e', HOP | NO_TRAILER)				\
	X(PROXY_CONNECTION, "proxy-connection", 'p', 'c', 'n', HOP | NO_TRAILER)		\
	X(PROXY_AUTHORIZATION, "proxy-authorization", 'p', 'a', 'n', HOP | NO_TRAILER)		\
	X(PROXY_AUTHENTICATE, "proxy-authenticate", 'p', 'i', 'e', HOP | NO_TRAILER)		\
	X(PROXY_AUTHENTICATION_INFO, "proxy-authentication-info", 'p', 'o', 'o', HOP | NO_TRAILER)\
	X(TE, "te", 't', 'e', 'e', HOP | NO_TRAILER)						\
	X(TRAILER, "trailer", 't', 'e', 'r', NO_TRAILER)					\
	X(TRANSFER_ENCODING, "transfer-encoding", 't', 'o', 'g', HOP | NO_TRAILER)		\
	X(UPGRADE, "upgrade", 'u', 'd', 'e', HOP | NO_TRAILER)					\
	X(HTTP2_SETTINGS, "http2-settings", 'h', 'i', 's', HOP | NO_TRAILER)			\
	X(CONTENT_LENGTH, "content-length", 'c', 'n', 'h', NO_TRAILER)				\
	X(EXPECT, "expect", 'e', 'c', 't', NO_TRAILER)						\
	X(COOKIE, "cookie", 'c', 'i', 'e', NO_TRAILER)						\
	X(SET_COOKIE, "set-cookie", 's', 'k', 'e', NO_TRAILER)					\
	X(AUTHORIZATION, "authorization", 'a', 't', 'n', NO_TRAILER)				\
	X(WWW_AUTHENTICATE, "www-authenticate", 'w', 'i', 'e', NO_TRAILER)			\
	X(ORIGIN, "origin", 'o', 'i', 'n', NO_TRAILER)						\
	X(REFERER, "referer", 'r', 'e', 'r', NO_TRAILER)					\
	X(USER_AGENT, "user-agent", 'u', 'e', 't', NO_TRAILER)					\
	X(SEC_FETCH_SITE, "sec-fetch-site", 's', 's', 'e', NO_TRAILER)				\
	X(SEC_FETCH_MODE, "sec-fetch-mode", 's', 'm', 'e', NO_TRAILER)				\
	X(SEC_FETCH_DEST, "sec-fetch-dest", 's', 'd', 't', NO_TRAILER)				\
	X(SEC_FETCH_USER, "sec-fetch-user", 's', 'u', 'r', NO_TRAILER)				\
	X(SEC_PURPOSE, "sec-purpose", 's', 'o', 'e', NO_TRAILER)				\
	X(SEC_GPC, "sec-gpc", 's', 'p', 'c', NO_TRAILER)					\
	X(DNT, "dnt", 'd', 't', 't', NO_TRAILER)						\
	X(ACCEPT, "accept", 'a', 'p', 't', NO_TRAILER)						\
	X(ACCEPT_ENCODING, "accept-encoding", 'a', 'd', 'g', NO_TRAILER)			\
	X(ACCEPT_LANGUAGE, "accept-language", 'a', 'u', 'e', NO_TRAILER)			\
	X(ACCEPT_RANGES, "accept-ranges", 'a', 'n', 's', 0)					\
	X(RANGE, "range", 'r', 'g', 'e', NO_TRAILER)						\
	X(IF_RANGE, "if-range", 'i', 'n', 'e', NO_TRAILER)					\
	X(IF_MATCH, "if-match", 'i', 't', 'h', NO_TRAILER)					\
	X(IF_NONE_MATCH, "if-none-match", 'i', 'a', 'h', NO_TRAILER)				\
	X(IF_MODIFIED_SINCE, "if-modified-since", 'i', 's', 'e', NO_TRAILER)			\
	X(IF_UNMODIFIED_SINCE, "if-unmodified-since", 'i', 's', 'e', NO_TRAILER)		\
	X(CONTENT_TYPE, "content-type", 'c', 't', 'e', NO_TRAILER)				\
	X(CONTENT_ENCODING, "content-encoding", 'c', 'o', 'g', NO_TRAILER)			\
	X(CONTENT_RANGE, "content-range", 'c', 'a', 'e', NO_TRAILER)				\
	X(CONTENT_LOCATION, "content-location", 'c', 'a', 'n', NO_TRAILER)			\
	X(CACHE_CONTROL, "cache-control", 'c', 't', 'l', NO_TRAILER)				\
	X(PRAGMA, "pragma", 'p', 'm', 'a', NO_TRAILER)						\
	X(DATE, "date", 'd', 't', 'e', NO_TRAILER)						\
	X(EXPIRES, "expires", 'e', 'e', 's', NO_TRAILER)					\
	X(AGE, "age", 'a', 'e', 'e', NO_TRAILER)						\
	X(ETAG, "etag", 'e', 'a', 'g', 0)							\
	X(VARY, "vary", 'v', 'r', 'y', NO_TRAILER)						\
	X(VIA, "via", 'v', 'a', 'a', NO_TRAILER)						\
	X(LOCATION, "location", 'l', 'i', 'n', NO_TRAILER)					\
	X(SERVER, "server", 's', 'e', 'r', 0)							\
	X(LINK, "link", 'l', 'n', 'k', 0)							\
	X(ALT_SVC, "alt-svc", 'a', 'v', 'c', NO_TRAILER)					\
	X(RETRY_AFTER, "retry-after", 'r', 't', 'r', NO_TRAILER)				\
	X(MAX_FORWARDS, "max-forwards", 'm', 'a', 's', NO_TRAILER)				\
	X(STRICT_TRANSPORT_SECURITY, "strict-transport-security", 's', 'e', 'y', NO_TRAILER)	\
	X(CONTENT_SECURITY_POLICY, "content-security-policy", 'c', 'p', 'y', NO_TRAILER)	\
	X(CLEAR_SITE_DATA, "clear-site-data", 'c', 'd', 'a', NO_TRAILER)			\
	X(ACCESS_CONTROL_ALLOW_ORIGIN, "access-control-allow-origin", 'a', '-', 'n', NO_TRAILER)
/* clang-format on */

#define SLOT(len, first, third, last) (((len) + 9u * (first) + 9u * (third) + 23u * (last)) & 255u)
#define ROW(symbol, name, first, third, last, kinds)                                               \
	[FIELD_##symbol] = { (name), sizeof(name) - 1, (kinds) },
#define SLOTTED(symbol, name, first, third, last, kinds)                                           \
	[SLOT(sizeof(name) - 1, first, third, last)] = FIELD_##symbol,

static const struct {
	const char *name;
	uint8_t len, kinds;
} known[FIELD_IDS] = {
	[FIELD_OTHER] = { "", 0, 0 }, [FIELD_PROXY_OTHER] = { "", 0, NO_TRAILER }, FIELDS(ROW)
};

static const uint8_t slots[256] = { FIELDS(SLOTTED) };

#define LONGEST 27

static inline uint32_t fold4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w | 0x20202020u;
}

static inline uint64_t fold8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w | UINT64_C(0x2020202020202020);
}

/*
 * Equal without case?  Setting bit 5 is enough to fold, because both are tokens: of what it maps
 * onto a letter, digit or '-', only the other case of a letter is a tchar.
 */
static bool same_name(const char *a, const char *b, size_t n)
{
	size_t i;

	if (n >= 8) {
		for (i = 0; i + 8 < n; i += 8)
			if (fold8(a + i) != fold8(b + i))
				return false;
		return fold8(a + n - 8) == fold8(b + n - 8);
	}
	if (n >= 4)
		return fold4(a) == fold4(b) && fold4(a + n - 4) == fold4(b + n - 4);
	for (i = 0; i < n; i++)
		if ((a[i] | 0x20) != (b[i] | 0x20))
			return false;
	return true;
}

static inline unsigned folded(char c)
{
	return (unsigned char)c | 0x20u;
}

enum field_id field_id_of(struct slice name)
{
	uint8_t id;

	if (name.n == 0)
		return FIELD_OTHER;
	if (name.n <= LONGEST) {
		id = slots[SLOT((unsigned)name.n, folded(name.p[0]),
				folded(name.p[name.n - 1 - name.n / 4]),
				folded(name.p[name.n - 1]))];
		if (known[id].len == name.n && same_name(name.p, known[id].name, name.n))
			return (enum field_id)id;
	}
	if (folded(name.p[0]) == 'p' && slice_istarts(name, SLICE("proxy-")))
		return FIELD_PROXY_OTHER;
	return FIELD_OTHER;
}

struct slice field_id_name(enum field_id id)
{
	return id < FIELD_IDS ? slice_of(known[id].name, known[id].len) : SLICE("");
}

bool field_hop_by_hop(enum field_id id)
{
	return id < FIELD_IDS && (known[id].kinds & HOP) != 0;
}

bool field_no_trailer(enum field_id id)
{
	return id < FIELD_IDS && (known[id].kinds & NO_TRAILER) != 0;
}
