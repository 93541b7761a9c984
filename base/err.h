/* err.h - one sentence that says what went wrong, where, owned by the caller.
 *
 * Convention of the whole tree: a function that can fail returns 0 or a negative enum sonde_status and, on
 * failure only, fills the struct err that it was given (NULL is allowed: no sentence wanted).  The sentence is
 * complete as written: lower case, no full stop, fault first, subject quoted, place included.
 * Only cli/ prints it.  Nothing here allocates; err_set is not async-signal-safe (it uses vsnprintf).
 */
#ifndef SONDE_BASE_ERR_H
#define SONDE_BASE_ERR_H

#define SONDE_MUST		__attribute__((warn_unused_result))
#define SONDE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum sonde_status {
	SONDE_OK = 0,
	SONDE_EIO = -1,	    /* the outside world refused: open, read, write, mmap, fork ... */
	SONDE_EFORMAT = -2, /* the input is not what it should be */
	SONDE_EUSAGE = -3,  /* the caller asked for something that makes no sense */
	SONDE_ENOMEM = -4,
	SONDE_ENOTFOUND = -5,
};

struct err {
	char text[1024]; /* "" until something failed */
};

/* Fill e (may be NULL) and return status, so that callers can write `return err_set(e, SONDE_EIO, ...)`. */
int err_set(struct err *e, int status, const char *fmt, ...) SONDE_PRINTF(3, 4);

/* Put "fmt: " before the sentence that is already in e. */
void err_prefix(struct err *e, const char *fmt, ...) SONDE_PRINTF(2, 3);

#endif
