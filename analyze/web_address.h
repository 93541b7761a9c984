/* web_address.h - "[host]:[port]". */
#ifndef SONDE_ANALYZE_WEB_ADDRESS_H
#define SONDE_ANALYZE_WEB_ADDRESS_H

#include "base/err.h"

/* A host with colons stands in brackets; no host is localhost, no port 0.  Both are malloc'ed, also after an error,
 * or NULL. */
SONDE_MUST int web_address_split(const char *address, char **host, char **port, struct err *err);

#endif
