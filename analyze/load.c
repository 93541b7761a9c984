/* load.c - from file names to the one profile that reports are about.
 *
 * In pprof's order: read and check each source, settle its mappings, subtract the bases, symbolize,
 * drop the frames that the profile itself calls uninteresting.
 */
#include "analyze/analyze.h"
#include "analyze/notes.h"
#include "symbolize/symbolize.h"
#include "writer/writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct loader {
	const struct load_opts *opts;
	const char *binary; /* overrides the file of the main mapping; NULL = none */
	const struct notes *notes;
};

static bool is_elf(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (read(fd, magic, sizeof(magic)) != sizeof(magic))
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

static int read_source(const struct loader *l, struct profile **out, const char *path,
		       struct err *err)
{
	int rc = profile_read_file(out, path, err);

	if (rc)
		return rc;
	rc = profile_check_valid(*out, err);
	if (rc) {
		err_prefix(err, "%s", path);
		profile_free(*out);
		return rc;
	}
	settle_mappings(l, *out);
	return 0;
}

int analyze_load(struct profile **out, const struct load_opts *opts, const struct notes *notes,
		 struct err *err)
{
	struct loader l = { .opts = opts, .notes = notes };
	const char *const *sources = opts->sources;
	size_t n = opts->n_sources;
	int rc;

	*out = NULL;
	if (n > 1 && is_elf(sources[0])) {
		l.binary = *sources++;
		n--;
	}
	rc = read_source(&l, out, sources[0], err);
	if (rc)
		return rc;
	if (opts->add_comment)
		*VEC_PUSH(&(*out)->comments) = profile_intern(*out, opts->add_comment);
	return 0;
}
