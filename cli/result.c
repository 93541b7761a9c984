/* result.c - where results go: a file that appears whole or not at all, or stdout, with every write
 * checked. */
#include "base/outfile.h"
#include "cli/read_opts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_FREE_TRIES = 1000 };

/* Of a size without a buffer setvbuf() takes no notice. */
static void use_large_buffer(FILE *out)
{
	static char buffers[2][1 << 17];

	setvbuf(out, buffers[out == stdout], _IOFBF, sizeof(buffers[0]));
}

/* Flush and check; what was lost before is found here, too. */
static int finish(FILE *out, const char *name, int rc, struct err *err)
{
	if (!rc && (fflush(out) || ferror(out)))
		rc = err_set(err, SONDE_EIO, "cannot write '%s': %s", name, strerror(errno));
	return rc;
}

static int print_to_fd(int fd, const char *path, print_fn print, void *ctx, struct err *err)
{
	int copy = dup(fd), rc;
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!out)
		return err_set(err, SONDE_EIO, "cannot write '%s': %s", path, strerror(errno));
	use_large_buffer(out);
	rc = finish(out, path, print(ctx, out, err), err);
	fclose(out);
	return rc;
}

/* Whoever ends the program while it writes a file finds nothing of it. */
static void give_up(int sig)
{
	outfile_abort_unfinished();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void give_up_when_ended(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct sigaction new = { .sa_handler = give_up, .sa_flags = SA_RESTART }, old;

		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(ends[i], &new, NULL);
	}
}

static int print_to_file(const char *path, print_fn print, void *ctx, struct err *err)
{
	struct outfile file;
	int rc = outfile_open(&file, path, err);

	if (rc)
		return rc;
	give_up_when_ended();
	rc = print_to_fd(file.fd, path, print, ctx, err);
	if (rc) {
		outfile_abort(&file);
		return rc;
	}
	rc = outfile_commit(&file, err);
	if (!rc)
		fprintf(stderr, "Generating report in %s\n", path);
	return rc;
}

static int print_to_free_name(const char *extension, print_fn print, void *ctx, struct err *err)
{
	char path[64];

	for (int i = 1; i < FIRST_FREE_TRIES; i++) {
		snprintf(path, sizeof(path), "profile%03d.%s", i, extension);
		if (access(path, F_OK))
			return print_to_file(path, print, ctx, err);
	}
	return err_set(err, SONDE_EIO, "no free name profileNNN.%s in this folder", extension);
}

int read_opts_output(const struct read_opts *o, const char *extension, print_fn print, void *ctx,
		     struct err *err)
{
	if (*o->output)
		return print_to_file(o->output, print, ctx, err);
	if (extension && (o->in_files || isatty(STDOUT_FILENO)))
		return print_to_free_name(extension, print, ctx, err);
	use_large_buffer(stdout);
	return finish(stdout, "standard output", print(ctx, stdout, err), err);
}
