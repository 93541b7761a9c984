/* test_paths.c - names of files: cut, cleaned, trimmed, and found again on the disk. */
#include "analyze/paths.h"
#include "analyze/source.h"
#include "analyze/source_rule.h"
#include "tests/profiles.h"

#include <sys/stat.h>

static void names_are_cut_and_cleaned_as_go_does(void **state)
{
	static const struct {
		const char *path, *base, *clean, *dir;
	} rows[] = {
		{ "", ".", ".", "." },
		{ "/", "/", "/", "/" },
		{ "//", "/", "/", "/" },
		{ "a", "a", "a", "." },
		{ "a/b", "b", "a/b", "a" },
		{ "a/b/", "b", "a/b", "a/b" },
		{ "/a//b/./c", "c", "/a/b/c", "/a/b" },
		{ "a/../b", "b", "b", "." },
		{ "../a", "a", "../a", ".." },
		{ "a/../../b", "b", "../b", ".." },
		{ "/../a", "a", "/a", "/" },
		{ "./a", "a", "a", "." },
		{ "..", "..", "..", "." },
		{ "a/.b", ".b", "a/.b", "a" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++) {
		assert_string_equal(path_base(a, rows[i].path), rows[i].base);
		assert_string_equal(path_clean(a, rows[i].path), rows[i].clean);
		assert_string_equal(path_dir(a, rows[i].path), rows[i].dir);
	}
	assert_string_equal(path_join(a, "", "b"), "b");
	assert_string_equal(path_join(a, "a/", "../b"), "b");
	arena_free(a);
}

static void trimming_cuts_prefixes_or_up_to_a_known_folder(void **state)
{
	static const struct {
		const char *path, *trim, *source, *want;
	} rows[] = {
		{ "/home/x/proj/a.c", "", "/y/proj", "a.c" },
		{ "/home/x/proj/proj/a.c", "", "/y/proj", "proj/a.c" },
		{ "/home/x/proj/a.c", "", "/y/other:/z/proj", "a.c" },
		{ "/home/x/a.c", "/home", "", "x/a.c" },
		{ "/home/x/a.c", "/home/", "", "x/a.c" },
		{ "/homes/a.c", "/home", "", "/homes/a.c" },
		{ "/home/x/a.c", "/b:/home/x", "/y/x", "a.c" },
		{ "/proc/self/cwd/./a.c", "", "", "a.c" },
		{ "/proc/self/cwd/a.c", "/b", "", "a.c" },
		{ "a.c", "", "", "a.c" },
		{ "/a.c", "x:", "", "a.c" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(path_trim(a, rows[i].path, rows[i].trim, rows[i].source),
				    rows[i].want);
	arena_free(a);
}

static void write_file(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static int read_source(struct source *s, struct arena *a, const char *name, const char *source_path,
		       struct err *err)
{
	return source_read(s, a, name, &(struct source_places){ source_path, "", false }, err);
}

static void sources_are_found_in_the_folders_above(void **state)
{
	static const char text[] = "one\r\ntwo\n\nlast";
	char dir[] = "/tmp/sonde-source-XXXXXX", path[64], deep[64], *long_line;
	struct arena *a = arena_new(ARENA_DIE);
	struct source s;
	struct err err;

	assert_non_null(mkdtemp(dir));
	snprintf(deep, sizeof(deep), "%s/deep", dir);
	snprintf(path, sizeof(path), "%s/a.c", dir);
	mkdir(deep, 0700);
	write_file(path, text, sizeof(text) - 1);
	assert_int_equal(read_source(&s, a, "a.c", deep, &err), 0);
	assert_int_equal(s.n, 4);
	assert_string_equal(s.lines[1], "one");
	assert_string_equal(s.lines[3], "");
	assert_string_equal(s.lines[4], "last");
	assert_int_equal(read_source(&s, a, "b.c", deep, &err), SONDE_ENOTFOUND);
	assert_int_equal(read_source(&s, a, "/nonexistent/b.c", "", &err), SONDE_ENOTFOUND);
	assert_string_equal(err.text, "open /nonexistent/b.c: no such file or directory");
	assert_int_equal(read_source(&s, a, deep, "", &err), 0); /* a folder has no lines */
	assert_int_equal(s.n, 0);
	long_line = malloc(70001);
	memset(long_line, 'x', 70000);
	long_line[0] = '\n';
	write_file(path, long_line, 70000);
	assert_int_equal(read_source(&s, a, path, "", &err), 0);
	assert_int_equal(s.n, 1); /* what follows is no source text */
	free(long_line);
	unlink(path);
	rmdir(deep);
	rmdir(dir);
	arena_free(a);
}

struct guard_case {
	const char *name, *source_path; /* in the test's folder */
	const char *says;		/* NULL = it is shown */
};

static void check_guard(struct arena *a, const char *dir, const struct guard_case *c)
{
	const char *name = *c->name == '/' ? c->name : arena_printf(a, "%s/%s", dir, c->name),
		   *path = *c->source_path ? arena_printf(a, "%s/%s", dir, c->source_path) : "";
	struct source_places places = { path, "/no", true };
	struct err err = { "" };
	struct source s;
	int rc = source_read(&s, a, name, &places, &err);

	if (!c->says) {
		assert_int_equal(rc, 0);
		assert_int_equal(s.n, 1);
		return;
	}
	assert_int_equal(rc, SONDE_ENOTFOUND);
	assert_non_null(strstr(err.text, c->says));
	assert_true(!strstr(c->says, "not below") ||
		    strstr(source_tried(a, name, &places), c->says));
}

static void make_guarded_files(struct arena *a, const char *dir)
{
	static const char *const files[] = { "in/a.c",	    "in/key",  "in/.ssh/id",
					     "in/.gen/b.c", "out/c.c", "out/key" };
	static const char *const folders[] = { "in", "in/.ssh", "in/.gen", "out" };

	for (size_t i = 0; i < N(folders); i++)
		assert_int_equal(mkdir(arena_printf(a, "%s/%s", dir, folders[i]), 0700), 0);
	for (size_t i = 0; i < N(files); i++)
		write_file(arena_printf(a, "%s/%s", dir, files[i]), "text\n", 5);
	assert_int_equal(symlink("../out/c.c", arena_printf(a, "%s/in/link.c", dir)), 0);
	assert_int_equal(symlink("../out/key", arena_printf(a, "%s/in/innocent.c", dir)), 0);
	assert_int_equal(mkfifo(arena_printf(a, "%s/in/pipe.c", dir), 0600), 0);
	write_file(arena_printf(a, "%s/in/large.c", dir), "x", 1);
	assert_int_equal(truncate(arena_printf(a, "%s/in/large.c", dir), SOURCE_RULE_MOST + 1), 0);
}

static void guarded_sources_are_source_files_below_the_source_path(void **state)
{
	static const struct guard_case cases[] = {
		{ "in/a.c", "", NULL },
		{ "in/a.c", "in", NULL },
		{ "in/key", "in", NULL },
		{ "in/.gen/b.c", "in", NULL },
		{ "in/link.c", "", NULL },
		{ "in/key", "", "does not look like a source file" },
		{ "in/.ssh/id", "in", "is hidden" },
		{ "in/.ssh/id", "", "does not look like a source file" },
		{ "out/c.c", "in", "is not below the source path" },
		{ "out/c.c", "in/a.c:out", "is not below the source path" },
		{ "in/../out/c.c", "in", "is not below the source path" },
		{ "in/link.c", "in", "is not below the source path" },
		{ "in/innocent.c", "", "does not look like a source file" },
		{ "in/innocent.c", "in", "is not below the source path" },
		{ "in/pipe.c", "", "is no regular file" },
		{ "in", "", "is no regular file" },
		{ "in/large.c", "", "is too large" },
		{ "/proc/self/environ", "", "does not look like a source file" },
		{ "/proc/self/environ", "in", "is not below the source path" },
		{ "/dev/zero", "", "is no regular file" },
		{ "in/nothing.c", "", "no such file" },
	};
	char dir[] = "/tmp/sonde-guard-XXXXXX";
	struct arena *a = arena_new(ARENA_DIE);

	assert_non_null(mkdtemp(dir));
	make_guarded_files(a, dir);
	for (size_t i = 0; i < N(cases); i++)
		check_guard(a, dir, &cases[i]);
	assert_int_equal(system(arena_printf(a, "rm -r %s", dir)), 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_cut_and_cleaned_as_go_does),
		cmocka_unit_test(trimming_cuts_prefixes_or_up_to_a_known_folder),
		cmocka_unit_test(sources_are_found_in_the_folders_above),
		cmocka_unit_test(guarded_sources_are_source_files_below_the_source_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
