/* outfile.h - write a file beside its final name and rename it when it is whole.
 *
 * Until outfile_commit() succeeds nothing exists under the final name that was not there before; a crash leaves at
 * most "NAME.PID.tmp", and running out of memory not even that.  Devices and pipes (/dev/stdout, /dev/null) are
 * written directly.  No malloc.
 */
#ifndef SONDE_BASE_OUTFILE_H
#define SONDE_BASE_OUTFILE_H

#include "base/err.h"
#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

struct outfile {
	int fd;
	int direct; /* the name is a device or a pipe */
	pid_t pid;  /* that writes it: children of it have no part in it */
	char path[PATH_MAX], tmp[PATH_MAX + 32];
};

SONDE_MUST int outfile_open(struct outfile *f, const char *path, struct err *err);
SONDE_MUST int outfile_commit(struct outfile *f, struct err *err); /* closes in any case */
void outfile_abort(struct outfile *f); /* closes, removes; fine after commit */

/* The same for the file that this process has begun last and not ended, if any: for those who cannot reach it, as
 * signal handlers of the tool.  Async-signal-safe. */
void outfile_abort_unfinished(void);

/* write() all of it; EINTR and short writes are handled.  name is for the sentence. */
SONDE_MUST int write_all(int fd, const void *p, size_t n, const char *name, struct err *err);

#endif
