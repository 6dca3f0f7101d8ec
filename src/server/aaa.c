/* SPDX-License-Identifier: MIT */
/* The life of the RADIUS process, and the questions to it. */
#include "base/address.h"
#include "base/str.h"
#include "server/serving.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A process that breaks is started again, later each time unless it lived so long. */
#define RESTART_MS	 1000
#define RESTART_MAX_MS	 30000
#define RESTART_LIVED_MS 60000

/* --- questions --- */

void aaa_name(struct aaa *a, char name[static RADIUS_SESSION_MAX])
{
	if (!a->last_session)
		a->last_session = (uint32_t)(clock_day_ms() / 1000);
	snprintf(name, RADIUS_SESSION_MAX, "%08x-%06x", a->last_session, ++a->names & 0xffffff);
}

void aaa_fill_caller(const struct call *c, struct radius_caller *to)
{
	memset(to, 0, sizeof *to);
	(void)str_copy(to->session_id, sizeof to->session_id, c->session_id);
	to->port = c->number;
	to->tunnel = c->type;
	address_text(&c->peer, to->from, sizeof to->from);
	address_text(&c->own, to->to, sizeof to->to);
	to->user_len = c->question.raw_len;
	memcpy(to->user, c->question.raw, c->question.raw_len);
}

int aaa_ask(struct call *c, const struct request_account *question)
{
	const unsigned methods = METHOD_PAP | METHOD_CHAP | METHOD_MSCHAP1 | METHOD_MSCHAP2;
	struct aaa *r = &c->server->aaa;
	struct radius_question q = {.proof = question->proof};
	bool sent;

	if (!c->server->conf.aaa.use_radius || !(question->proof.method & methods) ||
	    question->user_len > RADIUS_USER_MAX)
		return 0;
	q.serial = c->question.serial = ++r->last_serial;
	c->question.number = question->number;
	aaa_fill_caller(c, &q.caller);
	sent = r->process.started &&
	       request_send(&r->process.channel, REQUEST_RADIUS_ASK, &q, NULL, 0) == 0;
	wipe(&q, sizeof q);
	if (!sent)
		c->question.serial = 0;
	return sent ? 1 : -EPIPE;
}

static void say_nobody(struct server *s, const char *why)
{
	uint32_t suppressed = 0;

	if (log_limit_allow(&s->aaa.limit, loop_now(s->loop), &suppressed))
		log_error(&s->aaa.log, "a caller was turned away: %s%s", why,
			  suppressed ? " (and others before)" : "");
}

static bool on_verdict(struct server *s, const struct radius_verdict *v)
{
	if (v->outcome >= RADIUS_OUTCOMES || v->judged.verdict >= VERDICT_COUNT || !v->serial)
		return false;
	if (v->outcome == RADIUS_NOBODY)
		say_nobody(s, v->why.text);
	s->aaa.events->judged(s, v);
	return true;
}

/* --- the sockets --- */

/* A socket that is connected to a server's PORT; -errno if there is no way to it now. */
static int open_socket(const struct conf_radius *conf, uint16_t port)
{
	struct sockaddr_storage to, from;
	int fd, rc = 0;

	if (!address_parse(&to, AF_UNSPEC, conf->address))
		return -EINVAL;
	address_set_port(&to, port);
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (conf->src_address[0] && (!address_parse(&from, to.ss_family, conf->src_address) ||
				     bind(fd, (struct sockaddr *)&from, address_len(&from)) < 0))
		rc = -errno;
	if (rc == 0 && connect(fd, (struct sockaddr *)&to, address_len(&to)) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static void send_sockets(struct server *s, size_t server)
{
	const struct conf_radius *conf = &s->conf.radius[server];
	const struct request_radius_place m = {(uint32_t)server};
	int fds[2] = {open_socket(conf, conf->authentication_port), -1};

	if (fds[0] >= 0)
		fds[1] = open_socket(conf, conf->accounting_port);
	if (fds[0] >= 0 && fds[1] >= 0)
		(void)request_send(&s->aaa.process.channel, REQUEST_RADIUS_SOCKETS, &m, fds, 2);
	else
		log_warn(&s->aaa.log, "RADIUS server %s is not reached: %s", conf->name,
			 strerror(fds[0] < 0 ? -fds[0] : -fds[1]));
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static bool send_server(struct server *s, size_t server)
{
	const struct conf_radius *conf = &s->conf.radius[server];
	struct request_radius_server m = {.debug = s->options->debug};
	int rc;

	(void)str_copy(m.server.name, sizeof m.server.name, conf->name);
	m.server.secret = conf->secret;
	m.server.timeout_ms = conf->timeout * 1000;
	m.server.tries = conf->tries;
	m.server.signed_only = conf->require_message_auth;
	(void)str_copy(m.server.realm, sizeof m.server.realm, conf->realm);
	(void)str_copy(m.server.called_id, sizeof m.server.called_id, conf->called_id);
	serve_host_name(m.server.nas_id, sizeof m.server.nas_id);
	rc = request_send(&s->aaa.process.channel, REQUEST_RADIUS_SERVER, &m, NULL, 0);
	wipe(&m, sizeof m);
	return rc == 0;
}

static void tell_servers(struct server *s)
{
	bool good = true;

	for (size_t i = 0; i < s->conf.radius_count && good; i++) {
		good = send_server(s, i);
		if (good)
			send_sockets(s, i);
	}
	s->aaa.process.started = good;
	if (good)
		s->aaa.events->ready(s);
}

bool aaa_accounts(const struct server *s)
{
	return s->conf.aaa.accounting && s->conf.radius_count > 0;
}

bool aaa_record(struct server *s, uint32_t serial, const struct radius_record *record)
{
	const struct request_radius_record m = {serial, *record};

	return s->aaa.process.started &&
	       request_send(&s->aaa.process.channel, REQUEST_RADIUS_RECORD, &m, NULL, 0) == 0;
}

/* --- its life --- */

static void broke(struct server *s, const char *why)
{
	struct aaa *r = &s->aaa;
	uint64_t now = loop_now(s->loop);
	uint32_t wait = RESTART_MS;

	process_stop(&r->process, true);
	if (now - r->since_ms >= RESTART_LIVED_MS)
		r->failures = 0;
	for (unsigned i = 0; i < r->failures && wait < RESTART_MAX_MS; i++)
		wait *= 2;
	r->failures++;
	log_error(&s->log,
		  "%s: nobody who is known to RADIUS only can log on until it is started "
		  "again in %u s; calls that are up go on",
		  why, wait / 1000);
	s->aaa.events->broke(s, why);
	loop_timer_set(s->loop, &r->timer, now + wait);
}

static bool on_renew(struct server *s, const struct request_radius_place *m)
{
	if (m->server >= s->conf.radius_count)
		return false;
	send_sockets(s, m->server);
	return true;
}

static void on_request(void *ctx, struct request_message *m)
{
	struct server *s = ctx;
	bool good = true;

	if (m->type == REQUEST_READY)
		tell_servers(s);
	else if (m->type == REQUEST_RADIUS_RENEW)
		good = on_renew(s, &m->radius_place);
	else if (m->type == REQUEST_RADIUS_VERDICT)
		good = on_verdict(s, &m->radius_verdict);
	else if (m->type == REQUEST_RADIUS_RECORDED)
		s->aaa.events->recorded(s, m->radius_recorded.serial,
					m->radius_recorded.taken == 1);
	else if (m->type == REQUEST_ENDED)
		broke(s, m->ended.reason.text);
	wipe(m, sizeof *m);
	if (!good)
		broke(s, "the RADIUS process says what cannot be");
}

static void on_died(void *ctx, const struct reason *reason)
{
	broke(ctx, reason->text);
}

static void on_restart(void *ctx)
{
	struct server *s = ctx;
	struct reason reason = {0};

	if (!s->stopping && aaa_start(s, &reason) < 0)
		broke(s, reason.text);
}

int aaa_start(struct server *s, struct reason *reason)
{
	static const struct process_events events = {on_request, on_died};
	struct aaa *r = &s->aaa;
	const struct process_config config = {.run_dir = s->run_dir,
					      .loop = s->loop,
					      .log = &r->log,
					      .events = &events,
					      .ctx = s,
					      .role = "RADIUS",
					      .program = "vpdial-radius"};

	if (!s->conf.aaa.use_radius && !aaa_accounts(s))
		return 0;
	r->log = s->log;
	(void)str_copy(r->log.name, sizeof r->log.name, "radius");
	r->timer.expired = on_restart;
	r->timer.ctx = s;
	r->since_ms = loop_now(s->loop);
	return process_spawn(&r->process, &config, reason);
}

void aaa_stop(struct server *s)
{
	loop_timer_del(s->loop, &s->aaa.timer);
	process_stop(&s->aaa.process, true);
}
