/* session_account.c - what a spool says of its process: whose it is, and how much time has gone by in it. */
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/spool_file.h"
#include "sampler/syscalls.h"
#include "sampler/threads.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t session_clock_ns(clockid_t clock)
{
	struct timespec t = { 0, 0 }; /* a filter may forbid it */

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void session_note_engine(void)
{
	struct engine_facts facts = engine_facts();
	struct spool_header *h = live.header;

	snprintf(h->engine, sizeof(h->engine), "%s", facts.name);
	snprintf(h->engine_note, sizeof(h->engine_note), "%s", facts.note);
	h->longest_ns = facts.longest_ns;
}

uint64_t session_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

void session_account_from(struct spool_header *h, uint64_t cpu_ns)
{
	h->start_realtime_ns = session_clock_ns(CLOCK_REALTIME);
	h->start_monotonic_ns = session_clock_ns(CLOCK_MONOTONIC);
	h->start_cpu_ns = cpu_ns;
	atomic_store(&h->monotonic_ns, h->start_monotonic_ns);
	atomic_store(&h->cpu_ns, session_clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

void session_fill_header(struct spool_header *h, const struct session_opts *opts,
			 uint64_t period_ns, uint64_t from_ns)
{
	static char program[sizeof(h->program)];

	if (!program[0])
		(void)!readlink("/proc/self/exe", program, sizeof(program) - 1);
	memcpy(h->program, program, sizeof(program));
	h->pid = getpid();
	h->pid_namespace = session_pid_namespace();
	h->parent = getppid();
	h->period_ns = period_ns;
	session_account_from(h, opts->past.from_ns ? opts->past.from_ns : from_ns);
	snprintf(h->out, sizeof(h->out), "%s", opts->out ? opts->out : "");
	atomic_store(&h->state, session_window_is_ahead() ? SPOOL_WAITING : SPOOL_RUNNING);
}

void session_note_clocks(bool to_the_end)
{
	struct spool_header *h = live.header;
	uint64_t cpu_ns = session_clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	atomic_store_explicit(&h->monotonic_ns, session_clock_ns(CLOCK_MONOTONIC),
			      memory_order_relaxed);
	if (cpu_ns)
		atomic_store_explicit(&h->cpu_ns, cpu_ns, memory_order_relaxed);
	atomic_store_explicit(&h->own_ns, threads_ignored_cpu_ns(), memory_order_relaxed);
	atomic_store_explicit(&h->unseen_ns, threads_unseen_cpu_ns(to_the_end),
			      memory_order_relaxed);
}

bool session_replaces(const char *path, struct session_past *past)
{
	struct spool_header *h = spool_map_header(path);
	bool is_ours, is_empty;

	if (!h)
		return false;
	is_ours = h->pid == getpid() && h->pid_namespace &&
		  h->pid_namespace == session_pid_namespace();
	is_empty = !h->weight && !h->lost_weight && !h->reserve_at; /* guests may be there */
	if (is_ours)
		*past = (struct session_past){ h->exec_cpu_ns, is_empty ? h->start_cpu_ns : 0 };
	if (is_ours && !is_empty)
		spool_trim_file(h, path, false);
	munmap(h, SPOOL_HEADER_BYTES);
	return is_ours && is_empty;
}

void session_note_exec(void)
{
	struct timespec now = { 0, 0 };
	uint64_t cpu_ns;

	if (!atomic_load(&live.sampling) || live.header->pid != getpid() ||
	    raw_syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, (long)&now, 0, 0) < 0)
		return;
	cpu_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	atomic_store(&live.header->exec_cpu_ns, cpu_ns);
	atomic_store(&live.header->cpu_ns, cpu_ns);
}

void session_mark_finished(void)
{
	if (live.header && atomic_load(&live.header->state) == SPOOL_RUNNING)
		atomic_store(&live.header->state, SPOOL_FINISHED);
}

uint64_t session_weight(void)
{
	return live.header ? atomic_load(&live.header->weight) : 0;
}
