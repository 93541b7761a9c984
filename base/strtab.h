/* strtab.h - each distinct string once, named by a small number.
 *
 * Number 0 is always "".  Strings may hold any bytes but are zero-terminated for convenience; they stay where they
 * are until the table is freed.  Not thread-safe.
 */
#ifndef SONDE_BASE_STRTAB_H
#define SONDE_BASE_STRTAB_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t str_id;

struct strtab;

struct strtab *strtab_new(void);
void strtab_free(struct strtab *t);
str_id strtab_add(struct strtab *t, const char *s,
		  size_t n); /* the number of these bytes, old or new */
str_id strtab_add_str(struct strtab *t, const char *s);
const char *strtab_get(const struct strtab *t, str_id id); /* lives as long as the table */
size_t strtab_len(const struct strtab *t, str_id id);
/* Zeroed memory that lives as long as the table. */
void *strtab_attach(struct strtab *t, size_t bytes);
size_t strtab_count(const struct strtab *t);

#endif
