/* preload.h - what the library does by itself when it is preloaded. */
#ifndef SONDE_SAMPLER_PRELOAD_H
#define SONDE_SAMPLER_PRELOAD_H

#include <stdbool.h>

/* Stop and leave a whole profile, or a finished spool, behind; does nothing the second time, in a child that has no
 * session of its own, or when nobody asked for a profile through the environment. */
void preload_finish(void);

/* The host is about to forbid itself a system call that the library needs: sampling ends, what there is is left behind
 * whole, and one line says so. */
void preload_step_back(const char *call);
bool preload_is_writer(void); /* of its profile, at the end */

/* "TEXT 'WHAT': WHY" ("": no why) on stderr; under `sonde record` left for it to tell. */
void preload_say(const char *text, const char *what, const char *why);

#endif
