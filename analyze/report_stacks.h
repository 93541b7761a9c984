/* report_stacks.h - whole stacks for the files of other tools.  Private to analyze/. */
#ifndef SONDE_ANALYZE_REPORT_STACKS_H
#define SONDE_ANALYZE_REPORT_STACKS_H

#include "analyze/report.h"
#include "analyze/stack_tree.h"

/* Number the nodes of a report that has no graph. */
void stacks_make_nodes(struct report *r, bool with_binary);

/* The value that is reported of a sample, divided as the options want. */
int64_t stacks_value(const struct report *r, size_t sample);

/* The place of a sample's leaf, STACK_TREE_ROOT for an empty stack. */
uint32_t stacks_add(struct stack_tree *t, const struct report *r, size_t sample);

/* The name of a node without its file and line, unless it has no other. */
const char *stacks_name(struct report *r, uint32_t node);

/* Tools that draw weights as lengths cannot take a comparison. */
SONDE_MUST int stacks_refuse_negative(const struct report *r, const char *format, struct err *err);

#endif
