/* A line of the evidence log: what is accepted is written again byte for byte the same. */
#include "evidence/entry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice line = slice_of((const char *)data, size);
	char *scratch = malloc(ENTRY_LINE_MAX);
	struct buf again, packed;
	struct msg_reader r;
	struct entry e, back;
	size_t where = 0;

	if (scratch == NULL)
		return 0;
	buf_init(&again, ENTRY_LINE_MAX);
	buf_init(&packed, ENTRY_PACKED_MAX);
	if (entry_parse(line, scratch, &e, &where)) {
		entry_format(&again, &e);
		if (!entry_ok(&e) || !slice_eq(buf_slice(&again), line))
			abort();
		entry_pack(&packed, &e);
		msg_reader_init(&r, buf_slice(&packed));
		if (!entry_unpack(&r, &back) || !msg_end(&r))
			abort();
	} else if (where > size) {
		abort();
	}
	/* Whatever a message unpacks to has a line. */
	msg_reader_init(&r, line);
	while (r.rest.n != 0 && entry_unpack(&r, &e)) {
		buf_clear(&again);
		entry_format(&again, &e);
		if (!buf_ok(&again) || !entry_parse(buf_slice(&again), scratch, &back, &where))
			abort();
	}
	buf_release(&again);
	buf_release(&packed);
	free(scratch);
	return 0;
}
