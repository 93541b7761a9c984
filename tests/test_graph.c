/* test_graph.c - sums of nodes and edges, and what leaving nodes out does to them. */
#include "tests/word_graph.h"

static void open_graph(struct word_graph *f, const struct stack_row *rows, size_t n,
		       const struct graph_opts *opts)
{
	open_word_graph(f, rows, n, opts);
	graph_build(&f->g, NULL);
}

static uint32_t find(struct word_graph *f, const char *name)
{
	for (uint32_t i = 0; i < f->nodes.info.n; i++)
		if (strcmp(node_name(&f->nodes, i)->s, name) == 0)
			return i;
	fail_msg("no node %s", name);
	return NODE_NONE;
}

static const struct edge *find_edge(struct word_graph *f, const char *src, const char *dest)
{
	uint32_t s = find(f, src), d = find(f, dest);

	for (size_t i = 0; i < f->g.edges.n; i++)
		if (f->g.edges.v[i].src == s && f->g.edges.v[i].dest == d)
			return &f->g.edges.v[i];
	return NULL;
}

#define assert_node(f, name, flat_, cum_)                                                          \
	do {                                                                                       \
		const struct graph_node *n_ = &(f)->g.node.v[find(f, name)];                       \
		assert_int_equal(n_->flat, flat_);                                                 \
		assert_int_equal(n_->cum, cum_);                                                   \
	} while (0)

static const struct graph_opts all_edges = { .edges = GRAPH_EDGES_ALL };

static void recursion_is_counted_once_per_sample(void **state)
{
	static const struct stack_row rows[] = { { 5, "f f f main" }, { 2, "f g f main" } };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &all_edges);
	assert_node(&f, "f", 7, 7);
	assert_node(&f, "main", 0, 7);
	assert_node(&f, "g", 0, 2);
	assert_null(find_edge(&f, "f", "f"));
	assert_int_equal(find_edge(&f, "main", "f")->weight, 7);
	assert_int_equal(find_edge(&f, "f", "g")->weight, 2);
	assert_int_equal(find_edge(&f, "g", "f")->weight, 2);
	close_word_graph(&f);
}

static void edge_is_inline_only_when_every_call_was(void **state)
{
	static const struct stack_row rows[] = { { 1, "a+b main" },
						 { 1, "c+b main" },
						 { 1, "c b main" } };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &all_edges);
	assert_true(find_edge(&f, "b", "a")->is_inline);
	assert_false(find_edge(&f, "b", "c")->is_inline);
	assert_false(find_edge(&f, "main", "b")->is_inline);
	close_word_graph(&f);
}

static void only_edges_into_inlined_nodes_are_kept_for_marks(void **state)
{
	static const struct stack_row rows[] = { { 1, "a+b main" } };
	const struct graph_opts opts = { .edges = GRAPH_EDGES_INLINED };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &opts);
	assert_int_equal(f.g.edges.n, 1);
	assert_true(find_edge(&f, "b", "a")->is_inline);
	close_word_graph(&f);
}

static void left_out_nodes_leave_residual_edges_and_take_their_weight_along(void **state)
{
	static const struct stack_row rows[] = { { 4, "leaf mid main" }, { 3, "mid main" } };
	unsigned char kept[3] = { 1, 1, 1 };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &all_edges);
	kept[find(&f, "mid")] = 0;
	graph_build(&f.g, kept);
	assert_node(&f, "leaf", 4, 4);
	assert_node(&f, "main", 0, 7); /* the 3 of mid itself are lost */
	assert_int_equal(graph_flat_sum(&f.g), 4);
	assert_true(find_edge(&f, "main", "leaf")->residual);
	close_word_graph(&f);
}

static void zero_values_add_nothing(void **state)
{
	static const struct stack_row rows[] = { { 0, "f main" },
						 { 3, "g main" },
						 { -3, "g main" } };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &all_edges);
	assert_int_equal(f.g.order.n, 0);
	close_word_graph(&f);
}

static void nodes_are_sorted_by_weight_whatever_the_sign_then_by_name(void **state)
{
	static const struct stack_row rows[] = {
		{ 2, "b" }, { -9, "minus" }, { 2, "a" }, { 5, "c" }
	};
	static const char *const want[] = { "minus", "c", "a", "b" };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &all_edges);
	graph_sort(&f.g, SORT_FLAT);
	for (size_t i = 0; i < N(want); i++)
		assert_string_equal(node_name(&f.nodes, f.g.order.v[i])->s, want[i]);
	close_word_graph(&f);
}

static void negative_nodes_can_be_left_out(void **state)
{
	static const struct stack_row rows[] = { { -2, "f main" }, { 5, "g main" } };
	const struct graph_opts opts = { .edges = GRAPH_EDGES_ALL, .drop_negative = true };
	struct word_graph f;

	open_graph(&f, rows, N(rows), &opts);
	assert_int_equal(f.g.order.n, 2);
	close_word_graph(&f);
}

static void light_edges_are_dropped_and_the_rest_linked_heaviest_first(void **state)
{
	static const struct stack_row rows[] = { { 1, "a f" }, { 5, "b f" }, { 9, "c f" } };
	struct word_graph f;
	uint32_t at;

	open_graph(&f, rows, N(rows), &all_edges);
	assert_int_equal(graph_drop_edges(&f.g, 5), 1);
	graph_link(&f.g);
	at = f.g.out_at.v[find(&f, "f")];
	assert_int_equal(f.g.out_at.v[find(&f, "f") + 1] - at, 2);
	assert_int_equal(f.g.edges.v[f.g.out.v[at]].dest, find(&f, "c"));
	assert_int_equal(f.g.edges.v[f.g.out.v[at + 1]].dest, find(&f, "b"));
	assert_int_equal(f.g.in_at.v[find(&f, "a") + 1], f.g.in_at.v[find(&f, "a")]);
	close_word_graph(&f);
}

static void profile_without_samples_makes_an_empty_graph(void **state)
{
	struct word_graph f;

	open_graph(&f, NULL, 0, &all_edges);
	graph_sort(&f.g, SORT_CUM);
	graph_link(&f.g);
	assert_int_equal(f.g.order.n, 0);
	close_word_graph(&f);
}

static void names_show_what_is_known(void **state)
{
	static const struct {
		const char *name, *file, *objfile;
		uint64_t address;
		int64_t line, column;
		const char *want;
	} rows[] = {
		{ "f", "", "", 0, 0, 0, "f" },
		{ "f", "a.c", "", 0, 7, 0, "f a.c:7" },
		{ "f", "a.c", "", 0, 7, 3, "f a.c:7:3" },
		{ "f", "", "", 0, 7, 0, "f :7" },
		{ "", "a.c", "", 0, 0, 0, "a.c" },
		{ "", "", "/lib/x.so", 0, 0, 0, "[x.so]" },
		{ "", "", "", 0, 0, 0, "<unknown>" },
		{ "f", "a.c", "", 0x1f, 0, 0, "000000000000001f f a.c" },
		{ "", "", "", 0x1f, 0, 0, "000000000000001f <unknown>" },
	};
	struct profile *p = profile_new();
	struct nodes t;

	nodes_init(&t, p, false);
	for (size_t i = 0; i < N(rows); i++) {
		*VEC_PUSH(&t.info) =
			(struct node_info){ .name = profile_intern(p, rows[i].name),
					    .file = profile_intern(p, rows[i].file),
					    .objfile = profile_intern(p, rows[i].objfile),
					    .address = rows[i].address,
					    .line = rows[i].line,
					    .column = rows[i].column };
		*VEC_PUSH(&t.names) = (struct node_name){ NULL, 0 };
		assert_string_equal(node_name(&t, (uint32_t)i)->s, rows[i].want);
	}
	nodes_release(&t);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recursion_is_counted_once_per_sample),
		cmocka_unit_test(edge_is_inline_only_when_every_call_was),
		cmocka_unit_test(only_edges_into_inlined_nodes_are_kept_for_marks),
		cmocka_unit_test(left_out_nodes_leave_residual_edges_and_take_their_weight_along),
		cmocka_unit_test(zero_values_add_nothing),
		cmocka_unit_test(nodes_are_sorted_by_weight_whatever_the_sign_then_by_name),
		cmocka_unit_test(negative_nodes_can_be_left_out),
		cmocka_unit_test(light_edges_are_dropped_and_the_rest_linked_heaviest_first),
		cmocka_unit_test(profile_without_samples_makes_an_empty_graph),
		cmocka_unit_test(names_show_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
