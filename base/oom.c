/* oom.c - end the tool, or jump out of the library, when memory runs out. */
#include "base/oom.h"

#include <unistd.h>

static jmp_buf *catcher;

void oom_catch(jmp_buf *env)
{
	catcher = env;
}

void oom_release(void)
{
	catcher = NULL;
}

void oom(void)
{
	static const char text[] = "sonde: out of memory\n";

	if (catcher)
		longjmp(*catcher, 1);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(1);
}
