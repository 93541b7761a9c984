/* addr2line.c - sonde addr2line: functions and lines of addresses in one binary, in the form of
 * binutils' tool.
 *
 *	0x0000000000001139          the address
 *	work                        function
 *	/home/me/app.c:12           file and line
 *	main                        -i: where it was inlined, outwards
 *	/home/me/app.c:30
 *
 * Always prints address and function (what addr2line prints with -a -f); these two options are
 * accepted and change nothing.  Unknown things are ??, an unknown line is ?, and 0 where nothing at
 * all is known.
 */
#include "base/vec.h"
#include "cli/cli.h"
#include "symbolize/symbolize.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES 256

struct options {
	const char *exe;
	bool inlines, demangle, basenames, pretty, use_libdwarf, no_cache;
};

enum { OPTION_DWARF_READER = 256, OPTION_NO_CACHE };

static const struct option long_options[] = {
	{ "exe", required_argument, NULL, 'e' },
	{ "inlines", no_argument, NULL, 'i' },
	{ "functions", no_argument, NULL, 'f' },
	{ "addresses", no_argument, NULL, 'a' },
	{ "demangle", optional_argument, NULL, 'C' },
	{ "basenames", no_argument, NULL, 's' },
	{ "pretty-print", no_argument, NULL, 'p' },
	{ "no-cache", no_argument, NULL, OPTION_NO_CACHE },
	{ "dwarf-reader", required_argument, NULL, OPTION_DWARF_READER },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char usage[] =
	"usage: sonde addr2line -e <binary> [-i] [-C] [-s] [-p] [<address>...]\n"
	"\n"
	"  -e, --exe=<binary>      read symbols of this ELF file and of its debug file\n"
	"  -i, --inlines           print the functions that were inlined, innermost first\n"
	"  -C, --demangle          print C++ names as in the source\n"
	"  -s, --basenames         print file names without their folders\n"
	"  -p, --pretty-print      print a frame on one line\n"
	"      --no-cache          neither use nor keep answers of other runs\n"
	"      --dwarf-reader=<r>  sonde (default), or libdwarf for a second opinion\n"
	"  -f, -a                  as always: print functions, print addresses\n"
	"\n"
	"Addresses are hexadecimal, with or without 0x; without any they are read from standard "
	"input.\n"
	"\n"
	"  sonde addr2line -e ./app -i 0x1139\n"
	"  nm ./app | awk '/ T /{print $1}' | sonde addr2line -e ./app\n";

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static void print_frame(const struct options *o, const struct frame *f)
{
	const char *function = f->function ? f->function : "??";
	const char *file = f->file ? f->file : "??";

	if (o->demangle)
		function = demangle(function, DEMANGLE_FULL);
	if (o->basenames)
		file = base_name(file);
	if (o->pretty)
		printf(f->function ? "%s at %s:" : "%s %s:", function, file);
	else
		printf("%s\n%s:", function, file);
	if (f->line)
		printf("%lld\n", (long long)f->line);
	else
		puts(f->file || f->function ? "?" : "0");
}

static void print_address(const struct options *o, struct binary *b, uint64_t address)
{
	static const struct frame unknown;
	struct frame frames[MAX_FRAMES];
	size_t n = binary_lookup(b, address, frames, MAX_FRAMES);

	printf(o->pretty ? "0x%016llx: " : "0x%016llx\n", (unsigned long long)address);
	if (n == 0)
		print_frame(o, &unknown);
	for (size_t i = 0; i < n && (i == 0 || o->inlines); i++) {
		if (i > 0 && o->pretty)
			fputs(" (inlined by) ", stdout);
		print_frame(o, &frames[i]);
	}
}

static bool parse_address(const char *s, uint64_t *address)
{
	char *end;

	if (!isxdigit((unsigned char)s[0]))
		return false;
	errno = 0;
	*address = strtoull(s, &end, 16);
	return errno == 0 && *end == 0;
}

struct addresses {
	VEC(uint64_t) v;
};

static int add_address(struct addresses *addresses, const char *s)
{
	uint64_t address;

	if (!parse_address(s, &address)) {
		complain("not a hexadecimal address: '%s'", s);
		return EXIT_FAILED;
	}
	*VEC_PUSH(&addresses->v) = address;
	return EXIT_OK;
}

static int read_addresses(struct addresses *addresses)
{
	int status = EXIT_OK;
	char *line = NULL;
	size_t bytes = 0;

	while (status == EXIT_OK && getline(&line, &bytes, stdin) >= 0)
		for (char *save, *s = strtok_r(line, " \t\r\n", &save); s && status == EXIT_OK;
		     s = strtok_r(NULL, " \t\r\n", &save))
			status = add_address(addresses, s);
	free(line);
	return status;
}

static int print_addresses(const struct options *o, const struct addresses *addresses)
{
	struct symbolize_opts opts = { .use_libdwarf = o->use_libdwarf, .use_cache = !o->no_cache };
	struct binary *b;
	struct err err;

	if (binary_open(&b, o->exe, &opts, &err)) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	binary_prepare(b, addresses->v.v, addresses->v.n);
	if (binary_problem(b)[0])
		complain("%s", binary_problem(b));
	for (size_t i = 0; i < addresses->v.n; i++)
		print_address(o, b, addresses->v.v[i]);
	binary_close(b);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the result: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":e:ifaCsph", long_options, NULL)) != -1) {
		switch (c) {
		case 'e':
			o->exe = optarg;
			break;
		case 'i':
			o->inlines = true;
			break;
		case 'C':
			o->demangle = true;
			break;
		case 's':
			o->basenames = true;
			break;
		case 'p':
			o->pretty = true;
			break;
		case 'f':
		case 'a':
			break;
		case OPTION_NO_CACHE:
			o->no_cache = true;
			break;
		case OPTION_DWARF_READER:
			o->use_libdwarf = strcmp(optarg, "libdwarf") == 0;
			if (o->use_libdwarf || strcmp(optarg, "sonde") == 0)
				break;
			complain("addr2line: --dwarf-reader is sonde or libdwarf, not '%s'",
				 optarg);
			return EXIT_USAGE;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_OK);
		case ':':
			complain("addr2line: option '%s' needs a value", argv[optind - 1]);
			return EXIT_USAGE;
		default:
			complain("addr2line: unknown option '%s'", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (o->exe)
		return EXIT_OK;
	complain("addr2line: no binary given (-e <binary>)");
	return EXIT_USAGE;
}

int cmd_addr2line(int argc, char **argv)
{
	struct addresses addresses = { VEC_INIT };
	struct options o = { 0 };
	int status = parse_options(&o, argc, argv);

	if (status)
		return status;
	for (int i = optind; i < argc && status == EXIT_OK; i++)
		status = add_address(&addresses, argv[i]);
	if (optind == argc)
		status = read_addresses(&addresses);
	if (status == EXIT_OK)
		status = print_addresses(&o, &addresses);
	VEC_RELEASE(&addresses.v);
	return status;
}
