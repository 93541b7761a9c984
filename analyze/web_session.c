/* web_session.c - the queue, and the thread that empties it. */
#include "analyze/web_session.h"
#include "analyze/json.h"
#include "analyze/web_crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum state { LOADING, READY, FAILED };

struct web_session {
	const struct web_opts *opts;
	const struct notes *notes;
	pthread_t thread;
	bool has_thread;
	int wake; /* an eventfd: there is something in the queue, or it is time to end */

	pthread_mutex_t lock; /* for what follows */
	struct web_jobs queue;
	bool closing;
	enum state state;
	int load_status;
	struct err load_err;
	struct web_shown shown[MAX_PLACES];

	struct progress *progress; /* of loading, then of each worker; shared with them */
	struct web_job first;	   /* the loading of what the command line names */
	struct web_crew crew;	   /* of the thread alone */
};

static const char closing_text[] = "the server is closing";

enum web_kind web_session_kind(const char *what)
{
	const struct web_question *q = web_question_find(what);

	return !q ? WEB_UNKNOWN : q->changes ? WEB_CHANGE : WEB_QUESTION;
}

/* ---- the thread ---- */

static void loaded_first(struct web_job *job)
{
	struct web_session *s = job->ctx;
	const struct web_answer *a = &job->answer;
	bool has_failed = a->status != 200, closing;

	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	s->state = has_failed ? FAILED : READY;
	if (has_failed)
		s->load_status = err_set(&s->load_err, a->rc ? a->rc : SONDE_EIO, "%s",
					 a->body ? a->body : "out of memory");
	pthread_mutex_unlock(&s->lock);
	if (has_failed)
		web_crew_refuse(&s->crew, 500, s->load_err.text);
	if (has_failed && s->opts->failed && !closing)
		s->opts->failed();
}

static void answer_here(struct web_session *s, struct web_job *job, const struct web_question *q)
{
	struct web_view *none = NULL;

	web_question_answer(q, &s->crew.loaded, &none, job);
	job->done(job);
}

static void deal_with(struct web_session *s, struct web_job *job)
{
	const struct web_question *q = web_question_find(job->what);

	if (q->place == WEB_HERE)
		answer_here(s, job, q);
	else if (s->state == FAILED)
		web_job_refuse(job, 500, s->load_err.text);
	else
		web_crew_add(&s->crew, job);
}

/* False: it is time to end. */
static bool take_queue(struct web_session *s)
{
	struct web_jobs jobs;
	struct web_job *job;
	uint64_t ignored;
	bool closing;

	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	jobs = s->queue;
	s->queue = (struct web_jobs){ NULL, NULL };
	if (read(s->wake, &ignored, sizeof(ignored)) < 0)
		ignored = 0; /* nothing had come */
	pthread_mutex_unlock(&s->lock);
	while ((job = web_jobs_take(&jobs)))
		deal_with(s, job);
	return !closing;
}

static void publish(struct web_session *s)
{
	pthread_mutex_lock(&s->lock);
	web_crew_show(&s->crew, s->shown);
	pthread_mutex_unlock(&s->lock);
}

static void await(struct web_session *s)
{
	struct pollfd fds[1 + MAX_FDS] = { { .fd = s->wake, .events = POLLIN } };
	int timeout;
	nfds_t n = 1 + web_crew_fds(&s->crew, fds + 1, &timeout);

	poll(fds, n, timeout);
}

static void *run(void *arg)
{
	struct web_session *s = arg;

	web_crew_init(&s->crew, s->opts, s->notes, s->progress, &s->first);
	while (take_queue(s)) {
		web_crew_give(&s->crew);
		publish(s);
		await(s);
		web_crew_look(&s->crew);
	}
	web_crew_release(&s->crew, closing_text);
	return NULL;
}

/* ---- for other threads ---- */

int web_session_open(struct web_session **out, const struct web_opts *opts,
		     const struct notes *notes, struct err *err)
{
	struct web_session *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	s->opts = opts;
	s->notes = notes;
	s->first = (struct web_job){
		.what = "", .upload = -1, .client = -1, .done = loaded_first, .ctx = s
	};
	s->progress = mmap(NULL, MAX_PLACES * sizeof(*s->progress), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->progress == MAP_FAILED) {
		free(s);
		return err_set(err, SONDE_ENOMEM, "out of memory");
	}
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	if (s->wake < 0)
		return err_set(err, SONDE_EIO, "eventfd: %m");
	return 0;
}

int web_session_start(struct web_session *s, struct err *err)
{
	if (pthread_create(&s->thread, NULL, run, s))
		return err_set(err, SONDE_EIO, "cannot start a thread");
	s->has_thread = true;
	return 0;
}

/* With the lock held. */
static void wake(struct web_session *s)
{
	static const uint64_t one = 1;

	if (write(s->wake, &one, sizeof(one)) < 0)
		return; /* it is awake */
}

void web_session_ask(struct web_session *s, struct web_job *job)
{
	bool closing;

	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	if (!closing) {
		web_jobs_add(&s->queue, job);
		wake(s);
	}
	pthread_mutex_unlock(&s->lock);
	if (closing)
		web_job_refuse(job, 503, closing_text);
}

int web_session_failed(struct web_session *s, struct err *err)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = s->load_status;
	if (rc && err)
		*err = s->load_err;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

char *web_session_status(struct web_session *s)
{
	static const char *const names[] = {
		[LOADING] = "loading", [READY] = "ready", [FAILED] = "failed"
	};
	char *text = NULL;
	size_t n;
	struct json j = { .out = open_memstream(&text, &n) };

	if (!j.out)
		return NULL;
	json_open(&j, NULL, '{');
	pthread_mutex_lock(&s->lock);
	json_text(&j, "state", names[s->state]);
	web_status_print(s->progress, s->shown, MAX_PLACES, &j);
	json_text(&j, "error", s->state == FAILED ? s->load_err.text : "");
	pthread_mutex_unlock(&s->lock);
	json_close(&j, '}');
	fclose(j.out);
	return text;
}

void web_session_close(struct web_session *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	wake(s);
	pthread_mutex_unlock(&s->lock);
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	munmap(s->progress, MAX_PLACES * sizeof(*s->progress));
	if (s->wake >= 0)
		close(s->wake);
	free(s->first.answer.body);
	free(s);
}
