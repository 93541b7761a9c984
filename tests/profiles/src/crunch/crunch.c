/* crunch - the program behind gperf_*: it computes and allocates for a second.
 *
 *	cc -O1 -g -no-pie -o crunch crunch.c -lprofiler -ltcmalloc
 *	CPUPROFILE=gperf_cpu.prof HEAPPROFILE=gperf ./crunch
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct node *next;
	char text[100];
};

__attribute__((noinline)) static unsigned mix(unsigned x, int rounds)
{
	for (int i = 0; i < rounds; i++)
		x = (x ^ (x >> 7)) * 2654435761u + (unsigned)i;
	return x;
}

__attribute__((noinline)) static struct node *push(struct node *list, unsigned x)
{
	struct node *n = malloc(sizeof(*n) + x % 5000);

	n->next = list;
	snprintf(n->text, sizeof(n->text), "%u", x);
	return n;
}

__attribute__((noinline)) static unsigned descend(int depth, unsigned x)
{
	return depth ? descend(depth - 1, mix(x, 300)) + 1 : mix(x, 900);
}

int main(void)
{
	struct node *list = NULL;
	unsigned x = 1;

	for (int i = 0; i < 40000; i++) {
		x = descend(i % 12, x);
		list = push(list, x);
		if (i % 3 == 0) {
			struct node *first = list;

			list = first->next;
			free(first);
		}
	}
	printf("%u\n", x);
	return list == NULL;
}
