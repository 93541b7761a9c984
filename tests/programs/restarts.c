/* restarts.c - sampling that is started, written and stopped over and over while threads come and go.
 *
 * usage: restarts TIMES PROFILE */
#include "sampler/sonde.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHURNERS = 3 };

static atomic_int stop;

static __attribute__((noinline)) void spin(int n)
{
	for (volatile int i = 0; i < n; i++)
		;
}

static void *short_thread(void *arg)
{
	spin(300000);
	return arg;
}

static void *churn(void *arg)
{
	while (!stop) {
		pthread_t t[2];

		for (int i = 0; i < 2; i++)
			if (pthread_create(&t[i], NULL, short_thread, NULL))
				exit(3);
		spin(100000);
		for (int i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
	}
	return arg;
}

int main(int argc, char **argv)
{
	int times = argc > 2 ? atoi(argv[1]) : 1, bad = 0;
	struct sonde_options options = { .hz = 10000, .max_bytes = 512 << 10 };
	pthread_t t[CHURNERS];

	bad += sonde_stop() != -EALREADY;
	for (int i = 0; i < CHURNERS; i++)
		if (pthread_create(&t[i], NULL, churn, NULL))
			return 3;
	for (int i = 0; i < times; i++) {
		bad += sonde_start(&options) != 0;
		bad += sonde_start(&options) != -EALREADY;
		spin(i % 7 * 300000);
		if (i % 16 == 0)
			bad += sonde_write_file(argv[2]) != 0;
		bad += sonde_stop() != 0;
		bad += sonde_stop() != -EALREADY;
	}
	bad += sonde_start(NULL) != 0;
	spin(300000000);
	bad += sonde_stop() != 0;
	bad += sonde_write_file(argv[2]) != 0;
	stop = 1;
	for (int i = 0; i < CHURNERS; i++)
		pthread_join(t[i], NULL);
	printf("bad %d\n", bad);
	return bad != 0;
}
