/* remote.h - profiles that servers hand out: fetched together, named by the servers' own symbol
 * tables, and kept as files. */
#ifndef SONDE_ANALYZE_REMOTE_H
#define SONDE_ANALYZE_REMOTE_H

#include "analyze/analyze.h"
#include "analyze/fetch.h"

struct remote_source {
	const char *source; /* as given */
	const char *url;
	struct download download;
};

/* Which server knows the symbols of a mapping: the file or build id says which mapping. */
struct remote_symbols {
	const char *key, *url;
	uint64_t start; /* of the mapping in the server's process */
};

struct remote {
	const struct load_opts *opts;
	const struct notes *notes;
	struct tls_files tls;
	struct arena *arena;
	VEC(struct remote_source) sources;
	VEC(struct remote_symbols) symbols;
	bool read_any;
};

void remote_init(struct remote *r, const struct load_opts *opts, const struct notes *notes);
void remote_release(struct remote *r);

/* Fetch those sources and bases that are no files and can be URLs, all at once. */
SONDE_MUST int remote_fetch(struct remote *r, struct err *err);

bool remote_has(const struct remote *r, const char *source); /* is it one of those? */

/* The profile of a source, if it is remote; *is_remote says so. */
SONDE_MUST int remote_read(struct remote *r, struct profile **out, const char *source,
			   bool *is_remote, struct err *err);

/* Remember which server knows the symbols of a profile that it sent. */
void remote_note_symbols(struct remote *r, struct profile *p, const char *source);

/* Ask the servers for the names of what has none (force: of all mappings).  What they do not say is
 * left as it is, and said in a note. */
void remote_symbolize(struct remote *r, struct profile *p, bool force);

/* Mappings that were only named after their server lose that name. */
void remote_forget_names(struct profile *p);

/* If anything was fetched, keep the profile under PPROF_TMPDIR, $HOME/pprof or /tmp, and say
 * where. */
void remote_save(const struct remote *r, const struct profile *p);

#endif
