/* web_question.c - the table of questions. */
#include "analyze/web_question.h"
#include "analyze/notes.h"
#include "analyze/web_answers.h"
#include "analyze/web_saved.h"
#include "analyze/web_text.h"
#include "writer/gzip_mem.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_TO_COMPRESS = 1024 };

static const char json_type[] = "application/json", binary_type[] = "application/octet-stream",
		  html_type[] = "text/html; charset=utf-8",
		  text_type[] = "text/plain; charset=utf-8";

/* ---- the answers ---- */

static int answer_info(const struct web_question *q, struct web_loaded *l,
		       const struct web_job *job, FILE *out, struct json *j, struct err *err)
{
	web_answer_info(l->profile, &l->opts->report, web_loaded_title(l), web_loaded_base(l),
			l->compared, j);
	return 0;
}

static int options_of(const struct web_loaded *l, const struct web_job *job,
		      struct report_opts *opts, struct err *err)
{
	*opts = l->opts->report;
	opts->guarded_sources = true;
	return web_query_options(&job->query, opts, err);
}

static int answer_report(const struct web_question *q, struct web_loaded *l,
			 const struct web_job *job, FILE *out, struct json *j, struct err *err)
{
	struct report_opts opts;
	int rc = options_of(l, job, &opts, err);

	return rc ? rc : web_text_report(l->profile, q->kind, &opts, l->opts->draw, j, err);
}

static int answer_export(const struct web_question *q, struct web_loaded *l,
			 const struct web_job *job, FILE *out, struct json *j, struct err *err)
{
	struct report_opts opts;
	int rc = options_of(l, job, &opts, err);

	return rc ? rc : web_text_export(l->profile, q->kind, &opts, out, err);
}

static int answer_download(const struct web_question *q, struct web_loaded *l,
			   const struct web_job *job, FILE *out, struct json *j, struct err *err)
{
	return web_text_download(l->profile, out, err);
}

static int list_saved(const struct web_question *q, struct web_loaded *l, const struct web_job *job,
		      FILE *out, struct json *j, struct err *err)
{
	return web_saved_print(j, err);
}

static int save_view(const struct web_question *q, struct web_loaded *l, const struct web_job *job,
		     FILE *out, struct json *j, struct err *err)
{
	return web_saved_change(true, web_query_get(&job->query, "name"),
				web_query_get(&job->query, "query"), err);
}

static int delete_view(const struct web_question *q, struct web_loaded *l,
		       const struct web_job *job, FILE *out, struct json *j, struct err *err)
{
	return web_saved_change(false, web_query_get(&job->query, "name"), "", err);
}

static bool is_there(const struct web_job *job, struct err *err)
{
	return job->upload >= 0 || !err_set(err, SONDE_EUSAGE, "no profile came with the request");
}

static int compare(const struct web_question *q, struct web_loaded *l, const struct web_job *job,
		   FILE *out, struct json *j, struct err *err)
{
	return is_there(job, err) ? web_loaded_compare(l, job, err) : SONDE_EUSAGE;
}

static int open_other(const struct web_question *q, struct web_loaded *l, const struct web_job *job,
		      FILE *out, struct json *j, struct err *err)
{
	return is_there(job, err) ? web_loaded_open(l, job, err) : SONDE_EUSAGE;
}

static int load_first(const struct web_question *q, struct web_loaded *l, const struct web_job *job,
		      FILE *out, struct json *j, struct err *err)
{
	return web_loaded_first(l, err);
}

#define REPORT(name, which)                                                                        \
	{                                                                                          \
		"data/" name, WEB_ONCE, .kind = which, .answer = answer_report                     \
	}
#define EXPORT(name, which, a, b)                                                                  \
	{                                                                                          \
		"export/" name, WEB_ONCE, .kind = which, .type = a, .extension = b,                \
					  .answer = answer_export                                  \
	}

static const struct web_question questions[] = {
	{ "data/info", WEB_ONCE, .answer = answer_info },
	{ "data/flame", WEB_VIEW, .of_view = web_answer_flame },
	{ "data/top", WEB_VIEW, .of_view = web_answer_top },
	{ "data/search", WEB_VIEW, .of_view = web_answer_search },
	{ "data/function", WEB_VIEW, .of_view = web_answer_function },
	REPORT("graph", REPORT_DOT),
	REPORT("peek", REPORT_PEEK),
	REPORT("source", REPORT_WEBLIST),
	REPORT("disasm", REPORT_DISASM),
	EXPORT("folded", REPORT_FOLDED, text_type, "folded"),
	EXPORT("speedscope", REPORT_SPEEDSCOPE, json_type, "speedscope.json"),
	EXPORT("firefox", REPORT_FIREFOX, json_type, "firefox.json"),
	EXPORT("flame", REPORT_FLAME, html_type, "html"),
	{ "download", WEB_ONCE, .type = binary_type, .extension = "pb.gz",
	  .answer = answer_download },
	{ "data/views", WEB_HERE, .answer = list_saved },
	{ "data/saveview", WEB_HERE, .changes = true, .answer = save_view },
	{ "data/deleteview", WEB_HERE, .changes = true, .answer = delete_view },
	{ "data/compare", WEB_LOAD, .changes = true, .answer = compare },
	{ "data/open", WEB_LOAD, .changes = true, .answer = open_other },
};

const struct web_question web_question_first = { "", WEB_LOAD, .answer = load_first };

const struct web_question *web_question_find(const char *what)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(questions[i].what, what) == 0)
			return &questions[i];
	return NULL;
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

static int of_view(const struct web_question *q, struct web_loaded *l, struct web_view **view,
		   const struct web_job *job, struct json *j, struct err *err)
{
	int rc = *view ? 0
		       : web_view_new(view, l->profile, &l->opts->report, &job->query, l->compared,
				      err);

	return rc ? rc : q->of_view(*view, &job->query, j, err);
}

static int print_answer(const struct web_question *q, struct web_loaded *l, struct web_view **view,
			const struct web_job *job, FILE *out, struct err *err)
{
	struct json j = { .out = out };
	int rc;

	if (q->type)
		return q->answer(q, l, job, out, NULL, err);
	json_open(&j, NULL, '{');
	json_int(&j, "loaded", l->number);
	rc = q->place == WEB_VIEW ? of_view(q, l, view, job, &j, err)
				  : q->answer(q, l, job, out, &j, err);
	json_close(&j, '}');
	return rc;
}

static void pack(struct web_answer *a)
{
	char *packed;
	size_t n;

	if (gzip_mem(&packed, &n, a->body, a->n, NULL))
		return;
	free(a->body);
	a->body = packed;
	a->n = n;
	a->packed = true;
}

void web_question_answer(const struct web_question *q, struct web_loaded *l, struct web_view **view,
			 struct web_job *job)
{
	struct web_answer *a = &job->answer;
	struct err err = { "" };
	FILE *out = open_memstream(&a->body, &a->n);
	int rc;

	if (!out) {
		web_answer_text(a, 500, "out of memory");
		a->rc = SONDE_ENOMEM;
		return;
	}
	a->status = 200;
	a->type = q->type ? q->type : json_type;
	a->extension = q->extension;
	rc = print_answer(q, l, view, job, out, &err);
	if (fclose(out) && !rc)
		rc = err_set(&err, SONDE_ENOMEM, "out of memory");
	if (rc) {
		web_answer_text(a, http_status(rc), err.text);
		a->rc = rc;
	} else if (job->takes_gzip && !a->extension && a->n >= LEAST_TO_COMPRESS) {
		pack(a);
	}
}
