/* sample_index.c - find a sample type by number or name. */
#include "analyze/sample_index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t default_index(const struct profile *p)
{
	for (size_t i = 0; p->default_sample_type && i < p->sample_types.n; i++)
		if (p->sample_types.v[i].type == p->default_sample_type)
			return i;
	return p->sample_types.n - 1;
}

/* A decimal number with an optional sign and nothing else. */
static bool read_number(const char *s, long long *n)
{
	size_t digits = strspn(s + (*s == '+' || *s == '-'), "0123456789");
	char *end;

	if (!digits)
		return false;
	errno = 0;
	*n = strtoll(s, &end, 10);
	return !*end && errno == 0;
}

static int unknown_type(const struct profile *p, const char *name, struct err *err)
{
	char list[700] = "";
	size_t n = 0;

	for (size_t i = 0; i < p->sample_types.n && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? " " : "",
				      profile_str(p, p->sample_types.v[i].type));
	return err_set(err, SONDE_EUSAGE, "sample_index \"%s\" must be one of: [%s]", name, list);
}

int sample_index_find(size_t *index, const struct profile *p, const char *name, struct err *err)
{
	const char *short_name = strncmp(name, "inuse_", 6) == 0 ? name + 6 : name;
	long long number;

	if (p->sample_types.n == 0)
		return err_set(err, SONDE_EUSAGE, "profile has no samples");
	if (!*name) {
		*index = default_index(p);
		return 0;
	}
	if (read_number(name, &number)) {
		if (number < 0 || (size_t)number >= p->sample_types.n)
			return err_set(err, SONDE_EUSAGE,
				       "sample_index %s is outside the range [0..%zu]", name,
				       p->sample_types.n - 1);
		*index = (size_t)number;
		return 0;
	}
	for (size_t i = 0; i < p->sample_types.n; i++) {
		const char *type = profile_str(p, p->sample_types.v[i].type);

		if (strcmp(type, name) == 0 || strcmp(type, short_name) == 0) {
			*index = i;
			return 0;
		}
	}
	return unknown_type(p, name, err);
}
