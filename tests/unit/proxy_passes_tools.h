/*
 * proxy_passes_tools.h - what passes unread, under virtual time: workers with their passes and what
 * they told, visitors, and what these do.
 *
 * Everything ends the test when it fails, so nothing here needs to be checked.
 */
#ifndef CRUMBGATE_TESTS_PROXY_PASSES_TOOLS_H
#define CRUMBGATE_TESTS_PROXY_PASSES_TOOLS_H

#include "proxy/passes.h"
#include "proxy/visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define START INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOST SLICE("pinned.example")

/* One worker: its passes, and what they told. */
struct side {
	struct passes *passes;
	struct side *peer; /* the other worker gets the letters */
	struct side *heir; /* the worker with the same number in the next generation */
	bool deaf;	   /* nothing can be handed over */
	unsigned told, began, retired, ended, own_ended;
	enum pass_end how;
	char host[SITE_MAX], by[32];
	enum pass_why why;
	unsigned count;
	int64_t since, until;
};

struct stage {
	int64_t wall, mono;
	struct clock clock;
	struct passes_rules rules;
	struct side a, b;
	struct side c, d; /* of the next generation */
	struct visitor person, minor, other;
};

int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* With the rules as they stand now; open_trusted(): the CA is trusted by all. */
struct passes *open_passes(struct stage *s, struct side *side);
struct passes *open_trusted(struct stage *s);
/* Two workers, a and b, who write to each other; the person trusts the CA. */
void open_two(struct stage *s);

void later(struct stage *s, int64_t ms);
/* A handshake of 20 ms that ends with a refusal, and a second of rest. */
void refuse(struct stage *s, struct passes *p, struct visitor *v, struct slice host);

bool is_passed(struct passes *p, const struct visitor *v, struct slice host);
/* How many are in force. */
size_t count(const struct stage *s, const struct passes *p);

#endif
