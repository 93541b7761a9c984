/* web_saved.c - the file of saved views. */
#include "analyze/web_saved.h"
#include "base/outfile.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_VIEWS = 100, MAX_TEXT = 8192 };

struct saved {
	char *name, *query; /* one allocation, that of name */
};

typedef VEC(struct saved) saved_list;

static int folder(char *path, size_t room, struct err *err)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (config && *config == '/')
		n = snprintf(path, room, "%s/sonde", config);
	else if (home && *home)
		n = snprintf(path, room, "%s/.config/sonde", home);
	else
		return err_set(err, SONDE_EIO,
			       "there is no place for saved views: HOME is not set");
	return n > 0 && (size_t)n < room ? 0
					 : err_set(err, SONDE_EIO, "the path of the saved views is "
								   "too long");
}

static int views_file(char *path, size_t room, struct err *err)
{
	int rc = folder(path, room - sizeof("/views"), err);

	if (!rc)
		strcat(path, "/views");
	return rc;
}

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
}

static void add_line(saved_list *views, char *line)
{
	char *tab = strchr(line, '\t');

	line[strcspn(line, "\n")] = 0;
	if (!tab || views->n >= MAX_VIEWS) {
		free(line);
		return;
	}
	*tab = 0;
	*VEC_PUSH(views) = (struct saved){ line, tab + 1 };
}

static int read_views(saved_list *views, struct err *err)
{
	char path[4096], *line = NULL;
	int rc = views_file(path, sizeof(path), err);
	size_t room = 0;
	FILE *in;

	if (rc)
		return rc;
	in = fopen(path, "re");
	if (!in && errno == ENOENT)
		return 0;
	if (!in)
		return err_set(err, SONDE_EIO, "cannot read '%s': %m", path);
	while (getline(&line, &room, in) > 0) {
		add_line(views, line);
		line = NULL;
		room = 0;
	}
	free(line);
	fclose(in);
	return 0;
}

static void release(saved_list *views)
{
	for (size_t i = 0; i < views->n; i++)
		free(views->v[i].name);
	VEC_RELEASE(views);
}

int web_saved_print(struct json *j, struct err *err)
{
	saved_list views = VEC_INIT;
	int rc = read_views(&views, err);

	json_open(j, "views", '[');
	for (size_t i = 0; i < views.n; i++) {
		json_open(j, NULL, '{');
		json_text(j, "name", views.v[i].name);
		json_text(j, "query", views.v[i].query);
		json_close(j, '}');
	}
	json_close(j, ']');
	release(&views);
	return rc;
}

static int write_views(const saved_list *views, struct err *err)
{
	struct outfile out;
	char path[4096];
	int rc = views_file(path, sizeof(path), err);

	if (rc)
		return rc;
	make_folders(path);
	rc = outfile_open(&out, path, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < views->n && !rc; i++) {
		const struct saved *v = &views->v[i];

		rc = write_all(out.fd, v->name, strlen(v->name), path, err);
		if (!rc)
			rc = write_all(out.fd, "\t", 1, path, err);
		if (!rc)
			rc = write_all(out.fd, v->query, strlen(v->query), path, err);
		if (!rc)
			rc = write_all(out.fd, "\n", 1, path, err);
	}
	if (!rc)
		return outfile_commit(&out, err);
	outfile_abort(&out);
	return rc;
}

static int check(const char *name, const char *query, struct err *err)
{
	if (!*name)
		return err_set(err, SONDE_EUSAGE, "a saved view wants a name");
	if (strlen(name) + strlen(query) > MAX_TEXT)
		return err_set(err, SONDE_EUSAGE, "that view is too long to be saved");
	if (strpbrk(name, "\t\n\r") || strpbrk(query, "\t\n\r"))
		return err_set(err, SONDE_EUSAGE, "a saved view has no tabs or line ends");
	return 0;
}

static void take_away(saved_list *views, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < views->n; i++) {
		if (strcmp(views->v[i].name, name) == 0)
			free(views->v[i].name);
		else
			views->v[n++] = views->v[i];
	}
	views->n = n;
}

static int add_view(saved_list *views, const char *name, const char *query, struct err *err)
{
	char *line;

	if (views->n >= MAX_VIEWS)
		return err_set(err, SONDE_EUSAGE, "there are %d saved views already", MAX_VIEWS);
	if (asprintf(&line, "%s\t%s", name, query) < 0)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	add_line(views, line);
	return 0;
}

int web_saved_change(bool add, const char *name, const char *query, struct err *err)
{
	saved_list views = VEC_INIT;
	int rc = check(name, query, err);

	if (!rc)
		rc = read_views(&views, err);
	if (!rc)
		take_away(&views, name);
	if (!rc && add)
		rc = add_view(&views, name, query, err);
	if (!rc)
		rc = write_views(&views, err);
	release(&views);
	return rc;
}
