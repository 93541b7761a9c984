/* web_session.c - load, keep views, answer. */
#include "analyze/web_session.h"
#include "analyze/json.h"
#include "analyze/notes.h"
#include "analyze/web_answers.h"
#include "analyze/web_saved.h"
#include "analyze/web_text.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_VIEWS = 4,
	MAX_NODES = 4000000, /* in all views but the newest: about 400 MB */
};

enum state { LOADING, READY, FAILED };

struct web_session {
	const struct web_opts *opts;
	const struct notes *notes;
	pthread_t thread;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	struct web_job *first, *last;
	bool closing;
	enum state state;
	int load_status;
	struct err load_err;
	const char *step;

	/* of the thread alone */
	struct profile *master;
	struct web_view *views[MAX_VIEWS];
	uint64_t clock;
	bool compared;
	int opened; /* descriptor of a profile that the page sent in the place of the first, or -1 */
	char *opened_name; /* NULL = the first */
};

static const char closing_text[] = "the server is closing";

/* ---- views ---- */

static struct web_view **oldest_view(struct web_session *s)
{
	struct web_view **oldest = &s->views[0];

	for (size_t i = 0; i < MAX_VIEWS; i++) {
		if (!s->views[i])
			return &s->views[i];
		if (s->views[i]->used < (*oldest)->used)
			oldest = &s->views[i];
	}
	return oldest;
}

/* Large trees are not kept beside a new one. */
static void drop_large_views(struct web_session *s, const struct web_view *newest)
{
	size_t nodes = 0;

	for (size_t i = 0; i < MAX_VIEWS; i++)
		if (s->views[i] && s->views[i] != newest)
			nodes += s->views[i]->tree.nodes.n;
	for (size_t i = 0; i < MAX_VIEWS && nodes > MAX_NODES; i++) {
		if (!s->views[i] || s->views[i] == newest)
			continue;
		nodes -= s->views[i]->tree.nodes.n;
		web_view_free(s->views[i]);
		s->views[i] = NULL;
	}
}

static int find_view(struct web_session *s, const struct web_query *q, struct web_view **out,
		     struct err *err)
{
	const char *key = web_query_key(q);
	struct web_view **place;
	int rc;

	for (size_t i = 0; i < MAX_VIEWS; i++) {
		if (s->views[i] && strcmp(s->views[i]->key, key) == 0) {
			*out = s->views[i];
			(*out)->used = ++s->clock;
			return 0;
		}
	}
	rc = web_view_new(out, s->master, &s->opts->report, q, s->compared, err);
	if (rc)
		return rc;
	place = oldest_view(s);
	web_view_free(*place);
	*place = *out;
	(*out)->used = ++s->clock;
	drop_large_views(s, *out);
	return 0;
}

/* ---- answers ---- */

enum about { PROFILE, VIEW, REPORT, EXPORT, DOWNLOAD, SAVED_VIEWS, COMPARE, OPEN, CHANGE_SAVED };

static const char json_type[] = "application/json", binary_type[] = "application/octet-stream",
		  html_type[] = "text/html; charset=utf-8",
		  text_type[] = "text/plain; charset=utf-8";

static const struct question {
	const char *what;
	enum about about;
	enum report_kind kind;	      /* of REPORT and EXPORT */
	const char *type, *extension; /* of what is to be saved; NULL = JSON for the page */
	int (*of_view)(struct web_view *v, const struct web_query *q, struct json *j,
		       struct err *err);
} questions[] = {
	{ "data/info", PROFILE },
	{ "data/flame", VIEW, .of_view = web_answer_flame },
	{ "data/top", VIEW, .of_view = web_answer_top },
	{ "data/search", VIEW, .of_view = web_answer_search },
	{ "data/function", VIEW, .of_view = web_answer_function },
	{ "data/graph", REPORT, REPORT_DOT },
	{ "data/peek", REPORT, REPORT_PEEK },
	{ "data/source", REPORT, REPORT_WEBLIST },
	{ "data/disasm", REPORT, REPORT_DISASM },
	{ "export/folded", EXPORT, REPORT_FOLDED, text_type, "folded" },
	{ "export/speedscope", EXPORT, REPORT_SPEEDSCOPE, json_type, "speedscope.json" },
	{ "export/firefox", EXPORT, REPORT_FIREFOX, json_type, "firefox.json" },
	{ "export/flame", EXPORT, REPORT_FLAME, html_type, "html" },
	{ "download", DOWNLOAD, .type = binary_type, .extension = "pb.gz" },
	{ "data/views", SAVED_VIEWS },
	{ "data/saveview", CHANGE_SAVED },
	{ "data/deleteview", CHANGE_SAVED },
	{ "data/compare", COMPARE },
	{ "data/open", OPEN },
};

enum { N_QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

static const struct question *find_question(const char *what)
{
	for (size_t i = 0; i < N_QUESTIONS; i++)
		if (strcmp(questions[i].what, what) == 0)
			return &questions[i];
	return NULL;
}

enum web_kind web_session_kind(const char *what)
{
	const struct question *q = find_question(what);

	return !q ? WEB_UNKNOWN : q->about >= COMPARE ? WEB_CHANGE : WEB_QUESTION;
}

static const char *title_of(const struct web_session *s)
{
	const struct load_opts *load = &s->opts->load;
	const char *last = s->opened_name    ? s->opened_name
			   : load->n_sources ? load->sources[load->n_sources - 1]
					     : "";
	const char *slash = strrchr(last, '/');

	return slash ? slash + 1 : last;
}

/* ---- load ---- */

/* In a comparison both sides are kept apart, however the base was given: the page shows both. */
static int load_profile(struct web_session *s, const struct load_opts *load, struct err *err)
{
	struct load_opts o = *load;
	struct profile *p;
	int rc;

	o.diff_base |= o.n_bases > 0;
	rc = analyze_load(&p, &o, s->notes, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < MAX_VIEWS; i++) {
		web_view_free(s->views[i]);
		s->views[i] = NULL;
	}
	profile_free(s->master);
	s->master = p;
	s->compared = o.diff_base;
	return 0;
}

static const char *path_of(const struct web_job *job, int fd)
{
	return arena_printf(job->query.arena, "/proc/self/fd/%d", fd);
}

/* The profile that came with the job is to be the base. */
static int compare_with(struct web_session *s, const struct web_job *job, struct err *err)
{
	const char *base = path_of(job, job->upload), *source = path_of(job, s->opened);
	struct load_opts load = s->opts->load;

	load.bases = &base;
	load.n_bases = 1;
	if (s->opened_name) {
		load.sources = &source;
		load.n_sources = 1;
	}
	return load_profile(s, &load, err);
}

/* It is to be shown in the place of what was loaded. */
static int open_instead(struct web_session *s, const struct web_job *job, struct err *err)
{
	const char *source = path_of(job, job->upload);
	struct load_opts load = s->opts->load;
	int rc;

	load.sources = &source;
	load.n_sources = 1;
	load.n_bases = 0;
	load.diff_base = false;
	rc = load_profile(s, &load, err);
	if (rc)
		return rc;
	if (s->opened >= 0)
		close(s->opened);
	free(s->opened_name);
	s->opened = fcntl(job->upload, F_DUPFD_CLOEXEC, 3);
	s->opened_name = strdup(web_query_get(&job->query, "name"));
	return 0;
}

static int take_upload(struct web_session *s, const struct question *question,
		       const struct web_job *job, struct err *err)
{
	int rc;

	if (job->upload < 0)
		return err_set(err, SONDE_EUSAGE, "no profile came with the request");
	rc = question->about == OPEN ? open_instead(s, job, err) : compare_with(s, job, err);
	if (rc)
		err_prefix(err, "cannot read %s", web_query_get(&job->query, "name"));
	return rc;
}

/* ---- print ---- */

static int print_report(struct web_session *s, const struct question *question,
			const struct web_query *q, FILE *out, struct json *j, struct err *err)
{
	struct report_opts opts = s->opts->report;
	int rc = web_query_options(q, &opts, err);
	struct profile *copy;

	if (rc)
		return rc;
	opts.guarded_sources = true;
	copy = profile_copy(s->master);
	if (question->about == EXPORT)
		rc = web_text_export(copy, question->kind, &opts, out, err);
	else
		rc = web_text_report(copy, question->kind, &opts, s->opts->draw, j, err);
	profile_free(copy);
	return rc;
}

static int print_json(struct web_session *s, const struct question *question,
		      const struct web_job *job, struct json *j, struct err *err)
{
	const struct web_query *q = &job->query;
	struct web_view *view;
	int rc = 0;

	switch (question->about) {
	case PROFILE:
		web_answer_info(s->master, &s->opts->report, title_of(s), s->compared, j);
		break;
	case VIEW:
		rc = find_view(s, q, &view, err);
		if (!rc)
			rc = question->of_view(view, q, j, err);
		break;
	case REPORT:
		rc = print_report(s, question, q, NULL, j, err);
		break;
	case COMPARE:
	case OPEN:
		rc = take_upload(s, question, job, err);
		break;
	case CHANGE_SAVED:
		rc = web_saved_change(strcmp(question->what, "data/saveview") == 0,
				      web_query_get(q, "name"), web_query_get(q, "query"), err);
		break;
	case SAVED_VIEWS:
		rc = web_saved_print(j, err);
		break;
	case EXPORT:
	case DOWNLOAD:
		break;
	}
	return rc;
}

static int print_answer(struct web_session *s, const struct question *question,
			const struct web_job *job, FILE *out, struct err *err)
{
	struct json j = { .out = out };
	int rc;

	if (question->about == DOWNLOAD)
		return web_text_download(s->master, out, err);
	if (question->about == EXPORT)
		return print_report(s, question, &job->query, out, NULL, err);
	json_open(&j, NULL, '{');
	rc = print_json(s, question, job, &j, err);
	json_close(&j, '}');
	return rc;
}

static unsigned http_status(int rc)
{
	switch (rc) {
	case SONDE_EUSAGE:
	case SONDE_EFORMAT:
		return 400;
	case SONDE_ENOTFOUND:
		return 404;
	default:
		return 500;
	}
}

static void answer_error(struct web_answer *a, unsigned status, const char *text)
{
	free(a->body);
	*a = (struct web_answer){ .status = status, .type = text_type };
	a->body = strdup(text);
	a->n = a->body ? strlen(a->body) : 0;
}

static void answer(struct web_session *s, struct web_job *job)
{
	const struct question *question = find_question(job->what);
	struct web_answer *a = &job->answer;
	struct err err = { "" };
	FILE *out = open_memstream(&a->body, &a->n);
	int rc;

	if (!out) {
		answer_error(a, 500, "out of memory");
		return;
	}
	a->status = 200;
	a->type = question->type ? question->type : json_type;
	a->extension = question->extension;
	rc = print_answer(s, question, job, out, &err);
	if (fclose(out) && !rc)
		rc = err_set(&err, SONDE_ENOMEM, "out of memory");
	if (rc)
		answer_error(a, http_status(rc), err.text);
}

/* ---- the thread ---- */

static void set_step(struct web_session *s, const char *step)
{
	pthread_mutex_lock(&s->lock);
	s->step = step;
	pthread_mutex_unlock(&s->lock);
}

static void load(struct web_session *s)
{
	struct err err = { "" };
	int rc = load_profile(s, &s->opts->load, &err);

	pthread_mutex_lock(&s->lock);
	s->state = rc ? FAILED : READY;
	s->load_status = rc;
	s->load_err = err;
	s->step = "";
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* The next job; NULL when it is time to end. */
static struct web_job *next_job(struct web_session *s)
{
	struct web_job *job;

	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->closing)
		pthread_cond_wait(&s->changed, &s->lock);
	job = s->first;
	if (job)
		s->first = job->next;
	if (!s->first)
		s->last = NULL;
	pthread_mutex_unlock(&s->lock);
	return job;
}

static bool is_closing(struct web_session *s)
{
	bool closing;

	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	pthread_mutex_unlock(&s->lock);
	return closing;
}

static void *run(void *arg)
{
	struct web_session *s = arg;
	struct web_job *job;

	load(s);
	while ((job = next_job(s))) {
		set_step(s, job->what);
		if (is_closing(s))
			answer_error(&job->answer, 503, closing_text);
		else if (s->state == FAILED)
			answer_error(&job->answer, 500, s->load_err.text);
		else
			answer(s, job);
		set_step(s, "");
		job->done(job);
	}
	return NULL;
}

int web_session_open(struct web_session **out, const struct web_opts *opts,
		     const struct notes *notes, struct err *err)
{
	struct web_session *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	s->opts = opts;
	s->notes = notes;
	s->opened = -1;
	s->step = "loading the profile";
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	if (pthread_create(&s->thread, NULL, run, s)) {
		free(s);
		return err_set(err, SONDE_EIO, "cannot start a thread");
	}
	*out = s;
	return 0;
}

void web_session_ask(struct web_session *s, struct web_job *job)
{
	bool closing;

	job->next = NULL;
	pthread_mutex_lock(&s->lock);
	closing = s->closing;
	if (!closing) {
		*(s->last ? &s->last->next : &s->first) = job;
		s->last = job;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	if (closing) {
		answer_error(&job->answer, 503, closing_text);
		job->done(job);
	}
}

int web_session_loaded(struct web_session *s, struct err *err)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	while (s->state == LOADING)
		pthread_cond_wait(&s->changed, &s->lock);
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
	json_text(&j, "step", s->step);
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
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < MAX_VIEWS; i++)
		web_view_free(s->views[i]);
	profile_free(s->master);
	if (s->opened >= 0)
		close(s->opened);
	free(s->opened_name);
	free(s);
}
