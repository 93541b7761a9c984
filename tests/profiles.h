/* profiles.h - a small profile that has one of everything, its bytes, and comparison, for the
 * tests. */
#ifndef SONDE_TESTS_PROFILES_H
#define SONDE_TESTS_PROFILES_H

#include "writer/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants some of the above first */
#include <cmocka.h>
#include <sys/mman.h>
#include <zlib.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static inline uint32_t add_test_function(struct profile *p, const char *name, const char *file)
{
	str_id id = profile_intern(p, name);
	uint32_t index = (uint32_t)p->functions.n;

	*VEC_PUSH(&p->functions) = (struct function){
		.id = index + 1,
		.name = id,
		.system_name = id,
		.filename = profile_intern(p, file),
		.start_line = 10,
	};
	return index;
}

static inline void add_test_location(struct profile *p, uint32_t mapping, uint64_t address)
{
	uint32_t index = (uint32_t)p->locations.n;

	*VEC_PUSH(&p->locations) = (struct location){
		.id = index + 1,
		.mapping = mapping,
		.address = address,
		.first_line = (uint32_t)p->lines.n,
	};
}

static inline void add_test_line(struct profile *p, uint32_t function, int64_t line)
{
	*VEC_PUSH(&p->lines) = (struct line){ .function = function, .line = line, .column = 5 };
	p->locations.v[p->locations.n - 1].n_lines++;
}

static inline void add_test_tables(struct profile *p)
{
	uint32_t leaf, caller, inlined;

	*VEC_PUSH(&p->mappings) = (struct mapping){
		.id = 1,
		.start = 0x400000,
		.limit = 0x500000,
		.offset = 0x1000,
		.file = profile_intern(p, "/bin/program"),
		.build_id = profile_intern(p, "0123abcd"),
		.has_functions = true,
		.has_filenames = true,
		.has_line_numbers = true,
		.has_inline_frames = true,
	};
	*VEC_PUSH(&p->mappings) = (struct mapping){
		.id = 2,
		.start = 0x7f0000000000,
		.limit = 0x7f0000010000,
		.file = profile_intern(p, "/lib/stripped.so"),
	};
	leaf = add_test_function(p, "leaf", "/src/leaf.c");
	caller = add_test_function(p, "caller", "/src/caller.c");
	inlined = add_test_function(p, "inlined", "/src/caller.h");
	add_test_location(p, 0, 0x400100);
	add_test_line(p, leaf, 11);
	add_test_location(p, 0, 0x400200);
	add_test_line(p, inlined, 22);
	add_test_line(p, caller, 33);
	add_test_location(p, 1, 0x7f0000000300);
}

static inline struct profile *make_profile(void)
{
	struct profile *p = profile_new();
	struct label labels[2];

	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "samples"), profile_intern(p, "count") };
	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "cpu"), profile_intern(p, "nanoseconds") };
	p->period_type = p->sample_types.v[1];
	p->default_sample_type = p->period_type.type;
	p->period = 10000000;
	p->time_nanos = 1700000000000000000;
	p->duration_nanos = 5000000000;
	add_test_tables(p);
	labels[0] = (struct label){ .key = profile_intern(p, "thread"),
				    .str = profile_intern(p, "main") };
	labels[1] = (struct label){
		.key = profile_intern(p, "size"),
		.is_num = true,
		.num = -7,
		.unit = profile_intern(p, "bytes"),
	};
	profile_add_sample(p, (int64_t[]){ 3, 30000000 }, (uint32_t[]){ 0, 1, 2 }, 3, labels, 2);
	profile_add_sample(p, (int64_t[]){ 1, 10000000 }, (uint32_t[]){ 1 }, 1, NULL, 0);
	profile_add_sample(p, (int64_t[]){ 2, 20000000 }, (uint32_t[]){ 2, 1 }, 2, labels, 1);
	*VEC_PUSH(&p->comments) = profile_intern(p, "first comment");
	*VEC_PUSH(&p->comments) = profile_intern(p, "second comment");
	p->drop_frames = profile_intern(p, "handler");
	p->keep_frames = profile_intern(p, "keeper");
	p->doc_url = profile_intern(p, "https://example.org/");
	return p;
}

struct test_bytes {
	uint8_t *v; /* from malloc */
	size_t n;
};

static inline struct test_bytes read_back(int fd)
{
	struct test_bytes b = { NULL, 0 };
	off_t end = lseek(fd, 0, SEEK_END);

	assert_true(end >= 0);
	b.n = (size_t)end;
	b.v = malloc(b.n + 1);
	assert_non_null(b.v);
	assert_int_equal(pread(fd, b.v, b.n, 0), end);
	return b;
}

static inline struct test_bytes gzipped(const struct profile *p)
{
	int fd = memfd_create("profile", 0);
	struct test_bytes b;
	struct err err;

	if (profile_write_fd(p, fd, "memory", &err))
		fail_msg("%s", err.text);
	b = read_back(fd);
	close(fd);
	return b;
}

/* zlib's own reader, so that ours is not its own witness. */
static inline struct test_bytes inflated(struct test_bytes gz)
{
	struct test_bytes b = { malloc(1 << 20), 0 };
	z_stream z = {
		.next_in = gz.v, .avail_in = (uInt)gz.n, .next_out = b.v, .avail_out = 1 << 20
	};

	assert_non_null(b.v);
	assert_int_equal(inflateInit2(&z, 31), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	b.n = z.total_out;
	inflateEnd(&z);
	return b;
}

static inline struct test_bytes plain(const struct profile *p)
{
	struct test_bytes gz = gzipped(p), b = inflated(gz);

	free(gz.v);
	return b;
}

/* Decode an exact copy, so that reading past the end is seen by the sanitizer. */
static inline int decode_copy(struct profile **out, const uint8_t *data, size_t n, struct err *err)
{
	uint8_t *copy = malloc(n ? n : 1);
	int rc;

	assert_non_null(copy);
	if (n)
		memcpy(copy, data, n);
	rc = profile_decode_mem(out, copy, n, err);
	free(copy);
	return rc;
}

static inline struct profile *decode_text(const char *text)
{
	struct profile *p = NULL;
	struct err err;

	if (decode_copy(&p, (const uint8_t *)text, strlen(text), &err))
		fail_msg("%s", err.text);
	return p;
}

#define assert_same_str(a, b, id_a, id_b)                                                          \
	assert_string_equal(profile_str(a, id_a), profile_str(b, id_b))

static inline void assert_same_samples(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->n_samples, b->n_samples);
	assert_int_equal(a->values.n, b->values.n);
	assert_memory_equal(a->values.v, b->values.v, a->values.n * sizeof(int64_t));
	assert_int_equal(a->stack.n, b->stack.n);
	assert_memory_equal(a->stack.v, b->stack.v, a->stack.n * sizeof(uint32_t));
	assert_memory_equal(a->stack_at.v, b->stack_at.v, a->stack_at.n * sizeof(size_t));
	assert_memory_equal(a->label_at.v, b->label_at.v, a->label_at.n * sizeof(size_t));
	for (size_t i = 0; i < a->labels.n; i++) {
		const struct label *la = &a->labels.v[i], *lb = &b->labels.v[i];

		assert_same_str(a, b, la->key, lb->key);
		assert_int_equal(la->is_num, lb->is_num);
		assert_same_str(a, b, la->str, lb->str);
		assert_same_str(a, b, la->unit, lb->unit);
		assert_int_equal(la->num, lb->num);
	}
}

static inline void assert_same_tables(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->mappings.n, b->mappings.n);
	for (size_t i = 0; i < a->mappings.n; i++) {
		struct mapping ma = a->mappings.v[i], mb = b->mappings.v[i];

		assert_same_str(a, b, ma.file, mb.file);
		assert_same_str(a, b, ma.build_id, mb.build_id);
		assert_true(ma.id == mb.id && ma.start == mb.start && ma.limit == mb.limit &&
			    ma.offset == mb.offset && ma.has_functions == mb.has_functions &&
			    ma.has_filenames == mb.has_filenames &&
			    ma.has_line_numbers == mb.has_line_numbers &&
			    ma.has_inline_frames == mb.has_inline_frames);
	}
	assert_int_equal(a->locations.n, b->locations.n);
	for (size_t i = 0; i < a->locations.n; i++) {
		struct location la = a->locations.v[i], lb = b->locations.v[i];

		assert_true(la.id == lb.id && la.address == lb.address &&
			    la.mapping == lb.mapping && la.n_lines == lb.n_lines &&
			    la.is_folded == lb.is_folded);
		assert_memory_equal(a->lines.v + la.first_line, b->lines.v + lb.first_line,
				    la.n_lines * sizeof(struct line));
	}
	assert_int_equal(a->functions.n, b->functions.n);
	for (size_t i = 0; i < a->functions.n; i++) {
		struct function fa = a->functions.v[i], fb = b->functions.v[i];

		assert_same_str(a, b, fa.name, fb.name);
		assert_same_str(a, b, fa.system_name, fb.system_name);
		assert_same_str(a, b, fa.filename, fb.filename);
		assert_true(fa.id == fb.id && fa.start_line == fb.start_line);
	}
}

static inline void assert_same_profile(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->sample_types.n, b->sample_types.n);
	for (size_t i = 0; i < a->sample_types.n; i++) {
		assert_same_str(a, b, a->sample_types.v[i].type, b->sample_types.v[i].type);
		assert_same_str(a, b, a->sample_types.v[i].unit, b->sample_types.v[i].unit);
	}
	assert_same_samples(a, b);
	assert_same_tables(a, b);
	assert_same_str(a, b, a->default_sample_type, b->default_sample_type);
	assert_same_str(a, b, a->drop_frames, b->drop_frames);
	assert_same_str(a, b, a->keep_frames, b->keep_frames);
	assert_same_str(a, b, a->period_type.type, b->period_type.type);
	assert_same_str(a, b, a->period_type.unit, b->period_type.unit);
	assert_same_str(a, b, a->doc_url, b->doc_url);
	assert_int_equal(a->time_nanos, b->time_nanos);
	assert_int_equal(a->duration_nanos, b->duration_nanos);
	assert_int_equal(a->period, b->period);
	assert_int_equal(a->comments.n, b->comments.n);
	for (size_t i = 0; i < a->comments.n; i++)
		assert_same_str(a, b, a->comments.v[i], b->comments.v[i]);
}

#endif
