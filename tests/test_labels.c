/* test_labels.c - sets of labels by push, pop, attach and scope. */
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
	assert_string_equal(shown(), "a=3,b=2");
	sonde_labels_pop();
	assert_string_equal(shown(), "a=1,b=2");
	sonde_labels_attach(NULL);
}

static void equal_pushes_lead_to_the_same_set(void **state)
{
	sonde_labels first;

	sonde_labels_push("a", "1");
	first = sonde_labels_capture();
	sonde_labels_pop();
	sonde_labels_push("a", "1");
	assert_ptr_equal(sonde_labels_capture(), first);
	sonde_labels_attach(NULL);
}

static void numbers_have_units(void **state)
{
	sonde_labels_push_number("size", -42, "bytes");
	assert_string_equal(shown(), "size=-42bytes");
	sonde_labels_attach(NULL);
}

static void keys_are_made_legal(void **state)
{
	sonde_labels_push("1 st-key", "x");
	assert_string_equal(shown(), "__st_key=x");
	sonde_labels_attach(NULL);
	sonde_labels_push("", "x");
	assert_string_equal(shown(), "_=x");
	sonde_labels_attach(NULL);
	sonde_labels_push(NULL, NULL);
	assert_string_equal(shown(), "_=");
	sonde_labels_attach(NULL);
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
			assert_string_equal(shown(), "inner=2,outer=1");
		}
		assert_string_equal(shown(), "outer=1");
	}
	assert_string_equal(shown(), "");
}

static void a_scope_restores_whatever_was_left_pushed_in_it(void **state)
{
	{
		SONDE_LABEL_NUMBER_SCOPE("n", 7, "ms");
		sonde_labels_push("a", "1");
		sonde_labels_push("b", "2");
		assert_string_equal(shown(), "a=1,b=2,n=7ms");
	}
	assert_string_equal(shown(), "");
}

static void captured_labels_take_the_place_of_all_until_detached(void **state)
{
	struct sonde_label_scope before;
	sonde_labels task;

	sonde_labels_push("task", "1");
	task = sonde_labels_capture();
	sonde_labels_pop();
	sonde_labels_push("worker", "2");
	before = sonde_labels_attach(task);
	sonde_labels_push("step", "3");
	assert_string_equal(shown(), "step=3,task=1");
	sonde_labels_pop();
	sonde_labels_detach(before);
	assert_string_equal(shown(), "worker=2");
	{
		SONDE_LABELS_ATTACHED(task);
		assert_string_equal(shown(), "task=1");
	}
	assert_string_equal(shown(), "worker=2");
	sonde_labels_pop();
	assert_string_equal(shown(), "");
}

/* The set is one whatever the order of the pushes, so that the samples of both add up. */
static void labels_stand_in_the_order_of_their_keys(void **state)
{
	char one[64];

	sonde_labels_push("b", "2");
	sonde_labels_push("c", "3");
	sonde_labels_push("a", "1");
	strcpy(one, shown());
	assert_string_equal(one, "a=1,b=2,c=3");
	sonde_labels_attach(NULL);
	sonde_labels_push("a", "1");
	sonde_labels_push("c", "3");
	sonde_labels_push("b", "2");
	assert_string_equal(shown(), one);
	sonde_labels_push("b", "9");
	assert_string_equal(shown(), "a=1,b=9,c=3");
	sonde_labels_attach(NULL);
}

/* A thread finds the sets it reached last by where the strings lie: what they say must count all the same. */
static void a_buffer_used_again_is_another_value(void **state)
{
	char key[8] = "k", value[8] = "one", expected[16];

	for (int i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "%d", i % 3);
		snprintf(key, sizeof(key), "k%d", i % 2);
		sonde_labels_push(key, value);
		snprintf(expected, sizeof(expected), "%s=%s", key, value);
		assert_string_equal(shown(), expected);
		sonde_labels_pop();
		sonde_labels_push_number(key, i % 5, value);
		snprintf(expected, sizeof(expected), "%s=%d%s", key, i % 5, value);
		assert_string_equal(shown(), expected);
		sonde_labels_pop();
	}
}

static void a_number_and_a_text_of_one_key_are_different(void **state)
{
	sonde_labels_push("k", "");
	assert_string_equal(shown(), "k=");
	sonde_labels_pop();
	sonde_labels_push_number("k", 0, "");
	assert_string_equal(shown(), "k=0");
	sonde_labels_pop();
}

static void a_push_on_top_of_one_without_room_waits_for_its_pop(void **state)
{
	char value[5000];

	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = 0;
	sonde_labels_push("a", "1");
	sonde_labels_push("long", value);
	sonde_labels_push("b", "2");
	assert_string_equal(shown(), "a=1");
	{
		SONDE_LABEL_SCOPE("c", "3");
		sonde_labels_push("d", "4"); /* left there */
		assert_string_equal(shown(), "a=1");
	}
	{
		SONDE_LABELS_ATTACHED(NULL);
		sonde_labels_push("e", "5");
		assert_string_equal(shown(), "e=5");
	}
	sonde_labels_pop();
	sonde_labels_pop();
	assert_string_equal(shown(), "a=1");
	sonde_labels_push("b", "2");
	assert_string_equal(shown(), "a=1,b=2");
	sonde_labels_attach(NULL);
}

static void *switch_labels(void *arg)
{
	char value[8];

	snprintf(value, sizeof(value), "%d", *(int *)arg);
	for (int i = 0; i < 20000; i++) {
		struct sonde_label_scope before;
		char number[8];

		snprintf(number, sizeof(number), "%d", i % 50);
		sonde_labels_push("thread", value);
		sonde_labels_push("number", number);
		before = sonde_labels_attach(labels_current->parent);
		sonde_labels_detach(before);
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

/* Last, because the sets that it makes stay.  What is there can still be pushed, what is not is popped all the same. */
static void past_the_cap_only_sets_that_exist_can_be_reached(void **state)
{
	char value[16], last[32] = "";
	int i;

	for (i = 0; i <= LABEL_MAX_SETS; i++) {
		snprintf(value, sizeof(value), "%d", i);
		sonde_labels_push("request", value);
		if (!labels_current)
			break;
		strcpy(last, shown());
		sonde_labels_pop();
	}
	assert_in_range(i, LABEL_MAX_SETS / 2, LABEL_MAX_SETS);
	for (int k = 0; k < 1000; k++)
		sonde_labels_push("request", value);
	sonde_labels_push("a", "1");
	assert_string_equal(shown(), "");
	for (int k = 0; k < 1002; k++)
		sonde_labels_pop();
	sonde_labels_push("a", "1");
	assert_string_equal(shown(), "a=1");
	sonde_labels_pop();
	sonde_labels_push("request", strchr(last, '=') + 1);
	assert_string_equal(shown(), last);
	sonde_labels_pop();
	assert_string_equal(shown(), "");
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
		cmocka_unit_test(a_scope_restores_whatever_was_left_pushed_in_it),
		cmocka_unit_test(captured_labels_take_the_place_of_all_until_detached),
		cmocka_unit_test(labels_stand_in_the_order_of_their_keys),
		cmocka_unit_test(a_buffer_used_again_is_another_value),
		cmocka_unit_test(a_number_and_a_text_of_one_key_are_different),
		cmocka_unit_test(a_push_on_top_of_one_without_room_waits_for_its_pop),
		cmocka_unit_test(threads_make_the_same_sets_at_once),
		cmocka_unit_test(past_the_cap_only_sets_that_exist_can_be_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
