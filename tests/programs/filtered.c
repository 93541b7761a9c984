/* filtered.c - a program under a seccomp filter, in one way for each word.
 *
 * usage: filtered MODE
 *	strict     SECCOMP_MODE_STRICT by prctl: read, write and exit only
 *	kill       a filter by prctl that ends the process for anything but write, exit_group and the return from a signal
 *	call       the same by the system call seccomp
 *	threads    as kill, in a process whose other threads go on unfiltered
 *	trap       as kill, but for a SIGSYS
 *	errno      a filter that answers EPERM to everything but write, exit and what signals need
 *	mild       a filter that forbids ptrace and kexec_load alone
 *	bad        asks the kernel which flags and modes it knows, with no filter at all
 *	exec PROGRAM...   executes it under a filter that ends the process for a call to timer_create
 *	list       the handler's own: a thread that may make no system call but those that own_calls.h gives it
 */
#include "sampler/own_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64 };

static struct sock_filter program[4 * MOST];
static unsigned n;

static void add(unsigned short code, unsigned k, unsigned char jt, unsigned char jf)
{
	program[n++] = (struct sock_filter){ code, jt, jf, k };
}

static void begin(void)
{
	n = 0;
	add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
}

static void answer(int number, unsigned verdict)
{
	add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
	add(BPF_RET | BPF_K, verdict, 0, 0);
}

static void load(int by_call, unsigned otherwise)
{
	struct sock_fprog filter = { 0, program };

	add(BPF_RET | BPF_K, otherwise, 0, 0);
	filter.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    (by_call ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)
		     : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))) {
		perror("filtered: no filter here");
		exit(77);
	}
}

static __attribute__((noinline)) unsigned burn_before(void)
{
	unsigned sum = 0;

	while (clock() < CLOCKS_PER_SEC / 4)
		for (volatile int i = 0; i < 100000; i++)
			sum += (unsigned)i;
	return sum;
}

/* No system call is made here: the work is counted, not timed. */
static __attribute__((noinline)) unsigned burn_under(void)
{
	unsigned sum = 0;

	for (volatile int i = 0; i < 150000000; i++)
		sum += (unsigned)i;
	return sum;
}

static void tell(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

static void allow_little(unsigned verdict)
{
	answer(SYS_write, verdict);
	answer(SYS_exit_group, verdict);
	answer(SYS_rt_sigreturn, verdict);
}

static atomic_int is_done;

static void *other_thread(void *arg)
{
	while (!is_done)
		burn_under();
	return arg;
}

static long bare_prctl(long option, long a, const void *b)
{
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(SYS_prctl), "D"(option), "S"(a), "d"(b), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return rc;
}

/* Not by prctl() nor syscall(): the library is not to know. */
static long load_unseen(void)
{
	struct sock_fprog filter = { (unsigned short)n, program };

	bare_prctl(PR_SET_NO_NEW_PRIVS, 1, NULL);
	return bare_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static void *listed_thread(void *arg)
{
	begin();
#define ROW(group, must, name, ...)                                                                \
	if (strcmp(#group, "HANDLER") == 0)                                                        \
		answer(SYS_##name, SECCOMP_RET_ALLOW);
	OWN_CALLS(ROW)
	answer(SYS_exit, SECCOMP_RET_ALLOW);
	*(volatile int *)arg = 1;
	add(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	if (load_unseen())
		*(volatile int *)arg = 77;
	for (int i = 0; i < 8; i++)
		burn_under();
	is_done = 1;
	__asm__ volatile("syscall" : : "a"(SYS_exit), "D"(0L) : "rcx", "r11", "memory");
	return NULL;
}

static int run_list(void)
{
	volatile int state = 0;
	pthread_t t;

	if (pthread_create(&t, NULL, listed_thread, (void *)&state))
		return 1;
	while (!is_done)
		usleep(10000);
	if (state == 77)
		return 77;
	printf("done\n");
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	unsigned sum = burn_before();
	pthread_t t;

	begin();
	if (strcmp(mode, "list") == 0)
		return run_list();
	if (strcmp(mode, "strict") == 0) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			return 77;
		sum += burn_under();
		tell("done\n");
		for (;;) /* exit_group, which exit() makes, is not one of the three */
			__asm__ volatile("syscall"
					 :
					 : "a"(SYS_exit), "D"(0L)
					 : "rcx", "r11", "memory");
	} else if (strcmp(mode, "errno") == 0) {
		allow_little(SECCOMP_RET_ALLOW);
		answer(SYS_futex, SECCOMP_RET_ALLOW);
		answer(SYS_gettid, SECCOMP_RET_ALLOW);
		answer(SYS_getpid, SECCOMP_RET_ALLOW);
		answer(SYS_close, SECCOMP_RET_ALLOW);
		answer(SYS_munmap, SECCOMP_RET_ALLOW);
		load(0, SECCOMP_RET_ERRNO | EPERM);
	} else if (strcmp(mode, "mild") == 0) {
		answer(SYS_ptrace, SECCOMP_RET_KILL_PROCESS);
		answer(SYS_kexec_load, SECCOMP_RET_KILL_PROCESS);
		load(0, SECCOMP_RET_ALLOW);
	} else if (strcmp(mode, "exec") == 0 && argc > 2) {
		answer(SYS_timer_create, SECCOMP_RET_KILL_PROCESS);
		load(0, SECCOMP_RET_ALLOW);
		execv(argv[2], argv + 2);
		return 1;
	} else if (strcmp(mode, "bad") == 0) {
		long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				  NULL);

		if (rc != -1 || errno != EFAULT ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) != -1)
			return 1;
	} else {
		if (strcmp(mode, "threads") == 0 && pthread_create(&t, NULL, other_thread, NULL))
			return 1;
		allow_little(SECCOMP_RET_ALLOW);
		load(strcmp(mode, "call") == 0,
		     strcmp(mode, "trap") == 0 ? SECCOMP_RET_TRAP : SECCOMP_RET_KILL_PROCESS);
	}
	sum += burn_under();
	tell(sum ? "done\n" : "");
	_exit(0);
}
