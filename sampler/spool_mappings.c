/* spool_mappings.c - see spool_mappings.h. */
#include "sampler/spool_mappings.h"

#include "base/utf8.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_HALF (1ULL << 63)
#define KERNEL_END  (~(uint64_t)4095)

str_id spool_text(struct profile *p, const char *s, size_t n)
{
	char clean[1100];
	size_t kept = 0, width;
	uint32_t c;

	if (n > sizeof(clean))
		n = sizeof(clean);
	for (size_t i = 0; i < n; i += width) {
		width = utf8_decode(s + i, n - i, &c);
		if (c == UTF8_BAD && width == 1) {
			clean[kept++] = '?';
			continue;
		}
		memcpy(clean + kept, s + i, width);
		kept += width;
	}
	return strtab_add(p->strings, clean, kept);
}

/* ---- modules ---- */

static str_id build_id_text(struct profile *p, const struct spool_module *m)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = m->build_id_bytes < 20 ? m->build_id_bytes : 20;
	char hex[40];

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[m->build_id[i] >> 4];
		hex[2 * i + 1] = digits[m->build_id[i] & 15];
	}
	return strtab_add(p->strings, hex, 2 * n);
}

static void place_module(struct spool_mappings *sm, const struct record *r)
{
	const struct spool_module *m = (const struct spool_module *)r->words;
	struct profile *p = sm->p;
	struct mapping new = { 0 };
	uint32_t at;

	if (r->n_words * 8u < sizeof(*m) || m->path_bytes > r->n_words * 8u - sizeof(*m) ||
	    m->limit <= m->start)
		return;
	new.file = spool_text(p, m->path, m->path_bytes);
	new.build_id = build_id_text(p, m);
	new.start = m->start;
	new.limit = m->limit;
	new.offset = m->offset;
	for (at = 0; at < p->mappings.n; at++) {
		const struct mapping *old = &p->mappings.v[at];

		if (old->file == new.file && old->build_id == new.build_id &&
		    old->offset == new.offset && old->limit - old->start == new.limit - new.start)
			break;
	}
	if (at == p->mappings.n)
		*VEC_PUSH(&p->mappings) = new;
	*VEC_PUSH(&sm->placed) = (struct placed){ m->start, m->limit, at };
}

static void place_modules_where(struct spool_mappings *sm, const struct spool_image *im,
				bool is_main)
{
	for (unsigned s = 0; s < im->n_segments; s++) {
		const struct segment *seg = im->segments[s];
		const uint64_t *slots = (const uint64_t *)seg + seg->intern_at;

		for (uint32_t i = 0;
		     spool_fits(im, s, seg->intern_at, seg->n_intern, 1) && i < seg->n_intern;
		     i++) {
			const struct record *r =
				slots[i] ? spool_record_at(im, s, (uint32_t)slots[i]) : NULL;

			if (r && r->kind == RECORD_MODULE &&
			    r->n_words * 8u >= sizeof(struct spool_module) &&
			    (((const struct spool_module *)r->words)->is_main != 0) == is_main)
				place_module(sm, r);
		}
	}
}

static const struct placed *module_of(const struct spool_mappings *sm, uint64_t pc)
{
	for (size_t i = sm->placed.n;
	     i--;) /* the latest, where a library took the place of another */
		if (pc >= sm->placed.v[i].start && pc < sm->placed.v[i].limit)
			return &sm->placed.v[i];
	return NULL;
}

/* Was the map of a compiler at work written by this image, and not left by a process of old?  The times of files are those
 * of the last tick or, on some file systems, of the last second. */
static bool has_jit_map(const struct spool_mappings *sm, const char *path)
{
	uint64_t second = 1000000000;
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       ((uint64_t)st.st_mtim.tv_sec + 1) * second + (uint64_t)st.st_mtim.tv_nsec >=
		       sm->image_ns;
}

/* Code that is in no file was made by the program while it ran.  It has the mapping that perf gives it: named after the
 * file that tells what was made, or `//anon`. */
static uint32_t anonymous_mapping(struct spool_mappings *sm, uint64_t pc)
{
	struct profile *p = sm->p;
	struct mapping *m;
	char path[32];
	uint32_t at;

	if (sm->anonymous == PROFILE_NONE) {
		str_id file;

		snprintf(path, sizeof(path), "/tmp/perf-%d.map", sm->pid);
		file = profile_intern(p, has_jit_map(sm, path) ? path : "//anon");
		for (at = 0; at < p->mappings.n && p->mappings.v[at].file != file; at++)
			;
		if (at == p->mappings.n)
			*VEC_PUSH(&p->mappings) = (struct mapping){ .start = pc & ~4095ULL,
								    .limit = (pc | 4095) + 1,
								    .file = file };
		sm->anonymous = at;
	}
	m = &p->mappings.v[sm->anonymous];
	if (pc < m->start)
		m->start = pc & ~4095ULL;
	if (pc >= m->limit)
		m->limit = (pc | 4095) + 1;
	return sm->anonymous;
}

/* ---- the kernel ---- */

static size_t read_file(const char *path, void *bytes, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, max);

	if (fd >= 0)
		close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* Where the kernel begins: what it says itself where it may be asked, else a place before pc. */
static uint64_t kernel_start(uint64_t pc)
{
	char text[4097], *at;
	uint64_t start = 0;

	text[read_file("/proc/kallsyms", text, sizeof(text) - 1)] = 0;
	at = strstr(text, " T _text\n");
	while (at && at > text && at[-1] != '\n')
		at--;
	if (at)
		start = strtoull(at, NULL, 16);
	return start && start <= pc ? start : pc & ~(((uint64_t)2 << 20) - 1);
}

static str_id kernel_build_id(struct profile *p)
{
	struct spool_module m = { .build_id_bytes = 0 };
	uint32_t notes[1024]; /* sizes of name and description, type, name, description */
	size_t n = read_file("/sys/kernel/notes", notes, sizeof(notes)) / 4;

	for (size_t at = 0; at + 4 <= n;) {
		size_t name = (notes[at] + 3ULL) / 4, words = (notes[at + 1] + 3ULL) / 4;

		if (name > n || words > n || at + 3 + name + words > n)
			break;
		if (notes[at + 2] == 3 && name == 1 && memcmp(&notes[at + 3], "GNU", 4) == 0 &&
		    notes[at + 1] <= sizeof(m.build_id)) {
			m.build_id_bytes = (uint8_t)notes[at + 1];
			memcpy(m.build_id, &notes[at + 4], m.build_id_bytes);
		}
		at += 3 + name + words;
	}
	return build_id_text(p, &m);
}

/* One mapping for the kernel and its modules, by the name that perf gives it. */
static uint32_t kernel_mapping(struct spool_mappings *sm, uint64_t pc)
{
	struct profile *p = sm->p;
	str_id file = profile_intern(p, "[kernel.kallsyms]");
	uint32_t at = 0;

	while (at < p->mappings.n && p->mappings.v[at].file != file)
		at++;
	if (at == p->mappings.n)
		*VEC_PUSH(&p->mappings) = (struct mapping){ .start = kernel_start(pc),
							    .limit = KERNEL_END,
							    .file = file,
							    .build_id = kernel_build_id(p) };
	if (pc < p->mappings.v[at].start)
		p->mappings.v[at].start = pc & ~(((uint64_t)2 << 20) - 1);
	return at;
}

/* ---- all of it ---- */

/* No process has code in its first page, and the upper half is the kernel's. */
static bool is_user_code(uint64_t pc)
{
	return pc >= 4096 && pc < KERNEL_HALF;
}

void spool_mappings_start(struct spool_mappings *sm, const struct spool_image *im)
{
	sm->placed.n = 0;
	sm->anonymous = PROFILE_NONE;
	sm->pid = im->h->pid;
	sm->image_ns = im->h->start_realtime_ns;
	place_modules_where(sm, im, true);
	place_modules_where(sm, im, false);
}

uint32_t spool_mappings_find(struct spool_mappings *sm, uint64_t pc, uint64_t *address)
{
	const struct placed *m = module_of(sm, pc);

	*address = pc;
	if (m) {
		*address += sm->p->mappings.v[m->mapping].start - m->start;
		return m->mapping;
	}
	if (is_user_code(pc))
		return anonymous_mapping(sm, pc);
	return pc >= KERNEL_HALF && pc < KERNEL_END ? kernel_mapping(sm, pc) : PROFILE_NONE;
}

void spool_mappings_release(struct spool_mappings *sm)
{
	VEC_RELEASE(&sm->placed);
}
