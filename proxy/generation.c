/* The workers of one configuration, and how the next ones take their place. */
#include "base/config.h"
#include "base/diag.h"
#include "filters/lists/lists.h"
#include "proxy/list_files.h"
#include "proxy/supervisor_parts.h"

#include <event2/event.h>
#include <signal.h>

/* Between the end of idle connections and that of all others of a replaced generation. */
#define RETIRE_LAST_S 10

/* Letters that a dead generation left must not reach the next one in the same box. */
static void empty_box(struct supervisor *sup, unsigned box)
{
	static char mem[MSG_MAX];
	struct letter letter;

	for (int i = 0; i < 100000; i++)
		if (post_take(&sup->boxes, box, mem, &letter, false) == 0)
			return;
}

void generation_start(struct supervisor *sup, const char *why)
{
	for (unsigned i = 0; i < sup->workers; i++) {
		unsigned box = sup->setup->first_box + i;

		empty_box(sup, box);
		supervisor_start_child(sup, box, ROLE_WORKER, sup->setup, why);
	}
}

bool generation_ready(const struct supervisor *sup)
{
	for (unsigned i = 0; i < sup->workers; i++)
		if (!sup->child[sup->setup->first_box + i].ready)
			return false;
	return true;
}

bool generation_any_left(const struct supervisor *sup)
{
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
		if (sup->child[box].pid != 0)
			return true;
	return false;
}

/* ---- reload ---- */

static void say_lines(struct slice text)
{
	struct slice line;

	while (text.n != 0) {
		text = slice_cut(text, '\n', &line);
		if (line.n != 0)
			diag_error("%.*s", SLICE_ARG(line));
	}
}

/*
 * There is room for two generations.  While the one before the last still serves somebody, a reload
 * waits until it is gone, and it is told to hurry.
 */
static bool boxes_taken(struct supervisor *sup, unsigned first)
{
	bool taken = false;

	for (unsigned i = 0; i < sup->workers; i++) {
		if (sup->child[first + i].pid == 0)
			continue;
		supervisor_tell_drain(sup, first + i, ENDS);
		taken = true;
	}
	if (taken)
		diag_info("the reload waits for the last one to end");
	return taken;
}

/* So that an entry's list can be found in the record. */
static void tell_lists(struct supervisor *sup, const struct setup *setup)
{
	struct buf body;

	for (size_t i = 0; setup->lists != NULL && i < setup->lists->n; i++) {
		buf_init(&body, 8192);
		msg_put_bytes(&body, list_file_name(&setup->lists->files[i]));
		msg_put_bytes(&body, slice_str(setup->list_about[i].digest));
		msg_put_u64(&body, lists_rules_of(setup->lists->lists, i));
		if (!buf_ok(&body) ||
		    !post_send(sup->post, POST_RECORDER, MSG_LIST, 0, buf_slice(&body)))
			diag_warning("the record does not name a filter list");
		buf_release(&body);
	}
}

void generation_reload(struct supervisor *sup)
{
	struct buf why;
	struct config *next;
	struct setup *setup;
	unsigned first;

	buf_init(&why, 64 * 1024);
	next = config_reload(sup->config, &why);
	if (next == NULL) {
		diag_error("the configuration was not reloaded, the running one stays in force:");
		say_lines(buf_slice(&why));
		goto out;
	}
	say_lines(buf_slice(&why)); /* what is good, and likely not meant */
	buf_clear(&why);
	if (!config_same_process(sup->config, next, &why))
		diag_warning("not taken over before a restart: %.*s", SLICE_ARG(buf_slice(&why)));
	first = setup_other_boxes(sup->setup);
	sup->reload_again = boxes_taken(sup, first);
	if (sup->reload_again) {
		config_free(next);
		goto out;
	}
	setup = setup_reload(sup->setup, next, first);
	if (setup == NULL) {
		config_free(next);
		goto out;
	}
	sup->config = next; /* the old one belongs to the old setup now */
	sup->setup = setup;
	sup->child[POST_KEEPER].setup = setup;
	sup->child[POST_RECORDER].setup = setup;
	buf_clear(&why);
	config_describe(next, &why);
	if (!post_send(sup->post, POST_RECORDER, MSG_CONFIG, 0, buf_slice(&why)))
		diag_warning("the record does not name the new configuration");
	tell_lists(sup, setup);
	generation_start(sup, "reload");
	diag_info("the configuration was reloaded");
out:
	buf_release(&why);
}

void generation_on_retire_over(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *sup = arg;
	struct timeval last = { RETIRE_LAST_S, 0 };

	(void)fd;
	(void)what;
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++) {
		struct child *c = &sup->child[box];

		if (c->pid == 0 || c->setup == sup->setup)
			continue;
		if (c->leave == ENDS)
			kill(c->pid, SIGKILL);
		else
			supervisor_tell_drain(sup, box, ENDS);
		event_add(sup->retire, &last);
	}
}

void generation_retire_old(struct supervisor *sup)
{
	unsigned ms = sup->config->drain_timeout_ms;
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	event_add(sup->retire, &tv);
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
		if (sup->child[box].pid != 0 && sup->child[box].setup != sup->setup)
			supervisor_tell_drain(sup, box, RETIRES);
}

void generation_free_old(struct supervisor *sup, struct setup *setup)
{
	if (setup == sup->setup)
		return;
	for (unsigned box = 0; box < sup->boxes.count; box++)
		if (sup->child[box].setup == setup && sup->child[box].pid != 0)
			return;
	for (unsigned box = 0; box < sup->boxes.count; box++)
		if (sup->child[box].setup == setup)
			sup->child[box].setup = sup->setup;
	setup_free(setup);
}
