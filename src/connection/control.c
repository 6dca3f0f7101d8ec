/* SPDX-License-Identifier: MIT */
/* The control socket: a few clients, each of which may ask, watch and hang up. */
#include "connection/control.h"

#include "base/clock.h"
#include "ipc/version.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_LIMIT_MS 500 /* the last status, for all clients together */
#define OWN_CLIENTS   4	  /* places that other users leave free */

static void drop(struct control_client *c)
{
	loop_fd_del(c->owner->loop, &c->handle);
	close(c->handle.fd);
	c->handle.fd = -1;
	c->wants = WANTS_NOTHING;
	if (c->owner->dialer == c)
		c->owner->dialer = NULL;
}

static void refresh(struct control *s)
{
	struct control_status *st = s->status;
	uint64_t now = loop_now(s->loop);

	st->uptime_ms = st->phase == CONTROL_CONNECTED ? now - *s->up_since_ms : 0;
	if (st->phase != CONTROL_CONNECTED)
		st->idle_ms = 0;
	st->next_dial_s =
		st->next_dial_ms > now ? (uint32_t)((st->next_dial_ms - now + 999) / 1000) : 0;
}

/* What a program of another version can read. */
static ssize_t send_other(const struct control_client *c)
{
	const struct control_status *st = c->owner->status;
	struct control_other other;

	control_other_fill(&other, (struct control_head){CONTROL_MAGIC, CONTROL_VERSION}, st->phase,
			   st->message);
	return send(c->handle.fd, &other, sizeof other, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_status(struct control_client *c)
{
	struct control *s = c->owner;

	refresh(s);
	if (c->wants == WANTS_STATUS)
		c->wants = WANTS_NOTHING;
	/* One who does not read misses this one; one who is gone is dropped by its handler. */
	c->missed =
		(c->version != CONTROL_VERSION ? send_other(c)
					       : send(c->handle.fd, s->status, sizeof *s->status,
						      MSG_DONTWAIT | MSG_NOSIGNAL)) < 0;
	if (c->missed)
		log_debug(s->log, "status not sent: %s", strerror(errno));
}

static bool is_watched(const struct control *s)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].handle.fd >= 0 && s->clients[i].wants != WANTS_NOTHING)
			return true;
	return false;
}

void control_broadcast(struct control *s, bool to_waiting)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct control_client *c = &s->clients[i];

		if (c->handle.fd >= 0 &&
		    (c->wants == WANTS_EACH || (to_waiting && c->wants == WANTS_STATUS)))
			send_status(c);
	}
}

void control_ask_session(struct control *s)
{
	if (s->session->started && !s->session->ended)
		request_send(&s->session->channel, REQUEST_GET_STATS, NULL, NULL, 0);
}

static void on_second(void *ctx)
{
	struct control *s = ctx;

	if (!is_watched(s))
		return;
	control_broadcast(s, true);
	control_ask_session(s);
	loop_timer_set(s->loop, &s->second_timer, loop_now(s->loop) + 1000);
}

void control_pace(struct control *s)
{
	if (is_watched(s))
		loop_timer_set(s->loop, &s->second_timer, loop_now(s->loop) + 1000);
}

static void watch(struct control *s)
{
	if (!s->second_timer.link)
		control_pace(s);
}

/* Fresh statistics first, where there is a session to give them. */
static void answer_later(struct control_client *c)
{
	struct control *s = c->owner;

	if (c->wants == WANTS_NOTHING)
		c->wants = WANTS_STATUS;
	if (!s->session->started ||
	    request_send(&s->session->channel, REQUEST_GET_STATS, NULL, NULL, 0) < 0) {
		send_status(c);
		return;
	}
	/* A session that does not answer must not silence the supervisor. */
	watch(s);
}

static void do_watch(struct control_client *c)
{
	c->wants = WANTS_EACH;
	answer_later(c);
}

static void do_redial(struct control_client *c)
{
	c->wants = WANTS_EACH;
	life_tell(c->owner->life, ON_DIAL_NOW, EXIT_HANGUP, "told by the user");
	send_status(c);
}

static void do_recheck(struct control_client *c)
{
	send_status(c);
	roam_check(c->owner->roam);
}

static void do_events(struct control_client *c)
{
	struct control *s = c->owner;

	if (send(c->handle.fd, s->history, sizeof *s->history, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug(s->log, "events not sent: %s", strerror(errno));
}

static void do_hang_up(struct control_client *c)
{
	c->wants = WANTS_EACH;
	send_status(c);
	watch(c->owner);
	life_tell(c->owner->life, ON_HANG_UP, EXIT_OK, "hung up on request");
}

static void (*const handlers[])(struct control_client *c) = {
	[CONTROL_STATUS] = answer_later, [CONTROL_WATCH] = do_watch,
	[CONTROL_HANGUP] = do_hang_up,	 [CONTROL_REDIAL] = do_redial,
	[CONTROL_RECHECK] = do_recheck,	 [CONTROL_EVENTS] = do_events,
};

/* Whoever dialed went away before it saw the outcome: nobody wants the call. */
static void closed(struct control_client *c, bool by_peer)
{
	struct life *life = c->owner->life;
	bool dialed = c == c->owner->dialer;

	drop(c);
	if (by_peer && dialed)
		life_tell(life, ON_HANG_UP, EXIT_SIGNAL, "the program that dialed is gone");
}

static void on_client(void *ctx, uint32_t events)
{
	struct control_client *c = ctx;
	struct control_request r = {0};
	ssize_t n = recv(c->handle.fd, &r, sizeof r, MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)sizeof r || r.magic != CONTROL_MAGIC ||
	    (n > (ssize_t)sizeof r && r.version == CONTROL_VERSION)) {
		closed(c, n <= 0);
		return;
	}
	c->version = r.version;
	if (c->version != CONTROL_VERSION && r.op != CONTROL_HANGUP)
		send_status(c);
	else if (r.op < sizeof handlers / sizeof handlers[0] && handlers[r.op])
		handlers[r.op](c);
	else
		drop(c);
}

static struct control_client *take_client(struct control *s, int fd)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct control_client *c = &s->clients[i];

		if (c->handle.fd >= 0)
			continue;
		*c = (struct control_client){.owner = s,
					     .handle = {.fd = fd, .ready = on_client, .ctx = c},
					     .version = CONTROL_VERSION};
		if (loop_fd_add(s->loop, &c->handle, EPOLLIN) < 0)
			break;
		return c;
	}
	close(fd);
	return NULL;
}

/* Members of the group may hold places as long as they like, but not the last ones: whose
 * connection it is can always see it and hang up. */
static bool has_room(const struct control *s, int fd)
{
	struct ucred who = {.uid = (uid_t)-1};
	socklen_t len = sizeof who;
	size_t room = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		room += s->clients[i].handle.fd < 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	    (who.uid == 0 || who.uid == geteuid()))
		return room > 0;
	return room > OWN_CLIENTS;
}

static void on_connection(void *ctx, uint32_t events)
{
	struct control *s = ctx;
	int fd = accept4(s->listen_handle.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0 && has_room(s, fd))
		take_client(s, fd);
	else if (fd >= 0)
		close(fd);
}

void control_adopt(struct control *s, int fd)
{
	struct control_client *c = take_client(s, fd);

	if (!c)
		return;
	c->wants = WANTS_EACH;
	s->dialer = c;
}

void control_let_go(struct control *s)
{
	s->dialer = NULL;
}

/* Members of the group may ask, redial and hang up connections of root.  Without the group the
 * socket stays root's own. */
static void share_with_group(const struct control *s, const char *path)
{
	const struct group *group = geteuid() == 0 ? getgrnam(CONTROL_GROUP) : NULL;

	if (group && (chown(path, 0, group->gr_gid) < 0 || chmod(path, 0660) < 0))
		log_warn(s->log, "the group %s cannot use %s: %s", CONTROL_GROUP, path,
			 strerror(errno));
}

int control_listen(struct control *s, struct reason *reason)
{
	struct sockaddr_un address;
	int rc = control_address(&address, s->run_dir, s->name), fd;
	mode_t mask;

	if (rc < 0) {
		reason_set(reason, EXIT_OPTIONS,
			   "the run directory's path is too long for a socket");
		return rc;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* The journal's lock says that no other supervisor lives: a socket here is a dead one's. */
	unlink(address.sun_path);
	mask = umask(0177);
	rc = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
			     listen(fd, CLIENTS_MAX) < 0
		     ? -errno
		     : 0;
	umask(mask);
	if (rc == 0) {
		share_with_group(s, address.sun_path);
		s->listen_handle = (struct loop_fd){.fd = fd, .ready = on_connection, .ctx = s};
		rc = loop_fd_add(s->loop, &s->listen_handle, EPOLLIN);
	}
	if (rc < 0) {
		reason_set(reason, EXIT_OPEN_FAILED, "no control socket %s: %s", address.sun_path,
			   strerror(-rc));
		if (fd >= 0)
			close(fd);
	}
	return rc;
}

void control_remove_dead(const char *run_dir, const char *name)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && control_address(&address, run_dir, name) == 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED)
		unlink(address.sun_path);
	if (fd >= 0)
		close(fd);
}

/* The last status says why: who reads slowly gets a moment to make room for it. */
static void send_last(struct control *s)
{
	uint64_t end = clock_now_ms() + LAST_LIMIT_MS, now;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct control_client *c = &s->clients[i];
		struct pollfd room = {.fd = c->handle.fd, .events = POLLOUT};

		if (c->handle.fd < 0 || !c->missed)
			continue;
		now = clock_now_ms();
		(void)poll(&room, 1, now < end ? (int)(end - now) : 0);
		send_status(c);
	}
}

void control_close(struct control *s)
{
	struct sockaddr_un address;

	/* The socket first: who waits for the end by its connection may dial again at once. */
	if (s->listen_handle.fd >= 0) {
		if (control_address(&address, s->run_dir, s->name) == 0)
			unlink(address.sun_path);
		loop_fd_del(s->loop, &s->listen_handle);
		close(s->listen_handle.fd);
		s->listen_handle.fd = -1;
	}
	send_last(s);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].handle.fd >= 0)
			drop(&s->clients[i]);
}

void control_init(struct control *s)
{
	s->listen_handle.fd = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].handle.fd = -1;
	s->second_timer = (struct loop_timer){DEADLINE_NONE, on_second, s, NULL, NULL};
}
