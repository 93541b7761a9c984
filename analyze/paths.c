/* paths.c - cut and clean slash-separated names. */
#include "analyze/paths.h"

#include <stdbool.h>
#include <string.h>

const char *path_base(struct arena *a, const char *path)
{
	size_t end = strlen(path), start;

	if (end == 0)
		return ".";
	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	if (start == end)
		return "/";
	return path[end] ? arena_strndup(a, path + start, end - start) : path + start;
}

/* Would path_clean() change anything?  Most names are clean, and there are many. */
static bool is_clean(const char *path)
{
	size_t n = strlen(path);

	if (n == 0 || (n > 1 && path[n - 1] == '/') || path[0] == '.')
		return false;
	return !strstr(path, "//") && !strstr(path, "/.");
}

/* Take the last element off out[0..n); false when it has to stay because it is "..", or nothing is
 * there. */
static bool drop_last(const char *out, size_t *n, size_t root)
{
	size_t start = *n;

	while (start > root && out[start - 1] != '/')
		start--;
	if (*n == root || (*n - start == 2 && memcmp(out + start, "..", 2) == 0))
		return false;
	*n = start > root ? start - 1 : root;
	return true;
}

const char *path_clean(struct arena *a, const char *path)
{
	size_t root = path[0] == '/', n = root;
	char *out;

	if (is_clean(path))
		return path;
	out = arena_alloc(a, strlen(path) + 2);
	memcpy(out, path, root);
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		bool up = len == 2 && memcmp(p, "..", 2) == 0,
		     keep = len && !(len == 1 && *p == '.');

		if (up)
			keep = !drop_last(out, &n, root) && !root;
		if (keep) {
			if (n > root)
				out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len + (p[len] == '/');
	}
	out[n] = 0;
	return n ? out : ".";
}

const char *path_join(struct arena *a, const char *dir, const char *name)
{
	if (!*dir && !*name)
		return "";
	if (!*dir)
		return path_clean(a, name);
	return path_clean(a, arena_printf(a, "%s/%s", dir, name));
}

const char *path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return path_clean(a, slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : "");
}

/* Take the next element off a list parted by ':'; *list is NULL after the last one.  In arena a. */
static const char *next_element(struct arena *a, const char **list)
{
	const char *from = *list;
	size_t n;

	if (!from)
		return NULL;
	n = strcspn(from, ":");
	*list = from[n] ? from + n + 1 : NULL;
	return arena_strndup(a, from, n);
}

/* What follows the first "/NAME/", NAME being the last element of dir; NULL if it is not in path.
 */
static const char *after_folder(struct arena *a, const char *path, const char *dir)
{
	const char *want = arena_printf(a, "/%s/", path_base(a, dir)), *found = strstr(path, want);

	return found ? found + strlen(want) : NULL;
}

static const char *after_prefix(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) != 0)
		return NULL;
	if (n && prefix[n - 1] == '/')
		return path + n;
	return path[n] == '/' ? path + n + 1 : NULL;
}

const char *path_trim(struct arena *a, const char *path, const char *trim_path,
		      const char *source_path)
{
	const char *element, *rest;

	trim_path = *trim_path ? trim_path : NULL;
	source_path = *source_path && !trim_path ? source_path : NULL;
	while ((element = next_element(a, &source_path)))
		if ((rest = after_folder(a, path, element)))
			return rest;
	while ((element = next_element(a, &trim_path)))
		if ((rest = after_prefix(path, element)))
			return rest;
	if ((rest = after_prefix(path, "/proc/self/cwd/./")) ||
	    (rest = after_prefix(path, "/proc/self/cwd/")))
		return rest;
	return path;
}
