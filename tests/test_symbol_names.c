/* test_symbol_names.c - what symbols alone tell: which of several names speaks, stubs of the PLT, functions
 * that are chosen when the program starts.
 */
#include "tests/symbolize_check.h"

static const char source[] = "#include <stdio.h>\n"
			     "#include <stdlib.h>\n"
			     "int work(int x) { return x * 3; }\n"
			     "extern __typeof(work) __work __attribute__((alias(\"work\")));\n"
			     "extern __typeof(work) wo __attribute__((weak, alias(\"work\")));\n"
			     "static __typeof(work) a __attribute__((alias(\"work\"), used));\n"
			     "static int fast(int x) { return x + 5; }\n"
			     "static void *choose(void) { return (void *)fast; }\n"
			     "int chosen(int) __attribute__((ifunc(\"choose\")));\n"
			     "int main(int argc, char **argv) { puts(getenv(\"HOME\")); return "
			     "chosen(argc) + work(argc); }\n";

static void compile(const char *flags)
{
	write_file("names.c", source);
	assert_int_equal(shell("cd %s && gcc -O0 -no-pie -fno-pie %s -o names names.c && "
			       "objdump -d --no-show-raw-insn names >names.txt",
			       dir, flags),
			 0);
}

/* The first number that a command prints. */
static uint64_t number(const char *command)
{
	char line[1024];
	unsigned long n = 0;
	FILE *f;

	snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	f = popen(line, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lx", &n), 1);
	pclose(f);
	return n;
}

static const char *name_at(uint64_t address)
{
	static char name[256];
	struct frame frame;
	char path[256];
	struct binary *b;

	snprintf(path, sizeof(path), "%s/names", dir);
	assert_int_equal(binary_open(&b, path, NULL, NULL), 0);
	name[0] = 0;
	if (binary_lookup(b, address, &frame, 1) && frame.function)
		snprintf(name, sizeof(name), "%s", frame.function);
	binary_close(b);
	return name;
}

/* Global before weak before local, no leading underscore; what chooses is not what it chooses. */
static void one_of_several_names_speaks(void **state)
{
	compile("");
	assert_string_equal(name_at(number("nm names | grep ' work$'")), "work");
	assert_string_equal(name_at(number("nm names | grep ' work$'") + 4), "work");
	assert_string_equal(name_at(number("nm names | grep ' fast$'")), "fast");
	assert_string_equal(name_at(number("nm names | grep ' choose$'")), "choose");
}

static void stubs_are_named_after_what_they_call(void **state)
{
	static const char *const flags[] = { "-Wl,-z,lazy", "-Wl,-z,now", "-fcf-protection=full",
					     "-fcf-protection=none", "-static" };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		compile(flags[i]);
		print_message("# %s\n", flags[i]);
		if (strcmp(flags[i], "-static") != 0)
			assert_string_equal(
				name_at(number("sed -n '/<main>:/,/^$/s/.*call *\\([0-9a-f]*\\) "
					       "<puts.*/\\1/p' names.txt")),
				"puts@plt");
		assert_string_equal(
			name_at(number("sed -n '/<main>:/,/^$/s/.*call *\\([0-9a-f]*\\) .*/\\1/p' "
				       "names.txt | tail -n 2")),
			"chosen@plt");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_several_names_speaks),
		cmocka_unit_test(stubs_are_named_after_what_they_call),
	};

	return cmocka_run_group_tests_name("symbol names", tests, make_folder, remove_folder);
}
