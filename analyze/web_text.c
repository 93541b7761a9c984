/* web_text.c - reports for the page. */
#include "analyze/web_text.h"
#include "base/progress.h"
#include "writer/writer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A text that grows while it is written. */
struct text {
	char *s;
	size_t n;
	FILE *out;
};

static int text_open(struct text *t, struct err *err)
{
	*t = (struct text){ NULL, 0, NULL };
	t->out = open_memstream(&t->s, &t->n);
	return t->out ? 0 : err_set(err, SONDE_ENOMEM, "out of memory");
}

static void text_end(struct text *t)
{
	if (t->out)
		fclose(t->out);
	t->out = NULL;
}

static void text_release(struct text *t)
{
	text_end(t);
	free(t->s);
}

static void collect_note(void *ctx, const char *note)
{
	fprintf(ctx, "%s\n", note);
}

/* What peek, source and disasm look for is all that they show: no focus besides. */
static const char *take_pattern(enum report_kind kind, struct report_opts *opts)
{
	const char *pattern = *opts->focus ? opts->focus : ".";

	if (kind == REPORT_DOT)
		return NULL;
	opts->focus = "";
	return pattern;
}

static int draw_graph(struct text *text, web_draw_fn draw, struct err *err)
{
	struct text picture;
	int rc = text_open(&picture, err);

	text_end(text);
	progress_begin("Graphviz is laying the graph out", 0);
	if (!rc)
		rc = draw ? draw(picture.out, text->s, text->n, err)
			  : err_set(err, SONDE_EIO, "graphs cannot be drawn here");
	text_end(&picture);
	free(text->s);
	text->s = picture.s;
	return rc;
}

static int print(struct profile *copy, enum report_kind kind, const struct report_opts *opts,
		 web_draw_fn draw, struct text *text, const struct notes *notes, struct err *err)
{
	struct report_opts o = *opts;
	const char *pattern = take_pattern(kind, &o);
	int rc;

	progress_begin("adding up", 0);
	rc = analyze_report(copy, kind, pattern, &o, text->out, notes, err);

	if (!rc && kind == REPORT_DOT)
		rc = draw_graph(text, draw, err);
	text_end(text);
	return rc;
}

int web_text_report(struct profile *copy, enum report_kind kind, const struct report_opts *opts,
		    web_draw_fn draw, struct json *j, struct err *err)
{
	struct text text, said = { NULL, 0, NULL };
	struct notes notes = { collect_note, NULL };
	int rc = text_open(&text, err);

	if (!rc)
		rc = text_open(&said, err);
	notes.ctx = said.out;
	if (!rc)
		rc = print(copy, kind, opts, draw, &text, &notes, err);
	text_end(&said);
	if (rc && said.n) {
		struct err why = *err;

		rc = err_set(err, rc, "%s\n%s", why.text, said.s);
	} else if (!rc) {
		json_text(j, "text", text.s ? text.s : "");
		json_text(j, "notes", said.s ? said.s : "");
	}
	text_release(&text);
	text_release(&said);
	return rc;
}

int web_text_export(struct profile *copy, enum report_kind kind, const struct report_opts *opts,
		    FILE *out, struct err *err)
{
	static const struct notes silent = { NULL, NULL };

	progress_begin("writing", 0);
	return analyze_report(copy, kind, NULL, opts, out, &silent, err);
}

/* The writer wants a descriptor. */
int web_text_download(const struct profile *p, FILE *out, struct err *err)
{
	int fd = memfd_create("profile", MFD_CLOEXEC), rc;
	char buf[1 << 16];
	ssize_t n;

	if (fd < 0)
		return err_set(err, SONDE_EIO, "cannot make room for the profile: %m");
	rc = profile_write_fd(p, fd, "profile", err);
	if (!rc && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_set(err, SONDE_EIO, "cannot read the profile back: %m");
	while (!rc && (n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, out);
	close(fd);
	return rc;
}
