/* test_shell.c - what a line of the shell means, and how a word of it is finished. */
#include "cli/shell_complete.h"
#include "tests/profiles.h"

struct fixture {
	struct shell sh;
	struct profile *p;
	struct read_opts opts;
	struct arena *a;
	struct shell_line line; /* the last one that was read */
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->p = make_profile();
	add_test_function(f->p, "operator new(unsigned long)", "new.cc");
	add_test_function(f->p, "core::str<'a>::len", "str.rs");
	read_opts_init(&f->opts);
	shell_init(&f->sh, &f->opts, f->p, "test.pb.gz");
	f->a = arena_new(ARENA_DIE);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	shell_release(&f->sh);
	read_opts_release(&f->opts);
	arena_free(f->a);
	profile_free(f->p);
	free(f);
	return 0;
}

/* Read a line, which may stand for several; the status of the last. */
static int read_line(struct fixture *f, const char *text)
{
	const char *lines[SHELL_MAX_LINES];
	size_t n = shell_expand(&f->sh, f->a, text, lines);
	int rc = 0;

	f->err.text[0] = 0;
	for (size_t i = 0; i < n && !rc; i++)
		rc = shell_read_line(&f->sh, f->a, lines[i], &f->line, &f->err);
	return rc;
}

static const struct report_opts *report(struct fixture *f, const char *text)
{
	if (read_line(f, text))
		fail_msg("'%s': %s", text, f->err.text);
	assert_int_equal(f->line.verb, SHELL_REPORT);
	return &f->line.opts.report;
}

static void set(struct fixture *f, const char *text)
{
	if (read_line(f, text))
		fail_msg("'%s': %s", text, f->err.text);
	assert_int_equal(f->line.verb, SHELL_NOTHING);
}

static void words_of_a_report_have_pprofs_meaning(void **state)
{
	struct fixture *f = *state;
	const struct report_opts *o;

	o = report(f, "  top 5 main -malloc -free new ");
	assert_string_equal(f->line.command->name, "top");
	assert_int_equal(o->nodecount, 5);
	assert_string_equal(o->focus, "main|new");
	assert_string_equal(o->ignore, "malloc|free");
	assert_int_equal(o->sort, SORT_FLAT);
	assert_int_equal(report(f, "top")->nodecount, 10);
	assert_int_equal(report(f, "tree")->nodecount, -1);
	assert_int_equal(report(f, "top20 -cum")->nodecount, 20);
	assert_int_equal(f->line.opts.report.sort, SORT_CUM);
	assert_int_equal(report(f, "top -3")->nodecount, -3);
	assert_string_equal(report(f, "top 99999999999")->focus, "99999999999");
	assert_string_equal(report(f, "top a|b c\\.d")->focus, "a|b|c\\.d");
	report(f, "list 7 8");
	assert_string_equal(f->line.pattern, "7");
	assert_int_equal(f->line.opts.report.nodecount, 8);
	o = report(f, "tags main -other");
	assert_string_equal(o->tagfocus, "main");
	assert_string_equal(o->tagignore, "other");
	assert_string_equal(o->focus, "");
}

static void a_report_leaves_the_options_as_they_were(void **state)
{
	struct fixture *f = *state;

	report(f, "top 5 main -cum --unit=ms --noinlines > out");
	assert_string_equal(f->line.opts.report.unit, "ms");
	assert_true(f->line.opts.report.noinlines);
	assert_string_equal(f->line.opts.output, "out");
	report(f, "tree");
	assert_string_equal(f->line.opts.report.focus, "");
	assert_string_equal(f->line.opts.report.unit, "minimum");
	assert_string_equal(f->line.opts.output, "");
	assert_false(f->line.opts.report.noinlines);
	assert_int_equal(f->line.opts.report.sort, SORT_FLAT);
}

static void assignments_stay(void **state)
{
	struct fixture *f = *state;

	set(f, "focus = a b //: with a comment");
	set(f, "granularity=lines");
	set(f, "noinlines");
	set(f, "trim=no");
	set(f, "nodecount=7");
	set(f, "divide_by=2.5");
	set(f, "cum=1");
	report(f, "top");
	assert_string_equal(f->line.opts.report.focus, "a b");
	assert_int_equal(f->line.opts.report.granularity, GRANULARITY_LINES);
	assert_true(f->line.opts.report.noinlines);
	assert_false(f->line.opts.report.trim);
	assert_int_equal(f->line.opts.report.nodecount, 7);
	assert_int_equal(f->line.opts.report.sort, SORT_CUM);
	set(f, "files");
	set(f, "flat=true");
	set(f, "focus=\"operator new\"");
	report(f, "top");
	assert_string_equal(f->line.opts.report.focus, "operator new");
	assert_int_equal(f->line.opts.report.granularity, GRANULARITY_FILES);
	assert_int_equal(f->line.opts.report.sort, SORT_FLAT);
	set(f, "granularity=");
	report(f, "top");
	assert_int_equal(f->line.opts.report.granularity, GRANULARITY_DEFAULT);
}

static void a_colon_clears_and_sample_types_choose_themselves(void **state)
{
	struct fixture *f = *state;

	set(f, "focus=x");
	set(f, "tagignore=y");
	set(f, "show=z");
	set(f, " : ");
	set(f, "mean_samples");
	report(f, "top");
	assert_string_equal(f->line.opts.report.focus, "");
	assert_string_equal(f->line.opts.report.tagignore, "");
	assert_string_equal(f->line.opts.report.show, "z");
	assert_string_equal(f->line.opts.report.sample_index, "samples");
	assert_true(f->line.opts.report.mean);
	set(f, "total_cpu");
	report(f, "top");
	assert_string_equal(f->line.opts.report.sample_index, "cpu");
	assert_false(f->line.opts.report.mean);
	set(f, "sample_index=0");
	report(f, "top");
	assert_string_equal(f->line.opts.report.sample_index, "samples");
}

static void quotes_keep_words_together(void **state)
{
	static const struct {
		const char *line, *focus, *ignore;
	} rows[] = {
		{ "top 'operator new'", "operator new", "" },
		{ "top \"a b\" -'c d'", "a b", "c d" },
		{ "top \"say \\\"x\\\" \\d\"", "say \"x\" \\d", "" },
		{ "top --focus='a b'", "a b", "" },
		{ "top '-cum' '10' '|' '>'", "-cum|10|||>", "" },
		{ "top str<'a>::len", "str<'a>::len", "" }, /* not a quote: in the word */
		{ "top 'a", "'a", "" },			    /* nor one without its other end */
		{ "top 'a'b", "'a'b", "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N(rows); i++) {
		const struct report_opts *o = report(f, rows[i].line);

		assert_string_equal(o->focus, rows[i].focus);
		assert_string_equal(o->ignore, rows[i].ignore);
		assert_null(f->line.pipe);
	}
}

static void a_bar_between_words_is_a_pipe(void **state)
{
	struct fixture *f = *state;

	report(f, "top 3 | grep 'a | b' | wc -l ");
	assert_string_equal(f->line.pipe, "grep 'a | b' | wc -l");
	assert_int_equal(f->line.opts.report.nodecount, 3);
	report(f, "peek x |less");
	assert_string_equal(f->line.pipe, "less");
	report(f, "top a|b");
	assert_null(f->line.pipe);
	report(f, "svg | cat");
	assert_false(f->line.opts.in_files);
	report(f, "svg");
	assert_true(f->line.opts.in_files);
}

static void what_cannot_be_understood_is_said_in_one_sentence(void **state)
{
	static const struct {
		const char *line, *sentence;
	} rows[] = {
		{ "foo", "unrecognized command: \"foo\"" },
		{ "tpo 5", "unrecognized command: \"tpo\": did you mean top?" },
		{ "top --nodecuont=5",
		  "unknown option: '--nodecuont=5': did you mean --nodecount?" },
		{ "123", "unrecognized command: \"123\"" },
		{ "peek", "command peek requires an argument" },
		{ "list | less", "command list requires an argument" },
		{ "focus", "please specify a value, e.g. focus=<val>" },
		{ "sample_index 0", "did you mean: sample_index=0" },
		{ "unit ", "please specify a value, e.g. unit=<val>" },
		{ "top >", "unexpected end of line after >" },
		{ "top >> out", "cannot append to a file: '>' begins a new one" },
		{ "top |", "unexpected end of line after |" },
		{ "web | cat", "web opens a viewer: nothing comes out of it to pipe" },
		{ "top --nodes", "unknown option: '--nodes'" },
		{ "top --focus", "option --focus needs a value: --focus=<val>" },
		{ "nodecount=abc", "invalid value 'abc' for option '-nodecount'" },
		{ "trim=maybe", "invalid value 'maybe' for option '-trim'" },
		{ "sort=zzz", "invalid value 'zzz' for option '-sort': one of flat, cum" },
		{ "sample_index=zzz", "sample_index \"zzz\" must be one of: [samples cpu]" },
		{ "sample_index=2", "sample_index 2 is outside the range [0..1]" },
		{ "diff", "command diff requires an argument" },
		{ "diff | less", "command diff requires an argument" },
		{ "merge --cum", "command merge requires an argument" },
		{ "check a b", "command check takes one argument, not 2: check [<before>]" },
		{ "diff a -b", "unknown option: '-b'" },
		{ "http > out", "http serves a page: nothing comes out of it" },
		{ "http | cat", "http serves a page: nothing comes out of it" },
		{ "symbolize",
		  "the profile was symbolized when it was loaded; proto > <file> writes it" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N(rows); i++) {
		assert_int_not_equal(read_line(f, rows[i].line), 0);
		assert_string_equal(f->err.text, rows[i].sentence);
	}
	report(f, "tree");
	assert_int_equal(f->line.opts.report.nodecount, -1);
	assert_true(f->line.opts.report.trim);
}

static void own_commands_are_known(void **state)
{
	static const struct {
		const char *line;
		enum shell_verb verb;
		const char *topic;
	} rows[] = {
		{ "o", SHELL_SHOW_OPTIONS, "" }, { "options", SHELL_SHOW_OPTIONS, "" },
		{ "help", SHELL_HELP, "" },	 { "help  top ", SHELL_HELP, "top" },
		{ "q", SHELL_QUIT, "" },	 { "quit", SHELL_QUIT, "" },
		{ "exit", SHELL_QUIT, "" },	 { "", SHELL_NOTHING, "" },
		{ " \t ", SHELL_NOTHING, "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(read_line(f, rows[i].line), 0);
		assert_int_equal(f->line.verb, rows[i].verb);
		assert_string_equal(f->line.topic, rows[i].topic);
	}
}

static void words_of_our_own_commands_are_files(void **state)
{
	struct fixture *f = *state;

	report(f, "diff 'a b.pb.gz' --cum --normalize > out");
	assert_string_equal(f->line.command->name, "diff");
	assert_int_equal(f->line.n_operands, 1);
	assert_string_equal(f->line.operands[0], "a b.pb.gz");
	assert_int_equal(f->line.opts.report.sort, SORT_CUM);
	assert_true(f->line.opts.normalize);
	assert_string_equal(f->line.opts.output, "out");
	report(f, "merge 1 b c");
	assert_int_equal(f->line.n_operands, 3);
	assert_string_equal(f->line.operands[0], "1");
	assert_string_equal(f->line.operands[2], "c");
	assert_string_equal(f->line.opts.report.focus, "");
	assert_false(f->line.opts.normalize);
	report(f, "check");
	assert_int_equal(f->line.n_operands, 0);
	report(f, "http localhost:8080");
	assert_string_equal(f->line.operands[0], "localhost:8080");
}

static void everything_has_help(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < N_REPORT_COMMANDS; i++) {
		rewind(out);
		assert_int_equal(shell_print_help(&f->sh, report_commands[i].name, out, &f->err),
				 0);
		fflush(out);
		assert_memory_equal(text, report_commands[i].name, strlen(report_commands[i].name));
		assert_true(strcspn(text, "\n") > strlen(report_commands[i].name) + 5);
	}
	for (size_t i = 0; i < f->sh.n_rows; i++) {
		rewind(out);
		assert_int_equal(shell_print_help(&f->sh, f->sh.rows[i].name, out, &f->err), 0);
		fflush(out);
		assert_non_null(strstr(text, f->sh.rows[i].name));
		assert_true(strcspn(text, "\n") > strlen(f->sh.rows[i].name) + 5);
	}
	for (size_t i = 0; i < N_SHELL_OWN; i++)
		assert_int_equal(shell_print_help(&f->sh, shell_own[i].name, out, &f->err), 0);
	assert_int_not_equal(shell_print_help(&f->sh, "foo", out, &f->err), 0);
	assert_string_equal(f->err.text, "Unknown command: foo");
	fclose(out);
	free(text);
}

static void options_are_shown_as_they_are_typed(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	set(f, "divide_by=1000000");
	set(f, "nodefraction=0.00001");
	set(f, "lines");
	shell_print_options(&f->sh, out);
	fclose(out);
	assert_non_null(strstr(text, "  divide_by                 = 1e+06 "));
	assert_non_null(strstr(text, "  nodefraction              = 1e-05 "));
	assert_non_null(strstr(text, "  focus                     = \"\" "));
	assert_non_null(strstr(
		text, "  sort                      = flat                 //: [cum | flat]\n"));
	assert_non_null(strstr(text, "  granularity               = lines                //: "
				     "[addresses | filefunctions | files | functions | lines]\n"));
	assert_non_null(strstr(
		text, "  sample_index              = cpu                  //: [samples | cpu]\n"));
	assert_non_null(
		strstr(text, "  nodecount                 = -1                   //: default\n"));
	free(text);
}

/* ---- completion ---- */

static void words_are_finished(void **state)
{
	static const struct {
		const char *line, *after; /* the line when the word is finished */
	} rows[] = {
		{ "pee", "peek " },
		{ "foc", "focus=" },
		{ "noin", "noinlines" },
		{ "help foc", "help focus" },
		{ "help tre", "help tree " },
		{ "sample_index=sam", "sample_index=samples" },
		{ "granularity=li", "granularity=lines" },
		{ "peek lea", "peek leaf" },
		{ "peek nline", "peek inlined" }, /* anywhere in the name */
		{ "top leaf -cal", "top leaf -caller" },
		{ "top ator", "top 'operator new\\(unsigned long\\)'" },
		{ "top 'operator n", "top 'operator new\\(unsigned long\\)'" },
		{ "top str<", "top core::str<'a>::len" },
		{ "focus=lea", "focus=leaf" },
		{ "top --foc", "top --focus=" },
		{ "top --focus=lea", "top --focus=leaf" },
		{ "tagfocus=thr", "tagfocus=thread=" },
		{ "tagfocus=thread=ma", "tagfocus=thread=main" },
		{ "tagroot=size,thr", "tagroot=size,thread" },
		{ "tags thr", "tags thread" },
		{ "mer", "merge " },
		{ "diff /proc/self/stat", "diff /proc/self/stat" }, /* and statm, status */
		{ "diff --cum '/proc/self/comm", "diff --cum '/proc/self/comm'" },
		{ "merge /proc/self/comm /pro", "merge /proc/self/comm /proc/" },
		{ "top >/proc/self/com", "top >/proc/self/comm" },
		{ "top > /proc/self/cgr", "top > /proc/self/cgroup" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N(rows); i++) {
		struct completion c;
		char after[256];

		shell_complete(&f->sh, f->a, rows[i].line, &c);
		snprintf(after, sizeof(after), "%.*s%s",
			 (int)(strlen(rows[i].line) - (c.text ? c.replaced : 0)), rows[i].line,
			 c.text ? c.text : "");
		assert_string_equal(after, rows[i].after);
		completion_release(&c);
	}
}

static void what_could_be_several_things_is_listed(void **state)
{
	struct fixture *f = *state;
	struct completion c;

	shell_complete(&f->sh, f->a, "to", &c);
	assert_string_equal(c.text, "top");
	completion_release(&c);
	shell_complete(&f->sh, f->a, "top", &c);
	assert_null(c.text);
	assert_int_equal(c.names.n, 2);
	assert_string_equal(c.names.v[0], "top ");
	assert_string_equal(c.names.v[1], "topproto ");
	completion_release(&c);
	shell_complete(&f->sh, f->a, "sample_index=", &c);
	assert_int_equal(c.names.n, 2);
	completion_release(&c);
	shell_complete(&f->sh, f->a, "top le",
		       &c); /* leaf, caller has no "le" but len and caller has "lle" */
	assert_null(c.text);
	assert_true(c.names.n > 1);
	completion_release(&c);
}

static void where_nothing_fits_nothing_happens(void **state)
{
	static const char *const lines[] = { "",	 "zzz",	      "peek zzz",
					     "foo bar",	 "top > zzz", "top | les",
					     "output=x", "top ",      "focus=" };
	struct fixture *f = *state;

	for (size_t i = 1; i < N(lines); i++) {
		struct completion c;

		shell_complete(&f->sh, f->a, lines[i], &c);
		assert_null(c.text);
		assert_int_equal(c.names.n, 0);
		completion_release(&c);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_of_a_report_have_pprofs_meaning),
		TEST(a_report_leaves_the_options_as_they_were),
		TEST(assignments_stay),
		TEST(a_colon_clears_and_sample_types_choose_themselves),
		TEST(quotes_keep_words_together),
		TEST(a_bar_between_words_is_a_pipe),
		TEST(what_cannot_be_understood_is_said_in_one_sentence),
		TEST(own_commands_are_known),
		TEST(words_of_our_own_commands_are_files),
		TEST(everything_has_help),
		TEST(options_are_shown_as_they_are_typed),
		TEST(words_are_finished),
		TEST(what_could_be_several_things_is_listed),
		TEST(where_nothing_fits_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
