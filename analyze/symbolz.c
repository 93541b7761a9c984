/* symbolz.c - ask the server of a profile for names.
 *
 * The request is the addresses, "0x1000+0x2000"; the answer has a line "0x1000 name" for each that
 * is known.  The server speaks of addresses in its own process, from which those of a merged profile
 * may differ by where the mapping begins.
 */
#include "analyze/notes.h"
#include "analyze/remote.h"
#include "analyze/text.h"
#include "analyze/url.h"
#include "base/hash.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct naming {
	struct profile *p;
	uint32_t mapping;
	uint64_t offset;	   /* server's address - profile's address */
	struct hash_map locations; /* without a name, by address */
	struct hash_map functions; /* new ones, by name */
};

static const struct remote_symbols *find_symbols(const struct remote *r, const struct profile *p,
						 const struct mapping *m)
{
	const char *file = profile_str(p, m->file), *id = profile_str(p, m->build_id);

	for (size_t i = 0; i < r->symbols.n; i++)
		if ((*file && strcmp(r->symbols.v[i].key, file) == 0) ||
		    (*id && strcmp(r->symbols.v[i].key, id) == 0))
			return &r->symbols.v[i];
	return NULL;
}

/* Note the locations without a name, and write what to ask for. */
static void write_request(struct naming *n, struct text *t)
{
	for (size_t i = 0; i < n->p->locations.n; i++) {
		const struct location *l = &n->p->locations.v[i];
		uint64_t h = hash_mix(l->address);
		uint32_t *at;

		if (l->mapping != n->mapping || !l->address || l->n_lines)
			continue;
		text_printf(t, "%s0x%" PRIx64, t->v.n ? "+" : "", l->address + n->offset);
		for (at = hash_map_first(&n->locations, h); *at != HASH_MAP_NONE;
		     at = hash_map_next(&n->locations, at, h))
			;
		*at = (uint32_t)i;
		hash_map_added(&n->locations, at, h);
	}
}

/* Names are compared by their number in the profile's strings. */
static uint32_t find_function(struct naming *n, str_id name)
{
	uint64_t h = hash_mix(name);
	uint32_t *at = hash_map_first(&n->functions, h);

	if (*at == HASH_MAP_NONE) {
		*at = (uint32_t)n->p->functions.n;
		hash_map_added(&n->functions, at, h);
		*VEC_PUSH(&n->p->functions) =
			(struct function){ .id = *at + 1, .name = name, .system_name = name };
	}
	return *at;
}

static void name_address(struct naming *n, uint64_t address, str_id name)
{
	uint64_t h = hash_mix(address - n->offset);

	for (uint32_t *at = hash_map_first(&n->locations, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&n->locations, at, h)) {
		struct location *l = &n->p->locations.v[*at];

		if (l->address != address - n->offset || l->n_lines)
			continue;
		l->first_line = (uint32_t)n->p->lines.n;
		l->n_lines = 1;
		*VEC_PUSH(&n->p->lines) = (struct line){ .function = find_function(n, name) };
	}
}

/* "0x1000  name", anywhere in the line. */
static void read_line(struct naming *n, char *line)
{
	char *at = strstr(line, "0x"), *end;
	uint64_t address;

	if (!at || !isxdigit((unsigned char)at[2]))
		return;
	errno = 0;
	address = strtoull(at, &end, 16);
	if (errno || !isspace((unsigned char)*end))
		return;
	while (isspace((unsigned char)*end))
		end++;
	name_address(n, address, profile_intern(n->p, end));
}

static void read_answer(struct naming *n, char *answer)
{
	char *newline;

	for (; (newline = strchr(answer, '\n')); answer = newline + 1) {
		*newline = 0;
		read_line(n, answer);
	}
}

/* Ids of files need not be 1..N; those of new functions must not meet them. */
static void renumber_functions(struct profile *p)
{
	for (size_t i = 0; i < p->functions.n; i++)
		p->functions.v[i].id = i + 1;
}

static bool ask(struct remote *r, struct naming *n, const char *url, const char *request)
{
	struct download d = { .url = url, .post = request };
	struct err err = { "" };

	if (fetch_all(&d, 1, &r->tls, &err) || d.problem[0]) {
		note(r->notes, "%s: %s", url, d.problem[0] ? d.problem : err.text);
		download_release(&d);
		return false;
	}
	renumber_functions(n->p);
	if (d.body)
		read_answer(n, d.body);
	download_release(&d);
	return true;
}

static void name_mapping(struct remote *r, struct naming *n)
{
	struct mapping *m = &n->p->mappings.v[n->mapping];
	const struct remote_symbols *s = find_symbols(r, n->p, m);
	const char *url = s ? url_of_symbols(r->arena, s->url) : NULL;
	struct text request = { VEC_INIT };

	if (!url)
		return;
	n->offset = s->start - m->start;
	hash_map_init(&n->locations);
	write_request(n, &request);
	if (request.v.n) {
		*VEC_PUSH(&request.v) = 0;
		m->has_functions |= ask(r, n, url, request.v.v);
	}
	text_release(&request);
	hash_map_release(&n->locations);
}

void remote_symbolize(struct remote *r, struct profile *p, bool force)
{
	struct naming n = { .p = p };

	hash_map_init(&n.functions);
	for (n.mapping = 0; r->symbols.n && n.mapping < p->mappings.n; n.mapping++)
		if (force || !p->mappings.v[n.mapping].has_functions)
			name_mapping(r, &n);
	hash_map_release(&n.functions);
}
