/* kallsyms.c - what the running kernel calls its functions and those of its modules.
 *
 *	ffffffff81000000 T _text
 *	ffffffffc0201000 t ext4_iget	[ext4]
 *
 * There are no sizes: a function reaches to the next symbol, whatever that is.  To a user without
 * rights (kernel.kptr_restrict) the kernel shows all addresses as zero.
 */
#include "symbolize/kallsyms.h"
#include "symbolize/text_file.h"

#include <string.h>

#define MAX_FILE_BYTES	   (256 << 20)
#define MAX_FUNCTION_BYTES (1 << 20) /* where the next symbol is of another part of the kernel */

static uint8_t rank_of(char type)
{
	switch (type) {
	case 'T':
		return RANK_FUNC | RANK_GLOBAL;
	case 't':
		return RANK_FUNC | RANK_LOCAL;
	case 'W':
	case 'w':
		return RANK_FUNC | RANK_WEAK;
	default:
		return RANK_LOCAL; /* data, which ends the function before it */
	}
}

/* Numbers of percpu variables, which are offsets, and labels that the compiler made. */
static bool is_wanted(char type, const char *name, size_t n)
{
	if (n == 0 || type == 'A' || type == 'a')
		return false;
	return name[0] != '$' && !(n > 2 && name[0] == '.' && name[1] == 'L');
}

static bool is_name(const char *wanted, const char *name, size_t n)
{
	return strlen(wanted) == n && memcmp(wanted, name, n) == 0;
}

/* Returns whether it has an address. */
static bool add_line(struct kallsyms *k, struct text_line line)
{
	uint64_t address;
	const char *name;
	uint8_t rank;
	char type;
	size_t n;

	if (!text_hex(&line, &address) || address == 0)
		return false;
	text_skip_blanks(&line);
	if (line.p == line.end)
		return false;
	type = *line.p++;
	text_skip_blanks(&line);
	name = line.p;
	while (line.p < line.end && *line.p != ' ' && *line.p != '\t')
		line.p++;
	n = (size_t)(line.p - name);
	if (!is_wanted(type, name, n))
		return false;
	if (is_name("_text", name, n))
		k->text = address;
	if (is_name("_stext", name, n))
		k->stext = address;
	rank = rank_of(type);
	/* Data has no name here: it only ends the function before it. */
	symtab_add(k->symtab, (struct symbol){ address, address + MAX_FUNCTION_BYTES, name, rank },
		   rank & RANK_FUNC ? n : 0);
	return true;
}

int kallsyms_read_mem(struct kallsyms *out, const char *text, size_t bytes, const char *name,
		      struct err *err)
{
	const char *p = text, *end = text + bytes;
	struct text_line line;
	size_t n = 0;

	*out = (struct kallsyms){ .symtab = symtab_new_empty() };
	while (text_next_line(&p, end, &line))
		n += add_line(out, line);
	if (n) {
		symtab_sort(out->symtab);
		return 0;
	}
	kallsyms_release(out);
	return err_set(err, SONDE_ENOTFOUND,
		       "'%s' shows no addresses to this user (kernel.kptr_restrict)", name);
}

int kallsyms_read(struct kallsyms *out, const char *path, struct err *err)
{
	text_bytes text = VEC_INIT;
	int status = text_file_read(&text, path, MAX_FILE_BYTES, err);

	if (!status)
		status = kallsyms_read_mem(out, text.v, text.n, path, err);
	else
		*out = (struct kallsyms){ 0 };
	VEC_RELEASE(&text);
	return status;
}

void kallsyms_release(struct kallsyms *k)
{
	symtab_free(k->symtab);
	*k = (struct kallsyms){ 0 };
}
