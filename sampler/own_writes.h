/* own_writes.h - the library writes, and no signal of that reaches the host. */
#ifndef SONDE_SAMPLER_OWN_WRITES_H
#define SONDE_SAMPLER_OWN_WRITES_H

#include <signal.h>
#include <stdbool.h>

/* Between the two the calling thread may write files and streams: what the host's limit of file sizes forbids, or nobody
 * reads, fails and does nothing more.  Not for handlers. */
void own_writes_begin(sigset_t *mask);
void own_writes_end(const sigset_t *mask, bool have_failed);

/* One message. */
void own_writes_say(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
