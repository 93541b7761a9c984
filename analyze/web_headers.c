/* web_headers.c - read headers, and judge Host and Origin. */
#include "analyze/web_headers.h"

#include <arpa/inet.h>
#include <string.h>

struct counts {
	int hosts, lengths, codings;
};

static enum MHD_Result count_header(void *ctx, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct counts *n = ctx;

	n->hosts += strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0;
	n->lengths += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	n->codings += strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
	return MHD_YES;
}

static bool is_ambiguous(const struct microhttpd *mhd, struct MHD_Connection *c)
{
	struct counts n = { 0 };

	mhd->get_connection_values(c, MHD_HEADER_KIND, count_header, &n);
	return n.hosts > 1 || n.lengths + n.codings > 1;
}

static const char *value(const struct microhttpd *mhd, struct MHD_Connection *c, const char *name)
{
	return mhd->lookup_connection_value(c, MHD_HEADER_KIND, name);
}

void web_headers_read(struct web_headers *h, const struct microhttpd *mhd, struct MHD_Connection *c)
{
	const char *encodings = value(mhd, c, MHD_HTTP_HEADER_ACCEPT_ENCODING);

	*h = (struct web_headers){ .host = value(mhd, c, MHD_HTTP_HEADER_HOST),
				   .origin = value(mhd, c, MHD_HTTP_HEADER_ORIGIN),
				   .site = value(mhd, c, "Sec-Fetch-Site"),
				   .mode = value(mhd, c, "Sec-Fetch-Mode"),
				   .own = value(mhd, c, "X-Sonde"),
				   .takes_gzip = encodings && strstr(encodings, "gzip"),
				   .is_ambiguous = is_ambiguous(mhd, c) };
}

/* The name in a Host header without its port; 0 = it is none. */
static size_t host_length(const char *host)
{
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	if (n > strlen(host) || (host[n] && host[n] != ':'))
		return 0;
	if (host[n] && host[n + 1 + strspn(host + n + 1, "0123456789")])
		return 0;
	return n;
}

static bool is_address(const char *name, size_t n)
{
	unsigned char address[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	bool bracketed = n > 2 && name[0] == '[';

	if (bracketed) {
		name++;
		n -= 2;
	}
	if (n >= sizeof(text))
		return false;
	memcpy(text, name, n);
	text[n] = 0;
	return inet_pton(bracketed ? AF_INET6 : AF_INET, text, address) == 1;
}

static bool is_name(const char *host, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(host, name, n) == 0;
}

bool web_headers_are_for(const struct web_headers *h, const char *own_name)
{
	const char *host = h->host;
	size_t n = host ? host_length(host) : 0;

	if (!n)
		return false;
	if (is_address(host, n))
		return true;
	n -= n > 1 && host[n - 1] == '.'; /* as a name may be ended */
	return is_name(host, n, "localhost") || is_name(host, n, own_name);
}

/* Origin names the scheme, too. */
static bool has_other_origin(const struct web_headers *h)
{
	const char *at = h->origin ? strstr(h->origin, "://") : NULL;

	return h->origin && (!at || !h->host || strcasecmp(at + 3, h->host) != 0);
}

bool web_headers_are_foreign(const struct web_headers *h)
{
	bool elsewhere = h->site &&
			 (strcmp(h->site, "cross-site") == 0 || strcmp(h->site, "same-site") == 0);

	return has_other_origin(h) || (elsewhere && (!h->mode || strcmp(h->mode, "navigate") != 0));
}

bool web_headers_are_of_page(const struct web_headers *h)
{
	return h->own && !web_headers_are_foreign(h);
}
