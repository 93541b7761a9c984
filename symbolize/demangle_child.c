/* demangle_child.c - demangle names that may be meant to do harm.
 *
 * A mangled name says "the same type as the 5th above" (S4_) where it repeats itself, so twenty
 * steps that each name the step before twice are a hundred characters that print as a megabyte, and
 * forty are forever.  The C++ runtime has no bound for that.  Names come out of files that anyone
 * can write.
 *
 * demangle_is_risky() bounds the printed length from above: a back reference prints at most what
 * was printed up to the first time that it, or one with a higher number, was used.  Real names stay
 * below the limit but for a few of heavy template code, and those are demangled in a child process
 * that may use a tenth of a second each, and two seconds together in this process; after that they
 * stay as they are.
 */
#include "symbolize/demangle_child.h"
#include "base/outfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SURE_BYTES	  1000 /* longer names are risky in any case */
#define RISKY_BYTES	  (1 << 22)
#define MAX_REFERENCES	  128
#define MAX_OUTPUT_BYTES  (1 << 18)
#define NAME_MICROSECONDS 100000
#define TOTAL_SECONDS	  2

/* S_ T_ are number 0, S0_ 1, S9_ 10, SA_ 11 ...; -1 if p is no back reference, *end past it. */
static int reference(const char *p, const char **end)
{
	int n = 0;

	if (*p != 'S' && *p != 'T')
		return -1;
	for (p++; isdigit((unsigned char)*p) || isupper((unsigned char)*p); p++) {
		n = n * 36 + (isdigit((unsigned char)*p) ? *p - '0' : *p - 'A' + 10) + 1;
		if (n >= MAX_REFERENCES)
			return -1;
	}
	if (*p != '_')
		return -1;
	*end = p + 1;
	return n;
}

struct bounds {
	uint64_t bytes[MAX_REFERENCES];
	int n; /* known so far */
};

bool demangle_is_risky(const char *mangled)
{
	struct bounds types = { .n = 0 }, parameters = { .n = 0 };
	uint64_t printed = 0;

	if (strlen(mangled) > SURE_BYTES)
		return true;
	for (const char *p = mangled; *p;) {
		const char *end;
		int n = reference(p, &end);
		struct bounds *b = *p == 'S' ? &types : &parameters;

		if (n < 0) {
			printed += 16; /* the longest word that a letter stands for, with spaces */
			p++;
			continue;
		}
		while (b->n <= n)
			b->bytes[b->n++] = printed;
		printed += b->bytes[n];
		if (printed > RISKY_BYTES)
			return true;
		p = end;
	}
	return false;
}

static void run_child(cxa_demangle_fn cxa_demangle, const char *mangled, int fd)
{
	struct itimerval limit = { .it_value = { 0, NAME_MICROSECONDS } };
	int status = -1;
	char *full;

	signal(SIGVTALRM, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	full = cxa_demangle(mangled, NULL, NULL, &status);
	if (!full || status != 0 || strlen(full) > MAX_OUTPUT_BYTES ||
	    write_all(fd, full, strlen(full) + 1, "pipe", NULL))
		_exit(1);
	_exit(0);
}

/* All that comes, if it is one whole string. */
static char *read_string(int fd)
{
	char *s = malloc(MAX_OUTPUT_BYTES + 1);
	size_t n = 0;
	ssize_t got;

	while (s && n <= MAX_OUTPUT_BYTES) {
		got = read(fd, s + n, MAX_OUTPUT_BYTES + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	if (s && n > 1 && memchr(s, 0, n) == s + n - 1)
		return s;
	free(s);
	return NULL;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

char *demangle_in_child(cxa_demangle_fn cxa_demangle, const char *mangled)
{
	static int64_t used_us;
	int64_t begin = now_us();
	int fds[2];
	char *s;
	pid_t pid;

	if (used_us > TOTAL_SECONDS * 1000000 || pipe2(fds, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (pid == 0)
		run_child(cxa_demangle, mangled, fds[1]);
	close(fds[1]);
	s = pid > 0 ? read_string(fds[0]) : NULL;
	close(fds[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	used_us += now_us() - begin;
	return s;
}
