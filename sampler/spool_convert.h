/* spool_convert.h - one spool file to one profile file. */
#ifndef SONDE_SAMPLER_SPOOL_CONVERT_H
#define SONDE_SAMPLER_SPOOL_CONVERT_H

#include "base/err.h"

SONDE_MUST int spool_convert(const char *spool, const char *out, struct err *err);

#endif
