/*
 * diag.h - lines for the operator, on stderr.
 *
 * A line says what happened and, for an error, what to do.  It never holds a cookie value, a key or
 * a request target.  Bytes that came from outside are printed through diag's own escaping, so a
 * hostile host name cannot write control sequences to a terminal.  The same line within a
 * second is printed once and counted.
 */
#ifndef CRUMBGATE_BASE_DIAG_H
#define CRUMBGATE_BASE_DIAG_H

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_INFO, DIAG_DEBUG };

/* `who` (static) names the process in each line; lines above `level` are not printed. */
void diag_init(const char *who, enum diag_level level);

void diag_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
