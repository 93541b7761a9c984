/* fetch.c - drive libcurl.
 *
 * Time is counted from the beginning of each download.  Proxies are taken from the environment, but
 * never for this machine itself.
 */
#define CURL_DISABLE_TYPECHECK
#include "analyze/fetch.h"
#include "base/library.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_REDIRECTS = 10, POLL_MS = 1000, STATUS_OK = 200, MAX_TOLD = 300 };

/* The functions that are used, without their "curl_". */
static struct {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *handle);
	CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_perform)(CURLM *multi, int *running);
	CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *fds, unsigned n, int ms,
				int *set);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
	CURLMcode (*multi_cleanup)(CURLM *multi);
} curl;

struct transfer {
	struct download *download;
	CURL *easy;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	char status[128]; /* "404 Not Found" */
	bool is_pprof, is_text;
};

static int load_library(struct err *err)
{
	static bool is_loaded;
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4", NULL };
	static const struct library_function functions[] = {
		{ "curl_global_init", &curl.global_init },
		{ "curl_easy_init", &curl.easy_init },
		{ "curl_easy_cleanup", &curl.easy_cleanup },
		{ "curl_easy_setopt", &curl.easy_setopt },
		{ "curl_easy_getinfo", &curl.easy_getinfo },
		{ "curl_easy_strerror", &curl.easy_strerror },
		{ "curl_slist_append", &curl.slist_append },
		{ "curl_slist_free_all", &curl.slist_free_all },
		{ "curl_multi_init", &curl.multi_init },
		{ "curl_multi_add_handle", &curl.multi_add_handle },
		{ "curl_multi_remove_handle", &curl.multi_remove_handle },
		{ "curl_multi_perform", &curl.multi_perform },
		{ "curl_multi_poll", &curl.multi_poll },
		{ "curl_multi_info_read", &curl.multi_info_read },
		{ "curl_multi_cleanup", &curl.multi_cleanup },
	};
	int rc;

	if (is_loaded)
		return 0;
	rc = library_load(names, functions, sizeof(functions) / sizeof(functions[0]), err);
	if (rc) {
		err_prefix(err, "cannot fetch over HTTP");
		return rc;
	}
	is_loaded = true;
	curl.global_init(CURL_GLOBAL_DEFAULT);
	return 0;
}

/* ---- what curl calls ---- */

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct download *d = t->download;
	char *grown;

	n *= size;
	grown = realloc(d->body, d->n + n + 1);
	if (!grown)
		return 0; /* an error of curl's */
	memcpy(grown + d->n, bytes, n);
	d->body = grown;
	d->n += n;
	d->body[d->n] = 0;
	return n;
}

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (n > 5 && strncasecmp(line, "HTTP/", 5) == 0) { /* of each answer, redirects too */
		const char *space = memchr(line, ' ', n);
		int length = space ? (int)(line + n - space - 1) : 0;

		snprintf(t->status, sizeof(t->status), "%.*s", length, space ? space + 1 : "");
		t->status[strcspn(t->status, "\r\n")] = 0;
		t->is_pprof = t->is_text = false;
	}
	if (n > 11 && strncasecmp(line, "X-Go-Pprof:", 11) == 0)
		t->is_pprof = true;
	if (n > 13 && strncasecmp(line, "Content-Type:", 13) == 0)
		t->is_text = memmem(line, n, "text/plain", 10) != NULL;
	return n;
}

/* ---- one transfer ---- */

/* The URL as curl knows it: https+insecure is ours. */
static const char *plain_url(const char *url, bool *insecure, char **copy)
{
	static const char scheme[] = "https+insecure://";

	*insecure = strncmp(url, scheme, sizeof(scheme) - 1) == 0;
	if (!*insecure)
		return url;
	if (asprintf(copy, "https://%s", url + sizeof(scheme) - 1) < 0)
		*copy = NULL;
	return *copy;
}

static void set_tls(CURL *easy, const struct tls_files *tls, bool insecure)
{
	if (tls->cert)
		curl.easy_setopt(easy, CURLOPT_SSLCERT, tls->cert);
	if (tls->key)
		curl.easy_setopt(easy, CURLOPT_SSLKEY, tls->key);
	if (tls->ca)
		curl.easy_setopt(easy, CURLOPT_CAINFO, tls->ca);
	if (insecure) {
		curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_post(struct transfer *t)
{
	t->headers = curl.slist_append(NULL, "Content-Type: application/octet-stream");
	curl.easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl.easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(t->download->post));
	curl.easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->download->post);
}

static bool transfer_start(struct transfer *t, CURLM *multi, const struct tls_files *tls)
{
	bool insecure;
	char *copy = NULL;
	const char *url = plain_url(t->download->url, &insecure, &copy);

	t->easy = curl.easy_init();
	if (!t->easy || !url) {
		free(copy);
		return false;
	}
	curl.easy_setopt(t->easy, CURLOPT_URL, url);
	free(copy);
	curl.easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl.easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl.easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(t->easy, CURLOPT_TIMEOUT, (long)t->download->timeout);
	curl.easy_setopt(t->easy, CURLOPT_USERAGENT, "sonde/" SONDE_VERSION);
	curl.easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl.easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl.easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl.easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl.easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl.easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	if (getenv("no_proxy") == NULL && getenv("NO_PROXY") == NULL)
		curl.easy_setopt(t->easy, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
	set_tls(t->easy, tls, insecure);
	if (t->download->post)
		set_post(t);
	return curl.multi_add_handle(multi, t->easy) == CURLM_OK;
}

static void transfer_end(struct transfer *t, CURLcode code)
{
	struct download *d = t->download;
	long status = 0;

	if (code != CURLE_OK) {
		snprintf(d->problem, sizeof(d->problem), "http %s: %s", d->post ? "post" : "fetch",
			 t->error[0] ? t->error : curl.easy_strerror(code));
		return;
	}
	curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == STATUS_OK)
		return;
	/* The servers of Go say why in the body. */
	if (t->is_pprof && t->is_text && d->n) {
		while (d->n && (d->body[d->n - 1] == '\n' || d->body[d->n - 1] == '\r'))
			d->body[--d->n] = 0;
		snprintf(d->problem, sizeof(d->problem), "server response: %s - %.*s", t->status,
			 MAX_TOLD, d->body);
	} else {
		snprintf(d->problem, sizeof(d->problem), "server response: %s", t->status);
	}
}

static void take_results(CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(multi, &left))) {
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		transfer_end(t, message->data.result);
	}
}

static int run_all(CURLM *multi, struct err *err)
{
	int running = 1;

	while (running) {
		CURLMcode code = curl.multi_perform(multi, &running);

		take_results(multi);
		if (code == CURLM_OK && running)
			code = curl.multi_poll(multi, NULL, 0, POLL_MS, NULL);
		if (code != CURLM_OK)
			return err_set(err, SONDE_EIO, "cannot fetch over HTTP: libcurl error %d",
				       (int)code);
	}
	return 0;
}

/* A file that cannot be read would otherwise be an error of every transfer, and less clear. */
static int check_tls(const struct tls_files *tls, struct err *err)
{
	const char *const files[] = { tls->cert, tls->key, tls->ca };

	if (tls->key && !tls->cert)
		return err_set(err, SONDE_EUSAGE,
			       "-tls_key is specified, so -tls_cert must also be specified");
	if (tls->cert && !tls->key)
		return err_set(err, SONDE_EUSAGE,
			       "-tls_cert is specified, so -tls_key must also be specified");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] && access(files[i], R_OK))
			return err_set(err, SONDE_EIO, "cannot read '%s': %s", files[i],
				       strerror(errno));
	return 0;
}

int fetch_all(struct download *downloads, size_t n, const struct tls_files *tls, struct err *err)
{
	struct transfer *transfers;
	CURLM *multi;
	int rc = check_tls(tls, err);

	if (!rc)
		rc = load_library(err);
	if (rc)
		return rc;
	multi = curl.multi_init();
	transfers = calloc(n, sizeof(*transfers));
	if (!multi || !transfers)
		rc = err_set(err, SONDE_ENOMEM, "out of memory");
	for (size_t i = 0; i < n && !rc; i++) {
		transfers[i].download = &downloads[i];
		if (!transfer_start(&transfers[i], multi, tls))
			rc = err_set(err, SONDE_EIO, "cannot fetch '%s'", downloads[i].url);
	}
	if (!rc)
		rc = run_all(multi, err);
	for (size_t i = 0; transfers && i < n; i++) {
		if (!transfers[i].easy)
			continue;
		curl.multi_remove_handle(multi, transfers[i].easy);
		curl.easy_cleanup(transfers[i].easy);
		curl.slist_free_all(transfers[i].headers);
	}
	free(transfers);
	if (multi)
		curl.multi_cleanup(multi);
	return rc;
}

void download_release(struct download *d)
{
	free(d->body);
	d->body = NULL;
	d->n = 0;
}
