/*
 * reader.h - reads the lines of a log in order, sealed segments and the current one alike.
 *
 *	struct reader *r = reader_open(path, error, sizeof(error));
 *	while ((got = reader_next(r, &mem, &chunk)) > 0)
 *		...				// chunk.lines: whole lines
 *	if (got < 0)				// reader_error(r)
 *	reader_rest(r)				// bytes behind the last line's end: a torn tail
 *
 * Memory does not grow with the log: a chunk is about a MiB.  A log that is being written can be
 * read: the reader holds the file that was current when it began, and reader_follow() goes on where
 * the end was.  Nothing is ever written.
 */
#ifndef CRUMBGATE_EVIDENCE_READER_H
#define CRUMBGATE_EVIDENCE_READER_H

#include "base/buf.h"

/* The current segment's name, and the form of a sealed one's ("000000000000.jsonl.zst"). */
#define LOG_NAME "log.jsonl"
#define SEGMENT_NAME_MAX 48u
/* A chunk's memory: cap of the buf handed to reader_next(). */
#define READER_CHUNK_MAX ((size_t)2 * 1024 * 1024)

struct reader;

struct reader_chunk {
	struct slice lines; /* whole lines with their ends; borrowed from `mem` */
	size_t count;
	uint64_t n; /* the number that the first of them must have */
	char file[SEGMENT_NAME_MAX];
	uint64_t line; /* of the first, in its file, from 1 */
	bool current;  /* from log.jsonl, not from a sealed segment */
};

/* The log in PATH: the folder evidence/, the state folder above it, or a file inside. */
struct reader *reader_open(const char *path, char *error, size_t size);
/* From entry `n` on, which must be the first of a segment; `dir` is borrowed. */
struct reader *reader_open_at(int dir, uint64_t n, char *error, size_t size);
void reader_free(struct reader *r);

/* The open folder evidence/. */
int reader_dir(const struct reader *r);
/* Bytes on disk, and how many of them were read (for a progress line). */
uint64_t reader_total(const struct reader *r);
uint64_t reader_done(const struct reader *r);

/* The first entry of the newest sealed segment; false when none is sealed. */
bool reader_last_segment(const struct reader *r, uint64_t *first);

/* 1: a chunk; 0: the end, for now; -1: see reader_error(). */
int reader_next(struct reader *r, struct buf *mem, struct reader_chunk *chunk);
struct slice reader_rest(const struct reader *r);
const char *reader_error(const struct reader *r);
/* After the end: looks for more.  False when that failed. */
bool reader_follow(struct reader *r);

/* Reads a segment's name; *packed says whether it is compressed. */
bool segment_name_parse(const char *name, uint64_t *first, bool *packed);
void segment_name(uint64_t first, bool packed, char out[SEGMENT_NAME_MAX]);

#endif
