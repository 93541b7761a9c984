/* answer_cache.h - answers about one binary, kept in a file from one run to the next.
 *
 * In $XDG_CACHE_HOME/sonde, else ~/.cache/sonde, one file for each build id.  Errors are no errors: what
 * cannot be read or written is as if it were not there.
 */
#ifndef SONDE_SYMBOLIZE_ANSWER_CACHE_H
#define SONDE_SYMBOLIZE_ANSWER_CACHE_H

#include "symbolize/elf_file.h"
#include "symbolize/symbolize.h"

struct answer_cache;

/* The answers that files with these contents gave; files[0] is the binary, others may be NULL.  NULL if
 * there can be none: no build id, or no folder to keep it in. */
struct answer_cache *answer_cache_open(struct elf_file *const *files, size_t n);
/* The same from bytes, which the caller keeps until close; NULL if they are no sound cache of that key. */
struct answer_cache *answer_cache_open_mem(const void *bytes, size_t n, uint64_t key);
void answer_cache_close(struct answer_cache *c); /* NULL is fine */

/* Is there an answer?  Its frames, innermost first, at most max, with what is known of their names at a level of
 * demangling, and how many there are; the strings live until close. */
bool answer_cache_find(const struct answer_cache *c, uint64_t address, enum demangle_mode mode,
		       struct frame *frames, size_t max, size_t *n);

/* The file is written anew with these, each address once, their names at a level of demangling, and with what
 * it had beside them. */
struct cached_answer {
	uint64_t address;
	const struct frame *frames;
	size_t n;
};
void answer_cache_write(struct answer_cache *c, enum demangle_mode mode,
			const struct cached_answer *answers, size_t n);

#endif
