/* addr2line_source.h - lines of source around a place. */
#ifndef SONDE_CLI_ADDR2LINE_SOURCE_H
#define SONDE_CLI_ADDR2LINE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct source {		   /* all zero: nothing was read yet */
	char *path, *text; /* text NULL: it cannot be read */
};

/* n_lines of a file, with the line in their middle; nothing where they cannot be read. */
void source_print(struct source *s, FILE *out, const char *path, int64_t line, unsigned n_lines);
void source_release(struct source *s);

#endif
