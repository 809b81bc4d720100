/* The keeper: letters in, certificates out.  No network, and after the CA is read no file. */
#include "proxy/children.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/diag.h"
#include "certs/keeper.h"
#include "evidence/entry.h"
#include "proxy/process.h"
#include "proxy/sandbox.h"

#include <event2/event.h>
#include <stdlib.h>

struct keeper_state {
	struct keeper *keeper;
	struct post *post;
	struct buf answer;
};

/* What was signed is recorded, so that a CA that signs too much is seen. */
static void record(struct post *post, const struct minted_note *note)
{
	struct entry e;
	struct buf body;

	entry_init(&e, ENTRY_MINT, clock_wall_ms(&clock_system));
	e.host = slice_str(note->host);
	e.digest = slice_str(note->sha256);
	buf_init(&body, ENTRY_PACKED_MAX);
	entry_pack(&body, &e);
	if (!buf_ok(&body) || !post_send(post, POST_RECORDER, MSG_ENTRIES, 0, buf_slice(&body)))
		diag_warning("a minted certificate was not recorded");
	buf_release(&body);
}

static void on_letter(const struct letter *letter, void *arg)
{
	struct keeper_state *k = arg;
	struct minted_note note = { .fresh = false };

	if (letter->type != MSG_MINT)
		return;
	keeper_handle(k->keeper, letter->from, letter->body, clock_wall_ms(&clock_system),
		      clock_mono_ms(&clock_system), &k->answer, &note);
	if (note.fresh)
		record(k->post, &note);
	if (!post_send(k->post, letter->from, MSG_MINTED, letter->id, buf_slice(&k->answer)))
		diag_warning("a worker takes no more certificates");
}

int keeper_process(const struct child_start *start)
{
	struct keeper_state k = { NULL, NULL, { NULL, 0, 0, 0, 0, false } };
	struct event_base *base;
	int keep[POST_MAX + 1];
	size_t n = 0;
	struct buf why;
	struct ca *ca;

	for (unsigned i = 0; i < start->boxes->count; i++)
		keep[n++] = start->boxes->wr[i];
	keep[n++] = start->boxes->rd[POST_KEEPER];
	process_child("keeper", start->parent, keep, n);
	ca_guard_process();
	buf_init(&why, 4096);
	ca = ca_open(start->setup->config->state, clock_wall_ms(&clock_system), &why);
	k.keeper = ca != NULL ? keeper_new(ca, &why) : NULL;
	if (k.keeper == NULL) {
		diag_error("%.*s", SLICE_ARG(buf_slice(&why)));
		return CHILD_REFUSED;
	}
	buf_release(&why);
	buf_init(&k.answer, MSG_MAX);
	base = event_base_new();
	if (base == NULL || event_base_priority_init(base, 2) < 0)
		return 1;
	k.post = post_new(start->boxes, POST_KEEPER, base, true, on_letter, &k);
	if (k.post == NULL || !sandbox_enter(SANDBOX_KEEPER, NULL))
		return 1;
	if (!post_send(k.post, POST_SUPERVISOR, MSG_READY, 0, slice_of("", 0)))
		return 1;
	event_base_dispatch(base);
	return 1;
}
