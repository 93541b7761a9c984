/* merge_files.c - many files into one profile, with one of them in memory at a time. */
#include "analyze/analyze.h"
#include "analyze/merge.h"
#include "analyze/text.h"
#include "writer/writer.h"

#include <stdio.h>

static int add_file(struct merger *m, const char *path, bool is_first, struct text *united,
		    struct err *err)
{
	struct profile *p;
	int rc = profile_read_file(&p, path, err);

	if (rc)
		return rc;
	if (!is_first)
		profile_unite_types(merger_profile(m), p, path, united);
	merger_add(m, p);
	profile_free(p);
	return 0;
}

int analyze_merge(struct profile **out, const struct profile *first, const char *const *files,
		  size_t n, struct merge_stats *stats, struct err *err)
{
	struct merger *m = merger_new();
	struct text united = { VEC_INIT };
	int rc = first || n ? 0 : err_set(err, SONDE_EUSAGE, "no profiles to merge");

	if (first)
		merger_add(m, first);
	for (size_t i = 0; i < n && !rc; i++)
		rc = add_file(m, files[i], !first && i == 0, &united, err);
	if (rc) {
		merger_free(m);
	} else {
		*out = merger_take(m);
		stats->n_samples = (*out)->n_samples;
		snprintf(stats->united, sizeof(stats->united), "%.*s", (int)united.v.n,
			 united.v.n ? united.v.v : "");
	}
	text_release(&united);
	return rc;
}
