/* genprofile.c - write a large synthetic profile, to time the reports with.
 *
 *	genprofile SAMPLES OUT.pb.gz [SEED [FUNCTIONS]]
 *
 * Stacks are random walks through a call graph of 50,000 functions with four call sites each, 24 to 36
 * frames deep; one call site in five has inlined frames.  The same numbers give the same file.
 */
#include "base/profile.h"
#include "writer/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	FUNCTIONS = 50000,
	SITES = 4, /* of a function */
	MAPPINGS = 8,
	CALLEES = 6,
	MIN_DEPTH = 24,
	MAX_DEPTH = 36
};

static uint64_t state;
static uint32_t functions = FUNCTIONS;

/* splitmix64 (Vigna, public domain) */
static uint64_t next_random(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)((next_random() >> 32) * n >> 32);
}

static void add_functions(struct profile *p)
{
	char name[64], file[64];

	for (uint32_t i = 0; i < functions; i++) {
		snprintf(name, sizeof(name), "app::module%u::Class%u::Method%05u", i % 97, i % 1009,
			 i);
		snprintf(file, sizeof(file), "/src/module%u/class%u.cc", i % 97, i % 1009);
		*VEC_PUSH(&p->functions) =
			(struct function){ .id = i + 1,
					   .name = profile_intern(p, name),
					   .system_name = profile_intern(p, name),
					   .filename = profile_intern(p, file),
					   .start_line = 10 };
	}
}

static void add_mappings(struct profile *p)
{
	char file[64];

	for (uint64_t i = 0; i < MAPPINGS; i++) {
		snprintf(file, sizeof(file), "/usr/lib/libmodule%d.so", (int)i);
		*VEC_PUSH(&p->mappings) = (struct mapping){ .id = i + 1,
							    .start = (i + 1) << 32,
							    .limit = ((i + 1) << 32) + (1 << 28),
							    .file = profile_intern(p, file),
							    .has_functions = true,
							    .has_filenames = true,
							    .has_line_numbers = true,
							    .has_inline_frames = true };
	}
}

static void add_locations(struct profile *p)
{
	for (uint32_t i = 0; i < functions * SITES; i++) {
		uint32_t mapping = i % MAPPINGS, n = below(5) ? 1 : 2 + below(2);

		*VEC_PUSH(&p->locations) =
			(struct location){ .id = i + 1,
					   .address = p->mappings.v[mapping].start + i * 64,
					   .mapping = mapping,
					   .first_line = (uint32_t)p->lines.n,
					   .n_lines = n };
		while (n--)
			*VEC_PUSH(&p->lines) = (struct line){ .function = below(functions),
							      .line = 10 + below(200) };
	}
}

/* Which call site the k-th call of this one leads to. */
static uint32_t callee(uint32_t location, uint32_t k)
{
	uint64_t h = ((uint64_t)location * CALLEES + k + 1) * 0x9fb21c651e98df25ULL;

	return (uint32_t)((h ^ h >> 29) % (functions * SITES));
}

static void add_sample(struct profile *p)
{
	uint32_t walk[MAX_DEPTH], stack[MAX_DEPTH],
		depth = MIN_DEPTH + below(MAX_DEPTH - MIN_DEPTH + 1);
	int64_t count = 1 + below(3), values[] = { count, count * 10000000 };

	walk[0] = below(4);
	for (uint32_t i = 1; i < depth; i++) {
		uint32_t a = below(CALLEES), b = below(CALLEES);

		walk[i] =
			callee(walk[i - 1], a < b ? a : b); /* the first callees are the hot ones */
	}
	for (uint32_t i = 0; i < depth; i++)
		stack[i] = walk[depth - 1 - i];
	profile_add_sample(p, values, stack, depth, NULL, 0);
}

int main(int argc, char **argv)
{
	struct profile *p = profile_new();
	long samples = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	unsigned long wanted = argc > 4 ? strtoul(argv[4], NULL, 10) : FUNCTIONS;
	struct err err;

	if (samples <= 0 || wanted < 1 || wanted > 10000000) {
		fprintf(stderr, "usage: genprofile SAMPLES OUT.pb.gz [SEED [FUNCTIONS]]\n");
		return 2;
	}
	functions = (uint32_t)wanted;
	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "samples"), profile_intern(p, "count") };
	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "cpu"), profile_intern(p, "nanoseconds") };
	p->period_type = p->sample_types.v[1];
	p->period = 10000000;
	add_functions(p);
	add_mappings(p);
	add_locations(p);
	while (samples--)
		add_sample(p);
	if (profile_write_file(p, argv[2], &err)) {
		fprintf(stderr, "genprofile: %s\n", err.text);
		return 1;
	}
	profile_free(p);
	return 0;
}
