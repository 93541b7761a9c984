/* addr2line_input.c - what sonde addr2line is asked, from its arguments and from lines of input.
 *
 *	addr2line        hexadecimal addresses, in the file of -e
 *	llvm-symbolizer  [CODE|DATA] [[FILE:|BUILDID:]file] place      the file only if there is no --obj
 *
 * A place is an address, in decimal or after 0x, or the name of a symbol, which may stand for several
 * places, and a number after it: work, work+8.
 */
#include "cli/addr2line_session.h"
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct session *s, const char *sentence, const char *what)
{
	complain(sentence, what);
	s->status = EXIT_FAILED;
	*VEC_PUSH(&s->requests) = (struct request){ .module = NO_MODULE, .symbol = NO_SYMBOL };
	return EXIT_FAILED;
}

static bool parse_number(const char *s, int base, uint64_t *number)
{
	char *end;

	if (!isxdigit((unsigned char)s[0]))
		return false;
	errno = 0;
	*number = strtoull(s, &end, base);
	return errno == 0 && end > s && *end == 0;
}

/* ---- symbols ---- */

static void read_symbols(struct module *m)
{
	if (m->arena)
		return;
	m->arena = arena_new(ARENA_DIE);
	if (m->binary)
		m->symbols = binary_symbols(m->binary, m->arena, &m->n_symbols);
}

/* The name without the number after it. */
static size_t symbol_bytes(const char *word, uint64_t *offset)
{
	const char *plus = strrchr(word, '+');
	size_t n = plus ? (size_t)(plus - word) : 0;

	*offset = 0;
	if (!n || !parse_number(plus + 1 + strspn(plus + 1, " \t"), 0, offset))
		return strlen(word);
	while (n && strchr(" \t", word[n - 1]))
		n--;
	return n;
}

/* Each place that has the name; one request of no place if none has. */
static int add_symbol(struct session *s, uint32_t module, const char *word)
{
	struct module *m = &s->modules.v[module];
	struct request r = { .module = module, .symbol = (uint32_t)s->symbols.n };
	uint64_t offset;
	size_t n = symbol_bytes(word, &offset);
	bool any = false;

	*VEC_PUSH(&s->symbols) = strndup(word, n);
	read_symbols(m);
	for (size_t i = 0; i < m->n_symbols; i++) {
		const struct code_symbol *symbol = &m->symbols[i];

		if (!symbol->is_code || strncmp(symbol->name, word, n) != 0 || symbol->name[n])
			continue;
		r.address = symbol->start + offset - m->section + s->o->adjust;
		r.is_more = any;
		any = true;
		*VEC_PUSH(&s->requests) = r;
	}
	if (!any) {
		r.is_nowhere = true;
		*VEC_PUSH(&s->requests) = r;
	}
	return EXIT_OK;
}

/* ---- lines ---- */

int session_add_address(struct session *s, const char *word)
{
	struct request r = { .symbol = NO_SYMBOL };

	if (!parse_number(word, 16, &r.address))
		return refuse(s, "not a hexadecimal address: '%s'", word);
	*VEC_PUSH(&s->requests) = r;
	return EXIT_OK;
}

static int add_addresses(struct session *s, char *line)
{
	int status = EXIT_OK;

	for (char *save, *word = strtok_r(line, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save))
		if (session_add_address(s, word))
			status = EXIT_FAILED;
	return status;
}

static int add_place(struct session *s, uint32_t module, const char *word, bool is_data)
{
	struct request r = { .module = module, .symbol = NO_SYMBOL, .is_data = is_data };

	if (parse_number(word, 0, &r.address)) {
		*VEC_PUSH(&s->requests) = r;
		return EXIT_OK;
	}
	if (is_data || isdigit((unsigned char)word[0]) || !word[0])
		return refuse(s, "not an address: '%s'", word);
	return add_symbol(s, module, word);
}

/* FILE PLACE, where FILE may be in quotes. */
static int add_file_and_place(struct session *s, char *line, bool is_data)
{
	bool is_id = strncmp(line, "BUILDID:", 8) == 0;
	char *file = strncmp(line, "FILE:", 5) == 0 ? line + 5 : line, *end, *place;

	if (!is_id && file[0] == '"') {
		file++;
		end = strchr(file, '"');
		place = end ? end + 1 : NULL;
	} else {
		end = strpbrk(file, " \t");
		place = end;
	}
	if (place)
		place += strspn(place, " \t");
	if (!place || !*place)
		return refuse(s, "no address and no file: '%s'", line);
	return add_place(s, session_module(s, file, (size_t)(end - file)), place, is_data);
}

int session_add_line(struct session *s, char *line)
{
	int status = EXIT_OK;
	bool is_data;

	line += strspn(line, " \t");
	line[strcspn(line, "\r\n")] = 0;
	for (size_t n = strlen(line); n && strchr(" \t", line[n - 1]);)
		line[--n] = 0;
	if (!s->o->is_llvm)
		return add_addresses(s, line);
	if (strncmp(line, "FRAME ", 6) == 0)
		return refuse(s, "the variables of a frame are not looked up: '%s'", line);
	is_data = strncmp(line, "DATA ", 5) == 0;
	if (is_data || strncmp(line, "CODE ", 5) == 0)
		line += 5;
	line += strspn(line, " \t");
	if (!s->o->exe)
		return add_file_and_place(s, line, is_data);
	if (!isdigit((unsigned char)line[0]))
		return line[0] ? add_place(s, 0, line, is_data) : EXIT_OK;
	for (char *save, *word = strtok_r(line, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save))
		if (add_place(s, 0, word, is_data))
			status = EXIT_FAILED;
	return status;
}
