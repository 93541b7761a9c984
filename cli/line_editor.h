/* line_editor.h - lines from a terminal: edited, remembered, completed.  From anything else: as they come. */
#ifndef SONDE_CLI_LINE_EDITOR_H
#define SONDE_CLI_LINE_EDITOR_H

#include "cli/shell_complete.h"

struct line_editor;

/* sh is asked for completions. */
struct line_editor *line_editor_open(const char *prompt, const struct shell *sh);

/* The next line, without its end; valid until the next call.  NULL at the end of input.  An interrupt gives up the line
 * that is being typed and begins another. */
const char *line_editor_read(struct line_editor *e);
void line_editor_close(struct line_editor *e);

#endif
