/* rules.c - the subset of the format that every known reader of pprof files accepts.
 *
 * pprof itself takes far more; Pyroscope, Parca, speedscope and the Go and JavaScript libraries
 * each refuse or misread something of it.  A rule says who cares where that is not obvious.
 * Sentences name the table and the number (from 1) of what breaks the rule.
 */
#include "writer/input.h"
#include "writer/wire.h"
#include "writer/writer.h"

#include <ctype.h>

#define BROKEN(err, ...) err_set(err, SONDE_EFORMAT, __VA_ARGS__)

/* ---- strings ---- */

/* The length of the UTF-8 sequence at s, 0 if there is none (RFC 3629: no surrogates, nothing
 * over-long). */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char first, last, second_first, second_last;
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (n < forms[i].length)
			return 0;
		if (forms[i].length > 1 &&
		    (s[1] < forms[i].second_first || s[1] > forms[i].second_last))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static int check_strings(const struct profile *p, struct err *err)
{
	for (str_id id = 0; id < strtab_count(p->strings); id++) {
		const unsigned char *s = (const unsigned char *)profile_str(p, id);
		size_t n = strtab_len(p->strings, id);

		for (size_t i = 0, step; i < n; i += step) {
			step = utf8_length(s + i, n - i);
			if (!step)
				return BROKEN(err, "string %u is not UTF-8 at its byte %zu", id, i);
		}
	}
	return 0;
}

/* ---- what is measured ---- */

static bool has_only(const char *s, const char *allowed)
{
	return *s && s[strspn(s, allowed)] == 0;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* What a profile whose main sample type is this must give as its period. */
static const struct {
	const char *type, *unit, *period_type, *period_unit;
} kinds[] = {
	{ "cpu", "nanoseconds", "cpu", "nanoseconds" },
	{ "wall", "nanoseconds", "wall", "nanoseconds" },
	{ "inuse_space", "bytes", "space", "bytes" },
	{ "alloc_space", "bytes", "space", "bytes" },
	{ "delay", "nanoseconds", "contentions", "count" },
};

/* Pyroscope and Parca make metric names of the types; speedscope and old tools show the last type.
 */
static int check_types(const struct profile *p, struct err *err)
{
	str_id last;

	if (!p->sample_types.n)
		return BROKEN(err, "no sample types");
	last = p->sample_types.v[p->sample_types.n - 1].type;
	for (size_t i = 0; i < p->sample_types.n; i++) {
		const char *type = profile_str(p, p->sample_types.v[i].type);
		const char *unit = profile_str(p, p->sample_types.v[i].unit);

		if (!has_only(type, LOWER "_"))
			return BROKEN(err, "sample type '%s' is not made of a-z and _", type);
		if (strcmp(unit, "nanoseconds") != 0 && strcmp(unit, "bytes") != 0 &&
		    strcmp(unit, "count") != 0)
			return BROKEN(
				err,
				"unit '%s' of sample type '%s' is not nanoseconds, bytes or count",
				unit, type);
	}
	if (p->default_sample_type != last)
		return BROKEN(err, "default sample type '%s' is not the last sample type '%s'",
			      profile_str(p, p->default_sample_type), profile_str(p, last));
	return 0;
}

static int check_period(const struct profile *p, struct err *err)
{
	const char *type = profile_str(p, p->default_sample_type);
	const char *period_type = profile_str(p, p->period_type.type);
	const char *period_unit = profile_str(p, p->period_type.unit);

	if (p->period < 1)
		return BROKEN(err, "period %lld is not positive", (long long)p->period);
	if (p->time_nanos <= 0)
		return BROKEN(err, "no time of start");
	if (p->duration_nanos < 0)
		return BROKEN(err, "duration %lld is negative", (long long)p->duration_nanos);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(type, kinds[i].type) == 0 &&
		    (strcmp(period_type, kinds[i].period_type) != 0 ||
		     strcmp(period_unit, kinds[i].period_unit) != 0))
			return BROKEN(err,
				      "period type '%s/%s' where a profile of '%s' has '%s/%s'",
				      period_type, period_unit, type, kinds[i].period_type,
				      kinds[i].period_unit);
	return 0;
}

/* ---- samples ---- */

/* Parca refuses anything else as the name of a label. */
static bool is_label_name(const char *s)
{
	return has_only(s, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ_" DIGITS) &&
	       !isdigit((unsigned char)*s);
}

static int check_labels(const struct profile *p, size_t sample, struct err *err)
{
	const struct label *labels = p->labels.v + p->label_at.v[sample];
	size_t n = p->label_at.v[sample + 1] - p->label_at.v[sample];

	for (size_t i = 0; i < n; i++) {
		const char *key = profile_str(p, labels[i].key);

		if (!is_label_name(key))
			return BROKEN(
				err,
				"label '%s' of sample %zu is not made of letters, digits and _",
				key, sample + 1);
		if (labels[i].is_num && !labels[i].unit)
			return BROKEN(err, "numeric label '%s' of sample %zu has no unit", key,
				      sample + 1);
		if (!labels[i].is_num && !labels[i].str)
			return BROKEN(err, "label '%s' of sample %zu has no value", key,
				      sample + 1);
		for (size_t k = 0; k < i; k++)
			if (labels[k].key == labels[i].key)
				return BROKEN(err, "label '%s' is twice in sample %zu", key,
					      sample + 1);
	}
	return 0;
}

static int check_samples(const struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->n_samples; i++) {
		bool has_value = false;
		int rc;

		for (size_t k = 0; k < p->sample_types.n; k++) {
			int64_t value = p->values.v[i * p->sample_types.n + k];

			if (value < 0)
				return BROKEN(err, "value %lld of sample %zu is negative",
					      (long long)value, i + 1);
			has_value |= value > 0;
		}
		if (!has_value)
			return BROKEN(err, "sample %zu has no value but 0", i + 1);
		if (p->stack_at.v[i] == p->stack_at.v[i + 1])
			return BROKEN(err, "sample %zu has no stack", i + 1);
		rc = check_labels(p, i, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- tables ---- */

/* Parca indexes its tables with the ids. */
static int check_id(const char *table, size_t i, uint64_t id, struct err *err)
{
	return id == i + 1 ? 0
			   : BROKEN(err, "%s %zu has the id %llu", table, i + 1,
				    (unsigned long long)id);
}

static int check_ids(const struct profile *p, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < p->mappings.n && !rc; i++)
		rc = check_id("mapping", i, p->mappings.v[i].id, err);
	for (size_t i = 0; i < p->locations.n && !rc; i++)
		rc = check_id("location", i, p->locations.v[i].id, err);
	for (size_t i = 0; i < p->functions.n && !rc; i++)
		rc = check_id("function", i, p->functions.v[i].id, err);
	return rc;
}

/* Pyroscope groups symbols by the name of the first mapping, and pprof shows it as the profile's
 * subject. */
static int check_mappings(const struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->mappings.n; i++) {
		const struct mapping *m = &p->mappings.v[i];
		const char *file = profile_str(p, m->file), *build_id = profile_str(p, m->build_id);

		if (i == 0 && *file != '/')
			return BROKEN(
				err,
				"first mapping '%s' is not the absolute path of the main binary",
				file);
		if (*file != '/' && *file != '[')
			return BROKEN(
				err,
				"mapping '%s' is neither an absolute path nor a name in brackets",
				file);
		if (m->start >= m->limit)
			return BROKEN(err, "mapping '%s' ends at 0x%llx, before it begins", file,
				      (unsigned long long)m->limit);
		if (*build_id && !has_only(build_id, DIGITS "abcdef"))
			return BROKEN(err, "build id '%s' of '%s' is not lower-case hexadecimal",
				      build_id, file);
	}
	return 0;
}

static int check_functions(const struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->functions.n; i++) {
		if (!p->functions.v[i].name)
			return BROKEN(err, "function %zu has no name", i + 1);
		if (!p->functions.v[i].system_name)
			return BROKEN(err, "function '%s' has no system name",
				      profile_str(p, p->functions.v[i].name));
	}
	return 0;
}

/* A flag of a mapping tells readers not to look any further, so it must hold for every location in
 * it. */
static int check_flags(const struct profile *p, const struct location *loc, struct err *err)
{
	const struct mapping *m = &p->mappings.v[loc->mapping];
	const char *file = profile_str(p, m->file);

	if (m->has_functions && !loc->n_lines)
		return BROKEN(err, "mapping '%s' claims functions, which location %llu has not",
			      file, (unsigned long long)loc->id);
	if (!m->has_functions && (m->has_filenames || m->has_line_numbers || m->has_inline_frames))
		return BROKEN(err, "mapping '%s' claims files, lines or inlining, but no functions",
			      file);
	for (uint32_t i = 0; i < loc->n_lines; i++) {
		const struct line *line = &p->lines.v[loc->first_line + i];

		if (m->has_filenames && !p->functions.v[line->function].filename)
			return BROKEN(err,
				      "mapping '%s' claims file names, which location %llu has not",
				      file, (unsigned long long)loc->id);
		if (m->has_line_numbers && line->line <= 0)
			return BROKEN(
				err,
				"mapping '%s' claims line numbers, which location %llu has not",
				file, (unsigned long long)loc->id);
	}
	return 0;
}

static int check_locations(const struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *loc = &p->locations.v[i];
		const struct mapping *m =
			loc->mapping == PROFILE_NONE ? NULL : &p->mappings.v[loc->mapping];
		int rc;

		if (!loc->n_lines && !loc->address)
			return BROKEN(err, "location %zu has neither a function nor an address",
				      i + 1);
		if (m && (loc->address < m->start || loc->address >= m->limit))
			return BROKEN(
				err,
				"address 0x%llx of location %zu is outside of its mapping '%s'",
				(unsigned long long)loc->address, i + 1, profile_str(p, m->file));
		rc = m ? check_flags(p, loc, err) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

int profile_check_rules(const struct profile *p, struct err *err)
{
	static int (*const rules[])(const struct profile *, struct err *) = {
		profile_check_valid, check_strings,   check_types,
		check_period,	     check_samples,   check_ids,
		check_mappings,	     check_functions, check_locations,
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !rc; i++)
		rc = rules[i](p, err);
	return rc;
}

/* ---- the bytes: what cannot be seen any more once they are a profile ---- */

enum { F_STRING_TABLE = 6, F_LAST = 15 };

static int check_bytes(const uint8_t *data, size_t n, struct err *err)
{
	struct wire w = { data, data + n, NULL };
	struct strtab *seen = strtab_new();
	struct wire_field f;
	size_t n_strings = 0;
	int rc = 0;

	while (!rc && wire_next(&w, &f)) {
		if (f.number == 0 || f.number > F_LAST)
			rc = BROKEN(err, "unknown field %llu", (unsigned long long)f.number);
		if (rc || f.number != F_STRING_TABLE || f.type != WIRE_BYTES)
			continue;
		if (strtab_add(seen, (const char *)f.data, f.u) != n_strings++)
			rc = BROKEN(err, "string %zu is in the table twice", n_strings - 1);
	}
	strtab_free(seen);
	return rc;
}

int profile_check_file_rules(const char *path, struct err *err)
{
	struct bytes file = { VEC_INIT }, unpacked = { VEC_INIT };
	struct profile *p = NULL;
	int rc = read_file(&file, path, err);

	if (rc)
		return rc;
	if (file.buf.n < 2 || file.buf.v[0] != 0x1f || file.buf.v[1] != 0x8b)
		rc = BROKEN(err, "not gzip'd");
	if (!rc)
		rc = gzip_unpack(&unpacked, file.buf.v, file.buf.n, err);
	if (!rc)
		rc = profile_decode_mem(&p, unpacked.buf.v, unpacked.buf.n, err);
	if (!rc)
		rc = check_bytes(unpacked.buf.v, unpacked.buf.n, err);
	if (!rc)
		rc = profile_check_rules(p, err);
	if (rc)
		err_prefix(err, "'%s'", path);
	profile_free(p);
	VEC_RELEASE(&file.buf);
	VEC_RELEASE(&unpacked.buf);
	return rc;
}
