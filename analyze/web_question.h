/* web_question.h - the questions that can be asked of a loaded profile, and their answers. */
#ifndef SONDE_ANALYZE_WEB_QUESTION_H
#define SONDE_ANALYZE_WEB_QUESTION_H

#include "analyze/json.h"
#include "analyze/web_loaded.h"
#include "analyze/web_view.h"

/* Who answers: the session itself, at once; a worker that keeps a view; a worker that ends then; one
 * that loads a profile and becomes its keeper. */
enum web_place { WEB_HERE, WEB_VIEW, WEB_ONCE, WEB_LOAD };

struct web_question {
	const char *what; /* path behind /ui/ */
	enum web_place place;
	bool changes; /* something on the server's side: wants a POST */
	/* Of all but WEB_VIEW: into a JSON object, or, with a type, out as it is. */
	const char *type, *extension;
	enum report_kind kind;
	int (*answer)(const struct web_question *q, struct web_loaded *l, const struct web_job *job,
		      FILE *out, struct json *j, struct err *err);
	/* Of WEB_VIEW. */
	int (*of_view)(struct web_view *v, const struct web_query *q, struct json *j,
		       struct err *err);
};

extern const struct web_question web_question_first; /* loads what the command line names */
const struct web_question *web_question_find(const char *what); /* NULL = none */

/* Answer a job.  A WEB_ONCE question spoils the loaded profile.  *view is made if it is NULL, and
 * stays with the caller; NULL for other questions than those of a view. */
void web_question_answer(const struct web_question *q, struct web_loaded *l, struct web_view **view,
			 struct web_job *job);

#endif
