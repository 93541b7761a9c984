/* response_file.h - @FILE among arguments: more of them, read from a file. */
#ifndef SONDE_CLI_RESPONSE_FILE_H
#define SONDE_CLI_RESPONSE_FILE_H

/* Replace argc and argv by what they stand for.  A file that cannot be read stays as the word that it
 * is.  What is made lives as long as the process.  Returns an exit status: not 0 = too many. */
int response_files_expand(int *argc, char ***argv);

#endif
