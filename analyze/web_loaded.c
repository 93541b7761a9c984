/* web_loaded.c - load what the command line or the page names. */
#include "analyze/web_loaded.h"
#include "writer/writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a comparison both sides are kept apart, however the base was given: the page shows both. */
static int read_profile(struct web_loaded *l, const struct load_opts *load, struct err *err)
{
	struct load_opts o = *load;

	o.diff_base |= o.n_bases > 0;
	l->compared = o.diff_base;
	return analyze_load(&l->profile, &o, l->notes, err);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *web_loaded_base(const struct web_loaded *l)
{
	const struct load_opts *load = &l->opts->load;

	if (l->base_name)
		return last_part(l->base_name);
	return l->compared && !l->opened_name && load->n_bases
		       ? last_part(load->bases[load->n_bases - 1])
		       : "";
}

const char *web_loaded_title(const struct web_loaded *l)
{
	const struct load_opts *load = &l->opts->load;
	const char *last = l->opened_name    ? l->opened_name
			   : l->opts->name   ? l->opts->name
			   : load->n_sources ? load->sources[load->n_sources - 1]
					     : "";

	return last_part(last);
}

/* Servers and pipes would send something else. */
static bool can_be_read_again(const struct load_opts *load)
{
	struct stat st;

	for (size_t i = 0; i < load->n_sources; i++)
		if (stat(load->sources[i], &st) || !S_ISREG(st.st_mode))
			return false;
	return true;
}

void web_loaded_init(struct web_loaded *l, const struct web_opts *opts, const struct notes *notes)
{
	*l = (struct web_loaded){ .opts = opts, .notes = notes, .opened = -1 };
	if (opts->load.n_bases || can_be_read_again(&opts->load))
		return;
	l->opened_name = strdup(web_loaded_title(l));
	l->opened = memfd_create("profile", MFD_CLOEXEC);
}

int web_loaded_first(struct web_loaded *l, struct err *err)
{
	int rc = read_profile(l, &l->opts->load, err);

	return rc || l->opened < 0
		       ? rc
		       : profile_write_fd(l->profile, l->opened, "what was loaded", err);
}

void web_loaded_release(struct web_loaded *l)
{
	profile_free(l->profile);
	if (l->opened >= 0)
		close(l->opened);
	free(l->opened_name);
	free(l->base_name);
}

static const char *path_of(const struct web_job *job, int fd)
{
	return arena_printf(job->query.arena, "/proc/self/fd/%d", fd);
}

/* The page knows it by its name, not by the path that it has here. */
static void forget_path(struct err *err, const char *path)
{
	char start[64];
	int n = snprintf(start, sizeof(start), "cannot read '%s': ", path);

	if (strncmp(err->text, start, (size_t)n) == 0)
		memmove(err->text, err->text + n, strlen(err->text + n) + 1);
}

static int allow_memory(const struct web_loaded *l, const char *path, struct err *err)
{
	return l->opts->allow ? l->opts->allow(l->opts->ctx, path, err) : 0;
}

static int read_sent(struct web_loaded *l, const struct web_job *job, const struct load_opts *load,
		     struct err *err)
{
	const char *sent = path_of(job, job->upload);
	int rc = allow_memory(l, sent, err);

	if (!rc && l->opened >= 0)
		rc = allow_memory(l, path_of(job, l->opened), err);
	if (!rc)
		rc = read_profile(l, load, err);
	if (!rc)
		return 0;
	forget_path(err, sent);
	err_prefix(err, "cannot read %s", web_query_get(&job->query, "name"));
	return rc;
}

int web_loaded_compare(struct web_loaded *l, const struct web_job *job, struct err *err)
{
	const char *base = path_of(job, job->upload), *source = path_of(job, l->opened);
	struct load_opts load = l->opts->load;

	free(l->base_name);
	l->base_name = strdup(web_query_get(&job->query, "name"));
	load.bases = &base;
	load.n_bases = 1;
	if (l->opened >= 0) {
		load.sources = &source;
		load.n_sources = 1;
	}
	return read_sent(l, job, &load, err);
}

void web_loaded_remember(struct web_loaded *l, const struct web_job *job)
{
	if (l->opened >= 0)
		close(l->opened);
	free(l->opened_name);
	l->opened = fcntl(job->upload, F_DUPFD_CLOEXEC, 4);
	l->opened_name = strdup(web_query_get(&job->query, "name"));
}

int web_loaded_open(struct web_loaded *l, const struct web_job *job, struct err *err)
{
	const char *source = path_of(job, job->upload);
	struct load_opts load = l->opts->load;

	load.sources = &source;
	load.n_sources = 1;
	load.n_bases = 0;
	load.diff_base = false;
	web_loaded_remember(l, job);
	return read_sent(l, job, &load, err);
}
