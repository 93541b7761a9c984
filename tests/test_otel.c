/* test_otel.c - what a reader outside the process finds of a thread's labels, by OTEP 4719 and 4947.
 *
 * Each scenario runs in a child that stops itself under ptrace; the reader here is written after the two
 * specifications and knows nothing of the library but the offset of the thread-local symbol.
 */
#include "sampler/labels.h"
#include "sampler/otel.h"
#include "sampler/sonde.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the reader ---- */

struct view {
	unsigned n_contexts;
	char schema[64], service[64];
	unsigned n_keys;
	char keys[256][256];
	int has_record;
	size_t record_bytes;
	char labels[8192]; /* "key=value,key=value", in the record's order */
};

static void read_memory(int mem, uint64_t at, void *to, size_t n)
{
	assert_int_equal(pread(mem, to, n, (off_t)at), n);
}

/* One field of wire type 2 at p: its number, its bytes; the end of it is the result. */
static const uint8_t *next_field(const uint8_t *p, const uint8_t *end, unsigned *field,
				 const uint8_t **bytes, size_t *n)
{
	unsigned shift = 0;

	assert_true(p < end && (*p & 7) == 2);
	*field = *p++ >> 3;
	for (*n = 0;; shift += 7) {
		assert_true(p < end);
		*n |= (size_t)(*p & 127) << shift;
		if (!(*p++ & 128))
			break;
	}
	assert_true(*n <= (size_t)(end - p));
	*bytes = p;
	return p + *n;
}

static void read_keys(struct view *v, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *value, *text;
	unsigned field;
	size_t value_bytes, bytes;

	while (p < end) {
		p = next_field(p, end, &field, &value, &value_bytes);
		assert_int_equal(field, 1);
		next_field(value, value + value_bytes, &field, &text, &bytes);
		assert_true(field == 1 && bytes < 256 && v->n_keys < 256);
		memcpy(v->keys[v->n_keys++], text, bytes);
	}
}

static void read_attribute(struct view *v, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *key, *any, *value;
	unsigned field;
	size_t key_bytes, any_bytes, bytes;

	p = next_field(p, end, &field, &key, &key_bytes);
	assert_int_equal(field, 1);
	p = next_field(p, end, &field, &any, &any_bytes);
	assert_true(field == 2 && p == end);
	assert_ptr_equal(next_field(any, any + any_bytes, &field, &value, &bytes), any + any_bytes);
	if (key_bytes == 26 && memcmp(key, "threadlocal.schema_version", 26) == 0) {
		assert_true(field == 1 && bytes < sizeof(v->schema));
		memcpy(v->schema, value, bytes);
	} else if (key_bytes == 12 && memcmp(key, "service.name", 12) == 0) {
		assert_true(field == 1 && bytes < sizeof(v->service));
		memcpy(v->service, value, bytes);
	} else if (key_bytes == 29 && memcmp(key, "threadlocal.attribute_key_map", 29) == 0) {
		assert_int_equal(field, 5);
		read_keys(v, value, bytes);
	}
}

static void read_resource(struct view *v, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *bytes;
	unsigned field;

	while (p < end) {
		p = next_field(p, end, &field, &bytes, &n);
		assert_int_equal(field, 1);
		read_attribute(v, bytes, n);
	}
}

static void read_context(struct view *v, int mem, uint64_t at)
{
	struct {
		char signature[8];
		uint32_t version, n_bytes;
		uint64_t published_at, message;
	} head;
	const uint8_t *p, *end, *bytes;
	unsigned field;
	uint8_t *copy;
	size_t n;

	read_memory(mem, at, &head, sizeof(head));
	assert_memory_equal(head.signature, "OTEL_CTX", 8);
	assert_int_equal(head.version, 2);
	assert_true(head.published_at != 0);
	copy = malloc(head.n_bytes);
	assert_non_null(copy);
	read_memory(mem, head.message, copy, head.n_bytes);
	for (p = copy, end = p + head.n_bytes; p < end;) {
		p = next_field(p, end, &field, &bytes, &n);
		assert_true(field == 1 || field == 2);
		(field == 1 ? read_resource : read_attribute)(v, bytes, n);
	}
	free(copy);
}

static void read_contexts(struct view *v, pid_t pid, int mem)
{
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strstr(line, "[anon_shmem:OTEL_CTX]") && !strstr(line, "[anon:OTEL_CTX]") &&
		    !strstr(line, "/memfd:OTEL_CTX"))
			continue;
		v->n_contexts++;
		if (v->n_contexts == 1)
			read_context(v, mem, strtoull(line, NULL, 16));
	}
	fclose(f);
}

static void read_record(struct view *v, int mem, uint64_t slot)
{
	struct otel_record head;
	uint8_t attributes[OTEL_RECORD_BYTES];
	uint64_t at;
	size_t n = 0;

	read_memory(mem, slot, &at, sizeof(at));
	if (!at)
		return;
	assert_int_equal(at % 2, 0);
	read_memory(mem, at, &head, sizeof(head));
	assert_int_equal(head.is_valid, 1);
	v->has_record = 1;
	v->record_bytes = sizeof(head) + head.n_bytes;
	assert_true(v->record_bytes <= OTEL_RECORD_BYTES);
	read_memory(mem, at + sizeof(head), attributes, head.n_bytes);
	for (uint8_t *p = attributes; p < attributes + head.n_bytes; p += 2 + p[1]) {
		assert_true(p + 2 + p[1] <= attributes + head.n_bytes && p[0] < v->n_keys);
		n += (size_t)snprintf(v->labels + n, sizeof(v->labels) - n, "%s%s=%.*s",
				      n ? "," : "", v->keys[p[0]], p[1], p + 2);
	}
}

static void look_at(struct view *v, pid_t pid)
{
	struct user_regs_struct regs;
	char path[64];
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(mem >= 0);
	assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	read_contexts(v, pid, mem);
	read_record(v, mem,
		    regs.fs_base + (uint64_t)((char *)&otel_thread_ctx_v1 -
					      (char *)__builtin_thread_pointer()));
	close(mem);
}

/* What a reader sees of a child that has run the scenario, and stands still.  Not to be freed. */
static const struct view *seen_after(void (*scenario)(void))
{
	static struct view v;
	pid_t pid = fork();
	int status = 0;

	memset(&v, 0, sizeof(v));
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		scenario();
		raise(SIGSTOP);
		_exit(0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	while (WIFSTOPPED(status) && WSTOPSIG(status) != SIGSTOP) {
		ptrace(PTRACE_CONT, pid, NULL, (long)WSTOPSIG(status)); /* SIGCHLD, say */
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
		fail_msg("the scenario ended with status 0x%x", (unsigned)status);
	look_at(&v, pid);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return &v;
}

/* In a scenario, where an assertion of cmocka would go unseen. */
static void demand(int holds)
{
	if (!holds)
		_exit(99);
}

/* ---- the promises ---- */

static void publish_then_push(void)
{
	demand(sonde_labels_publish() == 0);
	sonde_labels_push("route", "/search");
	sonde_labels_push("tenant", "blue");
	sonde_labels_push_number("size", 4096, "bytes");
	sonde_labels_push_number("try", -2, "");
}

static void a_reader_sees_the_labels_of_a_thread_that_stands_still(void **state)
{
	const struct view *v = seen_after(publish_then_push);

	assert_int_equal(v->n_contexts, 1);
	assert_string_equal(v->schema, "tlsdesc_v1_dev");
	assert_string_equal(v->service, "unknown_service:test_otel");
	assert_int_equal(v->n_keys, 4);
	assert_string_equal(v->labels, "route=/search,size=4096 bytes,tenant=blue,try=-2");
}

static void pop_all(void)
{
	publish_then_push();
	for (int i = 0; i < 4; i++)
		sonde_labels_pop();
}

static void without_labels_there_is_no_record(void **state)
{
	const struct view *v = seen_after(pop_all);

	assert_int_equal(v->n_contexts, 1);
	assert_false(v->has_record);
}

static void push_then_publish(void)
{
	sonde_labels_push("early", "1");
	demand(sonde_labels_publish() == 0);
}

static void labels_from_before_show_too(void **state)
{
	assert_string_equal(seen_after(push_then_publish)->labels, "early=1");
}

static void hide_a_key(void)
{
	demand(sonde_labels_publish() == 0);
	sonde_labels_push("a", "1");
	sonde_labels_push("a", "2");
}

static void a_key_pushed_again_shows_once(void **state)
{
	assert_string_equal(seen_after(hide_a_key)->labels, "a=2");
}

static void push_only(void)
{
	sonde_labels_push("a", "1");
}

static void nothing_is_published_unasked(void **state)
{
	const struct view *v = seen_after(push_only);

	assert_int_equal(v->n_contexts, 0);
	assert_false(v->has_record);
}

static void leave_the_hosts_record(void)
{
	static const struct otel_record hosts = { .is_valid = 1 };

	otel_thread_ctx_v1 = &hosts;
	sonde_labels_push("a", "1");
	sonde_labels_pop();
	demand(otel_thread_ctx_v1 == &hosts);
}

static void a_record_of_the_hosts_own_stays_when_nothing_is_published(void **state)
{
	assert_true(seen_after(leave_the_hosts_record)->has_record);
}

static void push_long_ones(void)
{
	char text[300];

	demand(sonde_labels_publish() == 0);
	memset(text, 'x', sizeof(text));
	memcpy(text + 254, "\xe2\x82\xac", 4); /* the euro sign ends at byte 257 */
	for (int i = 0; i < 3; i++)
		sonde_labels_push((char[]){ (char)('a' + i), 0 }, text);
	sonde_labels_push("d", "short");
}

static void texts_are_cut_at_whole_characters_and_records_at_640_bytes(void **state)
{
	const struct view *v = seen_after(push_long_ones);

	assert_int_equal(v->record_bytes, 28 + 2 * (2 + 254) + 2 + 5);
	assert_int_equal(strcspn(v->labels, ","), 2 + 254);
	assert_non_null(strstr(v->labels, ",d=short"));
}

static void push_what_just_fits(void)
{
	char text[256] = "";

	demand(sonde_labels_publish() == 0);
	memset(text, 'x', 255);
	sonde_labels_push("a", text);
	sonde_labels_push("b", text);
	text[OTEL_RECORD_BYTES - sizeof(struct otel_record) - 2 * (2 + 255) - 2] = 0;
	sonde_labels_push("c", text);
	sonde_labels_push("d", "");
}

static void a_record_of_640_bytes_is_full(void **state)
{
	const struct view *v = seen_after(push_what_just_fits);

	assert_int_equal(v->record_bytes, OTEL_RECORD_BYTES);
	assert_null(strstr(v->labels, "d="));
}

static void push_a_wide_character(void)
{
	char text[300];

	demand(sonde_labels_publish() == 0);
	memset(text, 'x', sizeof(text));
	memcpy(text + 252, "\xf0\x9f\x92\xa1", 5); /* ends at byte 256 */
	sonde_labels_push("a", text);
}

static void no_character_of_four_bytes_is_cut(void **state)
{
	assert_int_equal(strlen(seen_after(push_a_wide_character)->labels), 2 + 252);
}

static void push_long_keys(void)
{
	char key[200];

	demand(sonde_labels_publish() == 0);
	memset(key, 'k', sizeof(key));
	for (int i = 0; i < 200; i++) {
		snprintf(key + 190, 10, "%d", i);
		sonde_labels_push(key, "v");
		sonde_labels_pop();
	}
	sonde_labels_push("tenant", "1");
	sonde_labels_push("ten", "2");
}

static void many_long_keys_are_told_and_a_beginning_of_one_is_another(void **state)
{
	const struct view *v = seen_after(push_long_keys);

	assert_int_equal(v->n_keys, 202);
	assert_int_equal(strlen(v->keys[199]), 190 + 3);
	assert_string_equal(v->labels, "ten=2,tenant=1");
}

static void publish_with_a_name(void)
{
	setenv("OTEL_SERVICE_NAME", "shop", 1);
	demand(sonde_labels_publish() == 0);
}

static void publish_with_an_empty_name(void)
{
	setenv("OTEL_SERVICE_NAME", "", 1);
	demand(sonde_labels_publish() == 0);
}

static void the_service_is_called_as_it_is_told(void **state)
{
	assert_string_equal(seen_after(publish_with_a_name)->service, "shop");
	assert_string_equal(seen_after(publish_with_an_empty_name)->service,
			    "unknown_service:test_otel");
}

static void push_many_keys(void)
{
	char key[16];

	demand(sonde_labels_publish() == 0);
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		sonde_labels_push(key, "v");
		if (i < 299)
			sonde_labels_pop();
	}
	sonde_labels_push("key255", "last");
}

static void the_257th_key_is_left_out(void **state)
{
	const struct view *v = seen_after(push_many_keys);

	assert_int_equal(v->n_keys, 256);
	assert_string_equal(v->labels, "key255=last");
}

static void publish_twice(void)
{
	demand(sonde_labels_publish() == 0);
	demand(sonde_labels_publish() == -EALREADY);
}

static void publishing_twice_says_so(void **state)
{
	assert_int_equal(seen_after(publish_twice)->n_contexts, 1);
}

static void find_another(void)
{
	uint64_t head[4] = { 0, 2, 1, 0 }; /* "OTEL_CTX", version 2, no message, a time */
	int fd = memfd_create("OTEL_CTX", MFD_CLOEXEC);
	void *p;

	demand(fd >= 0 && ftruncate(fd, 4096) == 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	demand(p != MAP_FAILED);
	memcpy(p, head, sizeof(head));
	memcpy(p, "OTEL_CTX", 8);
	demand(sonde_labels_publish() == -EEXIST);
	sonde_labels_push("a", "1");
}

static void another_librarys_context_is_left_alone(void **state)
{
	const struct view *v = seen_after(find_another);

	assert_int_equal(v->n_contexts, 1);
	assert_false(v->has_record);
}

static void fork_then_push(void)
{
	int status;
	pid_t pid;

	publish_then_push();
	pid = fork();
	if (pid == 0) {
		FILE *f = fopen("/proc/self/maps", "r");
		char line[512];
		int n = 0;

		sonde_labels_push("born", "later");
		while (f && fgets(line, sizeof(line), f))
			n += strstr(line, ":OTEL_CTX") != NULL;
		_exit(n == 1 && otel_thread_ctx_v1 && otel_thread_ctx_v1->is_valid ? 0 : 98);
	}
	demand(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_child_of_a_fork_has_a_context_of_its_own(void **state)
{
	const struct view *v = seen_after(fork_then_push);

	assert_int_equal(v->n_contexts, 1);
	assert_int_equal(v->n_keys, 4); /* the child's new key is not the parent's */
}

static void freeze_then_push(void)
{
	publish_then_push();
	otel_freeze();
	sonde_labels_push("unnamed", "1");
	sonde_labels_pop();
}

static void after_a_seccomp_filter_the_context_stays_as_it_is(void **state)
{
	const struct view *v = seen_after(freeze_then_push);

	assert_int_equal(v->n_keys, 4);
	assert_string_equal(v->labels, "route=/search,size=4096 bytes,tenant=blue,try=-2");
}

static void *push_in_a_thread(void *result)
{
	sonde_labels_push("thread", "2");
	*(int *)result = otel_thread_ctx_v1 && otel_thread_ctx_v1->n_bytes == 2 + 1;
	return NULL;
}

static void two_threads(void)
{
	pthread_t t;
	int right = 0;

	demand(sonde_labels_publish() == 0);
	demand(pthread_create(&t, NULL, push_in_a_thread, &right) == 0);
	demand(pthread_join(t, NULL) == 0 && right && otel_thread_ctx_v1 == NULL);
}

static void each_thread_has_its_own_record(void **state)
{
	assert_false(seen_after(two_threads)->has_record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_sees_the_labels_of_a_thread_that_stands_still),
		cmocka_unit_test(without_labels_there_is_no_record),
		cmocka_unit_test(labels_from_before_show_too),
		cmocka_unit_test(a_key_pushed_again_shows_once),
		cmocka_unit_test(nothing_is_published_unasked),
		cmocka_unit_test(a_record_of_the_hosts_own_stays_when_nothing_is_published),
		cmocka_unit_test(texts_are_cut_at_whole_characters_and_records_at_640_bytes),
		cmocka_unit_test(a_record_of_640_bytes_is_full),
		cmocka_unit_test(no_character_of_four_bytes_is_cut),
		cmocka_unit_test(many_long_keys_are_told_and_a_beginning_of_one_is_another),
		cmocka_unit_test(the_service_is_called_as_it_is_told),
		cmocka_unit_test(the_257th_key_is_left_out),
		cmocka_unit_test(publishing_twice_says_so),
		cmocka_unit_test(another_librarys_context_is_left_alone),
		cmocka_unit_test(the_child_of_a_fork_has_a_context_of_its_own),
		cmocka_unit_test(after_a_seccomp_filter_the_context_stays_as_it_is),
		cmocka_unit_test(each_thread_has_its_own_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
