/* symbolize_check.h - run a program that knows where it is, and demand that symbolizing says the same.
 *
 * For the tests of symbolize/: each has a folder of its own for what it compiles.
 */
#ifndef SONDE_TESTS_SYMBOLIZE_CHECK_H
#define SONDE_TESTS_SYMBOLIZE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbolize/symbolize.h"
#include "tests/symbolize_program.h"

struct place { /* what the program said */
	uint64_t address;
	char chain[1024]; /* "inner:12 outer:20", innermost first */
};

struct said {
	uint64_t start, limit, offset; /* of the mapping */
	char file[512];
	struct place places[64];
	size_t n;
};

static char dir[] = "/tmp/sonde-symbolize-XXXXXX";

static inline int shell(const char *fmt, ...) SONDE_PRINTF(1, 2);

static inline int shell(const char *fmt, ...)
{
	char command[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static inline bool have(const char *program)
{
	return shell("command -v %s >/dev/null 2>&1", program) == 0;
}

static inline void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline int make_folder(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	write_file("p.c", program_c);
	write_file("p.cc", program_c);
	write_file("main.c", program_main);
	/* Nothing of this machine's user is to be found by accident. */
	setenv("PPROF_BINARY_PATH", dir, 1);
	return 0;
}

static inline int remove_folder(void **state)
{
	return shell("rm -rf %s", dir);
}

/* Run the program and read what it says. */
static inline void run(const char *program, struct said *said)
{
	char command[512], line[2048];
	FILE *f;

	*said = (struct said){ 0 };
	snprintf(command, sizeof(command), "%s/%s", dir, program);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct place *p = &said->places[said->n];
		unsigned long a, b, c;

		if (sscanf(line, "mapping %lx %lx %lx %511s", &a, &b, &c, said->file) == 4) {
			said->start = a;
			said->limit = b;
			said->offset = c;
		} else if (sscanf(line, "at %lx %1023[^\n]", &a, p->chain) == 2) {
			p->address = a;
			said->n++;
		}
		assert_true(said->n < 64);
	}
	assert_int_equal(pclose(f), 0);
	assert_true(said->n >= 5);
}

static inline struct profile *to_profile(const struct said *said, const char *build_id)
{
	struct profile *p = profile_new();

	*VEC_PUSH(&p->mappings) = (struct mapping){
		.id = 1,
		.start = said->start,
		.limit = said->limit,
		.offset = said->offset,
		.file = profile_intern(p, said->file),
		.build_id = profile_intern(p, build_id),
	};
	for (size_t i = 0; i < said->n; i++)
		*VEC_PUSH(&p->locations) = (struct location){
			.id = i + 1,
			.address = said->places[i].address,
		};
	return p;
}

/* "inner:12 outer:20" of location i; with or without lines. */
static inline void chain_of(const struct profile *p, size_t i, bool lines, char *out, size_t bytes)
{
	const struct location *l = &p->locations.v[i];
	size_t n = 0;

	out[0] = 0;
	for (uint32_t k = 0; k < l->n_lines; k++) {
		const struct line *line = &p->lines.v[l->first_line + k];
		const struct function *f = &p->functions.v[line->function];

		n += (size_t)snprintf(out + n, bytes - n, "%s%s", k ? " " : "",
				      profile_str(p, f->name));
		if (lines)
			n += (size_t)snprintf(out + n, bytes - n, ":%d", (int)line->line);
		assert_true(n < bytes);
	}
}

static inline void assert_chains(const struct profile *p, const struct said *said, const char *file)
{
	for (size_t i = 0; i < said->n; i++) {
		char chain[4096];

		chain_of(p, i, true, chain, sizeof(chain));
		assert_string_equal(chain, said->places[i].chain);
		for (uint32_t k = 0; k < p->locations.v[i].n_lines; k++) {
			const struct line *l = &p->lines.v[p->locations.v[i].first_line + k];
			const struct function *f = &p->functions.v[l->function];
			const char *name = profile_str(p, f->filename);

			assert_string_equal(strrchr(name, '/') ? strrchr(name, '/') + 1 : name,
					    file);
			assert_int_not_equal(f->start_line, 0);
		}
	}
}

static inline void check(const char *program, const char *file)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;
	struct err err = { "" };

	run(program, &said);
	p = to_profile(&said, "");
	assert_int_equal(symbolize_profile(p, NULL, &stats, &err), 0);
	assert_string_equal(stats.first_problem, "");
	assert_chains(p, &said, file);
	assert_int_equal(stats.n_resolved, said.n);
	assert_true(p->mappings.v[0].has_functions && p->mappings.v[0].has_filenames &&
		    p->mappings.v[0].has_line_numbers && p->mappings.v[0].has_inline_frames);
	profile_free(p);
}

#endif
