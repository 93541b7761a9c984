/* options.c - parse and list the rows of an option table. */
#include "cli/options.h"
#include "cli/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const struct option_row *rows;
	size_t n_rows;
	char *target;
	struct err *err;
};

bool option_names_equal(const char *name, const char *given, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!name[i] || (name[i] != given[i] && !(name[i] == '_' && given[i] == '-')))
			return false;
	return !name[n];
}

static const struct option_row *find(const struct parser *ps, const char *given, size_t n)
{
	for (size_t i = 0; i < ps->n_rows; i++)
		if (option_names_equal(ps->rows[i].name, given, n))
			return &ps->rows[i];
	return NULL;
}

/* ---- values ---- */

static int bad_value(const struct parser *ps, const struct option_row *row, const char *value)
{
	return err_set(ps->err, SONDE_EUSAGE, "invalid value '%s' for option '-%s'", value,
		       row->name);
}

static int read_bool(const char *value, bool *yes)
{
	static const char *const words[2][6] = { { "0", "f", "F", "false", "FALSE", "False" },
						 { "1", "t", "T", "true", "TRUE", "True" } };

	for (int truth = 0; truth < 2; truth++) {
		for (size_t i = 0; i < 6; i++) {
			if (strcmp(words[truth][i], value) == 0) {
				*yes = truth;
				return 0;
			}
		}
	}
	return -1;
}

static int set_bool(const struct parser *ps, const struct option_row *row, const char *value,
		    bool *field)
{
	return read_bool(value, field) ? bad_value(ps, row, value) : 0;
}

static int set_int(const struct parser *ps, const struct option_row *row, const char *value,
		   int64_t *field)
{
	char *end;
	int64_t n;

	errno = 0;
	n = strtoll(value, &end, 0);
	if (!*value || *end || errno)
		return bad_value(ps, row, value);
	*field = n;
	return 0;
}

static int set_float(const struct parser *ps, const struct option_row *row, const char *value,
		     double *field)
{
	char *end;
	double n = strtod(value, &end);

	if (!*value || *end)
		return bad_value(ps, row, value);
	*field = n;
	return 0;
}

static int set_percent(const struct parser *ps, const struct option_row *row, const char *value,
		       double *field)
{
	char *end;

	*field = strtod(value, &end);
	if (end == value || strcmp(end + (*end == '%'), "") != 0 || !(*field > 0) ||
	    !isfinite(*field))
		return bad_value(ps, row, value);
	return 0;
}

/* -cum: fine once, and again, but not together with -flat. */
static int set_choice(const struct parser *ps, const struct option_row *row, const char *value,
		      int *field)
{
	bool yes = false;

	if (read_bool(value, &yes))
		return bad_value(ps, row, value);
	if (!yes)
		return 0;
	for (size_t i = 0; *field && i < ps->n_rows; i++) {
		const struct option_row *other = &ps->rows[i];

		if (other->kind == OPTION_CHOICE && other->offset == row->offset &&
		    other->choice == *field && other != row)
			return err_set(ps->err, SONDE_EUSAGE, "conflicting options set: [%s %s]",
				       other->name, row->name);
	}
	*field = row->choice;
	return 0;
}

/* Its choices are told. */
static int bad_name(const struct parser *ps, const struct option_row *row, const char *value)
{
	char names[256];
	size_t n = 0;

	names[0] = 0;
	for (size_t i = 0; i < ps->n_rows && n < sizeof(names); i++)
		if (ps->rows[i].kind == OPTION_CHOICE && ps->rows[i].offset == row->offset)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
					      ps->rows[i].name);
	return err_set(ps->err, SONDE_EUSAGE, "invalid value '%s' for option '-%s': one of %s",
		       value, row->name, names);
}

static int set_named(const struct parser *ps, const struct option_row *row, const char *value,
		     int *field)
{
	const struct option_row *choice = find(ps, value, strlen(value));

	if (!choice || choice->kind != OPTION_CHOICE || choice->offset != row->offset)
		return bad_name(ps, row, value);
	return set_choice(ps, choice, "true", field);
}

static int set(const struct parser *ps, const struct option_row *row, const char *value)
{
	void *field = ps->target + row->offset;

	switch (row->kind) {
	case OPTION_BOOL:
		return set_bool(ps, row, value, field);
	case OPTION_INT:
		return set_int(ps, row, value, field);
	case OPTION_FLOAT:
		return set_float(ps, row, value, field);
	case OPTION_PERCENT:
		return set_percent(ps, row, value, field);
	case OPTION_CHOICE:
		return set_choice(ps, row, value, field);
	case OPTION_NAMED:
		return set_named(ps, row, value, field);
	case OPTION_STRING:
		*(const char **)field = value;
		return 0;
	case OPTION_LIST:
		*VEC_PUSH((string_list *)field) = value;
		return 0;
	}
	return 0;
}

/* ---- the line ---- */

static bool takes_value(const struct option_row *row)
{
	return row->kind != OPTION_BOOL && row->kind != OPTION_CHOICE;
}

static int unknown_option(const struct parser *ps, const char *given, const char *name, size_t n)
{
	struct suggestion s;

	suggest_from(&s, name, n);
	for (size_t i = 0; i < ps->n_rows; i++)
		suggest(&s, ps->rows[i].name);
	return s.best ? err_set(ps->err, SONDE_EUSAGE, "unknown option '%s': did you mean '-%s'?",
				given, s.best)
		      : err_set(ps->err, SONDE_EUSAGE, "unknown option '%s'", given);
}

/* One option at argv[*i]; *i moves on when the value is the next word. */
static int parse_option(const struct parser *ps, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 1 + (argv[*i][1] == '-');
	size_t n = strcspn(name, "=");
	const struct option_row *row = find(ps, name, n);

	if (!row)
		return unknown_option(ps, argv[*i], name, n);
	if (name[n])
		return set(ps, row, name + n + 1);
	if (!takes_value(row))
		return set(ps, row, "true");
	if (*i + 1 == argc)
		return err_set(ps->err, SONDE_EUSAGE, "option '%s' needs a value", argv[*i]);
	return set(ps, row, argv[++*i]);
}

const struct option_row *option_find(const struct option_row *rows, size_t n_rows, const char *name,
				     size_t n)
{
	const struct parser ps = { rows, n_rows, NULL, NULL };

	return find(&ps, name, n);
}

int option_set(const struct option_row *rows, size_t n_rows, void *target,
	       const struct option_row *row, const char *value, struct err *err)
{
	const struct parser ps = { rows, n_rows, target, err };
	int *choice = (int *)(ps.target + row->offset), before;
	int rc;

	if (row->kind != OPTION_CHOICE && row->kind != OPTION_NAMED)
		return set(&ps, row, value);
	before = *choice;
	*choice = 0;
	rc = set(&ps, row, value);
	if (rc || (!*choice && before != row->choice))
		*choice = before; /* saying no to a choice that was not made changes nothing */
	return rc;
}

int options_parse(const struct option_row *rows, size_t n_rows, void *target, int argc, char **argv,
		  string_list *operands, struct err *err)
{
	const struct parser ps = { rows, n_rows, target, err };
	bool ended = false;
	int rc = 0;

	for (int i = 1; i < argc && !rc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0)
			ended = true;
		else if (!ended && argv[i][0] == '-' && argv[i][1])
			rc = parse_option(&ps, argc, argv, &i);
		else
			*VEC_PUSH(operands) = argv[i];
	}
	return rc;
}

bool wants_help(int argc, char **argv)
{
	static const char *const words[] = { "--help", "-help", "-h" };

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
			if (strcmp(argv[i], words[w]) == 0)
				return true;
	return false;
}

void options_print(const struct option_row *rows, size_t n_rows)
{
	const char *group = "";

	for (size_t i = 0; i < n_rows; i++) {
		char left[64];

		if (!rows[i].help)
			continue;
		if (strcmp(group, rows[i].group) != 0)
			printf("\n%s:\n", group = rows[i].group);
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].arg ? "=" : "",
			 rows[i].arg ? rows[i].arg : "");
		for (char *s = left + 2; *s && *s != '='; s++)
			*s = *s == '_' ? '-' : *s;
		printf(strlen(left) < 23 ? "  %-23s%s\n" : "  %s\n                         %s\n",
		       left, rows[i].help);
	}
}
