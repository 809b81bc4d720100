/*
 * choice_request.h - the command line of `crumbgate choice`.
 */
#ifndef CRUMBGATE_CMD_CHOICE_REQUEST_H
#define CRUMBGATE_CMD_CHOICE_REQUEST_H

#include "cmd/state.h"
#include "filters/site.h"
#include "filters/words.h"
#include "proxy/net/address.h"

enum choice_verb { CHOICE_SET, CHOICE_LIST, CHOICE_CLEAR };

struct choice_request {
	enum choice_verb verb;
	enum choice_state choice;
	char site[SITE_MAX];	   /* "*": all */
	char client[ADDRESS_TEXT]; /* "local": the person at this machine */
	struct address address;	   /* of the client; this machine's own for "local" */
	bool has_client, json;
	struct state_given from;
};

/* False: said on stderr. */
bool choice_request_read(struct choice_request *r, int argc, char **argv);

#endif
