/*
 * setup.h - what the supervisor prepares once and every worker of a generation inherits by fork.
 *
 *	setup = setup_new(config, POST_WORKER, n);   // tables and listeners; says on stderr why not
 *	... keeper runs, so the CA is there ...
 *	setup_load_ca(setup);                        // its certificate, the roots to trust
 *
 * All of it is read-only in the workers.  The supervisor owns it and frees it when the last worker
 * of the generation is gone; the listening sockets go over to the next generation's setup.
 */
#ifndef CRUMBGATE_PROXY_SETUP_H
#define CRUMBGATE_PROXY_SETUP_H

#include "base/buf.h"
#include "base/post.h"
#include "certs/ca.h"
#include "certs/tickets.h"
#include "evidence/digest.h"
#include "evidence/entry.h"
#include "filters/words.h"
#include "proxy/list_sources.h"

#define SETUP_ADDRESSES_MAX 32
#define SETUP_SECRET_LEN 32

struct banners;
struct config;
struct hosts;
struct list_files;
struct rules;
struct sites;
struct trust;

/* Each worker has a socket of its own at each address. */
struct setup_listener {
	int fd;
	bool tls;	 /* browsers speak TLS to the proxy there (outer.h) */
	unsigned worker; /* the first is 0 */
};

struct list_about {
	char digest[DIGEST_PLAIN_LEN + 1]; /* of its text */
	enum purpose purpose;		   /* of what it is about */
};

struct setup {
	struct config *config;
	struct sites *sites;
	struct rules *rules;
	char rules_id[ENTRY_RULES_LEN + 1]; /* names them in each entry */
	struct banners *banners;	    /* the consent banners of sites */
	struct list_sources list_sources;   /* of the filter lists */
	struct list_files *lists;	    /* filter lists; NULL: none */
	struct list_about *list_about;	    /* each of them */
	struct hosts *never; /* the built-in never-intercept table; NULL when switched off */
	struct trust *trust;

	/* The CA, for the desk's downloads. */
	struct buf ca_pem, ca_der, ca_mobileconfig;
	struct ca_about ca_about;

	struct ticket_keys tickets; /* those in force at the fork; later ones come by letter */
	unsigned char secret[SETUP_SECRET_LEN]; /* binds the desk's form tokens */
	int64_t started;			/* wall ms */
	struct setup_listener *listeners;
	size_t listeners_n;
	unsigned first_box, workers; /* the letter boxes of this generation */
};

/* Takes config over, also on failure (NULL). */
struct setup *setup_new(struct config *config, unsigned first_box, unsigned workers);
/*
 * For the next generation: takes config, and the old one's listeners, over.  NULL: said why; the
 * old one is as it was, and config is still the caller's.
 */
struct setup *setup_reload(struct setup *old, struct config *config, unsigned first_box);
/* The filter lists of its configuration; a part of setup_new(). */
bool setup_load_lists(struct setup *s);
bool setup_load_ca(struct setup *s);
void setup_close_listeners(struct setup *s);
void setup_free(struct setup *s);

/* Whom a worker, and whoever reads what others wrote, becomes where this is root. */
const char *setup_user(const struct config *config);
/* How many workers the configuration asks for on this machine. */
unsigned setup_worker_count(const struct config *config);
/*
 * The first letter box of the next generation, and of the one before: there are two sets, taken in
 * turn.
 */
unsigned setup_other_boxes(const struct setup *s);
/* The text that the rules were made from. */
struct slice setup_rules_text(void);

#endif
