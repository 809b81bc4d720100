/*
 * config.h - the effective configuration: built once, then only read.
 *
 *	struct buf why;
 *	struct config *cfg;
 *
 *	buf_init(&why, 64 * 1024);
 *	status = config_load(argc, argv, &cfg, &why);     // defaults, then the file, then argv
 *	if (status != CONFIG_GOOD) { fputs why; return status; }
 *	... supervisor_run(cfg) ...
 *	next = config_reload(cfg, &why);                  // on SIGHUP: a new one, or NULL and why
 *	config_free(cfg);
 *
 * The options stand in one table (options.h): the command line, the file, the help, the manual
 * and the reload come from it.  A struct config owns everything that it points to; whoever got it
 * from config_load() or config_reload() frees it, everybody else borrows a pointer to const.
 *
 * Times are in milliseconds, sizes in bytes.  A count of 0 is allowed only where said.  Each
 * complaint is one line that ends in '\n': "FILE:LINE:COLUMN: what; what to do" for the file,
 * "--name: what; what to do" for the command line. All complaints about values are gathered before
 * giving up, so one run shows them all.
 */
#ifndef CRUMBGATE_BASE_CONFIG_H
#define CRUMBGATE_BASE_CONFIG_H

#include "base/buf.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* The rules for a group of clients, in the file `profile "NAME" { clients = { CIDR, ... } }`. */
enum config_profile { CONFIG_DEFAULT, CONFIG_MINORS, CONFIG_INVESTIGATOR, CONFIG_PROFILES };

enum config_revocation { CONFIG_REVOCATION_STAPLED, CONFIG_REVOCATION_FETCH };
enum config_log_values { CONFIG_VALUES_NONE, CONFIG_VALUES_KEEP };

/* One address to listen on. */
struct config_listen {
	char *text; /* as it was written, for messages */
	struct sockaddr_storage sa;
	socklen_t sa_len;
};

/* HOST:PORT:ADDR:PORT: a connection meant for host:port goes to to_host:to_port. */
struct config_connect_to {
	char *host;	  /* lower case, no brackets; "" is any host */
	uint16_t port;	  /* 0 is any port */
	char *to_host;	  /* name or address literal without brackets; "" keeps the host */
	uint16_t to_port; /* 0 keeps the port */
};

struct config_subnet {
	int family; /* AF_INET or AF_INET6 */
	unsigned char
		addr[16]; /* network order, bits beyond `bits` are zero; 4 bytes for AF_INET */
	unsigned bits;
	enum config_profile profile;
};

#define CONFIG_WORKERS_MAX 64

struct config {
	/* Where. */
	struct config_listen *listen;
	size_t listen_n;
	bool listen_is_default;		  /* [::1] may then be missing on a machine without IPv6 */
	struct config_listen *listen_tls; /* TLS to the proxy itself */
	size_t listen_tls_n;
	char **tls_name; /* the proxy's names there, as never_intercept */
	size_t tls_name_n;
	char *state;	  /* the state folder, absolute */
	char *user;	  /* to become when started as root; "" stays who we are */
	unsigned workers; /* 0: one for each core */

	/* Towards origins. */
	char **trust; /* files with further root certificates, absolute, readable when loaded */
	size_t trust_n;
	bool trust_system;
	unsigned revocation; /* enum config_revocation */
	struct config_connect_to *connect_to;
	size_t connect_to_n;
	bool allow_private;
	char **never_intercept; /* lower case: "host", or "*.host" for the names below host */
	size_t never_intercept_n;
	bool never_intercept_defaults; /* the built-in table counts too */
	unsigned pass_after_refusals;  /* 0: never; see proxy/passes.h for these */
	unsigned pass_window_ms;
	unsigned pass_time_ms;
	bool pass_on_challenge;
	bool via;
	bool gpc;
	bool consent_write;
	char **lists; /* files of filter lists, absolute */
	size_t lists_n;
	char **list_urls; /* where `crumbgate lists update` fetches further ones */
	size_t list_urls_n;
	bool list_defaults; /* and those of the system, where there are any */

	/* Who is protected how. */
	struct config_subnet *clients;
	size_t clients_n;

	/* The record. */
	unsigned log_values; /* enum config_log_values */
	bool record_strict;  /* stop traffic rather than count a loss when the disk is full */
	unsigned sync_interval_ms;

	/* Limits. */
	unsigned max_head;	  /* bytes of a message head, both directions; more: 431 or 502 */
	unsigned max_fields;	  /* field lines in a head or a trailer section */
	unsigned max_connections; /* client connections in all workers together */
	unsigned connections_per_client; /* of these, from one client address */
	unsigned header_timeout_ms;	 /* from the first byte of a head to its end */
	unsigned handshake_timeout_ms;	 /* a TLS handshake, each side */
	unsigned connect_timeout_ms;	 /* name resolution and all attempts to connect together */
	unsigned stall_timeout_ms;	 /* no byte in either direction of a running exchange */
	unsigned idle_timeout_ms;	 /* a client's connection between two requests */
	unsigned origin_idle_timeout_ms; /* a pooled connection to an origin */
	unsigned tunnel_idle_timeout_ms; /* no byte in either direction of a tunnel or WebSocket */
	unsigned drain_timeout_ms;	 /* what runs at SIGTERM may go on this long */

	unsigned verbose; /* enum diag_level */

	/* Where it came from; for messages and config_reload(). */
	char *file;   /* absolute, or NULL: none was given or found */
	char *folder; /* the working folder when it was loaded: relative paths in args count from it
		       */
	char **args;  /* the command line's options, copied */
	size_t args_n;
};

/* Also the exit status of `crumbgate check`. */
enum config_status { CONFIG_GOOD = 0, CONFIG_INVALID = 1, CONFIG_USAGE = 2 };

/*
 * Reads defaults, file and options.  argv[0..argc) holds options only (no program or subcommand
 * name): "-c FILE" or "--config FILE" names the file, else
 * $XDG_CONFIG_HOME/crumbgate/crumbgate.conf (or ~/.config) and then /etc/crumbgate/crumbgate.conf
 * are taken if they exist.  CONFIG_INVALID: the file is wrong; CONFIG_USAGE: an option is, or the
 * file cannot be read.  *out is NULL unless CONFIG_GOOD.  `why` gets the complaints, and
 * of what is good a warning where it is hardly meant: a profile without clients.
 */
enum config_status config_load(int argc, char *const *argv, struct config **out, struct buf *why);

/*
 * Once more from the same command line and the file as it is now.  NULL: the file is wrong, `why`
 * says where, and the old configuration stays in force.
 */
struct config *config_reload(const struct config *old, struct buf *why);

/*
 * What a running proxy cannot take over from `next` (listen, listen-tls, state, user, workers):
 * appends the options' names, separated by ", ".  True when there are none.
 */
bool config_same_process(const struct config *old, const struct config *next, struct buf *names);

void config_free(struct config *cfg);

/* The effective configuration as one canonical JSON object, keys in the table's order. */
void config_describe(const struct config *cfg, struct buf *out);

/* The profile of a client: the longest prefix wins; v4-mapped IPv6 addresses count as IPv4. */
enum config_profile config_profile_of(const struct config *cfg, const struct sockaddr *client);
const char *config_profile_name(enum config_profile profile);

/*
 * Does one of cfg->never_intercept cover this host (lower case, no port, no brackets)?  The
 * built-in table is asked elsewhere.
 */
bool config_never_intercept(const struct config *cfg, struct slice host);

/* Does one of cfg->tls_name cover this host? */
bool config_tls_name(const struct config *cfg, struct slice host);

/*
 * The port of the first of these listeners that takes connections to this address, whatever its
 * port; 0: none does.
 */
uint16_t config_listen_port(const struct config_listen *list, size_t n, const struct sockaddr *at);

/*
 * The first connect-to rule for this origin, or NULL.  host without brackets, any case.
 */
const struct config_connect_to *config_connect_to(const struct config *cfg, struct slice host,
						  uint16_t port);

#endif
