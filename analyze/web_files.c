/* web_files.c - analyze/web_page/ inside the program, byte for byte. */
#include "analyze/web_files.h"

#include <string.h>

#define PAGE_FILES(X)                                                                              \
	X(index_html, "index.html", "text/html; charset=utf-8")                                    \
	X(style_css, "style.css", "text/css; charset=utf-8")                                       \
	X(icon_svg, "icon.svg", "image/svg+xml")                                                   \
	X(app_js, "app.js", "text/javascript; charset=utf-8")                                      \
	X(busy_js, "busy.js", "text/javascript; charset=utf-8")                                    \
	X(ask_js, "ask.js", "text/javascript; charset=utf-8")                                      \
	X(chips_js, "chips.js", "text/javascript; charset=utf-8")                                  \
	X(colors_js, "colors.js", "text/javascript; charset=utf-8")                                \
	X(compare_js, "compare.js", "text/javascript; charset=utf-8")                              \
	X(draw_js, "draw.js", "text/javascript; charset=utf-8")                                    \
	X(export_js, "export.js", "text/javascript; charset=utf-8")                                \
	X(flame_js, "flame.js", "text/javascript; charset=utf-8")                                  \
	X(format_js, "format.js", "text/javascript; charset=utf-8")                                \
	X(info_js, "info.js", "text/javascript; charset=utf-8")                                    \
	X(keys_js, "keys.js", "text/javascript; charset=utf-8")                                    \
	X(menu_js, "menu.js", "text/javascript; charset=utf-8")                                    \
	X(names_js, "names.js", "text/javascript; charset=utf-8")                                  \
	X(note_js, "note.js", "text/javascript; charset=utf-8")                                    \
	X(options_js, "options.js", "text/javascript; charset=utf-8")                              \
	X(parts_js, "parts.js", "text/javascript; charset=utf-8")                                  \
	X(report_js, "report.js", "text/javascript; charset=utf-8")                                \
	X(saved_js, "saved.js", "text/javascript; charset=utf-8")                                  \
	X(savemenu_js, "savemenu.js", "text/javascript; charset=utf-8")                            \
	X(say_js, "say.js", "text/javascript; charset=utf-8")                                      \
	X(search_js, "search.js", "text/javascript; charset=utf-8")                                \
	X(select_js, "select.js", "text/javascript; charset=utf-8")                                \
	X(shown_js, "shown.js", "text/javascript; charset=utf-8")                                  \
	X(state_js, "state.js", "text/javascript; charset=utf-8")                                  \
	X(table_js, "table.js", "text/javascript; charset=utf-8")                                  \
	X(tip_js, "tip.js", "text/javascript; charset=utf-8")                                      \
	X(tree_js, "tree.js", "text/javascript; charset=utf-8")

#define INCLUDE(symbol, file, type)                                                                \
	__asm__(".section .rodata\n"                                                               \
		".global page_" #symbol "\n.hidden page_" #symbol "\npage_" #symbol ":\n"          \
		".incbin \"analyze/web_page/" file "\"\n"                                          \
		".global page_" #symbol "_end\n.hidden page_" #symbol "_end\npage_" #symbol        \
		"_end:\n.byte 0\n.previous\n");                                                    \
	extern const char page_##symbol[], page_##symbol##_end[];
#define ROW(symbol, file, type) { file, type, page_##symbol, page_##symbol##_end },

PAGE_FILES(INCLUDE)

static const struct web_file files[] = { PAGE_FILES(ROW) };

const struct web_file *web_file_find(const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}
