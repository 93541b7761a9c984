/* report_comments.c - the comments of the profile, one a line. */
#include "analyze/table.h"

static void write_table(struct report *r)
{
	static const char *const columns[] = { "comment" };
	struct table t;

	table_begin(&t, r->out, r->opts.format, "comments");
	table_profile(&t, "profile", r);
	table_rows(&t, columns, 1);
	for (size_t i = 0; i < r->profile->comments.n; i++) {
		table_row(&t);
		table_text(&t, profile_str(r->profile, r->profile->comments.v[i]));
	}
	table_end(&t);
}

int report_comments(struct report *r, struct err *err)
{
	if (r->opts.format != FORMAT_TEXT) {
		write_table(r);
		return 0;
	}
	for (size_t i = 0; i < r->profile->comments.n; i++)
		fprintf(r->out, "%s\n", profile_str(r->profile, r->profile->comments.v[i]));
	return 0;
}
