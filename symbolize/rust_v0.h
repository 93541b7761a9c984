/* rust_v0.h - reading and printing for the files that demangle Rust's newer names.
 *
 * A failure is noted, and everything after it reads nothing and prints nothing: callers check at the
 * end, and in loops.
 */
#ifndef SONDE_SYMBOLIZE_RUST_V0_H
#define SONDE_SYMBOLIZE_RUST_V0_H

#include "symbolize/demangle_rust.h"

struct v0 {
	const char *s; /* after _R */
	size_t at, end;
	char_list out;
	uint64_t n_lifetimes; /* bound around here */
	unsigned depth, steps;
	bool failed, is_silent, without_generics;
};

struct v0_identifier {
	const char *p;
	size_t n;
	bool is_punycode;
};

struct v0_place { /* to come back to */
	size_t at, end;
};

void v0_fail(struct v0 *v);
/* The next letter, 0 at the end. */
char v0_peek(const struct v0 *v);
bool v0_eat(struct v0 *v, char c); /* if it is the next */
char v0_next(struct v0 *v);
void v0_expect(struct v0 *v, char c);
bool v0_more_items(struct v0 *v); /* of a list up to E */
/* Before and after whatever may hold its like; false = too deep, or too much altogether. */
bool v0_enter(struct v0 *v);
void v0_leave(struct v0 *v);

uint64_t v0_base62(struct v0 *v);
/* 0 if the letter is not there, else what comes after it, plus 1. */
uint64_t v0_optional_base62(struct v0 *v, char letter);
struct v0_identifier v0_identifier(struct v0 *v);

/* After a B: go to what it means; false = nothing is to be read there. */
bool v0_go_back(struct v0 *v, struct v0_place *from);
void v0_return(struct v0 *v, struct v0_place from);

void v0_put_bytes(struct v0 *v, const char *p, size_t n);
void v0_put(struct v0 *v, const char *s);
void v0_put_number(struct v0 *v, const char *fmt, uint64_t n); /* fmt: of an unsigned long long */
void v0_put_identifier(struct v0 *v, const struct v0_identifier *id);

/* demangle_rust_v0.c */
void v0_path(struct v0 *v, bool in_value);
/* rust_v0_constant.c: of a generic argument, or inside a larger expression. */
void v0_constant(struct v0 *v, bool in_expression);

#endif
