/* dot_style.c - colours, font sizes and quoting of DOT graphs. */
#include "analyze/dot_style.h"
#include "analyze/arith.h"
#include "analyze/text.h"

#include <math.h>
#include <string.h>

/* Scores near 0 are drawn towards grey, all others away from it, so that small differences show. */
#define GREY_BELOW 0.2
#define SPREAD	   0.3

static unsigned channel(double v)
{
	return (unsigned)int64_of(v * 255.0) & 0xff;
}

const char *dot_colour(struct arena *a, double score, enum dot_ground ground)
{
	double saturation = ground == DOT_FILL ? 0.1 : 1.0, value = ground == DOT_FILL ? 0.93 : 0.7;
	double red = value, green = value;

	if (score > 1 || score < -1)
		score = score > 1 ? 1 : -1;
	if (fabs(score) < GREY_BELOW)
		saturation *= fabs(score) / GREY_BELOW;
	if (score < 0)
		red = value * (1 + saturation * -pow(-score, SPREAD));
	else
		green = value * (1 - saturation * pow(score, SPREAD));
	return arena_printf(a, "#%02x%02x%02x", channel(red), channel(green),
			    channel(value * (1 - saturation)));
}

int dot_font_size(int64_t flat, double heaviest)
{
	double weight = (double)abs64(flat);

	if (heaviest <= 0 || flat == 0 || weight < 0 || weight > heaviest)
		return 8;
	return 8 + (int)ceil(16 * sqrt(weight / heaviest));
}

const char *dot_replace(struct arena *a, const char *text, const char *what, const char *by)
{
	struct text t = { VEC_INIT };
	const char *found = strstr(text, what);

	if (!found)
		return text;
	for (; found; found = strstr(text, what)) {
		text_printf(&t, "%.*s%s", (int)(found - text), text, by);
		text = found + strlen(what);
	}
	text_add(&t, text);
	text = arena_strndup(a, t.v.v, t.v.n);
	text_release(&t);
	return text;
}

const char *dot_escape(struct arena *a, const char *text)
{
	text = dot_replace(a, text, "\\", "\\\\");
	text = dot_replace(a, text, "\"", "\\\"");
	return dot_replace(a, text, "\n", "\\l");
}
