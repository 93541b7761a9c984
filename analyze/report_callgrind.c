/* report_callgrind.c - the whole graph in the format of Valgrind's callgrind, for KCachegrind and
 * its kin.
 *
 * Names are written once and then referred to by number; an address is written relative to that of
 * the node before where this is shorter.
 */
#include "analyze/arith.h"
#include "analyze/callgrind_names.h"
#include "analyze/measure.h"

#include <inttypes.h>
#include <string.h>

struct callgrind {
	struct report *r;
	struct name_numbers objects, files, functions;
	const str_id *distinct;		/* names of callees */
	const struct node_info *before; /* the node before; NULL = none */
};

/* Only whole numbers exist in the format. */
static int64_t whole(struct report *r, int64_t value)
{
	return int64_of(measure_scale(value, r->sample_unit, r->output_unit).value);
}

static const char *address_text(struct callgrind *c, uint64_t address)
{
	struct arena *a = c->r->scratch;
	const char *absolute = arena_printf(a, "0x%" PRIx64, address), *relative;

	if (!c->before)
		return absolute;
	if (c->before->address == address)
		return "*";
	relative = arena_printf(a, "%+" PRId64, (int64_t)(address - c->before->address));
	return strlen(relative) < strlen(absolute) ? relative : absolute;
}

static void print_place(struct callgrind *c, const struct node_info *info)
{
	struct report *r = c->r;
	const struct node_info *before = c->before;

	if (before && before->objfile == info->objfile && before->file == info->file &&
	    before->name == info->name)
		return;
	fprintf(r->out, "\nob=%s\n", name_numbers_use(&c->objects, r, info->objfile));
	fprintf(r->out, "fl=%s\n", name_numbers_use(&c->files, r, info->file));
	fprintf(r->out, "fn=%s\n", name_numbers_use(&c->functions, r, info->name));
}

/* How often a function was called is not known: 0. */
static void print_call(struct callgrind *c, const struct edge *e)
{
	struct report *r = c->r;
	const struct node_info *callee = &r->nodes.info.v[e->dest];

	fprintf(r->out, "cfl=%s\n", name_numbers_use(&c->files, r, callee->file));
	fprintf(r->out, "cfn=%s\n", name_numbers_use(&c->functions, r, c->distinct[e->dest]));
	fprintf(r->out, "calls=0 %s %" PRId64 "\n", address_text(c, callee->address), callee->line);
	fprintf(r->out, "* * %" PRId64 "\n", whole(r, e->weight));
}

static void print_node(struct callgrind *c, uint32_t node)
{
	struct report *r = c->r;
	const struct graph *g = &r->graph;
	const struct node_info *info = &r->nodes.info.v[node];

	print_place(c, info);
	fprintf(r->out, "%s %" PRId64 " %" PRId64 "\n", address_text(c, info->address), info->line,
		whole(r, graph_flat(g, node)));
	for (uint32_t i = g->out_at.v[node]; i < g->out_at.v[node + 1]; i++)
		print_call(c, &g->edges.v[g->out.v[i]]);
	c->before = info;
}

int report_callgrind(struct report *r, struct err *err)
{
	struct callgrind c = { .r = r };

	report_trim_graph(r, GRAPH_EDGES_ALL);
	report_choose_unit(r);
	c.distinct = callgrind_distinct_names(r);
	fprintf(r->out, "positions: instr line\nevents: %s(%s)\n", r->sample_type, r->output_unit);
	for (size_t i = 0; i < r->graph.order.n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_node(&c, r->graph.order.v[i]);
		arena_rewind(r->scratch, mark);
	}
	name_numbers_release(&c.objects);
	name_numbers_release(&c.files);
	name_numbers_release(&c.functions);
	return 0;
}
