/* test_jit_map.c - /tmp/perf-PID.map: which names it gives, and when it is not believed.
 *
 * The machine is a folder with a /tmp and a /proc of our own.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbolize/jit_map.h"
#include "symbolize/symbolize.h"

#define SECOND 1000000000LL
#define NOW    (1700000000 * SECOND) /* when the map was written */

static char root[] = "/tmp/sonde-jit-XXXXXX";

static void path_of(char *path, size_t bytes, const char *name)
{
	snprintf(path, bytes, "%s/%s", root, name);
}

static void write_at(const char *name, const char *text, int64_t ns)
{
	struct timespec times[2] = { { ns / SECOND, ns % SECOND }, { ns / SECOND, ns % SECOND } };
	char path[256];
	FILE *f;

	path_of(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int make_machine(void **state)
{
	static const char *const folders[] = {
		"tmp", "proc", "proc/77", "proc/77/root", "proc/77/root/tmp",
	};
	char path[256];

	if (!mkdtemp(root))
		return -1;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		path_of(path, sizeof(path), folders[i]);
		if (mkdir(path, 0700))
			return -1;
	}
	return 0;
}

static int remove_machine(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const char *name_at(const struct symtab *t, uint64_t address)
{
	const struct symbol *s = symtab_find(t, address);

	return s ? s->name : "";
}

static const char *name_in(const char *text, uint64_t address)
{
	static char name[256];
	struct symtab *t = jit_map_read_mem(text, strlen(text));

	snprintf(name, sizeof(name), "%s", name_at(t, address));
	symtab_free(t);
	return name;
}

static void a_function_is_named_from_its_first_byte_to_its_last(void **state)
{
	static const char text[] = "1000 10 one\n0x2000 0x8 two words\r\n1010 10 three";

	assert_string_equal(name_in(text, 0xfff), "");
	assert_string_equal(name_in(text, 0x1000), "one");
	assert_string_equal(name_in(text, 0x100f), "one");
	assert_string_equal(name_in(text, 0x1010), "three");
	assert_string_equal(name_in(text, 0x2007), "two words");
	assert_string_equal(name_in(text, 0x2008), "");
}

static void what_was_made_later_replaces_what_was_there(void **state)
{
	assert_string_equal(name_in("1000 10 old\n1000 10 new\n", 0x1000), "new");
	assert_string_equal(name_in("1000 100 old\n1020 10 new\n", 0x1025), "new");
	assert_string_equal(name_in("1000 100 old\n1020 10 new\n", 0x1090), "");
	assert_string_equal(name_in("1020 10 old\n1000 100 new\n", 0x1025), "new");
	assert_string_equal(name_in("1000 10 a\n1008 10 b\n1010 8 c\n", 0x1004), "");
	assert_string_equal(name_in("1000 10 a\n1008 10 b\n1010 8 c\n", 0x1014), "c");
	assert_string_equal(name_in("1000 10 a\n1010 10 b\n1020 10 c\n1008 20 d\n", 0x1024), "d");
}

static void damaged_lines_are_left_out(void **state)
{
	static const char text[] = "\n \nzz\n1000\n1000 \n1000 10\n1000 10 \n1000 0 empty\n"
				   "fffffffffffffff0 20 over the end\n1000 x no length\n"
				   "11112222333344445 10 too long a number\n3000 10 good\n";

	assert_string_equal(name_in(text, 0x3000), "good");
	assert_string_equal(name_in(text, 0x1000), "");
	assert_string_equal(name_in(text, 0xfffffffffffffff8), "");
	assert_string_equal(name_in("", 0x1000), "");
}

static void only_the_name_that_perf_gives_is_one(void **state)
{
	assert_true(jit_map_is("/tmp/perf-12.map"));
	assert_false(jit_map_is("/tmp/perf-12.map.other"));
	assert_false(jit_map_is("/tmp/perf-.map"));
	assert_false(jit_map_is("/tmp/perf-0.map"));
	assert_false(jit_map_is("/tmp/perf--1.map"));
	assert_false(jit_map_is("/tmp/perf-12/../x.map"));
	assert_false(jit_map_is("/var/tmp/perf-12.map"));
	assert_false(jit_map_is("//anon"));
}

static int read_map(const char *file, struct jit_map_time time, struct err *err)
{
	struct symtab *t;
	int status = jit_map_read(&t, file, root, &time, err);

	if (status == 0) {
		assert_string_equal(name_at(t, 0x1000), "one");
		symtab_free(t);
	}
	return status;
}

static void a_map_of_another_time_is_refused(void **state)
{
	static const char file[] = "/tmp/perf-12.map";
	struct err err;

	write_at("tmp/perf-12.map", "1000 10 one\n", NOW);
	assert_int_equal(read_map(file, (struct jit_map_time){ 0 }, &err), 0);
	assert_int_equal(read_map(file, (struct jit_map_time){ NOW - SECOND, NOW + SECOND }, &err),
			 0);
	assert_int_equal(
		read_map(file, (struct jit_map_time){ NOW - 2 * SECOND, NOW - SECOND }, &err),
		0); /* when it ended */
	assert_int_equal(
		read_map(file, (struct jit_map_time){ NOW + 2 * SECOND, NOW + 3 * SECOND }, &err),
		SONDE_ENOTFOUND);
	assert_non_null(strstr(err.text, "older"));
	assert_int_equal(
		read_map(file, (struct jit_map_time){ NOW - 90 * SECOND, NOW - 61 * SECOND }, &err),
		SONDE_ENOTFOUND);
	assert_non_null(strstr(err.text, "long after"));
	assert_int_equal(read_map(file,
				  (struct jit_map_time){ NOW - 90 * SECOND, NOW - 61 * SECOND,
							 .is_fresh = true },
				  &err),
			 0);
}

static void a_map_of_another_kind_or_user_is_refused(void **state)
{
	char path[256];
	struct err err;

	path_of(path, sizeof(path), "tmp/perf-13.map");
	assert_int_equal(symlink("perf-12.map", path), 0);
	assert_int_equal(read_map("/tmp/perf-13.map", (struct jit_map_time){ 0 }, &err), SONDE_EIO);
	path_of(path, sizeof(path), "tmp/perf-14.map");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(read_map("/tmp/perf-14.map", (struct jit_map_time){ 0 }, &err) < 0);
	assert_non_null(strstr(err.text, "regular"));
	assert_int_equal(read_map("/tmp/perf-15.map", (struct jit_map_time){ 0 }, &err),
			 SONDE_ENOTFOUND);
	write_at("tmp/perf-16.map", "1000 10 one\n", NOW);
	path_of(path, sizeof(path), "tmp/perf-16.map");
	if (chown(path, 12345, (gid_t)-1) == 0) {
		assert_true(read_map("/tmp/perf-16.map", (struct jit_map_time){ 0 }, &err) < 0);
		assert_non_null(strstr(err.text, "another user"));
	}
}

static void a_container_has_its_own_number_and_folder(void **state)
{
	struct err err;

	write_at("proc/77/status", "Name:\tx\nNSpid:\t77\t5\n", NOW);
	assert_int_equal(read_map("/tmp/perf-77.map", (struct jit_map_time){ 0 }, &err),
			 SONDE_ENOTFOUND);
	write_at("proc/77/root/tmp/perf-5.map", "1000 10 one\n", NOW);
	assert_int_equal(read_map("/tmp/perf-77.map", (struct jit_map_time){ 0 }, &err), 0);
	write_at("proc/77/status", "NSpid:", NOW);
	assert_true(read_map("/tmp/perf-77.map", (struct jit_map_time){ 0 }, &err) < 0);
	write_at("proc/77/status", "NSpid:\t99999999999999999999", NOW);
	assert_true(read_map("/tmp/perf-77.map", (struct jit_map_time){ 0 }, &err) < 0);
}

static void names_are_put_into_profiles_as_utf8(void **state)
{
	struct symbolize_opts opts = { .root = root };
	struct profile *p = profile_new();
	const struct function *f;

	write_at("tmp/perf-20.map", "1000 10 caf\xc3\xa9 \xff\xc3\n", NOW);
	*VEC_PUSH(&p->mappings) = (struct mapping){ .start = 0x1000,
						    .limit = 0x2000,
						    .file = profile_intern(p, "/tmp/perf-20.map") };
	*VEC_PUSH(&p->locations) = (struct location){ .address = 0x1004 };
	assert_int_equal(symbolize_profile(p, &opts, NULL, NULL), 0);
	assert_int_equal(p->locations.v[0].n_lines, 1);
	f = &p->functions.v[p->lines.v[p->locations.v[0].first_line].function];
	assert_string_equal(profile_str(p, f->name), "caf\xc3\xa9 ??");
	assert_true(p->mappings.v[0].has_functions);
	assert_false(p->mappings.v[0].has_filenames);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_is_named_from_its_first_byte_to_its_last),
		cmocka_unit_test(what_was_made_later_replaces_what_was_there),
		cmocka_unit_test(damaged_lines_are_left_out),
		cmocka_unit_test(only_the_name_that_perf_gives_is_one),
		cmocka_unit_test(a_map_of_another_time_is_refused),
		cmocka_unit_test(a_map_of_another_kind_or_user_is_refused),
		cmocka_unit_test(a_container_has_its_own_number_and_folder),
		cmocka_unit_test(names_are_put_into_profiles_as_utf8),
	};

	return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
