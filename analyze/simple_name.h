/* simple_name.h - function names without their argument list, for the filters that cut stacks. */
#ifndef SONDE_ANALYZE_SIMPLE_NAME_H
#define SONDE_ANALYZE_SIMPLE_NAME_H

#include "base/profile.h"

/* Without a leading '.' (PowerPC) and from the first '(' on, where "(anonymous namespace)" and
 * "operator()" do not count.  The result is a string of p. */
str_id simple_name(struct profile *p, str_id name);

#endif
