/* report_proto.c - the filtered profile, or its hottest nodes, as gzip'd profile.proto. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "writer/writer.h"

static int write_profile(struct report *r, const struct profile *p, struct err *err)
{
	fflush(r->out);
	return profile_write_fd(p, fileno(r->out), "the profile", err);
}

int report_proto(struct report *r, struct err *err)
{
	struct profile *p = r->profile;

	for (size_t i = 0; r->ratio > 0 && r->ratio != 1 && i < p->values.n; i++)
		p->values.v[i] = int64_of((double)p->values.v[i] * r->ratio);
	p->default_sample_type = p->sample_types.v[r->value_index].type;
	return write_profile(r, p, err);
}

/* ---- topproto ---- */

/* Functions of the new profile, one for each name, file and start line. */
struct functions {
	struct profile *to;
	struct hash_map map;
};

static uint32_t find_function(struct functions *t, const struct profile *from,
			      const struct node_info *info)
{
	struct function f = { .name = profile_intern(t->to, profile_str(from, info->name)),
			      .filename = profile_intern(t->to, profile_str(from, info->file)),
			      .start_line = info->start_line };
	uint64_t h = hash_add((uint64_t)f.name << 32 | f.filename, (uint64_t)f.start_line);
	uint32_t *at;

	for (at = hash_map_first(&t->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&t->map, at, h)) {
		const struct function *g = &t->to->functions.v[*at];

		if (g->name == f.name && g->filename == f.filename && g->start_line == f.start_line)
			return *at;
	}
	*at = (uint32_t)t->to->functions.n;
	hash_map_added(&t->map, at, h);
	f.id = t->to->functions.n + 1;
	*VEC_PUSH(&t->to->functions) = f;
	return (uint32_t)f.id - 1;
}

static int64_t scaled(const struct report *r, int64_t v)
{
	return int64_of(measure_scale(v, r->sample_unit, r->output_unit).value);
}

static void add_node(struct report *r, struct functions *t, uint32_t node)
{
	const struct node_info *info = &r->nodes.info.v[node];
	struct profile *to = t->to;
	uint32_t at = (uint32_t)to->locations.n;
	int64_t values[] = { scaled(r, graph_cum(&r->graph, node)),
			     scaled(r, graph_flat(&r->graph, node)) };

	*VEC_PUSH(&to->lines) = (struct line){
		.function = find_function(t, r->profile, info),
		.line = info->line,
		.column = info->column,
	};
	*VEC_PUSH(&to->locations) = (struct location){ .id = at + 1,
						       .address = info->address,
						       .mapping = PROFILE_NONE,
						       .first_line = (uint32_t)to->lines.n - 1,
						       .n_lines = 1 };
	profile_add_sample(to, values, &at, 1, NULL, 0);
}

static str_id copy_str(struct profile *to, const struct profile *from, str_id id)
{
	return profile_intern(to, profile_str(from, id));
}

int report_topproto(struct report *r, struct err *err)
{
	const struct profile *p = r->profile;
	struct functions t = { .to = profile_new() };
	str_id unit;
	int rc;

	report_trim_graph(r, GRAPH_EDGES_NONE);
	report_choose_unit(r);
	unit = profile_intern(t.to, r->output_unit);
	*VEC_PUSH(&t.to->sample_types) = (struct value_type){ profile_intern(t.to, "cum"), unit };
	*VEC_PUSH(&t.to->sample_types) = (struct value_type){ profile_intern(t.to, "flat"), unit };
	t.to->time_nanos = p->time_nanos;
	t.to->duration_nanos = p->duration_nanos;
	t.to->period = p->period;
	t.to->period_type = (struct value_type){ copy_str(t.to, p, p->period_type.type),
						 copy_str(t.to, p, p->period_type.unit) };
	for (size_t i = 0; i < r->graph.order.n; i++)
		add_node(r, &t, r->graph.order.v[i]);
	rc = write_profile(r, t.to, err);
	hash_map_release(&t.map);
	profile_free(t.to);
	return rc;
}
