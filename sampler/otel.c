/* otel.c - the process context and the records of OpenTelemetry's thread context: see otel.h.
 *
 * Formats: OTEP 4719 (the mapping: a head, then a ProcessContext message) and OTEP 4947 (the record, and the two
 * attributes of the context that tell how to read it).  The head's time is zero while the rest changes, so that
 * a reader that races with a change begins anew.
 */
#include "sampler/at_fork.h"
#include "sampler/otel.h"
#include "sampler/labels.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef PR_SET_VMA_ANON_NAME
#define PR_SET_VMA_ANON_NAME 0
#endif

enum {
	MAX_KEYS = 256,
	KEY_ROOM = 255 + 2 + 2 * 3, /* of one in the message, with tags and lengths */
	CONTEXT_BYTES = 4096 + MAX_KEYS * KEY_ROOM,
};

#define CONTEXT_NAME "OTEL_CTX"
#define SCHEMA	     "tlsdesc_v1_dev" /* of the record; what readers of 2026 ask for */

struct context {
	char signature[8];
	uint32_t version, n_bytes;
	_Atomic uint64_t published_at; /* CLOCK_BOOTTIME; 0 = being changed */
	uint64_t message;	       /* its address */
	uint8_t bytes[];
};

__attribute__((
	visibility("default"), weak,
	tls_model("initial-exec"))) __thread const struct otel_record *volatile otel_thread_ctx_v1;

atomic_bool otel_is_on;
static atomic_bool is_frozen;
static struct context *context;
static pid_t context_pid;

static struct key {
	const char *name; /* in the block of the first set that has it */
	size_t n_bytes;
} keys[MAX_KEYS];
static _Atomic unsigned n_keys;
static char service[256];

/* ---- the message ---- */

struct bytes {
	uint8_t *at, *end;
};

static void put(struct bytes *b, const void *p, size_t n)
{
	if (n <= (size_t)(b->end - b->at)) {
		memcpy(b->at, p, n);
		b->at += n;
	}
}

/* The tag and length of a field of protobuf's wire type 2. */
static void put_head(struct bytes *b, unsigned field, size_t n)
{
	uint8_t head[12], *p = head;

	*p++ = (uint8_t)(field << 3 | 2);
	for (; n > 127; n >>= 7)
		*p++ = (uint8_t)(n | 128);
	*p++ = (uint8_t)n;
	put(b, head, (size_t)(p - head));
}

static size_t head_bytes(size_t n)
{
	return 2u + (n > 127) + (n > 16383);
}

static size_t field_bytes(size_t n)
{
	return head_bytes(n) + n;
}

static void put_string(struct bytes *b, unsigned field, const char *s, size_t n)
{
	put_head(b, field, n);
	put(b, s, n);
}

/* KeyValue { key = 1, value = 2: AnyValue } in a field of the message around it; the value's bytes come next. */
static void put_key(struct bytes *b, unsigned field, const char *key, size_t value_bytes)
{
	put_head(b, field, field_bytes(strlen(key)) + field_bytes(value_bytes));
	put_string(b, 1, key, strlen(key));
	put_head(b, 2, value_bytes);
}

/* The same with AnyValue { string_value = 1 }. */
static void put_pair(struct bytes *b, unsigned field, const char *key, const char *value)
{
	put_key(b, field, key, field_bytes(strlen(value)));
	put_string(b, 1, value, strlen(value));
}

/* ProcessContext { resource = 1: Resource { attributes = 1: KeyValue } } */
static void put_resource(struct bytes *b)
{
	uint8_t room[sizeof(service) + 256];
	struct bytes resource = { room, room + sizeof(room) };

	put_pair(&resource, 1, "service.name", service);
	put_pair(&resource, 1, "telemetry.sdk.language", "cpp");
	put_pair(&resource, 1, "telemetry.sdk.name", "sonde");
	put_pair(&resource, 1, "telemetry.sdk.version", SONDE_VERSION);
	put_string(b, 1, (const char *)room, (size_t)(resource.at - room));
}

/* ProcessContext { attributes = 2: KeyValue } whose value is
 * AnyValue { array_value = 5: ArrayValue { values = 1: AnyValue { string_value = 1 } } } */
static void put_keys(struct bytes *b, unsigned n)
{
	size_t array = 0;

	for (unsigned i = 0; i < n; i++)
		array += field_bytes(field_bytes(keys[i].n_bytes));
	put_key(b, 2, "threadlocal.attribute_key_map", field_bytes(array));
	put_head(b, 5, array);
	for (unsigned i = 0; i < n; i++) {
		put_head(b, 1, field_bytes(keys[i].n_bytes));
		put_string(b, 1, keys[i].name, keys[i].n_bytes);
	}
}

static size_t write_message(uint8_t *to, size_t room)
{
	struct bytes b = { to, to + room };

	put_resource(&b);
	put_pair(&b, 2, "threadlocal.schema_version", SCHEMA);
	put_keys(&b, atomic_load(&n_keys));
	return (size_t)(b.at - to);
}

/* What the program is called: as OpenTelemetry's own libraries are told, or as they say when nobody tells them. */
static void name_service(void)
{
	const char *told = getenv("OTEL_SERVICE_NAME");
	bool is_told = told && told[0];

	snprintf(service, sizeof(service), "%s%s",
		 is_told ? "" : "unknown_service:", is_told ? told : program_invocation_short_name);
}

/* ---- the context ---- */

static uint64_t now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* 0 or a negative errno: a kernel that names no mappings. */
static int name_context(void)
{
	return (int)raw_syscall6(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, (long)context,
				 CONTEXT_BYTES, (long)CONTEXT_NAME, 0);
}

static int fill_context(void)
{
	uint64_t before = atomic_load(&context->published_at), at;

	atomic_store(&context->published_at, 0);
	memcpy(context->signature, CONTEXT_NAME, sizeof(context->signature));
	context->version = 2;
	context->n_bytes =
		(uint32_t)write_message(context->bytes, CONTEXT_BYTES - sizeof(*context));
	context->message = (uint64_t)(uintptr_t)context->bytes;
	at = now();
	atomic_store(&context->published_at, at > before ? at : before + 1);
	return name_context();
}

/* A descriptor for the mapping to have its name from, or a negative errno. */
static int name_giver(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	long fd = raw_syscall(SYS_memfd_create, (long)CONTEXT_NAME, flags | MFD_NOEXEC_SEAL, 0, 0);

	if (fd < 0)
		fd = raw_syscall(SYS_memfd_create, (long)CONTEXT_NAME, flags, 0, 0);
	if (fd >= 0 && ftruncate((int)fd, CONTEXT_BYTES)) {
		close((int)fd);
		return -ENOSPC;
	}
	return (int)fd;
}

static int make_context(void)
{
	int fd = name_giver(), rc;
	void *p = mmap(NULL, CONTEXT_BYTES, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, fd, 0);

	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return -ENOMEM;
	madvise(p, CONTEXT_BYTES, MADV_DONTFORK);
	context = p;
	context_pid = getpid();
	rc = fill_context();
	if (fd >= 0 || rc == 0)
		return 0;
	munmap(context, CONTEXT_BYTES);
	context = NULL;
	return rc;
}

/* Not after a fork that no one told us of: the mapping is the parent's. */
static bool context_is_there(void)
{
	unsigned char resident;

	return context && context_pid == getpid() && mincore(context, 1, &resident) == 0;
}

static void update_context(void)
{
	if (is_frozen)
		return;
	if (context_is_there())
		fill_context();
	else
		make_context();
}

/* Whether a mapping of the process has the name already.  (Both its spellings end the line with it or with more.) */
static bool another_has_made_one(void)
{
	char buffer[8192];
	size_t kept = 0;
	bool found = false;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && !found && (n = read(fd, buffer + kept, sizeof(buffer) - kept)) > 0) {
		kept += (size_t)n;
		found = memmem(buffer, kept, ":" CONTEXT_NAME, sizeof(CONTEXT_NAME)) != NULL;
		if (kept > sizeof(CONTEXT_NAME)) {
			memmove(buffer, buffer + kept - sizeof(CONTEXT_NAME), sizeof(CONTEXT_NAME));
			kept = sizeof(CONTEXT_NAME);
		}
	}
	if (fd >= 0)
		close(fd);
	return found;
}

int otel_publish(void)
{
	int rc;

	if (otel_is_on)
		return -EALREADY;
	if (another_has_made_one())
		return -EEXIST;
	name_service();
	rc = make_context();
	if (rc)
		return rc;
	call_at_fork(NULL, NULL, otel_forked);
	otel_is_on = true;
	return 0;
}

/* (Without the lock, which a thread that the child does not have may hold: keys are only ever added.) */
void otel_forked(void)
{
	if (!otel_is_on)
		return;
	context = NULL;
	update_context();
}

void otel_freeze(void)
{
	is_frozen = true;
}

/* ---- records ---- */

/* The key's number, or -1 when there is no room for it. */
static int number_of(const char *name, size_t n_bytes, bool *is_new)
{
	unsigned n = atomic_load(&n_keys);

	for (unsigned i = 0; i < n; i++)
		if (keys[i].n_bytes == n_bytes && memcmp(keys[i].name, name, n_bytes) == 0)
			return (int)i;
	if (n == MAX_KEYS)
		return -1;
	keys[n] = (struct key){ name, n_bytes };
	atomic_store(&n_keys, n + 1);
	*is_new = true;
	return (int)n;
}

/* The first 255 bytes, or as many of them as are whole characters of UTF-8. */
static size_t cut(const char *text, size_t n)
{
	if (n <= 255)
		return n;
	for (n = 255; n > 252 && ((uint8_t)text[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

/* A label's value as text: a number with its unit behind it.  Room for 300. */
static size_t text_of(char *to, const struct label_entry *e)
{
	const char *unit = e->bytes + e->key_bytes;
	int n;

	if (e->kind == 's') {
		size_t bytes = cut(unit + e->unit_bytes, e->value_bytes);

		memcpy(to, unit + e->unit_bytes, bytes);
		return bytes;
	}
	n = snprintf(to, 300, "%lld%s%.*s", (long long)e->number, e->unit_bytes ? " " : "",
		     e->unit_bytes, unit);
	return cut(to, (size_t)n);
}

static const struct label_entry *after(const struct label_entry *e)
{
	return (const struct label_entry *)((const char *)e + e->entry_bytes);
}

size_t otel_record_room(const uint64_t *block)
{
	const struct label_entry *e = (const struct label_entry *)block;
	size_t n = sizeof(struct otel_record);

	for (; e->kind; e = after(e))
		n += 2u + (e->kind == 's' ? e->value_bytes : 21u + e->unit_bytes);
	return n < OTEL_RECORD_BYTES ? n : OTEL_RECORD_BYTES;
}

void otel_write_record(struct otel_record *to, const uint64_t *block)
{
	const struct label_entry *e = (const struct label_entry *)block;
	bool is_new = false;

	memset(to, 0, sizeof(*to));
	for (; e->kind; e = after(e)) {
		char text[300];
		size_t n = text_of(text, e);
		int key = number_of(e->bytes, e->key_bytes, &is_new);
		uint8_t *at = to->attributes + to->n_bytes;

		if (key < 0 || sizeof(*to) + to->n_bytes + 2 + n > OTEL_RECORD_BYTES)
			continue;
		*at++ = (uint8_t)key;
		*at++ = (uint8_t)n;
		memcpy(at, text, n);
		to->n_bytes = (uint16_t)(to->n_bytes + 2 + n);
	}
	to->is_valid = 1;
	if (is_new)
		update_context();
}
