/* jit.c - a program that makes its code while it runs, and tells so as compilers do: in /tmp/perf-PID.map.
 *
 *	jit HOW [SECONDS]
 *
 * HOW: "map" writes one; "none" does not; "old" gives it a date of long ago; "link" puts a link to another file there.
 * It spends the seconds (CPU time) half in each of two functions, prints its number and removes nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* dec %rdi; jnz .-3; ret */
static const unsigned char spin[] = { 0x48, 0xff, 0xcf, 0x75, 0xfb, 0xc3 };

typedef void (*spin_fn)(long);

static spin_fn put(unsigned char *at)
{
	memcpy(at, spin, sizeof(spin));
	return (spin_fn)(void *)at;
}

static void write_map(const char *path, const unsigned char *code)
{
	FILE *f = fopen(path, "w");

	if (!f)
		exit(3);
	fprintf(f, "%lx %zx LazyCompile:~wrong one /a.js:1\n", (unsigned long)code, sizeof(spin));
	fprintf(f, "%lx %zx LazyCompile:*first one /a.js:1\n", (unsigned long)code, sizeof(spin));
	fprintf(f, "%lx %zx second\n", (unsigned long)code + 4096, sizeof(spin));
	if (fclose(f))
		exit(3);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static const struct timespec long_ago[2] = { { 1, 0 }, { 1, 0 } };
	const char *how = argc > 1 ? argv[1] : "map";
	double seconds = argc > 2 ? atof(argv[2]) : 1;
	unsigned char *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64], other[80];
	spin_fn first, second;

	if (code == MAP_FAILED)
		return 3;
	first = put(code);
	second = put(code + 4096);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	snprintf(other, sizeof(other), "%s.other", path);
	if (strcmp(how, "link") == 0 && symlink(other, path))
		return 3;
	if (strcmp(how, "none") != 0)
		write_map(path, code);
	if (strcmp(how, "old") == 0 && utimensat(AT_FDCWD, path, long_ago, 0))
		return 3;
	while (cpu_seconds() < seconds) {
		first(1000000);
		second(1000000);
	}
	printf("%d\n", getpid());
	return 0;
}
