/* addr2line.c - sonde addr2line: functions and lines of addresses in binaries.
 *
 * Stands in for binutils' addr2line and for llvm-symbolizer: their options, their input, their output
 * (addr2line_print.c).  Under the name of one of them, as a link to sonde, it behaves as that one.
 *
 * Addresses that come on standard input are answered as soon as no more are there to be read, so that
 * it can be the partner of a program that waits for each answer; what comes at once is looked up at
 * once, which is much faster than one by one.
 */
#include "cli/addr2line_options.h"
#include "cli/addr2line_session.h"
#include "cli/cli.h"
#include "cli/response_file.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FRAMES  256
#define READ_BYTES  (1 << 16)
#define WRITE_BYTES (1 << 16)
#define FETCHED	    32 /* answers at a time */

/* ---- files ---- */

static const char build_id[] = "BUILDID:";

static void open_module(struct session *s, struct module *m)
{
	struct symbolize_opts opts = {
		.use_libdwarf = s->o->use_libdwarf,
		.use_cache = !s->o->no_cache,
		.demangle = s->names.mode,
		.binary_path = s->o->debug_folder,
		.dwp = s->o->dwp,
		.wants_details = s->o->wants_details,
		.relative_names = s->o->relative_names,
	};
	bool is_id = strncmp(m->path, build_id, strlen(build_id)) == 0;
	struct err err;

	m->section = 0;
	if (is_id ? binary_open_build_id(&m->binary, m->path + strlen(build_id), &opts, &err)
		  : binary_open(&m->binary, m->path, &opts, &err)) {
		m->binary = NULL;
		complain("%s", err.text);
		/* A file that a line of input names is a part of that line. */
		if (s->o->exe || !s->o->is_link)
			s->status = EXIT_FAILED;
	} else if (s->o->section && !binary_section(m->binary, s->o->section, &m->section)) {
		complain("no section '%s' in '%s'", s->o->section, m->path);
		s->status = EXIT_FAILED;
	}
}

/* llvm-symbolizer names files by their build id, too, in capitals. */
static char *module_name(const char *path, size_t n)
{
	size_t before = sizeof(build_id) - 1;
	char *name;

	if (n < before || strncmp(path, build_id, before) != 0)
		return strndup(path, n);
	name = strndup(path + before, n - before);
	for (char *p = name; p && *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return name;
}

uint32_t session_module(struct session *s, const char *path, size_t n)
{
	for (uint32_t i = 0; i < s->modules.n; i++)
		if (strlen(s->modules.v[i].path) == n && memcmp(s->modules.v[i].path, path, n) == 0)
			return i;
	*VEC_PUSH(&s->modules) = (struct module){ strndup(path, n), module_name(path, n) };
	open_module(s, &s->modules.v[s->modules.n - 1]);
	return (uint32_t)s->modules.n - 1;
}

/* ---- answers ---- */

/* An address of the input as one of the file. */
static uint64_t file_address(const struct session *s, const struct module *m,
			     const struct request *r)
{
	return r->address - s->o->adjust + m->section;
}

static bool is_asked(const struct session *s, const struct request *r, size_t module)
{
	return r->module == module && module < s->modules.n && !r->is_data && !r->is_nowhere &&
	       s->modules.v[module].binary;
}

static void take_numbers(struct session *s, size_t module, const uint32_t *numbers)
{
	size_t n = 0;

	for (size_t i = 0; i < s->requests.n; i++)
		if (is_asked(s, &s->requests.v[i], module))
			s->requests.v[i].answer = numbers[n++];
}

/* The frames whose names will be printed. */
static size_t find_names(const struct session *s, size_t module, uint32_t answer,
			 struct frame frames[MAX_FRAMES])
{
	size_t n = binary_answer(s->modules.v[module].binary, answer, frames, MAX_FRAMES);

	addr2line_choose(s->o, false, frames, NULL, &n);
	return n;
}

/* The frames to be printed, with their details if they are needed. */
static size_t find_frames(const struct session *s, const struct request *r,
			  struct frame frames[MAX_FRAMES], struct frame_detail details[MAX_FRAMES])
{
	const struct module *m = &s->modules.v[r->module];
	size_t n = binary_answer(m->binary, r->answer, frames, MAX_FRAMES);
	uint64_t start;

	if (s->o->wants_details) {
		binary_details(m->binary, r->answer, details, MAX_FRAMES);
		/* Symbols have names, so they also say where what has the name begins. */
		start = n && s->o->names == NAMES_LINKAGE
				? binary_start(m->binary, file_address(s, m, r))
				: 0;
		if (start)
			details[n - 1].start = start;
	}
	addr2line_choose(s->o, r->symbol != NO_SYMBOL, frames, details, &n);
	return n;
}

/* In the order of the answers, which is that in which they lie in memory. */
static void expect_names(struct session *s, size_t module, const uint32_t *numbers, size_t n)
{
	struct frame frames[MAX_FRAMES];
	VEC(uint32_t) uses = VEC_INIT; /* of each answer */

	for (size_t i = 0; i < n; i++)
		if (numbers[i] != BINARY_NO_ANSWER) {
			if (numbers[i] >= uses.n) {
				VEC_MUST(&uses, numbers[i] + 1u);
				uses.n = numbers[i] + 1u;
			}
			uses.v[numbers[i]]++;
		}
	for (uint32_t k = 0; k < uses.n; k++) {
		size_t n_frames = uses.v[k] ? find_names(s, module, k, frames) : 0;

		for (size_t i = 0; i < n_frames; i++)
			if (frames[i].function && !frames[i].plain)
				names_expect(&s->names, frames[i].function, uses.v[k]);
	}
	VEC_RELEASE(&uses);
}

static void prepare(struct session *s, size_t module)
{
	struct module *m = &s->modules.v[module];
	VEC(uint64_t) addresses = VEC_INIT;
	VEC(uint32_t) numbers = VEC_INIT;

	for (size_t i = 0; i < s->requests.n; i++)
		if (is_asked(s, &s->requests.v[i], module))
			*VEC_PUSH(&addresses) = file_address(s, m, &s->requests.v[i]);
	if (addresses.n) {
		VEC_MUST(&numbers, addresses.n);
		binary_prepare_numbered(m->binary, addresses.v, addresses.n, numbers.v);
		if (binary_problem(m->binary)[0])
			complain("%s", binary_problem(m->binary));
		take_numbers(s, module, numbers.v);
		if (s->names.mode != DEMANGLE_NONE)
			expect_names(s, module, numbers.v, addresses.n);
	}
	VEC_RELEASE(&addresses);
	VEC_RELEASE(&numbers);
}

static void answer(struct session *s, const struct request *r, bool is_last)
{
	const struct module *m = r->module < s->modules.n ? &s->modules.v[r->module] : NULL;
	struct frame frames[MAX_FRAMES];
	struct frame_detail details[MAX_FRAMES];
	struct addr2line_answer a = {
		.module = m ? m->name : "",
		.address = r->address,
		.is_short = m && m->binary && !binary_is_64(m->binary),
		.is_frame = r->is_frame,
		.is_nothing = r->is_nowhere && r->symbol == NO_SYMBOL,
		.symbol = r->symbol == NO_SYMBOL ? NULL : s->symbols.v[r->symbol],
		.is_data = r->is_data,
		.is_more = r->is_more,
		.is_last = is_last,
		.names = &s->names,
		.source = &s->source,
		.frames = frames,
		.details = s->o->wants_details ? details : NULL,
	};

	if (m && m->binary && r->is_data)
		binary_data(m->binary, file_address(s, m, r), &a.data);
	else if (m && m->binary && !r->is_nowhere)
		a.n = find_frames(s, r, frames, details);
	addr2line_print(stdout, s->o, &a);
}

/* What is needed for the next requests, from the one at an index. */
static void fetch_answers(const struct session *s, size_t first)
{
	uint32_t numbers[FETCHED], module = s->requests.v[first].module;
	size_t n = 0;

	for (size_t i = first; i < s->requests.n && i < first + FETCHED; i++)
		if (is_asked(s, &s->requests.v[i], module))
			numbers[n++] = s->requests.v[i].answer;
	if (n)
		binary_fetch_answers(s->modules.v[module].binary, numbers, n);
}

static void forget_requests(struct session *s)
{
	for (size_t i = 0; i < s->symbols.n; i++)
		free(s->symbols.v[i]);
	s->symbols.n = 0;
	s->requests.n = 0;
}

/* All requests that came; between them and after each of them what JSON needs. */
static void answer_all(struct session *s, const char *between, const char *after)
{
	bool is_last;

	for (size_t i = 0; i < s->modules.n; i++)
		prepare(s, i);
	for (size_t i = 0; i < s->requests.n; i++) {
		if (i % FETCHED == 0)
			fetch_answers(s, i);
		is_last = i + 1 == s->requests.n || !s->requests.v[i + 1].is_more;
		if (i > 0 && !s->requests.v[i].is_more)
			fputs(between, stdout);
		answer(s, &s->requests.v[i], is_last);
		fputs(is_last ? after : "", stdout);
	}
	forget_requests(s);
	names_clear(&s->names);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the result: %s", strerror(errno));
		s->status = EXIT_FAILED;
	}
}

/* ---- standard input ---- */

struct input {
	VEC(char) bytes;
	bool is_over;
};

static bool more_is_there(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Read until a line is there and nothing more can be had without waiting. */
static void read_some(struct input *in)
{
	bool has_line = false;

	while (!in->is_over && (!has_line || more_is_there())) {
		ssize_t n;

		VEC_MUST(&in->bytes, in->bytes.n + READ_BYTES + 1);
		n = read(STDIN_FILENO, in->bytes.v + in->bytes.n, READ_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			in->is_over = true;
			return;
		}
		has_line |= memchr(in->bytes.v + in->bytes.n, '\n', (size_t)n) != NULL;
		in->bytes.n += (size_t)n;
	}
}

/* Every whole line; the last one may be without its end when the input is over. */
static void add_lines(struct session *s, struct input *in)
{
	size_t at = 0;

	while (at < in->bytes.n) {
		char *line = in->bytes.v + at, *end = memchr(line, '\n', in->bytes.n - at);

		if (!end && !in->is_over)
			break;
		if (!end)
			end = in->bytes.v + in->bytes.n;
		at = (size_t)(end - in->bytes.v) + 1;
		*end = 0;
		session_add_line(s, line);
	}
	if (at >= in->bytes.n) {
		VEC_RELEASE(&in->bytes);
	} else {
		memmove(in->bytes.v, in->bytes.v + at, in->bytes.n - at);
		in->bytes.n -= at;
	}
}

static void answer_input(struct session *s)
{
	const char *after = s->o->style == STYLE_JSON ? "\n" : "";
	struct input in = { VEC_INIT };

	while (!in.is_over) {
		read_some(&in);
		add_lines(s, &in);
		if (s->requests.n)
			answer_all(s, "", after);
	}
	VEC_RELEASE(&in.bytes);
}

static void answer_arguments(struct session *s, char **words, int n)
{
	bool is_json = s->o->style == STYLE_JSON;

	for (int i = 0; i < n; i++) {
		if (s->o->is_llvm ? session_add_line(s, words[i])
				  : session_add_address(s, words[i]))
			return;
	}
	fputs(is_json ? "[" : "", stdout);
	answer_all(s, is_json ? "," : "", "");
	fputs(is_json ? "]\n" : "", stdout);
}

static enum demangle_mode name_mode(const struct addr2line_options *o)
{
	if (o->names == NAMES_NONE)
		return DEMANGLE_NONE;
	if (o->names == NAMES_SHORT)
		return DEMANGLE_DEFAULT;
	return o->demangle ? DEMANGLE_FULL : DEMANGLE_NONE;
}

static int run(int argc, char **argv, bool is_link)
{
	struct addr2line_options o = { .is_link = is_link };
	static char buffer[WRITE_BYTES];
	struct session s = { .o = &o };
	int first = 0, status = response_files_expand(&argc, &argv);

	if (status == EXIT_OK)
		status = addr2line_parse(&o, argc, argv, &first);
	if (status >= 0)
		return status;
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	names_init(&s.names, name_mode(&o), !o.no_cache);
	if (o.exe)
		session_module(&s, o.exe, strlen(o.exe));
	if (s.status == EXIT_OK) {
		if (first < argc)
			answer_arguments(&s, argv + first, argc - first);
		else
			answer_input(&s);
	}
	for (size_t i = 0; i < s.modules.n; i++) {
		binary_close(s.modules.v[i].binary);
		free(s.modules.v[i].path);
		free(s.modules.v[i].name);
		arena_free(s.modules.v[i].arena);
	}
	forget_requests(&s);
	VEC_RELEASE(&s.symbols);
	VEC_RELEASE(&s.modules);
	VEC_RELEASE(&s.requests);
	names_release(&s.names);
	source_release(&s.source);
	if (fflush(stdout) && s.status == EXIT_OK)
		s.status = EXIT_FAILED;
	return s.status;
}

int cmd_addr2line(int argc, char **argv)
{
	return run(argc, argv, false);
}

int cmd_stand_in(int argc, char **argv)
{
	return run(argc, argv, true);
}
