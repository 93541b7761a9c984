/* nodes.h - what a report tells apart: function, file, line, address; each distinct combination is
 * a node.
 *
 * Nodes are numbered once for a report.  Each location has a list of node numbers, one for each of
 * its lines.
 */
#ifndef SONDE_ANALYZE_NODES_H
#define SONDE_ANALYZE_NODES_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/profile.h"

#define NODE_NONE UINT32_MAX

struct node_info {
	str_id name, file,
		objfile; /* file is cleaned; objfile only where it is to tell nodes apart */
	uint64_t address;
	int64_t start_line, line, column;
};

struct node_name {
	const char *s; /* NULL = not made yet */
	size_t n;
};

struct nodes {
	struct profile *profile;
	bool with_objfile;  /* also tell binaries and start lines apart */
	bool with_binary;   /* also tell binaries apart; set it before nodes_assign() */
	bool exact_inlines; /* trust line.is_inlined; set it before nodes_assign() */
	VEC(struct node_info) info;
	VEC(struct node_name) names;
	struct hash_map map;
	struct arena *arena; /* of the names */

	VEC(uint32_t)
	at; /* by location, n + 1: its nodes are of[at[l] .. at[l + 1]), innermost first */
	VEC(uint32_t) of;
	VEC(unsigned char) inlined; /* by place in of: into the function that is next */
};

void nodes_init(struct nodes *t, struct profile *p, bool with_objfile);
void nodes_release(struct nodes *t);

/* Find the nodes of every location (again, after names in the profile have changed). */
void nodes_assign(struct nodes *t);

/* "[address ][function ]file:line", as reports print it; lives as long as t. */
const struct node_name *node_name(struct nodes *t, uint32_t node);

/* The same of any parts: name and file stand in for those of info.  In arena a. */
const char *node_text(struct arena *a, const struct profile *p, const struct node_info *info,
		      const char *name, const char *file, const char *separator);

/* Order of reports: by address where both have one, else by name; < 0, 0, > 0. */
int node_compare_names(struct nodes *t, uint32_t a, uint32_t b);

/* By all parts as text, then by number: never 0 for two nodes. */
int node_compare_parts(struct nodes *t, uint32_t a, uint32_t b);

int node_compare_text(struct nodes *t, uint32_t a, uint32_t b); /* by name alone, bytewise */

#endif
