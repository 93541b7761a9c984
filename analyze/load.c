/* load.c - from file names to the one profile that reports are about.
 *
 * In pprof's order: read each source, settle its mappings, subtract the bases, symbolize,
 * drop the frames that the profile itself calls uninteresting.
 */
#include "analyze/analyze.h"
#include "analyze/merge.h"
#include "analyze/notes.h"
#include "analyze/prune.h"
#include "analyze/remote.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "symbolize/symbolize.h"
#include "writer/writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that was read before it is wanted. */
struct file_ahead {
	const char *path;
	struct profile *p;
	int rc;
	struct err err;
};

struct loader {
	VEC(struct file_ahead) ahead;
	size_t n_taken;
	const struct load_opts *opts;
	struct remote remote;
	const char *binary; /* overrides the file of the main mapping; NULL = none */
	const struct notes *notes;
};

static bool is_elf(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return false;
	/* What is read from a pipe is gone. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    read(fd, magic, sizeof(magic)) != sizeof(magic))
		magic[0] = 0;
	close(fd);
	return memcmp(magic, "\177ELF", 4) == 0;
}

/* A profile without mappings gets one, and the main one what the user says about it. */
static void settle_mappings(const struct loader *l, struct profile *p)
{
	struct mapping *m;

	if (p->mappings.n == 0) {
		*VEC_PUSH(&p->mappings) = (struct mapping){ .id = 1 };
		for (size_t i = 0; i < p->locations.n; i++)
			p->locations.v[i].mapping = 0;
	}
	m = &p->mappings.v[0];
	if (l->binary)
		m->file = profile_intern(p, l->binary);
	if (l->opts->build_id && !m->build_id)
		m->build_id = profile_intern(p, l->opts->build_id);
}

/* ---- files, several at a time ---- */

static void read_file_ahead(void *ctx, size_t i)
{
	struct file_ahead *f = (struct file_ahead *)ctx + i;

	f->rc = profile_read_file(&f->p, f->path, &f->err);
	progress_add(1);
}

static void add_files_ahead(struct loader *l, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!remote_has(&l->remote, paths[i]))
			*VEC_PUSH(&l->ahead) = (struct file_ahead){ .path = paths[i] };
}

static void read_files_ahead(struct loader *l, const char *const *sources, size_t n)
{
	add_files_ahead(l, sources, n);
	add_files_ahead(l, l->opts->bases, l->opts->n_bases);
	progress_begin("reading", l->ahead.n > 1 ? l->ahead.n : 0);
	parallel_run(read_file_ahead, l->ahead.v, l->ahead.n);
}

/* Files are taken in the order in which they were read ahead. */
static int take_file(struct loader *l, struct profile **out, struct err *err)
{
	struct file_ahead *f = &l->ahead.v[l->n_taken++];

	*out = f->p;
	f->p = NULL;
	return f->rc ? err_set(err, f->rc, "%s", f->err.text) : 0;
}

static void release_files_ahead(struct loader *l)
{
	for (; l->n_taken < l->ahead.n; l->n_taken++)
		if (!l->ahead.v[l->n_taken].rc)
			profile_free(l->ahead.v[l->n_taken].p);
	VEC_RELEASE(&l->ahead);
}

static int read_source(struct loader *l, struct profile **out, const char *path, struct err *err)
{
	bool is_remote;
	int rc = remote_read(&l->remote, out, path, &is_remote, err);

	if (!is_remote)
		rc = take_file(l, out, err);
	if (rc)
		return rc;
	settle_mappings(l, *out);
	remote_note_symbols(&l->remote, *out, path);
	return 0;
}

/* Read what can be read of several files, and merge it.  With a single one its error is the error;
 * of several, those that fail are left out and named in notes. */
static int read_sources(struct loader *l, struct profile **out, const char *const *paths, size_t n,
			const char *what, struct err *err)
{
	struct profile **read = calloc(n, sizeof(*read));
	size_t n_read = 0;
	int rc = 0;

	if (!read)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		rc = read_source(l, &read[n_read], paths[i], err);
		if (!rc)
			n_read++;
		else if (n > 1)
			note(l->notes, "%s", err->text);
	}
	if (n_read == 0) {
		if (n > 1)
			rc = err_set(err, rc, "failed to fetch any %s profiles", what);
		free(read);
		return rc;
	}
	if (n_read < n)
		note(l->notes, "Fetched %zu %s profiles out of %zu", n_read, what, n);
	rc = profile_combine(out, read, n_read, err);
	free(read);
	return rc;
}

static int subtract_bases(struct loader *l, struct profile **p, struct err *err)
{
	const struct load_opts *o = l->opts;
	const struct subtract_opts subtract = { .diff_base = o->diff_base,
						.normalize = o->normalize };
	struct profile *base;
	int rc;

	if (o->n_bases == 0)
		return 0;
	rc = read_sources(l, &base, o->bases, o->n_bases, "base", err);
	if (!rc)
		return profile_subtract(p, base, subtract, err);
	profile_free(*p);
	*p = NULL;
	return rc;
}

/* ---- symbolize=none|local|fastlocal|remote[:force][:demangle=...] ---- */

struct symbolize_mode {
	bool none, local, remote, force;
	enum demangle_mode demangle;
};

static const struct {
	const char *word;
	struct symbolize_mode mode; /* what the word switches on */
	bool chooses;		    /* local or remote, which are both on at first */
} symbolize_words[] = {
	{ "", { 0 }, false },
	{ "none", { .none = true }, false },
	{ "no", { .none = true }, false },
	{ "local", { .local = true }, true },
	{ "fastlocal", { .local = true }, true },
	{ "remote", { .remote = true }, true },
	{ "force", { .force = true }, false },
	{ "demangle=default", { 0 }, false },
	{ "demangle=none", { .force = true, .demangle = DEMANGLE_NONE }, false },
	{ "demangle=full", { .force = true, .demangle = DEMANGLE_FULL }, false },
	{ "demangle=templates", { .force = true, .demangle = DEMANGLE_TEMPLATES }, false },
};

static bool apply_word(struct symbolize_mode *mode, const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof(symbolize_words) / sizeof(symbolize_words[0]); i++) {
		const char *known = symbolize_words[i].word;

		if (strlen(known) != n || strncasecmp(known, word, n) != 0)
			continue;
		mode->none |= symbolize_words[i].mode.none;
		mode->force |= symbolize_words[i].mode.force;
		if (symbolize_words[i].mode.demangle)
			mode->demangle = symbolize_words[i].mode.demangle;
		if (symbolize_words[i].chooses) {
			mode->local = symbolize_words[i].mode.local;
			mode->remote = symbolize_words[i].mode.remote;
		}
		return true;
	}
	return false;
}

static int read_mode(struct symbolize_mode *mode, const char *text, struct err *err)
{
	*mode = (struct symbolize_mode){ .local = true, .remote = true };
	for (const char *word = text; word;) {
		size_t n = strcspn(word, ":");

		if (!apply_word(mode, word, n))
			return err_set(err, SONDE_EUSAGE, "unknown word '%.*s' in symbolize=%s",
				       (int)n, word, text);
		word = word[n] ? word + n + 1 : NULL;
	}
	return 0;
}

/* First by the binaries that are here, then by the servers that sent the profiles. */
static int symbolize(struct loader *l, struct profile *p, struct err *err)
{
	struct symbolize_stats stats = { 0 };
	struct symbolize_opts opts = { 0 };
	struct symbolize_mode mode;
	size_t limit = memory_limit(); /* made for the profile, not for the binaries */
	int rc = read_mode(&mode, l->opts->symbolize ? l->opts->symbolize : "", err);

	if (rc || mode.none)
		return rc;
	opts.force = mode.force;
	opts.demangle = mode.demangle;
	opts.use_cache = !l->opts->no_cache;
	memory_set_limit(SIZE_MAX);
	if (mode.local)
		rc = symbolize_profile(p, &opts, &stats, err);
	memory_set_limit(limit);
	if (!rc && mode.remote)
		remote_symbolize(&l->remote, p, mode.force);
	progress_begin("demangling", 0);
	if (!rc)
		symbolize_demangle(p, mode.force, mode.demangle);
	if (!rc && stats.n_missing)
		note(l->notes, "%s", stats.first_problem);
	return rc;
}

static int finish(struct loader *l, struct profile *p, struct err *err)
{
	struct err why;
	int rc;

	if (l->opts->all_frames)
		p->drop_frames = p->keep_frames = 0;
	rc = symbolize(l, p, err);
	if (!rc && profile_remove_uninteresting(p, &why))
		note(l->notes, "%s; no frames are dropped", why.text);
	remote_forget_names(p);
	if (!rc && l->opts->add_comment && *l->opts->add_comment)
		*VEC_PUSH(&p->comments) = profile_intern(p, l->opts->add_comment);
	if (!rc)
		remote_save(&l->remote, p);
	return rc ? rc : profile_check_valid(p, err);
}

int analyze_load(struct profile **out, const struct load_opts *opts, const struct notes *notes,
		 struct err *err)
{
	struct loader l = { .opts = opts, .notes = notes };
	const char *const *sources = opts->sources;
	size_t n = opts->n_sources;
	int rc;

	*out = NULL;
	remote_init(&l.remote, opts, notes);
	if (n > 1 && is_elf(sources[0])) {
		l.binary = *sources++;
		n--;
	}
	progress_begin("waiting for servers", 0);
	rc = remote_fetch(&l.remote, err);
	if (!rc)
		read_files_ahead(&l, sources, n);
	if (!rc)
		rc = read_sources(&l, out, sources, n, "source", err);
	if (!rc)
		rc = subtract_bases(&l, out, err);
	if (!rc)
		rc = finish(&l, *out, err);
	if (rc) {
		profile_free(*out);
		*out = NULL;
	}
	release_files_ahead(&l);
	remote_release(&l.remote);
	return rc;
}
