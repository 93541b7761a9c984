/* own_memory.c - read what may vanish, and let go of what may be read. */
#include "sampler/own_memory.h"
#include "sampler/threads.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_RETIRED = 64 };

static struct {
	void *p;
	size_t bytes;
} retired[MAX_RETIRED];
static unsigned n_retired;

/* process_vm_readv answers EFAULT instead of a fault. */
bool own_memory_copy(void *to, uintptr_t from, size_t n, bool is_permanent)
{
	struct iovec local = { to, n }, remote = { (void *)from, n };
	ssize_t got;

	if (!is_permanent) {
		got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
		if (got >= 0 || (errno != ENOSYS && errno != EPERM))
			return got == (ssize_t)n;
		/* A container's filter: trust the mapping. */
	}
	memcpy(to, (const void *)from, n);
	return true;
}

void own_memory_retire(const void *p, size_t bytes)
{
	own_memory_free_retired();
	if (!p || n_retired == MAX_RETIRED)
		return; /* some handler is always at work: the piece stays */
	retired[n_retired].p = (void *)p;
	retired[n_retired++].bytes = bytes;
}

void own_memory_free_retired(void)
{
	if (!n_retired || !threads_quiet())
		return;
	while (n_retired) {
		n_retired--;
		munmap(retired[n_retired].p, retired[n_retired].bytes);
	}
}
