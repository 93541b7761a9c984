/* test_encode.c - what is written is read back the same, by us and by protobuf-c. */
#include "base/parallel.h"
#include "tests/profiles.h"
#include "writer/gzip_out.h"
#include "writer/profile.pb-c.h"

static void written_profile_is_read_back_the_same(void **state)
{
	struct profile *p = make_profile(), *back = NULL;
	struct test_bytes gz = gzipped(p);
	struct err err;

	if (decode_copy(&back, gz.v, gz.n, &err))
		fail_msg("%s", err.text);
	assert_same_profile(p, back);
	profile_free(back);
	profile_free(p);
	free(gz.v);
}

static void protobuf_c_reads_what_is_written(void **state)
{
	struct profile *p = make_profile();
	struct test_bytes b = plain(p);
	Sonde__Pb__Profile *m = sonde__pb__profile__unpack(NULL, b.n, b.v);

	assert_non_null(m);
	assert_int_equal(m->n_sample, 3);
	assert_int_equal(m->sample[0]->n_location_id, 3);
	assert_int_equal(m->sample[0]->location_id[2], 3);
	assert_int_equal(m->sample[0]->value[1], 30000000);
	assert_int_equal(m->sample[0]->label[1]->num, -7);
	assert_string_equal(m->string_table[m->sample[0]->label[1]->num_unit], "bytes");
	assert_string_equal(m->string_table[0], "");
	assert_int_equal(m->n_mapping, 2);
	assert_string_equal(m->string_table[m->mapping[0]->build_id], "0123abcd");
	assert_int_equal(m->location[1]->n_line, 2);
	assert_int_equal(m->location[1]->line[1]->function_id, 2);
	assert_int_equal(m->function[2]->start_line, 10);
	assert_int_equal(m->period, 10000000);
	assert_int_equal(m->n_comment, 2);
	assert_string_equal(m->string_table[m->default_sample_type], "cpu");
	sonde__pb__profile__free_unpacked(m, NULL);
	profile_free(p);
	free(b.v);
}

static void strings_that_nothing_names_are_not_written(void **state)
{
	struct profile *p = make_profile();
	struct test_bytes before = plain(p), after;

	profile_intern(p, "a string that nothing names");
	after = plain(p);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.v, after.v, before.n);
	profile_free(p);
	free(before.v);
	free(after.v);
}

static void name_with_a_zero_byte_survives(void **state)
{
	struct profile *p = make_profile(), *back = NULL;
	struct test_bytes gz;

	p->functions.v[0].name = strtab_add(p->strings, "a\0b", 3);
	gz = gzipped(p);
	assert_int_equal(profile_decode_mem(&back, gz.v, gz.n, NULL), 0);
	assert_int_equal(strtab_len(back->strings, back->functions.v[0].name), 3);
	assert_memory_equal(profile_str(back, back->functions.v[0].name), "a\0b", 3);
	profile_free(back);
	profile_free(p);
	free(gz.v);
}

static void stack_of_a_hundred_thousand_frames_is_written(void **state)
{
	enum { DEPTH = 100000 };
	struct profile *p = make_profile(), *back = NULL;
	uint32_t *stack = calloc(DEPTH, sizeof(*stack));
	struct test_bytes gz;

	for (size_t i = 0; i < DEPTH; i++)
		stack[i] = (uint32_t)(i * 7 % 3);
	profile_add_sample(p, (int64_t[]){ 1, 1 }, stack, DEPTH, NULL, 0);
	gz = gzipped(p);
	assert_int_equal(profile_decode_mem(&back, gz.v, gz.n, NULL), 0);
	assert_same_profile(p, back);
	profile_free(back);
	profile_free(p);
	free(gz.v);
	free(stack);
}

/* Pack the bytes, in pieces of odd sizes, and have zlib unpack and check them. */
static void assert_packed_whole(const uint8_t *data, size_t n)
{
	int fd = memfd_create("bytes", 0);
	struct err err;
	struct gzip_out *g = gzip_out_new(fd, "memory", &err);
	uint8_t *back = malloc(n + 1);
	z_stream z = { .next_out = back, .avail_out = (uInt)n + 1 };
	struct test_bytes gz;

	for (size_t at = 0, piece = 1; at < n; at += piece, piece = piece * 5 % 99991)
		gzip_out_put(g, data + at, piece < n - at ? piece : n - at);
	assert_int_equal(gzip_out_close(g), 0);
	gz = read_back(fd);
	close(fd);
	z.next_in = gz.v;
	z.avail_in = (uInt)gz.n;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(z.total_out, n);
	assert_memory_equal(back, data, n);
	inflateEnd(&z);
	free(gz.v);
	free(back);
}

static void any_number_of_bytes_is_packed_whole(void **state)
{
	enum { REPEATS = 20011 }; /* so that blocks repeat what was in the one before */
	size_t block = 256 * 1024, all = 2 * parallel_width() * block, most = 2 * all + block;
	const size_t sizes[] = { 0,	  1,   block - 1, block,   block + 1,
				 all - 1, all, all + 1,	  2 * all, most - 3 };
	uint8_t *data = malloc(most);
	uint32_t random = 1;

	for (size_t i = 0; i < most; i++) {
		random = random * 1103515245 + 12345;
		data[i] = i >= REPEATS && i >> 12 & 1 ? data[i - REPEATS] : (uint8_t)(random >> 24);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_packed_whole(data, sizes[i]);
	free(data);
}

static void extreme_numbers_survive(void **state)
{
	struct profile *p = make_profile(), *back = NULL;
	struct test_bytes gz;

	p->values.v[0] = INT64_MIN;
	p->values.v[1] = INT64_MAX;
	p->labels.v[1].num = INT64_MIN;
	p->mappings.v[0].limit = UINT64_MAX;
	p->locations.v[0].address = UINT64_MAX - 1;
	p->locations.v[0].id = UINT64_MAX;
	p->locations.v[0].is_folded = true;
	p->functions.v[1].id = 1ULL << 63;
	p->lines.v[0].line = -1;
	p->time_nanos = -1;
	gz = gzipped(p);
	assert_int_equal(profile_decode_mem(&back, gz.v, gz.n, NULL), 0);
	assert_same_profile(p, back);
	profile_free(back);
	profile_free(p);
	free(gz.v);
}

static void full_disk_is_one_sentence(void **state)
{
	struct profile *p = make_profile();
	struct err err = { "" };

	if (access("/dev/full", W_OK))
		skip();
	assert_int_equal(profile_write_file(p, "/dev/full", &err), SONDE_EIO);
	assert_string_equal(err.text, "cannot write '/dev/full': No space left on device");
	profile_free(p);
}

static void failed_write_leaves_the_old_file(void **state)
{
	char path[] = "/tmp/sonde-test-XXXXXX", name[64];
	struct profile *p = make_profile(), *back = NULL;
	struct err err = { "" };

	assert_non_null(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/p", path);
	assert_int_equal(profile_write_file(p, name, &err), 0);
	snprintf(name, sizeof(name), "%s/missing/p", path);
	assert_int_equal(profile_write_file(p, name, &err), SONDE_EIO);
	assert_non_null(strstr(err.text, "No such file or directory"));
	snprintf(name, sizeof(name), "%s/p", path);
	assert_int_equal(profile_read_file(&back, name, &err), 0);
	assert_same_profile(p, back);
	profile_free(back);
	profile_free(p);
	unlink(name);
	assert_int_equal(rmdir(path), 0); /* and nothing beside it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_profile_is_read_back_the_same),
		cmocka_unit_test(protobuf_c_reads_what_is_written),
		cmocka_unit_test(strings_that_nothing_names_are_not_written),
		cmocka_unit_test(name_with_a_zero_byte_survives),
		cmocka_unit_test(stack_of_a_hundred_thousand_frames_is_written),
		cmocka_unit_test(any_number_of_bytes_is_packed_whole),
		cmocka_unit_test(extreme_numbers_survive),
		cmocka_unit_test(full_disk_is_one_sentence),
		cmocka_unit_test(failed_write_leaves_the_old_file),
	};

	return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
