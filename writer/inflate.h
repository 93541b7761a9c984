/* inflate.h - unpack gzip from a descriptor, piece by piece, as fast as libdeflate does it in one.
 *
 * For files that are as they should be: what is broken, cut short or merely odd fails without a
 * sentence, and whoever wants to know why asks zlib.  Never trusts the file: it reads and writes
 * nothing but its own memory and the output.  Private to writer/.
 */
#ifndef SONDE_WRITER_INFLATE_H
#define SONDE_WRITER_INFLATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inflate;

enum {
	INFLATE_WINDOW = 32768, /* of what was unpacked before must still lie before `out` */
	INFLATE_MARGIN = 512,	/* may be written behind what was wanted */
};

/* All members of the file, from where fd is now.  NULL: no memory.  The descriptor stays the
 * caller's. */
struct inflate *inflate_new(int fd);
void inflate_free(struct inflate *z); /* NULL is fine */

/* Unpack `want` bytes to out, or a few more (see INFLATE_MARGIN), or fewer at the end.  The number
 * of bytes; 0 = the end, everything was right; -1 = something was not. */
ssize_t inflate_next(struct inflate *z, uint8_t *out, size_t want);

#endif
