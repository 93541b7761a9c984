/* quantum.h - how much of a value is chance. */
#ifndef SONDE_ANALYZE_QUANTUM_H
#define SONDE_ANALYZE_QUANTUM_H

#include "base/profile.h"

/* What one sample adds to the values of a sample type, on average; 0 = not known. */
double quantum_of(const struct profile *p, size_t index);

#endif
