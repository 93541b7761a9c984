/* web_flame.c - parts of a call tree as JSON columns, no finer than a screen can show. */
#include "analyze/arith.h"
#include "analyze/json.h"
#include "analyze/regex.h"
#include "analyze/web_answers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 200000, DEFAULT_WIDTH = 1500 };

struct picked {
	uint32_t node;
	int32_t frame; /* index into used */
	uint32_t depth, hidden;
};

struct picking {
	const struct flame_tree *tree;
	double least; /* lighter nodes are left out */
	uint32_t max_depth;
	VEC(struct picked) nodes;
	VEC(uint32_t) used;   /* frames, in the order of their first use */
	VEC(int32_t) used_at; /* by frame: index into used, -1 = not yet */
};

static double weight(const struct flame_node *n)
{
	return fabs((double)n->w.value) + fabs((double)n->w.old);
}

static int32_t use_frame(struct picking *p, uint32_t frame)
{
	if (frame == FLAME_NONE)
		return -1;
	if (p->used_at.v[frame] < 0) {
		p->used_at.v[frame] = (int32_t)p->used.n;
		*VEC_PUSH(&p->used) = frame;
	}
	return p->used_at.v[frame];
}

static uint32_t pick(struct picking *p, uint32_t node, uint32_t depth)
{
	*VEC_PUSH(&p->nodes) =
		(struct picked){ node, use_frame(p, p->tree->nodes.v[node].frame), depth, 0 };
	return (uint32_t)p->nodes.n - 1;
}

struct open {
	uint32_t at, next; /* index into nodes, and the child that is next */
};

/* Depth first without recursion: a stack may be as deep as a profile likes. */
static void pick_below(struct picking *p, uint32_t root)
{
	const struct flame_node *nodes = p->tree->nodes.v;
	VEC(struct open) open = VEC_INIT;

	*VEC_PUSH(&open) = (struct open){ pick(p, root, 0), nodes[root].first_child };
	while (open.n) {
		struct open *top = &open.v[open.n - 1];
		uint32_t at = top->at, node = top->next;

		if (node == FLAME_NONE) {
			open.n--;
			continue;
		}
		top->next = nodes[node].next_sibling;
		if (weight(&nodes[node]) < p->least || open.n > p->max_depth ||
		    p->nodes.n >= MAX_NODES) {
			p->nodes.v[at].hidden++;
			continue;
		}
		at = pick(p, node, (uint32_t)open.n);
		*VEC_PUSH(&open) = (struct open){ at, nodes[node].first_child };
	}
	VEC_RELEASE(&open);
}

static void start_picking(struct picking *p, const struct flame_tree *tree, uint32_t root,
			  size_t n_frames, const struct web_query *q)
{
	int64_t width = web_query_number(q, "w", DEFAULT_WIDTH);
	int64_t depth = web_query_number(q, "d", UINT32_MAX);

	*p = (struct picking){ .tree = tree,
			       .max_depth = depth > 0 && depth < UINT32_MAX ? (uint32_t)depth
									    : UINT32_MAX };
	p->least = weight(&tree->nodes.v[root]) / (2.0 * (double)(width > 0 ? width : 1));
	VEC_MUST(&p->used_at, n_frames + 1);
	memset(p->used_at.v, 0xff, (n_frames + 1) * sizeof(*p->used_at.v));
	pick_below(p, root);
}

static void release_picking(struct picking *p)
{
	VEC_RELEASE(&p->nodes);
	VEC_RELEASE(&p->used);
	VEC_RELEASE(&p->used_at);
}

/* ---- print ---- */

void web_print_frames(struct web_view *v, const uint32_t *frames, size_t n, struct json *j)
{
	const struct profile *p = v->profile;

	json_open(j, "frames", '{');
	json_open(j, "id", '[');
	for (size_t i = 0; i < n; i++)
		json_int(j, NULL, frames[i]);
	json_close(j, ']');
	json_open(j, "name", '[');
	for (size_t i = 0; i < n; i++)
		json_text(j, NULL, web_view_name(v, frames[i]));
	json_close(j, ']');
	json_open(j, "file", '[');
	for (size_t i = 0; i < n; i++)
		json_text(j, NULL, profile_str(p, v->file[frames[i]]));
	json_close(j, ']');
	json_open(j, "module", '[');
	for (size_t i = 0; i < n; i++)
		json_text(j, NULL, profile_str(p, v->module[frames[i]]));
	json_close(j, ']');
	json_close(j, '}');
}

static int64_t column_value(const struct picking *p, const struct picked *n, const char *column)
{
	const struct flame_node *node = &p->tree->nodes.v[n->node];

	switch (column[0]) {
	case 'f':
		return n->frame;
	case 'd':
		return n->depth;
	case 'h':
		return n->hidden;
	case 'i':
		return node->inlined;
	case 'v':
		return node->w.value;
	case 's':
		return node->w.self;
	default:
		return strcmp(column, "old") == 0 ? node->w.old : node->w.old_self;
	}
}

static void print_nodes(const struct picking *p, bool compared, struct json *j)
{
	static const char *const columns[] = { "frame",	 "depth",  "value", "self",
					       "inline", "hidden", "old",   "oldSelf" };
	size_t n = sizeof(columns) / sizeof(columns[0]) - (compared ? 0 : 2);

	json_open(j, "nodes", '{');
	for (size_t c = 0; c < n; c++) {
		json_open(j, columns[c], '[');
		for (size_t i = 0; i < p->nodes.n; i++)
			json_int(j, NULL, column_value(p, &p->nodes.v[i], columns[c]));
		json_close(j, ']');
	}
	json_close(j, '}');
}

void web_print_head(struct web_view *v, struct json *j)
{
	const struct flame_weight *w = &v->tree.nodes.v[0].w;

	json_text(j, "type", v->report.sample_type);
	json_text(j, "unit", v->report.sample_unit);
	json_int(j, "size", (int64_t)v->tree.nodes.n);
	json_int(j, "whole", v->report.total);
	json_int(j, "total", w->value);
	json_real(j, "quantum", v->quantum);
	if (v->compared)
		json_int(j, "old", w->old);
	json_text(j, "notes", v->notes);
}

static void print_tree(struct web_view *v, const struct flame_tree *tree, uint32_t root,
		       const struct web_query *q, struct json *j)
{
	struct picking p;

	start_picking(&p, tree, root, v->report.nodes.info.n, q);
	web_print_frames(v, p.used.v, p.used.n, j);
	print_nodes(&p, v->compared, j);
	release_picking(&p);
}

/* ---- the answers ---- */

/* Follow z=; the nodes on the way into path. */
static int find_zoomed(const struct flame_tree *t, const char *z, uint32_t *node, struct err *err)
{
	char *end;

	*node = 0;
	for (const char *at = z; *at; at = *end ? end + 1 : end) {
		unsigned long frame = strtoul(at, &end, 10);

		if (end == at || (*end && *end != '.') || frame >= FLAME_NONE)
			return err_set(err, SONDE_EUSAGE, "'%s' is no place in the graph", z);
		*node = flame_tree_find(t, *node, (uint32_t)frame);
		if (*node == FLAME_NONE)
			return err_set(err, SONDE_ENOTFOUND,
				       "there is no place %s in this graph", z);
	}
	return 0;
}

/* The callers above the zoomed node, root first, without the node itself. */
static void print_path(struct web_view *v, uint32_t node, struct json *j)
{
	const struct flame_node *nodes = v->tree.nodes.v;
	VEC(uint32_t) path = VEC_INIT;

	for (uint32_t up = nodes[node].parent; up != FLAME_NONE; up = nodes[up].parent)
		*VEC_PUSH(&path) = up;
	json_open(j, "path", '[');
	for (size_t i = path.n; i-- > 0;) {
		const struct flame_node *n = &nodes[path.v[i]];
		bool is_root = n->frame == FLAME_NONE;

		json_open(j, NULL, '{');
		json_int(j, "id", is_root ? -1 : (int64_t)n->frame);
		json_text(j, "name", is_root ? "root" : web_view_name(v, n->frame));
		json_int(j, "value", n->w.value);
		json_int(j, "old", n->w.old);
		json_close(j, '}');
	}
	json_close(j, ']');
	VEC_RELEASE(&path);
}

int web_answer_flame(struct web_view *v, const struct web_query *q, struct json *j, struct err *err)
{
	uint32_t node;
	int rc = find_zoomed(&v->tree, web_query_get(q, "z"), &node, err);

	if (rc)
		return rc;
	web_print_head(v, j);
	print_path(v, node, j);
	print_tree(v, &v->tree, node, q, j);
	return 0;
}

static uint32_t find_frame(struct web_view *v, const char *name)
{
	for (uint32_t i = 0; i < v->report.nodes.info.n; i++)
		if (strcmp(web_view_name(v, i), name) == 0)
			return i;
	return FLAME_NONE;
}

int web_answer_function(struct web_view *v, const struct web_query *q, struct json *j,
			struct err *err)
{
	const char *name = web_query_get(q, "name");
	uint32_t frame = find_frame(v, name);
	struct flame_tree tree;

	if (frame == FLAME_NONE)
		return err_set(err, SONDE_ENOTFOUND, "no function '%s' in this view", name);
	web_print_head(v, j);
	json_text(j, "name", name);
	flame_tree_callees(&tree, &v->tree, frame);
	json_open(j, "callees", '{');
	print_tree(v, &tree, 0, q, j);
	json_close(j, '}');
	flame_tree_release(&tree);
	flame_tree_callers(&tree, &v->tree, frame);
	json_open(j, "callers", '{');
	print_tree(v, &tree, 0, q, j);
	json_close(j, '}');
	flame_tree_release(&tree);
	return 0;
}

int web_answer_search(struct web_view *v, const struct web_query *q, struct json *j,
		      struct err *err)
{
	size_t n = v->report.nodes.info.n;
	VEC(unsigned char) marked = VEC_INIT;
	struct flame_weight sum;
	struct regex *re;
	uint32_t root;
	int rc = find_zoomed(&v->tree, web_query_get(q, "z"), &root, err);

	if (!rc)
		rc = regex_compile(&re, web_query_get(q, "re"), err);
	if (rc)
		return rc;
	VEC_MUST(&marked, n + 1);
	web_print_head(v, j);
	json_open(j, "matches", '[');
	for (uint32_t i = 0; i < n; i++) {
		const char *name = web_view_name(v, i);

		marked.v[i] = regex_match(re, name, strlen(name));
		if (marked.v[i])
			json_int(j, NULL, i);
	}
	json_close(j, ']');
	sum = flame_tree_sum(&v->tree, root, marked.v);
	json_int(j, "value", sum.value);
	json_int(j, "oldValue", sum.old);
	VEC_RELEASE(&marked);
	regex_free(re);
	return 0;
}
