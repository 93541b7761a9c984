/* web_session.c - the queue, and who works on what. */
#include "analyze/web_session.h"
#include "analyze/json.h"
#include "analyze/web_status.h"
#include "analyze/web_worker.h"
#include "base/parallel.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MAX_VIEWS = 4,
	MAX_RUNNING = 4,
	MAX_WORKERS = MAX_VIEWS + MAX_RUNNING,
	MAX_NODES = 4000000, /* in all views but the newest: about 400 MB */
};

enum state { LOADING, READY, FAILED };

struct web_session {
	const struct web_opts *opts;
	pthread_t thread;
	bool has_thread;
	int wake; /* an eventfd: there is something in the queue, or it is time to end */

	pthread_mutex_t lock; /* for what follows */
	struct web_job *first, *last;
	bool closing;
	enum state state;
	int load_status;
	struct err load_err;
	struct web_shown shown[MAX_WORKERS];

	struct progress *progress; /* of loading, then of each worker; shared with them */

	/* of the thread alone */
	struct web_loaded loaded;
	struct web_worker workers[MAX_WORKERS];
	struct web_job *waiting, *waiting_last; /* taken off the queue, in its order */
	size_t most_running;
	uint64_t clock;
};

static const char closing_text[] = "the server is closing",
		  gone_text[] = "nobody waits for this any more";

enum web_kind web_session_kind(const char *what)
{
	const struct web_question *q = web_question_find(what);

	return !q ? WEB_UNKNOWN : q->changes ? WEB_CHANGE : WEB_QUESTION;
}

static void refuse(struct web_job *job, unsigned status, const char *text)
{
	web_answer_text(&job->answer, status, text);
	job->done(job);
}

static void append(struct web_job **first, struct web_job **last, struct web_job *job)
{
	job->next = NULL;
	*(*last ? &(*last)->next : first) = job;
	*last = job;
}

/* ---- workers ---- */

static bool is_view(const struct web_worker *w)
{
	return w->pid && w->key;
}

static size_t count_running(const struct web_session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < MAX_WORKERS; i++)
		n += s->workers[i].job != NULL;
	return n;
}

static struct web_worker *find_view(struct web_session *s, const char *key)
{
	for (size_t i = 0; i < MAX_WORKERS; i++)
		if (is_view(&s->workers[i]) && strcmp(s->workers[i].key, key) == 0)
			return &s->workers[i];
	return NULL;
}

/* The view among those that wait that was used longest ago; NULL = none waits. */
static struct web_worker *oldest_view(struct web_session *s, const struct web_worker *but)
{
	struct web_worker *oldest = NULL;

	for (size_t i = 0; i < MAX_WORKERS; i++) {
		struct web_worker *w = &s->workers[i];

		if (is_view(w) && !w->job && w != but && (!oldest || w->used < oldest->used))
			oldest = w;
	}
	return oldest;
}

/* Large trees are not kept beside a new one. */
static void drop_large_views(struct web_session *s, const struct web_worker *newest)
{
	size_t nodes = 0;
	struct web_worker *w;

	for (size_t i = 0; i < MAX_WORKERS; i++)
		if (is_view(&s->workers[i]) && &s->workers[i] != newest)
			nodes += s->workers[i].head.n_nodes;
	while (nodes > MAX_NODES && (w = oldest_view(s, newest))) {
		nodes -= w->head.n_nodes;
		web_worker_end(w);
	}
}

/* Room for one more view, or for a worker that answers once. */
static struct web_worker *free_place(struct web_session *s, bool for_view)
{
	struct web_worker *empty = NULL, *oldest = for_view ? oldest_view(s, NULL) : NULL;
	size_t views = 0;

	for (size_t i = 0; i < MAX_WORKERS; i++) {
		views += is_view(&s->workers[i]);
		if (!s->workers[i].pid)
			empty = &s->workers[i];
	}
	if (!for_view || views < MAX_VIEWS)
		return empty;
	if (oldest)
		web_worker_end(oldest);
	return oldest;
}

static void start(struct web_session *s, struct web_worker *w, const char *key, struct web_job *job)
{
	struct err err;

	w->used = ++s->clock;
	if (web_worker_start(w, &s->loaded, key, job, &err))
		refuse(job, 500, err.text);
}

/* Give it to a worker; false: later. */
static bool give(struct web_session *s, struct web_job *job, const struct web_question *q)
{
	const char *key = q->place == WEB_VIEW ? web_query_key(&job->query) : NULL;
	struct web_worker *w = key ? find_view(s, key) : NULL;

	if (count_running(s) >= s->most_running || (w && w->job))
		return false;
	if (w) {
		w->used = ++s->clock;
		if (web_worker_ask(w, job, s->opts))
			return true;
		web_worker_end(w);
	} else {
		w = free_place(s, key != NULL);
	}
	if (w)
		start(s, w, key, job);
	return w != NULL;
}

/* What was under way is asked again, of what is loaded then. */
static void end_workers(struct web_session *s)
{
	for (size_t i = 0; i < MAX_WORKERS; i++) {
		struct web_job *job = web_worker_end(&s->workers[i]);

		if (job)
			append(&s->waiting, &s->waiting_last, job);
	}
}

/* ---- the queue ---- */

static void answer_here(struct web_session *s, struct web_job *job, const struct web_question *q)
{
	struct web_view *none = NULL;

	if (job->upload >= 0)
		end_workers(s);
	web_question_answer(q, &s->loaded, &none, job);
	progress_begin("", 0);
	job->done(job);
}

/* A client that closes its connection wants no answer. */
static bool has_gone(const struct web_job *job)
{
	struct pollfd p = { .fd = job->client, .events = POLLRDHUP };

	return job->client >= 0 && poll(&p, 1, 0) > 0 && p.revents;
}

/* True: nothing more is to be done for it here. */
static bool deal_with(struct web_session *s, struct web_job *job)
{
	const struct web_question *q = web_question_find(job->what);

	if (s->state == FAILED)
		refuse(job, 500, s->load_err.text);
	else if (has_gone(job))
		refuse(job, 503, gone_text);
	else if (q->place == WEB_HERE)
		answer_here(s, job, q);
	else
		return give(s, job, q);
	return true;
}

static void deal_with_all(struct web_session *s)
{
	struct web_job *job = s->waiting;

	s->waiting = s->waiting_last = NULL;
	while (job) {
		struct web_job *next = job->next;

		if (!deal_with(s, job))
			append(&s->waiting, &s->waiting_last, job);
		job = next;
	}
}

/* Move the queue to what waits; false: it is time to end. */
static bool take_queue(struct web_session *s)
{
	struct web_job *job;
	uint64_t ignored;
	bool closing;

	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	job = s->first;
	s->first = s->last = NULL;
	if (read(s->wake, &ignored, sizeof(ignored)) < 0)
		ignored = 0; /* nothing had come */
	pthread_mutex_unlock(&s->lock);
	while (job) {
		struct web_job *next = job->next;

		append(&s->waiting, &s->waiting_last, job);
		job = next;
	}
	return !closing;
}

/* ---- what comes back ---- */

static void finish(struct web_session *s, struct web_worker *w, struct web_job *job)
{
	if (is_view(w))
		drop_large_views(s, w);
	job->done(job);
}

/* Others that wait for the same view would take as long. */
static void refuse_same_view(struct web_session *s, const char *key, const char *text)
{
	struct web_job *job = s->waiting;

	s->waiting = s->waiting_last = NULL;
	while (job) {
		struct web_job *next = job->next;
		bool same = web_question_find(job->what)->place == WEB_VIEW &&
			    strcmp(web_query_key(&job->query), key) == 0;

		if (same)
			refuse(job, 503, text);
		else
			append(&s->waiting, &s->waiting_last, job);
		job = next;
	}
}

static void end_late(struct web_session *s, struct web_worker *w)
{
	char text[160], *key = w->key ? strdup(w->key) : NULL;

	snprintf(text, sizeof(text),
		 "this took longer than %u seconds and was ended; filters make it less work, "
		 "--answer-seconds=<n> gives it more time",
		 s->opts->seconds);
	refuse(web_worker_end(w), 503, text);
	if (key)
		refuse_same_view(s, key, text);
	free(key);
}

static void look_after(struct web_session *s, struct web_worker *w)
{
	struct web_job *job = web_worker_read(w);

	if (job)
		finish(s, w, job);
	else if (!web_worker_left(w))
		end_late(s, w);
	else if (has_gone(w->job) && (!w->key || !w->head.n_nodes))
		refuse(web_worker_end(w), 503, gone_text);
}

/* Wait for the queue, for workers, for clients that go, for the time that a question may take. */
static void await(const struct web_session *s)
{
	struct pollfd fds[1 + 2 * MAX_WORKERS] = { { .fd = s->wake, .events = POLLIN } };
	int timeout = -1;
	nfds_t n = 1;

	for (size_t i = 0; i < MAX_WORKERS; i++) {
		const struct web_worker *w = &s->workers[i];
		int left;

		if (!w->job)
			continue;
		left = web_worker_left(w);
		fds[n++] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
		fds[n++] = (struct pollfd){ .fd = w->job->client, .events = POLLRDHUP };
		if (timeout < 0 || left < timeout)
			timeout = left;
	}
	poll(fds, n, timeout);
}

static void publish(struct web_session *s)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < MAX_WORKERS; i++) {
		const struct web_worker *w = &s->workers[i];

		s->shown[i] = (struct web_shown){
			.what = w->job ? web_question_find(w->job->what)->what : NULL,
			.since = w->deadline - (int64_t)s->opts->seconds * 1000
		};
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- the thread ---- */

static void load(struct web_session *s)
{
	struct err err = { "" };
	int rc;

	progress_to(&s->progress[0]);
	rc = web_loaded_read(&s->loaded, &s->opts->load, &err);
	progress_begin("", 0);
	pthread_mutex_lock(&s->lock);
	s->state = rc ? FAILED : READY;
	s->load_status = rc;
	s->load_err = err;
	pthread_mutex_unlock(&s->lock);
	if (rc && s->opts->failed)
		s->opts->failed();
}

static void *run(void *arg)
{
	struct web_session *s = arg;

	load(s);
	while (take_queue(s)) {
		deal_with_all(s);
		publish(s);
		await(s);
		for (size_t i = 0; i < MAX_WORKERS; i++)
			if (s->workers[i].job)
				look_after(s, &s->workers[i]);
	}
	end_workers(s);
	for (struct web_job *job = s->waiting, *next; job; job = next) {
		next = job->next;
		refuse(job, 503, closing_text);
	}
	return NULL;
}

int web_session_open(struct web_session **out, const struct web_opts *opts,
		     const struct notes *notes, struct err *err)
{
	struct web_session *s = calloc(1, sizeof(*s));
	size_t cores = parallel_width();

	if (!s)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	s->opts = opts;
	s->loaded = (struct web_loaded){ .opts = opts, .notes = notes, .opened = -1 };
	s->most_running = cores < 2 ? 2 : cores > MAX_RUNNING ? MAX_RUNNING : cores;
	s->progress = mmap(NULL, (1 + MAX_WORKERS) * sizeof(*s->progress), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->progress == MAP_FAILED) {
		free(s);
		return err_set(err, SONDE_ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < MAX_WORKERS; i++)
		s->workers[i].progress = &s->progress[1 + i];
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
		append(&s->first, &s->last, job);
		wake(s);
	}
	pthread_mutex_unlock(&s->lock);
	if (closing)
		refuse(job, 503, closing_text);
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

bool web_session_is_loading(struct web_session *s)
{
	bool loading;

	if (!s || !s->has_thread)
		return false;
	pthread_mutex_lock(&s->lock);
	loading = s->state == LOADING;
	pthread_mutex_unlock(&s->lock);
	return loading;
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
	web_status_print(s->progress, s->shown, MAX_WORKERS, &j);
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
	web_loaded_release(&s->loaded);
	munmap(s->progress, (1 + MAX_WORKERS) * sizeof(*s->progress));
	close(s->wake);
	free(s);
}
