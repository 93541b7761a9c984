/* deep.c - a program with many distinct deep stacks: at each step it descends by one of two ways, at random.
 *
 * usage: deep CPU-SECONDS */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile unsigned sink;
static unsigned state = 1;

static int left(int depth);
static int right(int depth);

static int descend(int depth)
{
	state = state * 1103515245 + 12345;
	if (depth)
		return state >> 30 & 1 ? left(depth - 1) : right(depth - 1);
	for (int i = 0; i < 200000; i++)
		sink = sink + (unsigned)i;
	return 1;
}

static __attribute__((noinline)) int left(int depth)
{
	int n = descend(depth);

	__asm__ volatile("# left" ::: "memory");
	return n + 1;
}

static __attribute__((noinline)) int right(int depth)
{
	int n = descend(depth);

	__asm__ volatile("# right" ::: "memory");
	return n + 2;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	int sum = 0;

	while ((double)clock() < seconds * CLOCKS_PER_SEC)
		sum += descend(200);
	printf("%s\n", sum ? "done" : "");
	return 0;
}
