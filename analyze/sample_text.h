/* sample_text.h - every sample with its stack as text, as a report writes it: gigabytes for a large
 * profile, made by all cores, written in order.
 */
#ifndef SONDE_ANALYZE_SAMPLE_TEXT_H
#define SONDE_ANALYZE_SAMPLE_TEXT_H

#include "analyze/report.h"
#include "analyze/text.h"

struct sample_format;

/* What one thread has of its own for the samples it writes. */
struct sample_writer {
	struct report r; /* the report, with a scratch arena that is emptied after each sample */
	struct text *to; /* what is written so far, to be added to; always the same one */
	FILE *file;	 /* adds to it too; sample_writer_file() */
	void *own;	 /* the format's, zero at first */
};

/* How a report writes a sample; several threads are in the functions at a time. */
struct sample_format {
	const void *ctx; /* for the functions; none of them changes it */
	bool root_first;

	/* The text of a frame, made once for each node.  One thread is in here. */
	void (*frame)(const struct sample_format *f, struct report *r, struct text *to,
		      uint32_t node, bool is_inline);
	size_t skip; /* so many bytes of the first frame's text are left out */

	/* What stands before the frames; false: nothing is written of this sample. */
	bool (*before)(const struct sample_format *f, struct sample_writer *w, size_t i);
	/* What stands after them; may be NULL. */
	void (*after)(const struct sample_format *f, struct sample_writer *w, size_t i);
	size_t own_bytes;
};

/* A stream whose text goes to w->to when it is flushed. */
FILE *sample_writer_file(struct sample_writer *w);

/* Write n samples: those whose numbers are in `samples`, which grow, or NULL for all of the profile.
 * The functions are called with places in this list.  The nodes have been assigned. */
void sample_text_print(struct report *r, const struct sample_format *f, const uint32_t *samples,
		       size_t n);

#endif
