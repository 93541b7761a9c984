/* frames.c - burn a second of CPU time at the end of a known chain of calls: main, outer, middle, inner.
 *
 * With LINKED it profiles itself into the file that it is given.
 */
#include <time.h>
#ifdef LINKED
#include <sonde.h>
#endif

#define NOINLINE __attribute__((noinline, noclone))

static volatile unsigned sink;

NOINLINE static void inner(void)
{
	struct timespec t;

	do {
		for (unsigned i = 0; i < 100000; i++)
			sink += i;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while (t.tv_sec < 1);
}

NOINLINE static void middle(unsigned n)
{
	volatile char room[n];

	room[0] = 0;
	inner();
	sink += (unsigned)room[0];
}

NOINLINE static void outer(void)
{
	middle(100 + sink % 2);
	sink++;
}

int main(int argc, char **argv)
{
#ifdef LINKED
	sonde_start(NULL);
#endif
	outer();
#ifdef LINKED
	sonde_stop();
	return argc > 1 ? -sonde_write_file(argv[1]) : 1;
#endif
	return 0;
}
