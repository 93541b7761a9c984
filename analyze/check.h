/* check.h - one check of a profile in the making: what all check_*.c share.  Private to analyze/.
 *
 * A finding is one answer: fine, worth knowing, or a reason to doubt.
 */
#ifndef SONDE_ANALYZE_CHECK_H
#define SONDE_ANALYZE_CHECK_H

#include "analyze/report.h"

enum verdict { VERDICT_OK, VERDICT_NOTE, VERDICT_WARNING };

struct finding {
	enum verdict verdict;
	const char *about; /* "samples" */
	double value;	   /* the number behind it; NaN = none */
	const char *unit;
	const char *text;
	const char *next; /* a command; NULL = none */
};

struct check {
	struct report r;     /* with a graph of all functions and calls */
	const char *file;    /* name for commands */
	double n_samples;    /* behind the total; NaN = not known */
	bool is_census;	     /* all was counted, nothing sampled */
	bool is_cpu;	     /* the value is CPU time */
	double nameless;     /* percent of the cost in code without a name */
	struct arena *arena; /* of all texts */
	VEC(struct finding) findings;
};

/* Add a finding; the text is in printf's format. */
struct finding *check_add(struct check *c, enum verdict verdict, const char *about, double value,
			  const char *unit, const char *fmt, ...) SONDE_PRINTF(6, 7);

/* The argument that finds exactly this function, quoted for a shell. */
const char *check_pattern(struct check *c, const char *name);

/* part of the total, in percent; 0 when there is nothing. */
double check_percent(const struct check *c, double part);

/* check_trust.c: is it enough and whole?  symbols looks at the profile before names are cut. */
void check_symbols(struct check *c);
void check_samples(struct check *c);
void check_time(struct check *c);
void check_losses(struct check *c);

/* check_shape.c: what does it show? */
void check_values(struct check *c);
void check_spread(struct check *c);
void check_signs(struct check *c);
void check_threads(struct check *c);

/* check_pair.c: can these be compared?  Into the findings of the second. */
void check_pair(const struct check *before, struct check *after);

#endif
