/* seccomp_filter.c - run a seccomp filter's program on the library's own system calls, before the kernel does.
 *
 * The language is classic BPF as the kernel takes it for seccomp (Documentation/userspace-api/seccomp_filter.rst): an
 * accumulator, an index, sixteen words of memory, loads from struct seccomp_data, jumps that go forward only.  So a
 * program of n instructions ends after at most n steps.
 */
#include "sampler/seccomp_filter.h"
#include "sampler/own_calls.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const struct seccomp_data *call;
	bool is_bad;
};

static uint32_t load(struct machine *m, const struct sock_filter *i)
{
	uint32_t word = 0;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		return i->k;
	case BPF_LEN:
		return sizeof(*m->call);
	case BPF_MEM:
		if (i->k < BPF_MEMWORDS)
			return m->memory[i->k];
		break;
	case BPF_ABS:
		if (i->k <= sizeof(*m->call) - sizeof(word) && i->k % sizeof(word) == 0) {
			memcpy(&word, (const char *)m->call + i->k, sizeof(word));
			return word;
		}
		break;
	}
	m->is_bad = true;
	return 0;
}

static void store(struct machine *m, const struct sock_filter *i, uint32_t value)
{
	if (i->k < BPF_MEMWORDS)
		m->memory[i->k] = value;
	else
		m->is_bad = true;
}

static uint32_t compute(struct machine *m, const struct sock_filter *i)
{
	uint32_t by = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		return m->a + by;
	case BPF_SUB:
		return m->a - by;
	case BPF_MUL:
		return m->a * by;
	case BPF_DIV:
		if (by)
			return m->a / by;
		break; /* the kernel ends such a program with 0, which kills */
	case BPF_OR:
		return m->a | by;
	case BPF_AND:
		return m->a & by;
	case BPF_XOR:
		return m->a ^ by;
	case BPF_LSH:
		return m->a << (by & 31);
	case BPF_RSH:
		return m->a >> (by & 31);
	case BPF_NEG:
		return -m->a;
	}
	m->is_bad = true;
	return 0;
}

/* How many instructions to leave out. */
static uint32_t jump(struct machine *m, const struct sock_filter *i)
{
	uint32_t by = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		return m->a == by ? i->jt : i->jf;
	case BPF_JGT:
		return m->a > by ? i->jt : i->jf;
	case BPF_JGE:
		return m->a >= by ? i->jt : i->jf;
	case BPF_JSET:
		return m->a & by ? i->jt : i->jf;
	}
	m->is_bad = true;
	return 0;
}

uint32_t seccomp_verdict(const struct sock_filter *program, unsigned n,
			 const struct seccomp_data *call)
{
	struct machine m = { .call = call };

	for (uint64_t at = 0; at < n && !m.is_bad; at++) {
		const struct sock_filter *i = &program[at];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			m.a = load(&m, i);
			break;
		case BPF_LDX:
			m.x = load(&m, i);
			break;
		case BPF_ST:
			store(&m, i, m.a);
			break;
		case BPF_STX:
			store(&m, i, m.x);
			break;
		case BPF_ALU:
			m.a = compute(&m, i);
			break;
		case BPF_JMP:
			at += jump(&m, i);
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
			break;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* ---- the library's own ---- */

enum group { HANDLER, LIBRARY, WRITER };
enum must { MAY_FAIL, MUST_WORK };

static const struct own_call {
	enum group group;
	enum must must;
	const char *name;
	int number;
	long arguments[6];
} own_calls[] = {
#define ROW(group, must, name, ...) { group, must, #name, SYS_##name, { __VA_ARGS__ } },
	OWN_CALLS(ROW)
#undef ROW
};
enum { N_OWN_CALLS = sizeof(own_calls) / sizeof(own_calls[0]) };

static bool is_bearable(uint32_t verdict, enum must must)
{
	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return true;
	case SECCOMP_RET_ERRNO:
		return must == MAY_FAIL;
	default:
		return false;
	}
}

const char *seccomp_forbids(const struct sock_filter *program, unsigned n, bool is_writer)
{
	struct seccomp_data call = { .arch = AUDIT_ARCH_X86_64 };

	for (size_t i = 0; i < N_OWN_CALLS; i++) {
		const struct own_call *own = &own_calls[i];

		if (own->group == WRITER && !is_writer)
			continue;
		call.nr = own->number;
		for (unsigned k = 0; k < 6; k++)
			call.args[k] = (uint64_t)own->arguments[k];
		if (!is_bearable(seccomp_verdict(program, n, &call), own->must))
			return own->name;
	}
	return NULL;
}

/* ---- inherited ---- */

static bool is_filtered(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	line = strstr(text, "\nSeccomp:\t");
	return line && line[10] != '0';
}

static __attribute__((noreturn)) void make_calls(_Atomic unsigned *at)
{
	struct rlimit no_core = { 0, 0 };

	raw_syscall(SYS_prlimit64, 0, RLIMIT_CORE, (long)&no_core, 0);
	for (; *at < N_OWN_CALLS; ++*at) {
		const struct own_call *c = &own_calls[*at];
		const long *a = c->arguments;

		if (c->number != SYS_rt_sigreturn)
			raw_syscall6(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	for (;;)
		raw_syscall(SYS_exit_group, 0, 0, 0, 0);
}

const char *seccomp_inherited_forbids(void)
{
	const char *call = NULL;
	_Atomic unsigned *at;
	int status = 0;
	long pid;

	if (!is_filtered())
		return NULL;
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return "mmap";
	pid = raw_syscall(SYS_clone, 0, 0, 0, 0); /* as fork, but its end sends no signal */
	if (pid == 0)
		make_calls(at);
	while (pid > 0 && raw_syscall(SYS_wait4, pid, (long)&status, __WALL, 0) == -EINTR)
		;
	if (pid < 0)
		call = "clone";
	else if (!WIFEXITED(status))
		call = own_calls[*at < N_OWN_CALLS ? *at : 0].name;
	munmap((void *)at, 4096);
	return call;
}
