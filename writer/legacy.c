/* legacy.c - the older profile formats: which one it is, and the building of the profile that all
 * of them share. */
#include "writer/legacy.h"

#include <math.h>

enum legacy_result legacy_broken(struct legacy *l, const char *what, const struct lines *at)
{
	int shown = at->line.n < 80 ? (int)at->line.n : 80;

	err_set(l->err, SONDE_EFORMAT, "malformed %s at line %zu: '%.*s'", what, at->number, shown,
		at->line.n ? at->line.s : "");
	return LEGACY_BROKEN;
}

void legacy_sample_type(struct legacy *l, const char *type, const char *unit)
{
	*VEC_PUSH(&l->p->sample_types) = (struct value_type){
		profile_intern(l->p, type),
		profile_intern(l->p, unit),
	};
}

void legacy_period(struct legacy *l, const char *type, const char *unit, int64_t period)
{
	l->p->period_type.type = profile_intern(l->p, type);
	l->p->period_type.unit = profile_intern(l->p, unit);
	l->p->period = period;
}

void legacy_frame(struct legacy *l, uint64_t address)
{
	uint32_t index = id_map_get(&l->by_address, address);

	if (index == PROFILE_NONE) {
		index = (uint32_t)l->p->locations.n;
		*VEC_PUSH(&l->p->locations) = (struct location){
			.id = index + 1,
			.address = address,
			.mapping = PROFILE_NONE,
		};
		id_map_add(&l->by_address, address, index);
	}
	*VEC_PUSH(&l->stack) = index;
}

bool legacy_frames(struct legacy *l, struct span s, enum return_addresses which)
{
	struct scan c = { s.s, s.s + s.n };

	while (c.s < c.end) {
		struct span digits;
		uint64_t address;

		if (!scan_literal(&c, SPAN("0x"))) {
			c.s++;
			continue;
		}
		if (!scan_while(&c, is_lower_hex, &digits))
			continue;
		if (!span_uint(digits, 16, &address))
			return false;
		if (which == ALL_RETURN || (which == CALLERS_RETURN && l->stack.n))
			address--;
		legacy_frame(l, address);
	}
	return true;
}

void legacy_sample(struct legacy *l, const int64_t *values, const struct label *label)
{
	profile_add_sample(l->p, values, l->stack.v, l->stack.n, label, label ? 1 : 0);
	l->stack.n = 0;
}

/* ---- numbering ---- */

static void renumber_locations(struct profile *p)
{
	VEC(struct location) kept = VEC_INIT;
	VEC(uint32_t)
	new_index = VEC_INIT; /* plus 1; 0 = not met yet, which is what a fresh VEC holds */

	VEC_MUST(&new_index, p->locations.n);
	VEC_MUST(&kept, p->locations.n);
	for (size_t i = 0; i < p->stack.n; i++) {
		uint32_t *at = &new_index.v[p->stack.v[i]];

		if (*at == 0) {
			*at = (uint32_t)kept.n + 1;
			kept.v[kept.n] = p->locations.v[p->stack.v[i]];
			kept.v[kept.n++].id = *at;
		}
		p->stack.v[i] = *at - 1;
	}
	if (kept.n)
		memcpy(p->locations.v, kept.v, kept.n * sizeof(*kept.v));
	p->locations.n = kept.n;
	VEC_RELEASE(&kept);
	VEC_RELEASE(&new_index);
}

static void renumber_functions(struct profile *p)
{
	VEC(struct function) kept = VEC_INIT;
	VEC(uint32_t) new_index = VEC_INIT;

	VEC_MUST(&new_index, p->functions.n);
	VEC_MUST(&kept, p->functions.n);
	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *loc = &p->locations.v[i];

		for (uint32_t k = loc->first_line; k < loc->first_line + loc->n_lines; k++) {
			uint32_t *at = &new_index.v[p->lines.v[k].function];

			if (*at == 0) {
				*at = (uint32_t)kept.n + 1;
				kept.v[kept.n] = p->functions.v[p->lines.v[k].function];
				kept.v[kept.n++].id = *at;
			}
			p->lines.v[k].function = *at - 1;
		}
	}
	if (kept.n)
		memcpy(p->functions.v, kept.v, kept.n * sizeof(*kept.v));
	p->functions.n = kept.n;
	VEC_RELEASE(&kept);
	VEC_RELEASE(&new_index);
}

void legacy_renumber(struct profile *p)
{
	renumber_locations(p);
	renumber_functions(p);
}

void legacy_drop_double_leaves(struct profile *p)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		size_t end = p->stack_at.v[i + 1];
		size_t depth = end - from;
		uint32_t *stack = p->stack.v + from;
		bool twice = depth > 1 && p->locations.v[stack[0]].address ==
						  p->locations.v[stack[1]].address + 1;

		for (size_t k = 0; k < depth; k++)
			if (!(twice && k == 1))
				p->stack.v[n++] = stack[k];
		p->stack_at.v[i + 1] = n;
		from = end;
	}
	p->stack.n = n;
}

/* ---- arithmetic ---- */

/* What the conversion instruction of x86-64 yields; C leaves it open. */
int64_t legacy_to_int64(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

void legacy_unsample(int64_t *count, int64_t *size, int64_t rate)
{
	double average, scale;

	if (*count == 0 || *size == 0) {
		*count = *size = 0;
		return;
	}
	if (rate <= 1)
		return; /* everything was sampled, or nobody knows */
	average = (double)*size / (double)*count;
	scale = 1 / (1 - exp(-average / (double)rate));
	*count = legacy_to_int64((double)*count * scale);
	*size = legacy_to_int64((double)*size * scale);
}

/* ---- frames of the profilers themselves, which these formats always carry ---- */

static const char drop_allocators[] =
	"calloc|cfree|malloc|free|(do_)?memalign|(__)?posix_memalign|p?valloc|realloc|tcmalloc::.*|"
	"tc_(calloc|cfree|malloc|free|(posix_)?memalign|p?valloc|realloc|(new|delete)(array)?|new("
	"array)?_nothrow)|"
	"malloc_zone_(malloc|[cv]alloc|realloc|memalign|free)|runtime\\..*|BaseArena::.*|"
	"(::)?do_malloc(_no_errno|_pages)?|DoSampledAllocation|MallocedMemBlock::MallocedMemBlock|_"
	"M_allocate|"
	"__builtin_(vec_)?(delete|new)|__gnu_cxx::new_allocator::allocate|__libc_malloc|"
	"__malloc_alloc_template::allocate|allocate|cpp_alloc|operator "
	"new(\\[\\])?|simple_alloc::allocate";
static const char keep_go_runtime[] = "runtime\\.(panic|reflectcall|call[0-9]*)";
static const char drop_locks[] =
	"(base::)?(RecordLockProfileData|Submit(Mutex|SpinLock)ProfileData).*|"
	"((base::)?Mutex::)?(AwaitCommon|Unlock|UnlockSlow|ReaderUnlock).*|((base::)?MutexLock::)?~"
	"MutexLock.*|"
	"(SpinLock::)?(SlowUnlock|Unlock).*|(SpinLockHolder::)?~SpinLockHolder.*";
static const char drop_cpu_profiler[] =
	"ProfileData::(Add|prof_handler)|CpuProfiler::prof_handler|__pthread_sighandler|__restore";

static const struct {
	const char *types[5];
	const char *drop, *keep;
} own_frames[] = {
	{ { "allocations", "size" }, drop_allocators, keep_go_runtime },
	{ { "objects", "space" }, drop_allocators, keep_go_runtime },
	{ { "inuse_objects", "inuse_space" }, drop_allocators, keep_go_runtime },
	{ { "alloc_objects", "alloc_space" }, drop_allocators, keep_go_runtime },
	{ { "alloc_objects", "alloc_space", "inuse_objects", "inuse_space" },
	  drop_allocators,
	  keep_go_runtime },
	{ { "contentions", "delay" }, drop_locks, "" },
};

static bool has_types(const struct profile *p, const char *const *types)
{
	size_t i;

	for (i = 0; types[i]; i++)
		if (i >= p->sample_types.n ||
		    strcmp(profile_str(p, p->sample_types.v[i].type), types[i]) != 0)
			return false;
	return i == p->sample_types.n;
}

static void set_drop_frames(struct profile *p)
{
	const char *drop = drop_cpu_profiler, *keep = "";

	for (size_t i = 0; i < sizeof(own_frames) / sizeof(own_frames[0]); i++)
		if (has_types(p, own_frames[i].types)) {
			drop = own_frames[i].drop;
			keep = own_frames[i].keep;
		}
	p->drop_frames = profile_intern(p, drop);
	p->keep_frames = profile_intern(p, keep);
}

/* ---- which format ---- */

static enum legacy_result (*const readers[])(struct legacy *, const uint8_t *, size_t) = {
	legacy_cpu, legacy_heap, legacy_count, legacy_thread, legacy_contention, legacy_java,
};

enum legacy_result legacy_decode(struct profile **out, const uint8_t *data, size_t n,
				 struct err *err)
{
	enum legacy_result rc = LEGACY_NOT_MINE;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && rc == LEGACY_NOT_MINE; i++) {
		struct legacy l = { .p = profile_new(), .err = err };

		id_map_init(&l.by_address, 0);
		rc = readers[i](&l, data, n);
		id_map_release(&l.by_address);
		VEC_RELEASE(&l.stack);
		if (rc) {
			profile_free(l.p);
			continue;
		}
		set_drop_frames(l.p);
		*out = l.p;
	}
	return rc;
}
