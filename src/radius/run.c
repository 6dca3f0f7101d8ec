/* SPDX-License-Identifier: MIT */
/* Sockets and requests; what is thought about them is radius/client.h's. */
#include "radius/run.h"

#include "base/clock.h"
#include "ipc/request.h"
#include "loop/loop.h"
#include "radius/client.h"
#include "wire/radius.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST	 64 /* datagrams in one turn */
#define RENEW_MS 2000

struct runner;

struct runner_socket {
	struct runner *owner;
	size_t server;
	enum radius_service service;
	struct loop_fd handle; /* fd -1 = none */
};

struct runner {
	struct loop *loop;
	struct log *log;
	struct request_channel channel;
	struct loop_fd channel_handle;
	struct loop_timer tick;
	struct radius_client *client;
	struct runner_socket sockets[RADIUS_SERVERS_MAX][RADIUS_SERVICES];
	uint64_t renew_ms[RADIUS_SERVERS_MAX]; /* not before */
	size_t server_count;
	int code;
};

/* --- the client's callbacks --- */

/* The server makes new sockets: an address or a route of this machine changed. */
static void renew(struct runner *r, size_t server)
{
	struct request_radius_place m = {(uint32_t)server};

	if (r->renew_ms[server] > loop_now(r->loop))
		return;
	r->renew_ms[server] = loop_now(r->loop) + RENEW_MS;
	(void)request_send(&r->channel, REQUEST_RADIUS_RENEW, &m, NULL, 0);
}

static int on_send(void *ctx, size_t server, enum radius_service service, const uint8_t *octets,
		   size_t len)
{
	struct runner *r = ctx;
	int fd = r->sockets[server][service].handle.fd, rc = 0;

	if (fd < 0)
		rc = -ENETUNREACH;
	else if (sendto(fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0) < 0)
		rc = -errno;
	if (rc < 0 && rc != -ECONNREFUSED && rc != -EAGAIN && rc != -EPERM)
		renew(r, server);
	return rc;
}

static void on_verdict(void *ctx, const struct radius_verdict *verdict)
{
	struct runner *r = ctx;

	(void)request_send(&r->channel, REQUEST_RADIUS_VERDICT, verdict, NULL, 0);
}

static void on_recorded(void *ctx, uint32_t serial, bool taken)
{
	struct runner *r = ctx;
	struct request_radius_recorded m = {serial, taken};

	(void)request_send(&r->channel, REQUEST_RADIUS_RECORDED, &m, NULL, 0);
}

static void set_tick(struct runner *r)
{
	loop_timer_set(r->loop, &r->tick, radius_client_deadline(r->client));
}

static void on_tick(void *ctx)
{
	struct runner *r = ctx;

	radius_client_tick(r->client, loop_now(r->loop), clock_day_ms());
	set_tick(r);
}

/* --- the network --- */

static void on_socket(void *ctx, uint32_t events)
{
	struct runner_socket *s = ctx;
	struct runner *r = s->owner;
	uint8_t octets[RADIUS_PACKET_MAX + 1];

	(void)events;
	for (int i = 0; i < BURST; i++) {
		ssize_t n = recvfrom(s->handle.fd, octets, sizeof octets, MSG_DONTWAIT, NULL, NULL);

		if (n >= 0)
			radius_client_input(r->client, s->server, s->service, octets, (size_t)n,
					    loop_now(r->loop));
		else if (errno == ECONNREFUSED)
			radius_client_refused(r->client, s->server, s->service, loop_now(r->loop));
		else if (errno == EAGAIN)
			break;
	}
	set_tick(r);
}

/* --- requests of the server --- */

static void give_up(struct runner *r, const char *why)
{
	struct request_ended ended = {.weight = REASON_LOCAL};

	reason_set(&ended.reason, EXIT_FATAL, "%s", why);
	(void)request_send(&r->channel, REQUEST_ENDED, &ended, NULL, 0);
	r->code = EXIT_FATAL;
	loop_stop(r->loop);
}

static void on_server(struct runner *r, const struct request_radius_server *m)
{
	r->log->level = m->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	if (!radius_client_add(r->client, &m->server))
		give_up(r, "there are too many RADIUS servers");
	else
		r->server_count++;
}

static void on_sockets(struct runner *r, struct request_message *m)
{
	size_t server = m->radius_place.server;
	bool good = server < r->server_count;

	for (size_t i = 0; i < m->fd_count && i < RADIUS_SERVICES && good; i++) {
		struct runner_socket *s = &r->sockets[server][i];

		if (s->handle.fd >= 0) {
			loop_fd_del(r->loop, &s->handle);
			close(s->handle.fd);
		}
		*s = (struct runner_socket){.owner = r,
					    .server = server,
					    .service = (enum radius_service)i,
					    .handle = {.fd = m->fds[i], .ready = on_socket}};
		s->handle.ctx = s;
		good = loop_fd_add(r->loop, &s->handle, EPOLLIN) == 0;
	}
	if (!good)
		give_up(r, "a RADIUS server's sockets cannot be used");
}

static bool caller_is_good(const struct radius_caller *c)
{
	return c->user_len <= sizeof c->user &&
	       request_text_valid(c->session_id, sizeof c->session_id) &&
	       request_text_valid(c->from, sizeof c->from) &&
	       request_text_valid(c->to, sizeof c->to);
}

static bool question_is_good(const struct radius_question *q)
{
	return caller_is_good(&q->caller) && q->proof.value_len <= sizeof q->proof.value &&
	       q->proof.challenge_len <= sizeof q->proof.challenge;
}

static bool record_is_good(const struct radius_record *r)
{
	return caller_is_good(&r->caller) && r->class_count <= RADIUS_CLASSES_MAX;
}

static void on_request(struct runner *r, struct request_message *m)
{
	uint64_t now = loop_now(r->loop);

	if (m->type == REQUEST_RADIUS_SERVER)
		on_server(r, &m->radius_server);
	else if (m->type == REQUEST_RADIUS_SOCKETS)
		on_sockets(r, m);
	else if (m->type == REQUEST_RADIUS_ASK && question_is_good(&m->radius_question))
		radius_client_ask(r->client, &m->radius_question, now);
	else if (m->type == REQUEST_RADIUS_RECORD && record_is_good(&m->radius_record.record))
		radius_client_record(r->client, m->radius_record.serial, &m->radius_record.record,
				     now, clock_day_ms());
	else
		give_up(r, "the RADIUS process was taken for another");
	set_tick(r);
}

static void on_channel(void *ctx, uint32_t events)
{
	struct runner *r = ctx;
	struct request_message m;
	int rc = request_receive(&r->channel, &m);

	(void)events;
	if (rc > 0)
		on_request(r, &m);
	else if (rc < 0)
		loop_stop(r->loop); /* the server is gone */
	wipe(&m, sizeof m);
}

static bool begin(struct runner *r, int server_fd)
{
	const struct radius_callbacks callbacks = {on_send, on_verdict, on_recorded, r};

	for (size_t i = 0; i < RADIUS_SERVERS_MAX; i++)
		for (int k = 0; k < RADIUS_SERVICES; k++)
			r->sockets[i][k].handle.fd = -1;
	r->tick = (struct loop_timer){DEADLINE_NONE, on_tick, r, NULL, NULL};
	r->channel = (struct request_channel){.fd = server_fd, .phase = REQUEST_PHASE_SPAWNED};
	r->channel_handle = (struct loop_fd){.fd = server_fd, .ready = on_channel, .ctx = r};
	r->loop = loop_new();
	r->client = radius_client_new(&callbacks, &random_kernel, r->log);
	return r->loop && r->client && loop_fd_add(r->loop, &r->channel_handle, EPOLLIN) == 0 &&
	       request_send(&r->channel, REQUEST_READY, NULL, NULL, 0) == 0;
}

int radius_run(int server_fd, struct log *log)
{
	struct runner r = {.log = log, .code = EXIT_OK};

	if (!begin(&r, server_fd) || loop_run(r.loop) < 0)
		r.code = EXIT_FATAL;
	for (size_t i = 0; i < RADIUS_SERVERS_MAX; i++)
		for (int k = 0; k < RADIUS_SERVICES; k++)
			if (r.sockets[i][k].handle.fd >= 0)
				close(r.sockets[i][k].handle.fd);
	radius_client_free(r.client);
	if (r.loop)
		loop_free(r.loop);
	return r.code;
}
