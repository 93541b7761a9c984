/* label_texts.h - the labels of one sample as sorted texts, several values of one key together. */
#ifndef SONDE_ANALYZE_LABEL_TEXTS_H
#define SONDE_ANALYZE_LABEL_TEXTS_H

#include "analyze/report.h"
#include "analyze/text.h"

/* Write the labels of one key (n > 0, in file order, all strings or all numbers) to t. */
typedef void (*label_text_fn)(struct report *r, struct text *t, const struct label *labels,
			      size_t n);

struct label_texts {
	const char **v; /* in the report's scratch arena */
	size_t n_strings,
		n; /* first the string labels, then the numeric ones, each sorted bytewise */
};

struct label_texts label_texts_make(struct report *r, size_t sample, label_text_fn write);

#endif
