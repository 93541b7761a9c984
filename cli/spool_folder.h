/* spool_folder.h - the folder that the processes of one `record` leave their spools in. */
#ifndef SONDE_CLI_SPOOL_FOLDER_H
#define SONDE_CLI_SPOOL_FOLDER_H

#include <limits.h>
#include <stdbool.h>

struct spool_folder {
	char path[PATH_MAX];
	int fd; /* locked while its record lives; programs that are executed do not have it */
	char beside
		[PATH_MAX]; /* beside the profile: made by processes that cannot reach the first; "" = none */
	char beside_id[80]; /* devices and inodes of what both lie in, as the library wants them */
};

/* In memory if there is plenty.  Says so when it cannot be made.  Takes away what records left that were killed. */
bool spool_folder_open(struct spool_folder *f, const char *profile);

/* With all that is in it. */
void spool_folder_remove(struct spool_folder *f);

#endif
