/* check_shape.c - what kind of cost does a profile show, and what tells more of it?
 *
 * A cost that is spread over many functions has its handle further up: where the calls fan out.
 * Signs are known functions that stand for a kind of work: whatever they cost, with their callees,
 * is of that kind.
 */
#include "analyze/arith.h"
#include "analyze/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

/* What another value of the same samples would tell. */
static const struct {
	const char *shown, *other, *tells;
} more[] = {
	{ "inuse_space", "alloc_space", "where most is allocated, also what is free again" },
	{ "inuse_space", "inuse_objects", "how many small objects are kept" },
	{ "alloc_space", "alloc_objects", "how often is allocated, which is what takes time" },
	{ "alloc_space", "inuse_space", "what is still in use" },
	{ "alloc_objects", "alloc_space", "how much is allocated" },
	{ "inuse_objects", "inuse_space", "how much memory the objects keep" },
	{ "delay", "contentions", "how often something waited" },
	{ "contentions", "delay", "how long the waits were" },
	{ "samples", "cpu", "the same as CPU time" },
	{ "samples", "wall", "the same as time" },
};

static const char *type_name(const struct check *c, size_t i)
{
	return profile_str(c->r.profile, c->r.profile->sample_types.v[i].type);
}

static bool has_type(const struct check *c, const char *name)
{
	for (size_t i = 0; i < c->r.profile->sample_types.n; i++)
		if (strcmp(type_name(c, i), name) == 0)
			return true;
	return false;
}

void check_values(struct check *c)
{
	const char *shown = type_name(c, c->r.value_index), *others = "";

	for (size_t i = 0; i < c->r.profile->sample_types.n; i++)
		if (i != c->r.value_index)
			others = arena_printf(c->arena, "%s%s%s", others, *others ? ", " : "",
					      type_name(c, i));
	check_add(c, VERDICT_OK, "values", NAN, NULL, "this is about %s in %s%s%s", shown,
		  c->r.sample_unit, *others ? "; the profile has also " : "", others);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (strcmp(more[i].shown, shown) != 0 || !has_type(c, more[i].other))
			continue;
		check_add(c, VERDICT_NOTE, "values", NAN, NULL, "%s would tell %s", more[i].other,
			  more[i].tells)
			->next = arena_printf(c->arena, "sonde top --sample-index=%s %s",
					      more[i].other, c->file);
	}
}

/* ---- spread ---- */

static double flat_percent(const struct check *c, size_t row)
{
	return check_percent(c, fabs((double)graph_flat(&c->r.graph, c->r.graph.order.v[row])));
}

static size_t rows_for(const struct check *c, double percent)
{
	double sum = 0;
	size_t n = 0;

	while (n < c->r.graph.order.n && sum < percent)
		sum += flat_percent(c, n++);
	return n;
}

/* A place where calls fan out: much goes through it, and no single callee takes most of that. */
struct fork {
	uint32_t node;
	double cum, heaviest; /* percent of the total */
	size_t callees;
};

static struct fork fork_at(const struct check *c, uint32_t node)
{
	const struct graph *g = &c->r.graph;
	struct fork f = { .node = node,
			  .cum = check_percent(c, fabs((double)graph_cum(g, node))),
			  .callees = g->out_at.v[node + 1] - g->out_at.v[node] };

	if (f.callees)
		f.heaviest = check_percent(
			c, fabs((double)edge_weight(&g->edges.v[g->out.v[g->out_at.v[node]]])));
	return f;
}

static double worth(struct fork f)
{
	return f.callees < 3 || f.heaviest > 0.6 * f.cum ? 0 : f.cum - f.heaviest;
}

static void find_forks(struct check *c, double least)
{
	struct fork best[2] = { { 0 }, { 0 } };

	for (size_t i = 0; i < c->r.graph.order.n; i++) {
		struct fork f = fork_at(c, c->r.graph.order.v[i]);

		if (worth(f) > worth(best[0])) {
			best[1] = best[0];
			best[0] = f;
		} else if (worth(f) > worth(best[1])) {
			best[1] = f;
		}
	}
	for (size_t i = 0; i < 2 && worth(best[i]) >= least; i++) {
		const char *name = node_name(&c->r.nodes, best[i].node)->s;

		check_add(c, VERDICT_NOTE, "collects", best[i].cum, "%",
			  "%.1f%% of the cost comes together in %s, which spreads it over %zu "
			  "callees "
			  "(the heaviest has %.1f%%)",
			  best[i].cum, name, best[i].callees, best[i].heaviest)
			->next =
			arena_printf(c->arena, "sonde peek %s %s", check_pattern(c, name), c->file);
	}
}

/* The heaviest function may be called from everywhere. */
static void check_callers(struct check *c)
{
	const struct graph *g = &c->r.graph;
	uint32_t node = g->order.v[0], first = g->in_at.v[node], n = g->in_at.v[node + 1] - first;
	const char *name = node_name(&c->r.nodes, node)->s, *caller;
	double cum = fabs((double)graph_cum(g, node)), heaviest;

	if (n < 3 || cum == 0 || flat_percent(c, 0) < 3)
		return;
	heaviest = fabs((double)edge_weight(&g->edges.v[g->in.v[first]])) / cum * 100;
	caller = node_name(&c->r.nodes, g->edges.v[g->in.v[first]].src)->s;
	if (heaviest < 60)
		check_add(c, VERDICT_NOTE, "callers", heaviest, "%",
			  "%s is called from %u functions; the heaviest caller, %s, has %.1f%% of "
			  "it",
			  name, n, caller, heaviest)
			->next =
			arena_printf(c->arena, "sonde peek %s %s", check_pattern(c, name), c->file);
}

/* NULL for code without a name. */
static const char *list_command(struct check *c, uint32_t node)
{
	str_id name = c->r.nodes.info.v[node].name;

	if (!name)
		return NULL;
	return arena_printf(c->arena, "sonde list %s %s",
			    check_pattern(c, profile_str(c->r.profile, name)), c->file);
}

void check_spread(struct check *c)
{
	const char *name;
	double most;

	if (c->r.graph.order.n == 0)
		return;
	most = flat_percent(c, 0);
	name = node_name(&c->r.nodes, c->r.graph.order.v[0])->s;
	if (most < 10 && rows_for(c, 50) > 5) {
		check_add(c, VERDICT_NOTE, "spread", most, "%",
			  "the cost is small but everywhere: no function has more than %.1f%% "
			  "itself, half of all is in %zu functions, 80%% in %zu",
			  most, rows_for(c, 50), rows_for(c, 80));
		find_forks(c, 10);
	} else {
		check_add(c, VERDICT_OK, "spread", most, "%",
			  "%s has %.1f%% itself; half of all is in %zu function%s, 80%% in %zu",
			  name, most, rows_for(c, 50), rows_for(c, 50) == 1 ? "" : "s",
			  rows_for(c, 80))
			->next = list_command(c, c->r.graph.order.v[0]);
		find_forks(c, 30);
	}
	check_callers(c);
}

/* ---- signs ---- */

struct sign {
	const char *about, *what;
	double least; /* percent that is worth a word */
	const char *pattern, *advice;
};

static const struct sign signs[] = {
	{ "memory", "allocating and freeing memory", 8,
	  "^(_*(libc_)?(malloc|calloc|realloc|free|cfree|memalign|posix_memalign|aligned_alloc)|"
	  "_int_(malloc|free|realloc)|malloc_consolidate|operator (new|delete)(\\[\\])?(\\(.*)?|"
	  "(je|tc|mi|rte)_(malloc|calloc|realloc|free|new|delete).*|__rust_(alloc|dealloc|realloc)."
	  "*"
	  "|runtime\\.(mallocgc|gcBgMarkWorker|gcAssistAlloc.*|bgsweep))$",
	  "fewer or larger allocations, or objects that are used again" },
	{ "locks", "taking locks", 4,
	  "^(_*pthread_(mutex|rwlock|spin)_.*lock.*|_*lll_lock.*|_*lll_unlock.*|futex_?(wait|wake)."
	  "*|"
	  "sem_(wait|post)|native_queued_spin_lock.*|std::mutex::lock.*|runtime\\.(lock2|unlock2|"
	  "futex(sleep|wakeup)?|procyield)|sync\\.\\(\\*(Mutex|RWMutex)\\)\\..*)$",
	  "a CPU profile shows only the running part of waiting for locks" },
	{ "kernel i/o", "system calls for input and output", 8,
	  "^(_*(libc_)?(p?readv?2?|p?writev?2?|pread64|pwrite64|send(to|msg|mmsg|file)?|recv(from|"
	  "msg|"
	  "mmsg)?|open(at)?(64)?|f(data)?sync|e?poll(_p?wait)?|ppoll|p?select|accept4?|connect|"
	  "splice|"
	  "copy_file_range)(_nocancel)?|syscall\\.(Syscall6?|RawSyscall6?|read|write)|"
	  "internal/runtime/syscall\\.Syscall6)$",
	  "larger buffers, fewer calls; waiting itself is not in a CPU profile" },
	{ "copying", "copying, comparing and clearing memory", 12,
	  "^(_*(mem(cpy|move|set|cmp|chr|pcpy)|str(len|n?cmp|n?cpy|chr|r?str)|bcopy|bcmp)(_.*)?|"
	  "runtime\\.(memmove|memclr.*|memequal.*))$",
	  "look at who calls them, not at them" },
};

struct sign_pass {
	struct regex *regex;
	unsigned char *by_location;
};

static void mark_locations(struct check *c, struct sign_pass *pass)
{
	const struct profile *p = c->r.profile;

	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *l = &p->locations.v[i];

		pass->by_location[i] = 0;
		for (uint32_t k = 0; k < l->n_lines; k++) {
			uint32_t f = p->lines.v[l->first_line + k].function;

			if (f != PROFILE_NONE &&
			    regex_match_id(pass->regex, p->strings, p->functions.v[f].name))
				pass->by_location[i] = 1;
		}
	}
}

static double sum_marked(const struct check *c, const struct sign_pass *pass)
{
	const struct profile *p = c->r.profile;
	double sum = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		bool hit = false;

		for (size_t s = p->stack_at.v[i]; s < p->stack_at.v[i + 1]; s++)
			hit |= pass->by_location[p->stack.v[s]];
		if (hit)
			sum += fabs((double)p->values.v[i * p->sample_types.n + c->r.value_index]);
	}
	return sum;
}

/* The heaviest function that matches. */
static const char *heaviest_match(struct check *c, const struct sign_pass *pass)
{
	const struct graph *g = &c->r.graph;
	int64_t most = 0;
	const char *name = NULL;

	for (size_t i = 0; i < g->order.n; i++) {
		uint32_t node = g->order.v[i];
		str_id id = c->r.nodes.info.v[node].name;
		int64_t cum = abs64(graph_cum(g, node));

		if (cum <= most || !regex_match_id(pass->regex, c->r.profile->strings, id))
			continue;
		most = cum;
		name = profile_str(c->r.profile, id);
	}
	return name;
}

void check_signs(struct check *c)
{
	struct sign_pass pass;

	if (!c->is_cpu)
		return;
	pass.by_location = ARENA_ARRAY(c->arena, unsigned char, c->r.profile->locations.n);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		const struct sign *s = &signs[i];
		const char *name;
		double share;

		if (regex_compile(&pass.regex, s->pattern, NULL))
			continue;
		mark_locations(c, &pass);
		share = check_percent(c, sum_marked(c, &pass));
		name = heaviest_match(c, &pass);
		if (share >= s->least && name)
			check_add(c, VERDICT_NOTE, s->about, share, "%",
				  "%.1f%% of the cost is in %s: %s", share, s->what, s->advice)
				->next = arena_printf(c->arena, "sonde peek %s %s",
						      check_pattern(c, name), c->file);
		regex_free(pass.regex);
	}
}

/* ---- threads ---- */

static int64_t *sum_by_thread(struct check *c, str_id key, str_id *busiest, size_t *n)
{
	const struct profile *p = c->r.profile;
	size_t strings = strtab_count(p->strings);
	int64_t *sums = ARENA_ARRAY(c->arena, int64_t, strings);

	*n = 0;
	*busiest = 0;
	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t w = abs64(p->values.v[i * p->sample_types.n + c->r.value_index]);

		for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++) {
			const struct label *label = &p->labels.v[l];

			if (label->key != key || label->is_num)
				continue;
			*n += sums[label->str] == 0 && w > 0;
			sums[label->str] = add64(sums[label->str], w);
			if (sums[label->str] > sums[*busiest])
				*busiest = label->str;
		}
	}
	return sums;
}

void check_threads(struct check *c)
{
	str_id key = profile_intern(c->r.profile, "thread"), busiest;
	size_t n;
	const int64_t *sums = sum_by_thread(c, key, &busiest, &n);
	double share = n ? check_percent(c, (double)sums[busiest]) : 0;

	if (n > 1)
		check_add(c, VERDICT_OK, "threads", share, "%",
			  "threads of %zu names took part; %s has %.1f%% of the cost", n,
			  profile_str(c->r.profile, busiest), share)
			->next = arena_printf(c->arena, "sonde tags %s", c->file);
}
