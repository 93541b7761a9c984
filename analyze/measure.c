/* measure.c - the table of units, and numbers written with them. */
#include "analyze/measure.h"
#include "analyze/arith.h"
#include "analyze/decimal.h"
#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

struct unit {
	const char *name;
	const char *aliases[4]; /* lower case, singular */
	double factor;
};

struct family {
	struct unit units[10]; /* ascending, ended by an empty name */
	const char *default_name;
	double default_factor;
};

static const struct family families[] = {
	{ { { "B", { "b", "byte" }, 1 },
	    { "kB", { "kb", "kbyte", "kilobyte" }, 0x1p10 },
	    { "MB", { "mb", "mbyte", "megabyte" }, 0x1p20 },
	    { "GB", { "gb", "gbyte", "gigabyte" }, 0x1p30 },
	    { "TB", { "tb", "tbyte", "terabyte" }, 0x1p40 },
	    { "PB", { "pb", "pbyte", "petabyte" }, 0x1p50 } },
	  "B",
	  1 },
	{ { { "ns", { "ns", "nanosecond" }, 1 },
	    { "us", { "\xce\xbcs", "us", "microsecond" }, 1e3 },
	    { "ms", { "ms", "millisecond" }, 1e6 },
	    { "s", { "s", "sec", "second" }, 1e9 },
	    { "hrs", { "hour", "hr" }, 3600e9 } },
	  "s",
	  1e9 },
	{ { { "n*GCU", { "nanogcu" }, 1e-9 },
	    { "u*GCU", { "microgcu" }, 1e-6 },
	    { "m*GCU", { "milligcu" }, 1e-3 },
	    { "GCU", { "gcu" }, 1 },
	    { "k*GCU", { "kilogcu" }, 1e3 },
	    { "M*GCU", { "megagcu" }, 1e6 },
	    { "G*GCU", { "gigagcu" }, 1e9 },
	    { "T*GCU", { "teragcu" }, 1e12 },
	    { "P*GCU", { "petagcu" }, 1e15 } },
	  "GCU",
	  1 },
};

enum { N_FAMILIES = sizeof(families) / sizeof(families[0]), LONGEST_ALIAS = 16, WIDTH = 5 };

/* The unit called `name` in any case, with or without a plural s. */
static const struct unit *find_unit(const struct family *f, const char *name)
{
	char key[LONGEST_ALIAS + 1];
	size_t n = strlen(name);

	if (n >= sizeof(key))
		return NULL;
	for (size_t i = 0; i <= n; i++)
		key[i] = (char)tolower((unsigned char)name[i]);
	if (utf8_count(key, n) > 2 && key[n - 1] == 's')
		key[n - 1] = 0;
	for (const struct unit *u = f->units; u < f->units + 10 && u->name; u++)
		for (const char *const *a = u->aliases; *a; a++)
			if (**a == key[0] && strcmp(*a, key) == 0)
				return u;
	return NULL;
}

static struct measure largest_unit(const struct family *f, double v)
{
	const struct unit *best = NULL;

	for (const struct unit *u = f->units; u < f->units + 10 && u->name; u++)
		if (v / u->factor >= 1.0)
			best = u;
	if (!best)
		return (struct measure){ v / f->default_factor, f->default_name };
	return (struct measure){ v / best->factor, best->name };
}

static int is_any_unit(const char *to)
{
	return strcmp(to, "minimum") == 0 || strcmp(to, "auto") == 0;
}

static int is_plain_count(const char *to)
{
	return strcmp(to, "count") == 0 || strcmp(to, "sample") == 0 || strcmp(to, "unit") == 0 ||
	       is_any_unit(to);
}

static struct measure scale_positive(int64_t value, const char *from, const char *to)
{
	for (const struct family *f = families; f < families + N_FAMILIES; f++) {
		const struct unit *source = find_unit(f, from), *target;
		double v;

		if (!source)
			continue;
		v = (double)value * source->factor;
		if (is_any_unit(to))
			return largest_unit(f, v);
		target = find_unit(f, to);
		if (!target)
			return (struct measure){ v / f->default_factor, f->default_name };
		return (struct measure){ v / target->factor, target->name };
	}
	return (struct measure){ (double)value, is_plain_count(to) ? "" : to };
}

struct measure measure_scale(int64_t value, const char *from, const char *to)
{
	struct measure m;

	if (value >= 0 || value == INT64_MIN)
		return scale_positive(value, from, to);
	m = scale_positive(-value, from, to);
	m.value = -m.value;
	return m;
}

/* A number after the first n of some spaces, before its unit. */
static const char *join(struct arena *a, const char *spaces, size_t n, const char *number,
			const char *unit)
{
	size_t digits = strlen(number), letters = strlen(unit);
	char *text = arena_alloc(a, n + digits + letters + 1);

	memcpy(text, spaces, n);
	memcpy(text + n, number, digits);
	memcpy(text + n + digits, unit, letters);
	return text;
}

const char *measure_label(struct arena *a, int64_t value, const char *from, const char *to)
{
	struct measure m = measure_scale(value, from, to);
	char number[DECIMAL_BYTES];
	size_t n = decimal_two(number, m.value);

	if (n > 3 && strcmp(number + n - 3, ".00") == 0)
		number[n - 3] = 0;
	if (strcmp(number, "0") == 0 || strcmp(number, "-0") == 0)
		return "0";
	return join(a, "", 0, number, m.unit);
}

const char *measure_percentage(struct arena *a, int64_t value, int64_t total)
{
	double ratio = total ? fabs((double)value / (double)total) * 100 : 0;
	char number[DECIMAL_BYTES];
	size_t n;

	if (ratio >= 99.95 && ratio <= 100.05)
		return "  100%";
	n = ratio >= 1.0 ? decimal_two(number, ratio) : decimal_two_digits(number, ratio);
	return join(a, "     ", n < WIDTH ? WIDTH - n : 0, number, "%");
}

const char *measure_common_unit(int64_t least, int64_t most, const char *unit)
{
	const char *small = measure_scale(least, unit, "minimum").unit;
	const char *large = measure_scale(most, unit, "minimum").unit;

	if (strcmp(small, large) != 0 && mul64(least, 100) < most)
		small = measure_scale(mul64(least, 100), unit, "minimum").unit;
	return *small ? small : unit;
}

int measure_same_family(const char *unit1, const char *unit2)
{
	for (const struct family *f = families; f < families + N_FAMILIES; f++)
		if (find_unit(f, unit1) && find_unit(f, unit2))
			return 1;
	return 0;
}
