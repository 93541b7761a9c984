/* web_text.c - reports for the page. */
#include "analyze/web_text.h"
#include "writer/writer.h"

#include <sys/mman.h>
#include <unistd.h>

static const struct notes silent = { NULL, NULL };

int web_text_peek(struct profile *copy, const struct report_opts *opts, const struct web_query *q,
		  FILE *out, struct err *err)
{
	struct report_opts o = *opts;
	const char *pattern = *o.focus ? o.focus : ".";

	o.focus = "";
	return analyze_report(copy, REPORT_PEEK, pattern, &o, out, &silent, err);
}

/* The writer wants a descriptor. */
int web_text_download(struct profile *copy, const struct report_opts *opts,
		      const struct web_query *q, FILE *out, struct err *err)
{
	int fd = memfd_create("profile", MFD_CLOEXEC), rc;
	char buf[1 << 16];
	ssize_t n;

	if (fd < 0)
		return err_set(err, SONDE_EIO, "cannot make room for the profile: %m");
	rc = profile_write_fd(copy, fd, "profile", err);
	if (!rc && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_set(err, SONDE_EIO, "cannot read the profile back: %m");
	while (!rc && (n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, out);
	close(fd);
	return rc;
}
