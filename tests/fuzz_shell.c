/* fuzz_shell.c - shell_expand(), shell_read_line(), shell_complete() and shell_print_help() on any lines.
 *
 * Each line of the input is understood, completed and explained; nothing is run.
 */
#include "cli/shell_complete.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct profile *make_profile(void)
{
	struct profile *p = profile_new();
	static const char *const names[] = { "main", "operator new(unsigned long)", "a<'b>::c",
					     "" };
	struct label label = { .key = profile_intern(p, "thread"),
			       .str = profile_intern(p, "worker 1") };

	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "cpu"), profile_intern(p, "nanoseconds") };
	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "top"), profile_intern(p, "count") };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		*VEC_PUSH(&p->functions) = (struct function){ .name = profile_intern(p, names[i]) };
	profile_add_sample(p, (int64_t[]){ 1, 2 }, NULL, 0, &label, 1);
	return p;
}

static void try_line(struct shell *sh, struct arena *a, const char *text, FILE *out)
{
	const char *lines[SHELL_MAX_LINES];
	size_t n = shell_expand(sh, a, text, lines);
	struct completion c;
	struct err err;

	for (size_t i = 0; i < n; i++) {
		struct shell_line line;
		int rc = shell_read_line(sh, a, lines[i], &line, &err);

		if (!rc && line.verb == SHELL_HELP)
			rc = shell_print_help(sh, line.topic, out, &err);
		if (!rc && line.verb == SHELL_SHOW_OPTIONS)
			shell_print_options(sh, out);
	}
	shell_complete(sh, a, text, &c);
	completion_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct profile *p;
	struct arena *a = arena_new(ARENA_DIE);
	char *text = arena_strndup(a, (const char *)data, size), *line;
	FILE *out = fopen("/dev/null", "w");
	struct read_opts opts;
	struct shell sh;

	if (!p)
		p = make_profile();
	read_opts_init(&opts);
	shell_init(&sh, &opts, p, "fuzz");
	while (out && (line = strsep(&text, "\n")))
		try_line(&sh, a, line, out);
	if (out)
		fclose(out);
	shell_release(&sh);
	read_opts_release(&opts);
	arena_free(a);
	return 0;
}
