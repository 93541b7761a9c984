/* web_status.c - progress as JSON. */
#include "analyze/web_status.h"
#include "analyze/web_worker.h"

static void print_progress(const struct progress *place, struct json *j)
{
	struct progress p = progress_read(place);

	json_text(j, "step", p.step ? p.step : "");
	if (p.total)
		json_real(j, "share", (double)p.done / (double)p.total);
}

void web_status_print(const struct progress *progress, const struct web_shown *shown, size_t n,
		      struct json *j)
{
	int64_t now = web_now_ms();

	print_progress(&progress[0], j);
	json_open(j, "running", '[');
	for (size_t i = 0; i < n; i++) {
		if (!shown[i].what)
			continue;
		json_open(j, NULL, '{');
		json_text(j, "what", shown[i].what);
		json_int(j, "milliseconds", now - shown[i].since);
		json_int(j, "clients", (int64_t)shown[i].n_clients);
		print_progress(&progress[i], j);
		json_close(j, '}');
	}
	json_close(j, ']');
}
