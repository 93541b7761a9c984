/* suggest.h - "did you mean": the known name that is nearest to one that was mistyped. */
#ifndef SONDE_CLI_SUGGEST_H
#define SONDE_CLI_SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *given; /* n bytes of it */
	size_t n;
	const char *best; /* NULL = nothing is near */
	size_t distance;  /* of best */
};

void suggest_from(struct suggestion *s, const char *given, size_t n);
void suggest(struct suggestion *s, const char *name); /* what it could have been */

#endif
