/* shell_options.c - the options of the shell: set one, show all. */
#include "cli/shell.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_name(const struct option_row *row, const char *name)
{
	return strcmp(row->name, name) == 0;
}

static bool is_bool(const struct option_row *row)
{
	return row->kind == OPTION_BOOL || row->kind == OPTION_CHOICE;
}

bool shell_needs_value(const struct option_row *row)
{
	return !is_bool(row);
}

/* The shell knows more words for yes and no than the command line; nothing at all is yes. */
static const char *truth(const char *value)
{
	static const char *const words[][2] = {
		{ "", "true" },	   { "true", "true" }, { "t", "true" },	     { "yes", "true" },
		{ "y", "true" },   { "1", "true" },    { "false", "false" }, { "f", "false" },
		{ "no", "false" }, { "n", "false" },   { "0", "false" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i][0], value) == 0)
			return words[i][1];
	return value;
}

static int set_sample_index(const struct shell *sh, struct read_opts *o, struct arena *a,
			    const char *value, struct err *err)
{
	size_t index;
	int rc = analyze_sample_index(sh->profile, value, &index, err);

	if (!rc)
		o->report.sample_index = arena_strdup(
			a, profile_str(sh->profile, sh->profile->sample_types.v[index].type));
	return rc;
}

int shell_set(struct shell *sh, struct read_opts *o, struct arena *a, const struct option_row *row,
	      const char *value, struct err *err)
{
	int rc;

	if (has_name(row, "sample_index"))
		return set_sample_index(sh, o, a, value, err);
	if (row->kind == OPTION_NAMED && !*value) {
		*(int *)((char *)o + row->offset) = 0;
		rc = 0;
	} else {
		rc = option_set(sh->rows, sh->n_rows, o, row, is_bool(row) ? truth(value) : value,
				err);
	}
	read_opts_settle(o);
	return rc;
}

/* ---- show ---- */

/* As Go prints a float64: the fewest digits that are the number, an exponent from 1e-05 down and 1e+06 up. */
static const char *float_text(struct arena *a, double v)
{
	char text[40];
	int digits = 0, exponent;

	do
		snprintf(text, sizeof(text), "%.*e", digits, v);
	while (strtod(text, NULL) != v && digits++ < 17);
	exponent = strchr(text, 'e') ? atoi(strchr(text, 'e') + 1) : 0;
	if (exponent < -4 || exponent >= 6)
		return arena_strdup(a, text);
	return arena_printf(a, "%.*f", digits > exponent ? digits - exponent : 0, v);
}

static const struct option_row *chosen(const struct shell *sh, const struct option_row *row)
{
	int choice = *(const int *)((const char *)&sh->opts + row->offset);

	for (size_t i = 0; i < sh->n_rows; i++)
		if (sh->rows[i].kind == OPTION_CHOICE && sh->rows[i].offset == row->offset &&
		    sh->rows[i].choice == choice)
			return &sh->rows[i];
	return NULL;
}

const char *shell_option_text(const struct shell *sh, struct arena *a, const struct option_row *row)
{
	const void *field = (const char *)&sh->opts + row->offset;

	switch (row->kind) {
	case OPTION_BOOL:
		return *(const bool *)field ? "true" : "false";
	case OPTION_CHOICE:
		return chosen(sh, row) == row ? "true" : "false";
	case OPTION_NAMED:
		return chosen(sh, row)	       ? chosen(sh, row)->name
		       : has_name(row, "sort") ? "flat"
					       : "";
	case OPTION_INT:
		return arena_printf(a, "%lld", (long long)*(const int64_t *)field);
	case OPTION_FLOAT:
	case OPTION_PERCENT:
		return float_text(a, *(const double *)field);
	case OPTION_STRING:
		return *(const char *const *)field;
	case OPTION_LIST:
		break;
	}
	return "";
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const char *join(struct arena *a, string_list *words, const char *sep)
{
	const char *text = "";

	for (size_t i = 0; i < words->n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? sep : "", words->v[i]);
	return text;
}

const char *shell_choices(const struct shell *sh, struct arena *a, const struct option_row *row,
			  const char *sep)
{
	const struct profile *p = sh->profile;
	string_list words = VEC_INIT;
	const char *text;

	if (has_name(row, "sample_index"))
		for (size_t i = 0; i < p->sample_types.n; i++)
			*VEC_PUSH(&words) = profile_str(p, p->sample_types.v[i].type);
	for (size_t i = 0; row->kind == OPTION_NAMED && i < sh->n_rows; i++)
		if (sh->rows[i].kind == OPTION_CHOICE && sh->rows[i].offset == row->offset)
			*VEC_PUSH(&words) = sh->rows[i].name;
	if (row->kind == OPTION_NAMED && words.n)
		qsort(words.v, words.n, sizeof(*words.v), by_text);
	text = join(a, &words, sep);
	VEC_RELEASE(&words);
	return text;
}

/* A choice that an option by name stands for needs no line of its own. */
static bool is_part(const struct shell *sh, const struct option_row *row)
{
	for (size_t i = 0; row->kind == OPTION_CHOICE && i < sh->n_rows; i++)
		if (sh->rows[i].kind == OPTION_NAMED && sh->rows[i].offset == row->offset)
			return true;
	return false;
}

static const char *sample_type(const struct shell *sh)
{
	const struct profile *p = sh->profile;
	struct err ignored;
	size_t index;

	if (analyze_sample_index(p, sh->opts.report.sample_index, &index, &ignored))
		return sh->opts.report.sample_index;
	return profile_str(p, p->sample_types.v[index].type);
}

static const char *option_line(const struct shell *sh, struct arena *a,
			       const struct option_row *row)
{
	const char *value = shell_option_text(sh, a, row);
	const char *choices = shell_choices(sh, a, row, " | "), *comment = "";

	if (*choices)
		comment = arena_printf(a, "//: [%s]", choices);
	else if (has_name(row, "nodecount") && strcmp(value, "-1") == 0)
		comment = "//: default";
	if (has_name(row, "sample_index"))
		value = sample_type(sh);
	else if (!*value)
		value = row->kind == OPTION_NAMED ? "(default)" : "\"\"";
	return arena_printf(a, "  %-25s = %-20s %s", row->name, value, comment);
}

void shell_print_options(const struct shell *sh, FILE *out)
{
	struct arena *a = arena_new(ARENA_DIE);
	string_list lines = VEC_INIT;

	for (size_t i = 0; i < sh->n_rows; i++)
		if (!is_part(sh, &sh->rows[i]))
			*VEC_PUSH(&lines) = option_line(sh, a, &sh->rows[i]);
	qsort(lines.v, lines.n, sizeof(*lines.v), by_text);
	for (size_t i = 0; i < lines.n; i++)
		fprintf(out, "%s\n", lines.v[i]);
	VEC_RELEASE(&lines);
	arena_free(a);
}
