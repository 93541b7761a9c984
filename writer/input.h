/* input.h - how the files of writer/ that read profiles share the work.
 *
 * Room-internal: only writer/ and its tests include it.
 */
#ifndef SONDE_WRITER_INPUT_H
#define SONDE_WRITER_INPUT_H

#include "base/err.h"
#include "base/hash.h"
#include "base/profile.h"
#include "base/vec.h"

#include <stdint.h>

struct bytes {
	VEC(uint8_t) buf;
};

enum proto_result {
	PROTO_OK = 0,
	PROTO_MALFORMED = -1, /* not profile.proto, or broken: perhaps an older format */
	PROTO_REFUSED = -2,   /* profile.proto beyond doubt, and unusable */
};

/* decode.c: one plain profile.proto.  err is filled unless PROTO_OK. */
enum proto_result proto_decode(struct profile **out, const uint8_t *data, size_t n,
			       struct err *err);

/* recognize.c: a whole file as it is.  The sentence names it. */
SONDE_MUST int read_file(struct bytes *out, const char *path, struct err *err);

/* gzip_in.c: append all members of a gzip file, unpacked, to out. */
SONDE_MUST int gzip_unpack(struct bytes *out, const uint8_t *data, size_t n, struct err *err);

/* id_map.c: from the ids of a file to indices.  Ids are arbitrary 64-bit numbers that are in
 * practice 1..N, so small ones are looked up in a plain array, if at all. */
struct id_map {
	uint32_t n_straight;  /* so many first ones have the ids 1, 2, 3 ...: nothing to look up */
	VEC(uint32_t) dense;  /* by id; PROFILE_NONE = unknown */
	struct hash_map rest; /* by hash_mix(id): no two ids share it, so the hash is the key */
};

void id_map_init(struct id_map *m, size_t n_expected); /* a zeroed struct is fine for release */
void id_map_release(struct id_map *m);
bool id_map_add(struct id_map *m, uint64_t id, uint32_t index); /* false: known already */
uint32_t id_map_get_rest(const struct id_map *m, uint64_t id);

/* PROFILE_NONE = unknown.  Several threads may ask. */
static inline uint32_t id_map_get(const struct id_map *m, uint64_t id)
{
	return id - 1 < m->n_straight ? (uint32_t)(id - 1) : id_map_get_rest(m, id);
}

#endif
