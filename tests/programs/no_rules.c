/* no_rules.c - hundreds of frames that no unwind table describes, in turns of two pages of code.
 *
 * Compiled without unwind tables and with frame pointers.
 */
#include <stdio.h>

static volatile int sum;

static int even(int depth);

__attribute__((noinline, noclone, aligned(4096))) static int odd(int depth)
{
	return depth ? even(depth - 1) + 1 : sum++;
}

__attribute__((noinline, noclone, aligned(4096))) static int even(int depth)
{
	return depth ? odd(depth - 1) + 1 : sum++;
}

int main(void)
{
	for (int i = 0; i < 100000; i++)
		even(500);
	printf("%d\n", sum);
	return 0;
}
