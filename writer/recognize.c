/* recognize.c - from a file or bytes to a profile that has been checked, whatever the format.
 *
 * What pprof reads is told apart by trying: gzip by its first two bytes; then profile.proto; what
 * is not that is offered to the readers of the older formats, and then to those of text that other
 * profilers print.  A large file is read as a stream, if it can be (decode_stream.c).
 */
#include "writer/gzip_stream.h"
#include "writer/input.h"
#include "writer/legacy.h"
#include "writer/stack_text.h"
#include "writer/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STREAM_MIN = 1 << 20 }; /* bytes of a file that is worth a thread */

static bool starts_with(const uint8_t *data, size_t n, const char *magic, size_t n_magic)
{
	return n >= n_magic && memcmp(data, magic, n_magic) == 0;
}

/* What people hand us by mistake. */
static const struct {
	const char *magic;
	size_t n;
	const char *what;
} strangers[] = {
	{ "PERFILE2", 8,
	  "a perf.data file, which perf_to_profile converts; what `perf script` prints of it can "
	  "be read" },
	{ "\177ELF", 4, "an ELF file" },
	{ "go 1.", 5, "an execution trace of Go, which `go tool trace` shows" },
	{ "FLR", 4, "a recording of Java's Flight Recorder" },
	{ "gmon", 4, "a gmon.out of gprof" },
	{ "# callgrind format", 18, "a file of callgrind" },
	{ "{", 1, "JSON" },
	{ "<", 1, "HTML or XML" },
	{ "\x1f\x8b", 2, "packed by gzip twice" },
	{ "\xfd"
	  "7zXZ",
	  5, "packed by xz: unpack it first" },
	{ "\x28\xb5\x2f\xfd", 4, "packed by zstd: unpack it first" },
	{ "BZh", 3, "packed by bzip2: unpack it first" },
	{ "PK\3\4", 4, "a zip archive: unpack it first" },
};

/* What to say of bytes that are no profile: err holds what is wrong with them as profile.proto,
 * which is worth saying only if they begin like one, with a sample type. */
static int unrecognized(const uint8_t *data, size_t n, struct err *err)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		if (starts_with(data, n, strangers[i].magic, strangers[i].n))
			return err_set(err, SONDE_EFORMAT, "unrecognized profile format: %s",
				       strangers[i].what);
	if (starts_with(data, n, "\n", 1))
		return SONDE_EFORMAT;
	return err_set(err, SONDE_EFORMAT, "unrecognized profile format");
}

static int decode_unpacked(struct profile **out, const uint8_t *data, size_t n, struct err *err)
{
	struct err legacy_err;
	enum legacy_result rc;

	if (!n)
		return err_set(err, SONDE_EFORMAT, "empty input file");
	switch (proto_decode(out, data, n, err)) {
	case PROTO_OK:
		return 0;
	case PROTO_REFUSED:
		return SONDE_EFORMAT;
	case PROTO_MALFORMED:
		break;
	}
	rc = legacy_decode(out, data, n, &legacy_err);
	if (rc == LEGACY_NOT_MINE)
		rc = stack_text_decode(out, data, n, &legacy_err);
	if (rc == LEGACY_OK)
		return 0;
	if (rc == LEGACY_BROKEN)
		return err_set(err, SONDE_EFORMAT, "%s", legacy_err.text);
	return unrecognized(data, n, err);
}

static bool is_gzip(const uint8_t *data, size_t n)
{
	return starts_with(data, n, "\x1f\x8b", 2);
}

int profile_decode_mem(struct profile **out, const void *data, size_t n, struct err *err)
{
	struct bytes unpacked = { VEC_INIT };
	int rc;

	if (!is_gzip(data, n))
		return decode_unpacked(out, data, n, err);
	rc = gzip_unpack(&unpacked, data, n, err);
	if (!rc)
		rc = decode_unpacked(out, unpacked.buf.v, unpacked.buf.n, err);
	VEC_RELEASE(&unpacked.buf);
	return rc;
}

/* read() and not mmap(): a file that another process cuts short must not kill us. */
static int read_all(struct bytes *out, int fd, struct err *err)
{
	struct stat st;
	size_t want = 65536;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		want = (size_t)st.st_size + 1; /* room to see the end of the file without growing */
	for (;;) {
		ssize_t got;

		if (out->buf.cap - out->buf.n < want / 2 + 1 &&
		    VEC_RESERVE(&out->buf, out->buf.n + want))
			return err_set(err, SONDE_ENOMEM,
				       "not enough memory to hold it (see --max-memory)");
		got = read(fd, out->buf.v + out->buf.n, out->buf.cap - out->buf.n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(err, SONDE_EIO, "%s", strerror(errno));
		if (got == 0)
			return 0;
		out->buf.n += (size_t)got;
		want = 65536;
	}
}

static int open_file(const char *path, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			  : open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd
		       : err_set(err, SONDE_EIO, "cannot read '%s': %s", path, strerror(errno));
}

/* Closes fd. */
static int read_open_file(struct bytes *out, int fd, const char *path, struct err *err)
{
	int rc = read_all(out, fd, err);

	close(fd);
	if (rc) {
		err_prefix(err, "cannot read '%s'", path);
		VEC_RELEASE(&out->buf);
	}
	return rc;
}

int read_file(struct bytes *out, const char *path, struct err *err)
{
	int fd = open_file(path, err);

	return fd < 0 ? fd : read_open_file(out, fd, path, err);
}

/* The short way for what is large and as it should be, in a file: it can be read again. */
static bool read_stream(struct profile **out, int fd)
{
	off_t start = lseek(fd, 0, SEEK_CUR);
	struct gzip_stream *stream;
	uint8_t magic[2];
	struct stat st;
	bool ok;

	if (start < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size - start < STREAM_MIN ||
	    pread(fd, magic, sizeof(magic), start) != sizeof(magic) ||
	    !is_gzip(magic, sizeof(magic)))
		return false;
	stream = gzip_stream_open(fd);
	if (!stream)
		return false;
	ok = proto_decode_stream(out, stream);
	gzip_stream_close(stream);
	if (!ok)
		lseek(fd, start, SEEK_SET);
	return ok;
}

/* Unpack b in its place: what was packed is given back before the profile is built. */
static int unpack(struct bytes *b, struct err *err)
{
	struct bytes unpacked = { VEC_INIT };
	int rc;

	if (!is_gzip(b->buf.v, b->buf.n))
		return 0;
	rc = gzip_unpack(&unpacked, b->buf.v, b->buf.n, err);
	VEC_RELEASE(&b->buf);
	*b = unpacked;
	return rc;
}

int profile_read_file(struct profile **out, const char *path, struct err *err)
{
	struct bytes file = { VEC_INIT };
	int fd = open_file(path, err), rc;

	if (fd < 0)
		return fd;
	if (read_stream(out, fd)) {
		close(fd);
		return 0;
	}
	rc = read_open_file(&file, fd, path, err);
	if (rc)
		return rc;
	rc = unpack(&file, err);
	if (!rc)
		rc = decode_unpacked(out, file.buf.v, file.buf.n, err);
	VEC_RELEASE(&file.buf);
	if (rc)
		err_prefix(err, "cannot read '%s'", path);
	return rc;
}
