/* dot_nodelets.c - choose and print the nodelets of a node.
 *
 * A node with callees shows what its tags weigh by themselves, as the callees show the rest; a leaf
 * shows all, because callees may have been left out.  Sizes that are too many are gathered around
 * the heaviest ones into ranges.
 */
#include "analyze/dot_nodelets.h"
#include "analyze/arith.h"
#include "analyze/measure.h"

#include <stdlib.h>
#include <string.h>

/* A box to print: a tag, or a range of sizes. */
struct nodelet {
	const char *text;
	int64_t flat, cum;	     /* as sums, for the order */
	int64_t flat_mean, cum_mean; /* divided where it is a mean, to be shown */
	const struct node_tag *tag;  /* NULL = a range */
};

/* Sizes that make one nodelet; the first is the heaviest. */
struct bucket {
	const struct node_tag *heaviest, *least, *most;
	struct tag_sums sums;
	size_t n;
};

struct boxes {
	struct report *r;
	uint32_t node;
	bool flat;		      /* weights without callees */
	const struct node_tag **tags; /* room for those of the node */
	size_t printed;
};

static int64_t mean(int64_t sum, int64_t div)
{
	return div ? div64(sum, div) : sum;
}

static int descending(int64_t a, int64_t b)
{
	a = abs64(a);
	b = abs64(b);
	return (a < b) - (a > b);
}

static int by_weight(const void *a, const void *b, void *arg)
{
	const struct nodelet *x = a, *y = b;
	const struct boxes *boxes = arg;
	int order = boxes->flat ? 0 : descending(x->cum, y->cum);

	if (!order)
		order = descending(x->flat, y->flat);
	return order ? order : strcmp(x->text, y->text);
}

static struct nodelet *list(struct boxes *b, bool is_num, str_id labels, size_t *n)
{
	struct report *r = b->r;
	struct nodelet *v;

	*n = node_tags_list(&r->tags, b->node, is_num, labels, b->tags);
	v = ARENA_ARRAY(r->scratch, struct nodelet, *n);
	for (size_t i = 0; i < *n; i++) {
		const struct node_tag *tag = b->tags[i];
		const struct tag_sums *s = &tag->sums;

		v[i] = (struct nodelet){ .text = profile_str(r->profile,
							     is_num ? tag->text : tag->labels),
					 .flat = s->flat,
					 .cum = s->cum,
					 .flat_mean = mean(s->flat, s->flat_div),
					 .cum_mean = mean(s->cum, s->cum_div),
					 .tag = tag };
	}
	if (*n)
		qsort_r(v, *n, sizeof(*v), by_weight, b);
	return v;
}

/* ---- ranges ---- */

/* The value as it is after a conversion to its own unit, which goes through a double. */
static double converted(const struct boxes *b, const struct node_tag *tag)
{
	return measure_scale(tag->value, b->r->tags.unit, b->r->tags.unit).value;
}

static void put_in(struct bucket *bucket, const struct boxes *b, const struct node_tag *tag)
{
	int64_t value = int64_of(converted(b, tag));

	if (bucket->n++ == 0)
		bucket->heaviest = bucket->least = bucket->most = tag;
	if (value < bucket->least->value)
		bucket->least = tag;
	if (value > bucket->most->value)
		bucket->most = tag;
	bucket->sums.flat = add64(bucket->sums.flat, tag->sums.flat);
	bucket->sums.flat_div = add64(bucket->sums.flat_div, tag->sums.flat_div);
	bucket->sums.cum = add64(bucket->sums.cum, tag->sums.cum);
	bucket->sums.cum_div = add64(bucket->sums.cum_div, tag->sums.cum_div);
}

static struct bucket *nearest(struct bucket *buckets, const struct boxes *b,
			      const struct node_tag *tag)
{
	struct bucket *best = buckets;
	double least = 0;

	for (size_t i = 0; i < NODELETS_MAX; i++) {
		double distance = fabs((double)tag->value - converted(b, buckets[i].heaviest));

		if (i == 0 || distance < least) {
			best = &buckets[i];
			least = distance;
		}
	}
	return best;
}

/* Unlike single sizes, ranges are written in the unit that fits each end. */
static struct nodelet range(const struct boxes *b, const struct bucket *bucket)
{
	struct arena *a = b->r->scratch;
	const char *unit = b->r->tags.unit;
	const char *text = measure_label(a, bucket->least->value, unit, "auto");
	const struct tag_sums *s = &bucket->sums;
	int64_t flat = mean(s->flat, s->flat_div), cum = mean(s->cum, s->cum_div);

	if (bucket->n > 1)
		text = arena_printf(a, "%s..%s", text,
				    measure_label(a, bucket->most->value, unit, "auto"));
	return (struct nodelet){
		.text = text, .flat = flat, .cum = cum, .flat_mean = flat, .cum_mean = cum
	};
}

/* Leave NODELETS_MAX of n, each of them a range. */
static size_t gather(struct boxes *b, struct nodelet *v, size_t n)
{
	struct bucket buckets[NODELETS_MAX] = { 0 };

	if (n <= NODELETS_MAX)
		return n;
	for (size_t i = 0; i < n; i++)
		put_in(i < NODELETS_MAX ? &buckets[i] : nearest(buckets, b, v[i].tag), b, v[i].tag);
	for (size_t i = 0; i < NODELETS_MAX; i++)
		v[i] = range(b, &buckets[i]);
	qsort_r(v, NODELETS_MAX, sizeof(*v), by_weight, b);
	return NODELETS_MAX;
}

/* ---- print ---- */

/* What is in dot's quotes: labels may have quotes and backslashes of their own.  (The two characters "\n" part them.) */
static const char *quotable(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, 2 * strlen(text) + 1), *o = out;

	for (; *text; text++) {
		if (*text == '"' || (*text == '\\' && text[1] != 'n'))
			*o++ = '\\';
		*o++ = *text;
	}
	*o = 0;
	return out;
}

static void print_box(struct boxes *b, const char *source, const char *box, const char *text,
		      int64_t weight, const char *style)
{
	const char *value = report_value(b->r, weight);

	fprintf(b->r->out, "%s [label = \"%s\" id=\"%s\" fontsize=8 shape=box3d tooltip=\"%s\"]\n",
		box, quotable(b->r->scratch, text), box, value);
	fprintf(b->r->out,
		"%s -> %s [label=\" %s\" weight=100 tooltip=\"%s\" labeltooltip=\"%s\"%s]\n",
		source, box, value, value, value, style);
	b->printed++;
}

static void print_sizes(struct boxes *b, str_id labels, const char *source)
{
	size_t n;
	struct nodelet *v = list(b, true, labels, &n);

	n = gather(b, v, n);
	for (size_t i = 0; i < n; i++) {
		bool is_flat = b->flat || v[i].flat_mean == v[i].cum_mean;
		int64_t weight = is_flat ? v[i].flat_mean : v[i].cum_mean;
		const char *box = arena_printf(b->r->scratch, "N%s_%zu", source, i);

		if (weight)
			print_box(b, source, box, v[i].text, weight,
				  is_flat ? "" : " style=\"dotted\"");
	}
}

bool dot_nodelets_print(struct report *r, uint32_t node, size_t id)
{
	const struct graph *g = &r->graph;
	struct boxes b = { .r = r,
			   .node = node,
			   .flat = g->out_at.v[node + 1] > g->out_at.v[node] };
	const char *source = arena_printf(r->scratch, "N%zu", id);
	struct nodelet *v;
	size_t n;

	b.tags = ARENA_ARRAY(r->scratch, const struct node_tag *, node_tags_count(&r->tags, node));
	v = list(&b, false, 0, &n);
	for (size_t i = 0; i < n && i < NODELETS_MAX; i++) {
		int64_t weight = b.flat ? v[i].flat_mean : v[i].cum_mean;
		const char *box = arena_printf(r->scratch, "%s_%zu", source, i);

		if (!weight)
			continue;
		print_box(&b, source, box, v[i].text, weight, "");
		print_sizes(&b, v[i].tag->labels, box);
	}
	print_sizes(&b, 0, source);
	return b.printed > 0;
}
