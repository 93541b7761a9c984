/* web_server.c - HTTP for the page: who may ask, what is answered at once, what goes to the session.
 *
 * libmicrohttpd's thread serves all connections.  A question for the session suspends its connection
 * until the answer is there.
 */
#include "analyze/microhttpd.h"
#include "analyze/web_address.h"
#include "analyze/web_connections.h"
#include "analyze/web_files.h"
#include "analyze/web_headers.h"
#include "analyze/web_session.h"
#include "base/outfile.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MAX_CONNECTIONS = 400, /* so that those that stall until they time out leave room */
	IDLE_SECONDS = 30,
	HEADER_BYTES = 32 << 10, /* of one request */
	MAX_UPLOAD = 256 << 20,
	MAX_UPLOADS = 512 << 20, /* of all that are under way */
};

static const struct microhttpd *mhd; /* loaded by the first web_open() */

struct web {
	struct MHD_Daemon *daemon;
	struct web_session *session;
	char *host; /* as given: the one name that a Host header may have */
	char url[300];
	struct web_connections connections;
	size_t n_uploads; /* bytes of all that are under way */
};

/* One request, from its first byte until its answer is sent. */
struct request {
	struct web *web;
	struct MHD_Connection *connection;
	struct web_headers headers;
	struct web_job job;
	bool asked, is_post, too_large;
	size_t n_upload;
};

/* ---- answers ---- */

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
	  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cache-Control", "no-store" },
};

static enum MHD_Result send_response(struct MHD_Connection *c, unsigned status,
				     struct MHD_Response *response, const char *type)
{
	enum MHD_Result rc;

	if (!response)
		return MHD_NO;
	mhd->add_response_header(response, "Content-Type", type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		mhd->add_response_header(response, headers[i].name, headers[i].value);
	rc = mhd->queue_response(c, status, response);
	mhd->destroy_response(response);
	return rc;
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	return send_response(
		c, status,
		mhd->create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY),
		"text/plain; charset=utf-8");
}

static enum MHD_Result add_to_query(void *ctx, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct web_query *q = ctx;

	web_query_add(q, key, value);
	return MHD_YES;
}

/* To another page, with the same query. */
static enum MHD_Result redirect(struct request *r, const char *to)
{
	struct MHD_Connection *c = r->connection;
	struct MHD_Response *response =
		mhd->create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);

	mhd->get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_to_query, &r->job.query);
	if (response)
		mhd->add_response_header(response, "Location",
					 web_query_address(&r->job.query, to));
	return send_response(c, MHD_HTTP_FOUND, response, "text/plain");
}

static enum MHD_Result send_file(struct MHD_Connection *c, const struct web_file *f)
{
	return send_response(c, MHD_HTTP_OK,
			     mhd->create_response_from_buffer((size_t)(f->end - f->start),
							      (void *)f->start,
							      MHD_RESPMEM_PERSISTENT),
			     f->type);
}

static enum MHD_Result send_answer(struct request *r)
{
	struct web_answer *a = &r->job.answer;
	struct MHD_Response *response;
	char disposition[100];

	response = mhd->create_response_from_buffer(a->n, a->body ? a->body : (void *)"",
						    a->body ? MHD_RESPMEM_MUST_FREE
							    : MHD_RESPMEM_PERSISTENT);
	a->body = NULL;
	if (response && a->packed)
		mhd->add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (response && a->extension) {
		snprintf(disposition, sizeof(disposition), "attachment; filename=\"profile.%s\"",
			 a->extension);
		mhd->add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION,
					 disposition);
	}
	return send_response(r->connection, a->status, response, a->type);
}

static enum MHD_Result send_status(struct request *r)
{
	char *text = web_session_status(r->web->session);

	if (!text)
		return send_text(r->connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	return send_response(
		r->connection, MHD_HTTP_OK,
		mhd->create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE),
		"application/json");
}

/* ---- requests ---- */

static void wake(struct web_job *job)
{
	struct request *r = job->ctx;

	mhd->resume_connection(r->connection);
}

/* What is known of the connection besides; NULL = nothing. */
static struct web_connection *known(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		mhd->get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void touch(struct web *w, struct MHD_Connection *c, bool waits)
{
	if (known(c))
		web_connections_touch(&w->connections, known(c), waits);
}

static int socket_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		mhd->get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static enum MHD_Result ask(struct request *r, const char *what)
{
	r->asked = true;
	r->job.what = arena_strdup(r->job.query.arena, what);
	r->job.takes_gzip = r->headers.takes_gzip;
	r->job.client = socket_of(r->connection);
	r->job.done = wake;
	r->job.ctx = r;
	mhd->get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, add_to_query,
				   &r->job.query);
	touch(r->web, r->connection, true);
	mhd->suspend_connection(r->connection);
	web_session_ask(r->web->session, &r->job);
	return MHD_YES;
}

/* The views of the page, all served by the same file. */
static bool is_view(const char *name)
{
	static const char *const views[] = { "flamegraph", "top",    "graph",
					     "peek",	   "source", "disasm" };

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i], name) == 0)
			return true;
	return false;
}

static enum MHD_Result route(struct request *r, const char *path)
{
	static const char ui[] = "/ui/";
	const struct web_file *file;
	enum web_kind kind;

	if (strcmp(path, "/") == 0 || strcmp(path, "/ui") == 0 || strcmp(path, ui) == 0 ||
	    strcmp(path, "/ui/flamegraph2") == 0 || strcmp(path, "/ui/flamegraphold") == 0)
		return redirect(r, "/ui/flamegraph");
	if (strncmp(path, ui, sizeof(ui) - 1) != 0)
		return send_text(r->connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	path += sizeof(ui) - 1;
	if (is_view(path))
		return send_file(r->connection, web_file_find("index.html"));
	file = web_file_find(path);
	if (file)
		return send_file(r->connection, file);
	if (web_headers_are_foreign(&r->headers))
		return send_text(r->connection, MHD_HTTP_FORBIDDEN,
				 "this page's data are not for other sites\n");
	if (strcmp(path, "data/status") == 0)
		return send_status(r);
	kind = web_session_kind(path);
	if (kind == WEB_UNKNOWN)
		return send_text(r->connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	if ((kind == WEB_CHANGE) != r->is_post)
		return send_text(r->connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				 kind == WEB_CHANGE ? "this wants a POST\n" : "this wants a GET\n");
	if (kind == WEB_CHANGE && !web_headers_are_of_page(&r->headers))
		return send_text(r->connection, MHD_HTTP_FORBIDDEN,
				 "only the page itself may change anything\n");
	return ask(r, path);
}

static struct request *new_request(struct web *w, struct MHD_Connection *c)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->web = w;
	r->connection = c;
	web_headers_read(&r->headers, mhd, c);
	r->job.query.arena = arena_new(ARENA_DIE);
	r->job.upload = -1;
	return r;
}

static void drop_upload(struct request *r)
{
	r->web->n_uploads -= r->n_upload;
	r->n_upload = 0;
	if (r->job.upload >= 0)
		close(r->job.upload);
	r->job.upload = -1;
}

/* Only what the page sends is kept, and no more than may be. */
static void take_upload(struct request *r, const char *bytes, size_t n)
{
	if (r->too_large || !web_headers_are_of_page(&r->headers))
		return;
	r->n_upload += n;
	r->web->n_uploads += n;
	if (r->n_upload > MAX_UPLOAD || r->web->n_uploads > MAX_UPLOADS) {
		r->too_large = true;
		drop_upload(r);
		return;
	}
	if (r->job.upload < 0)
		r->job.upload = memfd_create("upload", MFD_CLOEXEC);
	if (r->job.upload < 0 || write_all(r->job.upload, bytes, n, "upload", NULL))
		r->too_large = true;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *n_upload, void **con_ctx)
{
	struct request *r = *con_ctx;

	if (!r) {
		*con_ctx = new_request(ctx, c);
		return *con_ctx ? MHD_YES : MHD_NO;
	}
	if (r->asked) {
		touch(r->web, c, false);
		return send_answer(r);
	}
	if (*n_upload) {
		take_upload(r, upload, *n_upload);
		*n_upload = 0;
		return MHD_YES;
	}
	r->is_post = strcmp(method, "POST") == 0;
	if (!r->is_post && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return send_text(c, MHD_HTTP_METHOD_NOT_ALLOWED,
				 "only GET and POST are answered\n");
	if (r->headers.is_ambiguous)
		return send_text(c, MHD_HTTP_BAD_REQUEST, "this request can be read in two ways\n");
	if (!web_headers_are_for(&r->headers, r->web->host))
		return send_text(c, MHD_HTTP_FORBIDDEN,
				 "the name in the Host header is not this server's\n");
	if (r->too_large)
		return send_text(c, MHD_HTTP_CONTENT_TOO_LARGE,
				 "that is too large, or too much is being sent already\n");
	return route(r, url);
}

static void completed(void *ctx, struct MHD_Connection *c, void **con_ctx,
		      enum MHD_RequestTerminationCode code)
{
	struct request *r = *con_ctx;

	if (!r)
		return;
	web_query_release(&r->job.query);
	arena_free(r->job.query.arena);
	free(r->job.answer.body);
	drop_upload(r);
	free(r);
	*con_ctx = NULL;
	touch(ctx, c, false);
}

static void connected(void *ctx, struct MHD_Connection *c, void **known_of,
		      enum MHD_ConnectionNotificationCode code)
{
	struct web *w = ctx;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*known_of = web_connections_add(&w->connections, socket_of(c));
	else if (*known_of)
		web_connections_remove(&w->connections, *known_of);
}

/* ---- listen ---- */

static void log_nothing(void *ctx, const char *fmt, va_list ap)
{
}

static struct MHD_Daemon *start(struct web *w, const struct sockaddr *address)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	return mhd->start_daemon(
		flags, 0, NULL, NULL, handle, w, MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL,
		MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, completed, w,
		MHD_OPTION_NOTIFY_CONNECTION, connected, w, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_END);
}

static int listen_at(struct web *w, const char *port, const char *address, struct err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE };
	struct addrinfo *found;
	int rc = getaddrinfo(strcmp(w->host, "localhost") == 0 ? "127.0.0.1" : w->host, port,
			     &hints, &found);

	if (rc)
		return err_set(err, SONDE_EUSAGE, "cannot listen at '%s': %s", address,
			       gai_strerror(rc));
	errno = 0;
	w->daemon = start(w, found->ai_addr);
	freeaddrinfo(found);
	if (!w->daemon)
		return err_set(err, SONDE_EIO, "cannot listen at '%s': %m", address);
	return 0;
}

static int open_at(struct web *w, const char *address, struct err *err)
{
	const union MHD_DaemonInfo *info;
	char *port = NULL;
	int rc = web_address_split(address, &w->host, &port, err);

	if (!rc)
		rc = listen_at(w, port, address, err);
	free(port);
	if (rc)
		return rc;
	info = mhd->get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT);
	snprintf(w->url, sizeof(w->url), strchr(w->host, ':') ? "http://[%s]:%u" : "http://%s:%u",
		 w->host, info ? info->port : 0);
	return 0;
}

int web_open(struct web **out, const struct web_opts *opts, const struct notes *notes,
	     struct err *err)
{
	struct web *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (!w)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	rc = microhttpd_load(&mhd, err);
	if (!rc)
		rc = web_session_open(&w->session, opts, notes, err);
	if (!rc)
		rc = open_at(w, opts->address, err);
	if (!rc)
		rc = web_session_start(w->session, err);
	if (rc)
		web_close(w);
	else
		*out = w;
	return rc;
}

const char *web_url(const struct web *w)
{
	return w->url;
}

int web_failed(struct web *w, struct err *err)
{
	return web_session_failed(w->session, err);
}

void web_close(struct web *w)
{
	int listening = -1;

	if (!w)
		return;
	if (w->daemon)
		listening = mhd->quiesce_daemon(w->daemon);
	if (listening >= 0)
		close(listening);
	web_session_close(w->session); /* resumes what waits */
	if (w->daemon)
		mhd->stop_daemon(w->daemon);
	free(w->host);
	free(w);
}
