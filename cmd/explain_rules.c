#include "cmd/explain_rules.h"

#include "data/tables.h"
#include "evidence/digest.h"
#include "evidence/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void explain_rules_init(struct explain_rules *r)
{
	*r = (struct explain_rules){ .rules = NULL };
	buf_init(&r->mem, RULES_TEXT_MAX);
}

void explain_rules_release(struct explain_rules *r)
{
	rules_free(r->rules);
	buf_release(&r->mem);
	explain_rules_init(r);
}

static bool say(const char *name, const char *what)
{
	fprintf(stderr, "crumbgate explain: %s: %s\n", name, what);
	return false;
}

static bool compile(struct explain_rules *r, const char *name)
{
	struct buf error;

	buf_init(&error, 4096);
	r->rules = rules_new(r->text, name, &error);
	if (r->rules == NULL)
		fprintf(stderr, "crumbgate explain: %.*s\n", SLICE_ARG(buf_slice(&error)));
	buf_release(&error);
	return r->rules != NULL;
}

bool explain_rules_own(struct explain_rules *r)
{
	char digest[DIGEST_PLAIN_LEN + 1];

	r->text = table_rules;
	if (!digest_plain(r->text, digest))
		return say("the tables of this program", "no memory");
	(void)slice_copy(slice_of(digest, ENTRY_RULES_LEN), r->number, sizeof(r->number));
	return compile(r, "cookies.tsv");
}

static bool read_copy(struct explain_rules *r, int rules_dir, const char *name)
{
	char digest[DIGEST_PLAIN_LEN + 1];

	if (!file_read(rules_dir, name, &r->mem) || !digest_plain(buf_slice(&r->mem), digest))
		return say(name, strerror(errno));
	if (!slice_starts(slice_str(name), slice_str(digest)))
		return say(name, "this copy of rules was changed: it does not have the digest it "
				 "is named by; run crumbgate verify");
	r->text = buf_slice(&r->mem);
	(void)slice_copy(slice_of(digest, ENTRY_RULES_LEN), r->number, sizeof(r->number));
	return compile(r, name);
}

static bool is_copy(struct slice name, struct slice number)
{
	return name.n == DIGEST_PLAIN_LEN + 4 && slice_ends(name, SLICE(".tsv")) &&
	       slice_starts(name, number);
}

enum explain_rules_result explain_rules_kept(struct explain_rules *r, int dir, struct slice number)
{
	enum explain_rules_result result = EXPLAIN_RULES_GONE;
	int fd = openat(dir, "rules", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (slice_eq(number, SLICE("0000000000000000")))
		result = EXPLAIN_RULES_KEPT;
	while (result == EXPLAIN_RULES_GONE && d != NULL && (e = readdir(d)) != NULL)
		if (is_copy(slice_str(e->d_name), number))
			result = read_copy(r, dirfd(d), e->d_name) ? EXPLAIN_RULES_KEPT
								   : EXPLAIN_RULES_ERROR;
	if (d != NULL)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return result;
}
