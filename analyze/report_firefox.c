/* report_firefox.c - a file for profiler.firefox.com: its processed profile format, version 70.
 *
 * Threads are told apart by the labels thread and pid.  A pprof profile has no times, so a thread's
 * samples follow each other, each as long as its weight.  The tables are columns that refer to each
 * other by index; github.com/firefox-devtools/profiler/blob/main/src/types/profile.ts describes
 * them.
 */
#include "analyze/firefox.h"
#include "analyze/measure.h"
#include "analyze/paths.h"

#include <ctype.h>
#include <string.h>

enum { GECKO_VERSION = 36, PROCESSED_VERSION = 70 };

/* ---- collect ---- */

/* The value of the label called key, "" if there is none. */
static str_id label_value(struct firefox *f, size_t sample, str_id key)
{
	struct profile *p = f->r->profile;

	for (size_t l = p->label_at.v[sample]; l < p->label_at.v[sample + 1]; l++) {
		const struct label *label = &p->labels.v[l];
		char number[24];

		if (label->key != key)
			continue;
		if (!label->is_num)
			return label->str;
		snprintf(number, sizeof(number), "%lld", (long long)label->num);
		return profile_intern(p, number);
	}
	return 0;
}

static uint32_t find_thread(struct firefox *f, str_id pid, str_id name)
{
	const struct profile *p = f->r->profile;
	uint32_t i = pairs_add(&f->thread_keys, pid, name);

	if (i == f->threads.n)
		*VEC_PUSH(&f->threads) =
			(struct firefox_thread){ .name = profile_str(p, name),
						 .pid = pid ? profile_str(p, pid) : "0" };
	return i;
}

/* Threads show these. */
static bool is_shown(const struct firefox *f, size_t sample)
{
	return f->leaf.v[sample] != STACK_RUNS_ROOT && stacks_value(f->r, sample) != 0;
}

static void sort_by_thread(struct firefox *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->leaf.n; i++)
		f->threads.v[f->thread_of.v[i]].n += is_shown(f, i);
	for (size_t i = 0; i < f->threads.n; i++) {
		f->threads.v[i].first = n;
		n += f->threads.v[i].n;
		f->threads.v[i].n = 0;
	}
	VEC_MUST(&f->by_thread, n);
	for (uint32_t i = 0; i < f->leaf.n; i++) {
		struct firefox_thread *t = &f->threads.v[f->thread_of.v[i]];

		if (is_shown(f, i))
			f->by_thread.v[t->first + t->n++] = i;
	}
}

static void collect_samples(struct firefox *f)
{
	struct profile *p = f->r->profile;
	str_id pid = profile_intern(p, "pid"), thread = profile_intern(p, "thread");

	for (size_t i = 0; i < p->n_samples; i++) {
		*VEC_PUSH(&f->leaf) = stack_runs_add(&f->stacks, i);
		*VEC_PUSH(&f->thread_of) =
			find_thread(f, label_value(f, i, pid), label_value(f, i, thread));
	}
	if (f->threads.n == 0) /* the reader wants one */
		find_thread(f, 0, 0);
	sort_by_thread(f);
}

/* Nodes that differ by their line only are one function. */
static void collect_functions(struct firefox *f)
{
	struct pairs places = { 0 };

	for (uint32_t i = 0; i < f->r->nodes.info.n; i++) {
		const struct node_info *info = &f->r->nodes.info.v[i];
		uint32_t place = pairs_add(&places, info->file, info->objfile);
		str_id name = profile_intern(f->r->profile, stacks_name(f->r, i));
		uint32_t func = pairs_add(&f->func_keys, place, name);

		if (func == f->funcs.n)
			*VEC_PUSH(&f->funcs) = i;
		*VEC_PUSH(&f->func_of) = func;
	}
	pairs_release(&places);
}

/* ---- threads ---- */

/* How a value is a length: milliseconds, or itself. */
static double length_of(const struct report *r, int64_t value)
{
	if (!measure_same_family(r->sample_unit, "ms"))
		return (double)value;
	return measure_scale(value, r->sample_unit, "ms").value;
}

static const char *weight_type(const struct report *r)
{
	if (measure_same_family(r->sample_unit, "ms"))
		return "tracing-ms";
	return measure_same_family(r->sample_unit, "B") ? "bytes" : "samples";
}

static void write_samples(struct firefox *f, const struct firefox_thread *t)
{
	const uint32_t *samples = t->n ? f->by_thread.v + t->first : NULL;
	struct json *j = &f->j;
	double time = 0;

	json_open(j, "samples", '{');
	json_open(j, "stack", '[');
	for (size_t i = 0; i < t->n; i++)
		json_int(j, NULL, (int64_t)f->leaf.v[samples[i]]);
	json_close(j, ']');
	json_open(j, "time", '[');
	for (size_t i = 0; i < t->n; i++) {
		json_real(j, NULL, time);
		time += length_of(f->r, stacks_value(f->r, samples[i]));
	}
	json_close(j, ']');
	json_open(j, "weight", '[');
	for (size_t i = 0; i < t->n; i++)
		json_real(j, NULL, length_of(f->r, stacks_value(f->r, samples[i])));
	json_close(j, ']');
	json_text(j, "weightType", weight_type(f->r));
	json_int(j, "length", (int64_t)t->n);
	json_close(j, '}');
}

static void write_thread(struct firefox *f, uint32_t i, const char *process)
{
	static const char *const markers[] = { "data",	"name",	    "startTime", "endTime",
					       "phase", "category", NULL };
	const struct firefox_thread *t = &f->threads.v[i];
	struct json *j = &f->j;

	json_open(j, NULL, '{');
	json_text(j, "processType", "default");
	json_int(j, "processStartupTime", 0);
	json_null(j, "processShutdownTime");
	json_int(j, "registerTime", 0);
	json_null(j, "unregisterTime");
	json_open(j, "pausedRanges", '[');
	json_close(j, ']');
	json_text(j, "name", *t->name ? t->name : process);
	json_bool(j, "isMainThread", i == 0);
	json_text(j, "processName", process);
	json_text(j, "pid", t->pid);
	json_int(j, "tid", i + 1);
	write_samples(f, t);
	firefox_empty_table(j, "markers", markers);
	json_close(j, '}');
	json_line(j);
}

/* ---- the rest ---- */

/* A build id as Breakpad writes it: 16 bytes as a GUID, its first three fields byte-swapped. */
static void breakpad_id(char out[34], const char *build_id)
{
	static const unsigned char order[16] = { 3, 2, 1,  0,  5,  4,  7,  6,
						 8, 9, 10, 11, 12, 13, 14, 15 };
	char padded[33];

	snprintf(padded, sizeof(padded), "%s", build_id);
	memset(padded + strlen(padded), '0', sizeof(padded) - 1 - strlen(padded));
	for (size_t i = 0; i < 16; i++)
		for (size_t k = 0; k < 2; k++)
			out[2 * i + k] =
				(char)toupper((unsigned char)padded[(size_t)2 * order[i] + k]);
	out[32] = '0';
	out[33] = 0;
}

static void write_library(struct firefox *f, const struct mapping *m)
{
	const struct profile *p = f->r->profile;
	const char *path = profile_str(p, m->file), *name = path_base(f->r->arena, path);
	struct json *j = &f->j;
	char id[34];

	breakpad_id(id, profile_str(p, m->build_id));
	json_open(j, NULL, '{');
	json_text(j, "arch", "");
	json_text(j, "name", name);
	json_text(j, "path", path);
	json_text(j, "debugName", name);
	json_text(j, "debugPath", path);
	json_text(j, "breakpadId", id);
	if (m->build_id)
		json_text(j, "codeId", profile_str(p, m->build_id));
	else
		json_null(j, "codeId");
	json_close(j, '}');
}

static void write_meta(struct firefox *f, const char *process)
{
	const struct profile *p = f->r->profile;
	struct json *j = &f->j;
	const char *unit = profile_str(p, p->period_type.unit);
	bool is_time = p->period > 0 && measure_same_family(unit, "ms");

	json_open(j, "meta", '{');
	json_real(j, "interval", is_time ? measure_scale(p->period, unit, "ms").value : 1);
	json_real(j, "startTime", (double)(p->time_nanos / 1000000));
	json_int(j, "processType", 0);
	json_text(j, "product", process);
	json_text(j, "importedFrom", "sonde " SONDE_VERSION);
	json_int(j, "stackwalk", 1);
	json_int(j, "version", GECKO_VERSION);
	json_int(j, "preprocessedProfileVersion", PROCESSED_VERSION);
	json_bool(j, "symbolicated", true);
	json_bool(j, "usesOnlyOneStackType", true);
	json_bool(j, "sourceCodeIsNotOnSearchfox", true);
	json_open(j, "markerSchema", '[');
	json_close(j, ']');
	json_open(j, "categories", '[');
	json_open(j, NULL, '{');
	json_text(j, "name", "Other");
	json_text(j, "color", "grey");
	json_open(j, "subcategories", '[');
	json_text(j, NULL, "Other");
	json_close(j, ']');
	json_close(j, '}');
	json_close(j, ']');
	json_close(j, '}');
	json_line(j);
}

static void write_file(struct firefox *f)
{
	const struct profile *p = f->r->profile;
	const char *file = p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "";
	const char *process = *file ? path_base(f->r->arena, file) : "profile";
	struct json *j = &f->j;

	json_open(j, NULL, '{');
	write_meta(f, process);
	json_open(j, "libs", '[');
	for (size_t i = 0; i < p->mappings.n; i++)
		write_library(f, &p->mappings.v[i]);
	json_close(j, ']');
	json_line(j);
	firefox_write_shared(f);
	json_open(j, "threads", '[');
	for (uint32_t i = 0; i < f->threads.n; i++)
		write_thread(f, i, process);
	json_close(j, ']');
	json_close(j, '}');
	putc_unlocked('\n', f->r->out);
}

int report_firefox(struct report *r, struct err *err)
{
	struct firefox f = { .r = r, .j = { r->out, false }, .stacks.r = r };
	int rc = stacks_refuse_negative(r, "the Firefox Profiler", err);

	if (rc)
		return rc;
	stacks_make_nodes(r, true);
	f.strings = strtab_new();
	collect_samples(&f);
	collect_functions(&f);
	write_file(&f);
	VEC_RELEASE(&f.leaf);
	VEC_RELEASE(&f.thread_of);
	VEC_RELEASE(&f.by_thread);
	VEC_RELEASE(&f.threads);
	VEC_RELEASE(&f.funcs);
	VEC_RELEASE(&f.func_of);
	VEC_RELEASE(&f.source_files);
	stack_runs_release(&f.stacks);
	pairs_release(&f.sources);
	pairs_release(&f.thread_keys);
	pairs_release(&f.func_keys);
	strtab_free(f.strings);
	return 0;
}
