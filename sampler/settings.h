/* settings.h - what the environment asks of the preloaded library. */
#ifndef SONDE_SAMPLER_SETTINGS_H
#define SONDE_SAMPLER_SETTINGS_H

#include "sampler/session.h"

/* False: one of them cannot be, and that has been said. */
SONDE_MUST bool settings_read(struct session_opts *opts, bool *is_published);

/* When to sample, which only `sonde record` knows, who began the command.  True: that is over already. */
bool settings_come_too_late(struct session_window *window);

void settings_push_labels(void);

#endif
