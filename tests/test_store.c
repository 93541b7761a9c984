/* test_store.c - the lock-free store of a segment, and spools read back from it. */
#include "sampler/labels.h"
#include "sampler/sampler.h"
#include "sampler/spool_file.h"
#include "sampler/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MIB = 1 << 20, N_THREADS = 4, N_ROUNDS = 50000, N_STACKS = 700 };

static struct segment *new_segment(size_t bytes)
{
	struct segment *s = calloc(1, bytes);

	assert_non_null(s);
	segment_init(s, bytes, 0);
	return s;
}

static uint32_t intern_stack(struct segment *s, unsigned number, unsigned depth)
{
	uint64_t words[SPOOL_MAX_WORDS] = { END_ENTRY };

	for (unsigned i = 0; i < depth; i++)
		words[1 + i] = 0x1000 + number * 7 + i;
	return store_intern(s, RECORD_STACK, words, depth + 1);
}

static uint32_t intern_context(struct segment *s, const char *name)
{
	uint64_t words[3] = { 0 };

	strncpy((char *)words, name, SPOOL_NAME_BYTES);
	return store_intern(s, RECORD_CONTEXT, words, 3);
}

static void equal_content_is_stored_once(void **state)
{
	struct segment *s = new_segment(MIB);
	uint32_t a = intern_stack(s, 1, 30), b = intern_stack(s, 2, 30);

	assert_int_not_equal(a, 0);
	assert_int_not_equal(b, a);
	assert_int_equal(intern_stack(s, 1, 30), a);
	assert_int_equal(intern_stack(s, 2, 30), b);
	assert_int_not_equal(intern_stack(s, 1, 29), a);
	assert_int_equal(s->interned, 3);
	free(s);
}

static void a_full_segment_says_so_and_stays_whole(void **state)
{
	struct segment *s = new_segment(64 * 1024);
	uint32_t context = intern_context(s, "t"), stack;
	unsigned n = 0;

	while ((stack = intern_stack(s, n, 20))) {
		store_count(s, stack, context, 1);
		n++;
	}
	assert_true(n > 100);
	assert_true(segment_is_half_full(s));
	assert_true(s->next <= s->words);
	assert_int_not_equal(intern_stack(s, 0, 20), 0); /* what is there is still found */
	free(s);
}

static void *count_stacks(void *arg)
{
	struct segment *s = arg;
	uint32_t context = intern_context(s, "worker");

	for (unsigned i = 0; i < N_ROUNDS; i++)
		if (!store_count(s, intern_stack(s, i % N_STACKS, 10), context, 1 + i % 3))
			return (void *)1;
	return NULL;
}

static uint64_t total_weight(const struct segment *s)
{
	const uint64_t *slot = (const uint64_t *)s + s->samples_at;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n_samples; i++)
		sum += slot[2 * i + 1];
	return sum;
}

static void threads_that_count_at_once_lose_nothing(void **state)
{
	struct segment *s = new_segment(MIB);
	pthread_t threads[N_THREADS];
	uint64_t each = 0;

	for (unsigned i = 0; i < N_ROUNDS; i++)
		each += 1 + i % 3;
	for (int i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_stacks, s), 0);
	for (int i = 0; i < N_THREADS; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(total_weight(s), each * N_THREADS);
	assert_int_equal(s->interned, N_STACKS + 1);
	assert_int_equal(s->sampled, N_STACKS);
	free(s);
}

/* ---- spools ---- */

struct fixture {
	char path[64];
	struct spool spool;
};

static void record_module(struct segment *s)
{
	uint64_t words[16] = { 0 };
	struct spool_module *m = (struct spool_module *)words;

	m->start = 0x1000;
	m->limit = 0x9000;
	m->offset = 0x1000;
	m->is_main = 1;
	m->build_id_bytes = 2;
	m->build_id[0] = 0xab;
	m->build_id[1] = 0x0c;
	m->path_bytes = 8;
	memcpy(m->path, "/bin/app", 8);
	assert_int_not_equal(store_intern(s, RECORD_MODULE, words, (sizeof(*m) + 8 + 7) / 8), 0);
}

static int make_spool(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct segment *s;
	int fd;

	strcpy(f->path, "/tmp/test_store.XXXXXX");
	fd = mkstemp(f->path);
	close(fd);
	unlink(f->path);
	assert_int_equal(spool_create(&f->spool, f->path, 256 * 1024, 4 * MIB), 0);
	spool_publish(&f->spool);
	s = f->spool.segments[0];
	f->spool.header->period_ns = 10000000;
	f->spool.header->pid = 17;
	strcpy(f->spool.header->engine, "test");
	record_module(s);
	for (unsigned i = 0; i < 5; i++)
		store_count(s, intern_stack(s, i, 3 + i), intern_context(s, i & 1 ? "odd" : "even"),
			    i + 1);
	f->spool.header->weight = 15;
	*state = f;
	return 0;
}

static int drop_spool(void **state)
{
	struct fixture *f = *state;

	spool_close(&f->spool);
	unlink(f->path);
	free(f);
	return 0;
}

static int64_t profile_total(const struct profile *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		sum += p->values.v[2 * i];
	return sum;
}

static void a_spool_is_read_back_whole(void **state)
{
	struct fixture *f = *state;
	struct spool_profile *sp = spool_profile_new();
	struct profile *p;

	assert_int_equal(spool_profile_add_file(sp, f->path, NULL), 0);
	p = spool_profile_finish(sp);
	assert_int_equal(p->n_samples, 5);
	assert_int_equal(profile_total(p), 15);
	assert_int_equal(p->period, 10000000);
	assert_int_equal(p->mappings.n, 1);
	assert_string_equal(profile_str(p, p->mappings.v[0].file), "/bin/app");
	assert_string_equal(profile_str(p, p->mappings.v[0].build_id), "ab0c");
	assert_string_equal(profile_str(p, p->labels.v[0].key), "thread");
	spool_profile_free(sp);
}

static void samples_of_a_second_segment_add_up_with_the_first(void **state)
{
	struct fixture *f = *state;
	struct spool_profile *sp = spool_profile_new();
	struct segment *s;

	assert_int_equal(spool_grow(&f->spool), 0);
	s = f->spool.segments[1];
	store_count(s, intern_stack(s, 2, 5), intern_context(s, "even"), 100);
	assert_int_equal(spool_profile_add_file(sp, f->path, NULL), 0);
	assert_int_equal(spool_profile_finish(sp)->n_samples, 5);
	assert_int_equal(profile_total(spool_profile_finish(sp)), 115);
	spool_profile_free(sp);
}

static void a_trimmed_spool_is_read_back_whole(void **state)
{
	struct fixture *f = *state;
	struct spool_profile *sp = spool_profile_new();
	struct stat before, after;

	assert_int_equal(stat(f->path, &before), 0);
	spool_trim_file(f->spool.header, f->path, false);
	assert_int_equal(stat(f->path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_true(after.st_blocks <= before.st_blocks);
	assert_int_equal(spool_profile_add_file(sp, f->path, NULL), 0);
	assert_int_equal(spool_profile_finish(sp)->n_samples, 5);
	assert_int_equal(profile_total(spool_profile_finish(sp)), 15);
	spool_profile_free(sp);
}

static void an_emptied_spool_has_no_samples(void **state)
{
	struct fixture *f = *state;
	struct spool_profile *sp = spool_profile_new();

	spool_trim_file(f->spool.header, f->path, true);
	assert_int_equal(spool_profile_add_file(sp, f->path, NULL), 0);
	assert_true(spool_profile_finish(sp)->n_samples == 0 ||
		    profile_total(spool_profile_finish(sp)) == 15); /* no holes can be made there */
	spool_profile_free(sp);
}

static void a_spool_whose_process_died_at_its_birth_is_told_from_damage(void **state)
{
	struct fixture *f = *state;
	struct spool_profile *sp = spool_profile_new();
	struct spool_info info;
	struct err err = { "" };

	f->spool.header->magic = 0;
	f->spool.header->version = 0;
	assert_int_equal(spool_info_read(&info, f->path, &err), SONDE_ENOTFOUND);
	assert_non_null(strstr(err.text, "its process ended before it began"));
	unlink(f->path);
	assert_int_equal(close(open(f->path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(spool_profile_add_file(sp, f->path, NULL), SONDE_ENOTFOUND);
	spool_profile_free(sp);
}

static const char *leaf_of(const struct profile *p, size_t sample)
{
	const struct location *l = &p->locations.v[p->stack.v[p->stack_at.v[sample]]];

	return l->n_lines ? profile_str(p, p->functions.v[p->lines.v[l->first_line].function].name)
			  : "";
}

static void what_has_no_frames_or_no_room_is_a_frame_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct segment *s = f->spool.segments[0];
	struct spool_profile *sp = spool_profile_new();
	struct profile *p;

	store_count(s, intern_stack(s, 0, 0), intern_context(s, "even"), 4);
	f->spool.header->lost_weight = 6;
	for (int twice = 0; twice < 2; twice++)
		assert_int_equal(spool_profile_add_file(sp, f->path, NULL), 0);
	p = spool_profile_finish(sp);
	assert_int_equal(p->n_samples, 7);
	assert_int_equal(profile_total(p), 2 * (15 + 4 + 6));
	assert_int_equal(p->functions.n, 2);
	for (size_t i = 0, found = 0; i < p->n_samples; i++) {
		assert_true(p->stack_at.v[i + 1] > p->stack_at.v[i]);
		found += strcmp(leaf_of(p, i), "[no frames]") == 0 && p->values.v[2 * i] == 8;
		found += strncmp(leaf_of(p, i), "[lost", 5) == 0 && p->values.v[2 * i] == 12;
		if (i + 1 == p->n_samples)
			assert_int_equal(found, 2);
	}
	spool_profile_free(sp);
}

static void growth_ends_at_the_limit(void **state)
{
	struct fixture *f = *state;
	int rc;

	while ((rc = spool_grow(&f->spool)) == 0)
		assert_true(f->spool.bytes <= 4 * MIB);
	assert_int_equal(rc, -ENOSPC);
	assert_true(f->spool.bytes > 1 * MIB);
}

static void a_file_that_is_no_spool_is_refused_with_a_sentence(void **state)
{
	struct spool_profile *sp = spool_profile_new();
	struct err err = { "" };

	assert_int_equal(spool_profile_add_file(sp, "/proc/self/exe", &err), SONDE_EFORMAT);
	assert_string_equal(err.text, "'/proc/self/exe' is not a spool of sonde");
	assert_int_equal(spool_profile_add_file(sp, "/proc/self/nothing", &err), SONDE_EIO);
	assert_non_null(strstr(err.text, "cannot open spool '/proc/self/nothing'"));
	spool_profile_free(sp);
}

/* ---- reserves ---- */

static void count_one(struct spool *s, unsigned number)
{
	struct segment *last = s->segments[s->n_segments - 1];

	store_count(last, intern_stack(last, number, 4), intern_context(last, "child"), 1);
	s->header->weight++;
}

static int add_guest(struct spool *guest, struct spool *host, int pid)
{
	int rc = spool_create_guest(guest, host->reserve, 64 * 1024, 4 * MIB);

	if (rc)
		return rc;
	guest->header->period_ns = 10000000;
	guest->header->pid = pid;
	guest->header->state = SPOOL_RUNNING;
	spool_publish(guest);
	return 0;
}

static int64_t total_in(const char *path)
{
	struct spool_profile *sp = spool_profile_new();
	int64_t sum;

	assert_int_equal(spool_profile_add_file(sp, path, NULL), 0);
	sum = profile_total(spool_profile_finish(sp));
	spool_profile_free(sp);
	return sum;
}

static void what_has_a_reserve_grows_without_its_file(void **state)
{
	struct fixture *f = *state;
	char away[80];

	spool_make_reserve(&f->spool);
	assert_non_null(f->spool.reserve);
	snprintf(away, sizeof(away), "%s.away", f->path);
	assert_int_equal(rename(f->path, away), 0);
	for (unsigned i = 0; i < 3 && spool_grow(&f->spool) == 0; i++)
		count_one(&f->spool, i);
	assert_int_equal(f->spool.n_segments, 4);
	assert_int_equal(total_in(away), 15 + 3);
	while (spool_grow(&f->spool) == 0)
		;
	assert_true(f->spool.used > 3 * MIB && f->spool.used <= 4 * MIB);
	unlink(away);
}

static void guests_are_read_with_their_host(void **state)
{
	struct fixture *f = *state;
	struct spool one, two;
	struct spool_info info;

	spool_make_reserve(&f->spool);
	assert_int_equal(add_guest(&one, &f->spool, 18), 0);
	assert_int_equal(add_guest(&two, &f->spool, 19), 0);
	count_one(&one, 1);
	assert_int_equal(spool_grow(&two), 0);
	count_one(&two, 1);
	assert_int_equal(total_in(f->path), 15 + 2);
	assert_int_equal(spool_info_read(&info, f->path, NULL), 0);
	assert_int_equal(info.n_guests, 2);
}

static void the_room_of_a_guest_without_samples_is_for_the_next(void **state)
{
	struct fixture *f = *state;
	struct spool_info info;
	struct spool guest;

	spool_make_reserve(&f->spool);
	for (unsigned i = 0; i < 2 * SPOOL_MAX_GUESTS; i++) {
		assert_int_equal(add_guest(&guest, &f->spool, 18), 0);
		guest.header->state = SPOOL_FREE;
	}
	assert_int_equal(f->spool.reserve->n_guests, 1);
	assert_int_equal(spool_info_read(&info, f->path, NULL), 0);
	assert_int_equal(info.n_guests, 0);
}

static void guests_without_number_find_an_end(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;
	struct spool guest;

	spool_make_reserve(&f->spool);
	for (; add_guest(&guest, &f->spool, 18) == 0; n++)
		count_one(&guest, n);
	assert_true(n > 10 && n <= SPOOL_MAX_GUESTS);
	assert_int_equal(total_in(f->path), 15 + n);
}

static void a_damaged_reserve_is_read_without_harm(void **state)
{
	struct fixture *f = *state;
	struct spool_reserve *r;
	struct spool_header whole = *f->spool.header;
	struct spool guest;
	unsigned random = 1;

	spool_make_reserve(&f->spool);
	r = f->spool.reserve;
	for (int i = 0; i < 4; i++)
		assert_int_equal(add_guest(&guest, &f->spool, i), 0);
	whole.reserve_at = f->spool.header->reserve_at;
	for (int round = 0; round < 400; round++) {
		struct spool_profile *sp = spool_profile_new();
		struct spool_info info;

		random = random * 1103515245 + 12345;
		r->guests[random >> 8 & 3] = (random % 5 ? r->offset + (random >> 3) % r->bytes
							 : (uint64_t)random << 4) &
					     ~(uint64_t)4095;
		if (round % 7 == 0)
			f->spool.header->reserve_at ^= 1ULL << (random >> 10 & 63);
		if (round % 5 == 0)
			guest.header->segments[0].offset ^= 1ULL << (random >> 16 & 63);
		(void)!spool_profile_add_file(sp, f->path, NULL);
		(void)!spool_info_read(&info, f->path, NULL);
		spool_profile_finish(sp);
		spool_profile_free(sp);
		*f->spool.header = whole;
	}
}

/* Whatever bytes are wrong, reading ends and stays inside the file. */
static void damaged_spools_are_read_without_harm(void **state)
{
	struct fixture *f = *state;
	struct spool_header whole = *f->spool.header;
	unsigned random = 1;

	for (int round = 0; round < 400; round++) {
		unsigned char *header = (unsigned char *)f->spool.header;
		unsigned char *segment = (unsigned char *)f->spool.segments[0];
		struct spool_profile *sp = spool_profile_new();

		for (int k = 0; k < 8; k++) {
			random = random * 1103515245 + 12345;
			if (random >> 28 == 0)
				header[16 + (random >> 8) % 900] ^= (unsigned char)(random >> 3);
			else
				segment[(random >> 8) % (k & 1 ? 256 : 200000)] ^=
					(unsigned char)(random >> 3);
		}
		(void)!spool_profile_add_file(sp, f->path, NULL);
		spool_profile_finish(sp);
		spool_profile_free(sp);
	}
	*f->spool.header = whole; /* it says how much is mapped */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_content_is_stored_once),
		cmocka_unit_test(a_full_segment_says_so_and_stays_whole),
		cmocka_unit_test(threads_that_count_at_once_lose_nothing),
		cmocka_unit_test_setup_teardown(a_spool_is_read_back_whole, make_spool, drop_spool),
		cmocka_unit_test_setup_teardown(samples_of_a_second_segment_add_up_with_the_first,
						make_spool, drop_spool),
		cmocka_unit_test_setup_teardown(a_trimmed_spool_is_read_back_whole, make_spool,
						drop_spool),
		cmocka_unit_test_setup_teardown(an_emptied_spool_has_no_samples, make_spool,
						drop_spool),
		cmocka_unit_test_setup_teardown(
			a_spool_whose_process_died_at_its_birth_is_told_from_damage, make_spool,
			drop_spool),
		cmocka_unit_test_setup_teardown(what_has_no_frames_or_no_room_is_a_frame_of_its_own,
						make_spool, drop_spool),
		cmocka_unit_test_setup_teardown(growth_ends_at_the_limit, make_spool, drop_spool),
		cmocka_unit_test_setup_teardown(what_has_a_reserve_grows_without_its_file,
						make_spool, drop_spool),
		cmocka_unit_test_setup_teardown(guests_are_read_with_their_host, make_spool,
						drop_spool),
		cmocka_unit_test_setup_teardown(the_room_of_a_guest_without_samples_is_for_the_next,
						make_spool, drop_spool),
		cmocka_unit_test_setup_teardown(guests_without_number_find_an_end, make_spool,
						drop_spool),
		cmocka_unit_test_setup_teardown(a_damaged_reserve_is_read_without_harm, make_spool,
						drop_spool),
		cmocka_unit_test(a_file_that_is_no_spool_is_refused_with_a_sentence),
		cmocka_unit_test_setup_teardown(damaged_spools_are_read_without_harm, make_spool,
						drop_spool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
