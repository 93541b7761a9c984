/* still_runs.c - is the process of a spool alive, or does another have its number by now? */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The one that keeps its samples there has the file mapped. */
static bool maps_file(FILE *maps, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char line[PATH_MAX + 512];
	unsigned long inode;
	struct stat st;

	if (stat(path, &st))
		return false;
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%*s %*s %*s %*s %lu", &inode) == 1 && inode == st.st_ino &&
		    strstr(line, name))
			return true;
	return false;
}

bool still_runs(int pid, const char *spool)
{
	char path[64];
	bool found;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (!maps) /* somebody else's, or none */
		return errno != ENOENT && (kill(pid, 0) == 0 || errno == EPERM);
	found = maps_file(maps, spool);
	fclose(maps);
	return found;
}
