/* web_worker.c - fork, ask, read.
 *
 * A question travels as its length and its texts, each with a final zero; the answer as a web_head
 * and its body.  The worker is in a process group of its own, with what it starts (Graphviz), and is
 * killed when the session's thread ends, however that comes.
 */
#include "analyze/web_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_QUESTION = 1 << 20, WORKER_FD = 3 };

/* ---- in the worker ---- */

static bool send_all(int fd, const void *bytes, size_t n)
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

static bool receive_all(int fd, void *bytes, size_t n)
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

/* The next question; false at the end.  Everything lives in the arena of the query. */
static bool next_question(struct web_job *job)
{
	uint32_t size;
	char *text, *end;

	if (!receive_all(WORKER_FD, &size, sizeof(size)) || size > MAX_QUESTION)
		return false;
	text = arena_alloc(job->query.arena, size + 1);
	text[size] = 0;
	if (!receive_all(WORKER_FD, text, size))
		return false;
	end = text + size;
	job->takes_gzip = *text == 'z';
	job->what = text + 1;
	for (text = strchr(text, 0) + 1; text < end; text = strchr(strchr(text, 0) + 1, 0) + 1)
		web_query_add(&job->query, text, strchr(text, 0) + 1);
	return true;
}

static void answer(struct web_loaded *l, struct web_view **view, struct web_job *job)
{
	struct web_head head;

	web_question_answer(web_question_find(job->what), l, view, job);
	head = (struct web_head){ job->answer, *view ? (*view)->tree.nodes.n : 0 };
	if (!send_all(WORKER_FD, &head, sizeof(head)) ||
	    !send_all(WORKER_FD, job->answer.body, job->answer.n))
		_exit(0);
	free(job->answer.body);
}

static void answer_all(struct web_loaded *l, struct web_job *first)
{
	struct web_view *view = NULL;

	answer(l, &view, first);
	while (view) {
		struct web_job job = { .query.arena = arena_new(ARENA_DIE), .upload = -1 };

		if (!next_question(&job))
			return;
		answer(l, &view, &job);
		web_query_release(&job.query);
		arena_free(job.query.arena);
	}
}

/* No connection of the server's stays open because a worker has it too. */
static void keep_only(int fd)
{
	if (fd != WORKER_FD)
		dup3(fd, WORKER_FD, O_CLOEXEC);
	if (close_range(WORKER_FD + 1, ~0U, 0)) /* an old kernel */
		for (int i = WORKER_FD + 1; i < sysconf(_SC_OPEN_MAX); i++)
			close(i);
}

/* What it starts outlives the server by no more than a question may take. */
static void bound_time(const struct web_opts *opts)
{
	rlim_t seconds = (rlim_t)opts->seconds * 16;

	setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 1 });
}

static void run(struct web_loaded *l, bool keeps_view, struct web_job *job, int fd, pid_t server)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != server)
		_exit(0);
	keep_only(fd);
	if (!keeps_view)
		bound_time(l->opts);
	answer_all(l, job);
	_exit(0);
}

/* ---- in the server ---- */

int64_t web_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int web_worker_left(const struct web_worker *w)
{
	int64_t left = w->deadline - web_now_ms();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void begin(struct web_worker *w, struct web_job *job, const struct web_opts *opts)
{
	w->job = job;
	w->deadline = web_now_ms() + (int64_t)opts->seconds * 1000;
	w->got = 0;
}

int web_worker_start(struct web_worker *w, struct web_loaded *l, const char *key,
		     struct web_job *job, struct err *err)
{
	pid_t server = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return err_set(err, SONDE_EIO, "cannot start a worker: %m");
	w->pid = fork();
	if (w->pid == 0) {
		progress_to(w->progress);
		run(l, key != NULL, job, fds[1], server);
	}
	close(fds[1]);
	if (w->pid < 0) {
		w->pid = 0;
		close(fds[0]);
		return err_set(err, SONDE_ENOMEM, "cannot start a worker: %m");
	}
	setpgid(w->pid, w->pid);
	w->fd = fds[0];
	w->key = key ? strdup(key) : NULL;
	begin(w, job, l->opts);
	return 0;
}

bool web_worker_ask(struct web_worker *w, struct web_job *job, const struct web_opts *opts)
{
	char *text = NULL;
	size_t n;
	uint32_t size = 0;
	FILE *out = open_memstream(&text, &n);
	bool sent;

	if (!out)
		return false;
	fwrite(&size, sizeof(size), 1, out);
	fprintf(out, "%c%s%c", job->takes_gzip ? 'z' : ' ', job->what, 0);
	for (size_t i = 0; i < job->query.params.n; i++)
		fprintf(out, "%s%c%s%c", job->query.params.v[i].key, 0,
			job->query.params.v[i].value, 0);
	if (fclose(out)) {
		free(text);
		return false;
	}
	size = (uint32_t)(n - sizeof(size));
	memcpy(text, &size, sizeof(size));
	sent = send_all(w->fd, text, n);
	free(text);
	if (sent)
		begin(w, job, opts);
	return sent;
}

static struct web_job *take_job(struct web_worker *w)
{
	struct web_job *job = w->job;

	if (w->got >= sizeof(w->head))
		free(w->head.answer.body);
	w->job = NULL;
	w->got = 0;
	return job;
}

static int end_process(struct web_worker *w)
{
	int status = 0;

	kill(-w->pid, SIGKILL);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(w->fd);
	free(w->key);
	*w = (struct web_worker){ .progress = w->progress };
	return status;
}

/* Out of memory is the one reason that a worker has to end without an answer. */
static struct web_job *died(struct web_worker *w)
{
	struct web_job *job = take_job(w);
	int status = end_process(w);
	char text[120];

	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		snprintf(text, sizeof(text), "this question ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text),
			 "there is not enough memory for this question; --max-memory sets its "
			 "limit");
	web_answer_text(&job->answer, 500, text);
	return job;
}

static struct web_job *finished(struct web_worker *w)
{
	struct web_job *job = w->job;

	job->answer = w->head.answer;
	w->got = 0;
	w->job = NULL;
	if (!w->head.n_nodes)
		end_process(w);
	return job;
}

struct web_job *web_worker_read(struct web_worker *w)
{
	const size_t head = sizeof(w->head);

	for (;;) {
		struct web_answer *a = &w->head.answer;
		bool in_head = w->got < head;
		char *to = in_head ? (char *)&w->head + w->got : a->body + (w->got - head);
		size_t room = in_head ? head - w->got : a->n - (w->got - head);
		ssize_t n;

		if (!room)
			return finished(w);
		n = recv(w->fd, to, room, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return NULL;
		if (n <= 0)
			return died(w);
		w->got += (size_t)n;
		if (w->got == head && !(a->body = malloc(a->n + 1)))
			return died(w);
	}
}

struct web_job *web_worker_end(struct web_worker *w)
{
	struct web_job *job;

	if (!w->pid)
		return NULL;
	job = take_job(w);
	end_process(w);
	return job;
}
