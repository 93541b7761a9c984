/* shell_history.h - the lines of earlier shells, in the user's state folder. */
#ifndef SONDE_CLI_SHELL_HISTORY_H
#define SONDE_CLI_SHELL_HISTORY_H

enum { HISTORY_LINES = 1000 }; /* so many are remembered */

/* Call fn for each line of the file, oldest first. */
void shell_history_read(void (*fn)(void *ctx, const char *line), void *ctx);

/* Add one.  Where it cannot be written nothing is said: the shell works without. */
void shell_history_add(const char *line);

#endif
