/* record.h - what the files of `sonde record` share. */
#ifndef SONDE_CLI_RECORD_H
#define SONDE_CLI_RECORD_H

#include "cli/cli.h"
#include "cli/spool_folder.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { STATUS_OWN_FAILURE = EXIT_FAILED, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

struct record {
	unsigned hz;
	unsigned long long max_bytes; /* of samples in each process; 0 = the library's default */
	const char *out, *engine;     /* engine NULL: the environment's, or auto */
	bool quiet, force, verbose, kernel, no_symbols, no_cache;
	char **command;
	char library[PATH_MAX];
	struct spool_folder folder;
	struct spool_profile *spools;
	int pid;	  /* of the command */
	bool was_sampled; /* it, and not only what it started */
	uint64_t cpu_ns;  /* of it and of all that it waited for, by the kernel's account */
};

/* record_options.c: 0 to go on, else the exit status + 1. */
int record_read_options(struct record *r, int argc, char **argv);

/* record_command.c: the command's wait status; -1 when it could not be started, which has been said. */
int record_run_command(struct record *r);

/* record_result.c */
void record_read_spools(struct record *r);
int record_write_profile(
	struct record *r); /* and tells what is in it; -1 when it cannot be written */
/* A program that was killed while it was loaded leaves an empty profile, not none. */
bool record_died_young(struct record *r, int status);
void record_explain_nothing(const struct record *r); /* there is no profile: why */

#endif
