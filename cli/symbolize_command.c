/* symbolize_command.c - sonde symbolize PROFILE -o FILE: put functions, lines and inline chains into a
 * profile.
 *
 * What comes out needs no binaries any more, so it can be read on any machine, by any tool.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "symbolize/symbolize.h"
#include "writer/writer.h"

#include <stdio.h>
#include <string.h>

struct options {
	const char *output, *search, *demangle, *reader;
	bool force, no_cache, verbose;
};

#define FIELD(member) offsetof(struct options, member)
static const struct option_row rows[] = {
	{ "o", OPTION_STRING, FIELD(output), 0, NULL, NULL, NULL },
	{ "output", OPTION_STRING, FIELD(output), 0, "options", "<file>",
	  "write the profile here; also -o" },
	{ "force", OPTION_BOOL, FIELD(force), 0, "options", NULL,
	  "look up again what has functions already" },
	{ "demangle", OPTION_STRING, FIELD(demangle), 0, "options", "<how>",
	  "none, default, templates or full C++ names" },
	{ "debug_path", OPTION_STRING, FIELD(search), 0, "options", "<dir:...>",
	  "look for binaries and debug files here (default: $PPROF_BINARY_PATH)" },
	{ "no_cache", OPTION_BOOL, FIELD(no_cache), 0, "options", NULL,
	  "neither use nor keep what other runs found out about binaries" },
	{ "dwarf_reader", OPTION_STRING, FIELD(reader), 0, "options", "<which>",
	  "sonde, or libdwarf for a second opinion (default: sonde)" },
	{ "v", OPTION_BOOL, FIELD(verbose), 0, NULL, NULL, NULL },
	{ "verbose", OPTION_BOOL, FIELD(verbose), 0, "options", NULL,
	  "say which files were tried and why they were not used; also -v" },
};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static int print_help(void)
{
	puts("usage: sonde symbolize <profile> -o <file>\n\n"
	     "Puts functions, lines and inline chains into a profile that has addresses only, so "
	     "that it "
	     "can be\n"
	     "read where the binaries are not.  Debug files are found by build id and by "
	     ".gnu_debuglink, and on\n"
	     "the servers in $DEBUGINFOD_URLS, if that is set.");
	options_print(rows, N_ROWS);
	puts("\nexamples:\n  sonde symbolize raw.pb.gz -o named.pb.gz\n"
	     "  sonde symbolize -v --debug-path=/srv/debug raw.pb.gz -o named.pb.gz");
	return EXIT_OK;
}

static int read_demangle(const char *word, enum demangle_mode *mode, struct err *err)
{
	static const char *const words[] = {
		[DEMANGLE_DEFAULT] = "default",
		[DEMANGLE_TEMPLATES] = "templates",
		[DEMANGLE_FULL] = "full",
		[DEMANGLE_NONE] = "none",
	};

	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*mode = (enum demangle_mode)i;
			return 0;
		}
	if (!word)
		return 0;
	return err_set(err, SONDE_EUSAGE,
		       "--demangle is none, default, templates or full, not '%s'", word);
}

static int check_options(const struct options *o, const string_list *operands,
			 struct symbolize_opts *opts, struct err *err)
{
	if (operands->n != 1)
		return err_set(err, SONDE_EUSAGE, "symbolize wants one profile, not %zu",
			       operands->n);
	if (!o->output || !o->output[0])
		return err_set(err, SONDE_EUSAGE, "symbolize wants a file to write to (-o <file>)");
	if (o->reader && strcmp(o->reader, "sonde") != 0 && strcmp(o->reader, "libdwarf") != 0)
		return err_set(err, SONDE_EUSAGE, "--dwarf-reader is sonde or libdwarf, not '%s'",
			       o->reader);
	opts->use_libdwarf = o->reader && strcmp(o->reader, "libdwarf") == 0;
	return read_demangle(o->demangle, &opts->demangle, err);
}

static void say(void *ctx, const char *sentence)
{
	complain("%s", sentence);
}

static int symbolize(const char *in, const char *out, const struct symbolize_opts *opts,
		     struct err *err)
{
	struct symbolize_stats stats;
	struct profile *p;
	int rc = profile_read_file(&p, in, err);

	if (rc)
		return rc;
	rc = symbolize_profile(p, opts, &stats, err);
	if (rc == 0)
		symbolize_demangle(p, opts->force, opts->demangle);
	if (rc == 0)
		rc = profile_write_file(p, out, err);
	profile_free(p);
	if (rc)
		return rc;
	if (stats.first_problem[0] && !opts->tell)
		complain("%s", stats.first_problem);
	fprintf(stderr, "sonde: %zu of %zu addresses got a name, in %s; next: sonde top %s\n",
		stats.n_resolved, stats.n_locations, out, out);
	return 0;
}

int cmd_symbolize(int argc, char **argv)
{
	string_list operands = VEC_INIT;
	struct options o = { 0 };
	struct symbolize_opts opts = { 0 };
	struct err err = { "" };
	int rc;

	if (wants_help(argc, argv))
		return print_help();
	rc = options_parse(rows, N_ROWS, &o, argc, argv, &operands, &err);
	if (!rc)
		rc = check_options(&o, &operands, &opts, &err);
	opts.force = o.force;
	opts.use_cache = !o.no_cache;
	opts.binary_path = o.search;
	opts.verbose = o.verbose;
	opts.tell = o.verbose ? say : NULL;
	if (!rc)
		rc = symbolize(operands.v[0], o.output, &opts, &err);
	VEC_RELEASE(&operands);
	if (!rc)
		return EXIT_OK;
	complain("%s", err.text);
	return rc == SONDE_EUSAGE ? EXIT_USAGE : EXIT_FAILED;
}
