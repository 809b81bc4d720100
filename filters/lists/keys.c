#include "filters/lists/keys.h"

#define T (CHAR_TOKEN | CHAR_HOST)
#define H CHAR_HOST
#define S CHAR_SEPARATOR
#define ROW_S S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S

/* '%', '_', '-' and '.' are part of no token, and no separators either. */
/* clang-format off */
const unsigned char url_chars[256] = {
	ROW_S, ROW_S,
	/*  !"#$%&'()*+,-./ */
	S, S, S, S, S, 0, S, S, S, S, S, S, S, H, H, S,
	/* 0-9:;<=>? */
	T, T, T, T, T, T, T, T, T, T, S, S, S, S, S, S,
	/* @A-O P-Z[\]^_ */
	S, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, S, S, S, S, H,
	/* `a-o p-z{|}~ */
	S, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,
	T, T, T, T, T, T, T, T, T, T, T, S, S, S, S, S,
	ROW_S, ROW_S, ROW_S, ROW_S, ROW_S, ROW_S, ROW_S, ROW_S,
};
/* clang-format on */
