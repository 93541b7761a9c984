/* sampler.h - the door of sampler/ for the tool: spools read back as profiles.
 *
 * (The door for applications is sonde.h.)  Not async-signal-safe, not thread-safe.  Nothing here calls malloc, so that
 * the library can write its own profile from inside a target.
 */
#ifndef SONDE_SAMPLER_H
#define SONDE_SAMPLER_H

#include "base/err.h"
#include "base/profile.h"

struct spool_header;
struct spool_reserve;

/* Several spools, one for each process image, become one profile. */
struct spool_profile;

struct spool_stats { /* sums over all spools added */
	uint64_t samples, weight, lost, lost_weight, cpu_ns, threads, refused;
	uint64_t ends[4]; /* by enum stack_end of spool.h */
	uint64_t by_timer;   /* threads that had a timer, not a perf event */
	uint64_t longest_ns; /* between two looks at a running thread, in any image */
	unsigned n_images, n_images_with_samples;
};

struct spool_profile *spool_profile_new(void);
void spool_profile_free(struct spool_profile *sp); /* with its profile; NULL is fine */

/* What holds where no spool is added that says so. */
void spool_profile_expect(struct spool_profile *sp, uint64_t period_ns, uint64_t start_realtime_ns);

/* Samples get a label `pid` once this has been called: where there are several processes. */
void spool_profile_label_pids(struct spool_profile *sp);

SONDE_MUST int spool_profile_add_file(struct spool_profile *sp, const char *path, struct err *err);
SONDE_MUST int spool_profile_add_mem(struct spool_profile *sp, const void *file, size_t bytes,
				     const char *name,
				     struct err *err); /* file is aligned to a page */
/* The spool of this very process, header, segments and reserve (NULL: none) where they are mapped. */
SONDE_MUST int spool_profile_add_live(struct spool_profile *sp, const struct spool_header *h,
				      const void *const *segments, const struct spool_reserve *reserve,
				      struct err *err);

/* The profile, complete with comments; owned by sp. */
struct profile *spool_profile_finish(struct spool_profile *sp);
const struct spool_stats *spool_profile_stats(const struct spool_profile *sp);
/* What made the samples come in the first image, and why it was no better engine ("": nothing to say). */
const char *spool_profile_engine(const struct spool_profile *sp);
const char *spool_profile_engine_note(const struct spool_profile *sp);

/* Memory for the samples of one process. */
#define SONDE_LEAST_MEMORY ((uint64_t)256 << 10)
#define SONDE_MOST_MEMORY  ((uint64_t)64 << 30)

/* What a spool says of itself, without reading its samples.  SONDE_ENOTFOUND when its process died before it could
 * begin. */
struct spool_info {
	int pid, parent;
	uint64_t pid_namespace; /* in which that is its number: an inode; 0 = not known */
	uint64_t weight, start_realtime_ns;
	uint64_t start_cpu_ns, exec_cpu_ns; /* of the process: from when on it counts, and when it executed another program */
	bool finished; /* nothing is added to it: sampling is over, or has not begun */
	unsigned n_guests; /* children whose samples are in the same file, for want of a place */
	char program[256], out[1024];
};
SONDE_MUST int spool_info_read(struct spool_info *info, const char *path, struct err *err);

#endif
