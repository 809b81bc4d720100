/* How to use the proxy and to trust its CA: the page Set-up, and the one at its own address. */
#include "proxy/desk/assets.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/pages.h"

/* The systems whose steps are unfolded, by words of User-Agent; the first that fits. */
static const struct {
	const char *word, *slot;
} systems[] = {
	{ "Firefox/", "open_firefox" }, { "Android", "open_android" },
	{ "iPhone", "open_ios" },	{ "iPad", "open_ios" },
	{ "Windows", "open_windows" },	{ "Macintosh", "open_macos" },
	{ "Linux", "open_linux" },	{ "", "open_linux" },
};

static bool contains(struct slice text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++)
		if (memcmp(text.p + i, word, n) == 0)
			return true;
	return false;
}

static struct slice open_if(const struct desk_request *req, const char *slot)
{
	size_t i = 0;

	while (!contains(req->user_agent, systems[i].word) && systems[i].word[0] != '\0')
		i++;
	return strcmp(systems[i].slot, slot) == 0 ? SLICE(" open") : SLICE("");
}

/* The proxy's addresses as markup, and the one from which the PAC file comes as text. */
static void addresses(const struct desk_request *req, struct buf *proxies, struct buf *pac)
{
	bool plain = req->proxy.n != 0, tls = req->tls_proxy.n != 0;

	buf_adds(pac, plain ? "http://" : "https://");
	buf_add(pac, plain ? req->proxy : req->tls_proxy);
	if (plain) {
		buf_adds(proxies, "<code>");
		html_text(proxies, req->proxy);
		buf_adds(proxies, "</code>");
	}
	if (tls) {
		buf_adds(proxies, plain ? ", and with TLS <code>" : "with TLS <code>");
		html_text(proxies, req->tls_proxy);
		buf_adds(proxies, "</code>");
	}
}

/* "[::1]:8118" and "127.0.0.1:8118". */
static bool is_loopback(struct slice authority)
{
	return slice_starts(authority, SLICE("127.")) || slice_starts(authority, SLICE("[::1]"));
}

/* How to set the proxy, one line for each system. */
static void use(struct buf *out, const struct desk_request *req, struct slice pac)
{
	bool plain = req->proxy.n != 0;
	struct slice proxy = plain ? req->proxy : req->tls_proxy, host = proxy;

	while (host.n != 0 && host.p[host.n - 1] != ':')
		host.n--;
	if (host.n == 0) {
		buf_adds(out, "<p>The proxy does not know its own address here.</p>");
		return;
	}
	if (plain)
		FILL(out, asset_use_html, TEXT("host", slice_head(host, host.n - 1)),
		     TEXT("port", slice_skip(proxy, host.n)), TEXT("proxy", proxy),
		     TEXT("pac", pac));
	else
		FILL(out, asset_use_tls_html, TEXT("proxy", proxy), TEXT("pac", pac));
	if (is_loopback(proxy))
		buf_adds(out, "<p class=\"quiet\">This address works on this machine only. For a "
			      "phone or another machine let the proxy listen on an address in your "
			      "network (option <code>listen</code>).</p>\n");
}

void page_trust(const struct desk_context *ctx, const struct desk_request *req, struct buf *out)
{
	struct buf main_part, probe_part, proxies, pac, how;

	buf_init(&main_part, PART_MAX);
	buf_init(&probe_part, 1024);
	buf_init(&proxies, 1024);
	buf_init(&pac, 256);
	buf_init(&how, 16384);
	addresses(req, &proxies, &pac);
	use(&how, req, buf_slice(&pac));
	page_probe(&probe_part, ctx, req);
	FILL(&main_part, asset_trust_html, HTML("probe", page_part(out, &probe_part)),
	     HTML("proxies", page_part(out, &proxies)), TEXT("pac", page_part(out, &pac)),
	     HTML("use", page_part(out, &how)), TEXT("ca_name", ctx->ca_name),
	     TEXT("ca_fingerprint", ctx->ca_fingerprint),
	     HTML("open_firefox", open_if(req, "open_firefox")),
	     HTML("open_windows", open_if(req, "open_windows")),
	     HTML("open_macos", open_if(req, "open_macos")),
	     HTML("open_ios", open_if(req, "open_ios")),
	     HTML("open_android", open_if(req, "open_android")),
	     HTML("open_linux", open_if(req, "open_linux")));
	page_layout(out, ctx, "Set-up", TAB_TRUST, &main_part);
	buf_release(&main_part);
	buf_release(&probe_part);
	buf_release(&proxies);
	buf_release(&pac);
	buf_release(&how);
}

void page_direct(const struct desk_context *ctx, const struct desk_request *req, struct buf *out)
{
	struct buf main_part, ca, proxies, pac, how;

	buf_init(&main_part, PART_MAX);
	buf_init(&ca, 4096);
	buf_init(&proxies, 1024);
	buf_init(&pac, 256);
	buf_init(&how, 16384);
	addresses(req, &proxies, &pac);
	use(&how, req, buf_slice(&pac));
	if (guard_is_own_address(req))
		FILL(&ca, asset_ca_html, TEXT("ca_name", ctx->ca_name),
		     TEXT("ca_fingerprint", ctx->ca_fingerprint));
	FILL(&main_part, asset_direct_html, HTML("proxies", page_part(out, &proxies)),
	     TEXT("pac", page_part(out, &pac)), HTML("use", page_part(out, &how)),
	     HTML("ca", page_part(out, &ca)));
	page_layout_bare(out, ctx, "This is a proxy", &main_part);
	buf_release(&ca);
	buf_release(&main_part);
	buf_release(&proxies);
	buf_release(&pac);
	buf_release(&how);
}
