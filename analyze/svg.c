/* svg.c - let a picture of Graphviz's be moved and zoomed.
 *
 * Graphviz writes
 *
 *	<svg width="123pt" height="45pt"
 *	 viewBox="0.00 0.00 123.00 45.00" xmlns=...>
 *	<g id="graph0" class="graph" transform="...">
 *	...
 *	</g>
 *	</svg>
 *
 * of which the fixed size goes, and the graph is put into a group that a script moves.  Some versions
 * write "&;", which is no XML.
 */
#include "analyze/svg.h"

#include <string.h>

/* One finger or button moves, the wheel zooms about the pointer, a double click goes back to the
 * beginning. */
static const char script[] =
	"\n"
	"(function () {\n"
	"  var here = document.currentScript;\n"
	"  var svg = here && here.ownerSVGElement || document.documentElement;\n"
	"  var first = { x: 0, y: 0, zoom: 0.5 }, now = Object.assign({}, first), grip = null;\n"
	"  function show() {\n"
	"    svg.getElementById('viewport').setAttribute('transform',\n"
	"      'translate(' + now.x + ',' + now.y + ') scale(' + now.zoom + ')');\n"
	"  }\n"
	"  function point(event) {\n"
	"    var p = svg.createSVGPoint();\n"
	"    p.x = event.clientX;\n"
	"    p.y = event.clientY;\n"
	"    return p.matrixTransform(svg.getScreenCTM().inverse());\n"
	"  }\n"
	"  svg.addEventListener('pointerdown', function (event) {\n"
	"    var p = point(event);\n"
	"    grip = { x: p.x - now.x, y: p.y - now.y };\n"
	"  });\n"
	"  svg.addEventListener('pointermove', function (event) {\n"
	"    if (!grip || !event.buttons) return;\n"
	"    var p = point(event);\n"
	"    now.x = p.x - grip.x;\n"
	"    now.y = p.y - grip.y;\n"
	"    show();\n"
	"    event.preventDefault();\n"
	"  });\n"
	"  svg.addEventListener('pointerup', function () { grip = null; });\n"
	"  svg.addEventListener('wheel', function (event) {\n"
	"    var p = point(event), by = Math.pow(1.0015, -event.deltaY);\n"
	"    now.x = p.x - (p.x - now.x) * by;\n"
	"    now.y = p.y - (p.y - now.y) * by;\n"
	"    now.zoom *= by;\n"
	"    show();\n"
	"    event.preventDefault();\n"
	"  }, { passive: false });\n"
	"  svg.addEventListener('dblclick', function () { Object.assign(now, first); show(); });\n"
	"  svg.style.touchAction = 'none';\n"
	"})();\n";

/* The end of the attribute NAME="..." at s, or NULL. */
static const char *skip_attribute(const char *s, const char *name)
{
	size_t n = strlen(name);

	s += strspn(s, " \t\r\n");
	if (strncmp(s, name, n) != 0 || s[n] != '=' || s[n + 1] != '"')
		return NULL;
	s = strchr(s + n + 2, '"');
	return s ? s + 1 : NULL;
}

/* The end of `<svg width=".." height=".." viewBox=".."` at s, or NULL. */
static const char *skip_fixed_size(const char *s)
{
	s = skip_attribute(s + strlen("<svg"), "width");
	s = s ? skip_attribute(s, "height") : NULL;
	return s ? skip_attribute(s, "viewBox") : NULL;
}

static const char *find_graph(const char *svg)
{
	static const char group[] = "<g id=\"graph";
	const char *s = svg;

	while ((s = strstr(s, group))) {
		const char *digit = s + sizeof(group) - 1;

		if (*digit >= '0' && *digit <= '9' && digit[1] == '"')
			return s;
		s = digit;
	}
	return NULL;
}

static void put_mended(FILE *out, const char *s, const char *end)
{
	while (s < end) {
		const char *bad = memmem(s, (size_t)(end - s), "&;", 2);
		const char *stop = bad ? bad : end;

		fwrite(s, 1, (size_t)(stop - s), out);
		if (bad)
			fputs("&amp;;", out);
		s = bad ? bad + 2 : end;
	}
}

void svg_put_pannable(FILE *out, const char *svg)
{
	const char *end = svg + strlen(svg), *open = strstr(svg, "<svg"), *s = svg;
	const char *size = open ? skip_fixed_size(open) : NULL;
	const char *graph = find_graph(svg), *close = strstr(svg, "</svg>");

	if (size) {
		put_mended(out, s, open);
		fputs("<svg width=\"100%\" height=\"100%\"", out);
		s = size;
	}
	if (graph && graph >= s) {
		put_mended(out, s, graph);
		fprintf(out, "<script type=\"text/ecmascript\"><![CDATA[%s]]></script>", script);
		fputs("<g id=\"viewport\" transform=\"scale(0.5,0.5) translate(0,0)\">", out);
		s = graph;
	}
	if (close && close >= s) {
		put_mended(out, s, close);
		fputs("</g>", out);
		s = close;
	}
	put_mended(out, s, end);
}
