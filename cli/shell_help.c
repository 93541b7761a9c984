/* shell_help.c - what the shell says about its commands and options. */
#include "cli/shell.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name, *help;
} words[] = {
	{ "o", "list the options and their values; also: options" },
	{ "help", "explain a command or an option: help top" },
	{ "quit", "leave; also: exit, q, Ctrl-D" },
	{ ":", "clear focus, ignore, hide, tagfocus and tagignore" },
};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

/* Those reports that the command line does not list are forms of another. */
static const char *describe(struct arena *a, const struct report_command *c)
{
	static const char *const viewers[] = {
		[VIEWER_NONE] = "",   [VIEWER_BROWSER] = "a web browser",
		[VIEWER_EOG] = "eog", [VIEWER_EVINCE] = "evince",
		[VIEWER_GV] = "gv",   [VIEWER_KCACHEGRIND] = "KCachegrind",
	};

	if (c->help)
		return c->help;
	if (c->viewer)
		return arena_printf(a, "the call graph in %s", viewers[c->viewer]);
	if (c->picture)
		return arena_printf(a, "the call graph as a picture: %s", c->picture);
	for (size_t i = 0; i < N_REPORT_COMMANDS; i++)
		if (&report_commands[i] != c && report_commands[i].kind == c->kind)
			return arena_printf(a, "another name for %s", report_commands[i].name);
	return "";
}

static void put_row(FILE *out, const char *left, const char *right)
{
	fprintf(out, strlen(left) < 23 ? "  %-23s%s\n" : "  %s\n                         %s\n",
		left, right);
}

static const char *option_left(struct arena *a, const struct option_row *row)
{
	return arena_printf(a, "%s%s%s", row->name, row->arg ? "=" : "", row->arg ? row->arg : "");
}

static void put_commands(struct arena *a, const struct report_command *c, size_t n, FILE *out)
{
	for (; n--; c++)
		put_row(out,
			arena_printf(a, "%s%s%s", c->name, c->arg ? " " : "", c->arg ? c->arg : ""),
			describe(a, c));
}

static void print_overview(const struct shell *sh, struct arena *a, FILE *out)
{
	const char *group = "";

	fputs("commands:\n", out);
	put_commands(a, report_commands, N_REPORT_COMMANDS, out);
	put_commands(a, shell_own, N_SHELL_OWN, out);
	for (size_t i = 0; i < N_WORDS; i++)
		put_row(out, words[i].name, words[i].help);
	for (size_t i = 0; i < sh->n_rows; i++) {
		if (!sh->rows[i].help)
			continue;
		if (strcmp(group, sh->rows[i].group) != 0)
			fprintf(out, "\noptions, %s:\n", group = sh->rows[i].group);
		put_row(out, option_left(a, &sh->rows[i]), sh->rows[i].help);
	}
	fputs("\n  top 5 main -malloc > out.txt     5 functions, of stacks with main and without "
	      "malloc\n"
	      "  tree --unit=ms | less            an option for this report, shown by a pager\n"
	      "  focus=main                       an option for all reports to come; focus= clears "
	      "it\n"
	      "  help top                         more on one command or option\n",
	      out);
}

static void put_ends(const struct report_command *c, FILE *out)
{
	put_row(out, "> <file>", c->viewer ? "write to a file, open no viewer" : "write to a file");
	if (!c->viewer)
		put_row(out, "| <command>", "hand the report to a command of sh");
	if (c->extension && !c->viewer)
		fprintf(out, "\nWithout a file it goes to a new one, profile001.%s.\n",
			c->extension);
}

static void print_own_command(struct arena *a, const struct report_command *c, FILE *out)
{
	fprintf(out, "%s: %s\n\nusage: %s %s [--<option>[=<value>]]...%s\n\n", c->name,
		describe(a, c), c->name, c->arg,
		shell_prints(c) ? " [> <file>] [| <command>]" : "");
	if (strstr(c->arg, "before"))
		put_row(out, "<before>", "a file or server, to compare the loaded profile with");
	if (strstr(c->arg, "profile"))
		put_row(out, "<profile>", "a file");
	if (strstr(c->arg, "host"))
		put_row(out, "<host:port>", "where to serve (default: localhost, a free port)");
	put_row(out, "--<option>", "any option, for this command only");
	if (shell_prints(c))
		put_ends(c, out);
}

static void print_command(struct arena *a, const struct report_command *c, FILE *out)
{
	bool by_label = c->kind == REPORT_TAGS;

	fprintf(out,
		"%s: %s\n\nusage: %s%s%s [<n>] [<regex>]... [-<regex>]... [-cum] "
		"[--<option>[=<value>]]... "
		"[> <file>]%s\n\n",
		c->name, describe(a, c), c->name, c->arg ? " " : "", c->arg ? c->arg : "",
		c->viewer ? "" : " [| <command>]");
	if (c->arg)
		put_row(out, c->arg,
			strcmp(c->arg, "<regex>") == 0
				? "functions whose name matches"
				: "functions whose name matches, or the address");
	put_row(out, "<n>", "show at most so many nodes");
	put_row(out, "<regex>",
		by_label ? "only samples with a matching label"
			 : "only stacks with a matching frame");
	put_row(out, "-<regex>",
		by_label ? "no samples with a matching label" : "no stacks with a matching frame");
	put_row(out, "-cum", "sort by what is spent in a function and its callees");
	put_row(out, "--<option>", "any option, for this report only");
	put_ends(c, out);
	fputs("\nQuote what has blanks: 'operator new' or \"operator new\".\n", out);
}

/* The option of which a choice is a value. */
static const struct option_row *named_by(const struct shell *sh, const struct option_row *row)
{
	for (size_t i = 0; row->kind == OPTION_CHOICE && i < sh->n_rows; i++)
		if (sh->rows[i].kind == OPTION_NAMED && sh->rows[i].offset == row->offset)
			return &sh->rows[i];
	return NULL;
}

static void print_option(const struct shell *sh, struct arena *a, const struct option_row *row,
			 FILE *out)
{
	const char *value = shell_option_text(sh, a, row);
	const char *choices = shell_choices(sh, a, row, ", ");

	const struct option_row *named = named_by(sh, row);

	if (row->help)
		fprintf(out, "%s: %s\n", option_left(a, row), row->help);
	else if (named)
		fprintf(out, "%s: short for %s=%s\n", row->name, named->name, row->name);
	if (*choices)
		fprintf(out, "one of: %s\n", choices);
	else if (row->kind == OPTION_BOOL || row->kind == OPTION_CHOICE)
		fprintf(out, "%s or %s=1 for yes, %s=0 for no\n", row->name, row->name, row->name);
	fprintf(out, "now: %s=%s\n", row->name, value);
}

static bool print_word(const char *topic, FILE *out)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (strcmp(words[i].name, topic) == 0)
			return fprintf(out, "%s: %s\n", words[i].name, words[i].help) > 0;
	return strcmp(topic, "options") == 0			       ? print_word("o", out)
	       : strcmp(topic, "exit") == 0 || strcmp(topic, "q") == 0 ? print_word("quit", out)
								       : false;
}

int shell_print_help(const struct shell *sh, const char *topic, FILE *out, struct err *err)
{
	const struct report_command *c = report_command_find(topic), *own = shell_own_find(topic);
	const struct option_row *row = option_find(sh->rows, sh->n_rows, topic, strlen(topic));
	struct arena *a = arena_new(ARENA_DIE);
	int rc = 0;

	if (!*topic)
		print_overview(sh, a, out);
	else if (c)
		print_command(a, c, out);
	else if (own)
		print_own_command(a, own, out);
	else if (row)
		print_option(sh, a, row, out);
	else if (!print_word(topic, out))
		rc = err_set(err, SONDE_EUSAGE, "Unknown command: %s", topic);
	arena_free(a);
	return rc;
}
