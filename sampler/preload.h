/* preload.h - what the library does by itself when it is preloaded. */
#ifndef SONDE_SAMPLER_PRELOAD_H
#define SONDE_SAMPLER_PRELOAD_H

/* Stop and leave a whole profile, or a finished spool, behind; does nothing the second time, in a child that has no
 * session of its own, or when nobody asked for a profile through the environment. */
void preload_finish(void);

#endif
