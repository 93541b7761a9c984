/* test_kernel.c - code of the kernel and its modules: names from what the running kernel tells and
 * from a vmlinux, and none where the profile is of another kernel.
 *
 * The machine is a folder with a /proc and a /sys of our own.  The last test asks the real one.
 */
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

#include "symbolize/kallsyms.h"
#include "symbolize/symbolize.h"

#define TEXT  0xffffffff81000000ULL
#define MOVED 0x2c00000ULL

static char root[] = "/tmp/sonde-kernel-XXXXXX";

static const char symbols[] = "0000000000000000 A fixed_percpu_data\n"
			      "ffffffff81000000 T _text\n"
			      "ffffffff81000000 T _stext\n"
			      "ffffffff81000100 t helper\n"
			      "ffffffff81000200 W __x64_sys_read\n"
			      "ffffffff81000200 T ksys_read\n"
			      "ffffffff81000200 t aaa\n"
			      "ffffffff81000300 D data_of_the_kernel\n"
			      "ffffffffc0201000 t ext4_iget\t[ext4]\n"
			      "ffffffffc0201080 t ext4_iput\t[ext4]\n"
			      "ffffffffc0301000 t bpf_prog_1234_hot\t[bpf]\n";

static int shell(const char *fmt, ...) SONDE_PRINTF(1, 2);

static int shell(const char *fmt, ...)
{
	char command[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static void write_bytes(const char *name, const void *bytes, size_t n)
{
	char path[512];
	FILE *f;

	assert_int_equal(shell("mkdir -p $(dirname %s/%s)", root, name), 0);
	snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

/* A note of another kind, and the build id: c0ffee00 and one more byte. */
static void write_notes(const char *name, unsigned char last)
{
	unsigned char notes[] = { 4,   0,   0,	 0, 4,	  0,	0,    0, 1, 0, 0, 0,
				  'X', 'e', 'n', 0, 1,	  2,	3,    4, /**/
				  4,   0,   0,	 0, 5,	  0,	0,    0, 3, 0, 0, 0,
				  'G', 'N', 'U', 0, 0xc0, 0xff, 0xee, 0, 0, 0, 0, 0 };

	notes[40] = last;
	write_bytes(name, notes, sizeof(notes));
}

static int make_machine(void **state)
{
	if (!mkdtemp(root))
		return -1;
	write_text("proc/kallsyms", symbols);
	write_text("proc/modules", "ext4 1024 2 jbd2,mbcache, Live 0xffffffffc0201000\n"
				   "ext4x 1024 0 - Live 0xffffffffc0999000\n");
	write_notes("sys/kernel/notes", 1);
	write_notes("sys/module/ext4/notes/.note.gnu.build-id", 2);
	setenv("PPROF_BINARY_PATH", root, 1);
	return 0;
}

static int remove_machine(void **state)
{
	return shell("rm -rf %s", root);
}

struct place {
	const char *file, *build_id;
	uint64_t start, address;
};

static char said[4096]; /* all sentences */
static int n_said;

static void say(void *ctx, const char *sentence)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s\n", sentence);
	n_said++;
}

/* One mapping and one location each. */
static struct profile *symbolized(const struct place *places, size_t n, bool is_fresh)
{
	struct symbolize_opts opts = { .is_fresh = is_fresh, .root = root, .tell = say };
	struct profile *p = profile_new();

	for (size_t i = 0; i < n; i++) {
		*VEC_PUSH(&p->mappings) = (struct mapping){
			.id = i + 1,
			.start = places[i].start,
			.limit = places[i].start + 0x10000000,
			.file = profile_intern(p, places[i].file),
			.build_id = profile_intern(p, places[i].build_id),
		};
		*VEC_PUSH(&p->locations) = (struct location){
			.id = i + 1,
			.address = places[i].address,
			.mapping = (uint32_t)i,
		};
	}
	said[0] = 0;
	n_said = 0;
	assert_int_equal(symbolize_profile(p, &opts, NULL, NULL), 0);
	return p;
}

/* "" where it has none. */
static const char *name_of(const struct profile *p, size_t i)
{
	const struct location *l = &p->locations.v[i];

	if (l->n_lines == 0)
		return "";
	return profile_str(p, p->functions.v[p->lines.v[l->first_line].function].name);
}

static void expect_name(struct place place, bool is_fresh, const char *wanted)
{
	struct profile *p = symbolized(&place, 1, is_fresh);

	assert_string_equal(name_of(p, 0), wanted);
	assert_int_equal(p->mappings.v[0].has_functions, wanted[0] != 0);
	profile_free(p);
}

#define KERNEL "[kernel.kallsyms]"
#define ID     "c0ffee0001"

static void the_kernel_is_named_by_the_one_that_runs(void **state)
{
	expect_name((struct place){ KERNEL, ID, TEXT, TEXT + 0x105 }, false, "helper");
	expect_name((struct place){ KERNEL "_stext", ID, TEXT, TEXT + 0x1ff }, false, "helper");
	expect_name((struct place){ "[kernel]", ID, TEXT, TEXT + 0x100 }, false, "helper");
	expect_name((struct place){ KERNEL, ID, TEXT, TEXT + 0x210 }, false, "ksys_read");
}

static void a_kernel_that_lay_elsewhere_is_named_too(void **state)
{
	struct place moved = { KERNEL, ID, TEXT + MOVED, TEXT + MOVED + 0x105 };

	expect_name(moved, false, "helper");
	moved.start += 0x1000; /* not where the kernel begins */
	expect_name(moved, false, "");
	assert_non_null(strstr(said, "'_text'"));
}

static void another_kernel_gets_no_names(void **state)
{
	expect_name((struct place){ KERNEL, "c0ffee0009", TEXT, TEXT + 0x105 }, false, "");
	assert_non_null(strstr(said, "c0ffee0009"));
	expect_name((struct place){ KERNEL, "", TEXT, TEXT + 0x105 }, false, "");
	assert_non_null(strstr(said, "no build id"));
	expect_name((struct place){ KERNEL, "c0ffee0009", TEXT, TEXT + 0x105 }, true, "");
}

static void a_fresh_profile_needs_no_build_id(void **state)
{
	expect_name((struct place){ KERNEL, "", TEXT, TEXT + 0x105 }, true, "helper");
	expect_name((struct place){ "[bpf]", "", 0xffffffffc0301000, 0xffffffffc0301004 }, true,
		    "bpf_prog_1234_hot");
}

static void data_and_what_is_far_from_all_code_has_no_name(void **state)
{
	expect_name((struct place){ KERNEL, ID, TEXT, TEXT + 0x305 }, false, "");
	expect_name((struct place){ KERNEL, ID, TEXT, TEXT + 0x9000000 }, false, "");
}

static void modules_are_named_where_they_are_loaded(void **state)
{
	struct place ext4 = { "[ext4]", "c0ffee0002", 0xffffffffc0201000, 0xffffffffc0201088 };

	expect_name(ext4, false, "ext4_iput");
	ext4.build_id = ID;
	expect_name(ext4, false, "");
	ext4.build_id = "c0ffee0002";
	ext4.start -= 0x1000;
	expect_name(ext4, false, "");
	assert_non_null(strstr(said, "elsewhere"));
}

static void brackets_in_the_lower_half_are_no_modules(void **state)
{
	expect_name((struct place){ "[heap]", "", 0x55550000, 0x55550010 }, true, "");
	expect_name((struct place){ "[heap]", "", 0x55550000, 0x55550010 }, false, "");
	assert_int_equal(n_said, 0);
	expect_name((struct place){ "[vsyscall]", "", 0xffffffffff600000, 0xffffffffff600010 },
		    true, "");
	assert_int_equal(n_said, 0);
}

static void hidden_addresses_are_told_once(void **state)
{
	const struct place places[] = {
		{ KERNEL, ID, TEXT, TEXT + 0x105 },
		{ "[ext4]", "c0ffee0002", 0xffffffffc0201000, 0xffffffffc0201004 },
		{ "[jbd2]", "c0ffee0003", 0xffffffffc0401000, 0xffffffffc0401004 },
	};
	struct profile *p;

	write_text("proc/kallsyms", "0000000000000000 T _text\n0000000000000000 t helper\n");
	p = symbolized(places, 3, false);
	write_text("proc/kallsyms", symbols);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(name_of(p, i), "");
	assert_non_null(strstr(said, "kptr_restrict"));
	assert_int_equal(n_said, 1);
	profile_free(p);
}

static void damaged_lists_and_notes_are_survived(void **state)
{
	static const char *const lists[] = {
		"",	"\n\n",	 "zzz",		 "ffffffff81000000",	    "12 ",
		"12 T", "12 T ", "12345678901234567 T x\n", "0x T y\n"
	};
	struct kallsyms k;
	struct err err;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_int_equal(kallsyms_read_mem(&k, lists[i], strlen(lists[i]), "it", &err),
				 SONDE_ENOTFOUND);
	for (size_t n = 0; n < 44; n++) {
		unsigned char notes[44] = { [0] = 0xff, [1] = 0xff, [4] = 0xff, [8] = 3 };

		write_bytes("sys/kernel/notes", notes, n);
		expect_name((struct place){ KERNEL, ID, TEXT, TEXT + 0x105 }, false, "");
	}
	write_notes("sys/kernel/notes", 1);
}

static const char vmlinux[] = "__asm__(\".globl _text\\n.type _text, @function\\n_text: nop\");\n"
			      "__attribute__((noinline)) int deep(int x) { return x * 3; }\n"
			      "int outer(int x) { return deep(x) + 1; }\n";

/* The file has it at TEXT, the profile where it was moved to. */
static void vmlinux_is_found_by_build_id_and_has_lines(void **state)
{
	struct place place = { KERNEL, "abcdef0123456789", TEXT + MOVED, 0 };
	unsigned long deep = 0;
	char command[512];
	struct profile *p;
	FILE *f;

	write_text("v.c", vmlinux);
	assert_int_equal(shell("cd %s && mkdir -p ab && gcc -g -O1 -mcmodel=kernel -fno-pic "
			       "-fno-toplevel-reorder -nostdlib -static -no-pie "
			       "-Wl,-Ttext=0x%llx,-e,_text,--build-id=0xabcdef0123456789 "
			       "-o ab/cdef0123456789.debug v.c",
			       root, TEXT),
			 0);
	snprintf(command, sizeof(command), "nm %s/ab/cdef0123456789.debug | grep ' deep$'", root);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lx", &deep), 1);
	pclose(f);
	place.address = deep + MOVED;
	p = symbolized(&place, 1, false);
	assert_string_equal(name_of(p, 0), "deep");
	assert_int_equal(p->lines.v[p->locations.v[0].first_line].line, 2);
	profile_free(p);
	place.start += 0x1000;
	expect_name(place, false, "");
}

static void the_kernel_of_this_machine_names_its_own_code(void **state)
{
	struct symbolize_opts opts = { .is_fresh = true };
	struct profile *p = profile_new();
	struct kallsyms k;

	if (kallsyms_read(&k, "/proc/kallsyms", NULL) || !k.text) {
		profile_free(p);
		skip();
	}
	*VEC_PUSH(&p->mappings) = (struct mapping){ .start = k.text,
						    .limit = UINT64_MAX,
						    .file = profile_intern(p, KERNEL) };
	*VEC_PUSH(&p->locations) = (struct location){ .address = k.text };
	assert_int_equal(symbolize_profile(p, &opts, NULL, NULL), 0);
	assert_string_equal(name_of(p, 0), symtab_find(k.symtab, k.text)->name);
	kallsyms_release(&k);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_is_named_by_the_one_that_runs),
		cmocka_unit_test(a_kernel_that_lay_elsewhere_is_named_too),
		cmocka_unit_test(another_kernel_gets_no_names),
		cmocka_unit_test(a_fresh_profile_needs_no_build_id),
		cmocka_unit_test(data_and_what_is_far_from_all_code_has_no_name),
		cmocka_unit_test(modules_are_named_where_they_are_loaded),
		cmocka_unit_test(brackets_in_the_lower_half_are_no_modules),
		cmocka_unit_test(hidden_addresses_are_told_once),
		cmocka_unit_test(damaged_lists_and_notes_are_survived),
		cmocka_unit_test(vmlinux_is_found_by_build_id_and_has_lines),
		cmocka_unit_test(the_kernel_of_this_machine_names_its_own_code),
	};

	return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
