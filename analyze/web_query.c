/* web_query.c - the table of query names. */
#include "analyze/web_query.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, FLAG, WHOLE, FRACTION, GRANULARITY, SORT, OWN_FLAG };

static const struct row {
	const char *key;
	enum kind kind;
	size_t offset;
} rows[] = {
	{ "f", TEXT, offsetof(struct report_opts, focus) },
	{ "i", TEXT, offsetof(struct report_opts, ignore) },
	{ "h", TEXT, offsetof(struct report_opts, hide) },
	{ "s", TEXT, offsetof(struct report_opts, show) },
	{ "sf", TEXT, offsetof(struct report_opts, show_from) },
	{ "prunefrom", TEXT, offsetof(struct report_opts, prune_from) },
	{ "tf", TEXT, offsetof(struct report_opts, tagfocus) },
	{ "ti", TEXT, offsetof(struct report_opts, tagignore) },
	{ "ts", TEXT, offsetof(struct report_opts, tagshow) },
	{ "th", TEXT, offsetof(struct report_opts, taghide) },
	{ "group", TEXT, offsetof(struct report_opts, tagroot) },
	{ "si", TEXT, offsetof(struct report_opts, sample_index) },
	{ "unit", TEXT, offsetof(struct report_opts, unit) },
	{ "g", GRANULARITY, offsetof(struct report_opts, granularity) },
	{ "sort", SORT, offsetof(struct report_opts, sort) },
	{ "n", WHOLE, offsetof(struct report_opts, nodecount) },
	{ "nf", FRACTION, offsetof(struct report_opts, nodefraction) },
	{ "ef", FRACTION, offsetof(struct report_opts, edgefraction) },
	{ "rel", FLAG, offsetof(struct report_opts, relative_percentages) },
	{ "calltree", FLAG, offsetof(struct report_opts, call_tree) },
	{ "trim", FLAG, offsetof(struct report_opts, trim) },
	{ "noinlines", FLAG, offsetof(struct report_opts, noinlines) },
	{ "mean", FLAG, offsetof(struct report_opts, mean) },
	{ "dropneg", FLAG, offsetof(struct report_opts, drop_negative) },
	{ "compact", FLAG, offsetof(struct report_opts, compact_labels) },
	{ "showcolumns", FLAG, offsetof(struct report_opts, showcolumns) },
	{ "inv", OWN_FLAG, 0 },
	{ "rec", OWN_FLAG, 0 },
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

void web_query_add(struct web_query *q, const char *key, const char *value)
{
	*VEC_PUSH(&q->params) = (struct web_param){ arena_strdup(q->arena, key),
						    arena_strdup(q->arena, value ? value : "") };
}

void web_query_release(struct web_query *q)
{
	VEC_RELEASE(&q->params);
}

const char *web_query_get(const struct web_query *q, const char *key)
{
	for (size_t i = 0; i < q->params.n; i++)
		if (strcmp(q->params.v[i].key, key) == 0)
			return q->params.v[i].value;
	return "";
}

/* 1, 0, or -1 for a text that is neither. */
static int truth(const char *text)
{
	static const char *const yes[] = { "t", "true", "yes", "y", "1" },
				 *const no[] = { "f", "false", "no", "n", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(text, yes[i]) == 0)
			return 1;
		if (strcasecmp(text, no[i]) == 0)
			return 0;
	}
	return -1;
}

bool web_query_flag(const struct web_query *q, const char *key)
{
	return truth(web_query_get(q, key)) == 1;
}

int64_t web_query_number(const struct web_query *q, const char *key, int64_t otherwise)
{
	const char *text = web_query_get(q, key);
	char *end;
	long long v = strtoll(text, &end, 10);

	return *text && !*end ? v : otherwise;
}

static int bad(struct err *err, const struct row *row, const char *value)
{
	return err_set(err, SONDE_EUSAGE, "'%s' is no value for %s", value, row->key);
}

static int set_granularity(enum granularity *g, const struct row *row, const char *value,
			   struct err *err)
{
	static const char *const names[] = { [GRANULARITY_FUNCTIONS] = "functions",
					     [GRANULARITY_FILEFUNCTIONS] = "filefunctions",
					     [GRANULARITY_FILES] = "files",
					     [GRANULARITY_LINES] = "lines",
					     [GRANULARITY_ADDRESSES] = "addresses" };

	for (size_t i = GRANULARITY_FUNCTIONS; i <= GRANULARITY_ADDRESSES; i++) {
		if (strcmp(names[i], value) == 0) {
			*g = (enum granularity)i;
			return 0;
		}
	}
	return bad(err, row, value);
}

static int set_number(void *field, const struct row *row, const char *value, struct err *err)
{
	char *end;
	double fraction;
	long long whole;

	if (row->kind == WHOLE) {
		whole = strtoll(value, &end, 10);
		if (*end || whole < -1)
			return bad(err, row, value);
		*(int64_t *)field = whole;
		return 0;
	}
	fraction = strtod(value, &end);
	if (*end || !(fraction >= 0))
		return bad(err, row, value);
	*(double *)field = fraction;
	return 0;
}

static int set(struct report_opts *opts, const struct row *row, const char *value, struct err *err)
{
	void *field = (char *)opts + row->offset;
	int yes;

	switch (row->kind) {
	case TEXT:
		*(const char **)field = value;
		return 0;
	case FLAG:
		yes = truth(value);
		if (yes < 0)
			return bad(err, row, value);
		*(bool *)field = yes;
		return 0;
	case WHOLE:
	case FRACTION:
		return set_number(field, row, value, err);
	case GRANULARITY:
		return set_granularity(field, row, value, err);
	case SORT:
		if (strcmp(value, "flat") != 0 && strcmp(value, "cum") != 0)
			return bad(err, row, value);
		*(enum sort_order *)field = strcmp(value, "cum") == 0 ? SORT_CUM : SORT_FLAT;
		return 0;
	case OWN_FLAG:
		return truth(value) < 0 ? bad(err, row, value) : 0;
	}
	return 0;
}

int web_query_options(const struct web_query *q, struct report_opts *opts, struct err *err)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = web_query_get(q, rows[i].key);
		int rc = *value ? set(opts, &rows[i], value, err) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

const char *web_query_key(const struct web_query *q)
{
	const char *key = "";

	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = web_query_get(q, rows[i].key);

		if (*value)
			key = arena_printf(q->arena, "%s%s=%zu:%s&", key, rows[i].key,
					   strlen(value), value);
	}
	return key;
}

static const char *escaped(struct arena *a, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(a, 3 * strlen(text) + 1), *to = out;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(plain, c)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return out;
}

const char *web_query_address(const struct web_query *q, const char *path)
{
	const char *address = path;

	for (size_t i = 0; i < q->params.n; i++)
		address = arena_printf(q->arena, "%s%c%s=%s", address, i ? '&' : '?',
				       escaped(q->arena, q->params.v[i].key),
				       escaped(q->arena, q->params.v[i].value));
	return address;
}
