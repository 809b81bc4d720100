#include "proxy/body.h"

#include "proxy/http/h1_body.h"

void body_write(struct stream *s, bool chunked, const struct slice *spans, size_t n, uint64_t total)
{
	char mem[32];
	struct buf line = { .mem = mem, .cap = sizeof(mem), .max = sizeof(mem) };

	if (!chunked) {
		for (size_t i = 0; i < n; i++)
			stream_write(s, spans[i]);
		return;
	}
	h1_chunk_begin(&line, total);
	stream_writev2(s, buf_slice(&line), spans[0]);
	for (size_t i = 1; i < n; i++)
		stream_write(s, spans[i]);
	stream_write(s, SLICE("\r\n"));
}

void body_write_end(struct stream *s, const struct fields *trailers)
{
	struct buf out;

	buf_init(&out, 2 * H1_TRAILERS_MAX);
	if (!h1_last_chunk(&out, trailers)) {
		buf_clear(&out);
		buf_adds(&out, "0\r\n\r\n");
	}
	stream_write(s, buf_slice(&out));
	buf_release(&out);
}
