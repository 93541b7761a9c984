/* web_address.c - where to listen. */
#include "analyze/web_address.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int web_address_split(const char *address, char **host, char **port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	bool bracketed = *address == '[';
	size_t n;

	if (!colon || (bracketed && colon[-1] != ']') ||
	    (!bracketed && memchr(address, ':', (size_t)(colon - address))))
		return err_set(err, SONDE_EUSAGE, "'%s' is no [host]:[port]", address);
	if (strtoul(colon + 1, NULL, 10) > 65535) /* which getaddrinfo() would cut to 16 bits */
		return err_set(err, SONDE_EUSAGE, "'%s': a port is a number up to 65535", address);
	n = (size_t)(colon - address);
	*port = strdup(colon[1] ? colon + 1 : "0");
	*host = n == 0	    ? strdup("localhost")
		: bracketed ? strndup(address + 1, n - 2)
			    : strndup(address, n);
	return *port && *host ? 0 : err_set(err, SONDE_ENOMEM, "out of memory");
}
