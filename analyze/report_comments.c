/* report_comments.c - the comments of the profile, one a line. */
#include "analyze/report.h"

int report_comments(struct report *r, struct err *err)
{
	for (size_t i = 0; i < r->profile->comments.n; i++)
		fprintf(r->out, "%s\n", profile_str(r->profile, r->profile->comments.v[i]));
	return 0;
}
