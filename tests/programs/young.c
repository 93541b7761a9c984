/* young.c - a library that ends its process while the program is still being loaded. */
#include <signal.h>

__attribute__((constructor)) static void end(void)
{
	raise(SIGKILL);
}
