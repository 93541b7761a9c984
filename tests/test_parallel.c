/* test_parallel.c - what is done by all cores is what one core would do. */
#include "analyze/analyze.h"
#include "analyze/graph.h"
#include "base/parallel.h"
#include "tests/profiles.h"

enum { FUNCTIONS = 300, SAMPLES = 3 * 4096 + 17, DEPTH = 40 };

static void count_piece(void *ctx, size_t piece)
{
	__atomic_fetch_add((int *)ctx + piece, 1, __ATOMIC_RELAXED);
}

static void every_piece_is_done_once(void **state)
{
	static int done[1000];

	parallel_run(count_piece, done, 0);
	parallel_run(count_piece, done, N(done));
	for (size_t i = 0; i < N(done); i++)
		assert_int_equal(done[i], 1);
	assert_in_range(parallel_width(), 1, PARALLEL_MOST);
}

/* Enough samples for several runs, ranges and pieces; every third location has inlined frames.  A
 * label that says nothing is not read back. */
static struct profile *large_profile(bool with_empty_labels)
{
	struct profile *p = profile_new();
	uint32_t stack[DEPTH], x = 1;
	char name[64];

	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "samples"), profile_intern(p, "count") };
	p->period_type = p->sample_types.v[0];
	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		snprintf(name, sizeof(name), "function%u%s", i,
			 i % 50 ? "" : "_whose_name_does_not_fit_into_one_line_of_the_cache");
		add_test_function(p, name, "/src/f.c");
	}
	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		add_test_location(p, PROFILE_NONE, 0x1000 + i);
		for (uint32_t k = 0; k < (i % 3 ? 1 : 1 + i % 5); k++)
			add_test_line(p, (i + k * 7) % FUNCTIONS, i);
	}
	for (size_t s = 0; s < SAMPLES; s++) {
		struct label labels[] = {
			{ .key = profile_intern(p, "k"), .str = profile_intern(p, "v") },
			{ .key = profile_intern(p, "nothing"), .is_num = true },
		};
		int64_t value = (int64_t)(s % 5) + 1;

		for (size_t i = 0; i < DEPTH; i++) {
			x = x * 1664525 + 1013904223;
			stack[i] = (x >> 8) % FUNCTIONS;
		}
		profile_add_sample(p, &value, stack, s % DEPTH, labels + (s % 3 == 0),
				   s % 3 == 0 ? with_empty_labels : 1 + with_empty_labels);
	}
	return p;
}

static void samples_are_read_back_in_order(void **state)
{
	struct profile *p = large_profile(true), *want = large_profile(false), *back;
	struct test_bytes bytes = gzipped(p);
	struct err err;

	if (decode_copy(&back, bytes.v, bytes.n, &err))
		fail_msg("%s", err.text);
	assert_same_samples(want, back);
	assert_memory_equal(back->stack_at.v, want->stack_at.v, want->stack_at.n * sizeof(size_t));
	assert_memory_equal(back->label_at.v, want->label_at.v, want->label_at.n * sizeof(size_t));
	free(bytes.v);
	profile_free(back);
	profile_free(want);
	profile_free(p);
}

/* ---- graph ---- */

/* By function, which is the number of the node. */
struct sums {
	int64_t flat[FUNCTIONS], cum[FUNCTIONS], weight[FUNCTIONS][FUNCTIONS];
	size_t met[FUNCTIONS], called[FUNCTIONS][FUNCTIONS]; /* number of the last sample plus 1 */
	bool residual[FUNCTIONS][FUNCTIONS], outlined[FUNCTIONS][FUNCTIONS];
};

static void sum_up_sample(struct sums *sums, const struct profile *p, const struct nodes *nodes,
			  size_t sample, const unsigned char *kept)
{
	int64_t w = p->values.v[sample];
	uint32_t from = NODE_NONE;
	bool residual = false;

	for (size_t i = p->stack_at.v[sample + 1]; i-- > p->stack_at.v[sample];) {
		uint32_t at = nodes->at.v[p->stack.v[i]], end = nodes->at.v[p->stack.v[i] + 1];

		for (uint32_t k = end; k-- > at;) {
			uint32_t node = nodes->of.v[k];

			if (kept && !kept[node]) {
				residual = true;
				continue;
			}
			sums->cum[node] += sums->met[node] == sample + 1 ? 0 : w;
			sums->met[node] = sample + 1;
			if (from != NODE_NONE && from != node &&
			    sums->called[from][node] != sample + 1) {
				sums->called[from][node] = sample + 1;
				sums->weight[from][node] += w;
				sums->residual[from][node] |= residual;
				sums->outlined[from][node] |= k + 1 == end;
			}
			from = node;
			residual = false;
		}
	}
	if (from != NODE_NONE && !residual)
		sums->flat[from] += w;
}

static void assert_graph_is(const struct graph *g, const struct sums *sums)
{
	size_t n_edges = 0;

	for (size_t i = 0; i < FUNCTIONS; i++) {
		assert_int_equal(g->node.v[i].flat, sums->flat[i]);
		assert_int_equal(g->node.v[i].cum, sums->cum[i]);
		for (size_t k = 0; k < FUNCTIONS; k++)
			n_edges += sums->called[i][k] != 0;
	}
	assert_int_equal(g->edges.n, n_edges);
	for (size_t i = 0; i < g->edges.n; i++) {
		const struct edge *e = &g->edges.v[i];

		assert_int_equal(e->weight, sums->weight[e->src][e->dest]);
		assert_int_equal(e->residual, sums->residual[e->src][e->dest]);
		assert_int_equal(e->is_inline, !sums->outlined[e->src][e->dest]);
	}
}

/* Once as it is, once with two nodes of three left out. */
static void graph_is_the_sum_of_its_samples(void **state)
{
	struct profile *p = large_profile(false);
	struct graph_opts opts = { .edges = GRAPH_EDGES_ALL };
	unsigned char *kept = calloc(1, FUNCTIONS);
	struct nodes nodes;
	struct graph g;

	for (size_t i = 0; i < FUNCTIONS; i += 3)
		kept[i] = 1;
	for (size_t i = 0; i < p->lines.n; i++)
		p->lines.v[i].line = p->lines.v[i].column = 0;
	for (size_t i = 0; i < p->locations.n; i++)
		p->locations.v[i].address = 0;
	nodes_init(&nodes, p, false);
	nodes_assign(&nodes);
	assert_int_equal(nodes.info.n, FUNCTIONS);
	graph_init(&g, &nodes, &opts);
	for (int cut = 0; cut < 2; cut++) {
		struct sums *sums = calloc(1, sizeof(*sums));

		for (size_t i = 0; i < p->n_samples; i++)
			sum_up_sample(sums, p, &nodes, i, cut ? kept : NULL);
		graph_build(&g, cut ? kept : NULL);
		assert_graph_is(&g, sums);
		free(sums);
	}
	graph_release(&g);
	nodes_release(&nodes);
	profile_free(p);
	free(kept);
}

/* ---- traces ---- */

static char *print_traces(struct profile *p, size_t *n)
{
	struct report_opts opts;
	char *text = NULL;
	struct err err;
	FILE *out = open_memstream(&text, n);

	report_opts_init(&opts);
	if (analyze_report(p, REPORT_TRACES, NULL, &opts, out, NULL, &err))
		fail_msg("%s", err.text);
	fclose(out);
	profile_free(p);
	return text;
}

/* Every sample's text is what it is in a profile of its own. */
static void traces_are_those_of_the_samples_in_order(void **state)
{
	size_t n, n_one, at;
	char *all = print_traces(large_profile(false), &n), *one, *found;
	size_t header = (size_t)(strstr(all, "---") - all);

	at = header;
	for (size_t i = 1; i < SAMPLES; i += 800) { /* some of them */
		struct profile *p = large_profile(false);
		size_t first = p->stack_at.v[i];

		memmove(p->values.v, p->values.v + i, sizeof(int64_t));
		p->stack_at.v[1] = p->stack_at.v[i + 1] - first;
		memmove(p->stack.v, p->stack.v + first, p->stack_at.v[1] * sizeof(uint32_t));
		p->label_at.v[1] = p->label_at.v[i + 1] - p->label_at.v[i];
		p->n_samples = p->values.n = 1;
		p->stack_at.n = p->label_at.n = 2;
		one = print_traces(p, &n_one);
		n_one -= header + 68; /* and the last separator */
		found = memmem(all + at, n - at, one + header, n_one);
		assert_non_null(found);
		at = (size_t)(found - all) + n_one;
		free(one);
	}
	free(all);
}

/* One location with so many lines that a stack of it alone would be a large text: in no sample, but
 * who knows. */
static void traces_are_the_same_where_a_sample_may_be_too_large_for_memory(void **state)
{
	struct profile *p = large_profile(false);
	size_t n, n_wide;
	char *text = print_traces(large_profile(false), &n), *wide;

	add_test_location(p, PROFILE_NONE, 0x9000);
	for (int64_t i = 0; i < 60000; i++)
		add_test_line(p, 0, i);
	wide = print_traces(p, &n_wide);
	assert_int_equal(n, n_wide);
	assert_memory_equal(text, wide, n);
	free(text);
	free(wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_piece_is_done_once),
		cmocka_unit_test(samples_are_read_back_in_order),
		cmocka_unit_test(graph_is_the_sum_of_its_samples),
		cmocka_unit_test(traces_are_those_of_the_samples_in_order),
		cmocka_unit_test(traces_are_the_same_where_a_sample_may_be_too_large_for_memory),
	};

	return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
