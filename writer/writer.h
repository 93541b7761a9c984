/* writer.h - the door of writer/: profiles as bytes.  Decode and encode of profile.proto, gzip in
 * and out, the readers of the older formats that pprof reads, and the rules that every file of ours
 * must satisfy.
 *
 * Encoding calls neither malloc nor stdio, so that the library can write a profile from inside a
 * target. Nothing here is async-signal-safe.
 */
#ifndef SONDE_WRITER_H
#define SONDE_WRITER_H

#include "base/err.h"
#include "base/profile.h"

/* Read a profile: gzip'd or plain profile.proto, else one of the legacy formats.  What comes out
 * has passed profile_check_valid() and is the caller's, to be given to profile_free().  Ids are
 * those of the file. */
SONDE_MUST int profile_decode_mem(struct profile **out, const void *data, size_t n,
				  struct err *err);
SONDE_MUST int profile_read_file(struct profile **out, const char *path, struct err *err);

/* Write as gzip'd profile.proto.  _file writes beside the name and renames. */
SONDE_MUST int profile_write_fd(const struct profile *p, int fd, const char *name, struct err *err);
SONDE_MUST int profile_write_file(const struct profile *p, const char *path, struct err *err);

/* What pprof refuses at load: values that do not fit the types, ids zero or given twice, references
 * to nothing. For what filters, merges and builders made. */
SONDE_MUST int profile_check_valid(const struct profile *p, struct err *err);

/* The strict subset that all known readers accept, which every file of ours must satisfy; stricter
 * than profile_check_valid().  The first broken rule is the sentence. */
SONDE_MUST int profile_check_rules(const struct profile *p, struct err *err);

/* The same of a file, and what only its bytes show: gzip'd, no string twice, no unknown fields. */
SONDE_MUST int profile_check_file_rules(const char *path, struct err *err);

#endif
