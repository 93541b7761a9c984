/* rights.c - a program that makes use of its rights, one for each word, and tells what it saw.
 *
 * usage: rights MODE       what it prints must be the same with a profiler as without
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The work is a piece of CPU time by the thread's own clock. */
static __attribute__((noinline)) void burn(int ms)
{
	struct timespec t;
	long long end = 0;

	do {
		for (volatile int i = 0; i < 100000; i++)
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		if (!end)
			end = t.tv_sec * 1000000000LL + t.tv_nsec + ms * 1000000LL;
	} while (t.tv_sec * 1000000000LL + t.tv_nsec < end);
}

static void print_mask(const char *what, const sigset_t *set)
{
	printf("%s:", what);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(set, sig) == 1)
			printf(" %d", sig);
	printf("\n");
}

static void print_own_mask(const char *what)
{
	sigset_t set;

	sigemptyset(&set);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	print_mask(what, &set);
}

/* Every descriptor closed: new ones begin at 3, and stay what they are. */
static int mode_descriptors(void)
{
	struct stat a, b;
	int fd;

	syscall(SYS_close_range, 3, ~0U, 0);
	burn(100);
	fd = open("/dev/null", O_RDONLY);
	printf("first %d\n", fd);
	fstat(fd, &a);
	burn(200);
	fstat(fd, &b);
	printf("the same %d, next %d\n", a.st_rdev == b.st_rdev && a.st_ino == b.st_ino, dup(fd));
	return 0;
}

static void *blocking_thread(void *arg)
{
	print_own_mask("inherited");
	burn(300);
	return arg;
}

/* All signals blocked everywhere, and a look at the masks. */
static int mode_blocked(void)
{
	sigset_t all, before, few;
	pthread_t t;

	print_own_mask("at first");
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	print_mask("before", &before);
	print_own_mask("all");
	pthread_create(&t, NULL, blocking_thread, NULL);
	pthread_join(t, NULL);
	sigemptyset(&few);
	sigaddset(&few, SIGUSR1);
	sigaddset(&few, SIGPROF);
	sigprocmask(SIG_UNBLOCK, &few, &before);
	print_mask("before", &before);
	print_own_mask("but two");
	sigprocmask(SIG_SETMASK, &all, NULL);
	print_own_mask("all again");
	sigprocmask(SIG_SETMASK, &few, &before);
	print_mask("before", &before);
	print_own_mask("two");
	return 0;
}

static void *waiting_thread(void *arg)
{
	sigset_t all;
	int sig = 0;

	sigfillset(&all);
	burn(200);
	do {
		if (sigwait(&all, &sig))
			sig = -1;
		printf("handed %d\n", sig);
	} while (sig == SIGHUP);
	return arg;
}

/* One thread waits for all signals, the others block them. */
static int mode_waiting(void)
{
	struct signalfd_siginfo info;
	struct timespec now = { 0, 0 };
	pthread_t t;
	sigset_t all;
	int fd;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_create(&t, NULL, waiting_thread, NULL);
	burn(300);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	pthread_join(t, NULL);
	burn(100);
	fd = signalfd(-1, &all, SFD_NONBLOCK);
	burn(100);
	printf("pending %d\n", sigtimedwait(&all, NULL, &now));
	printf("read %d\n", (int)read(fd, &info, sizeof(info)));
	kill(getpid(), SIGUSR2);
	printf("waited %d\n", sigwaitinfo(&all, NULL));
	return 0;
}

/* SIGPROF without a handler: sent, and waited for by name. */
static int mode_awaited(void)
{
	sigset_t one;
	int sig = 0;

	burn(100);
	sigemptyset(&one);
	sigaddset(&one, SIGPROF);
	sigprocmask(SIG_BLOCK, &one, NULL);
	kill(getpid(), SIGPROF);
	sigwait(&one, &sig);
	printf("waited for %d\n", sig == SIGPROF);
	burn(200);
	return 0;
}

static void *small_thread(void *arg)
{
	burn(300);
	return arg;
}

static int mode_small_stacks(void)
{
	pthread_attr_t attr;
	pthread_t t[4];

	pthread_attr_init(&attr);
	printf("%d\n", pthread_attr_setstacksize(&attr, (size_t)sysconf(_SC_THREAD_STACK_MIN)));
	for (int i = 0; i < 4; i++)
		printf("%d\n", pthread_create(&t[i], &attr, small_thread, NULL));
	for (int i = 0; i < 4; i++)
		printf("%d\n", pthread_join(t[i], NULL));
	return 0;
}

static void on_alternate_stack(int sig)
{
	burn(300);
}

/* An alternate stack of the size that was enough before there were vector registers, and a handler that works there. */
static int mode_alternate_stack(void)
{
	size_t bytes = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096;
	char *guarded = mmap(NULL, bytes + 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *low = guarded + 8192 + (4096 - bytes % 4096) % 4096 - 4096;
	struct sigaction action = { .sa_handler = on_alternate_stack, .sa_flags = SA_ONSTACK }, now;
	stack_t stack = { 0 };

	mprotect(guarded + 4096, (bytes + 4095) & ~(size_t)4095, PROT_READ | PROT_WRITE);
	stack.ss_sp = low;
	stack.ss_size = bytes;
	printf("%d\n", sigaltstack(&stack, NULL));
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR1, NULL, &now);
	print_mask("its mask", &now.sa_mask);
	raise(SIGUSR1);
	print_own_mask("after");
	return 0;
}

/* A stack that is full, and a handler on another one that takes its time. */
static sigjmp_buf before_overflow;
static __thread char large[64 * 1024]; /* takes room on the stacks of threads, above what is used */

static void on_overflow(int sig)
{
	burn(150);
	siglongjmp(before_overflow, 1);
}

__attribute__((noinline)) static int overflow(int depth)
{
	volatile char room[200];

	room[depth % 200] = (char)depth;
	return room[0] == 77 && depth > 1 << 30 ? 0 : overflow(depth + 1) + room[depth % 200];
}

static void *overflow_thread(void *arg)
{
	stack_t stack = { .ss_sp = malloc(1 << 18), .ss_size = 1 << 18 };

	large[17] = 1;
	if (sigaltstack(&stack, NULL) == 0 && sigsetjmp(before_overflow, 1) == 0)
		printf("%d\n", overflow(0));
	else
		printf("the end of the stack was met\n");
	return NULL;
}

static int mode_overflow(void)
{
	struct sigaction action = { .sa_handler = on_overflow, .sa_flags = SA_ONSTACK };
	pthread_t t;

	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < 3; i++)
		overflow_thread(NULL);
	pthread_create(&t, NULL, overflow_thread, NULL);
	return pthread_join(t, NULL);
}

static int mode_limits(void)
{
	static const int kinds[] = { RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_SIGPENDING,
				     RLIMIT_CORE,   RLIMIT_NPROC, RLIMIT_STACK };
	struct rlimit none = { 0, 0 };
	pthread_t t;

	burn(100);
	for (size_t i = 0; i + 1 < sizeof(kinds) / sizeof(kinds[0]); i++)
		printf("%d\n", setrlimit(kinds[i], &none));
	none.rlim_cur = none.rlim_max = 1 << 20;
	printf("%d\n", setrlimit(RLIMIT_STACK, &none));
	burn(200);
	printf("open %d\n", open("/dev/null", O_RDONLY));
	if (geteuid() == 0 &&
	    pthread_create(&t, NULL, small_thread, NULL) == 0) /* whom RLIMIT_NPROC does not bind */
		printf("joined %d\n", pthread_join(t, NULL));
	return 0;
}

static int mode_root(void)
{
	burn(100);
	printf("%d", chroot("/proc/self/fdinfo"));
	printf(" %d\n", chdir("/"));
	burn(200);
	return 0;
}

/* What is opened gets the lowest free number, always. */
static int mode_numbers(void)
{
	int lowest = open("/dev/null", O_RDWR), other = 0;

	close(lowest);
	for (int i = 0; i < 300000; i++) {
		int fd = open("/dev/null", O_RDWR);

		other += fd != lowest;
		close(fd);
	}
	printf("other numbers: %d\n", other);
	return 0;
}

static int listed(int task)
{
	DIR *d = fdopendir(dup(task));
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* By stat or status of /proc/self. */
static int told(const char *name)
{
	char path[64], text[4096], *at;
	size_t got;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	f = fopen(path, "re");
	if (!f)
		return -1;
	got = fread(text, 1, sizeof(text) - 1, f);
	text[got] = 0;
	fclose(f);
	if (got == 0 || strlen(text) != got || text[got - 1] != '\n')
		return -2;
	at = strstr(text, "\nThreads:");
	if (at)
		return atoi(at + 9);
	at = strrchr(text, ')');
	for (int field = 2; at && field < 20; field++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	return at ? atoi(at) : -1;
}

/* How many threads /proc counts, by every door. */
static void print_threads(const char *who)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int task = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[64];
	struct statx x;
	struct stat s;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)getpid());
	printf("%s:", who);
	printf(" %d", stat("/proc/self/task", &s) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", stat(path, &s) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", lstat("/proc/self/task/", &s) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", fstat(task, &s) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", fstatat(proc, "self/task/", &s, 0) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", fstatat(task, "../task", &s, 0) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", fstatat(task, "", &s, AT_EMPTY_PATH) ? -1 : (int)s.st_nlink - 2);
	printf(" %d", statx(proc, "self/task", 0, STATX_NLINK, &x) ? -1 : (int)x.stx_nlink - 2);
	printf(", listed %d, told %d %d\n", listed(task), told("stat"), told("status"));
	close(proc);
	close(task);
}

static void *counting_thread(void *arg)
{
	print_threads("two threads");
	return arg;
}

/* Names that are numbers, and too long for any, leave errno alone. */
static void print_numbers(void)
{
	char folder[] = "/tmp/rights.XXXXXX", path[128];
	int n = 0, fd;
	DIR *d;

	if (!mkdtemp(folder))
		return;
	snprintf(path, sizeof(path), "%s/12345678901234567890123456789", folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	d = opendir(folder);
	errno = 0;
	while (d && readdir(d))
		n++;
	printf("%d names, errno %d\n", n, errno);
	closedir(d);
	close(fd);
	unlink(path);
	rmdir(folder);
}

/* As a sandbox does: a child makes sure that it is alone, by looking and by leaving its namespace past libc. */
static int mode_alone(void)
{
	pthread_t t;
	int status;
	pid_t pid;

	burn(60);
	print_threads("one thread");
	print_numbers();
	pthread_create(&t, NULL, counting_thread, NULL);
	pthread_join(t, NULL);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		print_threads("child");
		status = (int)syscall(SYS_unshare, CLONE_NEWUSER | CLONE_FILES);
		printf("left %d %d\n", status, status ? errno : 0);
		fflush(stdout);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid ? status : 1;
}

/* A child sets all signals back past libc before it goes on, as one does that is about to execute a program. */
static int mode_reset(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} now, none = { 0 };
	int bad = 0, handled = 0, status;

	burn(60);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int sig = 1; sig < NSIG; sig++)
				syscall(SYS_rt_sigaction, sig, &none, NULL, 8);
			for (int sig = 1; sig < NSIG; sig++) {
				syscall(SYS_rt_sigaction, sig, NULL, &now, 8);
				handled += now.handler != NULL;
			}
			burn(20);
			_exit(handled);
		}
		bad += waitpid(pid, &status, 0) != pid || status != 0;
	}
	printf("bad %d\n", bad);
	return 0;
}

/* The first process of a namespace, whose number is another's outside, is killed. */
static int mode_first(void)
{
	int status, ready[2];
	char byte;
	pid_t pid;

	burn(20);
	if (pipe(ready) || unshare(CLONE_NEWUSER | CLONE_NEWPID))
		return errno;
	pid = fork();
	if (pid == 0) {
		burn(100);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	printf("ready %d\n", (int)read(ready[0], &byte, 1));
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? 0 : 1;
}

/* Children that can reach no file by its old name, and which take hold of the signals. */
static int mode_jail(void)
{
	int status, bad = 0;

	burn(50);
	printf("%d", chroot("/proc/self/fdinfo"));
	printf(" %d\n", chdir("/"));
	fflush(stdout);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGPROF, SIG_IGN);
			signal(SIGTRAP, on_alternate_stack);
			signal(SIGTRAP, SIG_DFL);
			burn(20);
			pid = fork();
			if (pid == 0)
				_exit(i);
			_exit(waitpid(pid, &status, 0) == pid && status == i << 8 ? i : 77);
		}
		bad += waitpid(pid, &status, 0) != pid || status != i << 8;
	}
	printf("bad %d\n", bad);
	return 0;
}

static volatile unsigned steps;

/* As many stacks as there are numbers of 16 bits. */
static __attribute__((noinline)) void descend(unsigned way, int depth)
{
	if (!depth) {
		for (volatile int i = 0; i < 100000; i++)
			;
	} else if (way & 1) {
		descend(way >> 1, depth - 1);
		steps += 2;
	} else {
		descend(way >> 1, depth - 1);
		steps++;
	}
}

static void burn_everywhere(int ms)
{
	struct timespec t;
	unsigned way = 1;

	do {
		way = way * 1103515245 + 12345;
		descend(way >> 16, 16);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

/* A server, and a child of it, that gave up their rights before the work begins. */
static int mode_server(void)
{
	int status = 0;
	pid_t pid;

	if (geteuid() == 0) {
		printf("%d", chroot("/proc/self/fdinfo"));
		printf(" %d", chdir("/"));
		printf(" %d", setgid(65534));
		printf(" %d\n", setuid(65534));
	}
	fflush(stdout);
	pid = fork();
	burn_everywhere(1500);
	if (pid == 0)
		_exit(5);
	printf("ended %d\n", waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
	return 0;
}

static int mode_daemon(void)
{
	int fd, status;
	pid_t pid;

	burn(50);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setsid();
		if (fork())
			_exit(0);
		if (chdir("/"))
			_exit(1);
		syscall(SYS_close_range, 3, ~0U, 0);
		fd = open("/dev/null", O_RDWR);
		burn(100);
		if (write(STDOUT_FILENO, fd == 3 ? "daemon 3\n" : "daemon ?\n", 9) < 0)
			_exit(1);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid ? status : 1;
}

static int mode_forks(void)
{
	int bad = 0, status;

	for (int i = 0; i < 1000; i++) {
		pid_t pid = i % 2 ? fork() : vfork();

		if (pid == 0)
			_exit(i & 63);
		bad += pid < 0 || waitpid(pid, &status, 0) != pid || status != (i & 63) << 8;
	}
	printf("bad %d\n", bad);
	return 0;
}

/* Children that leave their namespace, which only a process of one thread may. */
static int mode_namespaces(void)
{
	int left = 0, status;

	for (int i = 0; i < 1000; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(unshare(CLONE_NEWUSER) ? errno : 0);
		left += pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
	}
	printf("left %d\n", left);
	return 0;
}

/* Its timers, its error number. */
static int mode_timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec left;
	timer_t timer;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("%d\n", timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer));
	printf("%d\n",
	       timer_settime(timer, 0, &(struct itimerspec){ { 0, 0 }, { 0, 50000000 } }, NULL));
	errno = 4321;
	burn(200);
	printf("errno %d\n", errno);
	timer_gettime(timer, &left);
	printf("left %ld, sent %d\n", left.it_value.tv_nsec, sigwaitinfo(&set, NULL) == SIGRTMIN);
	return timer_delete(timer);
}

static const struct mode {
	const char *name;
	int (*run)(void);
} modes[] = {
	{ "descriptors", mode_descriptors },
	{ "blocked", mode_blocked },
	{ "waiting", mode_waiting },
	{ "awaited", mode_awaited },
	{ "small-stacks", mode_small_stacks },
	{ "alternate-stack", mode_alternate_stack },
	{ "overflow", mode_overflow },
	{ "limits", mode_limits },
	{ "root", mode_root },
	{ "numbers", mode_numbers },
	{ "alone", mode_alone },
	{ "jail", mode_jail },
	{ "first", mode_first },
	{ "reset", mode_reset },
	{ "server", mode_server },
	{ "daemon", mode_daemon },
	{ "forks", mode_forks },
	{ "namespaces", mode_namespaces },
	{ "timers", mode_timers },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 4096);
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].run();
	fprintf(stderr, "usage: rights MODE\n");
	return 2;
}
