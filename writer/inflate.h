/* inflate.h - unpack gzip from a descriptor, piece by piece.
 *
 * For files that are as they should be: what is broken, cut short or merely odd fails without a
 * sentence, and whoever wants to know why asks zlib.  Private to writer/.
 */
#ifndef SONDE_WRITER_INFLATE_H
#define SONDE_WRITER_INFLATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inflate;

/* All members of the file, from where fd is now.  NULL: no memory.  The descriptor
 * stays the caller's.  Not thread-safe. */
struct inflate *inflate_new(int fd);
void inflate_free(struct inflate *z); /* NULL is fine */

/* Unpack `want` bytes to out, or fewer at the end.  The number of bytes; 0 = the end, everything
 * was right; -1 = something was not. */
ssize_t inflate_next(struct inflate *z, uint8_t *out, size_t want);

#endif
