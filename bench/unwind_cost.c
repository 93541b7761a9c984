/* unwind_cost.c - what unwinding costs: tables of real modules, and the walk beside libunwind and glibc.
 *
 *	unwind_cost [LIBRARY ...]      more modules to compile the tables of
 *
 * Prints `name value unit` lines.  Tables: bytes a row (rules and page index included) and build time for a million
 * rows, CPU time: the first build, which touches the frame information and its own room for the first time, and minimum
 * and median of the REPEATS after it; how far these lie apart says how noisy the machine is.  The walk: nanoseconds a
 * frame of one 46-frame stack of this program, best of many rounds, through a signal context as a sample is: warm (rules
 * from the thread's cache), cold (no cache: every frame by the table), and without tables (rules read one by one, as in
 * a process's first milliseconds); then unw_backtrace, an unw_step loop and glibc's backtrace() on the same stack.
 * What is asked of tables is asked of the first build and of the median, and of libc, libpython3 and libLLVM.
 */
#define UNW_LOCAL_ONLY
#include "tests/own_modules.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

enum { MAX_FRAMES = 128, DEPTH = 40, ROUNDS = 2000, REPEATS = 15 };

static const struct module_list *list;
static struct unwind_cache cache;
static double build_ns;
static struct cfi_room kept;
static size_t all_rows, all_bytes;

static double now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- tables ---- */

/* Of one build, in the room that the one before left. */
static double build_once(const struct cfi_source *src, struct cfi_table **t)
{
	const struct cfi_source *const all[] = { src };
	double start;

	cfi_table_free(*t);
	start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	*t = cfi_compile(all, 1, &kept);
	return now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
}

static int by_time(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1 : 1;
}

static void print_asked(const char *name, double bytes, double first, double median)
{
	static const char *const of[] = { "libc.so", "libpython3", "libLLVM" };

	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		if (strncmp(name, of[i], strlen(of[i])) != 0)
			continue;
		printf("asked.%s.bytes_a_row_at_most_8 %s\n", name, bytes <= 8 ? "yes" : "no");
		printf("asked.%s.first_build_at_most_40 %s\n", name, first <= 40 ? "yes" : "no");
		printf("asked.%s.build_median_at_most_40 %s\n", name, median <= 40 ? "yes" : "no");
	}
}

static const struct cfi_table *build(const struct cfi_source *src, const char *name)
{
	const char *slash = strrchr(name, '/');
	struct cfi_table *t = NULL;
	double first, took[REPEATS], bytes;

	cfi_room_release(&kept);
	first = build_once(src, &t);
	if (!t)
		return NULL;
	for (int i = 0; i < REPEATS; i++)
		took[i] = build_once(src, &t);
	qsort(took, REPEATS, sizeof(*took), by_time);
	build_ns += took[REPEATS / 2];
	all_rows += t->n_rows;
	all_bytes += cfi_table_bytes(t);
	name = slash ? slash + 1 : name[0] ? name : "unwind_cost";
	if (t->n_rows >= 1000) {
		bytes = (double)cfi_table_bytes(t) / t->n_rows;
		printf("table.%s.rows %u rows\n", name, t->n_rows);
		printf("table.%s.rules %u rules\n", name, t->n_rules);
		printf("table.%s.bytes_a_row %.2f bytes\n", name, bytes);
		printf("table.%s.first_build %.1f ms/Mrows\n", name, first / t->n_rows);
		printf("table.%s.build_min %.1f ms/Mrows\n", name, took[0] / t->n_rows);
		printf("table.%s.build_median %.1f ms/Mrows\n", name,
		       took[REPEATS / 2] / t->n_rows);
		print_asked(name, bytes, first / t->n_rows, took[REPEATS / 2] / t->n_rows);
	}
	return t;
}

/* ---- walks ---- */

static ucontext_t here;
static uint64_t pcs[MAX_FRAMES];
static void *addresses[MAX_FRAMES];
static struct stack_bounds own;

static unsigned ours(struct unwind_cache *c)
{
	struct unwind_result result;

	unwind(list, unwind_regs_of(&here), &own, c, pcs, MAX_FRAMES, &result);
	if (result.end != END_ENTRY || result.guessed) {
		fprintf(stderr, "unwind_cost: the stack was not followed to its entry\n");
		exit(1);
	}
	return result.n;
}

static unsigned warm(void)
{
	return ours(&cache);
}

static unsigned cold(void)
{
	return ours(NULL);
}

static unsigned by_backtrace(void)
{
	return (unsigned)unw_backtrace(addresses, MAX_FRAMES);
}

static unsigned by_step(void)
{
	unw_cursor_t cursor;
	unw_word_t pc;
	unsigned n = 0;

	unw_init_local(&cursor, &here);
	do
		unw_get_reg(&cursor, UNW_REG_IP, &pc), n++;
	while (unw_step(&cursor) > 0);
	return n;
}

/* libunwind has a backtrace() of its own, which hides libc's. */
static int (*libc_backtrace)(void **, int);

static unsigned by_glibc(void)
{
	return (unsigned)libc_backtrace(addresses, MAX_FRAMES);
}

static double time_of(unsigned (*walk)(void))
{
	double best = 1e18;
	unsigned n = walk();

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_ns(CLOCK_MONOTONIC), ns;

		for (int k = 0; k < 4; k++)
			n = walk();
		ns = (now_ns(CLOCK_MONOTONIC) - start) / 4;
		if (ns < best)
			best = ns;
	}
	return best / n;
}

static void measure(void)
{
	double w, c;

	getcontext(&here);
	printf("walk.frames %u frames\n", cold());
	w = time_of(warm);
	c = time_of(cold);
	printf("walk.sonde.warm %.1f ns/frame\nwalk.sonde.cold %.1f ns/frame\n", w, c);
	for (uint32_t i = 0; i < list->n; i++)
		list->modules[i].rules->table = NULL;
	printf("walk.sonde.without_tables %.1f ns/frame\n", time_of(cold));
	printf("walk.unw_backtrace %.1f ns/frame\n", time_of(by_backtrace));
	printf("walk.unw_step %.1f ns/frame\n", time_of(by_step));
	printf("walk.glibc_backtrace %.1f ns/frame\n", time_of(by_glibc));
	printf("asked.warm_at_most_12 %s\nasked.cold_at_most_35 %s\n", w <= 12 ? "yes" : "no",
	       c <= 35 ? "yes" : "no");
}

static volatile unsigned sink;

/* Frames of several sizes, some with a frame pointer, so that the walk is not one rule over and over. */
#define FRAME(name, next, bytes)                                                                   \
	__attribute__((noinline)) static unsigned name(unsigned depth)                             \
	{                                                                                          \
		volatile char room[bytes];                                                         \
		room[depth % (bytes)] = (char)depth;                                               \
		if (depth == 0)                                                                    \
			measure();                                                                 \
		else                                                                               \
			sink += next(depth - 1);                                                   \
		return (unsigned)room[depth % (bytes)];                                            \
	}
static unsigned first(unsigned depth);
FRAME(fourth, first, (depth & 31) + 100)
FRAME(third, fourth, 300)
FRAME(second, third, 16)
FRAME(first, second, 48)

int main(int argc, char **argv)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);

	*(void **)&libc_backtrace = libc ? dlsym(libc, "backtrace") : NULL;
	for (int i = 1; i < argc; i++)
		if (!dlopen(argv[i], RTLD_LAZY))
			fprintf(stderr, "unwind_cost: left out: %s\n", dlerror());
	list = own_modules_list(build);
	own.low = (uintptr_t)&libc - 100000;
	own.high = ((uintptr_t)&argv[argc] + 4095) & ~(uintptr_t)4095;
	if (all_rows && libc_backtrace) {
		printf("table.all.bytes_a_row %.2f bytes\n", (double)all_bytes / (double)all_rows);
		printf("table.all.build_median %.1f ms/Mrows\n", build_ns / (double)all_rows);
		first(DEPTH);
	}
	return 0;
}
