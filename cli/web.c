/* web.c - sonde web PROFILE, and sonde -http=HOST:PORT PROFILE. */
#include "cli/web.h"
#include "analyze/web.h"
#include "cli/cli.h"
#include "cli/memory_limit.h"
#include "cli/picture.h"
#include "writer/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char **environ;

/* A browser is opened where there is a person who could see it. */
static void open_browser(const char *url)
{
	char *argv[] = { (char *)"xdg-open", (char *)url, NULL };
	posix_spawn_file_actions_t quiet;
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t pid;

	if (!isatty(STDERR_FILENO) || (!getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY")))
		return;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	if (posix_spawnp(&pid, argv[0], &quiet, &attr, argv, environ))
		fprintf(stderr, "No browser could be opened; the page is at %s\n", url);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&quiet);
}

static int draw(FILE *out, const char *dot, size_t n, struct err *err)
{
	return picture_put(out, dot, n, "svg", false, err);
}

/* SIGINT and SIGTERM end the server; they are blocked, so that its threads do not get them. */
static void block_end_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void end(void)
{
	kill(getpid(), SIGTERM);
}

static int serve(const struct web_opts *o, bool no_browser, struct err *err)
{
	const struct read_opts *opts = o->ctx;
	const struct load_opts *load = &o->load;
	struct web *web = NULL;
	sigset_t ends;
	int sig, rc = memory_limit_allow(opts->max_memory, load->sources, load->n_sources, err);

	if (!rc)
		rc = memory_limit_allow(opts->max_memory, load->bases, load->n_bases, err);
	if (rc)
		return rc;
	block_end_signals(&ends);
	rc = web_open(&web, o, &stderr_notes, err);
	if (!rc) {
		fprintf(stderr, "Serving web UI on %s\n", web_url(web));
		if (!no_browser)
			open_browser(web_url(web));
		sigwait(&ends, &sig);
		rc = web_failed(web, err);
	}
	web_close(web);
	return rc;
}

/* A profile that the page sends may have as much memory as one that the command line names. */
static int allow(const void *ctx, const char *path, struct err *err)
{
	const struct read_opts *opts = ctx;

	return memory_limit_allow(opts->max_memory, &path, 1, err);
}

static struct web_opts web_opts_of(const struct read_opts *opts, const char *address,
				   const char *const *sources, size_t n)
{
	return (struct web_opts){ .address = address,
				  .load = read_opts_load_opts(opts, sources, n),
				  .report = opts->report,
				  .draw = draw,
				  .seconds = (unsigned)opts->answer_seconds,
				  .failed = end,
				  .allow = allow,
				  .ctx = opts };
}

int web_serve(const struct read_opts *opts, const char *address, const string_list *sources,
	      struct err *err)
{
	const struct web_opts o = web_opts_of(opts, address, sources->v, sources->n);

	if (sources->n == 0)
		return err_set(err, SONDE_EUSAGE, "no profile source specified");
	return serve(&o, opts->no_browser, err);
}

/* The server reads it from a file in memory. */
int web_serve_loaded(const struct read_opts *opts, const char *address, const struct profile *p,
		     const char *name, struct err *err)
{
	int fd = memfd_create("profile", MFD_CLOEXEC), rc;
	char path[64];
	const char *source = path;
	struct web_opts o = web_opts_of(opts, address, &source, 1);

	if (fd < 0)
		return err_set(err, SONDE_EIO, "memfd_create: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o.name = name;
	o.load.symbolize = "none";
	rc = profile_write_fd(p, fd, "the profile", err);
	if (!rc)
		rc = serve(&o, opts->no_browser, err);
	close(fd);
	return rc;
}

static int print_help(void)
{
	puts("usage: sonde web [options] [<binary>] <profile>...\n\n"
	     "Serves a page with the profile at localhost, until Ctrl-C ends it.");
	read_opts_print(READ_WEB);
	puts("\nexamples:\n  sonde web cpu.pb.gz\n"
	     "  sonde web --http=localhost:8080 --diff-base=before.pb.gz after.pb.gz");
	return EXIT_OK;
}

static int web(void *ctx, struct read_opts *opts, string_list *operands, struct err *err)
{
	return web_serve(opts, *opts->http ? opts->http : "localhost:0", operands, err);
}

int cmd_web(int argc, char **argv)
{
	return wants_help(argc, argv) ? print_help()
				      : read_command(READ_WEB, argc, argv, web, NULL);
}
