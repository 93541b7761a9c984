/* suggest.c - how many letters must be put, taken, changed or swapped to make one name of another (the optimal string
 * alignment distance). */
#include "cli/suggest.h"

#include <string.h>

enum { LONGEST = 32 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char folded(char c)
{
	return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t rows[3][LONGEST + 1]; /* of i - 2, i - 1 and i, by turns */

	for (size_t k = 0; k <= n_b; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *row = rows[i % 3], *before = rows[(i - 1) % 3], *old = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= n_b; k++) {
			char x = folded(a[i - 1]), y = folded(b[k - 1]);

			row[k] = least(least(row[k - 1], before[k]) + 1, before[k - 1] + (x != y));
			if (i > 1 && k > 1 && x == folded(b[k - 2]) && folded(a[i - 2]) == y)
				row[k] = least(row[k], old[k - 2] + 1);
		}
	}
	return rows[n_a % 3][n_b];
}

void suggest_from(struct suggestion *s, const char *given, size_t n)
{
	*s = (struct suggestion){ .given = given, .n = n, .distance = n / 3 + 1 };
}

/* A third of the letters may be wrong. */
void suggest(struct suggestion *s, const char *name)
{
	size_t n = strlen(name), d;

	if (n > LONGEST || s->n > LONGEST || s->n < 2)
		return;
	d = distance(s->given, s->n, name, n);
	if (d < s->distance) {
		s->distance = d;
		s->best = name;
	}
}
