/* churn.c - threads that live for a moment, so many a second.
 *
 * usage: churn SECONDS RATE       prints how many there were and how many a second that was */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 10, STEP_NS = 1000000000 };

static void *moment(void *arg)
{
	for (volatile int i = 0; i < 20000; i++)
		;
	return arg;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1, rate = argc > 2 ? atof(argv[2]) : 1000;
	double begin = now(), passed;
	long n = 0;

	do {
		pthread_t t[BATCH];
		double due, rest;

		for (int i = 0; i < BATCH; i++)
			if (pthread_create(&t[i], NULL, moment, &t[i]))
				return 3;
		for (int i = 0; i < BATCH; i++) {
			void *result;

			if (pthread_join(t[i], &result) || result != &t[i])
				return 4;
		}
		n += BATCH;
		due = begin + (double)n / rate;
		rest = due - now();
		if (rest > 0)
			nanosleep(&(struct timespec){ 0, (long)(rest * 0.9 * STEP_NS) }, NULL);
		passed = now() - begin;
	} while (passed < seconds);
	printf("churn: %ld threads, %.0f a second\n", n, (double)n / passed);
	return 0;
}
