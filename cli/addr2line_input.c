/* addr2line_input.c - what sonde addr2line is asked, from its arguments and from lines of input.
 *
 *	addr2line        a place, of which addresses are hexadecimal, in the file of -e
 *	llvm-symbolizer  [CODE|DATA] [[FILE:|BUILDID:]file] place      the file only if there is no --obj
 *
 * A place is an address, in decimal or after 0x, or the name of a symbol, which may stand for several
 * places, and a number after it: work, work+8.  What follows a place in its line does not count.
 *
 * Every line has an answer, as their partners wait for one: where it makes no sense that nothing is known,
 * or, of addr2line, what is known of address 0.
 */
#include "cli/addr2line_session.h"
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a tool is given that it stands in for does not make it fail, and addr2line says nothing. */
static void complain_of(struct session *s, const char *sentence, const char *what)
{
	if (s->o->is_link && !s->o->is_llvm)
		return;
	complain(sentence, what);
	if (!s->o->is_link)
		s->status = EXIT_FAILED;
}

static void add_nothing(struct session *s, uint32_t module)
{
	*VEC_PUSH(&s->requests) = (struct request){
		.module = module,
		.symbol = NO_SYMBOL,
		.is_nowhere = true,
	};
}

static int refuse(struct session *s, const char *sentence, const char *what)
{
	complain_of(s, sentence, what);
	add_nothing(s, s->o->exe ? 0 : NO_MODULE);
	return EXIT_FAILED;
}

/* By a base, or as llvm-symbolizer has them: 0x10, 0b10, 0o10, 010. */
static bool parse_number(const char *s, int base, uint64_t *number)
{
	char *end;

	if (s[0] == '0' && s[1] && base != 16) {
		char mark = (char)tolower((unsigned char)s[1]);

		base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
		s += base != 8 || mark == 'o' ? 2 : 1;
	}
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
	if (!n || !parse_number(plus + 1 + strspn(plus + 1, " \t"), 10, offset))
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

/* As addr2line tells one from a number: it may begin with a digit of those only before a plus. */
static bool is_symbol(const char *word)
{
	return word[0] && !isdigit((unsigned char)word[0]) &&
	       (!isxdigit((unsigned char)word[0]) || strchr(word, '+'));
}

static bool find_symbol(struct module *m, const char *word, uint64_t *address)
{
	size_t n = strcspn(word, " \t\r\n\f\v+");
	const char *rest = word + n + strspn(word + n, " \t\r\n\f\v");

	read_symbols(m);
	for (size_t i = 0; i < m->n_symbols; i++)
		if (strncmp(m->symbols[i].name, word, n) == 0 && !m->symbols[i].name[n]) {
			*address = m->symbols[i].start;
			*address += *rest == '+' ? strtoull(rest + 1, NULL, 0) : 0;
			return true;
		}
	return false;
}

/* One for each line or argument, as addr2line reads them. */
int session_add_address(struct session *s, const char *word)
{
	struct module *m = &s->modules.v[0];
	struct request r = { .symbol = NO_SYMBOL };
	bool makes_sense = true;

	word += strspn(word, " \t\r\n\f\v");
	if (is_symbol(word)) {
		makes_sense = find_symbol(m, word, &r.address);
		if (makes_sense)
			r.address += s->o->adjust - m->section;
	} else if (word[0]) {
		char *end;

		r.address = strtoull(word, &end, 16);
		makes_sense = end > word;
	}
	if (m->binary && !binary_is_64(m->binary))
		r.address &= UINT32_MAX;
	if (!makes_sense)
		complain_of(s, "not a hexadecimal address: '%s'", word);
	*VEC_PUSH(&s->requests) = r;
	return makes_sense || s->o->is_link ? EXIT_OK : EXIT_FAILED;
}

static int add_place(struct session *s, uint32_t module, const char *word, bool is_data)
{
	struct request r = { .module = module, .symbol = NO_SYMBOL, .is_data = is_data };

	size_t n = strcspn(word, " \t");
	char number[64];

	if (n < sizeof(number)) {
		memcpy(number, word, n);
		number[n] = 0;
		if (parse_number(number, s->o->is_hexadecimal ? 16 : 10, &r.address)) {
			*VEC_PUSH(&s->requests) = r;
			return EXIT_OK;
		}
	}
	if (is_data && word[0] && !isdigit((unsigned char)word[0])) {
		complain_of(s, "not an address: '%s'",
			    word); /* names are looked for in code only */
		r.is_nowhere = true;
		*VEC_PUSH(&s->requests) = r;
		return EXIT_OK;
	}
	if (isdigit((unsigned char)word[0]) || !word[0])
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
	bool is_data;

	line += strspn(line, " \t");
	line[strcspn(line, "\r\n")] = 0;
	for (size_t n = strlen(line); n && strchr(" \t", line[n - 1]);)
		line[--n] = 0;
	if (!s->o->is_llvm) {
		session_add_address(s, line);
		return EXIT_OK;
	}
	if (!line[0]) {
		add_nothing(s, s->o->exe ? 0 : NO_MODULE);
		return EXIT_OK;
	}
	if (strncmp(line, "FRAME ", 6) == 0) {
		refuse(s, "the variables of a frame are not looked up: '%s'", line);
		s->requests.v[s->requests.n - 1].is_frame = true;
		return EXIT_FAILED;
	}
	is_data = strncmp(line, "DATA ", 5) == 0;
	if (is_data || strncmp(line, "CODE ", 5) == 0)
		line += 5;
	line += strspn(line, " \t");
	return s->o->exe ? add_place(s, 0, line, is_data) : add_file_and_place(s, line, is_data);
}
