/* web_worker.c - start child processes, ask them, read their answers, end them. */
#include "analyze/web_worker.h"
#include "analyze/web_child.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

static void begin(struct web_worker *w, struct web_job *job, unsigned seconds)
{
	w->job = job;
	w->since = web_now_ms();
	w->deadline = seconds ? w->since + (int64_t)seconds * 1000 : INT64_MAX;
	w->got = 0;
}

/* ---- start ---- */

static int make_pair(int fds[2], struct err *err)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)
		       ? err_set(err, SONDE_EIO, "cannot start a worker: %m")
		       : 0;
}

int web_keeper_start(struct web_worker *w, struct web_loaded *l, const struct web_question *q,
		     struct web_job *job, unsigned seconds, struct err *err)
{
	pid_t server = getpid();
	int fds[2], rc = make_pair(fds, err);

	if (rc)
		return rc;
	w->pid = fork();
	if (w->pid == 0) {
		progress_to(w->progress);
		web_child_keep(l, q, job, fds[1], server);
	}
	close(fds[1]);
	if (w->pid < 0) {
		w->pid = 0;
		close(fds[0]);
		return err_set(err, SONDE_ENOMEM, "cannot start a process: %m");
	}
	setpgid(w->pid, w->pid);
	w->fd = fds[0];
	begin(w, job, seconds);
	return 0;
}

static bool send_order(int fd, const struct web_order *order, int worker_fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec bytes = { (void *)order, sizeof(*order) };
	struct msghdr m = { .msg_iov = &bytes,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &worker_fd, sizeof(worker_fd));
	while ((n = sendmsg(fd, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	return n == sizeof(*order);
}

int web_worker_start(struct web_worker *w, struct web_worker *keeper, const char *key,
		     struct web_job *job, unsigned seconds, struct err *err)
{
	/* What it starts outlives the server by no more than a question may take. */
	const struct web_order order = { w->progress, key ? RLIM_INFINITY : (rlim_t)seconds * 16 };
	int fds[2], rc = make_pair(fds, err);
	bool alive;

	if (rc)
		return rc;
	alive = send_order(keeper->fd, &order, fds[1]);
	close(fds[1]);
	if (!alive || !web_receive_all(keeper->fd, &w->pid, sizeof(w->pid))) {
		w->pid = 0;
		close(fds[0]);
		return err_set(err, SONDE_EIO,
			       "the process that had the profile was ended from outside; start "
			       "sonde again");
	}
	w->fd = fds[0];
	if (w->pid < 0) {
		w->pid = 0;
		close(fds[0]);
		return err_set(err, SONDE_ENOMEM, "a worker cannot be started now");
	}
	setpgid(w->pid, w->pid);
	w->key = key ? strdup(key) : NULL;
	if (web_worker_ask(w, job, seconds))
		return 0;
	web_worker_end(w);
	return err_set(err, SONDE_EIO, "a worker ended before it was asked");
}

bool web_worker_ask(struct web_worker *w, struct web_job *job, unsigned seconds)
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
	sent = web_send_all(w->fd, text, n);
	free(text);
	if (sent)
		begin(w, job, seconds);
	return sent;
}

/* ---- read and end ---- */

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
	kill(w->pid, SIGKILL); /* it may not have a group yet */
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(w->fd);
	free(w->key);
	*w = (struct web_worker){ .progress = w->progress };
	return status;
}

static const char *subject(const struct web_job *job)
{
	return job->upload >= 0 ? web_query_get(&job->query, "name")
	       : *job->what	? "this question"
				: "the profile";
}

/* Out of memory is the one reason that a process has to end without an answer. */
static struct web_job *died(struct web_worker *w)
{
	struct web_job *job = take_job(w);
	int status = end_process(w);
	char text[300];

	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		snprintf(text, sizeof(text), "the process for %.150s ended by signal %d (%s)",
			 subject(job), WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text),
			 "there is not enough memory for %.150s; --max-memory sets its limit",
			 subject(job));
	web_answer_text(&job->answer, 500, text);
	job->answer.rc = SONDE_ENOMEM;
	return job;
}

static struct web_job *finished(struct web_worker *w)
{
	struct web_job *job = w->job;

	job->answer = w->head.answer;
	w->got = 0;
	w->job = NULL;
	if (!w->head.stays)
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
