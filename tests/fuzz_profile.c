/* fuzz_profile.c - proto_decode(), gzip_unpack(), profile_check_valid(), profile_write_fd(): what
 * is read is valid, and what is written of it is read back. */
#include "writer/writer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read_back(const struct profile *p, int fd)
{
	struct profile *back;
	off_t n;
	void *bytes;

	if (profile_write_fd(p, fd, "memory", NULL))
		abort();
	n = lseek(fd, 0, SEEK_END);
	bytes = mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		abort();
	if (profile_decode_mem(&back, bytes, (size_t)n, NULL))
		abort();
	if (back->n_samples != p->n_samples || back->stack.n != p->stack.n ||
	    back->labels.n > p->labels.n)
		abort();
	profile_free(back);
	munmap(bytes, (size_t)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile *p;
	struct err err;
	int fd;

	if (profile_decode_mem(&p, data, size, &err))
		return 0;
	if (profile_check_valid(p, &err))
		abort();
	(void)!profile_check_rules(p, &err);
	fd = memfd_create("fuzz", 0);
	write_and_read_back(p, fd);
	close(fd);
	profile_free(p);
	return 0;
}
