/* own_writes.c - hold back the signals of writes that fail: SIGXFSZ, where a file would be larger than the host's limit,
 * and SIGPIPE, where nobody reads.  Both end a process that does not expect them, and this one did not ask for a profile.
 *
 * They come to the thread that wrote.  So they are blocked, and one that came is made to be forgotten: the kernel drops
 * what is pending when a signal is set to be ignored.
 */
#include "sampler/own_writes.h"
#include "sampler/session.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static const int held[] = { SIGXFSZ, SIGPIPE };

void own_writes_begin(sigset_t *mask)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigemptyset(mask);
	real_sigmask(SIG_BLOCK, &set, mask);
}

static void forget(int sig)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	if (real_sigaction(sig, &ignore, &before) == 0)
		real_sigaction(sig, &before, NULL);
}

void own_writes_end(const sigset_t *mask, bool have_failed)
{
	for (size_t i = 0; have_failed && i < sizeof(held) / sizeof(held[0]); i++)
		forget(held[i]);
	real_sigmask(SIG_SETMASK, mask, NULL);
}

void own_writes_say(int fd, const char *fmt, ...)
{
	sigset_t mask;
	va_list ap;

	own_writes_begin(&mask);
	va_start(ap, fmt);
	own_writes_end(&mask, vdprintf(fd, fmt, ap) < 0);
	va_end(ap);
}
