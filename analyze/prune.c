/* prune.c - remove_uninteresting: malloc's own frames, the lock's, the profiler's.
 *
 * Patterns are matched against whole names without their arguments.  A stack is searched from its
 * root; what matches before the first frame that does not is left, so that a program made of
 * nothing else keeps its stacks.
 */
#include "analyze/prune.h"
#include "analyze/edit.h"
#include "analyze/regex.h"
#include "analyze/simple_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cut {
	CUT_NOT,
	CUT_BELOW,
	CUT_HERE
}; /* nothing, the callees (the location is shortened already), all of it */

struct pruner {
	struct regex *drop, *keep; /* keep may be NULL */
	VEC(char) verdicts;	   /* by function name: '?' = not asked yet, else 'y' or 'n' */
	VEC(enum cut) cuts;	   /* by location */
};

static bool is_uninteresting(struct pruner *pr, struct profile *p, str_id name)
{
	char *verdict = &pr->verdicts.v[name];
	str_id simple;

	if (*verdict == '?') {
		simple = simple_name(p, name);
		*verdict =
			regex_match_id(pr->drop, p->strings, simple) &&
					!(pr->keep && regex_match_id(pr->keep, p->strings, simple))
				? 'y'
				: 'n';
	}
	return *verdict == 'y';
}

/* The outermost matching line and what is inlined into it go. */
static enum cut prune_location(struct pruner *pr, struct profile *p, struct location *loc)
{
	for (uint32_t i = loc->n_lines; i-- > 0;) {
		uint32_t function = p->lines.v[loc->first_line + i].function;
		str_id name = function == PROFILE_NONE ? 0 : p->functions.v[function].name;

		if (!name || !is_uninteresting(pr, p, name))
			continue;
		if (i == loc->n_lines - 1)
			return CUT_HERE;
		loc->first_line += i + 1;
		loc->n_lines -= i + 1;
		return CUT_BELOW;
	}
	return CUT_NOT;
}

static bool prune_stack(void *ctx, const struct profile *p, struct row *row)
{
	const struct pruner *pr = ctx;
	bool has_user_frame = false;

	for (size_t i = row->n_stack; i-- > 0;) {
		enum cut cut = pr->cuts.v[row->stack[i]];
		size_t keep_from = cut == CUT_HERE ? i + 1 : i;

		if (cut == CUT_NOT) {
			has_user_frame = true;
		} else if (has_user_frame) {
			row->stack += keep_from;
			row->n_stack -= keep_from;
			break;
		}
	}
	return true;
}

static void prune(struct pruner *pr, struct profile *p)
{
	size_t n_names = strtab_count(p->strings); /* simple names are added behind these */

	VEC_MUST(&pr->verdicts, n_names);
	memset(pr->verdicts.v, '?', n_names);
	VEC_MUST(&pr->cuts, p->locations.n);
	for (size_t i = 0; i < p->locations.n; i++)
		pr->cuts.v[i] = prune_location(pr, p, &p->locations.v[i]);
	profile_edit_rows(p, prune_stack, pr);
	VEC_RELEASE(&pr->verdicts);
	VEC_RELEASE(&pr->cuts);
}

/* The whole name must match. */
static int compile_whole(struct regex **out, const char *pattern, struct err *err)
{
	char *whole;
	int rc;

	if (asprintf(&whole, "^(%s)$", pattern) < 0)
		return err_set(err, SONDE_ENOMEM, "not enough memory for a pattern");
	rc = regex_compile(out, whole, err);
	free(whole);
	if (rc)
		err_prefix(err, "frame pattern '%.200s' of the profile", pattern);
	return rc;
}

int profile_remove_uninteresting(struct profile *p, struct err *err)
{
	struct pruner pr = { .drop = NULL };
	int rc;

	if (!p->drop_frames)
		return 0;
	rc = compile_whole(&pr.drop, profile_str(p, p->drop_frames), err);
	if (!rc && p->keep_frames)
		rc = compile_whole(&pr.keep, profile_str(p, p->keep_frames), err);
	if (!rc)
		prune(&pr, p);
	regex_free(pr.drop);
	regex_free(pr.keep);
	return rc;
}
