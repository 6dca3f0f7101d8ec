/* SPDX-License-Identifier: MIT */
/* The server's control socket: the list of users, and hanging up one. */
#include "server/serving.h"

#include "base/address.h"
#include "base/str.h"
#include "ipc/control.h"
#include "ipc/version.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void drop(struct users_client *c)
{
	loop_fd_del(c->owner->loop, &c->handle);
	close(c->handle.fd);
	c->handle.fd = -1;
}

/* A reader that does not read loses rows, and with the last one its answer. */
static void send_row(struct users_client *client, struct users_row *row)
{
	row->magic = USERS_MAGIC;
	row->version = USERS_VERSION;
	if (client->handle.fd >= 0 &&
	    send(client->handle.fd, row, sizeof *row, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		drop(client);
}

static void put_address(char *out, size_t cap, struct in_addr a)
{
	if (a.s_addr)
		inet_ntop(AF_INET, &a, out, (socklen_t)cap);
}

static void fill_row(const struct call *c, struct users_row *row)
{
	const struct request_stats *st = &c->stats;

	row->running = true;
	row->dynamic = !c->interface;
	str_copy(row->name, sizeof row->name, c->tun.ifname);
	str_copy(row->user, sizeof row->user, call_secret(c)->name);
	str_copy(row->type, sizeof row->type, word_of(protocol_words, c->type));
	row->mtu = c->network.mtu;
	row->mru = c->network.mru;
	address_text(&c->peer, row->client_address, sizeof row->client_address);
	put_address(row->local, sizeof row->local, c->network.local);
	put_address(row->remote, sizeof row->remote, c->network.remote);
	row->uptime_ms = loop_now(c->server->loop) - c->up_since_ms;
	row->idle_ms = st->idle_ms;
	str_copy(row->encoding, sizeof row->encoding, st->encoding);
	str_copy(row->ipsec, sizeof row->ipsec, st->ipsec);
	str_copy(row->auth_method, sizeof row->auth_method, c->network.auth_method);
	row->tx_packets = st->counters.tx_packets;
	row->tx_bytes = st->counters.tx_bytes;
	row->rx_packets = st->counters.rx_packets;
	row->rx_bytes = st->counters.rx_bytes;
}

static bool is_listed(const struct call *c)
{
	return c->open && !c->dead;
}

static const struct call *call_on(const struct server *s, const struct conf_interface *entry)
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (is_listed(c) && c->interface == entry)
			return c;
	return NULL;
}

/* Static entries first, in the order of the file, then the dynamic ones. */
static void list(struct users_client *client)
{
	struct server *s = client->owner;

	for (size_t i = 0; i < s->conf.interface_count; i++) {
		const struct conf_interface *e = &s->conf.interfaces[i];
		const struct call *c = call_on(s, e);
		struct users_row row = {.disabled = e->disabled};

		str_copy(row.name, sizeof row.name, e->name);
		str_copy(row.user, sizeof row.user, e->user);
		if (c)
			fill_row(c, &row);
		send_row(client, &row);
	}
	for (struct call *c = s->calls; c; c = c->next) {
		struct users_row row = {0};

		if (!is_listed(c))
			continue;
		/* For the next time somebody asks. */
		request_send(&c->session.channel, REQUEST_GET_STATS, NULL, NULL, 0);
		if (c->interface)
			continue;
		fill_row(c, &row);
		send_row(client, &row);
	}
}

static void disconnect(struct users_client *client, const char *name)
{
	struct server *s = client->owner;

	for (struct call *c = s->calls; c; c = c->next) {
		struct users_row row = {0};

		if (!is_listed(c) ||
		    (strcmp(call_secret(c)->name, name) != 0 && strcmp(c->tun.ifname, name) != 0))
			continue;
		fill_row(c, &row);
		send_row(client, &row);
		call_hang_up(c, EXIT_OK, "disconnected by the administrator");
	}
}

/* A request of another version: that much it can read. */
static bool answer_other(struct users_client *c, const struct users_request *r, ssize_t n)
{
	struct control_other other;

	if (n < (ssize_t)sizeof(struct control_head) || r->magic != USERS_MAGIC ||
	    r->version == USERS_VERSION)
		return false;
	control_other_fill(&other, (struct control_head){USERS_MAGIC, USERS_VERSION}, 0, "");
	return send(c->handle.fd, &other, sizeof other, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void on_client(void *ctx, uint32_t events)
{
	struct users_client *c = ctx;
	struct users_request r;
	struct users_row end = {.end = true};
	ssize_t n = recv(c->handle.fd, &r, sizeof r, MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || !users_request_valid(&r, (size_t)n)) {
		if (!answer_other(c, &r, n))
			drop(c);
		return;
	}
	if (r.op == USERS_LIST)
		list(c);
	else
		disconnect(c, r.name);
	send_row(c, &end);
}

static void on_connection(void *ctx, uint32_t events)
{
	struct server *s = ctx;
	int fd = accept4(s->users_handle.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int size = 1 << 20;

	(void)events;
	for (size_t i = 0; fd >= 0 && i < USERS_CLIENTS_MAX; i++) {
		struct users_client *c = &s->clients[i];

		if (c->handle.fd >= 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
		*c = (struct users_client){.owner = s,
					   .handle = {.fd = fd, .ready = on_client, .ctx = c}};
		if (loop_fd_add(s->loop, &c->handle, EPOLLIN) == 0)
			return;
		c->handle.fd = -1;
		break;
	}
	if (fd >= 0)
		close(fd);
}

/* Somebody answers at that socket: one server for each run directory. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

	if (fd >= 0)
		close(fd);
	return alive;
}

int users_listen(struct server *s, struct reason *reason)
{
	struct sockaddr_un address;
	int rc = control_address(&address, s->run_dir, USERS_NAME), fd;
	mode_t mask;

	if (rc == 0 && is_alive(&address)) {
		reason_set(reason, EXIT_BUSY, "a server runs already in %s", s->run_dir);
		return -EBUSY;
	}
	fd = rc < 0 ? -1 : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (rc == 0)
		unlink(address.sun_path);
	mask = umask(0177);
	if (rc == 0 && (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
			listen(fd, USERS_CLIENTS_MAX) < 0))
		rc = -errno;
	umask(mask);
	if (rc == 0) {
		s->users_handle = (struct loop_fd){.fd = fd, .ready = on_connection, .ctx = s};
		rc = loop_fd_add(s->loop, &s->users_handle, EPOLLIN);
	}
	if (rc < 0) {
		s->users_handle.fd = -1;
		if (fd >= 0)
			close(fd);
		reason_set(reason, EXIT_OPEN_FAILED, "no control socket in %s: %s", s->run_dir,
			   strerror(-rc));
	}
	return rc;
}

void users_close(struct server *s)
{
	struct sockaddr_un address;

	for (size_t i = 0; i < USERS_CLIENTS_MAX; i++)
		if (s->clients[i].handle.fd >= 0)
			drop(&s->clients[i]);
	if (s->users_handle.fd < 0)
		return;
	if (control_address(&address, s->run_dir, USERS_NAME) == 0)
		unlink(address.sun_path);
	loop_fd_del(s->loop, &s->users_handle);
	close(s->users_handle.fd);
	s->users_handle.fd = -1;
}
