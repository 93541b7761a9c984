/* url.c - take URLs apart as far as sources of profiles need it.
 *
 * The query comes out as Go writes it: decoded, sorted by key, encoded again.
 */
#include "analyze/url.h"
#include "analyze/paths.h"
#include "base/vec.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TIMEOUT = 60 };

struct url {
	const char *scheme, *host, *path, *query; /* query NULL = none */
};

struct pair {
	const char *key, *value;
	size_t order;
};

typedef VEC(struct pair) pair_list;

static bool is_scheme(const char *s, size_t n)
{
	if (n == 0 || !isalpha((unsigned char)*s))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("+-.", s[i]))
			return false;
	return true;
}

/* "scheme://host/path?query"; false where there is no host. */
static bool split(struct arena *a, const char *text, struct url *u)
{
	size_t scheme = strcspn(text, ":/?#"), host, path;
	const char *s = text + scheme;

	if (!is_scheme(text, scheme) || strncmp(s, "://", 3) != 0)
		return false;
	s += 3;
	host = strcspn(s, "/?#");
	for (size_t i = 0; i < host; i++)
		if ((unsigned char)s[i] <= ' ')
			return false;
	u->scheme = arena_strndup(a, text, scheme);
	u->host = arena_strndup(a, s, host);
	path = strcspn(s + host, "?#");
	u->path = arena_strndup(a, s + host, path);
	s += host + path;
	u->query = *s == '?' ? arena_strndup(a, s + 1, strcspn(s + 1, "#")) : NULL;
	return host > 0;
}

/* ---- the query ---- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, tolower((unsigned char)c));

	return c && at ? (int)(at - digits) : -1;
}

/* NULL for a broken escape. */
static const char *unescape(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			out[k++] = s[i] == '+' ? ' ' : s[i];
			continue;
		}
		if (n - i < 3 || hex_digit(s[i + 1]) < 0 || hex_digit(s[i + 2]) < 0)
			return NULL;
		out[k++] = (char)(hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]));
		i += 2;
	}
	return out;
}

static const char *escape(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 3 * strlen(s) + 1), *to = out;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-_.~", c))
			*to++ = (char)c;
		else if (c == ' ')
			*to++ = '+';
		else
			to += snprintf(to, 4, "%%%02X", c);
	}
	return out;
}

static void read_query(struct arena *a, const char *query, pair_list *pairs)
{
	while (query && *query) {
		size_t n = strcspn(query, "&"), key = strcspn(query, "=&");
		const char *value = key < n ? query + key + 1 : query + n;
		struct pair p = { unescape(a, query, key < n ? key : n),
				  unescape(a, value, (size_t)(query + n - value)), pairs->n };

		if (n && !memchr(query, ';', n) && p.key && p.value)
			*VEC_PUSH(pairs) = p;
		query += n + (query[n] == '&');
	}
}

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static const char *write_query(struct arena *a, pair_list *pairs)
{
	const char *out = "";

	if (pairs->n)
		qsort(pairs->v, pairs->n, sizeof(*pairs->v), by_key);
	for (size_t i = 0; i < pairs->n; i++)
		out = arena_printf(a, "%s%s%s=%s", out, i ? "&" : "?", escape(a, pairs->v[i].key),
				   escape(a, pairs->v[i].value));
	return out;
}

/* What the query says of the length, in seconds; 0 = nothing. */
static int64_t query_seconds(const pair_list *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		char *end;
		long n;

		if (strcmp(pairs->v[i].key, "seconds") != 0)
			continue;
		n = strtol(pairs->v[i].value, &end, 10);
		return *end || end == pairs->v[i].value || n > INT32_MAX || n < 0 ? 0 : n;
	}
	return 0;
}

static void set_seconds(struct arena *a, pair_list *pairs, int64_t seconds)
{
	size_t kept = 0;

	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->v[i].key, "seconds") != 0)
			pairs->v[kept++] = pairs->v[i];
	pairs->n = kept;
	*VEC_PUSH(pairs) = (struct pair){ "seconds", arena_printf(a, "%" PRId64, seconds), kept };
}

/* ---- the door ---- */

const char *url_of_source(struct arena *a, const char *source, int64_t seconds, int64_t *timeout)
{
	size_t name = strcspn(source, ":/?#");
	pair_list pairs = VEC_INIT;
	const char *out;
	struct url u;

	if (!split(a, source, &u)) {
		/* "host:8080/..." and "[::1]:8080/...", but not "host/..." nor "file:///..." */
		bool is_host = source[name] == ':' && strncmp(source + name, "://", 3) != 0;

		if ((!is_host && *source != '[') ||
		    !split(a, arena_printf(a, "http://%s", source), &u))
			return NULL;
	}
	read_query(a, u.query, &pairs);
	if (seconds > 0)
		set_seconds(a, &pairs, seconds);
	else
		seconds = query_seconds(&pairs);
	if (*timeout <= 0)
		*timeout = seconds > 0 ? seconds + seconds / 2 : DEFAULT_TIMEOUT;
	out = arena_printf(a, "%s://%s%s%s", u.scheme, u.host, u.path, write_query(a, &pairs));
	VEC_RELEASE(&pairs);
	return out;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

/* The servers of Go and of gperftools call it "symbol", all others "symbolz". */
static bool is_of_go_or_gperftools(const char *path)
{
	static const char *const ends[] = { "/pprof/heap", "/pprof/growth", "/pprof/profile",
					    "/pprof/pmuprofile", "/pprof/contention" };

	if (strstr(path, "/debug/pprof/"))
		return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(path, ends[i]))
			return true;
	return false;
}

const char *url_of_symbols(struct arena *a, const char *url)
{
	struct url u;
	const char *path;

	if (!split(a, url, &u))
		return NULL;
	path = arena_printf(a, "%s/../%s", u.path,
			    is_of_go_or_gperftools(u.path) ? "symbol" : "symbolz");
	path = path_clean(a, path);
	return arena_printf(a, "%s://%s%s%s", u.scheme, u.host, *path == '/' ? "" : "/", path);
}
