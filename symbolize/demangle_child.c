/* demangle_child.c - demangle names that may be meant to do harm.
 *
 * A mangled name says "the same type as the 5th above" (S4_) where it repeats itself, so twenty
 * steps that each name the step before twice are a hundred characters that print as a megabyte, and
 * forty are forever.  libiberty has no bound for that.  Names come out of files that anyone can
 * write.
 *
 * demangle_is_risky() bounds the printed length from above: a back reference prints at most what
 * was printed up to the first time that it, or one with a higher number, was used.  Real names stay
 * below the limit but for a few hundred of heavy template code, and those are demangled against the
 * clock (demangle_timed.c).
 *
 * Names of more than two kilobytes may moreover need more stack than there is.  They are demangled in a
 * child process that may use a tenth of a second of CPU time for each, and two seconds for all; what
 * comes after that stays as it is.
 *
 * One child serves many names: a fork costs more than a thousand of them.  Name and answer lie in
 * memory that both share; a byte through a socket says whose turn it is.  A name that takes too much
 * or crashes costs the child, and the next name gets another.  A child that nobody asks for a while
 * goes by itself, as it keeps alive all memory that its parent has given back since.
 */
#include "symbolize/demangle_child.h"

#include <ctype.h>
#include <errno.h>
#include <libiberty/demangle.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SURE_BYTES	   2000 /* longer names are risky in any case: libiberty recurses for each letter */
#define RISKY_BYTES	   (1 << 22)
#define MAX_REFERENCES	   128
#define MAX_NAME_BYTES	   (1 << 14)
#define MAX_OUTPUT_BYTES   (1 << 18)
#define NAME_MICROSECONDS  100000
#define TOTAL_MICROSECONDS 2000000
#define IDLE_MILLISECONDS  1000

/* What parent and child share. */
struct desk {
	char mangled[MAX_NAME_BYTES + 1];
	char plain[MAX_OUTPUT_BYTES + 1]; /* "" = not demangled */
	bool is_begun;			  /* the child has taken its turn */
	int64_t used_us;
};

static struct {
	pid_t pid;   /* of the child; 0 = there is none */
	pid_t owner; /* who made all this: children of that one have no part in it */
	int fd;
	struct desk *desk;
	int64_t used_us; /* by all names so far */
} child;

/* S_ T_ are number 0, S0_ 1, S9_ 10, SA_ 11 ..., all from MAX_REFERENCES on that one; -1 if p is no back
 * reference, *end past it. */
static int reference(const char *p, const char **end)
{
	int n = 0;

	if (*p != 'S' && *p != 'T')
		return -1;
	for (p++; isdigit((unsigned char)*p) || isupper((unsigned char)*p); p++) {
		n = n * 36 + (isdigit((unsigned char)*p) ? *p - '0' : *p - 'A' + 10) + 1;
		if (n > MAX_REFERENCES)
			n = MAX_REFERENCES;
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

bool demangle_is_deep(const char *mangled)
{
	return strlen(mangled) > SURE_BYTES;
}

bool demangle_is_risky(const char *mangled)
{
	struct bounds types = { .n = 0 }, parameters = { .n = 0 };
	uint64_t printed = 0;

	if (demangle_is_deep(mangled))
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
		while (b->n <= n && n < MAX_REFERENCES)
			b->bytes[b->n++] = printed;
		/* of high numbers nothing is kept: they print at most all that was printed yet */
		printed += n < MAX_REFERENCES ? b->bytes[n] : printed;
		if (printed > RISKY_BYTES)
			return true;
		p = end;
	}
	return false;
}

/* ---- in the child ---- */

struct output {
	char *plain;
	size_t n;
	bool is_too_long;
};

static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Is there a next name?  It may take a name's time from now on. */
static bool next_turn(int fd)
{
	struct itimerval limit = { .it_value = { 0, NAME_MICROSECONDS } };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char turn;

	return poll(&p, 1, IDLE_MILLISECONDS) > 0 && read(fd, &turn, 1) == 1 &&
	       setitimer(ITIMER_VIRTUAL, &limit, NULL) == 0;
}

static void put_plain(const char *text, size_t n, void *ctx)
{
	struct output *o = ctx;

	if (n <= MAX_OUTPUT_BYTES - o->n)
		memcpy(o->plain + o->n, text, n);
	else
		o->is_too_long = true;
	o->n = o->is_too_long ? MAX_OUTPUT_BYTES : o->n + n;
}

static void demangle_desk(struct desk *desk)
{
	struct output o = { .plain = desk->plain };
	int ok = cplus_demangle_v3_callback(desk->mangled, DEMANGLE_OPTIONS, put_plain, &o);

	desk->plain[ok && !o.is_too_long ? o.n : 0] = 0;
}

static void serve(struct desk *desk, int fd)
{
	sigset_t none;

	signal(SIGVTALRM, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Whoever reads what the parent writes must see its end when the parent is gone. */
	if (dup2(fd, 0) != 0)
		_exit(1);
	closefrom(1);
	while (next_turn(0)) {
		int64_t begin = cpu_us();

		desk->is_begun = true;
		demangle_desk(desk);
		desk->used_us = cpu_us() - begin;
		if (write(0, "", 1) != 1)
			break;
	}
	_exit(0);
}

/* ---- in the parent ---- */

/* At exit too, so that its time counts as this process' own. */
static void dismiss(void)
{
	if (!child.pid)
		return;
	close(child.fd);
	while (child.owner == getpid() && waitpid(child.pid, NULL, 0) < 0 && errno == EINTR)
		;
	child.pid = 0;
}

static bool hire(void)
{
	static bool at_exit;
	int fds[2];

	if (!child.desk) {
		void *p = mmap(NULL, sizeof(*child.desk), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return false;
		child.desk = p;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return false;
	child.pid = fork();
	if (child.pid == 0)
		serve(child.desk, fds[1]);
	close(fds[1]);
	child.fd = fds[0];
	if (child.pid < 0) {
		close(fds[0]);
		child.pid = 0;
		return false;
	}
	if (!at_exit)
		atexit(dismiss);
	at_exit = true;
	return true;
}

/* Give the child its turn and wait until it gives it back. */
static bool take_turns(void)
{
	char turn;
	ssize_t n;

	child.desk->is_begun = false;
	if (send(child.fd, "", 1, MSG_NOSIGNAL) != 1)
		return false;
	while ((n = read(child.fd, &turn, 1)) < 0 && errno == EINTR)
		;
	return n == 1;
}

/* The child's memory is not trusted either. */
static char *take_plain(void)
{
	size_t n = strnlen(child.desk->plain, MAX_OUTPUT_BYTES);

	return n ? strndup(child.desk->plain, n) : NULL;
}

static int64_t name_us(void)
{
	int64_t us = child.desk->used_us;

	return us >= 0 && us < NAME_MICROSECONDS ? us : NAME_MICROSECONDS;
}

/* A child of this process, that has shared memory of its own with it. */
static bool have_child(void)
{
	if (child.owner != getpid()) {
		dismiss();
		if (child.desk)
			munmap(child.desk, sizeof(*child.desk));
		child.desk = NULL;
		child.owner = getpid();
	}
	return child.pid || hire();
}

char *demangle_in_child(const char *mangled)
{
	size_t n = strlen(mangled);

	/* One that was about to go when the name came leaves the name to the next. */
	for (int tries = 0; tries < 2 && n <= MAX_NAME_BYTES; tries++) {
		if (child.used_us >= TOTAL_MICROSECONDS || !have_child())
			return NULL;
		memcpy(child.desk->mangled, mangled, n + 1);
		if (take_turns()) {
			child.used_us += name_us();
			return take_plain();
		}
		dismiss();
		if (child.desk->is_begun) {
			child.used_us += NAME_MICROSECONDS;
			return NULL;
		}
	}
	return NULL;
}
