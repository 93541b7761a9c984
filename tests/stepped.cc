/* stepped.cc - what e2e_step steps through: every way to enter and leave a function. */
#include "tests/stepper.h"

#include <alloca.h>
#include <csetjmp>
#include <csignal>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

#define NOINLINE __attribute__((noinline, noclone))

static volatile unsigned sink;

/* ---- functions of every shape ---- */

NOINLINE static unsigned leaf(unsigned n)
{
	return n * 3 + sink;
}

NOINLINE static unsigned recurse(unsigned n)
{
	volatile char room[64];
	room[n % 64] = (char)n;
	return n ? recurse(n - 1) + (unsigned)room[n % 64] : leaf(n);
}

NOINLINE static unsigned saves_all(unsigned a, unsigned b, unsigned c, unsigned d)
{
	unsigned e = leaf(a), f = leaf(b), g = leaf(c), h = leaf(d), i = leaf(a + b), j = leaf(c + d);
	sink = leaf(e) + leaf(f);
	return e * f + g * h + i * j;
}

NOINLINE static unsigned variable(unsigned n)
{
	volatile char *room = (volatile char *)alloca(n);
	for (unsigned i = 0; i < n; i += 16)
		room[i] = (char)i;
	return leaf(n) + (unsigned)room[0];
}

NOINLINE static unsigned realigned(unsigned n)
{
	volatile unsigned char block[128] __attribute__((aligned(64)));
	block[n % 128] = (unsigned char)leaf(n);
	return block[n % 128];
}

NOINLINE static unsigned realigned_variable(unsigned n)
{
	volatile unsigned char block[64] __attribute__((aligned(64)));
	volatile char *room = (volatile char *)alloca(n);
	room[0] = (char)n;
	block[n % 64] = (unsigned char)leaf(n);
	return block[n % 64] + (unsigned)room[0];
}

NOINLINE static unsigned large(unsigned n)
{
	volatile char room[20000];
	room[n] = (char)n;
	return leaf(n) + (unsigned)room[n];
}

NOINLINE static unsigned many(int n, ...)
{
	va_list ap;
	unsigned sum = 0;
	va_start(ap, n);
	while (n--)
		sum += va_arg(ap, unsigned);
	va_end(ap);
	return leaf(sum);
}

NOINLINE static unsigned tail(unsigned n)
{
	return n & 1 ? leaf(n + 1) : saves_all(n, n, n, n);
}

static void shapes()
{
	for (unsigned i = 0; i < 3; i++)
		sink = recurse(12) + saves_all(1, 2, 3, i) + variable(100 + 40 * i) + realigned(i) + realigned_variable(50 + i) + large(i) +
		       many(9, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u) + tail(i);
}

/* ---- libc, bound when it is first called ---- */

static int by_value(const void *a, const void *b)
{
	return (int)(*(const unsigned *)a % 97) - (int)(*(const unsigned *)b % 97);
}

static void libc()
{
	unsigned numbers[40];
	char text[256];
	for (unsigned i = 0; i < 40; i++)
		numbers[i] = i * 2654435761u;
	qsort(numbers, 40, sizeof(numbers[0]), by_value);
	snprintf(text, sizeof(text), "%.17g %s %d %08lx", 1.0 / 7, "text", 5, 77ul);
	sink = (unsigned)strtod(text, nullptr) + (unsigned)strlen(text);
	void *p = malloc(3000);
	memset(p, 1, 3000);
	p = realloc(p, 9000);
	free(p);
	sink = (unsigned)(pow(1.5, (double)numbers[0]) + sin((double)numbers[1]));
	memmove(text + 3, text, 100);
	std::vector<std::string> words(10, "word");
	for (auto &w : words)
		w += std::to_string(sink);
	sink = (unsigned)words[3].size();
	struct timeval now;
	gettimeofday(&now, nullptr); /* the vdso */
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	sink = (unsigned)time(nullptr);
}

/* ---- signals ---- */

static void on_signal(int, siginfo_t *, void *context)
{
	stepper_enter_handler(context);
	sink = recurse(4);
}

static void a_signal()
{
	raise(SIGUSR1);
	sink = leaf(1);
}

static void a_signal_on_another_stack()
{
	raise(SIGUSR2);
	sink = leaf(1);
}

/* ---- exceptions ---- */

struct Held {
	unsigned n;
	explicit Held(unsigned i) : n(i)
	{
	}
	~Held()
	{
		sink = leaf(n);
	}
};

NOINLINE static unsigned thrower(unsigned depth)
{
	Held held(depth);
	if (depth == 0)
		throw std::runtime_error("thrown");
	return thrower(depth - 1) + held.n;
}

NOINLINE static unsigned thrower_with_frame_pointer(unsigned n)
{
	volatile char *room = (volatile char *)alloca(n);
	Held held(n);
	room[0] = (char)n;
	return thrower(2) + (unsigned)room[0];
}

NOINLINE static unsigned catches_and_throws(unsigned n)
{
	try {
		return thrower_with_frame_pointer(n);
	} catch (const std::logic_error &) {
		return 1;
	} catch (...) {
		sink = leaf(n);
		throw;
	}
}

static void exceptions()
{
	for (unsigned i = 0; i < 2; i++) {
		try {
			sink = catches_and_throws(64 + i);
		} catch (const std::exception &e) {
			sink = (unsigned)strlen(e.what());
		}
	}
}

/* ---- jumps ---- */

static jmp_buf back;

NOINLINE static void jumper(unsigned n)
{
	if (n == 0)
		longjmp(back, 1);
	jumper(n - 1);
	sink = n;
}

static void jumps()
{
	for (unsigned i = 0; i < 2; i++)
		if (setjmp(back) == 0)
			jumper(3 + i);
}

static ucontext_t home, away, third;

static void coroutine()
{
	sink = recurse(3);
	swapcontext(&away, &home);
	sink = recurse(2);
	swapcontext(&away, &home);
}

static void ends_by_itself()
{
	sink = recurse(1);
}

static char coroutine_stack[64 * 1024], third_stack[64 * 1024], signal_stack[64 * 1024];

static void coroutines()
{
	volatile int visits = 0;
	getcontext(&away);
	away.uc_stack.ss_sp = coroutine_stack;
	away.uc_stack.ss_size = sizeof(coroutine_stack);
	away.uc_link = &home;
	makecontext(&away, coroutine, 0);
	swapcontext(&home, &away);
	sink = leaf(1);
	swapcontext(&home, &away);
	getcontext(&third);
	third.uc_stack.ss_sp = third_stack;
	third.uc_stack.ss_size = sizeof(third_stack);
	third.uc_link = &home;
	makecontext(&third, ends_by_itself, 0);
	swapcontext(&home, &third);
	getcontext(&home);
	if (visits++ == 0)
		setcontext(&home);
}

/* ---- assembly ---- */

extern "C" unsigned asm_without_rules(unsigned), asm_by_another_register(unsigned), asm_by_saved_word(unsigned), asm_by_index(unsigned), asm_of_numbers(unsigned);
__asm__(".text\n"
	/* As multimedia code is written: rbp is a number, the stack is aligned with rsp kept in a register that a part of
	 * the same code leaves alone, the way out of a loop is in its middle. */
	".type asm_of_numbers, @function\n"
	"asm_of_numbers:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	mov $1, %ebp\n"
	"	xor %ebx, %ebx\n"
	"	sub $0x28, %rsp\n"
	"1:	add %ebp, %ebx\n"
	"	call asm_aligned\n"
	"	dec %edi\n"
	"	jle 2f\n"
	"	jmp 1b\n"
	"	ud2\n"
	"2:	add %ebx, %eax\n"
	"	add $0x28, %rsp\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	".size asm_of_numbers, .-asm_of_numbers\n"
	".type asm_aligned, @function\n"
	"asm_aligned:\n"
	"	mov %rsp, %rcx\n"
	"	and $-32, %rsp\n"
	"	sub $0x60, %rsp\n"
	"	call asm_leaf\n"
	"	mov %rcx, %rsp\n"
	"	ret\n"
	".size asm_aligned, .-asm_aligned\n"
	".type asm_leaf, @function\n"
	"asm_leaf:\n"
	"	pushq $7\n" /* (not pushfq: under gdb it would push the trap flag, and popfq set it) */
	"	lea 3(%rdi), %eax\n"
	"	lea 8(%rsp), %rsp\n"
	"	ret\n"
	".size asm_leaf, .-asm_leaf\n"
	"	ud2\n"
	".type asm_without_rules, @function\n"
	"asm_without_rules:\n"
	"	lea 7(%rdi), %eax\n"
	"	imul %edi, %eax\n"
	"	ret\n"
	".size asm_without_rules, .-asm_without_rules\n"
	"	ud2\n"
	/* rax holds the CFA while it calls a part of itself that leaves rax alone. */
	".type asm_by_another_register, @function\n"
	"asm_by_another_register:\n"
	"	.cfi_startproc\n"
	"	mov %rsp, %rax\n"
	"	.cfi_def_cfa_register %rax\n"
	"	push %rbx\n"
	"	.cfi_offset %rbx, -16\n"
	"	push %rbp\n"
	"	.cfi_offset %rbp, -24\n"
	"	sub $256, %rsp\n"
	"	and $-128, %rsp\n"
	"	mov %edi, %ebx\n"
	"	xor %ebp, %ebp\n"
	"	call asm_part\n"
	"	lea (%rbx, %rbp), %ecx\n"
	"	mov -16(%rax), %rbp\n"
	"	.cfi_restore %rbp\n"
	"	mov -8(%rax), %rbx\n"
	"	.cfi_restore %rbx\n"
	"	mov %rax, %rsp\n"
	"	.cfi_def_cfa_register %rsp\n"
	"	mov %ecx, %eax\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size asm_by_another_register, .-asm_by_another_register\n"
	".type asm_part, @function\n"
	"asm_part:\n"
	"	.cfi_startproc\n"
	"	add $5, %ebp\n"
	"	push %rdx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pop %rdx\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size asm_part, .-asm_part\n"
	/* The CFA - 8 is a word on the realigned stack: breg7 64, deref, plus_uconst 8. */
	".type asm_by_saved_word, @function\n"
	"asm_by_saved_word:\n"
	"	.cfi_startproc\n"
	"	mov %rsp, %rax\n"
	"	.cfi_def_cfa_register %rax\n"
	"	push %rbp\n"
	"	.cfi_offset %rbp, -16\n"
	"	sub $128, %rsp\n"
	"	and $-64, %rsp\n"
	"	mov %rax, 64(%rsp)\n"
	"	.cfi_escape 0x0f, 6, 0x77, 0xc0, 0x00, 0x06, 0x23, 0x08\n"
	"	xor %eax, %eax\n"
	"	mov %edi, %ebp\n"
	"	call asm_part\n"
	"	lea 1(%rbp), %eax\n"
	"	mov 64(%rsp), %rsi\n"
	"	.cfi_def_cfa %rsi, 8\n"
	"	mov -8(%rsi), %rbp\n"
	"	.cfi_restore %rbp\n"
	"	lea (%rsi), %rsp\n"
	"	.cfi_def_cfa_register %rsp\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size asm_by_saved_word, .-asm_by_saved_word\n"
	/* The same at an index: breg7 8, breg9 0, lit8, mul, plus, deref, plus_uconst 8. */
	".type asm_by_index, @function\n"
	"asm_by_index:\n"
	"	.cfi_startproc\n"
	"	mov %rsp, %rax\n"
	"	.cfi_def_cfa_register %rax\n"
	"	push %rbp\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov $6, %r9d\n"
	"	lea -128(%rsp), %rsp\n"
	"	and $-64, %rsp\n"
	"	mov %rax, 8(%rsp, %r9, 8)\n"
	"	.cfi_escape 0x0f, 10, 0x77, 0x08, 0x79, 0x00, 0x38, 0x1e, 0x22, 0x06, 0x23, 0x08\n"
	"	mov %edi, %ebp\n"
	"	xor %eax, %eax\n"
	"	call asm_part\n"
	"	lea 1(%rbp), %eax\n"
	"	mov 8(%rsp, %r9, 8), %rsi\n"
	"	.cfi_def_cfa %rsi, 8\n"
	"	mov -8(%rsi), %rbp\n"
	"	.cfi_restore %rbp\n"
	"	lea (%rsi), %rsp\n"
	"	.cfi_def_cfa_register %rsp\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size asm_by_index, .-asm_by_index\n");

static void assembly()
{
	for (unsigned i = 0; i < 3; i++)
		sink = asm_without_rules(i) + asm_of_numbers(i) + asm_by_another_register(i) + asm_by_saved_word(i) + asm_by_index(i);
}

/* ---- children: a signal at every step would end them ---- */

NOINLINE static void child_of_vfork()
{
	pid_t pid = vfork();
	if (pid == 0) {
		sink = recurse(3) + saves_all(1, 2, 3, 4);
		_exit(0);
	}
	waitpid(pid, nullptr, 0);
}

static void children()
{
	char name[] = "true", *argv[] = {name, nullptr};
	pid_t pid;

	child_of_vfork();
	if (posix_spawnp(&pid, name, nullptr, nullptr, argv, environ) == 0)
		waitpid(pid, nullptr, 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, nullptr, 0);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";

	struct sigaction action = {};
	stack_t alternate = {};

	if (stepper_open()) {
		printf("ok 1 - every stack is right # SKIP nothing can be stepped through here\n1..1\n");
		return 0;
	}
	stepper_add_stack(coroutine_stack, sizeof(coroutine_stack));
	stepper_add_stack(third_stack, sizeof(third_stack));
	stepper_add_stack(signal_stack, sizeof(signal_stack));
	alternate.ss_sp = signal_stack;
	alternate.ss_size = sizeof(signal_stack);
	sigaltstack(&alternate, nullptr);
	action.sa_sigaction = on_signal;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR1, &action, nullptr);
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaction(SIGUSR2, &action, nullptr);

	if (strstr("shapes", only))
		stepper_run("prologues and epilogues of every shape", shapes);
	if (strstr("libc", only))
		stepper_run("libc, the lazy binder and the vdso", libc);
	if (strstr("assembly", only))
		stepper_run("assembly without rules and with uncommon ones", assembly);
	if (strstr("a_signal", only))
		stepper_run("a signal handler", a_signal);
	if (strstr("a_signal_on_another_stack", only))
		stepper_run("a signal handler on a stack of its own", a_signal_on_another_stack);
	if (strstr("jumps", only))
		stepper_run("longjmp", jumps);
	if (strstr("coroutines", only))
		stepper_run("coroutines", coroutines);
	if (strstr("exceptions", only))
		stepper_run("exceptions", exceptions);
	if (stepper_is_outside() && strstr("children", only))
		stepper_run("vfork, posix_spawn and fork", children);
	stepper_close();
	return 0;
}
