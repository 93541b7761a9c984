/* merge.h - several profiles as one.
 *
 * Everything is matched as pprof matches it: mappings by size, offset and build id (or file), so
 * that the same binary loaded elsewhere is the same; locations by their place in the mapping and
 * their lines; functions by name, file and first line; samples by stack and labels.  Order is that
 * of first appearance, ids are new, and what no sample refers to is left out.
 */
#ifndef SONDE_ANALYZE_MERGE_H
#define SONDE_ANALYZE_MERGE_H

#include "base/err.h"
#include "base/profile.h"

/* Sum up profiles of the same sample types and period type.  The inputs are only read.  Of the
 * headers: the earliest time, the sum of durations, the longest period, all comments, the frame
 * patterns of the first. */
SONDE_MUST int profile_merge(struct profile **out, struct profile *const *in, size_t n,
			     struct err *err);

/* The same one by one: what was added may be freed.  Sample types and period type must be those of
 * merger_profile() when it was not the first. */
struct merger;
struct merger *merger_new(void);
void merger_add(struct merger *m, const struct profile *p);
struct profile *merger_profile(struct merger *m); /* what there is so far: still the merger's */
struct profile *merger_take(struct merger *m);	  /* the result; frees m */
void merger_free(struct merger *m);		  /* NULL is fine */

/* ---- the steps before it (combine.c) ---- */

/* Keep only the sample types that all have, in the order of the first. */
SONDE_MUST int profile_compatibilize(struct profile **ps, size_t n, struct err *err);

/* Make like sample types have like units, the finest that any of them has. */
SONDE_MUST int profile_unify_units(struct profile **ps, size_t n, struct err *err);

/* All steps together.  Takes the inputs, also when it fails; a single one comes out as it is. */
SONDE_MUST int profile_combine(struct profile **out, struct profile **ps, size_t n,
			       struct err *err);

/* What *p has more than base.  Takes base, replaces *p (and takes it when it fails). */
struct subtract_opts {
	bool diff_base; /* label the samples of the base, so that reports know its total:
			   pprof::base=true */
	bool normalize; /* scale *p to the total of base first */
};
SONDE_MUST int profile_subtract(struct profile **p, struct profile *base, struct subtract_opts opts,
				struct err *err);

/* Give both profiles the sample types of both: those of a, then what b adds; where a profile has no
 * such type its samples get 0.  Like types get the finer unit.  b gets the period type of a.  What
 * was different is appended to `said`, as "'b.pb.gz' adds x/y, lacks z/w"; name is b's. */
struct text;
void profile_unite_types(struct profile *a, struct profile *b, const char *name, struct text *said);

/* ---- values (scale.c) ---- */

/* Multiply all values; samples that are left with zeros only are dropped. */
void profile_scale(struct profile *p, double ratio);
/* One ratio for each sample type.  Only the columns whose ratio is not 1 say whether a sample is
 * left. */
void profile_scale_types(struct profile *p, const double *ratios);
/* Scale each sample type to the total that base has of it. */
SONDE_MUST int profile_normalize(struct profile *p, const struct profile *base, struct err *err);

/* Can they be merged?  Same sample types and period type. */
SONDE_MUST int profile_check_compatible(const struct profile *a, const struct profile *b,
					struct err *err);

#endif
