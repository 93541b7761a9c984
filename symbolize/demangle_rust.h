/* demangle_rust.h - Rust's two manglings. */
#ifndef SONDE_SYMBOLIZE_DEMANGLE_RUST_H
#define SONDE_SYMBOLIZE_DEMANGLE_RUST_H

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/* _ZN ... 17h HASH E: the name in the arena, NULL if it is not of that shape. */
const char *demangle_rust_legacy(const char *s, struct arena *a);

/* _R ...: the name in the arena, NULL if it is not of that shape or would become too long.
 * Without generics the brackets stay, as pprof prints it: Vec::<>::push. */
const char *demangle_rust_v0(const char *s, bool without_generics, struct arena *a);

typedef VEC(char) char_list;

void put_utf8(char_list *out, uint32_t c);
/* Append the name that Rust's punycode (RFC 3492, with '_' for '-') of n bytes stands for; false if
 * it stands for none. */
bool put_punycode(char_list *out, const char *s, size_t n);

#endif
