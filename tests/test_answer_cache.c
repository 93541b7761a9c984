/* test_answer_cache.c - the file of answers about one binary: what is kept, for how long, and what damage does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbolize/answer_cache_internal.h"

#define N_FRAMES 4

static char folder[] = "/tmp/sonde-answers-XXXXXX";

static struct elf_file elf = {
	.bytes = 1000,
	.modified_ns = 1,
	.build_id = "0123456789abcdef0123",
};

static const struct frame two_frames[] = {
	{ "_Z5innerv", "inner()", "/src/a.c", 7, 3, 5 },
	{ "_Z5outerv", NULL, "/src/a.c", 20, 1, 18 },
};
static const struct frame c_frame = { "in_c", NULL, NULL, 0, 0, 0 };
static const struct cached_answer some[] = {
	{ 0x2000, two_frames, 2 },
	{ 0x1000, &c_frame, 1 },
	{ 0x3000, NULL, 0 },
};

static int make_folder(void **state)
{
	return !mkdtemp(folder) || setenv("XDG_CACHE_HOME", folder, 1);
}

static int remove_folder(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static int forget(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sonde/%s", folder, elf.build_id);
	return access(path, F_OK) == 0 && unlink(path);
}

static struct answer_cache *open_cache(void)
{
	struct answer_cache *c = answer_cache_open((struct elf_file *[]){ &elf }, 1);

	assert_non_null(c);
	return c;
}

static void keep(enum demangle_mode mode, const struct cached_answer *answers, size_t n)
{
	struct answer_cache *c = open_cache();

	answer_cache_write(c, mode, answers, n);
	answer_cache_close(c);
}

static bool same(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

/* An answer that is there is the right one. */
static bool has(const struct answer_cache *c, const struct cached_answer *a)
{
	struct frame frames[N_FRAMES];
	size_t n;

	if (!answer_cache_find(c, a->address, DEMANGLE_FULL, frames, N_FRAMES, &n))
		return false;
	assert_int_equal(n, a->n);
	for (size_t i = 0; i < n; i++) {
		const struct frame *f = &frames[i], *e = &a->frames[i];

		assert_true(same(f->function, e->function));
		assert_true(!f->plain || same(f->plain, e->plain));
		assert_true(same(f->file, e->file));
		assert_true(f->line == e->line && f->column == e->column &&
			    f->start_line == e->start_line);
	}
	return true;
}

static const char *plain_of(const struct answer_cache *c, enum demangle_mode mode, size_t frame)
{
	static struct frame frames[N_FRAMES];
	size_t n;

	assert_true(answer_cache_find(c, 0x2000, mode, frames, N_FRAMES, &n));
	return frames[frame].plain;
}

static void answers_and_names_are_found_again(void **state)
{
	struct answer_cache *c;
	struct frame frames[N_FRAMES];
	size_t n;

	keep(DEMANGLE_FULL, some, 3);
	c = open_cache();
	for (size_t i = 0; i < 3; i++)
		assert_true(has(c, &some[i]));
	assert_string_equal(plain_of(c, DEMANGLE_FULL, 0), "inner()");
	assert_null(plain_of(c, DEMANGLE_FULL, 1));
	assert_null(plain_of(c, DEMANGLE_DEFAULT, 0));
	assert_null(plain_of(c, DEMANGLE_NONE, 0));
	assert_false(answer_cache_find(c, 0x2001, DEMANGLE_FULL, frames, N_FRAMES, &n));
	assert_false(answer_cache_find(c, 0x2000, DEMANGLE_FULL, frames, 1, &n));
	answer_cache_close(c);
}

static void later_answers_come_to_those_that_are_there(void **state)
{
	struct cached_answer other = { 0x1800, two_frames, 1 };
	struct cached_answer changed = { 0x2000, &c_frame, 1 };
	struct answer_cache *c;

	keep(DEMANGLE_FULL, some, 3);
	keep(DEMANGLE_FULL, &other, 1);
	c = open_cache();
	assert_int_equal(c->header->n_entries, 4);
	for (size_t i = 0; i < 3; i++)
		assert_true(has(c, &some[i]));
	assert_true(has(c, &other));
	answer_cache_write(c, DEMANGLE_FULL, &changed, 1);
	answer_cache_close(c);
	c = open_cache();
	assert_int_equal(c->header->n_entries, 4);
	assert_true(has(c, &changed) && has(c, &other) && has(c, &some[1]));
	answer_cache_close(c);
}

/* As a binary does it: what the cache knew already is among what is to be kept. */
static void names_are_added_to_answers_from_the_file(void **state)
{
	struct frame frames[N_FRAMES];
	struct cached_answer a = { 0x2000, frames, 0 };
	struct answer_cache *c;
	size_t bytes;

	keep(DEMANGLE_FULL, some, 3);
	c = open_cache();
	bytes = c->map_bytes;
	assert_true(answer_cache_find(c, 0x2000, DEMANGLE_TEMPLATES, frames, N_FRAMES, &a.n));
	frames[1].plain = "outer";
	answer_cache_write(c, DEMANGLE_TEMPLATES, &a, 1);
	answer_cache_close(c);
	c = open_cache();
	for (size_t i = 0; i < 3; i++)
		assert_true(has(c, &some[i]));
	assert_string_equal(plain_of(c, DEMANGLE_TEMPLATES, 1), "outer");
	assert_null(plain_of(c, DEMANGLE_TEMPLATES, 0));
	assert_string_equal(plain_of(c, DEMANGLE_FULL, 0), "inner()");
	assert_true(c->map_bytes < bytes + 64); /* the new name, and nothing twice */
	answer_cache_close(c);
}

static void files_of_another_binary_or_version_are_replaced(void **state)
{
	struct answer_cache *c;

	keep(DEMANGLE_FULL, some, 3);
	elf.modified_ns++;
	c = open_cache();
	assert_false(has(c, &some[0]));
	answer_cache_write(c, DEMANGLE_FULL, &some[1], 1);
	answer_cache_close(c);
	c = open_cache();
	assert_int_equal(c->header->n_entries, 1);
	assert_true(has(c, &some[1]));
	answer_cache_close(c);
}

static unsigned char *read_cache(size_t *n)
{
	struct answer_cache *c = open_cache();
	unsigned char *copy = malloc(c->map_bytes);

	assert_non_null(copy);
	*n = c->map_bytes;
	memcpy(copy, c->map, *n);
	answer_cache_close(c);
	return copy;
}

/* How many of the answers are there yet, all of them right. */
static size_t count_sound(const unsigned char *bytes, size_t n, uint64_t key)
{
	struct answer_cache *c = answer_cache_open_mem(bytes, n, key);
	size_t sound = 0;

	for (size_t i = 0; c && i < 3; i++)
		sound += has(c, &some[i]);
	answer_cache_close(c);
	return sound;
}

static void damage_costs_answers_and_makes_none_wrong(void **state)
{
	unsigned char *bytes;
	uint64_t key;
	size_t n, sound = 0;

	keep(DEMANGLE_FULL, some, 3);
	bytes = read_cache(&n);
	key = ((const struct cache_header *)(const void *)bytes)->key;
	assert_int_equal(count_sound(bytes, n, key), 3);
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= (unsigned char)(1 << bit);
			sound += count_sound(bytes, n, key);
			bytes[i] ^= (unsigned char)(1 << bit);
		}
	assert_true(sound > 0 && sound < 3 * 8 * n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(count_sound(bytes, i, key), 0);
	free(bytes);
}

static void a_damaged_answer_is_replaced_by_the_next_run(void **state)
{
	struct answer_cache *c;
	unsigned char *bytes;
	size_t n;
	FILE *f;

	keep(DEMANGLE_FULL, some, 3);
	bytes = read_cache(&n);
	bytes[n - 1] ^= 1; /* in the checksum of the last entry */
	c = open_cache();
	f = fopen(c->path, "w");
	answer_cache_close(c);
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	free(bytes);
	c = open_cache();
	assert_true(has(c, &some[0]));
	assert_false(has(c, &some[2]));
	answer_cache_close(c);
	keep(DEMANGLE_FULL, &some[2], 1);
	c = open_cache();
	assert_int_equal(c->header->n_entries, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(has(c, &some[i]));
	answer_cache_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(answers_and_names_are_found_again, forget),
		cmocka_unit_test_teardown(later_answers_come_to_those_that_are_there, forget),
		cmocka_unit_test_teardown(names_are_added_to_answers_from_the_file, forget),
		cmocka_unit_test_teardown(files_of_another_binary_or_version_are_replaced, forget),
		cmocka_unit_test_teardown(damage_costs_answers_and_makes_none_wrong, forget),
		cmocka_unit_test_teardown(a_damaged_answer_is_replaced_by_the_next_run, forget),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
