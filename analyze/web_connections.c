/* web_connections.c - a list. */
#include "analyze/web_connections.h"
#include "analyze/web_worker.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { MANY = 300, LONG_MS = 600000 };

static void unlink_it(struct web_connections *all, struct web_connection *c)
{
	*(c->older ? &c->older->newer : &all->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &all->newest) = c->older;
	all->n--;
}

static void append(struct web_connections *all, struct web_connection *c)
{
	c->since = web_now_ms();
	c->older = all->newest;
	c->newer = NULL;
	*(c->older ? &c->older->newer : &all->oldest) = c;
	all->newest = c;
	all->n++;
}

/* The server notices that it is closed. */
static void make_room(struct web_connections *all)
{
	for (struct web_connection *c = all->oldest; c; c = c->newer) {
		bool is_long = web_now_ms() - c->since > LONG_MS;

		if (c->waits)
			continue;
		if (all->n > MANY || is_long)
			shutdown(c->fd, SHUT_RDWR);
		return;
	}
}

struct web_connection *web_connections_add(struct web_connections *all, int fd)
{
	struct web_connection *c = calloc(1, sizeof(*c));

	make_room(all);
	if (!c)
		return NULL;
	c->fd = fd;
	append(all, c);
	return c;
}

void web_connections_remove(struct web_connections *all, struct web_connection *c)
{
	unlink_it(all, c);
	free(c);
}

void web_connections_touch(struct web_connections *all, struct web_connection *c, bool waits)
{
	unlink_it(all, c);
	c->waits = waits;
	append(all, c);
}
