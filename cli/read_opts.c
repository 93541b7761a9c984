/* read_opts.c - the option table of the reading commands. */
#include "cli/read_opts.h"
#include "cli/cli.h"
#include "cli/memory_limit.h"

#include <string.h>

#define FIELD(member) offsetof(struct read_opts, member)
#define SET(member)   FIELD(report.member)

static const char filters[] = "filters", tags[] = "labels", view[] = "view", cut[] = "how much",
		  values[] = "values", source[] = "input", output[] = "output";

static const struct {
	const char *option, *sample_type;
} shortcuts[N_SHORTCUTS] = {
	{ "total_delay", "delay" },	      { "mean_delay", "delay" },
	{ "contentions", "contentions" },     { "inuse_space", "inuse_space" },
	{ "inuse_objects", "inuse_objects" }, { "alloc_space", "alloc_space" },
	{ "alloc_objects", "alloc_objects" },
};
#define SHORTCUT(n) OPTION_BOOL, FIELD(shortcuts[n]), 0, values, NULL
#define GRANULARITY(value, help)                                                                   \
	OPTION_CHOICE, FIELD(granularity), 1 + GRANULARITY_##value, view, NULL, help
#define FORMAT(value, help) OPTION_CHOICE, FIELD(format), FORMAT_##value, output, NULL, help
static const struct option_row rows[] = {
	{ "focus", OPTION_STRING, SET(focus), 0, filters, "<regex>",
	  "keep stacks with a matching frame" },
	{ "ignore", OPTION_STRING, SET(ignore), 0, filters, "<regex>",
	  "drop stacks with a matching frame" },
	{ "hide", OPTION_STRING, SET(hide), 0, filters, "<regex>",
	  "take matching frames out of the stacks" },
	{ "show", OPTION_STRING, SET(show), 0, filters, "<regex>",
	  "leave only matching frames in the stacks" },
	{ "show_from", OPTION_STRING, SET(show_from), 0, filters, "<regex>",
	  "cut the callers above the outermost matching frame" },
	{ "prune_from", OPTION_STRING, SET(prune_from), 0, filters, "<regex>",
	  "cut the callees below the innermost matching frame" },
	{ "noinlines", OPTION_BOOL, SET(noinlines), 0, filters, NULL,
	  "count inlined functions as their caller" },

	{ "tagfocus", OPTION_STRING, SET(tagfocus), 0, tags, "<what>",
	  "keep samples by label: regex, key=regex, or a range as 1kb:64kb" },
	{ "tagignore", OPTION_STRING, SET(tagignore), 0, tags, "<what>", "drop samples by label" },
	{ "tagshow", OPTION_STRING, SET(tagshow), 0, tags, "<regex>",
	  "leave only labels whose key matches" },
	{ "taghide", OPTION_STRING, SET(taghide), 0, tags, "<regex>",
	  "take labels away whose key matches" },
	{ "tagroot", OPTION_STRING, SET(tagroot), 0, tags, "<key,...>",
	  "put label values above the stack as frames" },
	{ "tagleaf", OPTION_STRING, SET(tagleaf), 0, tags, "<key,...>",
	  "put label values below the stack as frames" },

	{ "tag_keys", OPTION_BOOL, SET(tag_keys), 0, tags, NULL,
	  "name the frames of tagroot and tagleaf key=value" },

	{ "granularity", OPTION_NAMED, FIELD(granularity), 0, view, "<what>",
	  "functions, filefunctions, files, lines or addresses; also --lines and so on" },
	{ "functions", GRANULARITY(FUNCTIONS, NULL) },
	{ "filefunctions", GRANULARITY(FILEFUNCTIONS, NULL) },
	{ "files", GRANULARITY(FILES, NULL) },
	{ "lines", GRANULARITY(LINES, NULL) },
	{ "addresses", GRANULARITY(ADDRESSES, NULL) },
	{ "showcolumns", OPTION_BOOL, SET(showcolumns), 0, view, NULL,
	  "tell columns of a line apart, where known" },
	{ "sort", OPTION_NAMED, FIELD(sort), 0, view, "<what>",
	  "sort by flat or cum; also --cum (default: flat)" },
	{ "flat", OPTION_CHOICE, FIELD(sort), 1 + SORT_FLAT, view, NULL, NULL },
	{ "cum", OPTION_CHOICE, FIELD(sort), 1 + SORT_CUM, view, NULL, NULL },
	{ "relative_percentages", OPTION_BOOL, SET(relative_percentages), 0, view, NULL,
	  "let what the filters leave be 100 %" },
	{ "both_percentages", OPTION_BOOL, SET(both_percentages), 0, view, NULL,
	  "top, tree, peek, tags: print shares of the whole and of what is left" },
	{ "by_binary", OPTION_BOOL, SET(by_binary), 0, view, NULL,
	  "tell functions of one name in different binaries apart" },
	{ "exact_inlines", OPTION_BOOL, SET(exact_inlines), 0, view, NULL,
	  "mark what was inlined also where filters hide its caller" },
	{ "compact_labels", OPTION_BOOL, SET(compact_labels), 0, view, NULL,
	  "print a shorter header" },
	{ "call_tree", OPTION_BOOL, SET(call_tree), 0, view, NULL,
	  "dot and callgrind: one node for each chain of callers" },
	{ "intel_syntax", OPTION_BOOL, SET(intel_syntax), 0, view, NULL,
	  "disasm and weblist: Intel's syntax instead of AT&T's" },
	{ "source_path", OPTION_STRING, SET(source_path), 0, view, "<dir:...>",
	  "look for source files in these folders" },
	{ "trim_path", OPTION_STRING, SET(trim_path), 0, view, "<dir:...>",
	  "cut these folders off the names of files" },

	{ "nodecount", OPTION_INT, SET(nodecount), 0, cut, "<n>",
	  "show at most so many nodes (default: all; tree and dot 80, flame 20000)" },
	{ "nodefraction", OPTION_FLOAT, SET(nodefraction), 0, cut, "<f>",
	  "leave out nodes below this part of the total (default: 0.005)" },
	{ "edgefraction", OPTION_FLOAT, SET(edgefraction), 0, cut, "<f>",
	  "leave out calls below this part of the total (default: 0.001)" },
	{ "trim", OPTION_BOOL, SET(trim), 0, cut, "<bool>",
	  "false: show everything (default: true)" },
	{ "drop_negative", OPTION_BOOL, SET(drop_negative), 0, cut, NULL,
	  "leave out nodes that became less" },

	{ "sample_index", OPTION_STRING, SET(sample_index), 0, values, "<type>",
	  "report this value of each sample, by name or number" },
	{ "mean", OPTION_BOOL, SET(mean), 0, values, NULL,
	  "divide by the first value, as in time for each event" },
	{ "unit", OPTION_STRING, SET(unit), 0, values, "<unit>",
	  "print values in this unit (default: minimum)" },
	{ "divide_by", OPTION_FLOAT, SET(divide_by), 0, values, "<n>",
	  "divide all values (default: 1)" },
	{ "total_delay", SHORTCUT(0), NULL },
	{ "mean_delay", SHORTCUT(1), NULL },
	{ "contentions", SHORTCUT(2), NULL },
	{ "inuse_space", SHORTCUT(3), NULL },
	{ "inuse_objects", SHORTCUT(4), NULL },
	{ "alloc_space", SHORTCUT(5), NULL },
	{ "alloc_objects", SHORTCUT(6), NULL },

	{ "seconds", OPTION_INT, FIELD(seconds), 0, source, "<n>", "profile a server for so long" },
	{ "timeout", OPTION_INT, FIELD(timeout), 0, source, "<n>",
	  "wait so many seconds for a server (default: 1.5 times its profile; 60)" },
	{ "tls_cert", OPTION_STRING, FIELD(tls_cert), 0, source, "<file>",
	  "show this certificate to servers" },
	{ "tls_key", OPTION_STRING, FIELD(tls_key), 0, source, "<file>",
	  "the private key of that certificate" },
	{ "tls_ca", OPTION_STRING, FIELD(tls_ca), 0, source, "<file>",
	  "believe servers that these authorities vouch for" },
	{ "tools", OPTION_STRING, FIELD(tools), 0, source, NULL, NULL },
	{ "base", OPTION_LIST, FIELD(bases), 0, source, "<file>", "subtract this profile" },
	{ "diff_base", OPTION_LIST, FIELD(diff_bases), 0, source, "<file>",
	  "subtract this profile and let it be 100 %" },
	{ "symbolize", OPTION_STRING, FIELD(symbolize), 0, source, "<how>",
	  "none, local or fastlocal; force; demangle=none|full|templates" },
	{ "no_cache", OPTION_BOOL, FIELD(no_cache), 0, source, NULL,
	  "neither use nor keep what other runs found out about binaries" },
	{ "all_frames", OPTION_BOOL, FIELD(all_frames), 0, source, NULL,
	  "keep the frames that the profile calls uninteresting" },
	{ "buildid", OPTION_STRING, FIELD(build_id), 0, source, "<id>",
	  "name the build of the main binary" },
	{ "add_comment", OPTION_STRING, FIELD(add_comment), 0, source, "<text>",
	  "add a comment to the profile" },
	{ "normalize", OPTION_BOOL, FIELD(normalize), 0, source, NULL,
	  "scale to the total of the base first" },
	{ "max_memory", OPTION_STRING, FIELD(max_memory), 0, source, "<size>",
	  "use no more memory for profiles, as 4GB (default: what fits the input)" },
	{ "http", OPTION_STRING, FIELD(http), 0, source, "<host:port>",
	  "show the profile in a browser, served here (no port: a free one)" },
	{ "no_browser", OPTION_BOOL, FIELD(no_browser), 0, source, NULL,
	  "with -http: do not open a browser" },
	{ "answer_seconds", OPTION_INT, FIELD(answer_seconds), 0, source, "<n>",
	  "with -http: end what takes longer than this to answer (default: 60)" },
	{ "json", FORMAT(JSON, "write the table as JSON, with its unit and totals") },
	{ "csv", FORMAT(CSV, "write the table as CSV") },
	{ "o", OPTION_STRING, FIELD(output), 0, output, NULL, NULL },
	{ "output", OPTION_STRING, FIELD(output), 0, output, "<file>",
	  "write to this file instead of stdout; also -o" },

	{ "fail_above", OPTION_PERCENT, FIELD(fail_above), 0, output, "<p>%",
	  "exit with 3 when a row grew by more than this part of the total before" },
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

/* The reports as options, which only pprof's spelling has. */
static size_t add_commands(struct option_row *all)
{
	for (size_t i = 0; i < N_REPORT_COMMANDS; i++) {
		const struct report_command *c = &report_commands[i];

		all[i] = (struct option_row){
			.name = c->name,
			.kind = c->arg ? OPTION_STRING : OPTION_BOOL,
			.offset = c->arg ? FIELD(patterns[0]) + i * sizeof(const char *)
					 : FIELD(chosen[0]) + i * sizeof(bool),
		};
	}
	return N_REPORT_COMMANDS;
}

/* Of the shell all but those that are about loading, and pprof's other names for sample_index. */
static bool belongs(const struct option_row *row, enum read_style style)
{
	switch (row->offset) {
	case FIELD(fail_above):
		return style == READ_DIFF;
	case FIELD(http):
	case FIELD(no_browser):
	case FIELD(answer_seconds):
		return style == READ_WEB || style == READ_PPROF;
	case FIELD(normalize):
		return style != READ_CHECK;
	default:
		return style != READ_SHELL ||
		       (row->group != source && (row->help || row->kind == OPTION_CHOICE));
	}
}

static void add_row(struct option_row *to, const struct option_row *row, enum read_style style)
{
	bool is_base = row->offset == FIELD(bases) || row->offset == FIELD(diff_bases);

	*to = *row;
	if (is_base && (style == READ_DIFF || style == READ_CHECK))
		to->help = NULL; /* understood, to be refused with a reason */
}

const struct option_row *read_opts_rows(enum read_style style, size_t *n)
{
	static struct option_row some[N_READ_STYLES][N_REPORT_COMMANDS + N_ROWS];
	struct option_row *of = some[style];

	*n = style == READ_PPROF ? add_commands(of) : 0;
	for (size_t i = 0; i < N_ROWS; i++)
		if (belongs(&rows[i], style))
			add_row(&of[(*n)++], &rows[i], style);
	return of;
}

static void say(void *ctx, const char *text)
{
	fflush(stdout);
	fprintf(stderr, "%s\n", text);
}

const struct notes stderr_notes = { say, NULL };

void read_opts_init(struct read_opts *o)
{
	*o = (struct read_opts){ .http = "", .answer_seconds = 60, .output = "" };
	for (size_t i = 0; i < N_REPORT_COMMANDS; i++)
		o->patterns[i] = "";
	report_opts_init(&o->report);
}

void read_opts_release(struct read_opts *o)
{
	VEC_RELEASE(&o->bases);
	VEC_RELEASE(&o->diff_bases);
}

static void apply_shortcut(struct read_opts *o, size_t i)
{
	if (strcmp(shortcuts[i].option, "mean_delay") == 0)
		o->report.mean = true;
	if (!*o->report.sample_index)
		o->report.sample_index = shortcuts[i].sample_type;
	else
		fprintf(stderr, "Multiple value selections, ignoring -%s\n", shortcuts[i].option);
}

void read_opts_settle(struct read_opts *o)
{
	o->report.format = (enum report_format)o->format;
	o->report.granularity =
		o->granularity ? (enum granularity)(o->granularity - 1) : GRANULARITY_DEFAULT;
	o->report.sort = o->sort ? (enum sort_order)(o->sort - 1) : SORT_FLAT;
}

int read_opts_parse(struct read_opts *o, enum read_style style, int argc, char **argv,
		    string_list *operands, struct err *err)
{
	size_t n;
	const struct option_row *wanted = read_opts_rows(style, &n);
	int rc = options_parse(wanted, n, o, argc, argv, operands, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < N_SHORTCUTS; i++)
		if (o->shortcuts[i])
			apply_shortcut(o, i);
	if (o->bases.n && o->diff_bases.n)
		return err_set(err, SONDE_EUSAGE,
			       "-base and -diff_base flags cannot both be specified");
	if (o->answer_seconds < 1 || o->answer_seconds > 86400)
		return err_set(err, SONDE_EUSAGE, "-answer_seconds wants a number from 1 to 86400");
	if (o->normalize && style != READ_DIFF && !o->bases.n && !o->diff_bases.n)
		return err_set(err, SONDE_EUSAGE, "must have base profile to normalize by");
	read_opts_settle(o);
	if (o->tools && *o->tools)
		fprintf(stderr, "-tools has no effect: sonde reads binaries itself\n");
	return 0;
}

void read_opts_print(enum read_style style)
{
	size_t n;
	const struct option_row *wanted = read_opts_rows(style, &n);

	options_print(wanted, n);
}

struct load_opts read_opts_load_opts(const struct read_opts *o, const char *const *sources,
				     size_t n)
{
	return (struct load_opts){
		.sources = sources,
		.n_sources = n,
		.bases = o->diff_bases.n ? o->diff_bases.v : o->bases.v,
		.n_bases = o->diff_bases.n + o->bases.n,
		.diff_base = o->diff_bases.n > 0,
		.normalize = o->normalize,
		.all_frames = o->all_frames,
		.symbolize = o->symbolize,
		.no_cache = o->no_cache,
		.build_id = o->build_id,
		.add_comment = o->add_comment,
		.seconds = o->seconds,
		.timeout = o->timeout,
		.tls_cert = o->tls_cert,
		.tls_key = o->tls_key,
		.tls_ca = o->tls_ca,
	};
}

int read_opts_load(const struct read_opts *o, struct profile **out, const char *const *sources,
		   size_t n, struct err *err)
{
	const struct load_opts load = read_opts_load_opts(o, sources, n);
	int rc = memory_limit_allow(o->max_memory, sources, n, err);

	if (!rc)
		rc = memory_limit_allow(o->max_memory, load.bases, load.n_bases, err);
	return rc ? rc : analyze_load(out, &load, &stderr_notes, err);
}

int read_opts_load_each(const struct read_opts *o, struct profile **out,
			const string_list *operands, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < operands->n && !rc; i++)
		rc = read_opts_load(o, &out[i], operands->v + i, 1, err);
	return rc;
}

int exit_status(int rc, const struct err *err)
{
	if (!rc)
		return EXIT_OK;
	complain("%s", err->text);
	return rc == SONDE_EUSAGE ? EXIT_USAGE : EXIT_FAILED;
}
