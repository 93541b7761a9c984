/* by_binary.h - tell functions of one name in different binaries apart. */
#ifndef SONDE_ANALYZE_BY_BINARY_H
#define SONDE_ANALYZE_BY_BINARY_H

#include "base/profile.h"

/* Functions whose name several binaries have are named "name [binary]"; the binary is the last
 * element of its path, or the whole where that is not enough. */
void name_by_binary(struct profile *p);

#endif
