/* web_crew.c - choose, keep and end processes. */
#include "analyze/web_crew.h"
#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAX_NODES = 4000000, /* in all views but the newest: about 400 MB */
	MAX_WAITING = 100,
};

static const char gone_text[] = "nobody waits for this any more";

/* ---- views ---- */

static bool is_view(const struct web_worker *w)
{
	return w->pid && w->key;
}

static size_t count_running(const struct web_crew *c)
{
	size_t n = 0;

	for (size_t i = 0; i < MAX_WORKERS; i++)
		n += c->workers[i].job != NULL;
	return n;
}

static struct web_worker *find_view(struct web_crew *c, const char *key)
{
	for (size_t i = 0; i < MAX_WORKERS; i++)
		if (is_view(&c->workers[i]) && strcmp(c->workers[i].key, key) == 0)
			return &c->workers[i];
	return NULL;
}

/* The view among those that wait that was used longest ago; NULL = none waits. */
static struct web_worker *oldest_view(struct web_crew *c, const struct web_worker *but)
{
	struct web_worker *oldest = NULL;

	for (size_t i = 0; i < MAX_WORKERS; i++) {
		struct web_worker *w = &c->workers[i];

		if (is_view(w) && !w->job && w != but && (!oldest || w->used < oldest->used))
			oldest = w;
	}
	return oldest;
}

/* Large trees are not kept beside a new one. */
static void drop_large_views(struct web_crew *c, const struct web_worker *newest)
{
	size_t nodes = 0;
	struct web_worker *w;

	for (size_t i = 0; i < MAX_WORKERS; i++)
		if (is_view(&c->workers[i]) && &c->workers[i] != newest)
			nodes += c->workers[i].head.n_nodes;
	while (nodes > MAX_NODES && (w = oldest_view(c, newest))) {
		nodes -= w->head.n_nodes;
		web_worker_end(w);
	}
}

/* Room for one more view, or for a worker that answers once. */
static struct web_worker *free_place(struct web_crew *c, bool for_view)
{
	struct web_worker *empty = NULL, *oldest = for_view ? oldest_view(c, NULL) : NULL;
	size_t views = 0;

	for (size_t i = 0; i < MAX_WORKERS; i++) {
		views += is_view(&c->workers[i]);
		if (!c->workers[i].pid)
			empty = &c->workers[i];
	}
	if (!for_view || views < MAX_VIEWS)
		return empty;
	if (oldest)
		web_worker_end(oldest);
	return oldest;
}

/* ---- give ---- */

static bool join_same(struct web_crew *c, struct web_job *job)
{
	for (size_t i = 0; i < MAX_WORKERS; i++) {
		struct web_job *running = c->workers[i].job;

		if (!running || !web_job_is_same(running, job))
			continue;
		job->same = running->same;
		running->same = job;
		return true;
	}
	return false;
}

static void start(struct web_crew *c, struct web_worker *w, const char *key, struct web_job *job)
{
	struct err err;

	w->used = ++c->clock;
	if (web_worker_start(w, &c->keeper, key, job, c->loaded.opts->seconds, &err))
		web_job_refuse(job, 500, err.text);
}

static bool give(struct web_crew *c, struct web_job *job, const struct web_question *q)
{
	const char *key = q->place == WEB_VIEW ? web_query_key(&job->query) : NULL;
	struct web_worker *w = key ? find_view(c, key) : NULL;

	if (join_same(c, job))
		return true;
	if (count_running(c) >= c->most_running || (w && w->job))
		return false;
	if (w) {
		w->used = ++c->clock;
		if (web_worker_ask(w, job, c->loaded.opts->seconds))
			return true;
		web_worker_end(w);
	} else {
		w = free_place(c, key != NULL);
	}
	if (w)
		start(c, w, key, job);
	return w != NULL;
}

/* One is loaded at a time. */
static bool load(struct web_crew *c, struct web_job *job, const struct web_question *q,
		 unsigned seconds)
{
	struct err err;

	if (c->loader.pid)
		return false;
	c->loaded.number++;
	if (web_keeper_start(&c->loader, &c->loaded, q, job, seconds, &err))
		web_job_refuse(job, 500, err.text);
	return true;
}

void web_crew_add(struct web_crew *c, struct web_job *job)
{
	if (c->n_waiting >= MAX_WAITING) {
		web_job_refuse(job, 503, "too many questions wait; ask again later");
		return;
	}
	c->n_waiting++;
	web_jobs_add(&c->waiting, job);
}

void web_crew_refuse(struct web_crew *c, unsigned status, const char *why)
{
	struct web_job *job;

	while ((job = web_jobs_take(&c->waiting)))
		web_job_refuse(job, status, why);
	c->n_waiting = 0;
}

/* True: nothing more is to be done for it here. */
static bool deal_with(struct web_crew *c, struct web_job *job)
{
	const struct web_question *q = web_question_find(job->what);

	if (!web_job_waiting(job))
		web_job_refuse(job, 503, gone_text);
	else if (!c->keeper.pid)
		return false;
	else if (q->place == WEB_LOAD)
		return load(c, job, q, c->loaded.opts->seconds);
	else
		return give(c, job, q);
	return true;
}

void web_crew_give(struct web_crew *c)
{
	struct web_jobs jobs = c->waiting;
	struct web_job *job;

	c->waiting = (struct web_jobs){ NULL, NULL };
	c->n_waiting = 0;
	while ((job = web_jobs_take(&jobs)))
		if (!deal_with(c, job))
			web_crew_add(c, job);
}

/* ---- what comes back ---- */

/* Others that wait for the same view would take as long. */
static void refuse_same_view(struct web_crew *c, const char *key, const char *text)
{
	struct web_jobs jobs = c->waiting;
	struct web_job *job;

	c->waiting = (struct web_jobs){ NULL, NULL };
	c->n_waiting = 0;
	while ((job = web_jobs_take(&jobs)))
		if (web_question_find(job->what)->place == WEB_VIEW &&
		    strcmp(web_query_key(&job->query), key) == 0)
			web_job_refuse(job, 503, text);
		else
			web_crew_add(c, job);
}

/* The new one is there.  What was under way is asked again, of that. */
static void replace_keeper(struct web_crew *c, const struct web_job *job)
{
	if (strcmp(job->what, "data/open") == 0)
		web_loaded_remember(&c->loaded, job);
	for (size_t i = 0; i < MAX_WORKERS; i++) {
		struct web_job *under_way = web_worker_end(&c->workers[i]), *same;

		for (; under_way; under_way = same) {
			same = under_way->same;
			under_way->same = NULL;
			web_crew_add(c, under_way);
		}
	}
	web_worker_end(&c->keeper);
	c->keeper = c->loader;
	c->loader = (struct web_worker){ .progress = c->loader.progress };
}

static void finish(struct web_crew *c, struct web_worker *w, struct web_job *job)
{
	if (w == &c->loader && w->pid)
		replace_keeper(c, job);
	else if (is_view(w))
		drop_large_views(c, w);
	web_job_finish(job);
}

static void end_late(struct web_crew *c, struct web_worker *w)
{
	char text[300], *key = w->key ? strdup(w->key) : NULL;
	struct web_job *job = web_worker_end(w);
	bool is_load = job->upload >= 0;

	snprintf(text, sizeof(text), "%s%.100s took longer than %u seconds and was ended; %s%s",
		 is_load ? "reading " : "this", is_load ? web_query_get(&job->query, "name") : "",
		 c->loaded.opts->seconds, is_load ? "" : "filters make it less work, ",
		 "--answer-seconds=<n> gives it more time");
	web_job_refuse(job, 503, text);
	if (key)
		refuse_same_view(c, key, text);
	free(key);
}

/* A view that is there stays, for whoever asks next. */
static bool is_wanted(const struct web_worker *w)
{
	return web_job_waiting(w->job) || (w->key && w->head.n_nodes);
}

static void look_at(struct web_crew *c, struct web_worker *w)
{
	struct web_job *job = w->job ? web_worker_read(w) : NULL;

	if (job)
		finish(c, w, job);
	else if (!w->job)
		return;
	else if (!web_worker_left(w))
		end_late(c, w);
	else if (!is_wanted(w))
		web_job_refuse(web_worker_end(w), 503, gone_text);
}

void web_crew_look(struct web_crew *c)
{
	look_at(c, &c->loader);
	for (size_t i = 0; i < MAX_WORKERS; i++)
		look_at(c, &c->workers[i]);
}

/* ---- wait and show ---- */

static nfds_t add_fds(const struct web_worker *w, struct pollfd *fds, int *timeout)
{
	const struct web_job *waiting = w->job ? web_job_waiting(w->job) : NULL;
	int left;

	if (!w->job)
		return 0;
	left = waiting || is_wanted(w) ? web_worker_left(w) : 0;
	fds[0] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = waiting ? waiting->client : -1, .events = POLLRDHUP };
	if (*timeout < 0 || left < *timeout)
		*timeout = left;
	return 2;
}

nfds_t web_crew_fds(const struct web_crew *c, struct pollfd *fds, int *timeout)
{
	nfds_t n;

	*timeout = -1;
	n = add_fds(&c->loader, fds, timeout);
	for (size_t i = 0; i < MAX_WORKERS; i++)
		n += add_fds(&c->workers[i], fds + n, timeout);
	return n;
}

static struct web_shown shown_of(const struct web_worker *w)
{
	const struct web_question *q = w->job ? web_question_find(w->job->what) : NULL;
	struct web_shown shown = { .what = q ? q->what : NULL, .since = w->since };

	for (const struct web_job *job = w->job; job; job = job->same)
		shown.n_clients++;
	return shown;
}

void web_crew_show(const struct web_crew *c, struct web_shown *shown)
{
	shown[0] = shown_of(&c->loader);
	for (size_t i = 0; i < MAX_WORKERS; i++)
		shown[1 + i] = shown_of(&c->workers[i]);
}

/* ---- begin and end ---- */

void web_crew_init(struct web_crew *c, const struct web_opts *opts, const struct notes *notes,
		   struct progress *progress, struct web_job *first)
{
	size_t cores = parallel_width();

	*c = (struct web_crew){ .n_waiting = 0 };
	web_loaded_init(&c->loaded, opts, notes);
	c->most_running = cores < 2 ? 2 : cores > MAX_RUNNING ? MAX_RUNNING : cores;
	c->loader.progress = progress;
	for (size_t i = 0; i < MAX_WORKERS; i++)
		c->workers[i].progress = &progress[1 + i];
	load(c, first, &web_question_first, 0);
}

void web_crew_release(struct web_crew *c, const char *why)
{
	struct web_worker *all[MAX_PLACES + 1] = { &c->keeper, &c->loader };

	for (size_t i = 0; i < MAX_WORKERS; i++)
		all[2 + i] = &c->workers[i];
	for (size_t i = 0; i < MAX_PLACES + 1; i++) {
		struct web_job *job = web_worker_end(all[i]);

		if (job)
			web_job_refuse(job, 503, why);
	}
	web_crew_refuse(c, 503, why);
	web_loaded_release(&c->loaded);
}
