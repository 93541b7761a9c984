/* shell_line.c - what a line of the shell means.
 *
 *	NAME=VALUE                    sets an option, "NAME" alone a boolean
 *	COMMAND [N] [REGEX]... [-REGEX]... [-cum] [--OPTION=VALUE]... [> FILE] [| SHELL COMMAND]
 *	COMMAND FILE... [-cum] [--OPTION=VALUE]... [> FILE] [| SHELL COMMAND]       check, diff, merge, http
 *	o, options, help [WHAT], exit, quit, q
 *
 * pprof's language, and on top of it quotes, pipes and options for one report.
 */
#include "cli/shell.h"
#include "cli/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BY_TOP = 10 };

/* Commands that print: the reports, and our own. */
static const struct report_command *command_of(const char *name)
{
	const struct report_command *c = report_command_find(name);

	return c ? c : shell_own_find(name);
}

void shell_init(struct shell *sh, const struct read_opts *opts, struct profile *p, const char *name)
{
	*sh = (struct shell){ .opts = *opts, .name = name, .profile = p };
	sh->arena = arena_new(ARENA_DIE);
	sh->rows = read_opts_rows(READ_SHELL, &sh->n_rows);
	sh->opts.report.compact_labels = true;
	sh->opts.in_files = true;
}

void shell_release(struct shell *sh)
{
	arena_free(sh->arena);
}

/* ---- lines that stand for others ---- */

static char *trim(struct arena *a, const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return arena_strndup(a, s, n);
}

static bool is_known(const struct shell *sh, const char *name)
{
	static const char *const own[] = { "o", "options", "help", "exit", "quit", "q" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(name, own[i]) == 0)
			return true;
	return command_of(name) || option_find(sh->rows, sh->n_rows, name, strlen(name));
}

static size_t expand_sample_type(struct arena *a, const char *text, const char *type,
				 const char **lines)
{
	size_t n = 0;

	if (strncmp(text, "total_", 6) == 0 && strcmp(text + 6, type) == 0)
		lines[n++] = "mean=0";
	else if (strncmp(text, "mean_", 5) == 0 && strcmp(text + 5, type) == 0)
		lines[n++] = "mean=1";
	else if (strcmp(text, type) != 0)
		return 0;
	lines[n++] = arena_printf(a, "sample_index=%s", type);
	return n;
}

size_t shell_expand(const struct shell *sh, struct arena *a, const char *text,
		    const char *lines[SHELL_MAX_LINES])
{
	static const char *const clear[SHELL_MAX_LINES] = { "focus=", "ignore=", "hide=",
							    "tagfocus=", "tagignore=" };
	const struct profile *p = sh->profile;

	text = trim(a, text, strlen(text));
	if (strcmp(text, ":") == 0) {
		memcpy(lines, clear, sizeof(clear));
		return SHELL_MAX_LINES;
	}
	for (size_t i = 0; i < p->sample_types.n && !is_known(sh, text); i++) {
		const char *type = profile_str(p, p->sample_types.v[i].type);
		size_t n = *type ? expand_sample_type(a, text, type, lines) : 0;

		if (n)
			return n;
	}
	lines[0] = text;
	return 1;
}

/* ---- options that stay ---- */

/* The value of an assignment: without its comment, without quotes around all of it. */
static const char *value_of(struct arena *a, const char *s)
{
	const char *comment = NULL;
	size_t n;
	char *v;

	for (const char *c = strstr(s, "//:"); c; c = strstr(c + 1, "//:"))
		comment = c;
	v = trim(a, s, comment ? (size_t)(comment - s) : strlen(s));
	n = strlen(v);
	if (n >= 2 && (*v == '"' || *v == '\'') && v[n - 1] == *v) {
		v[n - 1] = 0;
		v++;
	}
	return v;
}

/* *is_assignment: was it one? */
static int assign(struct shell *sh, struct arena *a, const char *text, bool *is_assignment,
		  struct err *err)
{
	size_t n = strcspn(text, "=");
	const char *name = trim(a, text, n);
	const struct option_row *row = option_find(sh->rows, sh->n_rows, name, strlen(name));

	*is_assignment = row != NULL;
	if (!row)
		return 0;
	if (!text[n] && shell_needs_value(row))
		return err_set(err, SONDE_EUSAGE, "please specify a value, e.g. %s=<val>", name);
	return shell_set(sh, &sh->opts, sh->arena, row,
			 text[n] ? value_of(sh->arena, text + n + 1) : "", err);
}

/* ---- reports ---- */

struct reading {
	struct shell *sh;
	struct arena *a;
	const char *at; /* what is left of the line */
	struct shell_line *out;
	const char *focus, *ignore;
	string_list operands;
	struct err *err;
};

static const char *either(struct arena *a, const char *x, const char *y)
{
	return *x && *y ? arena_printf(a, "%s|%s", x, y) : *x ? x : y;
}

/* A whole number, with a sign or without. */
static bool is_count(const char *s, int64_t *n)
{
	const char *digits = s + (*s == '-' || *s == '+');

	if (!*digits || digits[strspn(digits, "0123456789")])
		return false;
	errno = 0;
	*n = strtoll(s, NULL, 10);
	return !errno && *n >= INT_MIN && *n <= INT_MAX;
}

static int read_file_name(struct reading *rd, const char *text)
{
	struct shell_word word = { text + 1, false };

	if (text[1] == '>')
		return err_set(rd->err, SONDE_EUSAGE,
			       "cannot append to a file: '>' begins a new one");
	if (!text[1] && !shell_next_word(rd->a, &rd->at, &word))
		return err_set(rd->err, SONDE_EUSAGE, "unexpected end of line after >");
	rd->out->opts.output = word.text;
	return 0;
}

static const char *closest_command(const char *name)
{
	struct suggestion s;

	suggest_from(&s, name, strlen(name));
	for (size_t i = 0; i < N_REPORT_COMMANDS; i++)
		suggest(&s, report_commands[i].name);
	for (size_t i = 0; i < N_SHELL_OWN; i++)
		suggest(&s, shell_own[i].name);
	return s.best;
}

static const char *closest_option(const struct shell *sh, const char *name, size_t n)
{
	struct suggestion s;

	suggest_from(&s, name, n);
	for (size_t i = 0; i < sh->n_rows; i++)
		suggest(&s, sh->rows[i].name);
	return s.best;
}

/* --name or --name=value, for this report. */
static int read_option(struct reading *rd, const char *text)
{
	struct shell *sh = rd->sh;
	size_t n = strcspn(text + 2, "=");
	const struct option_row *row = option_find(sh->rows, sh->n_rows, text + 2, n);
	const char *value = text[n + 2] ? text + n + 3 : "";

	if (!row) {
		const char *best = closest_option(sh, text + 2, n);

		return err_set(rd->err, SONDE_EUSAGE, "unknown option: '%s'%s%s%s", text,
			       best ? ": did you mean --" : "", best ? best : "", best ? "?" : "");
	}
	if (!text[n + 2] && shell_needs_value(row))
		return err_set(rd->err, SONDE_EUSAGE, "option %s needs a value: %s=<val>", text,
			       text);
	return shell_set(sh, &rd->out->opts, rd->a, row, value, rd->err);
}

static int read_argument(struct reading *rd, const struct shell_word *word)
{
	const char *text = word->text;
	bool is_own = shell_is_own(rd->out->command);
	int64_t n;

	if (is_own && (word->is_quoted || !strchr("->", *text))) {
		*VEC_PUSH(&rd->operands) = text;
	} else if (word->is_quoted) {
		rd->focus = either(rd->a, rd->focus, text);
	} else if (is_count(text, &n)) {
		rd->out->opts.report.nodecount = n;
	} else if (*text == '>') {
		return read_file_name(rd, text);
	} else if (strcmp(text, "-cum") == 0 || strcmp(text, "--cum") == 0) {
		rd->out->opts.report.sort = SORT_CUM;
		rd->out->opts.sort = 1 + SORT_CUM;
	} else if (text[0] == '-' && text[1] == '-' && text[2]) {
		return read_option(rd, text);
	} else if (is_own) {
		return err_set(rd->err, SONDE_EUSAGE, "unknown option: '%s'", text);
	} else if (*text == '-') {
		rd->ignore = either(rd->a, rd->ignore, text + 1);
	} else {
		rd->focus = either(rd->a, rd->focus, text);
	}
	return 0;
}

/* "| less": the rest of the line is for sh. */
static int read_pipe(struct reading *rd, const char *bar)
{
	const struct report_command *c = rd->out->command;

	rd->out->pipe = trim(rd->a, bar + 1, strlen(bar + 1));
	rd->out->opts.in_files = false;
	if (!*rd->out->pipe)
		return err_set(rd->err, SONDE_EUSAGE, "unexpected end of line after |");
	if (c->viewer)
		return err_set(rd->err, SONDE_EUSAGE,
			       "%s opens a viewer: nothing comes out of it to pipe", c->name);
	return 0;
}

static const char *at_pipe(const char *at)
{
	at += strspn(at, " \t");
	return *at == '|' ? at : NULL;
}

static void apply_filters(struct reading *rd)
{
	struct report_opts *o = &rd->out->opts.report;
	bool by_label = rd->out->command->kind == REPORT_TAGS;

	if (*rd->focus)
		*(by_label ? &o->tagfocus : &o->focus) = rd->focus;
	if (*rd->ignore)
		*(by_label ? &o->tagignore : &o->ignore) = rd->ignore;
	if (o->nodecount == -1 && rd->out->command->kind == REPORT_TOP)
		o->nodecount = SHOWN_BY_TOP;
}

static int take_operands(struct reading *rd)
{
	size_t n = rd->operands.n;
	const char **copy = ARENA_ARRAY(rd->a, const char *, n);

	if (n)
		memcpy(copy, rd->operands.v, n * sizeof(*copy));
	rd->out->operands = copy;
	rd->out->n_operands = n;
	return shell_own_check(rd->out, rd->err);
}

static int read_report(struct reading *rd)
{
	struct shell_word word;
	const char *bar;
	int rc = 0;

	if (rd->out->command->arg && !shell_is_own(rd->out->command)) {
		if (at_pipe(rd->at) || !shell_next_word(rd->a, &rd->at, &word))
			return err_set(rd->err, SONDE_EUSAGE, "command %s requires an argument",
				       rd->out->command->name);
		rd->out->pattern = word.text;
	}
	while (!rc && !(bar = at_pipe(rd->at)) && shell_next_word(rd->a, &rd->at, &word))
		rc = read_argument(rd, &word);
	if (!rc && bar)
		rc = read_pipe(rd, bar);
	if (!rc) {
		read_opts_settle(&rd->out->opts);
		apply_filters(rd);
	}
	if (!rc && shell_is_own(rd->out->command))
		rc = take_operands(rd);
	VEC_RELEASE(&rd->operands);
	return rc;
}

/* top10 is top 10: the digits go back to the line. */
static const struct report_command *find_command(struct reading *rd, const char *name,
						 const char *rest)
{
	const struct report_command *c = command_of(name);
	size_t n = strlen(name);

	if (c)
		return c;
	while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	c = name[n] ? command_of(arena_strndup(rd->a, name, n)) : NULL;
	if (c)
		rd->at = arena_printf(rd->a, "%s%s", name + n, rest);
	return c;
}

static int unknown_command(struct reading *rd, const char *name)
{
	const struct option_row *row =
		option_find(rd->sh->rows, rd->sh->n_rows, name, strlen(name));
	struct shell_word value = { "<val>", false };

	if (strcmp(name, "symbolize") == 0)
		return err_set(
			rd->err, SONDE_EUSAGE,
			"the profile was symbolized when it was loaded; proto > <file> writes it");
	if (!row) {
		const char *best = closest_command(name);

		return err_set(rd->err, SONDE_EUSAGE, "unrecognized command: \"%s\"%s%s%s", name,
			       best ? ": did you mean " : "", best ? best : "", best ? "?" : "");
	}
	(void)shell_next_word(rd->a, &rd->at, &value);
	return err_set(rd->err, SONDE_EUSAGE, "did you mean: %s=%s", name, value.text);
}

static enum shell_verb own_verb(const char *word)
{
	if (strcmp(word, "o") == 0 || strcmp(word, "options") == 0)
		return SHELL_SHOW_OPTIONS;
	if (strcmp(word, "help") == 0)
		return SHELL_HELP;
	if (strcmp(word, "exit") == 0 || strcmp(word, "quit") == 0 || strcmp(word, "q") == 0)
		return SHELL_QUIT;
	return SHELL_NOTHING;
}

int shell_read_line(struct shell *sh, struct arena *a, const char *text, struct shell_line *out,
		    struct err *err)
{
	struct reading rd = { sh, a, text, out, "", "", VEC_INIT, err };
	struct shell_word word;
	bool is_assignment;
	int rc;

	*out = (struct shell_line){ .verb = SHELL_NOTHING, .opts = sh->opts, .topic = "" };
	rc = assign(sh, a, text, &is_assignment, err);
	if (is_assignment || !shell_next_word(a, &rd.at, &word))
		return rc;
	out->verb = own_verb(word.text);
	if (out->verb) {
		out->topic = trim(a, rd.at, strlen(rd.at));
		return 0;
	}
	out->command = find_command(&rd, word.text, rd.at);
	if (!out->command)
		return unknown_command(&rd, word.text);
	out->verb = SHELL_REPORT;
	return read_report(&rd);
}
