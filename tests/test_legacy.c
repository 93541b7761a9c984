/* test_legacy.c - the older formats become the profile that pprof makes of them. */
#include "tests/profiles.h"
#include "writer/legacy.h"

#define MAPS                                                                                       \
	"--- Memory map: ---\n"                                                                    \
	"00400000-00500000 r-xp 00000000 08:01 1234   /usr/bin/program\n"                          \
	"7f0000010000-7f0000020000 rw-p 00011000 08:01 99 /lib/libc.so.6\n"

static const char heap[] = "heap profile:      3:   6144 [     5:  10240] @ heapprofile\n"
			   "     1:     2048 [     2:   4096] @ 0x400101 0x400201\n"
			   "     2:     4096 [     3:   6144] @ 0x400301\n"
			   "\n" MAPS;
static const char growth[] =
	"heap profile:     1:  2048 [     1:  2048] @ growthz\n"
	"     1:  2048 [     1:  2048] @ 0x400101\n"
	"MAPPED_LIBRARIES:\n"
	"  build=/usr/bin\n"
	"I0102 03:04:05 7 maps.cc:12]   0x400000-0x500000: $build/program (@1000) 0123abcd\n";
static const char contention[] = "--- contentionz 1 ---\n"
				 "cycles/second = 2000000000\n"
				 "sampling period = 100\n"
				 "ms since reset = 1000\n"
				 "discarded samples = 0\n"
				 "  1000       27 @ 0x400101 0x400201\n" MAPS;
static const char threads[] = "--- threadz 1 ---\n"
			      "\n"
			      "--- Thread 7eff063d9940 (name: main/25376) stack: ---\n"
			      "  PC: 0x400100 0x400201\n"
			      "--- Thread 7eff04b95700 (name: worker/25380) stack: ---\n"
			      "  [same as previous thread]\n" MAPS;
static const char count[] = "# a comment\n"
			    "goroutine profile: total 3\n"
			    "2 @ 0x400101 0x400201\n"
			    "#\t0x400100\tmain.f+0x1\t/src/f.go:1\n"
			    "1 @ 0x400301\n";
static const char java[] = "--- contentionz 1 ---\n"
			   "format = java\n"
			   "resolution = microseconds\n"
			   "sampling period = 100\n"
			   "ms since reset = 60\n"
			   "            14     2 @ 0x00000003 0x00000004 0x00000005 0x6\n"
			   " 0x00000003 com.example.run (Source.java:12)\n"
			   " 0x00000004 f (/lib/libjvm.so)\n"
			   " 0x00000005 generated stub/JIT\n"
			   " 0x00000006 GC\n";

static void assert_type(const struct profile *p, size_t i, const char *type, const char *unit)
{
	assert_string_equal(profile_str(p, p->sample_types.v[i].type), type);
	assert_string_equal(profile_str(p, p->sample_types.v[i].unit), unit);
}

static uint64_t frame(const struct profile *p, size_t sample, size_t depth)
{
	return p->locations.v[p->stack.v[p->stack_at.v[sample] + depth]].address;
}

static void heap_profile_counts_blocks(void **state)
{
	struct profile *p = decode_text(heap);

	assert_int_equal(p->sample_types.n, 4);
	assert_type(p, 0, "alloc_objects", "count");
	assert_type(p, 3, "inuse_space", "bytes");
	assert_memory_equal(p->values.v, ((int64_t[]){ 2, 4096, 1, 2048, 3, 6144, 2, 4096 }), 64);
	assert_int_equal(frame(p, 0, 0), 0x400100);
	assert_int_equal(frame(p, 0, 1), 0x400200);
	assert_string_equal(profile_str(p, p->labels.v[0].key), "bytes");
	assert_int_equal(p->labels.v[0].num, 2048);
	assert_int_equal(p->mappings.n, 1);
	assert_string_equal(profile_str(p, p->mappings.v[0].file), "/usr/bin/program");
	assert_int_equal(p->period, 1);
	assert_non_null(strstr(profile_str(p, p->drop_frames), "malloc"));
	profile_free(p);
}

static void sampled_heap_is_scaled_up(void **state)
{
	struct profile *p = decode_text("heap profile: 1: 1024 [1: 1024] @ heap_v2/524288\n"
					"1: 1024 [1: 1024] @ 0x400101\n");

	assert_int_equal(p->sample_types.n, 2);
	assert_int_equal(p->values.v[0], 512); /* 1 / (1 - exp(-1024 / 524288)) */
	assert_int_equal(p->values.v[1], 524800);
	profile_free(p);
}

static void growth_profile_reads_a_brief_map(void **state)
{
	struct profile *p = decode_text(growth);

	assert_type(p, 1, "space", "bytes");
	assert_int_equal(p->mappings.n, 1);
	assert_string_equal(profile_str(p, p->mappings.v[0].file), "/usr/bin/program");
	assert_string_equal(profile_str(p, p->mappings.v[0].build_id), "0123abcd");
	assert_int_equal(p->mappings.v[0].offset, 0x1000);
	profile_free(p);
}

static void contention_is_in_nanoseconds(void **state)
{
	struct profile *p = decode_text(contention);

	assert_type(p, 1, "delay", "nanoseconds");
	assert_memory_equal(p->values.v, ((int64_t[]){ 2700, 50000 }), 16);
	assert_int_equal(p->duration_nanos, 1000000000);
	profile_free(p);
}

static void like_threads_are_counted(void **state)
{
	struct profile *p = decode_text(threads);

	assert_int_equal(p->n_samples, 1);
	assert_int_equal(p->values.v[0], 2);
	assert_int_equal(frame(p, 0, 0), 0x400100); /* the leaf is no return address */
	assert_int_equal(frame(p, 0, 1), 0x400200);
	profile_free(p);
}

static void count_profile_takes_its_name_from_the_header(void **state)
{
	struct profile *p = decode_text(count);

	assert_type(p, 0, "goroutine", "count");
	assert_memory_equal(p->values.v, ((int64_t[]){ 2, 1 }), 16);
	assert_int_equal(p->locations.n, 3);
	assert_int_equal(p->mappings.n, 1); /* made up, for addresses outside of all */
	assert_true(p->mappings.v[0].limit == UINT64_MAX);
	profile_free(p);
}

static void java_profile_has_names_and_no_addresses(void **state)
{
	static const char *const names[] = { "com.example.run", "f", "STUB", "GC" };
	static const char *const files[] = { "Source.java", "libjvm.so", "", "" };
	struct profile *p = decode_text(java);

	assert_type(p, 1, "delay", "microseconds");
	assert_memory_equal(p->values.v, ((int64_t[]){ 200, 1400 }), 16);
	assert_int_equal(p->functions.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(profile_str(p, p->functions.v[i].name), names[i]);
		assert_string_equal(profile_str(p, p->functions.v[i].filename), files[i]);
		assert_int_equal(p->locations.v[i].address, 0);
	}
	assert_int_equal(p->lines.v[0].line, 12);
	profile_free(p);
}

/* ---- the binary CPU profile ---- */

enum { CPU_WORDS = 5 + 34 * 5 + 3 };

/* 34 samples: all have the handler's frame second, the leaf is there again as a return address. */
static size_t make_cpu_profile(uint64_t *words)
{
	static const uint64_t header[] = { 0, 3, 0, 10000, 0 },
			      sample[] = { 1, 3, 0x400100, 0x450001, 0x400102 };
	size_t n = 0;

	memcpy(words, header, sizeof(header));
	n = N(header);
	for (size_t i = 0; i < 34; i++, n += N(sample))
		memcpy(words + n, sample, sizeof(sample));
	words[n++] = 0;
	words[n++] = 1;
	words[n++] = 0;
	return n;
}

static void cpu_profile_loses_the_handlers_frames(void **state)
{
	uint64_t words[CPU_WORDS];
	size_t n = make_cpu_profile(words) * sizeof(*words);
	struct profile *p;

	assert_int_equal(decode_copy(&p, (const uint8_t *)words, n, NULL), 0);
	assert_int_equal(p->n_samples, 34);
	assert_int_equal(p->period, 10000000);
	assert_memory_equal(p->values.v, ((int64_t[]){ 1, 10000000 }), 16);
	for (size_t i = 0; i < 34; i++) {
		assert_int_equal(p->stack_at.v[i + 1] - p->stack_at.v[i], 1);
		assert_int_equal(frame(p, i, 0), 0x400100);
	}
	profile_free(p);
}

static void cpu_profile_is_read_in_every_word_size_and_order(void **state)
{
	uint64_t words[CPU_WORDS];
	size_t n = make_cpu_profile(words);

	for (unsigned form = 0; form < 4; form++) {
		unsigned width = form & 1 ? 4 : 8;
		uint8_t bytes[CPU_WORDS * 8];
		struct profile *p;

		for (size_t i = 0; i < n; i++)
			for (unsigned k = 0; k < width; k++)
				bytes[i * width + k] =
					(uint8_t)(words[i] >> 8 * (form & 2 ? width - 1 - k : k));
		assert_int_equal(decode_copy(&p, bytes, n * width, NULL), 0);
		assert_int_equal(p->n_samples, 34);
		assert_int_equal(frame(p, 33, 0), 0x400100);
		profile_free(p);
	}
}

static void cpu_sample_deeper_than_the_file_is_refused(void **state)
{
	uint64_t words[] = { 0, 3, 0, 10000, 0, 1, UINT64_MAX / 2, 0x400100 };
	struct profile *p;
	struct err err;

	assert_int_equal(decode_copy(&p, (const uint8_t *)words, sizeof(words), &err),
			 SONDE_EFORMAT);
	assert_string_equal(err.text, "unrecognized profile format");
}

/* ---- memory maps ---- */

static void map_lines_are_read_as_pprof_reads_them(void **state)
{
	static const struct {
		const char *line, *file;
		uint64_t start, limit, offset;
	} rows[] = {
		{ "00400000-00500000 r-xp 00001000 08:01 1234 /bin/a b", "/bin/a", 0x400000,
		  0x500000, 0x1000 },
		{ "0x400000 0x500000 /bin/a (@ff00)", "/bin/a", 0x400000, 0x500000, 0xff00 },
		{ "400000-500000: /bin/a", "/bin/a", 0x400000, 0x500000, 0 },
		{ "400000-500000 08:01 12 /bin/a", "/bin/a", 0x400000, 0x500000, 0 },
		{ "40000f /bin/a", "/bin/a", 0x40000, 0xf, 0 },
		{ "400000-500000 r-xp", "", 0x400000, 0x500000, 0 },
	};

	for (size_t i = 0; i < N(rows); i++) {
		char text[256];
		struct profile *p;

		snprintf(text, sizeof(text),
			 "goroutine profile: total 0\n--- Memory map: ---\n%s\n", rows[i].line);
		p = decode_text(text);
		assert_int_equal(p->mappings.n, 1);
		assert_string_equal(profile_str(p, p->mappings.v[0].file), rows[i].file);
		assert_int_equal(p->mappings.v[0].limit, rows[i].limit);
		/* a start that is the usual one plus the offset is put right */
		assert_int_equal(p->mappings.v[0].start, rows[i].start);
		assert_int_equal(p->mappings.v[0].offset, rows[i].offset);
		profile_free(p);
	}
}

static void lines_with_variables_take_no_memory_that_lasts(void **state)
{
	enum { LINES = 200000 };
	static const char head[] = "goroutine profile: total 0\n--- Memory map: ---\na=b\n";
	char *text = malloc(sizeof(head) + LINES * 5);
	struct profile *p;

	strcpy(text, head);
	for (size_t i = 0; i < LINES; i++) /* 64 KiB for each would be 12 GiB */
		memcpy(text + sizeof(head) - 1 + i * 4, "$a=\n", 5);
	p = decode_text(text);
	assert_int_equal(p->mappings.n, 0);
	profile_free(p);
	free(text);
}

static void main_binary_comes_first_and_halves_are_joined(void **state)
{
	struct profile *p = decode_text("goroutine profile: total 0\n"
					"--- Memory map: ---\n"
					"7000-8000 r-xp 00000000 08:01 1 /lib/libc.so.6\n"
					"10000-11000 r-xp 00001000 08:01 1 /bin/a\n"
					"11000-12000 r-xp 00002000 08:01 1 /bin/a\n");

	assert_int_equal(p->mappings.n, 2);
	assert_string_equal(profile_str(p, p->mappings.v[0].file), "/bin/a");
	assert_int_equal(p->mappings.v[0].limit, 0x12000);
	assert_int_equal(p->mappings.v[1].id, 2);
	profile_free(p);
}

static void variables_that_hold_each_other_do_not_explode(void **state)
{
	char text[8192] = "goroutine profile: total 0\n--- Memory map: ---\nv00=xxxxxxxxxxxxxxxx\n";
	struct profile *p;
	struct err err;

	for (int i = 1; i < 60; i++)
		sprintf(text + strlen(text), "v%02d=$v%02d$v%02d\n", i, i - 1, i - 1);
	assert_int_equal(decode_copy(&p, (const uint8_t *)text, strlen(text), &err), SONDE_EFORMAT);
	assert_non_null(strstr(err.text, "malformed memory map at line"));
}

/* ---- hostile twins ---- */

static void broken_samples_are_named_by_line(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{ "goroutine profile: total 3\n2 @ 0x1\nx @ 0x1\n",
		  "malformed count profile at line 3: 'x @ 0x1'" },
		{ "goroutine profile: total 3\n2 @ 0x11111111111111111\n",
		  "malformed count profile at line 2" },
		{ "heap profile: 1: 2 [3: 4] @ heapprofile\n1: 2\n",
		  "malformed heap profile at line 2: '1: 2'" },
		{ "heap profile: 1: 2 [3: 4] @ heapprofile\n0: 2 [0: 0] @ 0x1\n",
		  "malformed heap profile" },
		{ "heap profile: 1: 2 [3: 4] @ heapfoo\n", "unrecognized profile format" },
		{ "--- contentionz 1 ---\nsampling period = x\n",
		  "malformed Java profile at line 2" },
		{ "--- heapz 1 ---\nformat = java\n 1 1 @ 0x1\n",
		  "malformed Java profile (no resolution given)" },
		{ "--- heapz 1 ---\nresolution=bytes\n 1 0 @ 0x1\n",
		  "malformed Java profile at line 3" },
		{ "--- threadz 1 ---\n", "unrecognized profile format" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p;
		struct err err = { "" };

		assert_int_equal(
			decode_copy(&p, (const uint8_t *)rows[i].text, strlen(rows[i].text), &err),
			SONDE_EFORMAT);
		if (!strstr(err.text, rows[i].sentence))
			fail_msg("row %zu: %s", i, err.text);
	}
}

static void every_truncation_and_flip_is_answered(void **state)
{
	static const char *const texts[] = { heap, growth, contention, threads, count, java };

	for (size_t t = 0; t < N(texts); t++) {
		size_t n = strlen(texts[t]);
		char *copy = strdup(texts[t]);
		struct profile *p;
		struct err err;

		for (size_t i = 0; i < n; i++)
			if (decode_copy(&p, (const uint8_t *)copy, i, &err) == 0)
				profile_free(p);
		for (size_t i = 0; i < n; i++) {
			copy[i] ^= 1 << i % 8;
			if (decode_copy(&p, (const uint8_t *)copy, n, &err) == 0) {
				assert_int_equal(profile_check_valid(p, &err), 0);
				profile_free(p);
			}
			copy[i] ^= 1 << i % 8;
		}
		free(copy);
	}
}

static void numbers_are_gos(void **state)
{
	static const struct {
		const char *text;
		int base;
		bool ok;
		int64_t want;
	} rows[] = {
		{ "12", 10, true, 12 },
		{ "-12", 10, true, -12 },
		{ "012", 0, true, 10 },
		{ "08", 0, false, 0 },
		{ "0x1F", 0, true, 31 },
		{ "0b101", 0, true, 5 },
		{ "0o17", 0, true, 15 },
		{ "0", 0, true, 0 },
		{ "", 10, false, 0 },
		{ "-", 10, false, 0 },
		{ "9223372036854775807", 10, true, INT64_MAX },
		{ "9223372036854775808", 10, false, 0 },
		{ "-9223372036854775808", 10, true, INT64_MIN },
		{ "99999999999999999999", 10, false, 0 },
		{ "1a", 10, false, 0 },
	};

	for (size_t i = 0; i < N(rows); i++) {
		int64_t got = 0;

		assert_int_equal(span_int((struct span){ rows[i].text, strlen(rows[i].text) },
					  rows[i].base, &got),
				 rows[i].ok);
		assert_true(!rows[i].ok || got == rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_profile_counts_blocks),
		cmocka_unit_test(sampled_heap_is_scaled_up),
		cmocka_unit_test(growth_profile_reads_a_brief_map),
		cmocka_unit_test(contention_is_in_nanoseconds),
		cmocka_unit_test(like_threads_are_counted),
		cmocka_unit_test(count_profile_takes_its_name_from_the_header),
		cmocka_unit_test(java_profile_has_names_and_no_addresses),
		cmocka_unit_test(cpu_profile_loses_the_handlers_frames),
		cmocka_unit_test(cpu_profile_is_read_in_every_word_size_and_order),
		cmocka_unit_test(cpu_sample_deeper_than_the_file_is_refused),
		cmocka_unit_test(map_lines_are_read_as_pprof_reads_them),
		cmocka_unit_test(lines_with_variables_take_no_memory_that_lasts),
		cmocka_unit_test(main_binary_comes_first_and_halves_are_joined),
		cmocka_unit_test(variables_that_hold_each_other_do_not_explode),
		cmocka_unit_test(broken_samples_are_named_by_line),
		cmocka_unit_test(every_truncation_and_flip_is_answered),
		cmocka_unit_test(numbers_are_gos),
	};

	return cmocka_run_group_tests_name("legacy", tests, NULL, NULL);
}
