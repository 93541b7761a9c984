/* node_tags.h - what the samples with each label weigh at each node of a graph.
 *
 * All string labels of a sample together are one tag.  Of the numeric labels only "bytes" counts;
 * its values are tags below that of the string labels, or at the node itself where there are none.
 */
#ifndef SONDE_ANALYZE_NODE_TAGS_H
#define SONDE_ANALYZE_NODE_TAGS_H

#include "analyze/label_units.h"
#include "base/arena.h"
#include "base/hash.h"

#define TAG_NONE UINT32_MAX

struct tag_sums {
	int64_t flat, flat_div, cum, cum_div;
};

struct node_tag {
	uint32_t node, next; /* of the same node; TAG_NONE = the last one */
	str_id labels;	     /* "key:value" of all string labels, parted by "\n" as two characters;
				0 = none */
	bool is_num;
	str_id text;   /* of the value, when is_num */
	int64_t value; /* the first one that has this text */
	struct tag_sums sums;
};

/* A value of "bytes" in one sample. */
struct sample_size {
	str_id text;
	int64_t value;
};

struct node_tags {
	VEC(struct node_tag) v;
	VEC(uint32_t) first; /* by node */
	struct hash_map map;
	int64_t least;	  /* what weighs less is not to be shown */
	const char *unit; /* of the values */

	VEC(str_id) labels;  /* by sample */
	VEC(size_t) size_at; /* by sample, n + 1 */
	VEC(struct sample_size) sizes;
};

/* Read the labels of all samples; values are written in output_unit. */
void node_tags_init(struct node_tags *t, struct profile *p, const struct label_units *units,
		    const char *output_unit);
void node_tags_release(struct node_tags *t);

void node_tags_clear(struct node_tags *t);

/* A sample of weight w (and divisor dw) has met a node, or ended in it. */
void node_tags_add_cum(struct node_tags *t, uint32_t node, size_t sample, int64_t w, int64_t dw);
void node_tags_add_flat(struct node_tags *t, uint32_t node, size_t sample, int64_t w, int64_t dw);

/* How many tags that are heavy enough weigh something at the node itself. */
size_t node_tags_count_flat(const struct node_tags *t, uint32_t node);

/* Those below `labels`, or all labels themselves when is_num is false, into v in order of their
 * weight; how many.  v has room for all tags of the node. */
size_t node_tags_list(const struct node_tags *t, uint32_t node, bool is_num, str_id labels,
		      const struct node_tag **v);
size_t node_tags_count(const struct node_tags *t, uint32_t node);

#endif
