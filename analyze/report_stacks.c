/* report_stacks.c - the nodes, values and names of whole stacks. */
#include "analyze/report_stacks.h"
#include "analyze/arith.h"

void stacks_make_nodes(struct report *r, bool with_binary)
{
	nodes_init(&r->nodes, r->profile, false);
	r->nodes.exact_inlines = r->opts.exact_inlines;
	r->nodes.with_binary = with_binary;
	r->nodes_ready = true;
	nodes_assign(&r->nodes);
}

int64_t stacks_value(const struct report *r, size_t sample)
{
	const int64_t *values = r->profile->values.v + sample * r->profile->sample_types.n;
	int64_t v = values[r->value_index];

	if (r->opts.mean && values[0] != 0)
		v = div64(v, values[0]);
	return r->ratio == 1 ? v : int64_of((double)v * r->ratio);
}

const char *stacks_name(struct report *r, uint32_t node)
{
	str_id name = r->nodes.info.v[node].name;

	return name ? profile_str(r->profile, name) : node_name(&r->nodes, node)->s;
}

int stacks_refuse_negative(const struct report *r, const char *format, struct err *err)
{
	for (size_t i = 0; i < r->profile->n_samples; i++)
		if (stacks_value(r, i) < 0)
			return err_set(err, SONDE_EUSAGE,
				       "%s has no negative values, as this profile or comparison "
				       "has",
				       format);
	return 0;
}
