/* table.h - a report as rows of named cells, in JSON or CSV.  Private to analyze/.
 *
 *	table_begin(&t, out, format, "top");
 *	table_profile(&t, "profile", r);
 *	table_rows(&t, columns, n);
 *	for each row: table_row(&t), then one call for each column, in their order
 *	table_end(&t);
 *
 * JSON is one object: what is reported of which profile, then "rows", a list of objects with one
 * member for each column.  CSV is a line of column names, then a line for each row, as RFC 4180 has
 * it but for the line ends, which are Unix's; a list is its elements joined by ';'.  What is not
 * known is null, or empty.
 */
#ifndef SONDE_ANALYZE_TABLE_H
#define SONDE_ANALYZE_TABLE_H

#include "analyze/json.h"
#include "analyze/report.h"

struct table {
	FILE *out;
	bool is_json;
	struct json json; /* for members beside the rows */
	const char *const *columns;
	size_t n_columns, at; /* the column of the next cell */
	bool in_row, first_in_list;
};

/* Everything before table_rows() is for JSON only, and left out in CSV. */
void table_begin(struct table *t, FILE *out, enum report_format format, const char *report);
void table_profile(struct table *t, const char *key, const struct report *r);
void table_left_out(struct table *t, const struct left_out *left, bool edges);
void table_rows(struct table *t, const char *const *columns, size_t n);
void table_end(struct table *t);

void table_row(struct table *t);
void table_text(struct table *t, const char *s); /* NULL = not known */
void table_int(struct table *t, int64_t v);
void table_real(struct table *t, double v); /* NaN = not known */
void table_bool(struct table *t, bool v);
void table_none(struct table *t);

/* A value of the profile: an integer in the profile's unit, or what it is in the unit that the user
 * chose.  table_unit() is the cell that says which. */
void table_value(struct table *t, const struct report *r, int64_t value);
void table_amount(struct table *t, const struct report *r, double value); /* already divided */
void table_unit(struct table *t, const struct report *r);
void table_percent(struct table *t, int64_t value, int64_t total); /* not known when total is 0 */

/* What a node is, in cells of these columns. */
#define TABLE_NODE_COLUMNS "name", "file", "line", "address"
void table_node(struct table *t, struct report *r, uint32_t node);

/* A cell that holds several texts. */
void table_list(struct table *t);
void table_item(struct table *t, const char *s);
void table_list_end(struct table *t);

#endif
