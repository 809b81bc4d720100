/*
 * choice.h - what a client chose, as the pages say it, and the form to choose with.
 *
 * Refuse and Accept are two buttons of the same size, and what stands without any click is a
 * refusal.  Where there is room, purposes can be accepted one by one in a part that is folded.
 */
#ifndef CRUMBGATE_PROXY_DESK_CHOICE_H
#define CRUMBGATE_PROXY_DESK_CHOICE_H

#include "proxy/desk/data.h"
#include "proxy/desk/desk.h"

struct choice_now {
	struct desk_choice choice; /* of the site itself, else that for all sites */
	struct desk_choice all;
};

/* `site`: or "*". */
struct choice_now choice_now(const struct desk_context *ctx, const struct desk_request *req,
			     struct slice site);

struct choice_form {
	struct slice site;
	const char *from; /* where the choice leads back to: "home", "site" */
	const char *what; /* read out behind each button */
	bool purposes;	  /* with the part that is folded */
};

/* Nothing where there is nothing to choose. */
void choice_form(struct buf *out, const struct desk_context *ctx, const struct desk_request *req,
		 const struct choice_now *now, const struct choice_form *form);

/* What is in force: a sentence or two, as text. */
void choice_sentence(struct buf *out, const struct desk_request *req, const struct choice_now *now,
		     bool all_sites);
/* A person's own, and not what a site's banner made of a click. */
bool choice_is_own(const struct desk_choice *choice);
/* Of a single site: "You refused at the desk, until 2027-05-24." */
void choice_told(struct buf *out, const struct desk_choice *choice);
/* "; you accepted functional and analytics only"; nothing where nothing was chosen. */
void choice_words(struct buf *out, const struct desk_request *req, const struct choice_now *now);

/*
 * The cookie was seen last before the choice in force was made, and what was done with it then is
 * not what would be done now.
 */
bool choice_changes(const struct desk_request *req, const struct choice_now *now,
		    const struct desk_cookie *c);

#endif
