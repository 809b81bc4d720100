#include "evidence/replay_rules.h"

#include "evidence/digest.h"
#include "evidence/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COPIES_MAX 4096u

struct copy {
	char number[ENTRY_RULES_LEN];
	struct rules *rules;
};

struct rulebook {
	size_t count;
	struct copy copies[COPIES_MAX];
};

static bool load(struct rulebook *b, int dir, const char *name, char *error, size_t size)
{
	char digest[DIGEST_PLAIN_LEN + 1];
	struct copy *c = &b->copies[b->count];
	struct buf text, why;
	bool ok = false;

	buf_init(&text, RULES_TEXT_MAX);
	buf_init(&why, 1024);
	if (b->count == COPIES_MAX)
		snprintf(error, size, "rules: more than %u copies", COPIES_MAX);
	else if (!file_read(dir, name, &text) || !digest_plain(buf_slice(&text), digest))
		snprintf(error, size, "rules/%s cannot be read: %s", name, strerror(errno));
	else if (!slice_starts(slice_str(name), slice_str(digest)))
		snprintf(error, size,
			 "rules/%s was changed: it does not have the digest it is named by", name);
	else if ((c->rules = rules_new(buf_slice(&text), name, &why)) == NULL)
		snprintf(error, size, "rules/%.*s", SLICE_ARG(buf_slice(&why)));
	else
		ok = true;
	if (ok) {
		memcpy(c->number, digest, ENTRY_RULES_LEN);
		b->count++;
	}
	buf_release(&text);
	buf_release(&why);
	return ok;
}

struct rulebook *rulebook_open(int evidence_dir, char *error, size_t size)
{
	struct rulebook *b = calloc(1, sizeof(*b));
	int dir = openat(evidence_dir, "rules", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int list = dir >= 0 ? dup(dir) : -1;
	DIR *d = list >= 0 ? fdopendir(list) : NULL;
	struct dirent *e;
	bool ok = b != NULL;

	/* Without the folder there are no copies: fine for a log without cookies. */
	while (ok && d != NULL && (e = readdir(d)) != NULL) {
		struct slice name = slice_str(e->d_name);

		if (name.n == DIGEST_PLAIN_LEN + 4 && slice_ends(name, SLICE(".tsv")))
			ok = load(b, dir, e->d_name, error, size);
	}
	if (d != NULL)
		closedir(d);
	else if (list >= 0)
		close(list);
	if (dir >= 0)
		close(dir);
	if (ok)
		return b;
	rulebook_free(b);
	return NULL;
}

void rulebook_free(struct rulebook *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->count; i++)
		rules_free(b->copies[i].rules);
	free(b);
}

bool rulebook_find(const struct rulebook *b, struct slice number, const struct rules **out)
{
	static const char none[ENTRY_RULES_LEN + 1] = "0000000000000000";

	*out = NULL;
	for (size_t i = 0; i < b->count; i++) {
		if (memcmp(b->copies[i].number, number.p, ENTRY_RULES_LEN) != 0)
			continue;
		*out = b->copies[i].rules;
		return true;
	}
	return memcmp(none, number.p, ENTRY_RULES_LEN) == 0;
}
