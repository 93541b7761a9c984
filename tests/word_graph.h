/* word_graph.h - graphs of stacks that are written as words, for tests. */
#ifndef SONDE_TESTS_WORD_GRAPH_H
#define SONDE_TESTS_WORD_GRAPH_H

#include "analyze/graph.h"
#include "tests/word_stacks.h"

struct word_graph {
	struct profile *p;
	struct nodes nodes;
	struct graph g;
};

struct stack_row {
	int64_t value;
	const char *words;
};

/* Without a graph built. */
static inline void open_word_graph(struct word_graph *f, const struct stack_row *rows, size_t n,
				   const struct graph_opts *opts)
{
	f->p = profile_new();
	*VEC_PUSH(&f->p->sample_types) = (struct value_type){ 0 };
	for (size_t i = 0; i < n; i++)
		add_weighted_stack(f->p, &rows[i].value, rows[i].words);
	for (size_t i = 0; i < f->p->locations.n; i++)
		f->p->locations.v[i].address = 0;
	for (size_t i = 0; i < f->p->lines.n; i++)
		f->p->lines.v[i].line = f->p->lines.v[i].column = 0;
	nodes_init(&f->nodes, f->p, false);
	nodes_assign(&f->nodes);
	graph_init(&f->g, &f->nodes, opts);
}

static inline void close_word_graph(struct word_graph *f)
{
	graph_release(&f->g);
	nodes_release(&f->nodes);
	profile_free(f->p);
}

#endif
