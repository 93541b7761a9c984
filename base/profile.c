/* profile.c - make, fill, copy and free the columns of a profile. */
#include "base/profile.h"

#include <string.h>

struct profile *profile_new(void)
{
	struct strtab *strings = strtab_new();
	struct profile *p = strtab_attach(strings, sizeof(*p));

	p->strings = strings;
	/* Never NULL, so that "v + offset" of an empty column is defined. */
	VEC_MUST(&p->values, 1);
	VEC_MUST(&p->stack, 1);
	VEC_MUST(&p->labels, 1);
	VEC_MUST(&p->lines, 1);
	*VEC_PUSH(&p->stack_at) = 0;
	*VEC_PUSH(&p->label_at) = 0;
	return p;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	VEC_RELEASE(&p->sample_types);
	VEC_RELEASE(&p->values);
	VEC_RELEASE(&p->stack_at);
	VEC_RELEASE(&p->stack);
	VEC_RELEASE(&p->label_at);
	VEC_RELEASE(&p->labels);
	VEC_RELEASE(&p->mappings);
	VEC_RELEASE(&p->locations);
	VEC_RELEASE(&p->lines);
	VEC_RELEASE(&p->functions);
	VEC_RELEASE(&p->comments);
	strtab_free(p->strings); /* p itself lives there */
}

#define APPEND(vec, from, count)                                                                   \
	do {                                                                                       \
		size_t n_ = (count);                                                               \
		VEC_MUST(vec, (vec)->n + n_);                                                      \
		if (n_)                                                                            \
			memcpy((vec)->v + (vec)->n, (from), n_ * sizeof(*(vec)->v));               \
		(vec)->n += n_;                                                                    \
	} while (0)

void profile_add_sample(struct profile *p, const int64_t *values, const uint32_t *stack,
			size_t n_stack, const struct label *labels, size_t n_labels)
{
	APPEND(&p->values, values, p->sample_types.n);
	APPEND(&p->stack, stack, n_stack);
	APPEND(&p->labels, labels, n_labels);
	*VEC_PUSH(&p->stack_at) = p->stack.n;
	*VEC_PUSH(&p->label_at) = p->labels.n;
	p->n_samples++;
}

struct profile *profile_copy(const struct profile *p)
{
	struct profile *c = profile_new();

	for (str_id i = 1; i < strtab_count(p->strings); i++)
		strtab_add(c->strings, strtab_get(p->strings, i), strtab_len(p->strings, i));
	c->stack_at.n = c->label_at.n = 0;
	APPEND(&c->sample_types, p->sample_types.v, p->sample_types.n);
	APPEND(&c->values, p->values.v, p->values.n);
	APPEND(&c->stack_at, p->stack_at.v, p->stack_at.n);
	APPEND(&c->stack, p->stack.v, p->stack.n);
	APPEND(&c->label_at, p->label_at.v, p->label_at.n);
	APPEND(&c->labels, p->labels.v, p->labels.n);
	APPEND(&c->mappings, p->mappings.v, p->mappings.n);
	APPEND(&c->locations, p->locations.v, p->locations.n);
	APPEND(&c->lines, p->lines.v, p->lines.n);
	APPEND(&c->functions, p->functions.v, p->functions.n);
	APPEND(&c->comments, p->comments.v, p->comments.n);
	c->n_samples = p->n_samples;
	c->default_sample_type = p->default_sample_type;
	c->drop_frames = p->drop_frames;
	c->keep_frames = p->keep_frames;
	c->time_nanos = p->time_nanos;
	c->duration_nanos = p->duration_nanos;
	c->period_type = p->period_type;
	c->period = p->period;
	c->doc_url = p->doc_url;
	return c;
}
