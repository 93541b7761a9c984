/* web_saved.h - views of the page that the user gave a name to, kept between runs.
 *
 * They are lines "name TAB query" of $XDG_CONFIG_HOME/sonde/views (~/.config/sonde/views), written
 * whole beside it and renamed.
 */
#ifndef SONDE_ANALYZE_WEB_SAVED_H
#define SONDE_ANALYZE_WEB_SAVED_H

#include "analyze/json.h"
#include "base/err.h"

/* "views": [{"name": .., "query": ..}, ..]; none when there is no such file. */
SONDE_MUST int web_saved_print(struct json *j, struct err *err);

/* Add one, in the place of one of the same name, or take it away. */
SONDE_MUST int web_saved_change(bool add, const char *name, const char *query, struct err *err);

#endif
