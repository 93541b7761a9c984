/* dwarf_skip.c - going over dies that are of no interest, by the steps of their abbreviations. */
#include "symbolize/dwarf_reader.h"

/* A sibling lies behind the die that names it, and in the same unit. */
static const unsigned char *read_sibling(struct dwarf_cursor *c, const struct dwarf_unit *u,
					 unsigned n)
{
	uint64_t at = n ? cursor_fixed(c, n) : cursor_uleb(c);
	const unsigned char *start = u->image->sections.v[DWARF_INFO].p + u->offset;

	if (at > (uint64_t)(c->end - start) || start + at <= c->p)
		return NULL;
	return start + at;
}

void dwarf_skip_attrs(struct dwarf_cursor *c, const struct dwarf_unit *u,
		      const struct dwarf_abbrevs *t, const struct dwarf_abbrev *a,
		      const unsigned char **to_sibling)
{
	const struct dwarf_step *step = &t->steps.v[a->first_step], *end = step + a->n_steps;
	const unsigned char *sibling;

	if (to_sibling)
		*to_sibling = NULL;
	for (; step < end; step++)
		switch (step->op) {
		case STEP_BYTES:
			cursor_skip(c, step->n);
			break;
		case STEP_LEB:
			cursor_uleb(c);
			break;
		case STEP_STRING:
			cursor_string(c);
			break;
		case STEP_BLOCK:
			cursor_skip(c, step->n ? cursor_fixed(c, step->n) : cursor_uleb(c));
			break;
		case STEP_SIBLING:
			sibling = read_sibling(c, u, step->n);
			if (to_sibling && sibling) {
				*to_sibling = sibling;
				return;
			}
			break;
		case STEP_FORM:
			dwarf_read_form(c, u, (uint16_t)step->n, 0, NULL);
			break;
		}
}

void dwarf_skip_children(struct dwarf_worker *w, struct dwarf_cursor *c, const struct dwarf_unit *u,
			 struct dwarf_abbrevs *t)
{
	uint64_t depth = 1;

	while (depth && cursor_left(c) && dwarf_spend(w, 1)) {
		uint64_t code = cursor_uleb(c);
		const unsigned char *sibling;
		const struct dwarf_abbrev *a;

		if (code == 0) {
			depth--;
			continue;
		}
		a = dwarf_abbrevs_find(t, code);
		if (!a) {
			cursor_fail(c);
			return;
		}
		dwarf_skip_attrs(c, u, t, a, &sibling);
		if (sibling)
			c->p = sibling;
		else if (a->has_children)
			depth++;
	}
}
