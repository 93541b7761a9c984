/* memory_limit.c - a small file must not be able to fill the machine.
 *
 * A profile of real stacks takes three to ten times the size of its file, and what packs well up to
 * forty times; a hostile file of ten kilobytes can ask for any number of gigabytes.  So the limit
 * is a base that is enough for every small file, and on top of it a generous multiple of the size
 * of the input.  A pipe or a server does not say how much will come.
 */
#include "cli/memory_limit.h"
#include "base/memory.h"
#include "base/oom.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#define MB ((size_t)1 << 20)
enum { BASE_MB = 900, STREAM_MB = 8192, TIMES_FILE = 64 };

static const struct {
	const char *name;
	int shift;
} units[] = { { "", 0 },    { "b", 0 },	 { "k", 10 },  { "kb", 10 }, { "m", 20 },
	      { "mb", 20 }, { "g", 30 }, { "gb", 30 }, { "t", 40 },  { "tb", 40 } };

static int parse(size_t *bytes, const char *text, struct err *err)
{
	char *unit;
	double number = strtod(text, &unit);

	for (size_t i = 0; unit != text && i < sizeof(units) / sizeof(units[0]); i++) {
		double wanted = number * (double)((size_t)1 << units[i].shift);

		if (strcasecmp(unit, units[i].name) != 0 || !(wanted >= 1 && wanted < 0x1p62))
			continue;
		*bytes = (size_t)wanted;
		return 0;
	}
	return err_set(err, SONDE_EUSAGE, "invalid value '%s' for option '-max_memory'", text);
}

static size_t fitting(const char *file)
{
	struct stat st;

	if (stat(file, &st) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return STREAM_MB * MB;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return 0;
	return (size_t)st.st_size < SIZE_MAX / 2 / TIMES_FILE ? (size_t)st.st_size * TIMES_FILE
							      : SIZE_MAX / 2;
}

int memory_limit_allow(const char *wanted, const char *const *files, size_t n, struct err *err)
{
	static size_t allowed = BASE_MB * MB;
	static char sentence[160];
	int rc = wanted ? parse(&allowed, wanted, err) : 0;

	if (rc)
		return rc;
	for (size_t i = 0; !wanted && i < n; i++) {
		size_t more = fitting(files[i]);

		allowed = allowed < SIZE_MAX - more ? allowed + more : SIZE_MAX;
	}
	memory_set_limit(allowed);
	snprintf(sentence, sizeof(sentence),
		 "sonde: out of memory: more than %zu %s are needed; --max-memory=<size> sets "
		 "another limit\n",
		 allowed < MB ? allowed >> 10 : allowed / MB, allowed < MB ? "KB" : "MB");
	oom_set_sentence(sentence);
	return 0;
}
