/* text_file.c - whole small files of text, as /proc has them, and their lines. */
#include "symbolize/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES (1 << 16)

int text_file_read_fd(text_bytes *out, int fd, const char *path, size_t max_bytes, struct err *err)
{
	for (;;) {
		ssize_t n;

		VEC_MUST(out, out->n + READ_BYTES);
		n = read(fd, out->v + out->n, READ_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, SONDE_EIO, "cannot read '%s': %s", path,
				       strerror(errno));
		if (n == 0)
			return 0;
		out->n += (size_t)n;
		if (out->n > max_bytes)
			return err_set(err, SONDE_EFORMAT, "'%s' has more than %zu bytes", path,
				       max_bytes);
	}
}

int text_file_read(text_bytes *out, const char *path, size_t max_bytes, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int status;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? SONDE_ENOTFOUND : SONDE_EIO,
			       "cannot open '%s': %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		status = text_file_read_fd(out, fd, path, max_bytes, err);
	else
		status = err_set(err, SONDE_EFORMAT, "'%s' is not a regular file", path);
	close(fd);
	return status;
}

bool text_next_line(const char **p, const char *end, struct text_line *line)
{
	const char *newline;

	if (*p >= end)
		return false;
	newline = memchr(*p, '\n', (size_t)(end - *p));
	*line = (struct text_line){ *p, newline ? newline : end };
	*p = newline ? newline + 1 : end;
	return true;
}

void text_skip_blanks(struct text_line *line)
{
	while (line->p < line->end && (*line->p == ' ' || *line->p == '\t'))
		line->p++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_hex(struct text_line *line, uint64_t *out)
{
	int n = 0, digit;

	if (line->end - line->p > 2 && line->p[0] == '0' && (line->p[1] | 32) == 'x')
		line->p += 2;
	*out = 0;
	for (; line->p < line->end && (digit = hex_digit(*line->p)) >= 0; line->p++) {
		if (++n > 16)
			return false;
		*out = *out << 4 | (uint64_t)digit;
	}
	return n > 0;
}
