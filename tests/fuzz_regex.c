/* fuzz_regex.c - regex_compile(), regex_match(): the pattern is the first line, the subject the
 * rest. */
#include "analyze/regex.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line_end = size ? memchr(data, '\n', size) : NULL;
	size_t n = line_end ? (size_t)(line_end - data) : size;
	char pattern[256];
	struct regex *r;

	if (n >= sizeof(pattern))
		return 0;
	memcpy(pattern, data, n);
	pattern[n] = 0;
	if (regex_compile(&r, pattern, NULL))
		return 0;
	regex_match(r, (const char *)data + n, size - n > 64 ? 64 : size - n);
	regex_free(r);
	return 0;
}
