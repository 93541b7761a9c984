/* stack_text.h - formats of text that name their frames, which other profilers write.
 * Room-internal.
 *
 * Each reader gets an empty profile and answers whether the bytes are its format.
 */
#ifndef SONDE_WRITER_STACK_TEXT_H
#define SONDE_WRITER_STACK_TEXT_H

#include "writer/legacy.h"

enum legacy_result folded_decode(struct profile *p, const uint8_t *data, size_t n, struct err *err);
enum legacy_result perf_script_decode(struct profile *p, const uint8_t *data, size_t n,
				      struct err *err);

/* All of them; LEGACY_NOT_MINE = none knows it. */
enum legacy_result stack_text_decode(struct profile **out, const uint8_t *data, size_t n,
				     struct err *err);

#endif
