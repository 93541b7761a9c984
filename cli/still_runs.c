/* still_runs.c - is the process of a spool alive, or does another have its number by now? */
#include "cli/cli.h"
#include "sampler/sampler.h"

#include <dirent.h>
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

/* -1 = not to be found out. */
static int has_mapped(const char *process, const char *spool)
{
	char path[sizeof("/proc//maps") + NAME_MAX];
	FILE *maps;
	int found;

	snprintf(path, sizeof(path), "/proc/%s/maps", process);
	maps = fopen(path, "r");
	if (!maps) /* somebody else's, or none */
		return errno == ENOENT ? 0 : -1;
	found = maps_file(maps, spool);
	fclose(maps);
	return found;
}

/* Its number is that of another namespace, or a child of it may be there still: look at all processes. */
static bool any_has_mapped(const char *spool)
{
	DIR *d = opendir("/proc");
	bool found = false;
	struct dirent *e;

	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
			has_mapped(e->d_name, spool) == 1;
	if (d)
		closedir(d);
	return found;
}

bool still_runs(const struct spool_info *info, const char *spool)
{
	char process[16];
	struct stat here;
	int mapped;

	if (info->n_guests || (info->pid_namespace && stat("/proc/self/ns/pid", &here) == 0 &&
			       here.st_ino != info->pid_namespace))
		return any_has_mapped(spool);
	snprintf(process, sizeof(process), "%d", info->pid);
	mapped = has_mapped(process, spool);
	return mapped >= 0 ? mapped : kill(info->pid, 0) == 0 || errno == EPERM;
}
