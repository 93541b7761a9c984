/* report_folded.c - a line for each distinct stack, as flamegraph.pl and its family read it:
 * "root;caller;leaf value".
 */
#include "analyze/arith.h"
#include "analyze/report_stacks.h"
#include "analyze/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_name(struct text *t, const char *name)
{
	size_t from = t->v.n;

	text_add(t, name);
	for (size_t i = from; i < t->v.n; i++) {
		if (t->v.v[i] == ';')
			t->v.v[i] = ':';
		else if (t->v.v[i] == '\n' || t->v.v[i] == '\r')
			t->v.v[i] = ' ';
	}
}

/* The names from the root to a place. */
static const char *stack_text(struct report *r, const struct stack_tree *tree, uint32_t place)
{
	VEC(uint32_t) path = VEC_INIT;
	struct text t = { VEC_INIT };
	const char *stack;

	for (; place != STACK_TREE_ROOT; place = tree->v.v[place].parent)
		*VEC_PUSH(&path) = tree->v.v[place].node;
	for (size_t i = path.n; i-- > 0;) {
		add_name(&t, node_name(&r->nodes, path.v[i])->s);
		if (i)
			text_add(&t, ";");
	}
	stack = arena_strndup(r->arena, t.v.v, t.v.n);
	VEC_RELEASE(&path);
	text_release(&t);
	return stack;
}

struct folded {
	const char *stack;
	int64_t value;
};

static int by_stack(const void *a, const void *b)
{
	return strcmp(((const struct folded *)a)->stack, ((const struct folded *)b)->stack);
}

/* Different places may have one text: functions of one name in different binaries. */
static void print_lines(struct report *r, const struct stack_tree *tree, const int64_t *values)
{
	VEC(struct folded) lines = VEC_INIT;

	for (uint32_t i = 0; i < tree->v.n; i++)
		if (values[i])
			*VEC_PUSH(&lines) = (struct folded){ stack_text(r, tree, i), values[i] };
	if (lines.n)
		qsort(lines.v, lines.n, sizeof(*lines.v), by_stack);
	for (size_t i = 0, end; i < lines.n; i = end) {
		int64_t sum = lines.v[i].value;

		for (end = i + 1; end < lines.n && by_stack(&lines.v[i], &lines.v[end]) == 0; end++)
			sum = add64(sum, lines.v[end].value);
		if (sum)
			fprintf(r->out, "%s %" PRId64 "\n", lines.v[i].stack, sum);
	}
	VEC_RELEASE(&lines);
}

int report_folded(struct report *r, struct err *err)
{
	struct stack_tree tree = { .v = VEC_INIT };
	VEC(int64_t) values = VEC_INIT;

	stacks_make_nodes(r);
	for (size_t i = 0; i < r->profile->n_samples; i++) {
		uint32_t place = stacks_add(&tree, r, i);

		while (values.n < tree.v.n)
			*VEC_PUSH(&values) = 0;
		if (place != STACK_TREE_ROOT)
			values.v[place] = add64(values.v[place], stacks_value(r, i));
	}
	print_lines(r, &tree, values.v);
	VEC_RELEASE(&values);
	stack_tree_release(&tree);
	return 0;
}
