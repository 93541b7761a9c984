/* shell_own.c - commands of the shell that are no reports: check, diff, merge, http.
 *
 * They have the names of commands of the command line, and the loaded profile is the last of their
 * operands there.  Files that they name are loaded when the command runs, in its child process.
 */
#include "cli/reports.h"
#include "cli/shell.h"
#include "cli/web.h"

#include <string.h>

enum { CHECK, DIFF, MERGE, HTTP };

/* The kind is that of a report which none of its options changes. */
#define OWN(name_, arg_, help_)                                                                    \
	.name = (name_), .kind = REPORT_COMMENTS, .arg = (arg_), .help = (help_)

const struct report_command shell_own[N_SHELL_OWN] = {
	[CHECK] = { OWN("check", "[<before>]",
			"is the profile enough, whole and named, and what to look at next") },
	[DIFF] = { OWN("diff", "<before>",
		       "what changed since another profile, beside its sampling error") },
	[MERGE] = { OWN("merge", "<profile>...", "the sum of the profile and of others, as a file"),
		    .extension = "pb.gz" },
	[HTTP] = { OWN("http", "[<host:port>]",
		       "the profile as a page in the browser, until Ctrl-C; web shows the call "
		       "graph alone") },
};

const struct report_command *shell_own_find(const char *name)
{
	for (size_t i = 0; i < N_SHELL_OWN; i++)
		if (strcmp(name, shell_own[i].name) == 0)
			return &shell_own[i];
	return NULL;
}

bool shell_is_own(const struct report_command *c)
{
	return c >= shell_own && c < shell_own + N_SHELL_OWN;
}

bool shell_prints(const struct report_command *c)
{
	return c != &shell_own[HTTP];
}

int shell_own_check(const struct shell_line *line, struct err *err)
{
	const char *name = line->command->name, *arg = line->command->arg;

	if (*arg != '[' && line->n_operands == 0)
		return err_set(err, SONDE_EUSAGE, "command %s requires an argument", name);
	if (!strstr(arg, "...") && line->n_operands > 1)
		return err_set(err, SONDE_EUSAGE, "command %s takes one argument, not %zu: %s %s",
			       name, line->n_operands, name, arg);
	if (!shell_prints(line->command) && (line->pipe || *line->opts.output))
		return err_set(err, SONDE_EUSAGE, "%s serves a page: nothing comes out of it",
			       name);
	return 0;
}

/* The profile that is loaded had its bases subtracted already; another has none. */
static int load(const struct shell_line *line, struct profile **p, struct err *err)
{
	struct read_opts opts = line->opts;

	opts.bases = opts.diff_bases = (string_list)VEC_INIT;
	opts.normalize = false;
	return read_opts_load(&opts, p, line->operands, 1, err);
}

static int diff(const struct shell *sh, const struct shell_line *line, struct err *err)
{
	struct profile *before;
	size_t n_above;
	int rc = load(line, &before, err);

	if (rc)
		return rc;
	rc = diff_show(&line->opts, before, sh->profile, &n_above, err);
	profile_free(before);
	return rc;
}

static int check(const struct shell *sh, const struct shell_line *line, struct err *err)
{
	struct profile *p[2] = { sh->profile, NULL };
	const char *names[2] = { sh->name, NULL };
	int rc;

	if (line->n_operands == 0)
		return check_show(&line->opts, p, names, err);
	rc = load(line, &p[0], err);
	if (rc)
		return rc;
	p[1] = sh->profile;
	names[0] = line->operands[0];
	names[1] = sh->name;
	rc = check_show(&line->opts, p, names, err);
	profile_free(p[0]);
	return rc;
}

static int merge(const struct shell *sh, const struct shell_line *line, struct err *err)
{
	return merge_show(&line->opts, sh->profile, line->operands, line->n_operands, err);
}

/* In a comparison the page shows both sides, which are one here: it loads them again. */
static int http(const struct shell *sh, const struct shell_line *line, struct err *err)
{
	const char *address = line->n_operands ? line->operands[0] : "localhost:0";
	bool is_comparison = sh->opts.bases.n || sh->opts.diff_bases.n;

	if (is_comparison && sh->sources)
		return web_serve(&line->opts, address, sh->sources, err);
	return web_serve_loaded(&line->opts, address, sh->profile, sh->name, err);
}

int shell_own_run(const struct shell *sh, const struct shell_line *line, struct err *err)
{
	static int (*const run[N_SHELL_OWN])(const struct shell *, const struct shell_line *,
					     struct err *) = {
		[CHECK] = check,
		[DIFF] = diff,
		[MERGE] = merge,
		[HTTP] = http,
	};

	return run[line->command - shell_own](sh, line, err);
}
