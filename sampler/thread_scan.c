/* thread_scan.c - find in /proc/self/task which threads came and went unnoticed. */
#include "sampler/syscalls.h"
#include "sampler/thread_records.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned scan_number;
static bool is_starting; /* what a scan finds was there before */

/* Call fn for every thread that the kernel knows; getdents64 because readdir allocates. */
static void for_each_task(void (*fn)(pid_t tid))
{
	char buffer[2048] __attribute__((aligned(8))) = { 0 };
	int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return;
	while ((n = raw_syscall(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0)) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64 *e = (struct dirent64 *)(buffer + at);

			if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
				fn((pid_t)strtol(e->d_name, NULL, 10));
			at += e->d_reclen;
		}
	}
	close(fd);
}

static void note_task(pid_t tid)
{
	struct thread *t;

	if (thread_is_ignored(tid))
		return;
	t = thread_record_find(tid);
	if (!t) {
		t = thread_record_take();
		if (!t)
			return;
		t->is_found = true;
		thread_record_place(t, tid);
		thread_arm(t, is_starting ? FROM_NOW : FROM_FOUND);
	}
	t->seen = scan_number;
}

static void scan(void)
{
	scan_number++;
	for_each_task(note_task);
	FOR_EACH_THREAD(t)
	{
		if (t->tid && t->seen != scan_number && t->is_found) {
			thread_account_vanished(t);
			thread_record_give_back(t);
		}
	}
}

/* A directory's link count is 2 and one for each thread, the keeper too; 0 = not known. */
static unsigned long threads_by_links(void)
{
	struct stat st;
	long rc = raw_syscall(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&st, 0);

	return rc == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

/* As many as are known: nothing to look for. */
void thread_scan(bool is_start)
{
	is_starting = is_start;
	threads_reap_cloned();
	if (threads_by_links() != thread_records.n_running + thread_has_ignored())
		scan();
}

void threads_scan(void)
{
	threads_lock();
	thread_scan(false);
	threads_unlock();
}

/* After pthread_exit in main the process lives until its last thread ends, which must not be the keeper. */
bool threads_all_gone(void)
{
	char text[512], *state;
	unsigned long n_threads = threads_by_links();
	ssize_t n;
	int fd;

	if (n_threads == 0 || n_threads > 2)
		return false;
	fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC); /* of the main thread */
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'Z';
}
