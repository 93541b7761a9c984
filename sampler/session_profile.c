/* session_profile.c - what has been sampled becomes a profile, in the process itself. */
#include "base/oom.h"
#include "sampler/live.h"
#include "sampler/sampler.h"
#include "sampler/session.h"
#include "sampler/spool_file.h"
#include "writer/writer.h"

#include <errno.h>

/* Build the profile and hand it to write(); out of memory inside is an error like any other. */
static int with_profile(int (*write)(const struct profile *p, void *arg, struct err *err),
			void *arg, struct err *err)
{
	struct spool_profile *volatile sp = NULL;
	volatile int rc;
	int cancel;
	const struct spool *spool = session_hold(&cancel);
	jmp_buf env;

	if (!spool) {
		rc = err_set(err, SONDE_ENOTFOUND, "nothing has been sampled yet");
	} else if (setjmp(env)) {
		rc = err_set(err, SONDE_ENOMEM, "out of memory while writing the profile");
	} else {
		oom_catch(&env);
		if (atomic_load(&live.sampling))
			session_note_clocks(true);
		sp = spool_profile_new();
		rc = spool_profile_add_live(sp, spool->header, (const void *const *)spool->segments,
					    spool->reserve, err);
		if (rc == 0)
			rc = write(spool_profile_finish(sp), arg, err);
		spool_profile_free(sp);
	}
	oom_release();
	session_let_go(cancel);
	return rc;
}

static int write_path(const struct profile *p, void *arg, struct err *err)
{
	return profile_write_file(p, arg, err);
}

static int write_fd(const struct profile *p, void *arg, struct err *err)
{
	return profile_write_fd(p, *(int *)arg, "the descriptor", err);
}

int session_write_file(const char *path, struct err *err)
{
	return with_profile(write_path, (void *)path, err);
}

static int errno_of(int rc)
{
	return rc == 0 ? 0 : rc == SONDE_ENOTFOUND ? -ENODATA : rc == SONDE_ENOMEM ? -ENOMEM : -EIO;
}

int sonde_write(int fd)
{
	return errno_of(with_profile(write_fd, &fd, NULL));
}

int sonde_write_file(const char *path)
{
	return path ? errno_of(session_write_file(path, NULL)) : -EINVAL;
}
