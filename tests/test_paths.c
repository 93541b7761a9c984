/* test_paths.c - names of files: cut, cleaned, trimmed, and found again on the disk. */
#include "analyze/paths.h"
#include "analyze/source.h"
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
	assert_int_equal(source_read(&s, a, "a.c", deep, "", &err), 0);
	assert_int_equal(s.n, 4);
	assert_string_equal(s.lines[1], "one");
	assert_string_equal(s.lines[3], "");
	assert_string_equal(s.lines[4], "last");
	assert_int_equal(source_read(&s, a, "b.c", deep, "", &err), SONDE_ENOTFOUND);
	assert_int_equal(source_read(&s, a, "/nonexistent/b.c", "", "", &err), SONDE_ENOTFOUND);
	assert_string_equal(err.text, "open /nonexistent/b.c: no such file or directory");
	assert_int_equal(source_read(&s, a, deep, "", "", &err), 0); /* a folder has no lines */
	assert_int_equal(s.n, 0);
	long_line = malloc(70001);
	memset(long_line, 'x', 70000);
	long_line[0] = '\n';
	write_file(path, long_line, 70000);
	assert_int_equal(source_read(&s, a, path, "", "", &err), 0);
	assert_int_equal(s.n, 1); /* what follows is no source text */
	free(long_line);
	unlink(path);
	rmdir(deep);
	rmdir(dir);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_cut_and_cleaned_as_go_does),
		cmocka_unit_test(trimming_cuts_prefixes_or_up_to_a_known_folder),
		cmocka_unit_test(sources_are_found_in_the_folders_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
