/* shell_complete.c - finish the word that is being typed in the shell.
 *
 * Commands, options and their values are completed from their beginning.  Functions are found by any
 * part of their name, as the regular expression would find them, and come out as an expression that
 * matches just that: escaped, and quoted when there are blanks in them.
 */
#include "cli/shell_complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum quoting { PLAIN, AS_REGEX, AS_FILE };

struct search {
	const struct shell *sh;
	struct arena *a;
	const char *typed; /* unquoted */
	bool anywhere;	   /* in the name, not only at its beginning */
	string_list found;
};

static void offer(struct search *s, const char *name)
{
	const char *hit = strstr(name, s->typed);

	if (*name && (s->anywhere ? hit != NULL : hit == name))
		*VEC_PUSH(&s->found) = name;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void sort_and_unite(string_list *names)
{
	size_t n = 0;

	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_text);
	for (size_t i = 0; i < names->n; i++)
		if (n == 0 || strcmp(names->v[n - 1], names->v[i]) != 0)
			names->v[n++] = names->v[i];
	names->n = n;
}

/* ---- what there is ---- */

static void offer_commands(struct search *s)
{
	static const char *const own[] = { "help ", "options ", "quit " };

	for (size_t i = 0; i < N_REPORT_COMMANDS; i++)
		offer(s, arena_printf(s->a, "%s ", report_commands[i].name));
	for (size_t i = 0; i < N_SHELL_OWN; i++)
		offer(s, arena_printf(s->a, "%s ", shell_own[i].name));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		offer(s, own[i]);
}

/* before is "--" within a report; after_value is "=" where a value is to follow. */
static void offer_options(struct search *s, const char *before, const char *after_value)
{
	for (size_t i = 0; i < s->sh->n_rows; i++) {
		const struct option_row *row = &s->sh->rows[i];

		offer(s, arena_printf(s->a, "%s%s%s", before, row->name,
				      shell_needs_value(row) ? after_value : ""));
	}
}

static void offer_functions(struct search *s)
{
	const struct profile *p = s->sh->profile;

	s->anywhere = true;
	for (size_t i = 0; i < p->functions.n; i++)
		offer(s, profile_str(p, p->functions.v[i].name));
}

static void offer_label_keys(struct search *s, const char *after)
{
	const struct profile *p = s->sh->profile;
	str_id last = 0;

	for (size_t i = 0; i < p->labels.n; i++)
		if (p->labels.v[i].key != last) {
			last = p->labels.v[i].key;
			offer(s, arena_printf(s->a, "%s%s", profile_str(p, last), after));
		}
}

static void offer_label_values(struct search *s, const char *key)
{
	const struct profile *p = s->sh->profile;
	str_id last = 0;

	for (size_t i = 0; i < p->labels.n; i++) {
		const struct label *l = &p->labels.v[i];

		if (l->is_num || l->str == last || strcmp(profile_str(p, l->key), key) != 0)
			continue;
		last = l->str;
		offer(s, profile_str(p, last));
	}
}

/* The names in a folder that begin as the last part of a path does; hidden ones where it begins with a dot. */
static void offer_files(struct search *s)
{
	const char *slash = strrchr(s->typed, '/'), *last = slash ? slash + 1 : s->typed;
	const char *folder = arena_strndup(s->a, s->typed, (size_t)(last - s->typed));
	DIR *dir = opendir(*folder ? folder : ".");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *path = arena_printf(s->a, "%s%s", folder, entry->d_name);
		struct stat st;

		if (strncmp(entry->d_name, last, strlen(last)) != 0 ||
		    (entry->d_name[0] == '.' && *last != '.') || stat(path, &st))
			continue;
		offer(s, S_ISDIR(st.st_mode) ? arena_printf(s->a, "%s/", path) : path);
	}
	if (dir)
		closedir(dir);
}

/* ---- the text that comes of it ---- */

static const char *escape(struct arena *a, const char *name)
{
	char *text = arena_alloc(a, 2 * strlen(name) + 1);
	size_t n = 0;

	for (; *name; name++) {
		if (strchr("\\.+*?()|[]{}^$", *name))
			text[n++] = '\\';
		text[n++] = *name;
	}
	return text;
}

static size_t common_bytes(const string_list *names)
{
	size_t n = strlen(names->v[0]);

	for (size_t i = 1; i < names->n; i++)
		for (size_t k = 0; k < n; k++)
			if (names->v[i][k] != names->v[0][k])
				n = k;
	while (n && ((unsigned char)names->v[0][n] & 0xc0) == 0x80)
		n--; /* no part of a character */
	return n;
}

/* A quote that is open already stays, one that is needed comes; it is closed behind a whole name. */
static const char *quote(struct arena *a, const char *text, char open, bool is_whole)
{
	const char *q = open == '"' || (!open && strchr(text, '\'')) ? "\"" : "'";

	if (!open && !strpbrk(text, " \t"))
		return text;
	return arena_printf(a, "%s%s%s", q, text, is_whole ? q : "");
}

static void finish(struct search *s, enum quoting quoting, char open, struct completion *out)
{
	const char *text;
	size_t n;

	sort_and_unite(&s->found);
	if (s->found.n == 0)
		return;
	n = common_bytes(&s->found);
	if (s->found.n == 1 ||
	    (n > strlen(s->typed) && strncmp(s->found.v[0], s->typed, strlen(s->typed)) == 0)) {
		text = arena_strndup(s->a, s->found.v[0], n);
		bool is_whole = s->found.n == 1 && (quoting != AS_FILE || text[n - 1] != '/');

		if (quoting == AS_REGEX)
			text = escape(s->a, text);
		out->text = quoting == PLAIN ? text : quote(s->a, text, open, is_whole);
	}
	if (s->found.n > 1) {
		out->names = s->found;
		s->found = (string_list)VEC_INIT;
	}
}

/* ---- where the cursor is ---- */

/* What was typed of a regular expression: without its opening quote and its backslashes. */
static const char *plain(struct arena *a, const char *text, char *open)
{
	char *out = arena_alloc(a, strlen(text) + 1);
	size_t n = 0;

	*open = *text == '\'' || *text == '"' ? *text++ : 0;
	for (; *text; text++)
		if (*text != '\\')
			out[n++] = *text;
	return out;
}

static void complete_regex(struct search *s, const char *text, struct completion *out)
{
	char open;

	out->replaced = strlen(text);
	s->typed = plain(s->a, text, &open);
	if (!*s->typed)
		return; /* every function there is */
	offer_functions(s);
	finish(s, AS_REGEX, open, out);
}

static void complete_file(struct search *s, const char *text, struct completion *out)
{
	char open = *text == '\'' || *text == '"' ? *text : 0;

	out->replaced = strlen(text);
	s->typed = text + (open != 0);
	offer_files(s);
	finish(s, AS_FILE, open, out);
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void complete_label(struct search *s, const char *name, const char *text,
			   struct completion *out)
{
	const char *equals = strchr(text, '='), *comma = strrchr(text, ',');
	bool has_values = strcmp(name, "tagfocus") == 0 || strcmp(name, "tagignore") == 0;

	if (has_values && equals) {
		s->typed = equals + 1;
		offer_label_values(s, arena_strndup(s->a, text, (size_t)(equals - text)));
	} else {
		s->typed = comma && !has_values ? comma + 1 : text;
		offer_label_keys(s, has_values ? "=" : "");
	}
	out->replaced = strlen(s->typed);
	finish(s, PLAIN, 0, out);
}

static void complete_value(struct search *s, const struct option_row *row, const char *text,
			   struct completion *out)
{
	static const char *const regexes[] = { "focus",	    "ignore",	  "hide", "show",
					       "show_from", "prune_from", NULL };
	static const char *const labels[] = { "tagfocus", "tagignore", "tagshow", "taghide",
					      "tagroot",  "tagleaf",   NULL };
	char *choices, *word;

	if (is_one_of(row->name, regexes)) {
		complete_regex(s, text, out);
		return;
	}
	if (is_one_of(row->name, labels)) {
		complete_label(s, row->name, text, out);
		return;
	}
	s->typed = text;
	out->replaced = strlen(text);
	choices = arena_strdup(s->a, shell_choices(s->sh, s->a, row, "\n"));
	while ((word = strsep(&choices, "\n")))
		offer(s, word);
	finish(s, PLAIN, 0, out);
}

static const struct option_row *option_before(const struct search *s, const char *text,
					      const char *equals)
{
	return option_find(s->sh->rows, s->sh->n_rows, text, (size_t)(equals - text));
}

/* The word at the cursor, within a report; a quote that is open keeps blanks together. */
static const char *last_word(const char *line)
{
	const char *word = line;
	char open = 0;

	for (const char *c = line; *c; c++) {
		bool begins = c == word || (c == word + 1 && *word == '-');

		if (open && *c == open)
			open = 0;
		else if (!open && begins && (*c == '\'' || *c == '"'))
			open = *c;
		else if (!open && *c == ' ')
			word = c + 1;
	}
	return word;
}

/* Behind ">", with blanks between or without. */
static bool is_file_name(const char *line, const char **word)
{
	const char *before = *word;

	while (before > line && before[-1] == ' ')
		before--;
	if (**word == '>')
		return ++*word;
	return before > line + 1 && before[-1] == '>' && before[-2] == ' ';
}

static void complete_argument(struct search *s, const struct report_command *c, const char *line,
			      struct completion *out)
{
	const char *word = last_word(line), *equals = strchr(word, '=');
	const struct option_row *row;

	if (*word == '|' || strstr(line, " |"))
		return; /* commands are the business of others */
	if (is_file_name(line, &word)) {
		complete_file(s, word, out);
		return;
	}
	if (strncmp(word, "--", 2) == 0) {
		row = equals ? option_before(s, word + 2, equals) : NULL;
		if (row) {
			complete_value(s, row, equals + 1, out);
			return;
		}
		s->typed = word;
		out->replaced = strlen(word);
		offer_options(s, "--", "=");
		finish(s, PLAIN, 0, out);
		return;
	}
	word += *word == '-';
	if (shell_is_own(c))
		complete_file(s, word, out);
	else if (c->kind == REPORT_TAGS)
		complete_label(s, "tagshow", word, out);
	else
		complete_regex(s, word, out);
}

static void complete_first(struct search *s, const char *word, bool is_help, struct completion *out)
{
	s->typed = word;
	out->replaced = strlen(word);
	offer_commands(s);
	offer_options(s, "", is_help ? "" : "=");
	finish(s, PLAIN, 0, out);
}

void shell_complete(const struct shell *sh, struct arena *a, const char *line,
		    struct completion *out)
{
	struct search s = { .sh = sh, .a = a, .found = VEC_INIT };
	const struct option_row *row;
	const struct report_command *c;
	const char *equals, *name;
	size_t n;

	*out = (struct completion){ .names = VEC_INIT };
	line += strspn(line, " \t");
	n = strcspn(line, " \t");
	equals = strchr(line, '=');
	row = equals ? option_before(&s, line, equals) : NULL;
	name = arena_strndup(a, line, n);
	c = line[n] ? report_command_find(name) : NULL;
	if (line[n] && !c)
		c = shell_own_find(name);
	if (row)
		complete_value(&s, row, equals + 1 + strspn(equals + 1, " "), out);
	else if (!line[n])
		complete_first(&s, line, false, out);
	else if (strncmp(line, "help ", 5) == 0)
		complete_first(&s, line + n + strspn(line + n, " \t"), true, out);
	else if (c)
		complete_argument(&s, c, line + n, out);
	VEC_RELEASE(&s.found);
}

void completion_release(struct completion *c)
{
	VEC_RELEASE(&c->names);
}
