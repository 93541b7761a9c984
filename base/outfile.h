/* outfile.h - write a file beside its final name and rename it when it is whole.
 *
 * Until outfile_commit() succeeds nothing exists under the final name that was not there before; a crash leaves at
 * most "NAME.PID.tmp".  Devices and pipes (/dev/stdout, /dev/null) are written directly.  No malloc.
 */
#ifndef SONDE_BASE_OUTFILE_H
#define SONDE_BASE_OUTFILE_H

#include "base/err.h"
#include <limits.h>
#include <stddef.h>

struct outfile {
	int fd;
	int direct; /* the name is a device or a pipe */
	char path[PATH_MAX], tmp[PATH_MAX + 32];
};

SONDE_MUST int outfile_open(struct outfile *f, const char *path, struct err *err);
SONDE_MUST int outfile_commit(struct outfile *f, struct err *err); /* closes in any case */
void outfile_abort(struct outfile *f); /* closes, removes; fine after commit */

/* write() all of it; EINTR and short writes are handled.  name is for the sentence. */
SONDE_MUST int write_all(int fd, const void *p, size_t n, const char *name, struct err *err);

#endif
