/* web_view.c - filter a copy of the profile, make its tree, and keep only what answers need. */
#include "analyze/web_view.h"
#include "analyze/paths.h"
#include "analyze/quantum.h"
#include "base/progress.h"

#include <stdlib.h>
#include <string.h>

/* As nodes.c has the names of files. */
static str_id clean(struct web_view *v, str_id file)
{
	const char *raw = profile_str(v->profile, file), *path = path_clean(v->report.arena, raw);

	return path == raw ? file : profile_intern(v->profile, path);
}

/* The file and the binary of each function, which the granularity forgets: those of the first
 * location that has the function.  Strings have the same numbers in the copy. */
static void find_places(struct web_view *v, const struct profile *master)
{
	const struct nodes *nodes = &v->report.nodes;
	size_t n = strtab_count(v->profile->strings);
	str_id *file = ARENA_ARRAY(v->report.arena, str_id, n),
	       *module = ARENA_ARRAY(v->report.arena, str_id, n);

	for (size_t i = 0; i < master->locations.n; i++) {
		const struct location *l = &master->locations.v[i];

		for (uint32_t k = 0; k < l->n_lines; k++) {
			uint32_t f = master->lines.v[l->first_line + k].function;
			str_id name = f == PROFILE_NONE ? 0 : master->functions.v[f].name;

			if (!file[name] && f != PROFILE_NONE)
				file[name] = master->functions.v[f].filename;
			if (!module[name] && l->mapping != PROFILE_NONE)
				module[name] = master->mappings.v[l->mapping].file;
		}
	}
	v->file = ARENA_ARRAY(v->report.arena, str_id, nodes->info.n);
	v->module = ARENA_ARRAY(v->report.arena, str_id, nodes->info.n);
	for (size_t i = 0; i < nodes->info.n; i++) {
		const struct node_info *info = &nodes->info.v[i];

		v->file[i] = info->file			      ? info->file
			     : info->name && file[info->name] ? clean(v, file[info->name])
							      : 0;
		v->module[i] = info->name ? module[info->name] : info->objfile;
	}
}

struct collected {
	FILE *out;
};

static void collect_note(void *ctx, const char *text)
{
	struct collected *c = ctx;

	fprintf(c->out, "%s\n", text);
}

/* Everything is counted in the tree now. */
static void drop_samples(struct profile *p)
{
	VEC_RELEASE(&p->values);
	VEC_RELEASE(&p->stack);
	VEC_RELEASE(&p->stack_at);
	VEC_RELEASE(&p->labels);
	VEC_RELEASE(&p->label_at);
	p->n_samples = 0;
}

static void build(struct web_view *v, const struct profile *master, const struct web_query *q)
{
	struct flame_tree_opts opts = { .value_index = v->report.value_index,
					.inverted = web_query_flag(q, "inv"),
					.recursion = web_query_flag(q, "rec"),
					.by_base = v->compared };

	progress_begin("adding up calls", 0);
	report_make_nodes(&v->report);
	flame_tree_build(&v->tree, &v->report.nodes, &opts);
	v->quantum = quantum_of(v->profile, v->report.value_index);
	find_places(v, master);
	drop_samples(v->profile);
}

int web_view_new(struct web_view **out, const struct profile *master,
		 const struct report_opts *opts, const struct web_query *q, bool compared,
		 struct err *err)
{
	struct report_opts o = *opts;
	struct collected collected;
	struct notes notes = { collect_note, &collected };
	struct web_view *v;
	size_t n;
	int rc = web_query_options(q, &o, err);

	*out = NULL;
	if (rc)
		return rc;
	v = calloc(1, sizeof(*v));
	if (!v)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	collected.out = open_memstream(&v->notes, &n);
	v->key = strdup(web_query_key(q));
	if (!collected.out || !v->key) {
		free(v->key);
		free(v);
		return err_set(err, SONDE_ENOMEM, "out of memory");
	}
	v->compared = compared;
	progress_begin("filtering", 0);
	v->profile = profile_copy(master);
	rc = report_open(&v->report, v->profile, REPORT_TRACES, NULL, &o, stderr, &notes, err);
	fclose(collected.out);
	if (!rc)
		build(v, master, q);
	if (rc)
		web_view_free(v);
	*out = rc ? NULL : v;
	return rc;
}

void web_view_free(struct web_view *v)
{
	if (!v)
		return;
	flame_tree_release(&v->tree);
	report_close(&v->report);
	profile_free(v->profile);
	free(v->notes);
	free(v->key);
	free(v);
}

const char *web_view_name(struct web_view *v, uint32_t frame)
{
	const struct node_info *info = &v->report.nodes.info.v[frame];

	if (info->name && !info->line && !info->address)
		return profile_str(v->profile, info->name);
	return node_name(&v->report.nodes, frame)->s;
}
