/* web_child.c - load a profile, make workers of it, answer.
 *
 * A question travels as its length and its texts, each with a final zero; the answer as a web_head
 * and its body.  Each process is in a process group of its own, with what it starts (Graphviz), and
 * is killed when the session's thread ends, however that comes.
 */
#include "analyze/web_child.h"
#include "base/oom.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_QUESTION = 1 << 20, OWN_FD = 3 };

bool web_send_all(int fd, const void *bytes, size_t n)
{
	for (const char *at = bytes; n;) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool web_receive_all(int fd, void *bytes, size_t n)
{
	for (char *at = bytes; n;) {
		ssize_t got = recv(fd, at, n, MSG_WAITALL);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* ---- both ---- */

static void begin(pid_t server)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != server)
		_exit(0);
}

/* fd becomes OWN_FD, and nothing else stays open but the standard ones. */
static void keep_only(int fd)
{
	if (fd != OWN_FD)
		dup3(fd, OWN_FD, O_CLOEXEC);
	if (close_range(OWN_FD + 1, ~0U, 0)) /* an old kernel */
		for (int i = OWN_FD + 1; i < sysconf(_SC_OPEN_MAX); i++)
			close(i);
}

static void answer(const struct web_question *q, struct web_loaded *l, struct web_view **view,
		   struct web_job *job, int fd)
{
	struct web_head head;

	web_question_answer(q, l, view, job);
	progress_begin("", 0);
	head = (struct web_head){ .answer = job->answer };
	head.n_nodes = *view ? (*view)->tree.nodes.n : 0;
	head.stays = *view || (q->place == WEB_LOAD && !job->answer.rc);
	if (!web_send_all(fd, &head, sizeof(head)) ||
	    !web_send_all(fd, job->answer.body, job->answer.n) || !head.stays)
		_exit(0);
	free(job->answer.body);
}

/* ---- a worker ---- */

/* The next question; false at the end.  Everything lives in the arena of the query. */
static bool next_question(struct web_job *job)
{
	uint32_t size;
	char *text, *end;

	if (!web_receive_all(OWN_FD, &size, sizeof(size)) || size > MAX_QUESTION)
		return false;
	text = arena_alloc(job->query.arena, size + 1);
	text[size] = 0;
	if (!web_receive_all(OWN_FD, text, size))
		return false;
	end = text + size;
	job->takes_gzip = *text == 'z';
	job->what = text + 1;
	for (text = strchr(text, 0) + 1; text < end; text = strchr(strchr(text, 0) + 1, 0) + 1)
		web_query_add(&job->query, text, strchr(text, 0) + 1);
	return true;
}

static void work(struct web_loaded *l, const struct web_order *order, int fd, pid_t server)
{
	const struct rlimit cpu = { order->cpu_seconds, order->cpu_seconds };
	struct web_view *view = NULL;

	begin(server);
	keep_only(fd);
	progress_to(order->progress);
	if (order->cpu_seconds != RLIM_INFINITY)
		setrlimit(RLIMIT_CPU, &cpu);
	for (;;) {
		struct web_job job = { .query.arena = arena_new(ARENA_DIE), .upload = -1 };

		if (!next_question(&job))
			_exit(0);
		answer(web_question_find(job.what), l, &view, &job, OWN_FD);
		web_query_release(&job.query);
		arena_free(job.query.arena);
	}
}

/* ---- a keeper ---- */

/* No connection of the server's stays open because a keeper has it too.  Other files may be what is
 * to be loaded. */
static void close_connections(int but)
{
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat st;

	while (fds && (entry = readdir(fds))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != but && !fstat(fd, &st) && S_ISSOCK(st.st_mode))
			close(fd);
	}
	if (fds)
		closedir(fds);
}

/* The next worker that is wanted, and its socket; -1 = none ever. */
static int next_order(struct web_order *order)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec bytes = { order, sizeof(*order) };
	struct msghdr m = { .msg_iov = &bytes,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	const struct cmsghdr *c;
	ssize_t n;
	int fd;

	while ((n = recvmsg(OWN_FD, &m, MSG_WAITALL | MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	c = n == sizeof(*order) ? CMSG_FIRSTHDR(&m) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* A fork whose child is the server's: it is who waits for it.  This process has one thread. */
static pid_t fork_sibling(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

void web_child_keep(struct web_loaded *l, const struct web_question *q, struct web_job *job, int fd,
		    pid_t server)
{
	struct web_view *none = NULL;
	struct web_order order;

	begin(server);
	close_connections(fd);
	oom_set_sentence(""); /* the server will say it */
	answer(q, l, &none, job, fd);
	keep_only(fd);
	while ((fd = next_order(&order)) >= 0) {
		pid_t pid = fork_sibling();

		if (pid == 0)
			work(l, &order, fd, server);
		close(fd);
		if (!web_send_all(OWN_FD, &pid, sizeof(pid)))
			break;
	}
	_exit(0);
}
