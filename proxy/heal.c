#include "proxy/heal.h"

#include "base/hash.h"
#include "base/msg.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/peers.h"
#include "proxy/visitor.h"
#include "proxy/visitor_host.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENTS_MAX 2048u
#define PLACES 4u
#define NAMES 6u
#define NAME_MAX_LEN 63u

/* A redirect, from where to where. */
struct place {
	uint64_t id;
	int64_t at; /* of the first, monotonic ms */
	unsigned times;
};

struct name {
	uint8_t n;
	char text[NAME_MAX_LEN];
};

/* One site of one client that redirected lately, or gets something back. */
struct patient {
	UT_hash_handle hh;
	struct place places[PLACES];
	unsigned next_place;
	int64_t redirected_at;
	struct name names[NAMES]; /* taken out since, or put back */
	unsigned names_n;
	int64_t until; /* put back: monotonic ms; 0: not yet */
	size_t key_n;
	char key[];
};

struct heal {
	struct patient *patients;
};

struct heal *heal_new(void)
{
	return calloc(1, sizeof(struct heal));
}

static void forget(struct heal *h, struct patient *p)
{
	HASH_DEL(h->patients, p);
	free(p);
}

void heal_free(struct heal *h)
{
	if (h == NULL)
		return;
	while (h->patients != NULL)
		forget(h, h->patients);
	free(h);
}

/* ---- the table ---- */

static struct patient *find(const struct heal *h, const struct visitor_host *k)
{
	struct patient *p = NULL;

	if (k->n != 0)
		HASH_FIND(hh, h->patients, k->text, k->n, p);
	return p;
}

static struct patient *meet(struct heal *h, const struct visitor_host *k)
{
	struct patient *p = find(h, k);

	if (p != NULL || k->n == 0)
		return p;
	p = calloc(1, sizeof(*p) + k->n);
	if (p == NULL)
		return NULL;
	p->key_n = k->n;
	memcpy(p->key, k->text, k->n);
	while (HASH_COUNT(h->patients) >= PATIENTS_MAX)
		forget(h, h->patients);
	HASH_ADD_KEYPTR(hh, h->patients, p->key, p->key_n, p);
	return p;
}

static struct patient *patient_of(const struct worker *w, const struct cookie_scene *s)
{
	struct visitor_host k;

	if (w->heal->patients == NULL)
		return NULL;
	k = visitor_host_of(s->visitor->id, slice_str(s->site.site));
	return find(w->heal, &k);
}

/* ---- what was taken out ---- */

static bool has_name(const struct patient *p, struct slice name)
{
	for (unsigned i = 0; i < p->names_n; i++)
		if (slice_eq(slice_of(p->names[i].text, p->names[i].n), name))
			return true;
	return false;
}

static void add_name(struct patient *p, struct slice name)
{
	struct name *to;

	if (name.n == 0 || name.n > NAME_MAX_LEN || has_name(p, name))
		return;
	if (p->names_n == NAMES) {
		memmove(p->names, p->names + 1, (NAMES - 1) * sizeof(p->names[0]));
		p->names_n--;
	}
	to = &p->names[p->names_n++];
	memcpy(to->text, name.p, name.n);
	to->n = (uint8_t)name.n;
}

void heal_removed(struct worker *w, const struct cookie_scene *s, struct slice name)
{
	struct patient *p = s->site.party == PARTY_FIRST ? patient_of(w, s) : NULL;

	if (p != NULL && p->until == 0 && loop_now_ms(w->loop) - p->redirected_at <= HEAL_WITHIN_MS)
		add_name(p, name);
}

bool heal_puts_back(const struct worker *w, const struct cookie_scene *s, struct slice name)
{
	const struct patient *p = s->site.party == PARTY_FIRST ? patient_of(w, s) : NULL;

	return p != NULL && loop_now_ms(w->loop) < p->until && has_name(p, name);
}

/* ---- telling ---- */

static void tell(struct worker *w, const struct patient *p)
{
	struct buf body;

	if (w->setup->workers < 2)
		return;
	buf_init(&body, 4096);
	msg_put_bytes(&body, slice_of(p->key, p->key_n));
	msg_put_u64(&body, (uint64_t)p->until);
	for (unsigned i = 0; i < p->names_n; i++)
		msg_put_bytes(&body, slice_of(p->names[i].text, p->names[i].n));
	if (buf_ok(&body))
		peers_tell(w, MSG_HEAL, buf_slice(&body));
	buf_release(&body);
}

bool heal_letter(struct worker *w, struct slice body)
{
	struct visitor_host k;
	struct patient *p;
	struct msg_reader r;
	uint64_t until;

	msg_reader_init(&r, body);
	k = visitor_host_get(&r);
	until = msg_get_u64(&r);
	if (r.bad || k.n == 0)
		return false;
	p = meet(w->heal, &k);
	if (p == NULL)
		return true;
	p->until = loop_now_ms(w->loop) + HEAL_FOR_MS;
	if ((int64_t)until < p->until)
		p->until = (int64_t)until;
	p->names_n = 0;
	while (r.rest.n != 0 && !r.bad)
		add_name(p, msg_get_bytes(&r));
	return !r.bad;
}

static void record(struct worker *w, const struct cookie_scene *s, const struct patient *p)
{
	for (unsigned i = 0; i < p->names_n; i++)
		claim_record(w, s, ENTRY_HEAL, slice_of(p->names[i].text, p->names[i].n),
			     "the same redirect three times in ten seconds: put back for a day");
}

/* ---- redirects ---- */

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* How often it was seen within the time, this one counted. */
static unsigned count(struct patient *p, uint64_t id, int64_t now)
{
	for (unsigned i = 0; i < PLACES; i++) {
		struct place *at = &p->places[i];

		if (at->id != id || at->times == 0)
			continue;
		if (now - at->at > HEAL_WITHIN_MS)
			*at = (struct place){ .id = id, .at = now };
		return ++at->times;
	}
	p->places[p->next_place++ % PLACES] = (struct place){ .id = id, .at = now, .times = 1 };
	return 1;
}

/* A page came: those before were no circle. */
static void arrive(struct worker *w, const struct visitor_host *k)
{
	struct patient *p = find(w->heal, k);

	if (p == NULL || loop_now_ms(w->loop) < p->until)
		return;
	memset(p->places, 0, sizeof(p->places));
	p->names_n = 0;
}

void heal_redirect(struct worker *w, const struct cookie_scene *s, unsigned status,
		   struct slice from, struct slice location)
{
	int64_t now = loop_now_ms(w->loop);
	struct visitor_host k;
	struct patient *p;
	struct hasher id;

	if (!s->document)
		return;
	k = visitor_host_of(s->visitor->id, slice_str(s->site.site));
	if (!is_redirect(status) || location.n == 0) {
		arrive(w, &k);
		return;
	}
	p = meet(w->heal, &k);
	if (p == NULL || now < p->until)
		return;
	if (now - p->redirected_at > HEAL_WITHIN_MS) {
		p->names_n = 0;
		p->until = 0;
	}
	p->redirected_at = now;
	hasher_init(&id);
	hasher_add(&id, slice_str(s->host));
	hasher_add(&id, from);
	hasher_add(&id, location);
	if (count(p, hasher_result(&id), now) < HEAL_TIMES || p->names_n == 0)
		return;
	p->until = now + HEAL_FOR_MS;
	record(w, s, p);
	tell(w, p);
}
