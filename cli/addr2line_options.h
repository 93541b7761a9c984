/* addr2line_options.h - the options of sonde addr2line. */
#ifndef SONDE_CLI_ADDR2LINE_OPTIONS_H
#define SONDE_CLI_ADDR2LINE_OPTIONS_H

#include "cli/addr2line.h"

/* Returns -1 and where the operands begin, or the exit status with which to end at once. */
int addr2line_parse(struct addr2line_options *o, int argc, char **argv, int *first);

#endif
