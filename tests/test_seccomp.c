/* test_seccomp.c - filter programs, run as the kernel would. */
#include "sampler/seccomp_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NR   ((unsigned)offsetof(struct seccomp_data, nr))
#define ARG1 ((unsigned)offsetof(struct seccomp_data, args[1]))
#define N(p) (sizeof(p) / sizeof((p)[0]))

static uint32_t verdict_of(const struct sock_filter *p, unsigned n, int nr, uint64_t arg1)
{
	struct seccomp_data call = { .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = { 0, arg1 } };

	return seccomp_verdict(p, n, &call);
}

static void calls_and_their_arguments_are_told_apart(void **state)
{
	const struct sock_filter p[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG1),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};

	assert_int_equal(verdict_of(p, N(p), SYS_futex, 0x81), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict_of(p, N(p), SYS_futex, 1), SECCOMP_RET_TRAP);
	assert_int_equal(verdict_of(p, N(p), SYS_read, 0x81), SECCOMP_RET_TRAP);
}

static void a_program_that_does_not_end_well_kills(void **state)
{
	const struct sock_filter outside = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64);
	const struct sock_filter away = BPF_JUMP(BPF_JMP | BPF_JA, 0xffffffffu, 0, 0);

	assert_int_equal(verdict_of(&outside, 1, 1, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(verdict_of(&away, 1, 1, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(verdict_of(NULL, 0, 1, 0), SECCOMP_RET_KILL_PROCESS);
}

static void what_the_library_needs_is_looked_for(void **state)
{
	const struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	const struct sock_filter no_names[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rename, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
	};

	assert_null(seccomp_forbids(&all, 1, true));
	assert_non_null(seccomp_forbids(&none, 1, false));
	assert_null(seccomp_forbids(no_names, N(no_names), false));
	assert_string_equal(seccomp_forbids(no_names, N(no_names), true), "rename");
}

static const unsigned short operations[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,
					     BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH };
static const unsigned short jumps[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };

/* A valid program of random arithmetic and jumps that answers a call of getppid with an error number below 4096. */
static unsigned make_program(struct sock_filter *p, unsigned random)
{
	unsigned n = 0;

	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR);
	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG1);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_ST, 3);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, random >> 20);
	while (n < 28) {
		unsigned k;

		random = random * 1103515245 + 12345;
		k = random >> 8;
		if (random >> 31)
			p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | jumps[k % N(jumps)] |
								      (k & 64 ? BPF_X : BPF_K),
							      k, k >> 3 & 1, k >> 4 & 1);
		else if (k % 7 == 0)
			p[n++] = (struct sock_filter)BPF_STMT(
				k & 64 ? BPF_MISC | BPF_TAX : BPF_LDX | BPF_MEM, k & 64 ? 0 : 3);
		else
			p[n++] = (struct sock_filter)BPF_STMT(
				BPF_ALU | operations[k % N(operations)] | (k & 64 ? BPF_X : BPF_K),
				k % 31 + 1);
	}
	p[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0); /* a jump may end behind it */
	p[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1023);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO | 1);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	return n;
}

/* In a child: the kernel's answer as an exit status, 0 = as ours, 2 = no filters here. */
static int ask_kernel(struct sock_filter *p, unsigned n)
{
	struct sock_fprog filter = { (unsigned short)n, p };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		uint32_t ours = verdict_of(p, n, SYS_getppid, 77);

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
			_exit(2);
		if (syscall(SYS_getppid, 0, 77) != -1)
			_exit(1);
		_exit((uint32_t)errno == (ours & SECCOMP_RET_DATA) ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (WIFSIGNALED(status)) /* a division by zero */
		return verdict_of(p, n, SYS_getppid, 77) == SECCOMP_RET_KILL_PROCESS ? 0 : 1;
	return WEXITSTATUS(status);
}

static void verdicts_are_the_kernels(void **state)
{
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct sock_filter p[32];
		int rc = ask_kernel(p, make_program(p, seed * 2654435761u));

		if (rc == 2)
			skip();
		assert_int_equal(rc, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_and_their_arguments_are_told_apart),
		cmocka_unit_test(a_program_that_does_not_end_well_kills),
		cmocka_unit_test(what_the_library_needs_is_looked_for),
		cmocka_unit_test(verdicts_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
