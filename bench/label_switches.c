/* label_switches.c - what it costs a program to label itself, in nanoseconds: best and median of 15 runs.
 *
 * usage: label_switches        built by bench/labels, with and without the library
 *
 * Each line is one round: to the labels and back.  "calls" are two empty calls into a shared library: what no
 * pair of functions can be faster than.
 */
#include <pthread.h>
#include <sonde.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 200000, RUNS = 15, N_VALUES = 100, N_THREADS = 2 };

extern void label_nothing(const char *key, const char *value);

static char values[N_VALUES][16];
static sonde_labels captured;

#define ROUND(name, code)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		for (int i = 0; i < ROUNDS; i++) {                                                 \
			code;                                                                      \
			__asm__ volatile("" ::: "memory");                                         \
		}                                                                                  \
	}

ROUND(two_calls, label_nothing("endpoint", "/search"); label_nothing("endpoint", "/search"))
ROUND(push_pop, sonde_labels_push("endpoint", "/search"); sonde_labels_pop())
ROUND(scope, SONDE_LABEL_SCOPE("endpoint", "/search"))
ROUND(number, sonde_labels_push_number("size", 4096, "bytes"); sonde_labels_pop())
ROUND(attach_detach, sonde_labels_detach(sonde_labels_attach(captured)))
ROUND(hundred_values, sonde_labels_push("endpoint", values[i % N_VALUES]); sonde_labels_pop())
ROUND(one_buffer, char value[16]; __builtin_memcpy(value, values[i % N_VALUES], sizeof(value));
      sonde_labels_push("endpoint", value); sonde_labels_pop())

static const struct {
	const char *name;
	void (*rounds)(void);
} cases[] = {
	{ "calls", two_calls },
	{ "push_pop", push_pop },
	{ "scope", scope },
	{ "number", number },
	{ "attach_detach", attach_detach },
	{ "hundred_values", hundred_values },
	{ "one_buffer", one_buffer },
};

enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

static double ns_of(void (*rounds)(void))
{
	struct timespec begin, end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	rounds();
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
	       ROUNDS;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void *measure(void *arg)
{
	const char *suffix = arg;
	double ns[RUNS];

	for (int c = 0; c < N_CASES; c++) {
		for (int r = 0; r < RUNS; r++)
			ns[r] = ns_of(cases[c].rounds);
		qsort(ns, RUNS, sizeof(ns[0]), by_value);
		if (suffix)
			printf("%s%s %.1f %.1f\n", cases[c].name, suffix, ns[0], ns[RUNS / 2]);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[N_THREADS];

	for (int i = 0; i < N_VALUES; i++)
		snprintf(values[i], sizeof(values[i]), "/page/%d", i);
	sonde_labels_push("task", "1");
	captured = sonde_labels_capture();
	sonde_labels_pop();
	measure((void *)"");
	for (int i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, measure, i == 0 ? (void *)".threads" : NULL);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
