/* regex.c - match with PCRE2: compiled to machine code, bounded in time.
 *
 * PCRE2 backtracks, so a hostile pattern could run for hours where RE2 would not.  A match that
 * passes the limit is asked again of PCRE2's breadth-first matcher, which never backtracks;
 * patterns of ours have no construct that it lacks.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "analyze/regex.h"
#include "analyze/regex_syntax.h"
#include "base/utf8.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH_LIMIT = 200000, WORKSPACE_INTS = 4096, WORKSPACE_MAX = 1 << 22 };

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	char *pattern;
	VEC(unsigned char) known; /* by str_id: 0 not asked, 1 no, 2 yes */
	VEC(char) clean;	  /* scratch: a subject made valid UTF-8 */
};

static int compile(struct regex *r, const char *text, struct err *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NO_AUTO_CAPTURE |
			   PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR reason[128];
	PCRE2_SIZE at;
	int code;

	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(context, 1001);
	r->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &at,
				context);
	pcre2_compile_context_free(context);
	if (r->code)
		return 0;
	pcre2_get_error_message(code, reason, sizeof(reason));
	return err_set(err, SONDE_EUSAGE, "error parsing regexp: %s: `%s`", (char *)reason,
		       r->pattern);
}

int regex_compile(struct regex **out, const char *pattern, struct err *err)
{
	struct pattern_text translated = { VEC_INIT };
	struct regex *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	if (!r || !(r->pattern = strdup(pattern))) {
		free(r);
		return err_set(err, SONDE_ENOMEM, "out of memory");
	}
	rc = regex_translate(&translated, pattern, err);
	if (!rc)
		rc = compile(r, translated.text.v, err);
	VEC_RELEASE(&translated.text);
	if (rc) {
		regex_free(r);
		return rc;
	}
	pcre2_jit_compile(r->code,
			  PCRE2_JIT_COMPLETE); /* where there is no JIT the interpreter is used */
	r->data = pcre2_match_data_create(1, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (!r->data || !r->limits) {
		regex_free(r);
		return err_set(err, SONDE_ENOMEM, "out of memory");
	}
	pcre2_set_match_limit(r->limits, MATCH_LIMIT);
	*out = r;
	return 0;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_context_free(r->limits);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	VEC_RELEASE(&r->known);
	VEC_RELEASE(&r->clean);
	free(r->pattern);
	free(r);
}

const char *regex_text(const struct regex *r)
{
	return r->pattern;
}

static bool is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

/* The subject with every bad byte replaced, in r->clean. */
static size_t make_valid(struct regex *r, const char *s, size_t n)
{
	r->clean.n = 0;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		size_t width = utf8_decode(s + i, n - i, &c);
		bool bad = c == UTF8_BAD && width == 1;

		VEC_MUST(&r->clean, r->clean.n + 4);
		memcpy(r->clean.v + r->clean.n, bad ? "\xef\xbf\xbd" : s + i, bad ? 3 : width);
		r->clean.n += bad ? 3 : width;
		i += width;
	}
	return r->clean.n;
}

static bool match_without_backtracking(struct regex *r, PCRE2_SPTR s, size_t n)
{
	VEC(int) workspace = VEC_INIT;
	int rc = PCRE2_ERROR_DFA_WSSIZE;

	for (size_t ints = WORKSPACE_INTS; rc == PCRE2_ERROR_DFA_WSSIZE && ints <= WORKSPACE_MAX;
	     ints *= 4) {
		VEC_MUST(&workspace, ints);
		rc = pcre2_dfa_match(r->code, s, n, 0, PCRE2_NO_UTF_CHECK | PCRE2_DFA_SHORTEST,
				     r->data, NULL, workspace.v, ints);
	}
	VEC_RELEASE(&workspace);
	return rc >= 0;
}

bool regex_match(struct regex *r, const char *s, size_t n)
{
	int rc;

	if (!is_ascii(s, n)) {
		n = make_valid(r, s, n);
		s = r->clean.v;
	}
	rc = pcre2_match(r->code, (PCRE2_SPTR)s, n, 0, PCRE2_NO_UTF_CHECK, r->data, r->limits);
	if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
		return rc >= 0;
	return match_without_backtracking(r, (PCRE2_SPTR)s, n);
}

bool regex_match_id(struct regex *r, const struct strtab *strings, str_id id)
{
	if (id >= r->known.n) {
		VEC_MUST(&r->known, strtab_count(strings));
		memset(r->known.v + r->known.n, 0, strtab_count(strings) - r->known.n);
		r->known.n = strtab_count(strings);
	}
	if (!r->known.v[id])
		r->known.v[id] =
			1 + regex_match(r, strtab_get(strings, id), strtab_len(strings, id));
	return r->known.v[id] == 2;
}
