/* settings.c - what the environment asks of the preloaded library, but for where the samples go: see preload.c. */
#include "sampler/settings.h"
#include "sampler/preload.h"
#include "sampler/sampler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_hz(unsigned *hz)
{
	const char *text = getenv("SONDE_HZ");
	char *end;
	long n;

	if (!text || !text[0])
		return true;
	n = strtol(text, &end, 10);
	if (*end || n < 1 || n > 10000) {
		preload_say("not profiling: SONDE_HZ is not a number from 1 to 10000:", text, "");
		return false;
	}
	*hz = (unsigned)n;
	return true;
}

static bool read_memory(size_t *bytes)
{
	const char *text = getenv("SONDE_MAX_MEMORY");
	unsigned long long n;
	char *end;

	if (!text || !text[0])
		return true;
	n = strtoull(text, &end, 10);
	if (*end || text[0] == '-' || n < SONDE_LEAST_MEMORY || n > SONDE_MOST_MEMORY) {
		preload_say(
			"not profiling: SONDE_MAX_MEMORY is not a number of bytes from 262144 up:",
			text, "");
		return false;
	}
	*bytes = (size_t)n;
	return true;
}

static bool events_are_known(void)
{
	const char *text = getenv("SONDE_EVENTS");

	if (!text || !text[0] || strcmp(text, "cpu") == 0)
		return true;
	preload_say("not profiling: SONDE_EVENTS knows only 'cpu', not", text, "");
	return false;
}

static bool read_engine(enum engine *engine)
{
	const char *text = getenv("SONDE_ENGINE");

	if (engine_read_name(text, engine))
		return true;
	preload_say("not profiling: SONDE_ENGINE is 'auto', 'perf' or 'timer', not", text, "");
	return false;
}

/* A setting that is 0 or 1, and 0 when it is not there. */
static bool read_switch(const char *name, bool *is_on)
{
	const char *text = getenv(name);
	char why[64];

	*is_on = text && strcmp(text, "1") == 0;
	if (!text || !text[0] || strcmp(text, "0") == 0 || *is_on)
		return true;
	snprintf(why, sizeof(why), "not profiling: %s is 0 or 1, not", name);
	preload_say(why, text, "");
	return false;
}

static uint64_t read_time(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

bool settings_come_too_late(struct session_window *window)
{
	window->from_ns = read_time("SONDE_FROM_NS");
	window->until_ns = read_time("SONDE_UNTIL_NS");
	return session_window_has_passed(window);
}

bool settings_read(struct session_opts *opts, bool *is_published)
{
	return read_hz(&opts->options.hz) && read_memory(&opts->options.max_bytes) &&
	       events_are_known() && read_engine(&opts->engine) &&
	       read_switch("SONDE_KERNEL", &opts->kernel_frames) &&
	       read_switch("SONDE_OTEL", is_published);
}

void settings_push_labels(void)
{
	const char *at = getenv("SONDE_LABELS");

	while (at && *at) {
		size_t n = strcspn(at, ","), key = strcspn(at, "=,");
		char pair[512];

		if (key < n && n < sizeof(pair)) {
			memcpy(pair, at, n);
			pair[n] = 0;
			pair[key] = 0;
			sonde_labels_push(pair, pair + key + 1);
		}
		at += n + (at[n] == ',');
	}
}
