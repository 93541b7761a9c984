/* web_job.c - lists of jobs, and how one ends. */
#include "analyze/web_job.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

void web_answer_text(struct web_answer *a, unsigned status, const char *text)
{
	free(a->body);
	*a = (struct web_answer){ .status = status, .type = "text/plain; charset=utf-8" };
	a->body = strdup(text);
	a->n = a->body ? strlen(a->body) : 0;
}

void web_jobs_add(struct web_jobs *jobs, struct web_job *job)
{
	job->next = NULL;
	*(jobs->last ? &jobs->last->next : &jobs->first) = job;
	jobs->last = job;
}

struct web_job *web_jobs_take(struct web_jobs *jobs)
{
	struct web_job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = NULL;
	job->next = NULL;
	return job;
}

bool web_job_is_same(const struct web_job *a, const struct web_job *b)
{
	if (strcmp(a->what, b->what) != 0 || a->takes_gzip != b->takes_gzip ||
	    a->query.params.n != b->query.params.n || a->upload >= 0 || b->upload >= 0)
		return false;
	for (size_t i = 0; i < a->query.params.n; i++)
		if (strcmp(a->query.params.v[i].key, b->query.params.v[i].key) != 0 ||
		    strcmp(a->query.params.v[i].value, b->query.params.v[i].value) != 0)
			return false;
	return true;
}

static void copy_answer(struct web_answer *to, const struct web_answer *from)
{
	*to = *from;
	to->body = malloc(from->n + 1);
	if (to->body && from->body)
		memcpy(to->body, from->body, from->n);
	else
		web_answer_text(to, 500, "out of memory");
}

void web_job_finish(struct web_job *job)
{
	struct web_job *same = job->same, *next;

	for (; same; same = next) {
		next = same->same;
		copy_answer(&same->answer, &job->answer);
		same->done(same);
	}
	job->done(job);
}

void web_job_refuse(struct web_job *job, unsigned status, const char *text)
{
	web_answer_text(&job->answer, status, text);
	web_job_finish(job);
}

const struct web_job *web_job_waiting(const struct web_job *job)
{
	for (; job; job = job->same) {
		struct pollfd p = { .fd = job->client, .events = POLLRDHUP };

		if (job->client < 0 || poll(&p, 1, 0) <= 0 || !p.revents)
			return job;
	}
	return NULL;
}
