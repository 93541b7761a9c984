/* addr2line_options.c - the options of sonde addr2line: those of binutils' addr2line and of
 * llvm-symbolizer, which share most of their letters.
 *
 * The two differ in what holds without options: addr2line prints a line and nothing else,
 * llvm-symbolizer functions, inlined ones too, and names as in the source.
 */
#include "cli/addr2line_options.h"
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CONTEXT_LINES 10000

enum {
	OPTION_STYLE = 256,
	OPTION_NO_INLINES,
	OPTION_INLINING,
	OPTION_FUNCTIONS,
	OPTION_DEMANGLE,
	OPTION_NO_DEMANGLE,
	OPTION_ADJUST,
	OPTION_FOLDER,
	OPTION_NO_DEBUGINFOD,
	OPTION_NO_CACHE,
	OPTION_READER,
	OPTION_DWP,
	OPTION_NOTHING_NEW,
	OPTION_BUILD_ID,
	OPTION_CONTEXT,
	OPTION_REFUSED,
	OPTION_VERBOSE,
	OPTION_RELATIVE_NAMES,
};

static const struct option long_options[] = {
	{ "exe", required_argument, NULL, 'e' },
	{ "obj", required_argument, NULL, 'e' },
	{ "inlines", no_argument, NULL, 'i' },
	{ "inlining", optional_argument, NULL, OPTION_INLINING },
	{ "no-inlines", no_argument, NULL, OPTION_NO_INLINES },
	{ "functions", optional_argument, NULL, OPTION_FUNCTIONS },
	{ "addresses", no_argument, NULL, 'a' },
	{ "print-address", no_argument, NULL, 'a' },
	{ "demangle", optional_argument, NULL, OPTION_DEMANGLE },
	{ "no-demangle", no_argument, NULL, OPTION_NO_DEMANGLE },
	{ "basenames", no_argument, NULL, 's' },
	{ "pretty-print", no_argument, NULL, 'p' },
	{ "section", required_argument, NULL, 'j' },
	{ "output-style", required_argument, NULL, OPTION_STYLE },
	{ "adjust-vma", required_argument, NULL, OPTION_ADJUST },
	{ "debug-file-directory", required_argument, NULL, OPTION_FOLDER },
	{ "fallback-debug-path", required_argument, NULL, OPTION_FOLDER },
	{ "dwp", required_argument, NULL, OPTION_DWP },
	{ "debuginfod", no_argument, NULL, OPTION_NOTHING_NEW },
	{ "relative-address", no_argument, NULL, OPTION_NOTHING_NEW },
	{ "no-untag-addresses", no_argument, NULL, OPTION_NOTHING_NEW },
	{ "recurse-limit", no_argument, NULL, OPTION_NOTHING_NEW },
	{ "no-recurse-limit", no_argument, NULL, OPTION_NOTHING_NEW },
	{ "target", required_argument, NULL, 'b' },
	{ "build-id", required_argument, NULL, OPTION_BUILD_ID },
	{ "print-source-context-lines", required_argument, NULL, OPTION_CONTEXT },
	{ "cache-size", required_argument, NULL, OPTION_NOTHING_NEW },
	{ "color", optional_argument, NULL, OPTION_REFUSED },
	{ "default-arch", required_argument, NULL, OPTION_NOTHING_NEW },
	{ "dia", no_argument, NULL, OPTION_NOTHING_NEW },
	{ "dsym-hint", required_argument, NULL, OPTION_NOTHING_NEW },
	{ "filter-markup", no_argument, NULL, OPTION_REFUSED },
	{ "relativenames", no_argument, NULL, OPTION_RELATIVE_NAMES },
	{ "verbose", no_argument, NULL, OPTION_VERBOSE },
	{ "no-debuginfod", no_argument, NULL, OPTION_NO_DEBUGINFOD },
	{ "no-cache", no_argument, NULL, OPTION_NO_CACHE },
	{ "dwarf-reader", required_argument, NULL, OPTION_READER },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char usage[] =
	"usage: sonde addr2line -e <binary> [-a] [-f] [-i] [-C] [-s] [-p] [<address>...]\n"
	"       sonde addr2line --output-style=LLVM|JSON [--obj=<binary>] [<address>...]\n"
	"\n"
	"  -e, --exe=<binary>      read symbols of this ELF file and of its debug file; also "
	"--obj\n"
	"      --build-id=<id>     of the file with this build id\n"
	"  -a, --addresses         print the address first\n"
	"  -f, --functions[=<how>] print function names: none, short or linkage\n"
	"  -i, --inlines           print the functions that were inlined, innermost first\n"
	"  -C, --demangle          print C++ and Rust names as in the source\n"
	"  -s, --basenames         print file names without their folders\n"
	"  -p, --pretty-print      print a frame on one line\n"
	"  -j, --section=<name>    addresses count from the beginning of this section\n"
	"      --adjust-vma=<n>    the binary lies this much above its own addresses\n"
	"      --output-style=<s>  GNU, or LLVM or JSON as llvm-symbolizer prints it, with its\n"
	"                          defaults: functions, inlined ones too, demangled\n"
	"      --no-inlines, --no-demangle\n"
	"      --relativenames     print file names without the folder of the compilation\n"
	"      --verbose           print all that is known of a frame, a line each\n"
	"      --print-source-context-lines=<n>  print so many lines of source around each\n"
	"      --debug-file-directory=<dir>  look for debug files here\n"
	"      --dwp=<file>        split debug information is in this file (default: "
	"<binary>.dwp)\n"
	"      --no-debuginfod     ask no servers, even if DEBUGINFOD_URLS is set\n"
	"      --no-cache          neither use nor keep answers of other runs\n"
	"      --dwarf-reader=<r>  sonde (default), or libdwarf for a second opinion\n"
	"\n"
	"Addresses are hexadecimal, with or without 0x; without any they are read from standard "
	"input.\n"
	"Linked as addr2line or llvm-symbolizer it is that command.  As llvm-symbolizer, or with\n"
	"--output-style=LLVM or JSON, lines of input are [CODE|DATA] [<binary>] <address>, where "
	"the\n"
	"binary may be BUILDID:<id>, the address <symbol>[+<n>].  @<file> stands for the arguments "
	"in\n"
	"that file.\n"
	"\n"
	"  sonde addr2line -e ./app -f -i 0x1139\n"
	"  nm ./app | awk '/ T /{print $1}' | sonde addr2line -e ./app\n";

/* llvm-symbolizer takes one dash for two: -demangle=false, and -f=short for --functions=short.  A
 * word that names no long option is a bunch of letters. */
static char *two_dashes(char *word)
{
	size_t n = strcspn(word, "=");
	char *longer;

	if (strncmp(word, "-f=", 3) == 0)
		return asprintf(&longer, "--functions=%s", word + 3) < 0 ? word : longer;
	if (word[0] != '-' || word[1] == '-' || n < 4)
		return word;
	for (const struct option *o = long_options; o->name; o++)
		if (strlen(o->name) == n - 1 && strncmp(o->name, word + 1, n - 1) == 0) {
			longer = malloc(strlen(word) + 2);
			if (!longer)
				return word;
			longer[0] = '-';
			strcpy(longer + 1, word);
			return longer; /* as long-lived as the arguments */
		}
	return word;
}

static int refuse(const char *what, const char *wanted, const char *value)
{
	complain("addr2line: %s is %s, not '%s'", what, wanted, value);
	return EXIT_USAGE;
}

static void be_llvm(struct addr2line_options *o)
{
	o->is_llvm = o->inlines = o->demangle = true;
	o->style = STYLE_LLVM;
	o->names = NAMES_LINKAGE;
}

/* llvm-symbolizer's input and output with addr2line's defaults. */
static void be_llvm_addr2line(struct addr2line_options *o)
{
	o->inlines = o->demangle = false;
	o->style = STYLE_GNU;
	o->names = NAMES_NONE;
	o->is_hexadecimal = true;
}

static int set_style(struct addr2line_options *o, const char *word)
{
	static const char *const words[] = { "GNU", "LLVM", "JSON" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			o->style = (enum addr2line_style)i;
			return -1;
		}
	return refuse("--output-style", "GNU, LLVM or JSON", word);
}

static int set_names(struct addr2line_options *o, const char *word)
{
	if (!word || strcmp(word, "linkage") == 0)
		o->names = NAMES_LINKAGE;
	else if (strcmp(word, "short") == 0)
		o->names = NAMES_SHORT;
	else if (strcmp(word, "none") == 0)
		o->names = NAMES_NONE;
	else
		return refuse("--functions", "none, short or linkage", word);
	return -1;
}

/* binutils' styles of demangling are all one here. */
static int set_demangle(struct addr2line_options *o, const char *word)
{
	static const char *const yes[] = { "true", "auto", "gnu-v3", "gnu", "rust" };

	o->demangle = true;
	for (size_t i = 0; word && i < sizeof(yes) / sizeof(yes[0]); i++)
		if (strcmp(word, yes[i]) == 0)
			return -1;
	if (!word)
		return -1;
	o->demangle = false;
	if (strcmp(word, "false") == 0 || strcmp(word, "none") == 0)
		return -1;
	return refuse("--demangle", "true, false, auto, gnu-v3 or rust", word);
}

static int set_inlines(struct addr2line_options *o, const char *word)
{
	o->inlines = !word || strcmp(word, "true") == 0;
	if (o->inlines || strcmp(word, "false") == 0)
		return -1;
	return refuse("--inlining", "true or false", word);
}

static int set_reader(struct addr2line_options *o, const char *word)
{
	o->use_libdwarf = strcmp(word, "libdwarf") == 0;
	if (o->use_libdwarf || strcmp(word, "sonde") == 0)
		return -1;
	return refuse("--dwarf-reader", "sonde or libdwarf", word);
}

/* What llvm-symbolizer and addr2line have and this has not. */
static int refuse_option(const char *name)
{
	static const struct {
		const char *option, *why;
	} rows[] = {
		{ "color", "colors are for --filter-markup, which is not understood" },
		{ "filter-markup", "the markup of logs is not understood" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(name, rows[i].option) == 0)
			complain("addr2line: --%s is not taken: %s", name, rows[i].why);
	return EXIT_USAGE;
}

/* BFD's names of formats: every ELF file is read whatever is said. */
static int set_target(const char *word)
{
	if (strncmp(word, "elf", 3) == 0 || strcmp(word, "default") == 0)
		return -1;
	return refuse("--target", "the name of an ELF format", word);
}

static int set_context(struct addr2line_options *o, const char *word)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(word, &end, 10);
	if (errno || !isdigit((unsigned char)word[0]) || *end || n > MAX_CONTEXT_LINES)
		return refuse("--print-source-context-lines", "a number up to 10000", word);
	o->context_lines = (unsigned)n;
	return -1;
}

static int set_build_id(struct addr2line_options *o, const char *word)
{
	char *file;

	if (asprintf(&file, "BUILDID:%s", word) < 0)
		return EXIT_FAILED;
	o->exe = file; /* as long-lived as the arguments */
	return -1;
}

static int set_adjust(struct addr2line_options *o, const char *word)
{
	char *end;

	errno = 0;
	o->adjust = strtoull(word, &end, 0);
	if (!errno && *word && !*end)
		return -1;
	return refuse("--adjust-vma", "a number", word);
}

static int set_option(struct addr2line_options *o, int c, const char *word)
{
	switch (c) {
	case 'e':
		o->exe = optarg;
		return -1;
	case 'i':
		o->inlines = true;
		return -1;
	case 'f':
		return set_names(o, NULL);
	case 'a':
		o->addresses = true;
		return -1;
	case 'C':
		o->demangle = true;
		return -1;
	case 's':
		o->basenames = true;
		return -1;
	case 'p':
		o->pretty = true;
		return -1;
	case 'j':
		o->section = optarg;
		return -1;
	case OPTION_STYLE:
		return set_style(o, optarg);
	case OPTION_VERBOSE:
		o->verbose = true;
		return -1;
	case OPTION_RELATIVE_NAMES:
		o->relative_names = true;
		return -1;
	case OPTION_NO_INLINES:
		o->inlines = false;
		return -1;
	case OPTION_INLINING:
		return set_inlines(o, optarg);
	case OPTION_FUNCTIONS:
		return set_names(o, optarg);
	case OPTION_DEMANGLE:
		return set_demangle(o, optarg);
	case OPTION_NO_DEMANGLE:
		o->demangle = false;
		return -1;
	case OPTION_ADJUST:
		return set_adjust(o, optarg);
	case OPTION_FOLDER:
		o->debug_folder = optarg;
		return -1;
	case OPTION_NO_DEBUGINFOD:
		unsetenv("DEBUGINFOD_URLS");
		return -1;
	case OPTION_NO_CACHE:
		o->no_cache = true;
		return -1;
	case OPTION_DWP:
		o->dwp = optarg;
		return -1;
	case OPTION_NOTHING_NEW:
	case 'r':
	case 'R':
		/* It is so in any case: addresses as they are, demangling within limits, files
		 * mapped and not kept.  Or it concerns files that are no ELF files. */
		return -1;
	case OPTION_BUILD_ID:
		return set_build_id(o, optarg);
	case OPTION_CONTEXT:
		return set_context(o, optarg);
	case 'b':
		return set_target(optarg);
	case OPTION_REFUSED:
		return refuse_option(word);
	case OPTION_READER:
		return set_reader(o, optarg);
	case 'v':
		return puts("sonde addr2line " SONDE_VERSION) < 0 ? EXIT_FAILED : EXIT_OK;
	case 'h':
		return fputs(usage, stdout) < 0 ? EXIT_FAILED : EXIT_OK;
	case ':':
		complain("addr2line: option '%s' needs a value", word);
		return EXIT_USAGE;
	default:
		complain("addr2line: unknown option '%s'", word);
		return EXIT_USAGE;
	}
}

/* A long option of binutils' that is cut short and would not be clear among llvm-symbolizer's. */
static char *whole_option(char *word)
{
	static const char *const names[] = {
		"addresses", "basenames",    "demangle", "exe",	   "functions", "help",
		"inlines",   "pretty-print", "section",	 "target", "version",
	};
	size_t n = strcspn(word, "=");
	char *longer;

	if (strncmp(word, "--", 2) != 0 || n < 3)
		return word;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(names[i], word + 2, n - 2) == 0)
			return asprintf(&longer, "--%s%s", names[i], word + n) < 0 ? word : longer;
	return word;
}

static bool is_named(char *const *argv, const char *tool)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

	return strstr(name, tool) != NULL;
}

/* What holds without options depends on an option, so that one is looked for first. */
static bool wants_llvm(int argc, char **argv)
{
	bool wanted = is_named(argv, "llvm-");

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *style = NULL;

		if (strncmp(argv[i], "--output-style=", 15) == 0)
			style = argv[i] + 15;
		else if (strcmp(argv[i], "--output-style") == 0)
			style = argv[i + 1];
		wanted |= style && (strcmp(style, "LLVM") == 0 || strcmp(style, "JSON") == 0);
	}
	return wanted;
}

int addr2line_parse(struct addr2line_options *o, int argc, char **argv, int *first)
{
	int c, row = 0, status = -1;

	for (int i = 1; i < argc; i++)
		argv[i] = two_dashes(argv[i]);
	if (wants_llvm(argc, argv))
		be_llvm(o);
	if (is_named(argv, "llvm-addr2line"))
		be_llvm_addr2line(o);
	for (int i = 1; i < argc && !o->is_llvm && strcmp(argv[i], "--") != 0; i++)
		argv[i] = whole_option(argv[i]);
	opterr = 0;
	optind = 0;
	while (status < 0 &&
	       (c = getopt_long(argc, argv, ":e:b:rRifaCspj:hv", long_options, &row)) != -1)
		status = set_option(
			o, c, c == OPTION_REFUSED ? long_options[row].name : argv[optind - 1]);
	if (status >= 0)
		return status;
	o->wants_details =
		o->verbose || o->style == STYLE_JSON || (o->is_llvm && o->names == NAMES_SHORT);
	*first = optind;
	if (!o->exe && (!o->is_llvm || o->is_hexadecimal) && access("a.out", R_OK) == 0)
		o->exe = "a.out"; /* as compilers call what they are given no name for */
	if (o->exe || o->is_llvm)
		return -1;
	complain("addr2line: no binary given (-e <binary>)");
	return EXIT_USAGE;
}
