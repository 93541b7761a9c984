/* line_editor.c - the terminal's side of the shell, with libedit.
 *
 * The prompt and the line go to stdout, or to stderr where stdout is no terminal but takes the reports.
 */
#include "cli/line_editor.h"
#include "cli/shell_history.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { MAX_SHOWN = 100 }; /* possible completions; more are only counted */

struct line_editor {
	const struct shell *sh;
	const char *prompt;
	EditLine *el; /* NULL: lines are read as they come */
	History *history;
	FILE *screen;
	char *line; /* of getline() */
	size_t cap;
	struct sigaction before;
};

static volatile sig_atomic_t was_interrupted;

static void on_interrupt(int sig)
{
	was_interrupted = 1;
}

static struct line_editor *of(EditLine *el)
{
	void *e = NULL;

	el_get(el, EL_CLIENTDATA, &e);
	return e;
}

static char *prompt_of(EditLine *el)
{
	return (char *)of(el)->prompt;
}

/* ---- completion ---- */

static void show_names(struct line_editor *e, const string_list *names)
{
	fputc('\n', e->screen);
	for (size_t i = 0; i < names->n && i < MAX_SHOWN; i++)
		fprintf(e->screen, "  %s\n", names->v[i]);
	if (names->n > MAX_SHOWN)
		fprintf(e->screen, "  and %zu more\n", names->n - MAX_SHOWN);
	fflush(e->screen);
}

static unsigned char complete(EditLine *el, int key)
{
	struct line_editor *e = of(el);
	const LineInfo *li = el_line(el);
	struct arena *a = arena_new(ARENA_DIE);
	struct completion c;
	unsigned char answer = CC_ERROR;

	shell_complete(e->sh, a, arena_strndup(a, li->buffer, (size_t)(li->cursor - li->buffer)),
		       &c);
	if (c.text) {
		el_deletestr(el, (int)c.replaced);
		answer = el_insertstr(el, c.text) ? CC_ERROR : CC_REFRESH;
	} else if (c.names.n) {
		show_names(e, &c.names);
		answer = CC_REDISPLAY;
	}
	completion_release(&c);
	arena_free(a);
	return answer;
}

/* ---- a terminal ---- */

/* Waits for input or an interrupt, which is blocked at all other times: one that came just before the wait would be lost. */
static bool wait_for_input(void)
{
	struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
	sigset_t blocked, open;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	open = blocked;
	sigdelset(&open, SIGINT);
	while (!was_interrupted && ppoll(&input, 1, NULL, &open) < 0 && errno == EINTR) {
		/* libedit's own handler sends the signal once more, for ours. */
		sigprocmask(SIG_SETMASK, &open, NULL);
		sigprocmask(SIG_SETMASK, &blocked, NULL);
	}
	return !was_interrupted;
}

/* The next character for libedit: 1, or 0 at the end of the input or of the line's. */
static int read_char(EditLine *el, wchar_t *c)
{
	mbstate_t state = { 0 };
	char byte;

	while (wait_for_input() && read(STDIN_FILENO, &byte, 1) == 1)
		switch (mbrtowc(c, &byte, 1, &state)) {
		case (size_t)-2: /* the character goes on */
			break;
		case (size_t)-1:
			state = (mbstate_t){ 0 };
			break;
		default:
			return 1;
		}
	return 0;
}

static void remember(void *ctx, const char *line)
{
	struct line_editor *e = ctx;
	HistEvent event;

	history(e->history, &event, H_ENTER, line);
}

static void open_terminal(struct line_editor *e)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	HistEvent event;

	setlocale(LC_CTYPE, "");
	e->screen = isatty(STDOUT_FILENO) ? stdout : stderr;
	e->el = el_init("sonde", stdin, e->screen, stderr);
	e->history = history_init();
	if (!e->el || !e->history)
		return;
	history(e->history, &event, H_SETSIZE, HISTORY_LINES);
	history(e->history, &event, H_SETUNIQUE, 1);
	shell_history_read(remember, e);
	el_set(e->el, EL_CLIENTDATA, e);
	el_set(e->el, EL_PROMPT, prompt_of);
	el_set(e->el, EL_EDITOR, "emacs");
	el_set(e->el, EL_SIGNAL, 1);
	el_set(e->el, EL_GETCFN, read_char);
	el_set(e->el, EL_HIST, history, e->history);
	el_set(e->el, EL_ADDFN, "complete", "finish the word", complete);
	el_set(e->el, EL_BIND, "^I", "complete", NULL);
	el_set(e->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	/* Ctrl-D that was typed while no line was edited, and the terminal kept as the end of input: read as NUL, once it is
	 * edited again. */
	el_set(e->el, EL_BIND, "^@", "em-delete-or-list", NULL);
	el_source(e->el, NULL);
	sigaction(SIGINT, &action, &e->before);
}

struct line_editor *line_editor_open(const char *prompt, const struct shell *sh)
{
	struct line_editor *e = arena_alloc(sh->arena, sizeof(*e));

	e->sh = sh;
	e->prompt = prompt;
	if (sh->is_terminal)
		open_terminal(e);
	return e;
}

static const char *read_edited(struct line_editor *e)
{
	const char *line;
	sigset_t interrupt, before;
	int n;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	do {
		sigprocmask(SIG_BLOCK, &interrupt, &before);
		was_interrupted = 0;
		line = el_gets(e->el, &n);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (was_interrupted) {
			fputc('\n', e->screen);
			el_reset(e->el);
		}
	} while (was_interrupted);
	if (!line || n <= 0) {
		fputc('\n', e->screen);
		return NULL;
	}
	free(e->line);
	e->line = strdup(line);
	if (!e->line)
		return NULL;
	e->line[strcspn(e->line, "\n")] = 0;
	if (e->line[strspn(e->line, " \t")]) {
		remember(e, e->line);
		shell_history_add(e->line);
	}
	return e->line;
}

/* ---- anything else ---- */

static const char *read_plain(struct line_editor *e)
{
	ssize_t n = getline(&e->line, &e->cap, stdin);

	if (n < 0)
		return NULL;
	e->line[strcspn(e->line, "\n")] = 0;
	return e->line;
}

const char *line_editor_read(struct line_editor *e)
{
	return e->el && e->history ? read_edited(e) : read_plain(e);
}

void line_editor_close(struct line_editor *e)
{
	if (e->el && e->history)
		sigaction(SIGINT, &e->before, NULL);
	if (e->el)
		el_end(e->el);
	if (e->history)
		history_end(e->history);
	free(e->line);
}
