/* libdwarf_child.c - read DWARF in a child process, so that damaged debug information cannot hurt this
 * one.
 *
 * libdwarf as distributed reads beyond its sections on some damaged files, frees twice on others,
 * and loops on a few.  A fork costs a millisecond a batch and bounds all of that: the child gets its
 * sections by inheritance, sends answers through a pipe, and says in a shared page which unit it is
 * reading.  If it dies or uses up its CPU time, a second one is asked for what is left, without that
 * unit: one bad unit costs one unit.  If it dies looking for a unit, that one and all behind it are lost.
 *
 * The stream is a sequence of
 *
 *	struct head { STRING, bytes, 0 }            bytes...; strings are numbered from 1 as they come
 *	struct head { ANSWER, address number, n }   struct packed_frame[n]
 *
 * and is itself read with suspicion: a child that was hurt may write anything.
 */
#include "base/arena.h"
#include "base/outfile.h"
#include "base/strtab.h"
#include "symbolize/libdwarf_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CHILDREN 4 /* of one batch */
/* CPU time, beside what the size of the sections earns.  A unit of libjvm takes 2 ms. */
#define UNIT_SECONDS	 2
#define BATCH_SECONDS	 10
#define BYTES_PER_SECOND (8 << 20)
#define MAX_STRING_BYTES (1 << 20)
#define MEMORY_SPARE	 ((uint64_t)1 << 30)
#define MEMORY_FACTOR	 64 /* heap of libdwarf for each byte of its sections */
#define PIPE_BUFFER	 (1 << 16)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

enum { STRING = 1, ANSWER = 2 };

struct head {
	uint32_t kind, a, b;
};

struct packed_frame {
	uint32_t function, file; /* string numbers, 0 = none */
	int64_t line, start_line;
	int32_t column;
	uint32_t discriminator;
	uint32_t is_linkage, unused;
};

/* ---- the child ---- */

/* What the parent can see even if the child dies. */
struct progress {
	volatile uint32_t unit;
	volatile bool for_answers;
	volatile enum { RUNNING, FINISHED, REFUSED } state;
};

struct sender {
	int fd;
	struct progress *progress;
	rlim_t unit_seconds, last_second;
	struct strtab *strings;
	size_t n_sent;
	size_t n;
	char buffer[PIPE_BUFFER];
};

static void flush(struct sender *s)
{
	if (s->n && write_all(s->fd, s->buffer, s->n, "pipe", NULL))
		_exit(1);
	s->n = 0;
}

static void put(struct sender *s, const void *p, size_t n)
{
	if (n > sizeof(s->buffer) - s->n)
		flush(s);
	if (n > sizeof(s->buffer)) {
		if (write_all(s->fd, p, n, "pipe", NULL))
			_exit(1);
		return;
	}
	memcpy(s->buffer + s->n, p, n);
	s->n += n;
}

static uint32_t put_string(struct sender *s, const char *string)
{
	size_t n = string ? strnlen(string, MAX_STRING_BYTES) : 0;
	uint32_t id;

	if (n == 0)
		return 0;
	id = strtab_add(s->strings, string, n);
	if (id > s->n_sent) {
		put(s, &(struct head){ STRING, (uint32_t)n, 0 }, sizeof(struct head));
		put(s, string, n);
		s->n_sent = id;
	}
	return id;
}

static rlim_t cpu_seconds(void)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used))
		return 0;
	return (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1;
}

static void send_enter(void *ctx, uint32_t unit, bool for_answers)
{
	struct sender *s = ctx;
	rlim_t until = cpu_seconds() + s->unit_seconds;
	struct rlimit limit;

	s->progress->unit = unit;
	s->progress->for_answers = for_answers;
	if (getrlimit(RLIMIT_CPU, &limit))
		return;
	limit.rlim_cur = until < s->last_second ? until : s->last_second;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_CPU, &limit);
}

static void send_answer(void *ctx, size_t i, const struct dwarf_frame *frames, size_t n)
{
	struct packed_frame packed[DWARF_MAX_FRAMES];
	struct sender *s = ctx;

	for (size_t k = 0; k < n; k++)
		packed[k] = (struct packed_frame){
			.function = put_string(s, frames[k].frame.function),
			.file = put_string(s, frames[k].frame.file),
			.line = frames[k].frame.line,
			.column = frames[k].frame.column,
			.discriminator = frames[k].frame.discriminator,
			.start_line = frames[k].frame.start_line,
			.is_linkage = frames[k].is_linkage,
		};
	put(s, &(struct head){ ANSWER, (uint32_t)i, (uint32_t)n }, sizeof(struct head));
	put(s, packed, n * sizeof(packed[0]));
}

static uint64_t section_bytes(const struct libdwarf_input *in)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < N_DWARF_SECTIONS; i++)
		bytes += in->source->sections->v[i].n;
	return bytes;
}

/* Sanitizers map terabytes that they never use, so there the address space cannot be the measure.
 */
static void limit_memory(const struct libdwarf_input *in)
{
#if !SANITIZED
	uint64_t bytes = MEMORY_SPARE + section_bytes(in) * MEMORY_FACTOR;
	struct rlimit limit;
	long pages = 0;
	FILE *f;

	f = fopen("/proc/self/statm", "re");
	if (!f)
		return;
	if (fscanf(f, "%ld", &pages) == 1 && pages > 0 && getrlimit(RLIMIT_AS, &limit) == 0) {
		bytes += (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
		limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
		setrlimit(RLIMIT_AS, &limit);
	}
	fclose(f);
#endif
}

#if SANITIZED
void __sanitizer_set_death_callback(void (*callback)(void));
#else
static void __sanitizer_set_death_callback(void (*callback)(void))
{
}
#endif

/* The C library says why it aborts. */
static void be_silent(void)
{
	int fd = open("/dev/null", O_WRONLY);

	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
}

/* Crashes are expected here: no handlers of the host, no core files, no saved inputs of a fuzzer.
 */
static void expect_crashes(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGXCPU, SIGPIPE };
	struct rlimit none = { 0, 0 };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	__sanitizer_set_death_callback(NULL);
	if (!SANITIZED)
		be_silent();
}

static void run_child(const struct libdwarf_input *in, int fd, struct progress *progress)
{
	static struct sender s;
	struct libdwarf_sink sink = { send_enter, send_answer, &s };
	rlim_t earned = section_bytes(in) / BYTES_PER_SECOND;

	expect_crashes();
	limit_memory(in);
	s.fd = fd;
	s.progress = progress;
	s.unit_seconds = UNIT_SECONDS + earned;
	s.last_second = cpu_seconds() + BATCH_SECONDS + 4 * earned;
	s.strings = strtab_new();
	if (libdwarf_lookup(in, &sink, NULL)) {
		progress->state = REFUSED;
		_exit(1);
	}
	flush(&s);
	progress->state = FINISHED;
	_exit(0);
}

/* ---- the parent ---- */

struct receiver {
	const struct libdwarf_input *in;
	const struct libdwarf_sink *sink;
	const size_t *numbers; /* of the addresses in the caller's batch */
	bool *answered;
	struct strtab *strings;
	int fd;
	size_t at, n;
	char buffer[PIPE_BUFFER];
};

/* Exactly n bytes, or false at the end. */
static bool get(struct receiver *r, void *p, size_t n)
{
	char *to = p;

	while (n) {
		size_t part = r->n - r->at < n ? r->n - r->at : n;
		ssize_t got;

		memcpy(to, r->buffer + r->at, part);
		r->at += part;
		to += part;
		n -= part;
		if (n == 0)
			return true;
		got = read(r->fd, r->buffer, sizeof(r->buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		r->at = 0;
		r->n = (size_t)got;
	}
	return true;
}

static bool get_string(struct receiver *r, uint32_t n)
{
	char *s = n && n <= MAX_STRING_BYTES ? malloc(n) : NULL;
	size_t before = strtab_count(r->strings);
	bool ok = s && get(r, s, n) && !memchr(s, 0, n);

	if (ok) {
		strtab_add(r->strings, s, n);
		ok = strtab_count(r->strings) == before + 1;
	}
	free(s);
	return ok;
}

static bool get_answer(struct receiver *r, uint32_t i, uint32_t n)
{
	struct packed_frame packed[DWARF_MAX_FRAMES];
	struct dwarf_frame frames[DWARF_MAX_FRAMES];

	if (i >= r->in->n_addresses || n == 0 || n > DWARF_MAX_FRAMES ||
	    !get(r, packed, n * sizeof(packed[0])))
		return false;
	for (uint32_t k = 0; k < n; k++) {
		const struct packed_frame *p = &packed[k];

		if (p->function >= strtab_count(r->strings) || p->file >= strtab_count(r->strings))
			return false;
		frames[k] = (struct dwarf_frame){
			.frame = {
				.function = p->function ? strtab_get(r->strings, p->function) : NULL,
				.file = p->file ? strtab_get(r->strings, p->file) : NULL,
				.line = p->line,
				.column = p->column,
				.discriminator = p->discriminator,
				.start_line = p->start_line,
			},
			.is_linkage = p->is_linkage,
		};
		frames[k].bare = frames[k].frame.function;
	}
	r->answered[i] = true;
	r->sink->answer(r->sink->ctx, r->numbers[i], frames, n);
	return true;
}

static void receive(struct receiver *r)
{
	struct head h;

	while (get(r, &h, sizeof(h))) {
		if (h.kind == STRING ? !get_string(r, h.a)
				     : h.kind != ANSWER || !get_answer(r, h.a, h.b))
			return;
	}
}

/* One child for these addresses.  0 = it finished; 1 = it died reading progress->unit; negative = it could
 * not even begin. */
static int ask_child(struct receiver *r, struct progress *progress, struct err *err)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return err_set(err, SONDE_EIO, "cannot make a pipe: %s", strerror(errno));
	progress->unit = 0;
	progress->for_answers = false;
	progress->state = RUNNING;
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return err_set(err, SONDE_EIO, "cannot fork: %s", strerror(errno));
	}
	if (pid == 0) {
		close(fds[0]);
		run_child(r->in, fds[1], progress);
	}
	close(fds[1]);
	r->fd = fds[0];
	receive(r);
	close(fds[0]);
	/* Whoever ignores SIGCHLD gets ECHILD here; the state says all that matters. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (progress->state == REFUSED)
		return err_set(err, SONDE_EFORMAT, "damaged debug information");
	return progress->state == FINISHED ? 0 : 1;
}

/* What has no answer yet, closed up. */
static size_t drop_answered(uint64_t *addresses, size_t *numbers, bool *answered, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (answered[i])
			continue;
		addresses[kept] = addresses[i];
		numbers[kept++] = numbers[i];
	}
	memset(answered, 0, n * sizeof(*answered));
	return kept;
}

static int ask_children(struct receiver *r, struct libdwarf_input *in, uint64_t *addresses,
			size_t *numbers, struct progress *progress, struct err *err)
{
	uint32_t bad[MAX_CHILDREN];
	int status = 1;

	in->bad_units = bad;
	for (size_t child = 0; child < MAX_CHILDREN && status == 1; child++) {
		r->strings = strtab_new();
		r->at = r->n = 0;
		status = ask_child(r, progress, err);
		strtab_free(r->strings);
		if (status < 0 || (status == 0 && child == 0))
			return status;
		if (progress->for_answers)
			bad[in->n_bad_units++] = progress->unit;
		else
			in->end_unit = progress->unit;
		in->n_addresses = drop_answered(addresses, numbers, r->answered, in->n_addresses);
	}
	return err_set(err, SONDE_EFORMAT, "damaged debug information, read as far as possible");
}

int libdwarf_lookup_in_child(const struct libdwarf_input *in, const struct libdwarf_sink *sink,
			     struct err *err)
{
	struct arena *a = arena_new(ARENA_DIE);
	struct receiver *r = ARENA_NEW(a, struct receiver);
	uint64_t *addresses = arena_memdup(a, in->addresses, in->n_addresses * sizeof(uint64_t));
	size_t *numbers = ARENA_ARRAY(a, size_t, in->n_addresses);
	struct libdwarf_input left = *in;
	struct progress *progress;
	int status;

	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (progress == MAP_FAILED) {
		arena_free(a);
		return err_set(err, SONDE_EIO, "cannot share memory: %s", strerror(errno));
	}
	for (size_t i = 0; i < in->n_addresses; i++)
		numbers[i] = i;
	left.addresses = addresses;
	r->in = &left;
	r->sink = sink;
	r->numbers = numbers;
	r->answered = ARENA_ARRAY(a, bool, in->n_addresses);
	status = ask_children(r, &left, addresses, numbers, progress, err);
	munmap(progress, sizeof(*progress));
	arena_free(a);
	return status;
}
