/* clock_text.c - time formatting. */
#include "analyze/clock_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECOND = 1000000000 };

static int64_t split(int64_t nanos, struct tm *tm)
{
	time_t seconds = nanos / SECOND - (nanos % SECOND < 0);

	localtime_r(&seconds, tm);
	return nanos % SECOND + (nanos % SECOND < 0 ? SECOND : 0);
}

const char *clock_text(struct arena *a, int64_t nanos)
{
	char text[128];
	struct tm tm;

	split(nanos, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm);
	return arena_strdup(a, text);
}

/* ".25" for a quarter of 10^digits; "" for 0. */
static const char *fraction(struct arena *a, uint64_t part, int digits)
{
	char text[24];
	size_t n = (size_t)snprintf(text, sizeof(text), ".%0*" PRIu64, digits, part);

	if (part == 0)
		return "";
	while (text[n - 1] == '0')
		n--;
	return arena_strndup(a, text, n);
}

const char *clock_full_text(struct arena *a, int64_t nanos)
{
	char date[64], zone[64];
	struct tm tm;
	int64_t part = split(nanos, &tm);

	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z %Z", &tm);
	return arena_printf(a, "%s%s %s", date, fraction(a, (uint64_t)part, 9), zone);
}

const char *duration_text(struct arena *a, int64_t nanos)
{
	static const struct {
		uint64_t below, unit;
		int digits;
		const char *name;
	} small[] = { { 1000, 1, 0, "ns" },
		      { 1000000, 1000, 3, "\xc2\xb5s" },
		      { SECOND, 1000000, 6, "ms" } };
	uint64_t v = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos, seconds = v / SECOND;
	const char *sign = nanos < 0 ? "-" : "", *tail;

	if (v == 0)
		return "0s";
	for (size_t i = 0; i < 3; i++)
		if (v < small[i].below)
			return arena_printf(a, "%s%" PRIu64 "%s%s", sign, v / small[i].unit,
					    fraction(a, v % small[i].unit, small[i].digits),
					    small[i].name);
	tail = arena_printf(a, "%" PRIu64 "%ss", seconds % 60, fraction(a, v % SECOND, 9));
	if (seconds >= 3600)
		return arena_printf(a, "%s%" PRIu64 "h%" PRIu64 "m%s", sign, seconds / 3600,
				    seconds / 60 % 60, tail);
	if (seconds >= 60)
		return arena_printf(a, "%s%" PRIu64 "m%s", sign, seconds / 60, tail);
	return arena_printf(a, "%s%s", sign, tail);
}
