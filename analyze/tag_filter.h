/* tag_filter.h - tagfocus and tagignore: choose samples by their labels.
 *
 * The text is [key=]what.  A range (10kb, 10kb:, :10kb, 1:10) is for numeric labels, anything else
 * is a list of regular expressions parted by commas for string labels: all of them must match
 * "key:value" texts, or, with a key, one of them a value of that key.
 */
#ifndef SONDE_ANALYZE_TAG_FILTER_H
#define SONDE_ANALYZE_TAG_FILTER_H

#include "analyze/edit.h"
#include "analyze/label_units.h"

struct tag_filter;

/* name is the option's, for the sentences.  *out is NULL when text is "". */
SONDE_MUST int tag_filter_new(struct tag_filter **out, const char *name, const char *text,
			      struct profile *p, const struct label_units *units,
			      const struct notes *notes, struct err *err);
void tag_filter_free(struct tag_filter *f); /* NULL is fine */
bool tag_filter_match(struct tag_filter *f, const struct label *labels, size_t n);

#endif
