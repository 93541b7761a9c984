/* test_labels.c - sets of labels by push, pop, swap and scope. */
#include "sampler/labels.h"
#include "sampler/sonde.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The labels of this thread as "key=value,key=value" (numbers as "key=1unit"). */
static const char *shown(void)
{
	static __thread char text[4096];
	const struct label_set *set = labels_current;
	const struct label_entry *e;
	size_t n = 0;

	text[0] = 0;
	if (!set)
		return text;
	for (e = (const struct label_entry *)set->block; e->kind;
	     e = (const struct label_entry *)((const char *)e + e->entry_bytes)) {
		n += (size_t)sprintf(text + n, "%s%.*s=", n ? "," : "", e->key_bytes, e->bytes);
		if (e->kind == 'n')
			n += (size_t)sprintf(text + n, "%lld", (long long)e->number);
		n += (size_t)sprintf(text + n, "%.*s", e->unit_bytes + e->value_bytes,
				     e->bytes + e->key_bytes);
	}
	return text;
}

static void push_and_pop_nest(void **state)
{
	sonde_labels_push("a", "1");
	sonde_labels_push("b", "2");
	assert_string_equal(shown(), "a=1,b=2");
	sonde_labels_pop();
	assert_string_equal(shown(), "a=1");
	sonde_labels_pop();
	assert_string_equal(shown(), "");
	sonde_labels_pop(); /* one too many does nothing */
	assert_string_equal(shown(), "");
}

static void the_last_push_of_a_key_wins_until_it_is_popped(void **state)
{
	sonde_labels_push("a", "1");
	sonde_labels_push("b", "2");
	sonde_labels_push("a", "3");
	assert_string_equal(shown(), "b=2,a=3");
	sonde_labels_pop();
	assert_string_equal(shown(), "a=1,b=2");
	sonde_labels_swap(NULL);
}

static void equal_pushes_lead_to_the_same_set(void **state)
{
	sonde_labels first;

	sonde_labels_push("a", "1");
	first = sonde_labels_get();
	sonde_labels_pop();
	sonde_labels_push("a", "1");
	assert_ptr_equal(sonde_labels_get(), first);
	sonde_labels_swap(NULL);
}

static void numbers_have_units(void **state)
{
	sonde_labels_push_number("size", -42, "bytes");
	assert_string_equal(shown(), "size=-42bytes");
	sonde_labels_swap(NULL);
}

static void keys_are_made_legal(void **state)
{
	sonde_labels_push("1 st-key", "x");
	assert_string_equal(shown(), "__st_key=x");
	sonde_labels_swap(NULL);
	sonde_labels_push("", "x");
	assert_string_equal(shown(), "_=x");
	sonde_labels_swap(NULL);
	sonde_labels_push(NULL, NULL);
	assert_string_equal(shown(), "_=");
	sonde_labels_swap(NULL);
}

static void what_is_too_long_is_left_out_and_still_popped(void **state)
{
	char value[5000];

	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = 0;
	sonde_labels_push("a", "1");
	for (int i = 0; i < 3; i++)
		sonde_labels_push("long", value);
	assert_string_equal(shown(), "a=1");
	for (int i = 0; i < 3; i++)
		sonde_labels_pop();
	assert_string_equal(shown(), "a=1");
	sonde_labels_pop();
	assert_string_equal(shown(), "");
}

static void many_labels_fill_one_set_and_no_more(void **state)
{
	char key[16];

	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		sonde_labels_push(key, "0123456789");
	}
	assert_true(strlen(shown()) > 300 && labels_current->n_words * 8 <= LABEL_BLOCK_BYTES + 8);
	for (int i = 0; i < 100; i++)
		sonde_labels_pop();
	assert_string_equal(shown(), "");
}

static void a_scope_ends_with_its_block(void **state)
{
	for (int i = 0; i < 3; i++) {
		SONDE_LABEL_SCOPE("outer", "1");
		if (i == 1)
			continue;
		{
			SONDE_LABEL_SCOPE("inner", "2");
			assert_string_equal(shown(), "outer=1,inner=2");
		}
		assert_string_equal(shown(), "outer=1");
	}
	assert_string_equal(shown(), "");
}

static void *switch_labels(void *arg)
{
	char value[8];

	snprintf(value, sizeof(value), "%d", *(int *)arg);
	for (int i = 0; i < 20000; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%d", i % 50);
		sonde_labels_push("thread", value);
		sonde_labels_push("number", number);
		sonde_labels_pop();
		sonde_labels_pop();
		if (labels_current)
			return (void *)1;
	}
	return NULL;
}

static void threads_make_the_same_sets_at_once(void **state)
{
	static int numbers[4] = { 0, 1, 0, 1 };
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, switch_labels, &numbers[i]), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_and_pop_nest),
		cmocka_unit_test(the_last_push_of_a_key_wins_until_it_is_popped),
		cmocka_unit_test(equal_pushes_lead_to_the_same_set),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(keys_are_made_legal),
		cmocka_unit_test(what_is_too_long_is_left_out_and_still_popped),
		cmocka_unit_test(many_labels_fill_one_set_and_no_more),
		cmocka_unit_test(a_scope_ends_with_its_block),
		cmocka_unit_test(threads_make_the_same_sets_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
