/* debug_file.c - find the file that a mapping was made from, and the debug file that belongs to it.
 *
 * Binaries are looked for as pprof does.  For build id ABCD... and file /usr/bin/app, in each folder
 * D of the search path (PPROF_BINARY_PATH), first match wins:
 *
 *	by build id: D/ABCD.../app  D/ABCD.../anything  D/usr/bin/app/ABCD...  D/AB/CD....debug
 *	by name:     D/app  D/usr/bin/app  D/usr/bin/app.debug  D/usr/bin/.debug/app.debug
 *	             D/usr/lib/debug/usr/bin/app.debug
 *
 * and then the file itself.  Debug files are looked for where distributions put them:
 *
 *	/usr/lib/debug/.build-id/AB/CD....debug, and the same below each folder of the search path
 *	.gnu_debuglink NAME: beside the binary, in .debug/ beside it, in /usr/lib/debug/usr/bin/
 *
 * and last, where $DEBUGINFOD_URLS is set, on the servers that it names.
 *
 * What dwz took out of several files is looked for by its name, by its build id in the same places, and on the
 * servers.
 *
 * A file with another build id is never used.  The checksum of .gnu_debuglink decides only where the
 * binary has no build id, as it means reading the whole file.
 */
#include "symbolize/debug_file.h"
#include "symbolize/debuginfod.h"

#include <dirent.h>
#include <gelf.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEBUG_ROOT "/usr/lib/debug"

/* A path that is being tried; too long a one is an empty one, which no file has. */
struct path {
	char s[PATH_MAX];
};

static void path_set(struct path *p, const char *fmt, ...) SONDE_PRINTF(2, 3);

static void path_set(struct path *p, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->s, sizeof(p->s), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(p->s))
		p->s[0] = 0;
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* The folder of a file, without its leading and its last '/'. */
static void folder_of(struct path *p, const char *file)
{
	const char *base = base_name(file);

	while (*file == '/')
		file++;
	path_set(p, "%.*s", base > file ? (int)(base - file - 1) : 0, file);
}

static void say(const struct file_log *log, const char *sentence)
{
	if (log && log->say && sentence[0])
		log->say(log->ctx, sentence);
}

typedef int (*open_fn)(struct elf_file **, const char *, struct err *);

/* Open a candidate.  0, or negative with the reason in err; a file that is simply not there is not
 * worth a word. */
static int try_with(open_fn open, struct elf_file **out, const char *path, const char *build_id,
		    const struct file_log *log, struct err *err)
{
	struct err why = { "" };
	int status = path[0] ? open(out, path, &why) : SONDE_ENOTFOUND;

	if (status == 0 && build_id[0] && strcasecmp((*out)->build_id, build_id) != 0) {
		status =
			err_set(&why, SONDE_ENOTFOUND, "build id of '%s' is %s, wanted is %s", path,
				(*out)->build_id[0] ? (*out)->build_id : "missing", build_id);
		elf_file_close(*out);
		say(log, why.text);
	} else if (status && path[0] && (status != SONDE_ENOTFOUND || log->verbose)) {
		say(log, why.text);
	}
	if (status)
		err_set(err, status, "%s", why.text);
	return status;
}

/* From a server, if one may be asked. */
static int try_servers(open_fn open, struct elf_file **out, enum debuginfod_kind kind,
		       const char *build_id, const struct file_log *log)
{
	struct err why = { "" };
	struct path p;

	if (strlen(build_id) < 16)
		return SONDE_ENOTFOUND;
	if (debuginfod_fetch(kind, build_id, p.s, sizeof(p.s), &why) == 0)
		return try_with(open, out, p.s, build_id, log, NULL);
	say(log, why.text);
	return SONDE_ENOTFOUND;
}

static int try_file(struct elf_file **out, const char *path, const char *build_id,
		    const struct file_log *log, struct err *err)
{
	return try_with(elf_file_open, out, path, build_id, log, err);
}

int debug_file_try(struct elf_file **out, const char *path, const char *build_id,
		   const struct file_log *log)
{
	return try_file(out, path, build_id, log, NULL);
}

static int try_folder(struct elf_file **out, const char *folder, const char *build_id,
		      const struct file_log *log)
{
	DIR *d = opendir(folder);
	int status = SONDE_ENOTFOUND;
	struct dirent *e;

	while (d && status && (e = readdir(d))) {
		struct path p;

		if (e->d_name[0] == '.')
			continue;
		path_set(&p, "%s/%s", folder, e->d_name);
		status = try_file(out, p.s, build_id, log, NULL);
	}
	if (d)
		closedir(d);
	return status;
}

static int search_by_id(struct elf_file **out, const char *dir, const char *file, const char *id,
			const struct file_log *log)
{
	struct path p;

	path_set(&p, "%s/%s/%s", dir, id, base_name(file));
	if (try_file(out, p.s, id, log, NULL) == 0)
		return 0;
	path_set(&p, "%s/%s", dir, id);
	if (try_folder(out, p.s, id, log) == 0)
		return 0;
	path_set(&p, "%s/%s/%s", dir, file, id);
	if (try_file(out, p.s, id, log, NULL) == 0)
		return 0;
	path_set(&p, "%s/%.2s/%s.debug", dir, id, id + 2);
	return try_file(out, p.s, id, log, NULL);
}

static int search_by_name(struct elf_file **out, const char *dir, const char *file, const char *id,
			  const struct file_log *log)
{
	const char *base = base_name(file);
	struct path folder, p;

	folder_of(&folder, file);
	for (int i = 0; i < 5; i++) {
		switch (i) {
		case 0:
			path_set(&p, "%s/%s", dir, base);
			break;
		case 1:
			path_set(&p, "%s/%s", dir, file);
			break;
		case 2:
			path_set(&p, "%s/%s.debug", dir, file);
			break;
		case 3:
			path_set(&p, "%s/%s/.debug/%s.debug", dir, folder.s, base);
			break;
		case 4:
			path_set(&p, "%s" DEBUG_ROOT "/%s/%s.debug", dir, folder.s, base);
			break;
		}
		if (try_file(out, p.s, id, log, NULL) == 0)
			return 0;
	}
	return SONDE_ENOTFOUND;
}

/* Each folder of a ':' list in turn. */
static bool next_folder(const char **list, struct path *p)
{
	size_t n;

	if (!*list)
		return false;
	*list += strspn(*list, ":");
	n = strcspn(*list, ":");
	path_set(p, "%.*s", (int)n, *list);
	*list += n;
	return n > 0;
}

static int try_own_name(struct elf_file **out, const char *file, const char *build_id,
			const struct file_log *log, struct err *err)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(file), nd = sizeof(deleted) - 1;
	struct path p;

	/* The kernel marks a replaced file; what is there now is only taken on the word of its
	 * build id. */
	if (n > nd && strcmp(file + n - nd, deleted) == 0) {
		path_set(&p, "%.*s", (int)(n - nd), file);
		if (!build_id[0] || try_file(out, p.s, build_id, log, NULL))
			return err_set(err, SONDE_ENOTFOUND, "'%.*s' was deleted while it ran",
				       (int)(n - nd), file);
		return 0;
	}
	return try_file(out, file, build_id, log, err);
}

int debug_file_find_binary(struct elf_file **out, const char *file, const char *build_id,
			   const char *search, const struct file_log *log, struct err *err)
{
	struct path dir;

	while (next_folder(&search, &dir)) {
		if (strlen(build_id) > 2 && !strchr(build_id, '/') &&
		    search_by_id(out, dir.s, file, build_id, log) == 0)
			return 0;
		if (file[0] && search_by_name(out, dir.s, file, build_id, log) == 0)
			return 0;
	}
	if (try_own_name(out, file, build_id, log, err) == 0)
		return 0;
	if (try_servers(elf_file_open, out, DEBUGINFOD_EXECUTABLE, build_id, log) == 0)
		return 0;
	return SONDE_ENOTFOUND;
}

bool debug_file_has_dwarf(struct elf_file *f)
{
	return elf_file_has(f, ".debug_info");
}

static struct elf_file *find_by_id(open_fn open, const char *id, const char *search,
				   const struct file_log *log)
{
	struct elf_file *f;
	struct path dir, p;

	while (next_folder(&search, &dir)) {
		path_set(&p, "%s/%.2s/%s.debug", dir.s, id, id + 2);
		if (try_with(open, &f, p.s, id, log, NULL) == 0)
			return f;
		path_set(&p, "%s/.build-id/%.2s/%s.debug", dir.s, id, id + 2);
		if (try_with(open, &f, p.s, id, log, NULL) == 0)
			return f;
	}
	path_set(&p, DEBUG_ROOT "/.build-id/%.2s/%s.debug", id, id + 2);
	return try_with(open, &f, p.s, id, log, NULL) == 0 ? f : NULL;
}

struct elf_file *debug_file_find_by_id(const char *id, const char *search,
				       const struct file_log *log)
{
	return find_by_id(elf_file_open, id, search, log);
}

struct debuglink {
	const char *name;
	uint32_t crc;
};

/* name, zero bytes up to a multiple of four, checksum in the file's byte order. */
static bool read_debuglink(struct elf_file *binary, struct debuglink *link)
{
	struct elf_bytes b;
	const char *end;
	size_t at;

	if (elf_file_section(binary, ".gnu_debuglink", &b, NULL))
		return false;
	end = memchr(b.p, 0, b.n);
	if (!end || end == (const char *)b.p)
		return false;
	at = ((size_t)(end - (const char *)b.p) + 4) & ~(size_t)3;
	if (at > b.n || b.n - at < 4 || memchr(b.p, '/', (size_t)(end - (const char *)b.p)))
		return false;
	link->name = (const char *)b.p;
	link->crc = binary->is_little ? b.p[at] | b.p[at + 1] << 8 | b.p[at + 2] << 16 |
						(uint32_t)b.p[at + 3] << 24
				      : b.p[at + 3] | b.p[at + 2] << 8 | b.p[at + 1] << 16 |
						(uint32_t)b.p[at] << 24;
	return true;
}

/* The CRC-32 of gzip over the whole file. */
static bool has_checksum(const struct elf_file *f, uint32_t wanted)
{
	uint32_t table[256], crc = UINT32_MAX;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	for (size_t i = 0; i < f->bytes; i++)
		crc = table[(crc ^ f->image[i]) & 255] ^ crc >> 8;
	return ~crc == wanted;
}

static struct elf_file *try_link(const struct elf_file *binary, const struct debuglink *link,
				 const char *path, const struct file_log *log)
{
	struct elf_file *f;
	struct err why;

	if (try_file(&f, path, binary->build_id, log, NULL))
		return NULL;
	/* A link may name the binary's own name: without DWARF it is no debug file. */
	if (debug_file_has_dwarf(f) && (binary->build_id[0] || has_checksum(f, link->crc)))
		return f;
	err_set(&why, 0, "'%s' is not the debug file of '%s'", path, binary->path);
	say(log, why.text);
	elf_file_close(f);
	return NULL;
}

static struct elf_file *find_by_link(struct elf_file *binary, const struct file_log *log)
{
	char real[PATH_MAX];
	struct debuglink link;
	struct elf_file *f;
	const char *base;
	struct path p;

	if (!read_debuglink(binary, &link) || !realpath(binary->path, real))
		return NULL;
	base = base_name(real);
	path_set(&p, "%.*s%s", (int)(base - real), real, link.name);
	if ((f = try_link(binary, &link, p.s, log)))
		return f;
	path_set(&p, "%.*s.debug/%s", (int)(base - real), real, link.name);
	if ((f = try_link(binary, &link, p.s, log)))
		return f;
	path_set(&p, DEBUG_ROOT "%.*s%s", (int)(base - real), real, link.name);
	return try_link(binary, &link, p.s, log);
}

struct elf_file *debug_file_find(struct elf_file *binary, const char *search,
				 const struct file_log *log)
{
	struct elf_file *f = NULL;

	if (strlen(binary->build_id) > 2)
		f = debug_file_find_by_id(binary->build_id, search, log);
	if (!f)
		f = find_by_link(binary, log);
	if (!f && try_servers(elf_file_open, &f, DEBUGINFOD_DEBUG_FILE, binary->build_id, log))
		f = NULL;
	return f;
}

/* ---- what dwz took out of several files: .gnu_debugaltlink is a name and a build id ---- */

static bool read_altlink(struct elf_file *f, const char **name, char *id, size_t id_bytes)
{
	struct elf_bytes b;
	const char *end;
	size_t n;

	if (elf_file_section(f, ".gnu_debugaltlink", &b, NULL))
		return false;
	end = memchr(b.p, 0, b.n);
	if (!end || end == (const char *)b.p)
		return false;
	*name = (const char *)b.p;
	n = b.n - (size_t)(end + 1 - *name);
	if (n < 2 || 2 * n >= id_bytes)
		return false;
	for (size_t i = 0; i < n; i++)
		sprintf(id + 2 * i, "%02x", (unsigned char)end[1 + i]);
	return true;
}

struct elf_file *debug_file_find_shared(struct elf_file *dwarf, const char *search,
					const struct file_log *log)
{
	char id[2 * BUILD_ID_MAX + 1], real[PATH_MAX];
	const char *name;
	struct elf_file *f;
	struct path p;

	if (!read_altlink(dwarf, &name, id, sizeof(id)))
		return NULL;
	if (name[0] == '/' || !realpath(dwarf->path, real))
		path_set(&p, "%s", name);
	else
		path_set(&p, "%.*s%s", (int)(base_name(real) - real), real, name);
	if (try_with(elf_file_open_debug, &f, p.s, id, log, NULL) == 0)
		return f;
	path_set(&p, DEBUG_ROOT "/.dwz/%s", base_name(name));
	if (try_with(elf_file_open_debug, &f, p.s, id, log, NULL) == 0)
		return f;
	f = find_by_id(elf_file_open_debug, id, search, log);
	if (!f && try_servers(elf_file_open_debug, &f, DEBUGINFOD_DEBUG_FILE, id, log))
		f = NULL;
	return f;
}
