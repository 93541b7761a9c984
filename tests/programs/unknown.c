/* unknown.c - code whose frames nobody describes, made while the program runs in four ways, and in a fifth part of it.
 *
 * usage: unknown numbers | hole | stack | jumps | bare
 *
 *	numbers	its frame has no frame pointer, rbp is a number
 *	hole	the same, and it returns by a jump; in its frame are return addresses of calls that are long over
 *	stack	it runs on a stack of its own, and keeps in rbx where it left the thread's
 *	jumps	its frames have frame pointers, but one is returned to by an address that no call precedes
 *	bare	it is entered by a jump, on the frame of a function that says so by the caller's rsp, as Haskell's does
 *
 * Compiled without frame pointers.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { ROUNDS = 300, STACK_BYTES = 65536 };

static const uint8_t numbers[] = {
	0x55, 0x53, 0x48, 0x81, 0xec, 8,    2,
	0,    0,				  /* push %rbp; push %rbx; sub $0x208,%rsp */
	0xbd, 1,    0,	  0,	0,    0xff, 0xd7, /* mov $1,%ebp; call *%rdi */
	0x48, 0x81, 0xc4, 8,	2,    0,    0,
	0x5b, 0x5d, 0xc3, /* add $0x208,%rsp; pop %rbx; pop %rbp; ret */
};

static const uint8_t hole[] = {
	0x55, 0x53, 0x48, 0x81, 0xec, 8,    2,	  0,	0, /* push %rbp; push %rbx; sub $0x208,%rsp */
	0xbd, 1,    0,	  0,	0,    0xff, 0xd7,	   /* mov $1,%ebp; call *%rdi */
	0x48, 0x81, 0xc4, 8,	2,    0,    0,	  0x5b, 0x5d, 0x59,
	0xff, 0xe1, /* add $0x208,%rsp; pop %rbx; pop %rbp; pop %rcx; jmp *%rcx */
};

static const uint8_t stack[] = {
	0x55, 0x53, 0x48, 0x89, 0xe3, 0x48, 0x89, 0xf4, /* push %rbp; push %rbx; mov %rsp,%rbx; mov %rsi,%rsp */
	0xbd, 1,    0,	  0,	0,    0xb9, 0,	  0,	0x20,
	0,				    /* mov $1,%ebp; mov $0x200000,%ecx */
	0xff, 0xc9, 0x75, 0xfc,		    /* 1: dec %ecx; jnz 1b */
	0x48, 0x89, 0xdc, 0x5b, 0x5d, 0xc3, /* mov %rbx,%rsp; pop %rbx; pop %rbp; ret */
};

static const uint8_t jumps[] = {
	0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x05, 11,	0,    0,
	0,		/* push %rbp; mov %rsp,%rbp; lea 1f(%rip),%rax */
	0x50, 0xeb, 10, /* push %rax; jmp 2f */
	0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x5d, 0xc3, /* nops; 1: pop %rbp; ret */
	0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3, /* 2: push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
};

typedef void (*work_fn)(void);
typedef void (*code_fn)(work_fn work, void *stack_end);

void run_bare(work_fn work, void *unused);
__asm__(".text\n"
	"run_bare:\n"
	"	.cfi_startproc\n"
	"	sub $0x238, %rsp\n"
	"	mov %rbp, 0x200(%rsp)\n"
	"	.cfi_def_cfa %rsp, 0\n"
	"	.cfi_offset %rbp, 0x200\n"
	"	.cfi_offset %rip, 0x238\n"
	"	.cfi_escape 0x16, 7, 3, 0x77, 0xc0, 4\n" /* the caller's rsp is rsp + 0x240 */
	"	lea bare(%rip), %rax\n"
	"	jmp *%rax\n"
	"back:	mov 0x200(%rsp), %rbp\n"
	"	add $0x238, %rsp\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"bare:	mov $1, %ebp\n"
	"	call *%rdi\n"
	"	lea back(%rip), %rcx\n"
	"	jmp *%rcx\n");

static volatile double sink;
static char other_stack[STACK_BYTES] __attribute__((aligned(16)));

__attribute__((noipa)) static void work(void)
{
	for (int i = 1; i < 500000; i++)
		sink = sink + 1.0 / i;
}

/* It leaves the addresses that it returned to on the stack. */
__attribute__((noipa)) static int decoy(int depth)
{
	volatile int deeper = depth ? decoy(depth - 1) : 0;

	return deeper + 1;
}

__attribute__((noipa)) static void enter(code_fn code)
{
	volatile int kept = decoy(60); /* the call is not the last thing that is done */

	if (code)
		code(work, other_stack + STACK_BYTES);
	else
		run_bare(work, NULL);
	kept++;
}

static const struct {
	const char *name;
	const uint8_t *code;
	size_t bytes;
} codes[] = {
	{ "numbers", numbers, sizeof(numbers) },
	{ "hole", hole, sizeof(hole) },
	{ "stack", stack, sizeof(stack) },
	{ "jumps", jumps, sizeof(jumps) },
};

int main(int argc, char **argv)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return 2;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (argc > 1 && strcmp(argv[1], codes[i].name) == 0)
			memcpy(page, codes[i].code, codes[i].bytes);
	for (int i = 0; i < ROUNDS; i++)
		enter(argc > 1 && strcmp(argv[1], "bare") == 0 ? NULL : (code_fn)(uintptr_t)page);
	puts("done");
	return 0;
}
