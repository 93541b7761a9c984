/* label_units.h - the unit of each numeric label key of a profile: the first one that a sample
 * gives it.
 *
 * Keys without any get one by their name: "bytes" for alignment and request, the key itself for all
 * others.
 */
#ifndef SONDE_ANALYZE_LABEL_UNITS_H
#define SONDE_ANALYZE_LABEL_UNITS_H

#include "analyze/analyze.h"

struct label_units {
	VEC(str_id) unit; /* by key, PROFILE_NONE = not the key of a numeric label */
};

/* A note lists the units that lost.  Strings may be added to p. */
void label_units_init(struct label_units *u, struct profile *p, const struct notes *notes);
void label_units_release(struct label_units *u);
str_id label_units_get(const struct label_units *u, str_id key); /* 0 = none */

#endif
