/* sonde.h - profile this program: start, label, stop, write.
 *
 *	#include <sonde.h>                              link with: pkg-config --cflags --libs sonde
 *
 *	sonde_start(NULL);
 *	{
 *		SONDE_LABEL_SCOPE("request", "GET /");  // until the end of this block
 *		work();
 *	}
 *	sonde_stop();
 *	sonde_write_file("out.pb.gz");                  then: sonde top out.pb.gz
 *
 * No function here aborts, prints or exits.  Those that can fail return 0 or a negative errno value.  All are
 * thread-safe; none is async-signal-safe.
 *
 * With SONDE_OPTIONAL defined before the inclusion the library need not be there: the program is linked without it,
 * every call is then a load and a branch, and the same binary is profiled, labels and all, when libsonde.so is
 * preloaded (LD_PRELOAD, sonde record).
 */
#ifndef SONDE_H
#define SONDE_H

#include <stddef.h>
#include <stdint.h>

#ifdef SONDE_OPTIONAL
#define SONDE_API __attribute__((weak, visibility("default")))
#else
#define SONDE_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct sonde_options { /* NULL or zeros: the defaults */
	unsigned hz;   /* samples for each second of a thread's CPU time: 1 to 10000; default 100 */
	size_t max_bytes; /* memory for samples; default 128 MiB; what does not fit is counted as lost */
};

/* Begin to sample all threads of this process, those to come included.  A new start discards the samples of the one
 * before.  -EALREADY when it is sampling, -EINVAL for options out of range, -ENOMEM, -EAGAIN when no timer is had. */
SONDE_API int sonde_start(const struct sonde_options *options);

/* Stop sampling.  The samples stay until the next start.  -EALREADY when it is not sampling. */
SONDE_API int sonde_stop(void);

/* Write what has been sampled as a gzip'd pprof profile, also while sampling goes on.  It carries addresses and build
 * ids, not symbols: `sonde` and pprof find those when they read it.  _file writes beside the name, then renames.
 * -ENODATA before the first start, -EIO when the file cannot be written. */
SONDE_API int sonde_write(int fd);
SONDE_API int sonde_write_file(const char *path);

/* ---- labels: every sample carries those of its thread ----
 *
 * A thread begins with the labels of the thread that created it.  Keys are [a-zA-Z_][a-zA-Z0-9_]*: other bytes
 * become '_'.  A key pushed again hides the earlier one until it is popped.  Labels may be set before the start.
 *
 * A set of labels is made once and kept for ever; going to one that exists is a store, and a push or pop takes no lock
 * then.  So values should be few (an endpoint, not a request id): when there are 65,536 sets or they take 16 MiB, or
 * when the labels of one would take more than about 1,000 bytes, a push and those on top of it change nothing and are
 * popped all the same. */
SONDE_API void sonde_labels_push(const char *key, const char *value);
SONDE_API void sonde_labels_push_number(const char *key, int64_t value,
					const char *unit); /* "bytes", "" ... */
SONDE_API void sonde_labels_pop(void);

/* Let profilers outside the process read the labels of its threads, as OpenTelemetry's thread context (OTEP 4947:
 * otel_thread_ctx_v1, keys in the process context OTEL_CTX; numbers as text with their unit).  Independent of start and stop,
 * and for good; a switch of labels is a store more.  Labels that a thread has already show at its next switch.  To be
 * called where no other library of the process publishes: -EEXIST when one has, -EALREADY the second time, -ENOMEM or
 * what the system said.  A new key makes system calls later, unless prctl() has loaded a seccomp filter through libsonde.so.
 * With libsonde.a, link with -Wl,--export-dynamic-symbol=otel_thread_ctx_v1.  (Preloaded: SONDE_OTEL=1.) */
SONDE_API int sonde_labels_publish(void);

/* The labels of a thread as one value, for tasks that another thread will run: capture when the task is queued, attach
 * when it begins, detach when it is done.  Never freed; NULL = none. */
typedef const struct label_set *sonde_labels;
struct sonde_label_scope { /* what the thread goes back to */
	sonde_labels set;
	uint32_t unkept;
};
SONDE_API sonde_labels sonde_labels_capture(void);
SONDE_API struct sonde_label_scope sonde_labels_attach(sonde_labels set);
SONDE_API void sonde_labels_detach(struct sonde_label_scope before);

/* Behind the macros below. */
SONDE_API struct sonde_label_scope sonde_label_scope_begin(const char *key, const char *value);
SONDE_API struct sonde_label_scope sonde_label_scope_begin_number(const char *key, int64_t value,
								  const char *unit);

#ifdef SONDE_OPTIONAL
#define sonde_start(options)	      (sonde_start ? sonde_start(options) : 0)
#define sonde_stop()		      (sonde_stop ? sonde_stop() : 0)
#define sonde_write(fd)		      (sonde_write ? sonde_write(fd) : 0)
#define sonde_write_file(path)	      (sonde_write_file ? sonde_write_file(path) : 0)
#define sonde_labels_push(key, value) (sonde_labels_push ? sonde_labels_push(key, value) : (void)0)
#define sonde_labels_push_number(key, value, unit)                                                 \
	(sonde_labels_push_number ? sonde_labels_push_number(key, value, unit) : (void)0)
#define sonde_labels_pop()	    (sonde_labels_pop ? sonde_labels_pop() : (void)0)
#define sonde_labels_publish()	    (sonde_labels_publish ? sonde_labels_publish() : 0)
#define sonde_labels_capture()	    (sonde_labels_capture ? sonde_labels_capture() : (sonde_labels)0)
#define sonde_labels_attach(set)    (sonde_labels_attach ? sonde_labels_attach(set) : sonde_no_scope())
#define sonde_labels_detach(before) (sonde_labels_detach ? sonde_labels_detach(before) : (void)0)
#define sonde_label_scope_begin(key, value)                                                        \
	(sonde_label_scope_begin ? sonde_label_scope_begin(key, value) : sonde_no_scope())
#define sonde_label_scope_begin_number(key, value, unit)                                           \
	(sonde_label_scope_begin_number ? sonde_label_scope_begin_number(key, value, unit)         \
					: sonde_no_scope())

static inline struct sonde_label_scope sonde_no_scope(void)
{
	struct sonde_label_scope none = { (sonde_labels)0, 0 };

	return none;
}
#endif

static inline void sonde_label_scope_end(struct sonde_label_scope *before)
{
	sonde_labels_detach(*before);
}

/* Until the enclosing block is left, in whatever way: this label; this number; captured labels in the place of all. */
#define SONDE_LABEL_SCOPE(key, value) SONDE_SCOPE_VARIABLE = sonde_label_scope_begin(key, value)
#define SONDE_LABEL_NUMBER_SCOPE(key, value, unit)                                                 \
	SONDE_SCOPE_VARIABLE = sonde_label_scope_begin_number(key, value, unit)
#define SONDE_LABELS_ATTACHED(set) SONDE_SCOPE_VARIABLE = sonde_labels_attach(set)

#define SONDE_SCOPE_VARIABLE                                                                       \
	__attribute__((cleanup(sonde_label_scope_end), unused)) struct sonde_label_scope           \
	SONDE_SCOPE_NAME(__LINE__)
#define SONDE_SCOPE_NAME(line)	SONDE_SCOPE_NAME_(line)
#define SONDE_SCOPE_NAME_(line) sonde_scope_##line

#ifdef __cplusplus
}
#endif

#endif
