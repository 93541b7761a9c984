/* test_stream.c - a large profile is read while it is unpacked, and is the one that it would be if
 * it were read whole; what cannot be read so is left alone. */
#include "tests/profiles.h"
#include "writer/gzip_stream.h"
#include "writer/inflate.h"

enum { FUNCTIONS = 300, SAMPLES = 60000, DEPTH = 24, SEVERAL_BLOCKS = 3 << 19 };

static uint32_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

/* id_step 1: the ids are 1, 2, 3 ... */
static struct profile *large_profile(uint64_t first_id, uint64_t id_step)
{
	struct profile *p = make_profile();
	uint32_t stack[DEPTH];
	struct label labels[] = {
		{ .key = profile_intern(p, "thread"), .str = profile_intern(p, "worker") },
		{ .key = profile_intern(p, "size"), .is_num = true, .num = 7 },
	};
	char name[64];

	random_state = 1;
	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		snprintf(name, sizeof(name), "function%u", i);
		add_test_function(p, name, "/src/f.c");
		add_test_location(p, PROFILE_NONE, 0x1000 + i);
		add_test_line(p, i, i);
	}
	for (size_t i = 0; i < p->locations.n; i++)
		p->locations.v[i].id = first_id + i * id_step;
	for (size_t s = 0; s < SAMPLES; s++) {
		uint32_t n = below(DEPTH);

		for (uint32_t i = 0; i < n; i++)
			stack[i] = below((uint32_t)p->locations.n);
		labels[1].num = below(1000);
		profile_add_sample(p, (int64_t[]){ below(1000), -1 }, stack, n, labels, s % 3);
	}
	return p;
}

static int file_of(struct test_bytes b)
{
	int fd = memfd_create("file", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b.v, b.n), b.n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* NULL: it cannot be. */
static struct profile *read_stream(struct test_bytes b)
{
	int fd = file_of(b);
	struct gzip_stream *stream = gzip_stream_open(fd);
	struct profile *p = NULL;

	assert_non_null(stream);
	if (!proto_decode_stream(&p, stream))
		p = NULL;
	gzip_stream_close(stream);
	close(fd);
	return p;
}

static void assert_read_as_stream(struct test_bytes b)
{
	struct profile *p = read_stream(b), *want;
	struct err err;

	assert_non_null(p);
	if (decode_copy(&want, b.v, b.n, &err))
		fail_msg("%s", err.text);
	assert_same_profile(want, p);
	profile_free(want);
	profile_free(p);
}

static void a_profile_of_many_blocks_is_what_it_is_in_one_piece(void **state)
{
	struct profile *p = large_profile(1, 1);
	struct test_bytes b = gzipped(p);

	assert_in_range(b.n, SEVERAL_BLOCKS / 2, SEVERAL_BLOCKS * 100);
	assert_read_as_stream(b);
	free(b.v);
	profile_free(p);
}

static void ids_need_not_be_1_2_3(void **state)
{
	static const uint64_t ids[][2] = { { 7, 3 },
					   { 1000, (uint64_t)-1 },
					   { 1u << 30, 1 << 20 } };

	for (size_t i = 0; i < N(ids); i++) {
		struct profile *p = large_profile(ids[i][0], ids[i][1]);
		struct test_bytes b = gzipped(p);

		assert_read_as_stream(b);
		free(b.v);
		profile_free(p);
	}
}

static struct test_bytes joined(struct test_bytes a, const void *v, size_t n)
{
	struct test_bytes b = { malloc(a.n + n), a.n + n };

	assert_non_null(b.v);
	memcpy(b.v, a.v, a.n);
	memcpy(b.v + a.n, v, n);
	return b;
}

/* One by one: each is left alone by the stream. */
static void what_is_not_as_it_should_be_is_left_alone(void **state)
{
	struct profile *p = make_profile(), *wide = large_profile(UINT64_C(1) << 33, 1);
	struct test_bytes good = gzipped(p), b = joined(good, "garbage", 7), ids = gzipped(wide);

	assert_read_as_stream(good);
	assert_null(read_stream(b));
	free(b.v);
	for (size_t n = 0; n < good.n; n++)
		assert_null(read_stream((struct test_bytes){ good.v, n }));
	for (size_t i = 0; i < good.n; i++) {
		if (i >= 4 && i < 10)
			continue; /* of the header, says nothing of the contents */
		good.v[i] ^= 0x10;
		assert_null(read_stream(good));
		good.v[i] ^= 0x10;
	}
	assert_null(read_stream(ids));
	free(ids.v);
	free(good.v);
	profile_free(wide);
	profile_free(p);
}

/* ---- the unpacking itself ---- */

static struct test_bytes packed(const uint8_t *v, size_t n, int level, int strategy)
{
	struct test_bytes b = { malloc(n + n / 8 + 1024), 0 };
	z_stream z = { .next_in = (Bytef *)(uintptr_t)v,
		       .avail_in = (uInt)n,
		       .next_out = b.v,
		       .avail_out = (uInt)(n + n / 8 + 1024) };

	assert_non_null(b.v);
	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 31, 9, strategy), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b.n = z.total_out;
	deflateEnd(&z);
	return b;
}

/* In pieces of `want` bytes. */
static void assert_unpacked(struct test_bytes file, const uint8_t *v, size_t n, size_t want)
{
	int fd = file_of(file);
	struct inflate *z = inflate_new(fd);
	uint8_t *out = malloc(n + want), *at = out;
	ssize_t got;

	assert_non_null(z);
	assert_non_null(out);
	while ((got = inflate_next(z, at, want)) > 0) {
		at += got;
		assert_in_range(at - out, 0, n);
	}
	assert_int_equal(got, 0);
	assert_int_equal(at - out, n);
	assert_memory_equal(out, v, n);
	free(out);
	inflate_free(z);
	close(fd);
}

static const int strategies[] = { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED };

/* Bytes of some kind: all alike, few different ones, unevenly frequent, noise, repeated. */
static void make_bytes(uint8_t *v, size_t n, int kind)
{
	random_state = (uint32_t)kind + 1;
	for (size_t i = 0; i < n; i++)
		switch (kind) {
		case 0:
			v[i] = 'a';
			break;
		case 1:
			v[i] = (uint8_t)below(3);
			break;
		case 2:
			v[i] = (uint8_t)(below(16) * below(16) * below(4) / 4);
			break;
		case 3:
			v[i] = (uint8_t)below(256);
			break;
		default:
			v[i] = i < 40000 ? (uint8_t)below(256) : v[i - 1 - below(32768)];
		}
}

static void all_that_zlib_packs_is_unpacked(void **state)
{
	static uint8_t v[200000];
	static const size_t sizes[] = { 0, 1, 2, 300, 65536, sizeof(v) };

	for (int kind = 0; kind < 5; kind++) {
		make_bytes(v, sizeof(v), kind);
		for (int level = 0; level <= 9; level += 3)
			for (size_t i = 0; i < N(strategies) * N(sizes); i++) {
				size_t n = sizes[i / N(strategies)];
				struct test_bytes b =
					packed(v, n, level, strategies[i % N(strategies)]);

				assert_unpacked(b, v, n, i % 2 ? 1000 : sizeof(v));
				free(b.v);
			}
	}
}

static void members_are_one_stream(void **state)
{
	static uint8_t v[100000];
	struct test_bytes a, b, both;

	make_bytes(v, sizeof(v), 2);
	a = packed(v, 30000, 6, Z_DEFAULT_STRATEGY);
	b = packed(v + 30000, sizeof(v) - 30000, 6, Z_DEFAULT_STRATEGY);
	both = joined(a, b.v, b.n);
	assert_unpacked(both, v, sizeof(v), 4096);
	free(a.v);
	free(b.v);
	free(both.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_of_many_blocks_is_what_it_is_in_one_piece),
		cmocka_unit_test(ids_need_not_be_1_2_3),
		cmocka_unit_test(what_is_not_as_it_should_be_is_left_alone),
		cmocka_unit_test(all_that_zlib_packs_is_unpacked),
		cmocka_unit_test(members_are_one_stream),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
