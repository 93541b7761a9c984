/* oom.c - end the tool, or jump out of the library, when memory runs out. */
#include "base/oom.h"
#include "base/outfile.h"

#include <string.h>
#include <unistd.h>

static jmp_buf *catcher;
static const char *sentence = "sonde: out of memory\n";

void oom_catch(jmp_buf *env)
{
	catcher = env;
}

void oom_release(void)
{
	catcher = NULL;
}

void oom_set_sentence(const char *text)
{
	sentence = text;
}

void oom(void)
{
	outfile_abort_unfinished();
	if (catcher)
		longjmp(*catcher, 1);
	if (write(STDERR_FILENO, sentence, strlen(sentence)) < 0)
		_exit(1);
	_exit(1);
}
