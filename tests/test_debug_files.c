/* test_debug_files.c - where symbols and debug information are: in debug files, in packed symbols, in
 * the vdso; what is left alone; what damaged files cost.
 */
#include <sys/auxv.h>

#include "tests/symbolize_check.h"

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

	return cmocka_run_group_tests_name("debug files", tests, make_folder, remove_folder);
}
