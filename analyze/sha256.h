/* sha256.h - the hash by which a page's security policy names the scripts that may run (FIPS 180-4).
 */
#ifndef SONDE_ANALYZE_SHA256_H
#define SONDE_ANALYZE_SHA256_H

#include <stddef.h>

enum { SHA256_BYTES = 32, SHA256_BASE64 = 45 }; /* with its final zero */

void sha256(unsigned char out[SHA256_BYTES], const void *data, size_t n);
void sha256_base64(char out[SHA256_BASE64], const void *data, size_t n);

#endif
