/*
 * config_value.h - one value of one option: from text into struct config, and back as JSON.
 *
 * Private to config.c.  Nothing here knows where the text came from: `why` gets "what is wrong;
 * what to do", without a position and without a line's end.
 */
#ifndef CRUMBGATE_BASE_CONFIG_VALUE_H
#define CRUMBGATE_BASE_CONFIG_VALUE_H

#include "base/config.h"
#include "base/options.h"

#define CONFIG_VALUE_MAX 4096u
#define CONFIG_LIST_MAX 4096u
#define CONFIG_LISTEN_MAX 16u

/* Sets the field, or appends to the list.  `folder` is what relative paths count from. */
bool config_set(struct config *cfg, const struct option_row *row, struct slice value,
		const char *folder, struct buf *why);
/* Empties a list; anything else stays. */
void config_unset(struct config *cfg, const struct option_row *row);
/* Frees what the row's field owns. */
void config_drop(struct config *cfg, const struct option_row *row);
/* Appends the value as JSON. */
void config_show(const struct config *cfg, const struct option_row *row, struct buf *out);
/* A number as a user would write it: 64K, 30s. */
void config_amount(struct buf *out, enum option_type type, unsigned v);

bool config_profile_find(struct slice name, enum config_profile *out);

/* ---- for the types that have a file of their own ---- */

/* Heap copies with a NUL; NULL: no memory. */
char *config_copy(struct slice s);
/* Says so; always false. */
bool config_no_memory(struct buf *why);
/* One more element of `size` zero bytes at the end of the row's list; NULL: said in why. */
void *config_grow(struct config *cfg, const struct option_row *row, size_t size, size_t most,
		  struct buf *why);

/* The row's list of listeners, *n of them. */
struct config_listen *config_listens(const struct config *cfg, const struct option_row *row,
				     size_t *n);

/* config_address.c */
/* An address literal without brackets: its family and its 4 or 16 bytes, or 0. */
int config_parse_ip(struct slice text, unsigned char addr[16]);
bool config_add_host(struct config *cfg, const struct option_row *row, struct slice v,
		     struct buf *why);
bool config_add_listen(struct config *cfg, const struct option_row *row, struct slice v,
		       struct buf *why);
/* The first address that is both in listen and in listen-tls, as it was written; NULL: none. */
const char *config_listen_clash(const struct config *cfg);
bool config_add_connect_to(struct config *cfg, const struct option_row *row, struct slice v,
			   struct buf *why);
void config_show_connect_to(struct buf *out, const struct config_connect_to *c);

/* config_profile.c */
bool config_add_profile(struct config *cfg, const struct option_row *row, struct slice v,
			struct buf *why);
void config_show_profile(struct buf *out, const struct config_subnet *s);

#endif
