/* switcher.c - changes its labels about as often as it can, and works in functions that know which labels they have.
 *
 * usage: switcher CPU_MS       of each of three threads
 *
 * work_1 runs under a=1,b=1 alone, work_2 under a=2,b=2; task_3 under the labels captured where the task was made,
 * task=3, though the thread that runs it has others; numbered under size=4096 bytes.
 */
#include <pthread.h>
#include <sonde.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define WORK(name)                                                                                 \
	static __attribute__((noinline, noclone)) void name(void)                                  \
	{                                                                                          \
		for (int i = 0; i < 20; i++)                                                       \
			__asm__ volatile("# " #name);                                              \
	}

WORK(work_1)
WORK(work_2)
WORK(task_3)
WORK(numbered)

static int64_t cpu_ms;
static sonde_labels task;

static int64_t thread_cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void switch_often(void)
{
	for (int i = 0; i < 1000; i++) {
		sonde_labels_push("a", "1");
		sonde_labels_push("b", "1");
		work_1();
		sonde_labels_pop();
		sonde_labels_pop();
		{
			SONDE_LABEL_SCOPE("a", "2");
			SONDE_LABEL_SCOPE("b", "2");
			work_2();
		}
		{
			SONDE_LABELS_ATTACHED(task);
			task_3();
		}
		sonde_labels_push_number("size", 4096, "bytes");
		numbered();
		sonde_labels_pop();
	}
}

static void *run(void *arg)
{
	sonde_labels_push("worker", "yes");
	while (thread_cpu_ms() < cpu_ms)
		switch_often();
	sonde_labels_pop();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	cpu_ms = argc > 1 ? atoi(argv[1]) : 500;
	sonde_labels_push("task", "3");
	task = sonde_labels_capture();
	sonde_labels_pop();
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run, NULL))
			return 1;
	run(NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
