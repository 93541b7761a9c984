/* filter.c - the frame and sample filters, each one pass over the locations and one over the
 * samples.
 *
 * A location gets its verdict once; the pass over the samples only looks verdicts up.
 */
#include "analyze/filter.h"
#include "analyze/edit.h"
#include "analyze/notes.h"
#include "analyze/regex.h"
#include "analyze/simple_name.h"
#include "analyze/tag_filter.h"

#include <string.h>

enum verdict { INDIFFERENT, FOCUSED, IGNORED };

struct patterns {
	struct regex *focus, *ignore, *hide, *show, *show_from, *prune_from, *tagshow, *taghide;
	struct tag_filter *tagfocus, *tagignore;
};

/* By location. */
struct verdicts {
	VEC(unsigned char) focus; /* enum verdict */
	VEC(unsigned char) mark;  /* hidden, or the place to cut at */
};

/* Room for count bytes, all 0; never NULL. */
#define CLEARED(vec, count)                                                                        \
	(VEC_MUST(vec, (count) + 1), memset((vec)->v, 0, (count) + 1), (vec)->n = (count))

static void release_verdicts(struct verdicts *v)
{
	VEC_RELEASE(&v->focus);
	VEC_RELEASE(&v->mark);
}

/* ---- what matches ---- */

static bool line_matches(const struct profile *p, const struct line *line, struct regex *r)
{
	const struct function *f;

	if (line->function == PROFILE_NONE)
		return false;
	f = &p->functions.v[line->function];
	return regex_match_id(r, p->strings, f->name) || regex_match_id(r, p->strings, f->filename);
}

static bool mapping_matches(const struct profile *p, const struct location *l, struct regex *r)
{
	return l->mapping != PROFILE_NONE &&
	       regex_match_id(r, p->strings, p->mappings.v[l->mapping].file);
}

static bool location_matches(const struct profile *p, const struct location *l, struct regex *r)
{
	for (uint32_t i = 0; i < l->n_lines; i++)
		if (line_matches(p, &p->lines.v[l->first_line + i], r))
			return true;
	return mapping_matches(p, l, r);
}

/* Keep the lines of l that match (or do not); lines without a function always stay. */
static void keep_lines(struct profile *p, struct location *l, struct regex *r, bool matching)
{
	struct line *lines = p->lines.v + l->first_line;
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n_lines; i++)
		if (lines[i].function == PROFILE_NONE || line_matches(p, &lines[i], r) == matching)
			lines[n++] = lines[i];
	l->n_lines = n;
}

/* ---- focus, ignore, hide, show ---- */

struct name_hits {
	bool focus, ignore, hide, show, hidden;
};

static enum verdict judge_focus(const struct profile *p, const struct location *l,
				const struct patterns *f, struct name_hits *hits)
{
	if (f->ignore && location_matches(p, l, f->ignore)) {
		hits->ignore = true;
		return IGNORED;
	}
	if (f->focus && !location_matches(p, l, f->focus))
		return INDIFFERENT;
	hits->focus = true;
	return FOCUSED;
}

static bool hide_lines(struct profile *p, struct location *l, const struct patterns *f,
		       struct name_hits *hits)
{
	bool hidden = false;

	if (f->hide && location_matches(p, l, f->hide)) {
		hits->hide = true;
		if (mapping_matches(p, l, f->hide))
			l->n_lines = 0;
		else
			keep_lines(p, l, f->hide, false);
		hidden = l->n_lines == 0;
	}
	if (f->show) {
		if (!mapping_matches(p, l, f->show))
			keep_lines(p, l, f->show, true);
		hidden |= l->n_lines == 0;
		hits->show |= l->n_lines > 0;
	}
	hits->hidden |= hidden;
	return hidden;
}

static bool drop_hidden(const struct verdicts *v, struct row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < row->n_stack; i++)
		if (!v->mark.v[row->stack[i]])
			row->stack[n++] = row->stack[i];
	row->n_stack = n;
	return n > 0;
}

struct name_pass {
	struct verdicts verdicts;
	struct name_hits hits;
};

static bool is_focused(void *ctx, const struct profile *p, struct row *row)
{
	const struct name_pass *pass = ctx;
	bool focused = false;

	for (size_t i = 0; i < row->n_stack; i++) {
		unsigned char verdict = pass->verdicts.focus.v[row->stack[i]];

		if (verdict == IGNORED)
			return false;
		focused |= verdict == FOCUSED;
	}
	return focused && (!pass->hits.hidden || drop_hidden(&pass->verdicts, row));
}

static void filter_by_name(struct profile *p, const struct patterns *f, const struct notes *notes)
{
	struct name_pass pass = { 0 };

	if (!f->focus && !f->ignore && !f->hide && !f->show)
		return;
	CLEARED(&pass.verdicts.focus, p->locations.n);
	CLEARED(&pass.verdicts.mark, p->locations.n);
	for (size_t i = 0; i < p->locations.n; i++) {
		struct location *l = &p->locations.v[i];

		pass.verdicts.focus.v[i] = judge_focus(p, l, f, &pass.hits);
		pass.verdicts.mark.v[i] = hide_lines(p, l, f, &pass.hits);
	}
	profile_edit_rows(p, is_focused, &pass);
	if (f->focus && !pass.hits.focus)
		note(notes, "Focus expression matched no samples");
	if (f->ignore && !pass.hits.ignore)
		note(notes, "Ignore expression matched no samples");
	if (f->hide && !pass.hits.hide)
		note(notes, "Hide expression matched no samples");
	if (f->show && !pass.hits.show)
		note(notes, "Show expression matched no samples");
	release_verdicts(&pass.verdicts);
}

/* ---- show_from, prune_from ---- */

static bool cut_above_match(struct profile *p, struct location *l, struct regex *r)
{
	if (mapping_matches(p, l, r))
		return true;
	for (uint32_t i = l->n_lines; i > 0; i--) {
		if (line_matches(p, &p->lines.v[l->first_line + i - 1], r)) {
			l->n_lines = i;
			return true;
		}
	}
	return false;
}

static bool end_at_mark(void *ctx, const struct profile *p, struct row *row)
{
	const struct verdicts *v = ctx;

	while (row->n_stack > 0 && !v->mark.v[row->stack[row->n_stack - 1]])
		row->n_stack--;
	return row->n_stack > 0;
}

static void show_from(struct profile *p, struct regex *r, const struct notes *notes)
{
	struct verdicts v = { 0 };
	bool matched = false;

	if (!r)
		return;
	CLEARED(&v.mark, p->locations.n);
	for (size_t i = 0; i < p->locations.n; i++)
		matched |= v.mark.v[i] = cut_above_match(p, &p->locations.v[i], r);
	profile_edit_rows(p, end_at_mark, &v);
	if (!matched)
		note(notes, "ShowFrom expression matched no samples");
	release_verdicts(&v);
}

static bool cut_below_match(struct profile *p, struct location *l, struct regex *r)
{
	for (uint32_t i = 0; i < l->n_lines; i++) {
		uint32_t f = p->lines.v[l->first_line + i].function;

		if (f != PROFILE_NONE && p->functions.v[f].name &&
		    regex_match_id(r, p->strings, simple_name(p, p->functions.v[f].name))) {
			l->first_line += i;
			l->n_lines -= i;
			return true;
		}
	}
	return false;
}

static bool start_at_mark(void *ctx, const struct profile *p, struct row *row)
{
	const struct verdicts *v = ctx;

	for (size_t i = 0; i < row->n_stack; i++) {
		if (v->mark.v[row->stack[i]]) {
			row->stack += i;
			row->n_stack -= i;
			break;
		}
	}
	return true;
}

static void prune_from(struct profile *p, struct regex *r)
{
	struct verdicts v = { 0 };

	if (!r)
		return;
	CLEARED(&v.mark, p->locations.n);
	for (size_t i = 0; i < p->locations.n; i++)
		v.mark.v[i] = cut_below_match(p, &p->locations.v[i], r);
	profile_edit_rows(p, start_at_mark, &v);
	release_verdicts(&v);
}

/* ---- labels ---- */

struct tag_pass {
	struct tag_filter *focus, *ignore;
	bool focus_hit, ignore_hit;
};

static bool has_wanted_tags(void *ctx, const struct profile *p, struct row *row)
{
	struct tag_pass *t = ctx;
	bool focused = !t->focus || tag_filter_match(t->focus, row->labels, row->n_labels);
	bool ignored = t->ignore && tag_filter_match(t->ignore, row->labels, row->n_labels);

	t->focus_hit |= focused;
	t->ignore_hit |= ignored;
	return focused && !ignored;
}

static void filter_by_tag(struct profile *p, const struct patterns *f, const struct notes *notes)
{
	struct tag_pass t = { .focus = f->tagfocus, .ignore = f->tagignore };

	if (!t.focus && !t.ignore)
		return;
	profile_edit_rows(p, has_wanted_tags, &t);
	if (t.focus && !t.focus_hit)
		note(notes, "TagFocus expression matched no samples");
	if (t.ignore && !t.ignore_hit)
		note(notes, "TagIgnore expression matched no samples");
}

struct label_pass {
	struct regex *show, *hide;
	bool show_hit, hide_hit;
};

static bool show_wanted_labels(void *ctx, const struct profile *p, struct row *row)
{
	struct label_pass *pass = ctx;
	size_t n = 0;

	for (size_t i = 0; i < row->n_labels; i++) {
		str_id key = row->labels[i].key;
		bool shown = !pass->show || regex_match_id(pass->show, p->strings, key);
		bool hidden = pass->hide && regex_match_id(pass->hide, p->strings, key);

		pass->show_hit |= shown;
		pass->hide_hit |= hidden;
		if (shown && !hidden)
			row->labels[n++] = row->labels[i];
	}
	row->n_labels = n;
	return true;
}

static void filter_labels(struct profile *p, const struct patterns *f, const struct notes *notes)
{
	struct label_pass pass = { .show = f->tagshow, .hide = f->taghide };

	if (!pass.show && !pass.hide)
		return;
	profile_edit_rows(p, show_wanted_labels, &pass);
	if (pass.show && !pass.show_hit)
		note(notes, "TagShow expression matched no samples");
	if (pass.hide && !pass.hide_hit)
		note(notes, "TagHide expression matched no samples");
}

/* ---- all of them ---- */

static int compile(struct regex **out, const char *name, const char *text, struct err *err)
{
	int rc = *text ? regex_compile(out, text, err) : 0;

	if (rc)
		err_prefix(err, "parsing %s regexp", name);
	return rc;
}

static int compile_all(struct patterns *f, const struct report_opts *o, struct err *err)
{
	const struct {
		struct regex **out;
		const char *name, *text;
	} rows[] = {
		{ &f->focus, "focus", o->focus },
		{ &f->ignore, "ignore", o->ignore },
		{ &f->hide, "hide", o->hide },
		{ &f->show, "show", o->show },
		{ &f->show_from, "show_from", o->show_from },
		{ &f->prune_from, "prune_from", o->prune_from },
		{ &f->tagshow, "tagshow", o->tagshow },
		{ &f->taghide, "taghide", o->taghide },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rc; i++)
		rc = compile(rows[i].out, rows[i].name, rows[i].text, err);
	return rc;
}

static void free_all(struct patterns *f)
{
	struct regex *all[] = { f->focus,     f->ignore,     f->hide,	 f->show,
				f->show_from, f->prune_from, f->tagshow, f->taghide };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		regex_free(all[i]);
	tag_filter_free(f->tagfocus);
	tag_filter_free(f->tagignore);
}

int filter_profile(struct profile *p, const struct report_opts *o, const struct label_units *units,
		   const struct notes *notes, struct err *err)
{
	struct patterns f = { 0 };
	int rc = compile_all(&f, o, err);

	if (!rc)
		rc = tag_filter_new(&f.tagfocus, "tagfocus", o->tagfocus, p, units, notes, err);
	if (!rc)
		rc = tag_filter_new(&f.tagignore, "tagignore", o->tagignore, p, units, notes, err);
	if (!rc) {
		filter_by_name(p, &f, notes);
		show_from(p, f.show_from, notes);
		filter_by_tag(p, &f, notes);
		filter_labels(p, &f, notes);
		prune_from(p, f.prune_from);
	}
	free_all(&f);
	return rc;
}

void filter_mark_inlines(struct profile *p)
{
	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *l = &p->locations.v[i];

		for (uint32_t k = 0; k < l->n_lines; k++)
			p->lines.v[l->first_line + k].is_inlined = k + 1 < l->n_lines;
	}
}
