/* SPDX-License-Identifier: MIT */
/* The session process of a profile: what it is told at its start, what it says. */
#include "connection/spawn.h"

#include "base/address.h"
#include "base/random.h"
#include "base/str.h"
#include "connection/crashed.h"
#include "connection/keylog.h"
#include "connection/sockets.h"
#include "privsep/offload.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_LIMIT_MS    15000
#define SETUP_LIMIT_MS	    30000
#define FIRST_PORT_LIMIT_MS 10000

static void state_came(struct supervisor *s, const struct life_input *in)
{
	uint32_t state = in->message->state.state;

	if (state == CONTROL_STATE_HANGING_UP)
		life_post(&s->life, ON_ENDING, in);
	else if (state < CONTROL_STATE_CONFIGURING) /* the rest is for the supervisor to say */
		life_post(&s->life, ON_PROGRESS, in);
}

static void call_came(struct supervisor *s, const struct life_input *in)
{
	crashed_note(s, &in->message->call);
}

static void keys_came(struct supervisor *s, const struct life_input *in)
{
	if (s->options.keys_fd >= 0)
		keylog_write(s->options.keys_fd, dialer_server(&s->dialer)->ss_family,
			     &in->message->keys, &s->log);
}

static void end_came(struct supervisor *s, const struct life_input *in)
{
	struct life_input end = {.why = in->message->ended.reason,
				 .weight = (enum reason_weight)in->message->ended.weight};

	s->late_ccp =
		s->status.state == CONTROL_STATE_AUTHENTICATING && end.why.code != EXIT_AUTH_FAILED;
	crashed_forget(s); /* in order: the server knows */
	session_stop(s, false);
	life_post(&s->life, ON_ENDED, &end);
}

/* What is not here no client's session has to ask. */
static void on_request(void *ctx, struct request_message *m)
{
	static const enum life_event events[REQUEST_TYPE_COUNT] = {
		[REQUEST_READY] = ON_READY,
		[REQUEST_NETWORK] = ON_NETWORK,
		[REQUEST_ROUTES] = ON_ROUTES,
		[REQUEST_STATS] = ON_STATS,
	};
	static void (*const handlers[REQUEST_TYPE_COUNT])(struct supervisor *,
							  const struct life_input *) = {
		[REQUEST_STATE] = state_came,
		[REQUEST_CALL] = call_came,
		[REQUEST_KEYS] = keys_came,
		[REQUEST_ENDED] = end_came,
	};
	struct supervisor *s = ctx;
	struct life_input in = {.message = m};

	if (handlers[m->type])
		handlers[m->type](s, &in);
	else
		life_post(&s->life, events[m->type], &in);
}

static void on_died(void *ctx, const struct reason *reason)
{
	struct supervisor *s = ctx;
	struct life_input in = {.why = *reason, .weight = REASON_LOCAL};

	session_stop(s, false);
	life_post(&s->life, ON_ENDED, &in);
}

int session_spawn(struct supervisor *s, struct reason *reason)
{
	static const struct process_events events = {on_request, on_died};
	const struct process_config config = {.run_dir = s->run_dir,
					      .loop = s->loop,
					      .log = &s->log,
					      .events = &events,
					      .ctx = s};

	return process_spawn(&s->session, &config, reason);
}

void session_stop(struct supervisor *s, bool kill_it)
{
	fast_end(&s->fast);
	process_stop(&s->session, kill_it);
}

static void fill_identity(const struct supervisor *s, struct request_start *m)
{
	const struct conf_profile *p = &s->profile;

	str_copy(m->profile, sizeof m->profile, p->name);
	str_copy(m->server, sizeof m->server, p->connect_to);
	if (gethostname(m->host_name, sizeof m->host_name - 1) < 0 || !m->host_name[0])
		str_copy(m->host_name, sizeof m->host_name, "vpdial");
	str_copy(m->user, sizeof m->user, p->user);
	m->password = s->secrets.of[CONF_PASSWORD];
}

#define INNER_PORT_LOWEST 1024

/* Two clients behind one NAT with the same port inside would be one to many servers. */
static uint16_t inner_port(const struct supervisor *s)
{
	uint16_t port = random_u16_nonzero(&random_kernel);

	if (s->dialer.source_port)
		return s->dialer.source_port;
	return port < INNER_PORT_LOWEST ? port + INNER_PORT_LOWEST : port;
}

static void fill_ipsec(const struct supervisor *s, struct request_start *m)
{
	socklen_t len = sizeof m->own;

	m->ipsec = s->profile.ipsec;
	m->ipsec.secret = s->secrets.of[CONF_IPSEC_SECRET];
	m->inner_port = inner_port(s);
	/* A failure leaves the unspecified address: the peer sees a NAT, as always. */
	(void)getsockname(s->dialer.sockets.wire, (struct sockaddr *)&m->own, &len);
}

static void fill_l2tp(struct supervisor *s, struct request_start *m)
{
	const struct conf_profile *p = &s->profile;

	m->peer = *dialer_server(&s->dialer);
	m->farewell = crashed_take(s);
	m->local_tunnel_id = s->dialer.tunnel_id;
	m->tunnel = p->tunnel;
	m->tunnel.secret = s->secrets.of[CONF_TUNNEL_SECRET];
	if (p->ipsec.use == IPSEC_USE_YES)
		fill_ipsec(s, m);
	/* The servers encrypt once, and this is where. */
	if (p->ipsec.use != IPSEC_USE_NO && m->ppp.mppe.policy == MPPE_REQUIRE)
		m->ppp.mppe.policy = MPPE_YES;
	/* The other source port is still to be tried, or did better: give up on this one sooner. */
	if (p->source_port == CONF_SOURCE_AUTO &&
	    (s->dialer.source_port == 0 || s->dialer.failure_weight >= REASON_PEER))
		m->silence_limit_ms = FIRST_PORT_LIMIT_MS;
}

static void fill_start(struct supervisor *s, struct request_start *m)
{
	const struct conf_profile *p = &s->profile;

	memset(m, 0, sizeof *m);
	fill_identity(s, m);
	m->protocol = p->type;
	m->role = ROLE_CALLER;
	m->debug = s->options.debug;
	m->export_keys = s->options.keys_fd >= 0;
	m->ppp = p->ppp;
	m->port = sockets_port(p);
	m->late_ccp = s->late_ccp;
	m->max_mtu = p->max_mtu;
	m->path_mtu =
		s->dialer.server_path.mtu > 65535 ? 65535 : (uint16_t)s->dialer.server_path.mtu;
	m->ask_dns = m->ask_wins = p->use_peer_dns != CONF_PEER_DNS_NO;
	m->ipv4 = true;
	m->clamp_mss = p->change_tcp_mss;
	m->outer_peer = address_ipv4(dialer_server(&s->dialer));
	m->local_call_id = s->dialer.call_id;
	m->setup_limit_ms = SETUP_LIMIT_MS;
	if (p->type == PROTOCOL_L2TP)
		fill_l2tp(s, m);
	m->keepalive_ms = p->keepalive_timeout * 1000;
	m->ppp_limit_ms = p->authentication_timeout * 1000;
	m->idle_ms = p->idle_timeout * 1000;
	m->session_ms = p->session_timeout * 1000;
	m->dhcp_inform = (p->use_peer_routes || p->use_peer_dns != CONF_PEER_DNS_NO) &&
			 (p->dhcp_inform == CONF_DHCP_YES ||
			  (p->dhcp_inform == CONF_DHCP_AUTO && !p->add_default_route));
	m->connect_limit_ms = CONNECT_LIMIT_MS;
}

int session_start_call(struct supervisor *s, struct reason *reason)
{
	int fds[4] = {[REQUEST_FD_TUN] = s->tun.fd,
		      [REQUEST_FD_WIRE] = s->dialer.sockets.wire,
		      [REQUEST_FD_CONTROL] = s->dialer.sockets.control,
		      [REQUEST_FD_PACKET] = s->dialer.sockets.packet};
	struct request_start m;
	size_t fd_count = 2;
	int rc;

	fill_start(s, &m);
	offload_fill(&m, &s->tun, s->dialer.sockets.wire);
	while (fd_count < 4 && fds[fd_count] >= 0)
		fd_count++;
	rc = request_send(&s->session.channel, REQUEST_START, &m, fds, fd_count);
	wipe(&m, sizeof m);
	if (rc == -EPIPE)
		rc = 0; /* it has died: the end of its channel tells how */
	if (rc < 0)
		reason_set(reason, EXIT_FATAL, "the session does not take the call: %s",
			   strerror(-rc));
	else if (s->dialer.sockets.packet >= 0)
		fast_begin(&s->fast, s->host, s->roam.watch);
	sockets_close(&s->dialer); /* they are the session's now */
	s->session.started = rc == 0;
	s->told_any = false; /* this call may be told something else */
	return rc;
}
