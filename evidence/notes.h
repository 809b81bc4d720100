/*
 * notes.h - reads the file `checkpoints` note by note, with flat memory.
 */
#ifndef CRUMBGATE_EVIDENCE_NOTES_H
#define CRUMBGATE_EVIDENCE_NOTES_H

#include "evidence/note.h"

struct notes {
	int fd;
	struct buf mem;
	size_t used;   /* of the note that was given last */
	uint64_t left; /* bytes to read: what is appended after notes_open() is not looked at */
	uint64_t count;
};

/* False: errno. */
bool notes_open(struct notes *n, int dir);
void notes_close(struct notes *n);
/*
 * The next one, valid until the next call.  False: none; notes_rest() is then what cannot be read.
 */
bool notes_next(struct notes *n, struct note *note, struct checkpoint *c);
struct slice notes_rest(const struct notes *n);

#endif
