/* report_stacks.h - whole stacks for the files of other tools.  Private to analyze/. */
#ifndef SONDE_ANALYZE_REPORT_STACKS_H
#define SONDE_ANALYZE_REPORT_STACKS_H

#include "analyze/report.h"

/* Number the nodes of a report that has no graph. */
void stacks_make_nodes(struct report *r, bool with_binary);

/* The value that is reported of a sample, divided as the options want. */
int64_t stacks_value(const struct report *r, size_t sample);

/* A walk along the nodes of a sample, from the root to the leaf. */
struct stack_steps {
	size_t first, at; /* in profile.stack */
	uint32_t line;	  /* so many nodes of this location are left */
};

static inline struct stack_steps stack_steps_of(const struct report *r, size_t sample)
{
	const struct profile *p = r->profile;

	return (struct stack_steps){ p->stack_at.v[sample], p->stack_at.v[sample + 1], 0 };
}

/* The next node, NODE_NONE at the end. */
static inline uint32_t stack_steps_next(struct stack_steps *s, const struct report *r)
{
	const uint32_t *at = r->nodes.at.v, *stack = r->profile->stack.v;

	while (s->line == 0) {
		if (s->at == s->first)
			return NODE_NONE;
		s->at--;
		s->line = at[stack[s->at] + 1] - at[stack[s->at]];
	}
	return r->nodes.of.v[at[stack[s->at]] + --s->line];
}

/* The name of a node without its file and line, unless it has no other. */
const char *stacks_name(struct report *r, uint32_t node);

/* Tools that draw weights as lengths cannot take a comparison. */
SONDE_MUST int stacks_refuse_negative(const struct report *r, const char *format, struct err *err);

#endif
