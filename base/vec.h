/* vec.h - a growing array of one type.
 *
 * Elements live in an mmap of their own that grows by mremap, so growth copies nothing, memory goes back to the
 * system on release, and the array can be used where malloc must not be called.  Room that no element has used is
 * zero.  Pointers into it are invalid after the next push.  Not thread-safe.
 *
 *	VEC(struct line) lines = VEC_INIT;
 *	*VEC_PUSH(&lines) = (struct line){ ... };     (exits on out of memory, as a tool may)
 *	if (VEC_RESERVE(&lines, n)) return ...;        (in the target: room for n elements in all, or -1)
 *	VEC_RELEASE(&lines);
 */
#ifndef SONDE_BASE_VEC_H
#define SONDE_BASE_VEC_H

#include <stddef.h>

#define VEC(T)                                                                                     \
	struct {                                                                                   \
		T *v;                                                                              \
		size_t n, cap;                                                                     \
	}
#define VEC_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

#define VEC_RESERVE(vec, count)                                                                    \
	((size_t)(count) <= (vec)->cap                                                             \
		 ? 0                                                                               \
		 : vec_grow((void **)&(vec)->v, &(vec)->cap, (count), sizeof(*(vec)->v)))
#define VEC_MUST(vec, count)                                                                       \
	((void)((size_t)(count) <= (vec)->cap ||                                                   \
		(vec_must((void **)&(vec)->v, &(vec)->cap, (count), sizeof(*(vec)->v)), 0)))
#define VEC_PUSH(vec)                                                                              \
	(VEC_MUST((vec), (vec)->n + 1), &(vec)->v[(vec)->n++]) /* contents undefined */
#define VEC_RELEASE(vec)                                                                           \
	(vec_release((vec)->v, (vec)->cap, sizeof(*(vec)->v)), (vec)->v = NULL,                    \
	 (vec)->n = (vec)->cap = 0)

int vec_grow(void **v, size_t *cap, size_t count,
	     size_t elem_bytes); /* 0, or -1 and nothing changed */
void vec_must(void **v, size_t *cap, size_t count, size_t elem_bytes);
void vec_release(void *v, size_t cap, size_t elem_bytes);

#endif
