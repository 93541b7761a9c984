/* test_symbolize.c - programs that know where they are: each prints an address and the chain of
 * functions and lines that it stands for, and symbolizing must say exactly that.
 *
 * The programs are compiled here, by each compiler that there is, in the ways that change what
 * debug information looks like or where it is: optimization, DWARF version, position independence,
 * linker, split-off debug files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
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

static int shell(const char *fmt, ...) SONDE_PRINTF(1, 2);

static int shell(const char *fmt, ...)
{
	char command[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static bool have(const char *program)
{
	return shell("command -v %s >/dev/null 2>&1", program) == 0;
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int make_folder(void **state)
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

static int remove_folder(void **state)
{
	return shell("rm -rf %s", dir);
}

/* Run the program and read what it says. */
static void run(const char *program, struct said *said)
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

static struct profile *to_profile(const struct said *said, const char *build_id)
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
static void chain_of(const struct profile *p, size_t i, bool lines, char *out, size_t bytes)
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

static void assert_chains(const struct profile *p, const struct said *said, const char *file)
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

static void check(const char *program, const char *file)
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

/* ---- where the debug information is ---- */

static void split(const char *link_flags)
{
	assert_int_equal(shell("cd %s && rm -rf p p.debug .build-id .debug && gcc -g -w -O2 %s -o "
			       "p p.c -ldl && "
			       "objcopy --only-keep-debug p p.debug && strip p",
			       dir, link_flags),
			 0);
}

static void debug_file_is_found_by_build_id(void **state)
{
	split("-Wl,--build-id=0xabcdef0123456789");
	assert_int_equal(shell("cd %s && mkdir -p .build-id/ab && mv p.debug "
			       ".build-id/ab/cdef0123456789.debug",
			       dir),
			 0);
	check("p", "p.c");
}

static void debug_file_is_found_by_debuglink(void **state)
{
	split("-Wl,--build-id=none");
	assert_int_equal(shell("cd %s && objcopy --add-gnu-debuglink=p.debug p", dir), 0);
	check("p", "p.c");
	assert_int_equal(shell("cd %s && mkdir .debug && mv p.debug .debug", dir), 0);
	check("p", "p.c");
}

static struct profile *symbolize(const char *build_id, struct symbolize_stats *stats,
				 struct said *said)
{
	struct profile *p;

	run("p", said);
	p = to_profile(said, build_id);
	assert_int_equal(symbolize_profile(p, NULL, stats, NULL), 0);
	return p;
}

static void assert_untouched(const struct profile *p)
{
	assert_int_equal(p->lines.n, 0);
	assert_int_equal(p->functions.n, 0);
	for (size_t i = 0; i < p->locations.n; i++)
		assert_int_equal(p->locations.v[i].n_lines, 0);
	assert_false(p->mappings.v[0].has_functions);
}

static void debug_file_with_another_checksum_is_refused(void **state)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;

	split("-Wl,--build-id=none");
	assert_int_equal(
		shell("cd %s && objcopy --add-gnu-debuglink=p.debug p && printf x >>p.debug", dir),
		0);
	p = symbolize("", &stats, &said);
	assert_untouched(p);
	profile_free(p);
}

static void debug_file_with_another_build_id_is_refused(void **state)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;

	split("-Wl,--build-id=0xabcdef0123456789");
	assert_int_equal(shell("cd %s && mkdir -p .build-id/ab && gcc -g -w -O0 "
			       "-Wl,--build-id=0xabcdef0123456788 "
			       "-o .build-id/ab/cdef0123456789.debug p.c -ldl",
			       dir),
			 0);
	p = symbolize("", &stats, &said);
	assert_untouched(p);
	profile_free(p);
}

static void symbols_speak_where_there_is_no_dwarf(void **state)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;

	assert_int_equal(shell("cd %s && gcc -w -O2 -o p p.c -ldl", dir), 0);
	p = symbolize("", &stats, &said);
	assert_int_equal(stats.n_resolved, said.n);
	for (size_t i = 0; i < said.n; i++) {
		const char *outer = strrchr(said.places[i].chain, ' ');
		char name[256], symbol[256];

		outer = outer ? outer + 1 : said.places[i].chain;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(outer, ":"), outer);
		chain_of(p, i, false, symbol, sizeof(symbol));
		symbol[strcspn(symbol, ".")] = 0; /* f.cold */
		assert_string_equal(symbol, name);
	}
	assert_true(p->mappings.v[0].has_functions);
	assert_false(p->mappings.v[0].has_filenames || p->mappings.v[0].has_line_numbers);
	profile_free(p);
}

/* As Fedora's programs come: the symbols that .dynsym leaves out, packed by xz. */
static void packed_symbols_speak_too(void **state)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;

	if (!have("xz"))
		skip();
	assert_int_equal(shell("cd %s && gcc -w -O2 -o p p.c -ldl && "
			       "objcopy --only-keep-debug p mini && xz -f mini && strip p && "
			       "objcopy --add-section .gnu_debugdata=mini.xz p",
			       dir),
			 0);
	p = symbolize("", &stats, &said);
	assert_int_equal(stats.n_resolved, said.n);
	profile_free(p);
}

/* ---- what is not as it should be ---- */

static void wrong_build_id_leaves_the_mapping_alone(void **state)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;

	assert_int_equal(shell("cd %s && gcc -g -w -O2 -Wl,--build-id=0xabcdef -o p p.c -ldl", dir),
			 0);
	p = symbolize("abcdee", &stats, &said);
	assert_untouched(p);
	assert_int_equal(stats.n_missing, 1);
	assert_non_null(strstr(stats.first_problem, "abcdef"));
	assert_non_null(strstr(stats.first_problem, "abcdee"));
	assert_non_null(strstr(stats.first_problem, said.file));
	profile_free(p);
	p = symbolize("ABCDEF", &stats, &said);
	assert_chains(p, &said, "p.c");
	profile_free(p);
}

static void missing_binary_is_named(void **state)
{
	struct symbolize_stats stats;
	struct profile *p = profile_new();

	*VEC_PUSH(&p->mappings) = (struct mapping){
		.id = 1,
		.start = 0x1000,
		.limit = 0x2000,
		.file = profile_intern(p, "/nonexistent/app"),
		.build_id = profile_intern(p, ""),
	};
	*VEC_PUSH(&p->locations) = (struct location){ .id = 1, .address = 0x1010 };
	assert_int_equal(symbolize_profile(p, NULL, &stats, NULL), 0);
	assert_untouched(p);
	assert_string_equal(stats.first_problem, "no symbols for '/nonexistent/app': cannot open "
						 "'/nonexistent/app': No such file or directory");
	profile_free(p);
}

static void what_has_lines_stays_unless_forced(void **state)
{
	struct symbolize_opts force = { .force = true };
	struct profile *p;
	struct said said;

	assert_int_equal(shell("cd %s && gcc -g -w -O2 -o p p.c -ldl", dir), 0);
	run("p", &said);
	p = to_profile(&said, "");
	*VEC_PUSH(&p->functions) = (struct function){ .id = 7, .name = profile_intern(p, "mine") };
	*VEC_PUSH(&p->lines) = (struct line){ .line = 1 };
	p->locations.v[0].n_lines = 1;
	assert_int_equal(symbolize_profile(p, NULL, NULL, NULL), 0);
	assert_int_equal(p->locations.v[0].n_lines, 1);
	assert_int_equal(p->locations.v[0].first_line, 0);
	assert_string_equal(profile_str(p, p->functions.v[0].name), "mine");
	assert_int_equal(symbolize_profile(p, &force, NULL, NULL), 0);
	assert_chains(p, &said, "p.c");
	profile_free(p);
}

static void equal_functions_are_one(void **state)
{
	struct profile *p;
	struct said said;

	assert_int_equal(shell("cd %s && gcc -g -w -O2 -o p p.c -ldl", dir), 0);
	p = symbolize("", NULL, &said);
	for (size_t i = 0; i < p->functions.n; i++) {
		assert_int_equal(p->functions.v[i].id, i + 1);
		for (size_t k = 0; k < i; k++)
			assert_true(p->functions.v[i].name != p->functions.v[k].name ||
				    p->functions.v[i].start_line != p->functions.v[k].start_line);
	}
	profile_free(p);
}

/* As after a merge of the profiles of several processes. */
static void mappings_of_one_file_are_all_resolved(void **state)
{
	struct symbolize_stats stats;
	struct profile *p;
	struct said said;
	size_t n;

	assert_int_equal(shell("cd %s && gcc -g -w -O2 -o p p.c -ldl", dir), 0);
	run("p", &said);
	p = to_profile(&said, "");
	n = said.n;
	*VEC_PUSH(&p->mappings) = (struct mapping){
		.id = 2,
		.start = said.start + 0x10000000,
		.limit = said.limit + 0x10000000,
		.offset = said.offset,
		.file = p->mappings.v[0].file,
		.build_id = p->mappings.v[0].build_id,
	};
	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(&p->locations) = (struct location){
			.id = n + i + 1,
			.address = said.places[i].address + 0x10000000,
			.mapping = 1,
		};
	assert_int_equal(symbolize_profile(p, NULL, &stats, NULL), 0);
	assert_int_equal(stats.n_mappings, 2);
	assert_int_equal(stats.n_resolved, 2 * n);
	assert_chains(p, &said, "p.c");
	for (size_t i = 0; i < n; i++) {
		char one[4096], other[4096];

		chain_of(p, i, true, one, sizeof(one));
		chain_of(p, n + i, true, other, sizeof(other));
		assert_string_equal(one, other);
	}
	profile_free(p);
}

static void vdso_is_resolved_by_build_id_only(void **state)
{
	const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
	struct symbolize_stats stats;
	struct profile *p = profile_new();
	struct err err = { "" };
	struct binary *b;

	if (!image)
		skip();
	assert_int_equal(binary_open_mem(&b, image, 8192, "[vdso]", &err), 0);
	*VEC_PUSH(&p->mappings) = (struct mapping){
		.id = 1,
		.start = 0x7fff0000,
		.limit = 0x7fff2000,
		.file = profile_intern(p, "[vdso]"),
		.build_id = profile_intern(p, "00ff"),
	};
	for (uint64_t at = 0; at < 0x2000; at += 16)
		*VEC_PUSH(&p->locations) =
			(struct location){ .id = at + 1, .address = 0x7fff0000 + at };
	assert_int_equal(symbolize_profile(p, NULL, &stats, NULL), 0);
	assert_int_equal(stats.n_resolved, 0);
	p->mappings.v[0].build_id = profile_intern(p, binary_build_id(b));
	assert_int_equal(symbolize_profile(p, NULL, &stats, NULL), 0);
	assert_true(stats.n_resolved > 10);
	binary_close(b);
	profile_free(p);
}

static void damaged_zstd_sections_are_refused_in_a_sentence(void **state)
{
	struct frame frames[8];
	char path[256];
	struct binary *b;

	/* What zlib made, renamed. */
	assert_int_equal(
		shell("cd %s && gcc -g -w -O2 -gz=zlib -o p p.c -ldl && "
		      "at=$(readelf -SW p | awk "
		      "'/\\.debug_info/{for(i=1;i<=NF;i++)if($i==\"PROGBITS\")print $(i+2)}') && "
		      "printf '\\002' | dd of=p bs=1 seek=$((0x$at)) conv=notrunc 2>/dev/null",
		      dir),
		0);
	snprintf(path, sizeof(path), "%s/p", dir);
	assert_int_equal(binary_open(&b, path, NULL, NULL), 0);
	for (uint64_t at = 0x1000; at < 0x2000; at += 64)
		binary_lookup(b, at, frames, 8);
	assert_non_null(strstr(binary_problem(b), "zstd"));
	assert_non_null(strstr(binary_problem(b), ".debug_info"));
	binary_close(b);
}

/* Bytes of the debug sections changed at random: whatever comes out, nothing breaks, and symbols
 * still answer. */
static void damaged_debug_sections_cost_no_more_than_themselves(void **state)
{
	size_t bytes, answered = 0;
	unsigned char *image, *mutant;
	uint64_t addresses[64];
	char path[256];
	uint32_t seed = 1;
	struct stat st;
	FILE *f;

	assert_int_equal(shell("cd %s && g++ -g -w -O2 -no-pie -o p p.cc -ldl", dir), 0);
	snprintf(path, sizeof(path), "%s/p", dir);
	assert_int_equal(stat(path, &st), 0);
	bytes = (size_t)st.st_size;
	image = malloc(bytes);
	mutant = malloc(bytes);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(image, 1, bytes, f), bytes);
	fclose(f);
	for (size_t i = 0; i < 64; i++)
		addresses[i] = 0x401100 + 16 * i;
	for (int round = 0; round < 60; round++) {
		struct frame frames[8];
		struct binary *b;

		memcpy(mutant, image, bytes);
		/* Debug sections follow what is loaded, and the section headers follow them. */
		for (int i = 0; i < 40; i++) {
			seed = seed * 1664525 + 1013904223;
			mutant[0x3000 + (seed >> 4) % (bytes - 0x3000 - 6000)] =
				(unsigned char)(seed >> 24);
		}
		if (binary_open_mem(&b, mutant, bytes, "mutant", NULL))
			continue;
		binary_prepare(b, addresses, 64);
		for (size_t i = 0; i < 64; i++)
			answered += binary_lookup(b, addresses[i], frames, 8) > 0;
		binary_close(b);
	}
	assert_true(answered > 60 * 10);
	free(image);
	free(mutant);
}

static void what_is_no_elf_file_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *sentence;
	} rows[] = {
		{ "", 0, "not an ELF file: 'x'" },
		{ "hello, world, hello, world", 26, "not an ELF file: 'x'" },
		{ "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16, "damaged ELF header in 'x'" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { "" };
		struct binary *b;

		assert_int_equal(binary_open_mem(&b, rows[i].bytes, rows[i].n, "x", &err),
				 SONDE_EFORMAT);
		assert_string_equal(err.text, rows[i].sentence);
	}
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
		cmocka_unit_test(debug_file_is_found_by_build_id),
		cmocka_unit_test(debug_file_is_found_by_debuglink),
		cmocka_unit_test(debug_file_with_another_checksum_is_refused),
		cmocka_unit_test(debug_file_with_another_build_id_is_refused),
		cmocka_unit_test(symbols_speak_where_there_is_no_dwarf),
		cmocka_unit_test(packed_symbols_speak_too),
		cmocka_unit_test(wrong_build_id_leaves_the_mapping_alone),
		cmocka_unit_test(missing_binary_is_named),
		cmocka_unit_test(what_has_lines_stays_unless_forced),
		cmocka_unit_test(equal_functions_are_one),
		cmocka_unit_test(mappings_of_one_file_are_all_resolved),
		cmocka_unit_test(vdso_is_resolved_by_build_id_only),
		cmocka_unit_test(damaged_zstd_sections_are_refused_in_a_sentence),
		cmocka_unit_test(damaged_debug_sections_cost_no_more_than_themselves),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
	};

	return cmocka_run_group_tests_name("symbolize", tests, make_folder, remove_folder);
}
