/* test_dot.c - what a drawn graph looks like: names, colours, which nodes and edges are worth their
 * place, nodelets, trees. */
#include "analyze/call_tree.h"
#include "analyze/dot_style.h"
#include "analyze/entropy.h"
#include "analyze/redundant_edges.h"
#include "analyze/short_name.h"
#include "tests/word_graph.h"

#include <math.h>

static void open_nodes(struct word_graph *f, const struct stack_row *rows, size_t n)
{
	static const struct graph_opts opts = { .edges = GRAPH_EDGES_ALL };

	open_word_graph(f, rows, n, &opts);
}

/* The only shown node of this name. */
static uint32_t find(struct word_graph *f, const char *name)
{
	for (size_t i = 0; i < f->g.order.n; i++)
		if (strcmp(node_name(&f->nodes, f->g.order.v[i])->s, name) == 0)
			return f->g.order.v[i];
	fail_msg("no node %s", name);
	return NODE_NONE;
}

static const struct edge *find_edge(struct word_graph *f, const char *src, const char *dest)
{
	uint32_t s = find(f, src), d = find(f, dest);

	for (size_t i = 0; i < f->g.edges.n; i++)
		if (f->g.edges.v[i].src == s && f->g.edges.v[i].dest == d &&
		    !f->g.edges.v[i].dropped)
			return &f->g.edges.v[i];
	return NULL;
}

/* ---- texts and colours ---- */

static void names_lose_what_is_around_package_or_class(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "", "" },
		{ "main", "main" },
		{ "runtime.mallocgc", "runtime.mallocgc" },
		{ "example.org/shop/cart.(*Cart).Add", "cart.(*Cart).Add" },
		{ "example.org/shop-2/cart.Add[...]", "cart.Add[...]" },
		{ "example.org/shop/v3.(*Cart).Add", "shop.(*Cart).Add" },
		{ "example.org/shop/v12/cart.Add", "cart.Add" },
		{ "example.org/shop/v1.Add", "v1.Add" },
		{ "example.org/shop/v0.Add", "v0.Add" },
		{ "example.org/v2x.Add", "v2x.Add" },
		{ "a/b.c/d", "b.c/d" },
		{ "no/dot", "no/dot" },
		{ "a/b.\nc", "a/b.\nc" },
		{ "org.shop.Cart.add", "Cart.add" },
		{ "org.shop.Cart$Item.add(int)", "Cart$Item.add" },
		{ "org.shop.Cart.<init>", "Cart.<init>" },
		{ "org.shop.Cart.add-x", "org.shop.Cart.add-x" },
		{ "shop::Cart::add(int)", "Cart::add" },
		{ "shop::v1::Cart::~Cart()", "Cart::~Cart" },
		{ "shop::Cart::add<int, std::less<int> >(int)", "Cart::add<int, std::less<int> >" },
		{ "shop::cart::add", "shop::cart::add" },
		{ "(anonymous namespace)::add", "add" },
		{ "(anonymous namespace)::", "" },
		{ "::", "::" },
		{ "a::B::", "a::B::" },
		{ "\xff/\xff.\xff", "\xff/\xff.\xff" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(short_name(a, rows[i].name), rows[i].want);
	arena_free(a);
}

static void colours_go_from_green_over_grey_to_red(void **state)
{
	static const struct {
		double score;
		const char *line, *fill;
	} rows[] = {
		{ 1, "#b20000", "#edd5d5" },   { 0, "#b2b2b2", "#ededed" },
		{ -1, "#00b200", "#d5edd5" },  { 0.1, "#b28559", "#ede7e1" },
		{ 7, "#b20000", "#edd5d5" },   { -INFINITY, "#00b200", "#d5edd5" },
		{ NAN, "#b20000", "#ed00d5" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++) {
		assert_string_equal(dot_colour(a, rows[i].score, DOT_LINE), rows[i].line);
		assert_string_equal(dot_colour(a, rows[i].score, DOT_FILL), rows[i].fill);
	}
	arena_free(a);
}

static void fonts_grow_with_the_root_of_the_share(void **state)
{
	assert_int_equal(dot_font_size(0, 100), 8);
	assert_int_equal(dot_font_size(25, 100), 16);
	assert_int_equal(dot_font_size(-100, 100), 24);
	assert_int_equal(dot_font_size(1, 100), 10);
	assert_int_equal(dot_font_size(5, 0), 8);
	assert_int_equal(dot_font_size(INT64_MIN, 100), 8);
}

static void quoted_text_cannot_end_its_string(void **state)
{
	struct arena *a = arena_new(ARENA_DIE);

	assert_string_equal(dot_escape(a, "plain"), "plain");
	assert_string_equal(dot_escape(a, "a\"b\\\nc"), "a\\\"b\\\\\\lc");
	arena_free(a);
}

/* ---- choice of nodes and edges ---- */

static void nodes_that_spread_their_weight_score_more_than_those_that_pass_it_on(void **state)
{
	static const struct stack_row rows[] = { { 4, "x spread main" },
						 { 4, "y spread main" },
						 { 8, "z pass main" } };
	struct word_graph f;

	open_nodes(&f, rows, N(rows));
	graph_build(&f.g, NULL);
	graph_link(&f.g);
	assert_int_equal(entropy_score(&f.g, find(&f, "spread")), 8);
	assert_int_equal(entropy_score(&f.g, find(&f, "pass")), 0);
	assert_int_equal(entropy_score(&f.g, find(&f, "z")), 16);	 /* a leaf */
	assert_int_equal(entropy_score(&f.g, find(&f, "main")), 2 * 16); /* an entry */
	entropy_sort(&f.g);
	assert_int_equal(f.g.order.v[0], find(&f, "main"));
	assert_int_equal(f.g.order.v[f.g.order.n - 1], find(&f, "pass"));
	close_word_graph(&f);
}

static void edge_of_weight_zero_puts_its_node_last(void **state)
{
	static const struct stack_row rows[] = { { 3, "x a" }, { -3, "x a" }, { 5, "y a" } };
	struct word_graph f;

	open_nodes(&f, rows, N(rows));
	graph_build(&f.g, NULL);
	graph_link(&f.g);
	entropy_sort(&f.g);
	assert_int_equal(f.g.order.v[f.g.order.n - 1], find(&f, "a"));
	close_word_graph(&f);
}

static void residual_edge_beside_a_real_path_is_redundant(void **state)
{
	static const struct stack_row rows[] = { { 9, "c b a" }, { 1, "c gone a" } };
	struct word_graph f;
	unsigned char kept[4] = { 1, 1, 1, 1 };

	open_nodes(&f, rows, N(rows));
	graph_build(&f.g, NULL);
	kept[find(&f, "gone")] = 0;
	graph_build(&f.g, kept);
	graph_link(&f.g);
	assert_true(find_edge(&f, "a", "c")->residual);
	redundant_edges_drop(&f.g);
	assert_null(find_edge(&f, "a", "c"));
	assert_non_null(find_edge(&f, "b", "c"));
	close_word_graph(&f);
}

static void residual_edge_without_another_path_or_heavier_than_a_call_stays(void **state)
{
	static const struct stack_row rows[] = { { 1, "c b a" },
						 { 9, "c gone a" },
						 { 2, "d gone a" } };
	struct word_graph f;
	unsigned char kept[5] = { 1, 1, 1, 1, 1 };

	open_nodes(&f, rows, N(rows));
	graph_build(&f.g, NULL);
	kept[find(&f, "gone")] = 0;
	graph_build(&f.g, kept);
	graph_link(&f.g);
	redundant_edges_drop(&f.g);
	assert_non_null(find_edge(&f, "a", "c"));
	assert_non_null(find_edge(&f, "a", "d"));
	close_word_graph(&f);
}

/* ---- trees ---- */

static void tree_has_a_node_for_each_chain_of_callers(void **state)
{
	static const struct stack_row rows[] = { { 2, "f a main" },
						 { 3, "f b main" },
						 { 4, "f f" } };
	struct word_graph f;
	size_t n_f = 0;

	open_nodes(&f, rows, N(rows));
	call_tree_build(&f.g);
	for (size_t i = 0; i < f.g.order.n; i++)
		n_f += strcmp(node_name(&f.nodes, f.g.order.v[i])->s, "f") == 0;
	assert_int_equal(n_f, 4);
	assert_int_equal(f.g.order.n, 7);
	assert_int_equal(f.g.edges.n, 5);
	assert_int_equal(graph_flat_sum(&f.g), 9);
	close_word_graph(&f);
}

static void cut_tree_hangs_callees_on_the_next_caller(void **state)
{
	static const struct stack_row rows[] = { { 5, "leaf+y x main" }, { 2, "other top" } };
	struct word_graph f;
	unsigned char kept[32];

	open_nodes(&f, rows, N(rows));
	call_tree_build(&f.g);
	memset(kept, 1, sizeof(kept));
	kept[find(&f, "y")] = kept[find(&f, "x")] = kept[find(&f, "top")] = 0;
	call_tree_trim(&f.g, kept);
	graph_link(&f.g);
	assert_int_equal(f.g.order.n, 3);
	assert_true(find_edge(&f, "main", "leaf")->residual);
	assert_false(find_edge(&f, "main", "leaf")->is_inline);
	assert_int_equal(find_edge(&f, "main", "leaf")->weight, 5);
	assert_int_equal(f.g.in_at.v[find(&f, "other") + 1], f.g.in_at.v[find(&f, "other")]);
	close_word_graph(&f);
}

/* ---- labels ---- */

static void tags_are_summed_by_node_and_the_light_ones_left_out(void **state)
{
	static const struct stack_row rows[] = { { 7, "f main" } };
	const struct node_tag *v[4];
	struct node_tags tags;
	struct label_units units;
	struct word_graph f;
	struct label labels[3];
	int64_t weight = 2;

	open_nodes(&f, rows, N(rows));
	labels[0] = (struct label){ .key = profile_intern(f.p, "kind"),
				    .str = profile_intern(f.p, "big") };
	labels[1] = (struct label){ .key = profile_intern(f.p, "age"),
				    .str = profile_intern(f.p, "old") };
	labels[2] =
		(struct label){ .key = profile_intern(f.p, "bytes"), .is_num = true, .num = 2048 };
	profile_add_sample(f.p, &weight, f.p->stack.v, 2, labels, 3);
	label_units_init(&units, f.p, NULL);
	node_tags_init(&tags, f.p, &units, "minimum");
	f.g.opts.tags = &tags;
	graph_build(&f.g, NULL);

	assert_int_equal(node_tags_count(&tags, find(&f, "main")), 2);
	assert_int_equal(node_tags_count_flat(&tags, find(&f, "main")), 0);
	assert_int_equal(node_tags_count_flat(&tags, find(&f, "f")), 2);
	assert_int_equal(node_tags_list(&tags, find(&f, "f"), false, 0, v), 1);
	assert_string_equal(profile_str(f.p, v[0]->labels), "age:old\\nkind:big");
	assert_int_equal(v[0]->sums.flat, 2);
	assert_int_equal(node_tags_list(&tags, find(&f, "f"), true, v[0]->labels, v), 1);
	assert_string_equal(profile_str(f.p, v[0]->text), "2kB");
	tags.least = 3;
	assert_int_equal(node_tags_list(&tags, find(&f, "f"), false, 0, v), 0);
	node_tags_release(&tags);
	label_units_release(&units);
	close_word_graph(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lose_what_is_around_package_or_class),
		cmocka_unit_test(colours_go_from_green_over_grey_to_red),
		cmocka_unit_test(fonts_grow_with_the_root_of_the_share),
		cmocka_unit_test(quoted_text_cannot_end_its_string),
		cmocka_unit_test(
			nodes_that_spread_their_weight_score_more_than_those_that_pass_it_on),
		cmocka_unit_test(edge_of_weight_zero_puts_its_node_last),
		cmocka_unit_test(residual_edge_beside_a_real_path_is_redundant),
		cmocka_unit_test(residual_edge_without_another_path_or_heavier_than_a_call_stays),
		cmocka_unit_test(tree_has_a_node_for_each_chain_of_callers),
		cmocka_unit_test(cut_tree_hangs_callees_on_the_next_caller),
		cmocka_unit_test(tags_are_summed_by_node_and_the_light_ones_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
