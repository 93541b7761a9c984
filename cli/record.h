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
	double delay_s, duration_s; /* 0 = none */
	uint64_t started_ns;	    /* on CLOCK_MONOTONIC */
	int failed;	  /* errno value: why the command could not be executed; 0 = it was */
	int pid;	  /* of the command */
	bool was_sampled; /* it, and not only what it started */
	bool ended_in_delay;
	uint64_t
		cpu_ns; /* of it and of all that it waited for, by the kernel's account; 0 = not known, or not asked for all of it */
};

/* record_options.c: 0 to go on, else the exit status + 1. */
int record_read_options(struct record *r, int argc, char **argv);

/* record_command.c: 0; -1 when nothing could be started, which has been said.  A command that cannot be executed ends
 * with STATUS_NOT_FOUND or STATUS_NOT_EXECUTABLE, which has been said too. */
SONDE_MUST int record_start_command(struct record *r);
/* Wait for its end, or for that of the time to sample, whichever comes first: true when it has ended, with its wait
 * status. */
SONDE_MUST bool record_wait_for_samples(struct record *r, int *status);
int record_wait_for_end(struct record *r); /* the command's wait status */

/* When sampling begins and ends, on CLOCK_MONOTONIC; 0 = with the command. */
uint64_t record_from_ns(const struct record *r);
uint64_t record_until_ns(const struct record *r);

/* record_result.c */
void record_wait_for_spools(
	const struct record *r); /* until no process adds to one, or does not get to say so */
void record_read_spools(struct record *r);
int record_write_profile(
	struct record *r); /* and tells what is in it; -1 when it cannot be written */
/* A program that was killed while it was loaded leaves an empty profile, not none. */
bool record_died_young(struct record *r, int status);
void record_explain_nothing(const struct record *r); /* there is no profile: why */

#endif
