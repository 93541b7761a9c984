/* fuzz_report.c - analyze_report(), analyze_diff(), analyze_check() on whatever profile_decode_mem() lets through.
 *
 * The first byte chooses the report, the second the options; the rest is the profile.
 */
#include "analyze/analyze.h"
#include "writer/writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void choose_options(struct report_opts *o, unsigned bits)
{
	report_opts_init(o);
	o->granularity = (enum granularity)(bits % 6);
	o->sort = bits & 8 ? SORT_CUM : SORT_FLAT;
	o->mean = bits & 16;
	o->trim = !(bits & 32);
	o->nodecount = bits & 64 ? 3 : -1;
	if (bits & 1)
		o->focus = "a|e";
	if (bits & 2)
		o->tagroot = "thread,bytes";
	if (bits & 4)
		o->show_from = "main";
	if (bits & 128)
		o->tagfocus = "1kb:";
	o->noinlines = bits & 1;
	o->call_tree = bits & 2;
	o->source_path = "/nonexistent";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { DIFF = REPORT_COMMENTS + 1, CHECK, N_KINDS };
	struct profile *p = NULL, *q = NULL;
	struct report_opts o;
	char *text = NULL;
	size_t n;
	FILE *out;
	unsigned kind;

	if (size < 2 || profile_decode_mem(&p, data + 2, size - 2, NULL))
		return 0;
	out = open_memstream(&text, &n);
	kind = data[0] % N_KINDS;
	choose_options(&o, data[1]);
	o.format = (enum report_format)(data[0] / N_KINDS % 3);
	if (profile_check_valid(p, NULL) == 0 && kind == DIFF) {
		const struct diff_opts diff = { .normalize = data[1] & 1, .fail_above = 5 };
		size_t n_above;
		int rc;

		q = profile_copy(p);
		rc = analyze_diff(p, q, &diff, &o, out, &n_above, NULL, NULL);
		(void)rc;
	} else if (profile_check_valid(p, NULL) == 0 && kind == CHECK) {
		int rc;

		if (data[1] & 1)
			q = profile_copy(p);
		rc = analyze_check(p, q, (const char *const[2]){ "a", "b" }, &o, out, NULL, NULL);
		(void)rc;
	} else if (profile_check_valid(p, NULL) == 0) {
		bool has_pattern = kind == REPORT_PEEK || kind == REPORT_LIST ||
				   kind == REPORT_DISASM || kind == REPORT_WEBLIST;
		int rc = analyze_report(p, (enum report_kind)kind, has_pattern ? "." : NULL, &o,
					out, NULL, NULL);

		(void)rc;
	}
	profile_free(p);
	profile_free(q);
	fclose(out);
	free(text);
	return 0;
}
