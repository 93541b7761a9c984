/* modules.c - follow the loader: list what is mapped.
 *
 * dl_iterate_phdr is called by the keeper and by sonde_start only, never in a handler.  Its callback copies what it is
 * told and returns; notes and frame information are read afterwards in a way that bears another thread's unmapping the
 * library meanwhile.  Lists are retired and unmapped when no handler can still be reading one.
 *
 * Two locks.  fork() in the host waits for the second, which is held for moments only; reading frame information and
 * compiling tables, which may take a while, happens under the first alone, one thread at a time.
 */
#include "sampler/modules.h"
#include "base/vec.h"
#include "sampler/live.h"
#include "sampler/module_rules.h"
#include "sampler/own_memory.h"
#include "sampler/quirks.h"
#include "sampler/store.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 1024, MAX_NOTES = 4 };

struct loaded { /* one executable segment, as the loader tells it */
	uintptr_t base, start, end;
	uint64_t offset;
	uintptr_t hdr;			  /* .eh_frame_hdr; 0 = none */
	uintptr_t readable, readable_end; /* the segment that holds it */
	struct {
		uintptr_t start, end;
	} notes[MAX_NOTES];
	struct module_rules *rules;
	uint8_t build_id[BUILD_ID_BYTES], build_id_bytes;
	bool is_main, is_permanent;
	char path[MAX_PATH_BYTES];
};

static pthread_mutex_t work = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(struct loaded) loaded;
static unsigned long long adds, subs;
static size_t live_bytes;
static uint32_t generation;
static bool is_frozen, is_published;

void modules_lock(void)
{
	pthread_mutex_lock(&lock);
}

void modules_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* ---- what the loader says ---- */

/* Asked once: under another root there may be no /proc. */
static const char *main_path(void)
{
	static char path[MAX_PATH_BYTES];
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (!path[0] && readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		snprintf(path, sizeof(path), "%s", name ? name : "");
	return path;
}

static void set_path(struct loaded *l, const char *name, uintptr_t base)
{
	l->is_main = !name[0] && base != getauxval(AT_SYSINFO_EHDR);
	if (l->is_main) {
		snprintf(l->path, sizeof(l->path), "%s", main_path());
	} else if (strncmp(name, "linux-vdso", 10) == 0 || !name[0]) {
		strcpy(l->path, "[vdso]");
	} else if (name[0] == '/' || !getcwd(l->path, sizeof(l->path) - 1)) {
		snprintf(l->path, sizeof(l->path), "%s", name);
	} else {
		size_t at = strlen(l->path);

		snprintf(l->path + at, sizeof(l->path) - at, "/%s", name);
	}
}

/* The parts of a module that hold for all its segments. */
static void read_headers(struct loaded *l, const struct dl_phdr_info *info)
{
	const ElfW(Phdr) *frames = NULL;
	unsigned n_notes = 0;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_GNU_EH_FRAME)
			frames = p;
		if (p->p_type == PT_NOTE && n_notes < MAX_NOTES) {
			l->notes[n_notes].start = info->dlpi_addr + p->p_vaddr;
			l->notes[n_notes].end = l->notes[n_notes].start + p->p_memsz;
			n_notes++;
		}
	}
	for (int i = 0; frames && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && frames->p_vaddr >= p->p_vaddr &&
		    frames->p_vaddr < p->p_vaddr + p->p_memsz) {
			l->hdr = info->dlpi_addr + frames->p_vaddr;
			l->readable = info->dlpi_addr + p->p_vaddr;
			l->readable_end = l->readable + p->p_memsz;
		}
	}
}

static int on_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct loaded common = { .base = info->dlpi_addr };

	adds = info->dlpi_adds;
	subs = info->dlpi_subs;
	read_headers(&common, info);
	set_path(&common, info->dlpi_name ? info->dlpi_name : "", info->dlpi_addr);
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;
		struct loaded *l;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X) ||
		    VEC_RESERVE(&loaded, loaded.n + 1))
			continue;
		l = &loaded.v[loaded.n++];
		*l = common;
		l->start = start & ~(uintptr_t)4095;
		l->end = (start + p->p_memsz + 4095) & ~(uintptr_t)4095;
		l->offset = p->p_offset & ~(uint64_t)4095;
	}
	return 0;
}

static int on_first(struct dl_phdr_info *info, size_t size, void *arg)
{
	bool *changed = arg;

	*changed = info->dlpi_adds != adds || info->dlpi_subs != subs;
	return 1;
}

/* With the lock held. */
static bool have_changed(void)
{
	bool changed = false;

	if (!is_frozen)
		dl_iterate_phdr(on_first, &changed);
	return changed;
}

bool modules_changed(void)
{
	bool changed;

	modules_lock();
	changed = have_changed();
	modules_unlock();
	return changed;
}

/* ---- build ids and rules ---- */

static void read_notes(struct loaded *l, uintptr_t start, uintptr_t end)
{
	uint8_t notes[1024];
	size_t n = end - start < sizeof(notes) ? end - start : sizeof(notes), at = 0;

	if (!start || !own_memory_copy(notes, start, n, l->is_permanent))
		return;
	while (n - at >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) h;
		size_t name, desc;

		memcpy(&h, notes + at, sizeof(h));
		name = at + sizeof(h);
		desc = name + ((h.n_namesz + 3u) & ~3u);
		if (h.n_namesz > n || h.n_descsz > n || desc > n || n - desc < h.n_descsz)
			return;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0) {
			l->build_id_bytes = (uint8_t)(h.n_descsz < BUILD_ID_BYTES ? h.n_descsz
										  : BUILD_ID_BYTES);
			memcpy(l->build_id, notes + desc, l->build_id_bytes);
			return;
		}
		at = desc + ((h.n_descsz + 3u) & ~3u);
		if (at > n)
			return;
	}
}

static void read_build_id(struct loaded *l)
{
	for (unsigned i = 0; i < MAX_NOTES && !l->build_id_bytes; i++)
		read_notes(l, l->notes[i].start, l->notes[i].end);
}

/* The program itself, the loader, libc, the vdso and this library stay where they are. */
static bool is_permanent(const struct loaded *l)
{
	const uintptr_t inside[] = { (uintptr_t)__errno_location, (uintptr_t)modules_refresh };

	if (l->is_main || l->base == getauxval(AT_BASE) || l->base == getauxval(AT_SYSINFO_EHDR))
		return true;
	for (unsigned i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (inside[i] >= l->start && inside[i] < l->end)
			return true;
	return false;
}

static struct module_frames frames_of(const struct loaded *l)
{
	struct module_frames f = {
		.base = l->base,
		.start = l->start,
		.end = l->end,
		.hdr = l->hdr,
		.readable = l->readable,
		.readable_end = l->readable_end,
		.is_permanent = l->is_permanent,
		.build_id_bytes = l->build_id_bytes,
		.path = l->path,
	};

	memcpy(f.build_id, l->build_id, sizeof(f.build_id));
	return f;
}

static void complete(struct loaded *l)
{
	struct module_frames f;

	l->is_permanent = is_permanent(l);
	read_build_id(l);
	f = frames_of(l);
	l->rules = module_rules_find(&f);
}

/* A module whose rules are in that state, copied: the list may change when the lock is given back. */
static bool next_with(bool (*state)(struct module_rules *rules), struct loaded *found)
{
	bool has = false;

	modules_lock();
	for (size_t i = 0; i < loaded.n && !has; i++) {
		has = state(loaded.v[i].rules);
		if (has)
			*found = loaded.v[i];
	}
	modules_unlock();
	return has;
}

static void adopt(struct module_rules *rules, const struct module_made *made)
{
	modules_lock();
	module_rules_adopt(rules, made);
	modules_unlock();
}

static void open_rules(void)
{
	struct module_made made;
	struct module_frames f;
	struct loaded l;

	while (next_with(module_rules_are_closed, &l)) {
		f = frames_of(&l);
		module_rules_open(&f, &made);
		adopt(l.rules, &made);
	}
	module_rules_rest();
}

static void compile_rules(void)
{
	struct module_made made;
	struct module_frames f;
	struct loaded l;

	while (next_with(module_rules_want_table, &l)) {
		f = frames_of(&l);
		module_rules_compile(l.rules, &f, &made);
		adopt(l.rules, &made);
	}
	module_rules_rest();
}

/* ---- publishing ---- */

static void sort_by_start(struct module_list *list)
{
	for (uint32_t i = 1; i < list->n; i++) {
		struct module m = list->modules[i];
		uint32_t at = i;

		for (; at && list->modules[at - 1].start > m.start; at--)
			list->modules[at] = list->modules[at - 1];
		list->modules[at] = m;
	}
}

static void publish(void)
{
	size_t bytes = sizeof(struct module_list) + loaded.n * sizeof(struct module);
	struct module_list *list =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct module_list *old = atomic_load(&live.modules);

	if (list == MAP_FAILED)
		return;
	list->generation = ++generation;
	list->skip_low = live.skip_low;
	list->skip_high = live.skip_high;
	list->first_sp = live.first_sp;
	list->context_entry = quirks_context_entry();
	for (size_t i = 0; i < loaded.n; i++) {
		const struct loaded *l = &loaded.v[i];

		list->modules[list->n++] = (struct module){ l->start, l->end, l->base, l->rules };
	}
	sort_by_start(list);
	atomic_store(&live.modules, list);
	own_memory_retire(old, live_bytes);
	live_bytes = bytes;
}

static void record_one(struct segment *s, const struct loaded *l)
{
	uint64_t words[SPOOL_MAX_WORDS] = { 0 };
	struct spool_module *m = (struct spool_module *)words;
	size_t n = strnlen(l->path, MAX_PATH_BYTES);

	m->start = l->start;
	m->limit = l->end;
	m->offset = l->offset;
	m->is_main = l->is_main;
	m->build_id_bytes = l->build_id_bytes;
	memcpy(m->build_id, l->build_id, sizeof(m->build_id));
	m->path_bytes = (uint16_t)n;
	memcpy(m->path, l->path, n);
	store_intern(s, RECORD_MODULE, words, (uint32_t)((sizeof(*m) + n + 7) / 8));
}

static void record_all(void)
{
	struct segment *s = atomic_load(&live.segment);

	for (size_t i = 0; s && i < loaded.n; i++)
		record_one(s, &loaded.v[i]);
}

void modules_record(void)
{
	modules_lock();
	record_all();
	modules_unlock();
}

void modules_forked(bool had_several_threads)
{
	is_frozen |= had_several_threads;
	work = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER; /* whoever held it is not here */
	module_rules_forked();
}

static void gather(void)
{
	modules_lock();
	if (!is_frozen && (!loaded.n || have_changed())) {
		is_published = false;
		loaded.n = 0;
		dl_iterate_phdr(on_module, NULL);
		for (size_t i = 0; i < loaded.n; i++)
			complete(&loaded.v[i]);
	}
	modules_unlock();
}

void modules_refresh(void)
{
	pthread_mutex_lock(&work);
	gather();
	open_rules();
	modules_lock();
	if (!is_published)
		publish();
	is_published = true;
	record_all();
	modules_unlock();
	pthread_mutex_unlock(&work);
}

void modules_compile(void)
{
	pthread_mutex_lock(&work);
	compile_rules();
	modules_lock();
	own_memory_free_retired();
	modules_unlock();
	pthread_mutex_unlock(&work);
}
