/* seccomp_filter.h - would a filter program end this process for something that the library does? */
#ifndef SONDE_SAMPLER_SECCOMP_FILTER_H
#define SONDE_SAMPLER_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* What the program says to a call, a SECCOMP_RET_ value; SECCOMP_RET_KILL_PROCESS when it is no valid program. */
uint32_t seccomp_verdict(const struct sock_filter *program, unsigned n,
			 const struct seccomp_data *call);

/* The name of the first of the library's calls that the program does not let it make; NULL = it may go on. */
const char *seccomp_forbids(const struct sock_filter *program, unsigned n, bool is_writer);

/* The same for the filters that this process has inherited, which nobody may read: the calls are made, in a child that
 * they may end.  NULL also when there are none. */
const char *seccomp_inherited_forbids(void);

#endif
