/* picture.c - have Graphviz draw.
 *
 * Input and output of the child are files in memory: no pipe can fill up on one side while the other
 * waits.
 */
#include "cli/picture.h"
#include "analyze/svg.h"
#include "base/outfile.h"
#include "cli/child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int memory_file(int *fd, const char *name, struct err *err)
{
	*fd = memfd_create(name, MFD_CLOEXEC);
	return *fd < 0 ? err_set(err, SONDE_EIO, "memfd_create: %s", strerror(errno)) : 0;
}

static int run_dot(int in, int out, const char *format, struct err *err)
{
	char option[16];
	const char *const argv[] = { "dot", option, NULL };
	pid_t pid;
	int rc;

	snprintf(option, sizeof(option), "-T%s", format);
	rc = child_start(&pid, argv, in, out, err);
	if (!rc)
		rc = child_wait(pid, err);
	if (rc)
		err_prefix(err, "failed to execute dot. Is Graphviz installed? Error");
	return rc;
}

static int copy_result(FILE *out, int fd, bool is_pannable, struct err *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
	int rc = 0;

	if (!bytes)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	if (pread(fd, bytes, (size_t)size, 0) != size) {
		rc = err_set(err, SONDE_EIO, "cannot read what dot wrote");
	} else if (is_pannable) {
		bytes[size] = 0;
		svg_put_pannable(out, bytes);
	} else {
		fwrite(bytes, 1, (size_t)size, out);
	}
	free(bytes);
	return rc;
}

int picture_put(FILE *out, const char *dot, size_t n, const char *format, bool is_pannable,
		struct err *err)
{
	int text = -1, picture = -1, rc = memory_file(&text, "dot", err);

	if (!rc)
		rc = memory_file(&picture, "picture", err);
	if (!rc)
		rc = write_all(text, dot, n, "the graph", err);
	if (!rc && lseek(text, 0, SEEK_SET) < 0)
		rc = err_set(err, SONDE_EIO, "lseek: %s", strerror(errno));
	if (!rc)
		rc = run_dot(text, picture, format, err);
	if (!rc)
		rc = copy_result(out, picture, is_pannable, err);
	if (text >= 0)
		close(text);
	if (picture >= 0)
		close(picture);
	return rc;
}
