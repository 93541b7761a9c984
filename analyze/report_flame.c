/* report_flame.c - a flame graph as a page of its own (flame_page/flame_page.js draws it).
 *
 * The page gets the heaviest boxes as columns: a frame, a parent and the weight that ends there.
 * What is left out below a box becomes one box "smaller", so that no weight is lost.  In a
 * comparison each box has what it cost before, too.
 */
#include "analyze/arith.h"
#include "analyze/heavy_tree.h"
#include "analyze/page.h"
#include "analyze/paths.h"
#include "analyze/quantum.h"
#include "analyze/report_stacks.h"

#include <stdlib.h>
#include <string.h>

struct flame {
	struct report *r;
	struct heavy_tree tree;
	double quantum; /* of the values; 0 = not known */
	bool is_comparison;
	bool is_net;		/* of a comparison only what is left of each stack is known */
	VEC(uint32_t) frames;	/* nodes that boxes are about */
	VEC(uint32_t) frame_of; /* by node: its place in frames */
	VEC(uint32_t) smaller;	/* boxes with something left out below */
};

/* ---- collect ---- */

static bool is_base(const struct profile *p, size_t i, str_id key, str_id yes)
{
	for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
		if (p->labels.v[l].key == key && p->labels.v[l].str == yes)
			return true;
	return false;
}

/* Samples of a base come negative: with a label, or as what is left of a subtraction. */
static void build_tree(struct flame *f)
{
	struct profile *p = f->r->profile;
	str_id key = profile_intern(p, "pprof::base"), yes = profile_intern(p, "true");
	struct heavy_cost *cost = ARENA_ARRAY(f->r->arena, struct heavy_cost, p->n_samples + 1);

	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t value = stacks_value(f->r, i);

		if (value >= 0 && !is_base(p, i, key, yes)) {
			cost[i].now = value;
			continue;
		}
		f->is_net |= !is_base(p, i, key, yes);
		cost[i].before = value == INT64_MIN ? INT64_MAX : abs64(value);
		f->is_comparison = true;
	}
	heavy_tree_build(&f->tree, &f->r->nodes, cost, (size_t)f->r->opts.nodecount);
}

static void find_frames(struct flame *f)
{
	VEC_MUST(&f->frame_of, f->r->nodes.info.n + 1);
	memset(f->frame_of.v, 0xff, f->r->nodes.info.n * sizeof(uint32_t));
	for (size_t i = 0; i < f->tree.boxes.n; i++) {
		const struct heavy_box *box = &f->tree.boxes.v[i];

		if (box->n_small)
			*VEC_PUSH(&f->smaller) = (uint32_t)i;
		if (box->node == NODE_NONE || f->frame_of.v[box->node] != NODE_NONE)
			continue;
		f->frame_of.v[box->node] = (uint32_t)f->frames.n;
		*VEC_PUSH(&f->frames) = box->node;
	}
}

/* ---- write ---- */

enum frame_column { NAME, FILE_NAME, BINARY };

static const char *frame_text(struct flame *f, enum frame_column column, uint32_t node)
{
	struct report *r = f->r;
	const struct node_info *info = &r->nodes.info.v[node];

	switch (column) {
	case NAME:
		return stacks_name(r, node);
	case FILE_NAME:
		return profile_str(r->profile, info->file);
	case BINARY:
		return info->objfile ? path_base(r->arena, profile_str(r->profile, info->objfile))
				     : "";
	}
	return "";
}

static void write_texts(struct flame *f, struct json *j, const char *key, enum frame_column column)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < f->frames.n; i++)
		json_text(j, NULL, frame_text(f, column, f->frames.v[i]));
	json_close(j, ']');
	json_line(j);
}

static void write_frames(struct flame *f, struct json *j)
{
	json_open(j, "frames", '{');
	write_texts(f, j, "name", NAME);
	write_texts(f, j, "file", FILE_NAME);
	write_texts(f, j, "binary", BINARY);
	json_open(j, "line", '[');
	for (size_t i = 0; i < f->frames.n; i++)
		json_int(j, NULL, f->r->nodes.info.v[f->frames.v[i]].line);
	json_close(j, ']');
	json_close(j, '}');
	json_line(j);
}

/* One column of the tree: of all boxes but the first, which the page makes itself, and then of the
 * boxes "smaller". */
enum column { FRAME, PARENT, SELF, BEFORE, INLINED, LEFT_OUT };

static int64_t cell(const struct flame *f, enum column column, const struct heavy_box *box)
{
	switch (column) {
	case FRAME:
		return f->frame_of.v[box->node];
	case PARENT:
		return (int64_t)box->parent - 1;
	case SELF:
		return box->self.now;
	case BEFORE:
		return box->self.before;
	case INLINED:
		return box->inlined;
	case LEFT_OUT:
		return 0;
	}
	return 0;
}

static int64_t smaller_cell(const struct flame *f, enum column column, uint32_t i)
{
	const struct heavy_box *box = &f->tree.boxes.v[i];

	switch (column) {
	case FRAME:
		return -1;
	case PARENT:
		return (int64_t)i - 1;
	case SELF:
		return box->small.now;
	case BEFORE:
		return box->small.before;
	case INLINED:
		return 0;
	case LEFT_OUT:
		return box->n_small;
	}
	return 0;
}

static void write_column(struct flame *f, struct json *j, const char *key, enum column column)
{
	json_open(j, key, '[');
	for (size_t i = 1; column != LEFT_OUT && i < f->tree.boxes.n; i++)
		json_int(j, NULL, cell(f, column, &f->tree.boxes.v[i]));
	for (size_t i = 0; column != INLINED && i < f->smaller.n; i++)
		json_int(j, NULL, smaller_cell(f, column, f->smaller.v[i]));
	json_close(j, ']');
	json_line(j);
}

static void write_tree(struct flame *f, struct json *j)
{
	const struct heavy_box *all = &f->tree.boxes.v[0];

	json_open(j, "tree", '{');
	write_column(f, j, "frame", FRAME);
	write_column(f, j, "parent", PARENT);
	write_column(f, j, "self", SELF);
	if (f->is_comparison)
		write_column(f, j, "before", BEFORE);
	write_column(f, j, "inline", INLINED);
	write_column(f, j, "leftOut", LEFT_OUT); /* of the last ones, those without a frame */
	json_int(j, "emptySelf", all->self.now); /* of samples without a stack */
	json_int(j, "emptyBefore", all->self.before);
	json_close(j, '}');
}

/* What the header of the text reports says. */
static void write_header(struct flame *f, struct json *j)
{
	struct header header = { VEC_INIT };

	header_add_profile(&header, f->r);
	header_add_filters(&header, f->r);
	json_open(j, "header", '[');
	for (size_t i = 0; i < header.lines.n; i++)
		json_text(j, NULL, header.lines.v[i]);
	json_close(j, ']');
	header_release(&header);
}

static void write_data(void *ctx, struct json *j)
{
	struct flame *f = ctx;
	struct report *r = f->r;

	json_open(j, NULL, '{');
	json_text(j, "type", r->sample_type);
	json_text(j, "unit", r->sample_unit);
	json_int(j, "total", int64_of((double)r->total * r->ratio));
	json_bool(j, "comparison", f->is_comparison);
	json_bool(j, "net", f->is_net);
	json_real(j, "quantum", f->is_net ? 0 : f->quantum);
	write_header(f, j);
	json_line(j);
	write_frames(f, j);
	write_tree(f, j);
	json_close(j, '}');
}

static const char *title(struct report *r)
{
	const struct profile *p = r->profile;
	const char *file = p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "";

	return arena_printf(r->arena, "%s: %s", *file ? path_base(r->arena, file) : "profile",
			    r->sample_type);
}

int report_flame(struct report *r, struct err *err)
{
	struct flame f = { .r = r };
	char *script = flame_page_script();

	if (!script)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	stacks_make_nodes(r, true);
	f.quantum = quantum_of(r->profile, r->value_index) * r->ratio;
	build_tree(&f);
	find_frames(&f);
	page_write(r->out, flame_page_html, title(r), flame_page_css, script, write_data, &f);
	free(script);
	VEC_RELEASE(&f.frames);
	VEC_RELEASE(&f.frame_of);
	VEC_RELEASE(&f.smaller);
	heavy_tree_release(&f.tree);
	return 0;
}
