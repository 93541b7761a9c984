/* recover.c - sonde recover: turn the spool of a process that was killed into a profile. */
#include "cli/cli.h"
#include "sampler/sampler.h"
#include "symbolize/symbolize.h"
#include "writer/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int print_help(void)
{
	puts("usage: sonde recover <spool> [<file>]\n\n"
	     "Writes the profile that is in a spool, the file that a preloaded libsonde.so "
	     "keeps beside SONDE_OUT\n"
	     "while the process runs, and removes the spool.  Needed only where the process was "
	     "killed.\n"
	     "The profile gets the name that SONDE_OUT said, unless another is given.\n\n"
	     "example:\n  sonde recover out.pb.gz.spool");
	return EXIT_OK;
}

static int write_recovered(const char *spool, const char *out, struct err *err)
{
	struct spool_profile *sp = spool_profile_new();
	int rc = spool_profile_add_file(sp, spool, err);

	if (rc == 0)
		rc = symbolize_profile(spool_profile_finish(sp), NULL, NULL, err);
	if (rc == 0)
		rc = profile_write_file(spool_profile_finish(sp), out, err);
	if (rc == 0)
		fprintf(stderr, "sonde: %llu samples in %s; next: sonde top %s\n",
			(unsigned long long)spool_profile_stats(sp)->weight, out, out);
	spool_profile_free(sp);
	return rc;
}

int cmd_recover(int argc, char **argv)
{
	struct spool_info info;
	const char *out;
	struct err err;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return print_help();
	if (argc < 2 || argc > 3 || argv[1][0] == '-') {
		complain("recover wants a spool: sonde recover <spool> [<file>]");
		return EXIT_USAGE;
	}
	if (spool_info_read(&info, argv[1], &err)) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	out = argc == 3 ? argv[2] : info.out;
	if (!out[0]) {
		complain("spool '%s' does not say where its profile is wanted: name a file",
			 argv[1]);
		return EXIT_USAGE;
	}
	if (!info.finished && still_runs(&info, argv[1])) {
		complain("process %d is still writing to '%s'", info.pid, argv[1]);
		return EXIT_FAILED;
	}
	if (argc == 2 && access(out, F_OK) == 0) {
		complain("'%s' exists: name another file", out);
		return EXIT_FAILED;
	}
	if (write_recovered(argv[1], out, &err)) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	unlink(argv[1]);
	return EXIT_OK;
}
