/* engine.c - choose between perf events and CPU timers, and arm threads with what was chosen.
 *
 * Perf events look at a thread at any rate, timers only at the kernel's tick; but an event is set up and taken down by
 * the kernel at each switch to and from its thread, which a program that mostly waits feels (redis-server on a virtual
 * machine: a tenth of its CPU time), and a timer is not.  So timers serve up to the tick's rate, events above it.
 *
 * Events need a kernel that sends their
 * signal without disturbing system calls, the right to sample the kernel's time too, and SIGTRAP.  The host keeps
 * SIGTRAP: our handler does for it what the kernel would have done, and when it wants a handler of its own the threads
 * go on with timers.  That takes notice of sigaction(), so events are not used where calls of it do not come by us
 * (libsonde.a), nor in programs of the Go language, which set up signals by bare system calls.
 *
 * A thread that no event can be had for (descriptors or locked memory exhausted, rights dropped) gets a timer.  And where
 * timers serve because that was left to us, one that no timer can be had for (RLIMIT_SIGPENDING) gets an event, as does one
 * that its timer never meets: a program that works every 8 ms for a moment has no tick in that moment, or has one each time.
 */
#include "sampler/engine.h"
#include "base/hash.h"
#include "sampler/due.h"
#include "sampler/event.h"
#include "sampler/kept.h"
#include "sampler/syscalls.h"
#include "sampler/tick.h"
#include "sampler/timer.h"
#include "sampler/trap.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#define GOLDEN 0x9e3779b97f4a7c15ULL

enum {
	MAX_LEFT_OVER = 256,
	SHORTEST_NS = 30000,	 /* what a signal costs must be much less */
	MOST_OWED_NS = 64000000, /* a thread that ran for longer without a signal blocks it */
};

static bool use_events;
static enum { SPARE_NONE, SPARE_UNTRIED, SPARE_EVENTS } spare; /* where timers serve */
static char note[128];
static int64_t period, before;
static uint64_t next_phase, next_beginning, owed_before;

/* Of threads that ended: how far each was from its next due point, less the periods that it owed. */
static int64_t left_over[MAX_LEFT_OVER];
static unsigned n_left_over;

bool engine_read_name(const char *text, enum engine *out)
{
	static const char *const names[] = { "auto", "perf", "timer" };

	*out = ENGINE_AUTO;
	if (!text || !text[0])
		return true;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum engine)i;
			return true;
		}
	}
	return false;
}

/* ---- what stands in the way of events ---- */

static bool kernel_is_new_enough(void)
{
	struct utsname u;
	int major, minor;

	return uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 11));
}

/* The number after a key of /proc/self/status. */
static int status_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? atoi(at + strlen(key)) : 0;
}

/* (No cancellation point: a thread may be here that has only just begun.) */
static const char *obstacle_in_status(void)
{
	long fd = raw_syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/status", O_RDONLY | O_CLOEXEC,
			      0);
	char text[4096];
	long n = fd < 0 ? -1 : raw_syscall(SYS_read, fd, (long)text, sizeof(text) - 1, 0);

	if (fd >= 0)
		raw_syscall(SYS_close, fd, 0, 0, 0);
	if (n < 0)
		return NULL;
	text[n] = 0;
	if (status_number(text, "\nTracerPid:"))
		return "the process is being traced, and a debugger takes SIGTRAP for its own";
	if (status_number(text, "\nSeccomp:"))
		return "a seccomp filter is installed";
	return NULL;
}

static bool notes_are_of_go(const char *at, size_t bytes)
{
	while (bytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *n = (const void *)at;
		size_t all = sizeof(*n) + ((n->n_namesz + 3) & ~(size_t)3) +
			     ((n->n_descsz + 3) & ~(size_t)3);

		if (n->n_namesz == 4 && memcmp(n + 1, "Go\0", 4) == 0)
			return true;
		if (all > bytes)
			return false;
		at += all;
		bytes -= all;
	}
	return false;
}

bool engine_program_is_go(void)
{
	const ElfW(Phdr) *phdr = (const void *)getauxval(AT_PHDR);
	unsigned long n = getauxval(AT_PHNUM);
	uintptr_t base = 0;

	for (unsigned long i = 0; phdr && i < n; i++)
		if (phdr[i].p_type == PT_PHDR)
			base = (uintptr_t)phdr - phdr[i].p_vaddr;
	for (unsigned long i = 0; phdr && i < n; i++)
		if (phdr[i].p_type == PT_NOTE &&
		    notes_are_of_go((const char *)(base + phdr[i].p_vaddr), phdr[i].p_memsz))
			return true;
	return false;
}

static int is_of_go(struct dl_phdr_info *info, size_t size, void *arg)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_NOTE &&
		    notes_are_of_go((const char *)(info->dlpi_addr + p->p_vaddr), p->p_memsz))
			return 1;
	}
	return 0;
}

bool engine_go_is_loaded(void)
{
	return dl_iterate_phdr(is_of_go, NULL) != 0;
}

bool engine_runs_in_valgrind(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "/vgpreload_");
}

static const char *refusal(long rc)
{
	if (rc == -EACCES || rc == -EPERM)
		return "kernel.perf_event_paranoid forbids them to this user";
	return rc == -ENOSYS ? "the kernel has none" : strerror((int)-rc);
}

/* NULL = none, if sigaction() comes by us. */
static const char *obstacle(bool user_only, bool kernel_frames)
{
	const char *found;
	long rc;

	if (!kernel_is_new_enough())
		return "they need Linux 6.11";
	if (engine_program_is_go())
		return "the program is written in Go";
	if (engine_runs_in_valgrind())
		return "valgrind runs the program, and would die of their signal";
	found = obstacle_in_status();
	if (found)
		return found;
	rc = event_try(user_only, kernel_frames);
	if (rc)
		return refusal(rc);
	return trap_take() ? NULL : "the program has a handler for SIGTRAP";
}

/* ---- beginning ---- */

/* Processes that one forks may all be gone before they are sampled, as short threads are: their first phases follow the
 * golden ratio, too. */
void engine_about_to_fork(void)
{
	next_beginning += GOLDEN;
}

static uint64_t first_phase(void)
{
	static pid_t of;
	pid_t pid = getpid();
	uint64_t phase;

	if (!of)
		next_beginning = timer_random();
	next_beginning += GOLDEN;
	phase = next_beginning;
	if (of != pid) /* its children's are others than its brothers' */
		next_beginning = hash_mix(phase ^ (uint64_t)pid);
	of = pid;
	return phase;
}

/* Where in (0, period] the first due point of a thread lies.  The phase of a thread that ended is handed to the next
 * one that begins, as if their times were one: so the total follows the CPU time that was used instead of straying
 * from it as the square root of the number of threads.  Other phases follow the golden ratio from a random beginning,
 * so that those of many threads are spread evenly. */
static int64_t draw_phase(enum engine_from from)
{
	if ((from == FROM_BIRTH || from == FROM_CLONE) && n_left_over)
		return left_over[--n_left_over];
	next_phase += GOLDEN;
	return (int64_t)((unsigned __int128)next_phase * (uint64_t)period >> 64) + 1;
}

/* From the first one on, one every period. */
static uint64_t due_points(int64_t first, int64_t until)
{
	return first <= until ? (uint64_t)((until - first) / period) + 1 : 0;
}

void engine_setup(const struct engine_setup *setup)
{
	const char *why = NULL;

	period = (int64_t)setup->period_ns;
	before = (int64_t)setup->cpu_before_ns;
	n_left_over = 0;
	note[0] = 0;
	next_phase = first_phase();
	timer_setup(setup->period_ns, setup->signal, next_phase);
	due_setup(setup->period_ns);
	owed_before = due_points(draw_phase(FROM_NOW), before);
	use_events = false;
	spare = SPARE_NONE;
	if (setup->wanted == ENGINE_TIMER && setup->kernel_frames)
		snprintf(note, sizeof(note), "no kernel frames: they take perf events");
	if (setup->wanted == ENGINE_TIMER)
		return;
	if (!trap_can_be_watched())
		why = "sigaction() does not come by sonde";
	if (setup->wanted == ENGINE_AUTO && !setup->kernel_frames &&
	    setup->period_ns >= timer_tick_ns()) {
		spare = why ? SPARE_NONE : SPARE_UNTRIED;
		return;
	}
	if (!why)
		why = obstacle(setup->wanted == ENGINE_PERF, setup->kernel_frames);
	use_events = !why;
	if (why)
		snprintf(note, sizeof(note), "no perf events%s: %s",
			 setup->kernel_frames ? ", and so no kernel frames" : "", why);
	else if (event_excludes_kernel() && setup->kernel_frames)
		snprintf(note, sizeof(note),
			 "no kernel frames: kernel.perf_event_paranoid forbids them to this user");
	else if (event_excludes_kernel())
		snprintf(note, sizeof(note),
			 "time in the kernel counts where the program goes on after it");
}

/* Tried when first needed, so that SIGTRAP stays as it is for all others. */
static bool has_spare_events(void)
{
	if (spare == SPARE_UNTRIED)
		spare = obstacle(true, false) ? SPARE_NONE : SPARE_EVENTS;
	return spare == SPARE_EVENTS;
}

void engine_give_up_events(void)
{
	use_events = false;
	spare = SPARE_NONE;
	snprintf(note, sizeof(note), "no perf events any more: the program handles SIGTRAP itself");
}

struct engine_facts engine_facts(void)
{
	uint64_t longest = (uint64_t)period;

	if (!use_events && timer_tick_ns() > longest)
		longest = timer_tick_ns();
	return (struct engine_facts){ use_events ? "perf events" : "thread CPU timers", note,
				      longest };
}

/* ---- threads ---- */

uint64_t engine_owed_before(void)
{
	uint64_t owed = owed_before;

	owed_before = 0;
	return owed;
}

/* The clock's time at which counting begins. */
static int64_t beginning(int64_t now, enum engine_from from)
{
	int64_t back = 0;

	if (from == FROM_START)
		back = before;
	else if (from == FROM_CLONE || from == FROM_FOUND)
		back = now;
	return now - (back < now ? back : now);
}

static long arm_event(struct thread *t, enum engine_from from)
{
	int64_t now = (int64_t)timer_thread_cpu_ns(t->tid), first;
	int64_t unseen = from == FROM_CLONE ? 0 : now;

	t->clock_ns = now;
	t->due_ns = beginning(now, from) + draw_phase(from);
	t->idle_signals = 0;
	/* The due points that a thread passed before it had its event, or was handed by threads that ended too soon for
	 * them, are paid one with each sample, so that no moment weighs more than two, and none for being the first; those
	 * before sampling began at once. */
	t->owed = (uint32_t)due_points(t->due_ns, unseen);
	t->due_ns += (int64_t)t->owed * period;
	if (from == FROM_START) {
		owed_before = t->owed;
		t->owed = 0;
	}
	t->counted_ns = t->due_ns - period;
	first = t->due_ns - now;
	return event_start(t, (uint64_t)(first > SHORTEST_NS ? first : SHORTEST_NS));
}

/* What the thread used in being born, to be armed at last, is not what it was made for: its time begins here. */
static void begin_here(struct thread *t)
{
	int64_t arming;

	t->since_ns = (int64_t)timer_thread_cpu_ns(t->tid);
	arming = t->since_ns - t->clock_ns;
	if (atomic_load(&t->event) && arming > 0) {
		t->due_ns += arming;
		t->counted_ns += arming;
	}
}

static bool arm_spare_event(struct thread *t, enum engine_from from)
{
	t->has_spare_event = has_spare_events() && arm_event(t, from) == 0;
	return t->has_spare_event;
}

int engine_arm(struct thread *t, enum engine_from from)
{
	t->lacks_engine = t->has_spare_event = false;
	t->since_birth = false;
	t->since_ns = 0;
	kept_forget(t);
	if ((!use_events || arm_event(t, from)) && timer_arm(t) && !arm_spare_event(t, from))
		return -EAGAIN;
	t->since_birth = from == FROM_BIRTH || from == FROM_CLONE;
	if (from == FROM_CLONE && t->has_timer)
		t->clock_ns = 0;
	if (from == FROM_BIRTH)
		begin_here(t);
	return 0;
}

/* (One that blocks our signal by name is not met either.) */
bool engine_replace_timer(struct thread *t)
{
	int64_t now = (int64_t)timer_thread_cpu_ns(t->tid), unseen, first;

	unseen = now - t->clock_ns - (int64_t)t->represented_ns;
	if (spare == SPARE_NONE || now == 0 || unseen < MOST_OWED_NS + 4 * period ||
	    !has_spare_events())
		return false;
	timer_delete_of(t);
	first = draw_phase(FROM_NOW);
	t->clock_ns = now;
	t->owed = (uint32_t)((unseen + period - first) / period);
	t->due_ns = now + first;
	t->counted_ns = t->due_ns - period;
	t->idle_signals = 0;
	t->has_spare_event =
		event_start(t, (uint64_t)(first > SHORTEST_NS ? first : SHORTEST_NS)) == 0;
	if (t->has_spare_event)
		return true;
	spare = SPARE_NONE;
	(void)timer_arm(t);
	return false;
}

void engine_was_too_late(struct thread *t)
{
	t->due_ns = draw_phase(FROM_CLONE);
	t->since_ns = t->clock_ns = 0;
	kept_forget(t);
	t->owed = 0;
	t->is_young = true;
	t->represented_ns = 0;
	t->since_birth = true;
}

void engine_disarm(struct thread *t)
{
	event_stop(t);
	timer_delete_of(t);
}

static void event_thread_ends(struct thread *t, int64_t cpu_ns)
{
	int64_t left = t->due_ns - cpu_ns - (int64_t)t->owed * period;
	bool is_blocked = left < -4 * period && left < -MOST_OWED_NS;

	if (is_blocked)
		return;
	if (left <= 0)
		left += period * kept_add(t, -left / period + 1);
	if (left > -4 * period && n_left_over < MAX_LEFT_OVER)
		left_over[n_left_over++] = left;
}

static bool is_by_timer(const struct thread *t)
{
	return t->has_timer || !(use_events || t->has_spare_event);
}

void engine_thread_ends(struct thread *t, int64_t cpu_ns)
{
	if (is_by_timer(t))
		tick_thread_ends(t, cpu_ns - t->clock_ns);
	else
		event_thread_ends(t, cpu_ns);
}

void engine_process_ends(struct thread *t, int64_t cpu_ns)
{
	if (is_by_timer(t))
		tick_process_ends(t, cpu_ns - t->clock_ns);
	else
		event_thread_ends(t, cpu_ns);
}
