/* test_symbolize.c - programs that know where they are: each prints an address and the chain of
 * functions and lines that it stands for, and symbolizing must say exactly that.
 *
 * The programs are compiled here, by each compiler that there is, in the ways that change what
 * debug information looks like or where it is: optimization, DWARF version, position independence,
 * linker, split-off debug files.
 */
#include "tests/symbolize_check.h"

/* ---- how it was compiled ---- */

static void compile_and_check(const char *compiler, const char *file, const char *flags)
{
	print_message("# %s %s %s\n", compiler, flags, file);
	assert_int_equal(shell("cd %s && %s -g -w %s -o p %s -ldl", dir, compiler, flags, file), 0);
	check("p", file);
}

static void check_matrix(const char *cc, const char *cxx)
{
	static const char *const flags[] = {
		"-O0 -gdwarf-5 -pie -fPIE",	  "-O1 -gdwarf-4 -no-pie -fno-pie",
		"-O2 -gdwarf-5 -no-pie -fno-pie", "-O2 -gdwarf-4 -pie -fPIE",
		"-O3 -gdwarf-5 -pie -fPIE",	  "-O3 -gdwarf-4 -pie -fPIE -ffunction-sections",
	};

	if (!have(cc) || !have(cxx))
		skip();
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		compile_and_check(cc, "p.c", flags[i]);
		compile_and_check(cxx, "p.cc", flags[i]);
	}
}

static void gcc_programs_are_exact_at_every_level(void **state)
{
	check_matrix("gcc", "g++");
}

static void clang_programs_are_exact_at_every_level(void **state)
{
	check_matrix("clang", "clang++");
}

static void link_time_optimized_programs_are_exact(void **state)
{
	compile_and_check("gcc", "p.c", "-O2 -flto");
	compile_and_check("g++", "p.cc", "-O2 -flto");
}

/* Segments of these begin in the middle of pages, so that address and file offset differ. */
static void programs_of_every_linker_are_exact(void **state)
{
	static const struct {
		const char *program, *flag;
	} linkers[] = {
		{ "ld.bfd", "-fuse-ld=bfd -Wl,-z,noseparate-code" },
		{ "ld.gold", "-fuse-ld=gold" },
		{ "ld.gold", "-fuse-ld=gold -ffunction-sections -Wl,--gc-sections" },
		{ "ld.lld", "-fuse-ld=lld" },
		{ "ld.lld", "-fuse-ld=lld -no-pie" },
		{ "ld.bfd", "-fuse-ld=bfd -ffunction-sections -Wl,--gc-sections" },
	};

	for (size_t i = 0; i < sizeof(linkers) / sizeof(linkers[0]); i++) {
		char flags[256];

		if (!have(linkers[i].program))
			continue;
		snprintf(flags, sizeof(flags), "-O2 %s", linkers[i].flag);
		compile_and_check("gcc", "p.c", flags);
	}
}

static void compressed_sections_are_inflated(void **state)
{
	compile_and_check("gcc", "p.c", "-O2 -gz=zlib");
	compile_and_check("gcc", "p.c", "-O2 -gdwarf-4 -gz=zlib");
}

/* objcopy says no where it was built without zstd. */
static void recompressed_sections_are_inflated(void **state)
{
	static const char *const methods[] = { "zstd", "zlib-gnu" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_int_equal(shell("cd %s && gcc -g -w -O2 -o p p.c -ldl", dir), 0);
		if (shell("cd %s && objcopy --compress-debug-sections=%s p 2>/dev/null", dir,
			  methods[i]) == 0)
			check("p", "p.c");
	}
}

static void dies_in_files_of_their_own_are_found(void **state)
{
	static const char *const ways[][2] = {
		{ "gcc", "-O2 -gdwarf-5" },
		{ "gcc", "-O2 -gdwarf-4" },
		{ "gcc", "-O0 -gdwarf-5 -fdebug-types-section" },
		{ "clang", "-O2 -gdwarf-5" },
		{ "clang", "-O2 -gdwarf-4" },
		{ "clang", "-O2 -gdwarf-5 -fsplit-dwarf-inlining" },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char flags[256];

		if (!have(ways[i][0]))
			continue;
		snprintf(flags, sizeof(flags), "%s -gsplit-dwarf", ways[i][1]);
		compile_and_check(ways[i][0], "p.c", flags);
		if (strcmp(ways[i][0], "gcc") == 0)
			compile_and_check("g++", "p.cc", flags);
	}
}

static void packed_dies_are_found(void **state)
{
	if (!have("llvm-dwp") || !have("clang"))
		skip();
	for (int version = 4; version <= 5; version++) {
		assert_int_equal(
			shell("cd %s && rm -f *.dwo p.dwp && "
			      "clang -g -gdwarf-%d -gsplit-dwarf -w -O2 -c -o p.o p.c && "
			      "clang -o p p.o -ldl && llvm-dwp -e p -o p.dwp && rm -f *.dwo",
			      dir, version),
			0);
		check("p", "p.c");
	}
	assert_int_equal(shell("cd %s && rm -f p.dwp", dir), 0);
}

static void missing_split_file_is_named(void **state)
{
	struct frame frames[8];
	char path[256];
	struct binary *b;

	assert_int_equal(shell("cd %s && gcc -g -gsplit-dwarf -w -O2 -no-pie -o p p.c -ldl && "
			       "rm -f *.dwo",
			       dir),
			 0);
	snprintf(path, sizeof(path), "%s/p", dir);
	assert_int_equal(binary_open(&b, path, NULL, NULL), 0);
	for (uint64_t at = 0x401000; at < 0x401800; at += 64)
		binary_lookup(b, at, frames, 8);
	assert_non_null(strstr(binary_problem(b), ".dwo' was not found"));
	binary_close(b);
}

/* What two programs share is in a third file. */
static void what_dwz_took_out_is_found(void **state)
{
	if (!have("dwz"))
		skip();
	assert_int_equal(
		shell("cd %s && mkdir -p dwz && g++ -g -w -O2 -o p p.cc -ldl && "
		      "g++ -g -w -O2 -DLIBRARY -shared -fPIC -o q.so p.cc -ldl && "
		      "dwz -m common.dwz p q.so && readelf -SW p | grep -q gnu_debugaltlink",
		      dir),
		0);
	check("p", "p.cc");
}

/* Not linked: sections all begin at 0, and debug information is full of relocations. */
static void object_files_are_read_by_section(void **state)
{
	static const char *const flags[] = { "-gdwarf-5", "-gdwarf-4", "-gdwarf-5 -gz=zlib" };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct frame frames[8];
		char path[256];
		struct binary *b;
		uint64_t at;

		write_file("o.c", "int first(int a) { return a + 1; }\n"
				  "__attribute__((section(\".text.other\")))\n"
				  "int second(int a) {\n"
				  "	return a * 7; }\n");
		assert_int_equal(shell("cd %s && gcc -g -O0 %s -c -o o.o o.c", dir, flags[i]), 0);
		snprintf(path, sizeof(path), "%s/o.o", dir);
		assert_int_equal(binary_open(&b, path, NULL, NULL), 0);
		assert_int_equal(binary_lookup(b, 1, frames, 8), 1);
		assert_string_equal(frames[0].function, "first");
		assert_int_equal(frames[0].line, 1);
		assert_non_null(strstr(frames[0].file, "o.c"));
		assert_true(binary_section(b, ".text.other", &at));
		assert_int_equal(binary_lookup(b, at, frames, 8), 1);
		assert_string_equal(frames[0].function, "second");
		assert_int_equal(frames[0].line, 3);
		assert_false(binary_section(b, ".text.absent", &at));
		binary_close(b);
	}
}

static void shared_libraries_are_exact(void **state)
{
	assert_int_equal(
		shell("cd %s && gcc -g -w -O2 -DLIBRARY -shared -fPIC -o libp.so p.c -ldl && "
		      "gcc -o p main.c -L. -lp -Wl,-rpath,%s",
		      dir, dir),
		0);
	check("p", "p.c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcc_programs_are_exact_at_every_level),
		cmocka_unit_test(clang_programs_are_exact_at_every_level),
		cmocka_unit_test(link_time_optimized_programs_are_exact),
		cmocka_unit_test(programs_of_every_linker_are_exact),
		cmocka_unit_test(compressed_sections_are_inflated),
		cmocka_unit_test(recompressed_sections_are_inflated),
		cmocka_unit_test(dies_in_files_of_their_own_are_found),
		cmocka_unit_test(packed_dies_are_found),
		cmocka_unit_test(missing_split_file_is_named),
		cmocka_unit_test(what_dwz_took_out_is_found),
		cmocka_unit_test(object_files_are_read_by_section),
		cmocka_unit_test(shared_libraries_are_exact),
	};

	return cmocka_run_group_tests_name("symbolize", tests, make_folder, remove_folder);
}
