/* plugin.c - a library that a program loads while it is being profiled. */
#include <time.h>

__attribute__((visibility("default"))) void burn_plugin(void)
{
	struct timespec t;
	long long end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	end = t.tv_sec * 1000LL + t.tv_nsec / 1000000 + 250;
	do {
		for (volatile int i = 0; i < 200000; i++)
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000LL + t.tv_nsec / 1000000 < end);
}
