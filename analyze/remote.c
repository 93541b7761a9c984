/* remote.c - fetch sources over HTTP, and keep what came. */
#include "analyze/remote.h"
#include "analyze/notes.h"
#include "analyze/paths.h"
#include "analyze/url.h"
#include "writer/writer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 10000, EXTRA_TIMEOUT = 5 /* seconds, to get it over the net */ };

static const char *set_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

void remote_init(struct remote *r, const struct load_opts *opts, const struct notes *notes)
{
	*r = (struct remote){
		.opts = opts,
		.notes = notes,
		.tls = { set_or_null(opts->tls_cert), set_or_null(opts->tls_key),
			 set_or_null(opts->tls_ca) },
		.arena = arena_new(ARENA_DIE),
	};
}

void remote_release(struct remote *r)
{
	for (size_t i = 0; i < r->sources.n; i++)
		download_release(&r->sources.v[i].download);
	VEC_RELEASE(&r->sources);
	VEC_RELEASE(&r->symbols);
	arena_free(r->arena);
}

/* ---- fetching ---- */

/* As Go prints a duration of whole seconds: 1h0m5s. */
static const char *duration_text(struct arena *a, int64_t s)
{
	if (s >= 3600)
		return arena_printf(a, "%" PRId64 "h%" PRId64 "m%" PRId64 "s", s / 3600,
				    s / 60 % 60, s % 60);
	if (s >= 60)
		return arena_printf(a, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
	return arena_printf(a, "%" PRId64 "s", s);
}

static void add_source(struct remote *r, const char *source)
{
	int64_t timeout = r->opts->timeout;
	const char *url;

	if (access(source, F_OK) == 0)
		return;
	url = url_of_source(r->arena, source, r->opts->seconds, &timeout);
	if (!url)
		return;
	note(r->notes, "Fetching profile over HTTP from %s", url);
	if (r->opts->seconds > 0)
		note(r->notes, "Please wait... (%s)", duration_text(r->arena, r->opts->seconds));
	*VEC_PUSH(&r->sources) = (struct remote_source){
		.source = source,
		.url = url,
		.download = { .url = url, .timeout = timeout + EXTRA_TIMEOUT },
	};
}

int remote_fetch(struct remote *r, struct err *err)
{
	struct download *downloads;
	int rc;

	for (size_t i = 0; i < r->opts->n_sources; i++)
		add_source(r, r->opts->sources[i]);
	for (size_t i = 0; i < r->opts->n_bases; i++)
		add_source(r, r->opts->bases[i]);
	if (r->sources.n == 0)
		return 0;
	downloads = ARENA_ARRAY(r->arena, struct download, r->sources.n);
	for (size_t i = 0; i < r->sources.n; i++)
		downloads[i] = r->sources.v[i].download;
	rc = fetch_all(downloads, r->sources.n, &r->tls, err);
	for (size_t i = 0; i < r->sources.n; i++)
		r->sources.v[i].download = downloads[i];
	return rc;
}

/* The same source may be given twice; each time it is another string. */
static struct remote_source *find_source(const struct remote *r, const char *source)
{
	for (size_t i = 0; i < r->sources.n; i++)
		if (r->sources.v[i].source == source)
			return &r->sources.v[i];
	return NULL;
}

bool remote_has(const struct remote *r, const char *source)
{
	return find_source(r, source) != NULL;
}

int remote_read(struct remote *r, struct profile **out, const char *source, bool *is_remote,
		struct err *err)
{
	struct remote_source *s = find_source(r, source);
	int rc;

	*is_remote = s != NULL;
	if (!s)
		return 0;
	if (s->download.problem[0])
		return err_set(err, SONDE_EIO, "%s: %s", source, s->download.problem);
	rc = profile_decode_mem(out, s->download.body, s->download.n, err);
	download_release(&s->download);
	if (rc)
		err_prefix(err, "%s", source);
	else
		r->read_any = true;
	return rc;
}

void remote_note_symbols(struct remote *r, struct profile *p, const char *source)
{
	const struct remote_source *s = find_source(r, source);

	for (size_t i = 0; s && i < p->mappings.n; i++) {
		struct mapping *m = &p->mappings.v[i];

		/* Named after its server, a mapping is found again after a merge. */
		if (!m->build_id && !m->file)
			m->file = profile_intern(p, s->url);
		*VEC_PUSH(&r->symbols) = (struct remote_symbols){
			arena_strdup(r->arena, profile_str(p, m->build_id ? m->build_id : m->file)),
			s->url, m->start
		};
	}
}

static bool has_scheme(const char *name)
{
	const char *s = name;

	if (!isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || (*s && strchr("+-.", *s)))
		s++;
	return *s == ':';
}

void remote_forget_names(struct profile *p)
{
	for (size_t i = 0; i < p->mappings.n; i++) {
		struct mapping *m = &p->mappings.v[i];

		if (!m->build_id && has_scheme(profile_str(p, m->file)))
			m->file = 0;
	}
}

/* ---- keeping ---- */

static int make_folders(struct arena *a, const char *path)
{
	const char *parent = path_dir(a, path);

	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || strcmp(parent, path) == 0 || make_folders(a, parent))
		return -1;
	return mkdir(path, 0755);
}

static const char *choose_folder(const struct remote *r)
{
	const char *own = getenv("PPROF_TMPDIR"), *home = getenv("HOME"), *tmp = getenv("TMPDIR");
	const char *folders[] = {
		set_or_null(own),
		set_or_null(home) ? path_join(r->arena, home, "pprof") : NULL,
		set_or_null(tmp) ? tmp : "/tmp",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (!folders[i])
			continue;
		if (make_folders(r->arena, folders[i]) == 0)
			return folders[i];
		note(r->notes, "Could not use temp dir %s: %s", folders[i], strerror(errno));
	}
	return NULL;
}

/* "pprof.PROGRAM.TYPE.TYPE." */
static const char *file_prefix(struct arena *a, const struct profile *p)
{
	const char *file = p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "";
	char *prefix =
		arena_printf(a, "pprof.%s%s", *file ? path_base(a, file) : "", *file ? "." : "");

	for (size_t i = 0; i < p->sample_types.n; i++)
		prefix =
			arena_printf(a, "%s%s.", prefix, profile_str(p, p->sample_types.v[i].type));
	for (char *s = prefix; *s; s++)
		*s = *s == '/' ? '_' : *s;
	return prefix;
}

static int open_new(const struct remote *r, const char *folder, const char *prefix,
		    const char **path)
{
	for (int i = 1; i < MAX_FILES; i++) {
		int fd;

		*path = path_join(r->arena, folder,
				  arena_printf(r->arena, "%s%03d.pb.gz", prefix, i));
		fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

void remote_save(const struct remote *r, const struct profile *p)
{
	const char *folder, *path;
	struct err err;
	int fd;

	if (!r->read_any || !(folder = choose_folder(r)))
		return;
	fd = open_new(r, folder, file_prefix(r->arena, p), &path);
	if (fd < 0) {
		note(r->notes, "Could not save profile: %s: %s", path, strerror(errno));
		return;
	}
	if (profile_write_fd(p, fd, path, &err)) {
		note(r->notes, "Could not save profile: %s", err.text);
		unlink(path);
	} else {
		note(r->notes, "Saved profile in %s", path);
	}
	close(fd);
}
