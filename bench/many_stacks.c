/* many_stacks.c - a program with as many distinct stacks as samples, for bench/memory.
 *
 * usage: many_stacks CPU_MS [LIBRARY]      the library is loaded for its size only
 *
 * Calls one of two functions 16 levels deep, by the bits of a number that is never the same.  At the end its resident
 * memory goes to stdout: "rss 1234", in KiB.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void step(uint32_t path, int depth);

#define STEP(name)                                                                                 \
	static __attribute__((noinline, noclone)) void name(uint32_t path, int depth)              \
	{                                                                                          \
		step(path, depth);                                                                 \
		__asm__ volatile("# " #name);                                                      \
	}

STEP(left)
STEP(right)

static __attribute__((noinline, noclone)) void step(uint32_t path, int depth)
{
	if (depth == 16)
		for (int i = 0; i < 20000; i++)
			__asm__ volatile("" ::: "memory");
	else if (path >> depth & 1)
		left(path, depth + 1);
	else
		right(path, depth + 1);
	__asm__ volatile("# step");
}

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void print_memory(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kib;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %ld", &kib) == 1)
			printf("rss %ld\n", kib);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	int64_t limit = argc > 1 ? atoi(argv[1]) : 1000;

	if (argc > 2 && !dlopen(argv[2], RTLD_NOW)) {
		fprintf(stderr, "many_stacks: %s\n", dlerror());
		return 1;
	}
	for (uint32_t i = 0; cpu_ms() < limit; i++)
		step(i * 2654435761u >> 16, 0);
	print_memory();
	return 0;
}
