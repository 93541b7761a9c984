/* shell_history.c - the lines of earlier shells: $XDG_STATE_HOME/sonde/history, else ~/.local/state/sonde/history.
 *
 * Each line is appended when it is typed, so that shells side by side share the file and one that is killed has lost
 * nothing.  A file that has become twice as long as need be is cut when it is read.
 */
#include "cli/shell_history.h"
#include "base/err.h"
#include "base/outfile.h"
#include "base/vec.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };

/* The path, with its folders made; false when the user has no place for it. */
static bool find_path(char path[MAX_PATH])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state && *state == '/')
		n = snprintf(path, MAX_PATH, "%s/sonde/history", state);
	else if (home && *home == '/')
		n = snprintf(path, MAX_PATH, "%s/.local/state/sonde/history", home);
	else
		return false;
	if (n >= MAX_PATH)
		return false;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700); /* where it cannot be made the file cannot be opened */
		*slash = '/';
	}
	return true;
}

typedef VEC(char *) lines;

static void read_lines(FILE *f, lines *all)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, f)) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (*line)
			*VEC_PUSH(all) = strdup(line);
	}
	free(line);
}

/* Another shell may add a line meanwhile: then that line is lost, no more. */
static void write_last(const char *path, const lines *all)
{
	struct outfile file;
	FILE *f;

	if (outfile_open(&file, path, NULL))
		return;
	fchmod(file.fd, 0600);
	f = fdopen(dup(file.fd), "w");
	for (size_t i = all->n - HISTORY_LINES; f && i < all->n; i++)
		fprintf(f, "%s\n", all->v[i]);
	if (f && fclose(f) == 0)
		(void)!outfile_commit(&file, NULL);
	else
		outfile_abort(&file);
}

void shell_history_read(void (*fn)(void *ctx, const char *line), void *ctx)
{
	lines all = VEC_INIT;
	char path[MAX_PATH];
	FILE *f = find_path(path) ? fopen(path, "re") : NULL;

	if (!f)
		return;
	read_lines(f, &all);
	fclose(f);
	for (size_t i = all.n > HISTORY_LINES ? all.n - HISTORY_LINES : 0; i < all.n; i++)
		fn(ctx, all.v[i]);
	if (all.n > 2 * HISTORY_LINES)
		write_last(path, &all);
	for (size_t i = 0; i < all.n; i++)
		free(all.v[i]);
	VEC_RELEASE(&all);
}

void shell_history_add(const char *line)
{
	char path[MAX_PATH];
	int fd = find_path(path) ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%s\n", line);
	close(fd);
}
