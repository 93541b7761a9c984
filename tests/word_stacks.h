/* word_stacks.h - profiles whose stacks are written as words, for the tests of what changes stacks.
 */
#ifndef SONDE_TESTS_WORD_STACKS_H
#define SONDE_TESTS_WORD_STACKS_H

#include "tests/profiles.h"

/* Stacks are words, leaf first; a word is a function, "a+b" a location with a inlined into b. */
static inline void add_weighted_stack(struct profile *p, const int64_t *values, const char *words)
{
	char copy[256], *rest = copy, *word;
	uint32_t stack[16];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while (*words && (word = strsep(&rest, " "))) {
		char *name;

		stack[n++] = (uint32_t)p->locations.n;
		add_test_location(p, PROFILE_NONE, p->locations.n + 1);
		while ((name = strsep(&word, "+")))
			add_test_line(p, add_test_function(p, name, ""), 1);
	}
	profile_add_sample(p, values, stack, n, NULL, 0);
}

static inline void add_stack(struct profile *p, const char *words)
{
	add_weighted_stack(p, (int64_t[]){ 1 }, words);
}

static inline void print_stack(const struct profile *p, char *out, size_t sample)
{
	*out = 0;
	for (size_t i = p->stack_at.v[sample]; i < p->stack_at.v[sample + 1]; i++) {
		const struct location *loc = &p->locations.v[p->stack.v[i]];

		if (*out)
			strcat(out, " ");
		for (uint32_t k = 0; k < loc->n_lines; k++) {
			const struct line *line = &p->lines.v[loc->first_line + k];

			strcat(strcat(out, k ? "+" : ""),
			       profile_str(p, p->functions.v[line->function].name));
		}
	}
}

#endif
