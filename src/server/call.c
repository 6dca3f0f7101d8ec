/* SPDX-License-Identifier: MIT */
/* One call of the server: a session in the answering role, from acceptance to undoing. */
#include "base/address.h"
#include "privsep/offload.h"
#include "server/serving.h"
#include "server/sockets.h"

#include "base/str.h"
#include "ipc/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETUP_LIMIT_MS	30000
#define NUMBER_TRIES	16
#define HELLO_S		60
#define HANGUP_LIMIT_MS 8000
#define MTU_MIN		68 /* RFC 791 */

static const struct conf_ppp *ppp_of(const struct call *c)
{
	const struct conf_secret *secret = call_secret(c);

	return secret ? &secret->ppp[c->type] : &c->server->conf.ppp[c->type];
}

/* Strangers come and go; but who runs a server wants to hear of a session that broke, and of wrong
 * passwords. */
static enum log_level level_of(enum exit_status code)
{
	if (code == EXIT_FATAL)
		return LOG_LEVEL_ERROR;
	return code == EXIT_PEER_AUTH_FAILED ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO;
}

/* The end.  The call is freed by calls_reap, outside of whatever calls this. */
static void finish(struct call *c, const struct reason *reason)
{
	char from[INET6_ADDRSTRLEN];
	struct server *s = c->server;
	const struct conf_secret *secret = call_secret(c);

	if (c->dead)
		return;
	c->dead = true;
	process_stop(&c->session, true);
	if (c->open && secret)
		ledger_ended(c, reason);
	else if (c->proved && secret) /* no stranger any more */
		log_notice(&c->log, "%s was not connected from %s: %s", secret->name,
			   address_text(&c->peer, from, sizeof from), reason->text);
	else
		log_line(&c->log, level_of(reason->code), "call from %s ended: %s",
			 address_text(&c->peer, from, sizeof from), reason->text);
	if (c->host)
		host_undo(c->host);
	loop_timer_del(s->loop, &c->limit_timer);
	loop_timer_del(s->loop, &c->interim_timer);
	/* Who guesses passwords or breaks a session waits some day; who gives up does not. */
	if (!c->refused)
		s->rules->release(s->policy, c->slot,
				  reason->code == EXIT_PEER_AUTH_FAILED ||
					  reason->code == EXIT_FATAL,
				  loop_now(s->loop));
	reader_tell(s);
	loop_timer_set(s->loop, &s->reap_timer, loop_now(s->loop));
}

void call_kill(struct call *c)
{
	struct reason reason = {0};

	reason_set(&reason, EXIT_HANGUP, "ended at once");
	finish(c, &reason);
}

void call_hang_up(struct call *c, enum exit_status code, const char *text)
{
	struct server *s = c->server;
	struct reason reason = {0};

	if (c->ending || c->dead)
		return;
	c->ending = true;
	reason_set(&reason, code, "%s", text);
	if (!c->session.started ||
	    request_send(&c->session.channel, REQUEST_HANGUP, &reason, NULL, 0) < 0) {
		finish(c, &reason);
		return;
	}
	loop_timer_set(s->loop, &c->limit_timer, loop_now(s->loop) + HANGUP_LIMIT_MS);
}

static void on_limit(void *ctx)
{
	struct call *c = ctx;
	struct reason reason = {0};

	if (c->ending || c->refused) {
		reason_set(&reason, EXIT_HANGUP, "the session did not end in time");
		finish(c, &reason);
		return;
	}
	call_hang_up(c, EXIT_NEGOTIATION_FAILED, "the call was not set up in time");
}

/* START */

static bool same_policy(const struct conf_server *conf, enum protocol type)
{
	for (size_t i = 0; i < conf->secret_count; i++)
		if (conf->secrets[i].ppp[type].mppe.policy != conf->ppp[type].mppe.policy)
			return false;
	return true;
}

/* IPsec encrypts already, which is what was asked for. */
static enum mppe_policy policy_in_esp(enum mppe_policy policy)
{
	return policy == MPPE_REQUIRE ? MPPE_YES : policy;
}

static void fill_start(const struct call *c, const struct host_path *path, struct request_start *m)
{
	const struct conf_server *conf = &c->server->conf;
	const struct conf_listener *l = &conf->listener[c->type];
	const struct conf_ppp *ppp = &conf->ppp[c->type];
	char text[INET6_ADDRSTRLEN];

	memset(m, 0, sizeof *m);
	m->role = ROLE_ANSWERER;
	m->protocol = c->type;
	m->debug = c->server->options->debug;
	str_copy(m->profile, sizeof m->profile, c->log.name);
	str_copy(m->server, sizeof m->server, address_text(&c->peer, text, sizeof text));
	serve_host_name(m->host_name, sizeof m->host_name);
	m->ppp.allow = l->authentication;
	m->ppp.mppe = ppp->mppe;
	m->show_proofs = conf->aaa.use_radius;
	if (conf->aaa.use_radius || !same_policy(conf, c->type))
		m->ppp.mppe.policy = MPPE_YES; /* until the account is known, which decides */
	m->max_mtu = l->max_mtu;
	m->ppp.mru = l->max_mru;
	m->ppp.mrru = l->mrru;
	m->path_mtu = path->mtu > 65535 ? 65535 : (uint16_t)path->mtu;
	m->ipv4 = true;
	m->ppp.ipv6 = ppp->use_ipv6;
	m->clamp_mss = ppp->change_tcp_mss;
	memcpy(m->dns, ppp->dns_server, sizeof m->dns);
	m->outer_peer = address_ipv4(&c->peer);
	m->local_call_id = c->call_id;
	m->local_tunnel_id = c->tunnel_id;
	m->peer = c->peer;
	m->tunnel.secret = l->tunnel_secret;
	m->tunnel.hello_interval = HELLO_S;
	m->refuse = c->refused;
	/* The other half is for the end in order. */
	m->setup_limit_ms = c->refused ? c->server->rules->refusal_ms / 2 : SETUP_LIMIT_MS;
	m->keepalive_ms = l->keepalive_timeout * 1000;
	m->adopted = c->adopted;
	if (c->secured.use) {
		secured_fill(c, m);
		m->ppp.mppe.policy = policy_in_esp(m->ppp.mppe.policy);
	}
}

static void close_sockets(struct call *c)
{
	if (c->control >= 0)
		close(c->control);
	if (c->wire >= 0)
		close(c->wire);
	c->control = c->wire = -1;
}

static void drop_early(struct call *c)
{
	while (c->early_count)
		free(c->early[--c->early_count]);
}

static void send_early(struct call *c)
{
	for (size_t i = 0; i < c->early_count; i++)
		(void)request_send(&c->session.channel, REQUEST_EARLY, c->early[i], NULL, 0);
	drop_early(c);
}

void call_early(struct call *c, const struct request_datagram *datagram)
{
	struct request_datagram *copy;

	if (c->session.started) {
		(void)request_send(&c->session.channel, REQUEST_EARLY, datagram, NULL, 0);
		return;
	}
	copy = c->early_count < EARLY_MAX ? malloc(sizeof *copy) : NULL;
	if (!copy)
		return;
	*copy = *datagram;
	c->early[c->early_count++] = copy;
}

static void start(struct call *c)
{
	const int fds[3] = {[REQUEST_FD_TUN] = c->tun.fd,
			    [REQUEST_FD_WIRE] = c->wire,
			    [REQUEST_FD_CONTROL] = c->control};
	struct host_path path = {0};
	struct reason reason = {0};
	struct request_start m;
	int rc = host_path_to(c->host, (const struct sockaddr *)&c->peer, 0, &path, &reason);

	if (rc == 0) {
		fill_start(c, &path, &m);
		offload_fill(&m, &c->tun, c->wire);
		rc = request_send(&c->session.channel, REQUEST_START, &m, fds,
				  c->control >= 0 ? 3 : 2);
		wipe(&m, sizeof m);
	}
	close_sockets(c);	       /* they are the session's now */
	if (rc == 0 || rc == -EPIPE) { /* the end of a dead session's channel tells how */
		c->session.started = true;
		send_early(c);
		return;
	}
	reason_set(&reason, EXIT_HANGUP, "the session does not take the call: %s", strerror(-rc));
	finish(c, &reason);
}

/* Requests of the session */

static void fill_answer(const struct call *c, struct request_account_answer *answer)
{
	const struct conf_secret *secret = call_secret(c);
	const struct conf_ppp *ppp = ppp_of(c);

	answer->known = true;
	answer->password = secret->password;
	answer->local = secret->local.first.s_addr ? secret->local.first : ppp->local.first;
	answer->remote = c->remote;
	memcpy(answer->dns, ppp->dns_server, sizeof answer->dns);
	answer->mppe = ppp->mppe;
	if (c->secured.use)
		answer->mppe.policy = policy_in_esp(answer->mppe.policy);
	answer->clamp_mss = ppp->change_tcp_mss;
	answer->idle_ms = ppp->idle_timeout * 1000;
	answer->session_ms = ppp->session_timeout * 1000;
}

/* The session closes with REFUSAL right after the check, before the caller can ask for an address:
 * only who knows the password learns why. */
static void answer_account(struct call *c, struct request_account_answer *answer,
			   const char *refusal)
{
	if (refusal)
		reason_set(&answer->refusal, EXIT_NEGOTIATION_FAILED, "%s", refusal);
	request_send(&c->session.channel, REQUEST_ACCOUNT_ANSWER, answer, NULL, 0);
	if (refusal) {
		log_error(&c->log, "%s: %s", call_secret(c)->name, refusal);
		call_hang_up(c, EXIT_NEGOTIATION_FAILED, refusal);
	}
	wipe(answer, sizeof *answer);
}

/* May its user have one more call?  NULL, or why not. */
static const char *limit_fault(const struct call *c)
{
	const struct conf_secret *secret = call_secret(c);
	unsigned others = 0;

	for (const struct call *o = c->server->calls; o; o = o->next)
		others += o != c && !o->dead && o->open &&
			  strcmp(call_secret(o)->name, secret->name) == 0;
	if (others && ppp_of(c)->only_one)
		return "the user is connected already, and the profile says only-one";
	if (secret->max_sessions && others >= secret->max_sessions)
		return "the user has as many calls as the secret's max-sessions";
	return NULL;
}

static const char *account_fault(const struct call *c, const struct request_account_answer *answer,
				 bool exhausted)
{
	const char *limit = limit_fault(c);

	if (limit)
		return limit;
	if (exhausted)
		return "no address is free in the pool";
	if (!answer->local.s_addr || !answer->remote.s_addr)
		return "neither secret nor profile has a local-address and a remote-address";
	return NULL;
}

static void note_user(struct call *c, const struct request_account *question)
{
	struct str user = str_make(c->question.user, sizeof c->question.user);

	str_clean(&user, question->user, question->user_len, sizeof c->question.user - 1);
	c->question.raw_len = question->user_len <= sizeof c->question.raw ? question->user_len : 0;
	memcpy(c->question.raw, question->user, c->question.raw_len);
}

static void on_account(struct call *c, const struct request_account *question)
{
	struct server *s = c->server;
	struct request_account_answer answer = {.number = question->number};
	bool exhausted = false;
	int asked;

	/* Once the network is up it is known who it is; who is refused need not say.  The number is
	 * the session's own, to know the answer by, and no count of its questions. */
	if (question->user_len > sizeof question->user || c->open || c->refused ||
	    c->question.serial || ++c->accounts_asked > REQUEST_ACCOUNTS_MAX) {
		call_kill(c);
		return;
	}
	note_user(c, question);
	c->secret = s->rules->account(s->policy, c->slot, question->user, question->user_len,
				      &c->remote, &exhausted);
	asked = c->secret < 0 ? aaa_ask(c, question) : 0;
	if (asked < 0)
		call_hang_up(c, EXIT_NEGOTIATION_FAILED, "RADIUS cannot be asked now");
	if (asked)
		return;
	if (c->secret >= 0)
		fill_answer(c, &answer);
	answer_account(c, &answer, c->secret < 0 ? NULL : account_fault(c, &answer, exhausted));
}

/* Two users may not have one address; one user's newer call takes it over. */
static bool is_others(const struct call *c, struct in_addr address)
{
	for (const struct call *o = c->server->calls; o; o = o->next)
		if (o != c && !o->dead && o->open && o->remote.s_addr == address.s_addr &&
		    strcmp(call_secret(o)->name, c->granted->name) != 0)
			return true;
	return false;
}

static void on_granted(struct call *c, const struct radius_verdict *verdict)
{
	struct request_account_answer answer = {.number = c->question.number,
						.judged = verdict->judged};
	const char *refusal = aaa_grant(c, verdict);
	bool exhausted = false;

	if (!c->granted) {
		call_hang_up(c, EXIT_NEGOTIATION_FAILED, refusal);
		return;
	}
	if (!refusal && c->granted->remote.first.s_addr == c->granted->remote.last.s_addr &&
	    is_others(c, c->granted->remote.first))
		refusal = "RADIUS gives an address that another user has";
	c->server->rules->address(c->server->policy, c->slot, &c->granted->remote, &c->remote,
				  &exhausted);
	fill_answer(c, &answer);
	answer_account(c, &answer, refusal ? refusal : account_fault(c, &answer, exhausted));
}

static void judged(struct call *c, const struct radius_verdict *verdict)
{
	struct request_account_answer answer = {.number = c->question.number, .known = true};

	c->question.serial = 0;
	if (c->ending || c->open)
		return;
	if (verdict->outcome == RADIUS_NOBODY) {
		call_hang_up(c, EXIT_NEGOTIATION_FAILED, verdict->why.text);
	} else if (verdict->outcome == RADIUS_ACCEPTED && verdict->judged.verdict == VERDICT_GOOD) {
		on_granted(c, verdict);
	} else {
		answer.judged = verdict->judged;
		answer.judged.verdict = VERDICT_BAD;
		answer_account(c, &answer, NULL);
	}
}

static void on_judged(struct server *s, const struct radius_verdict *verdict)
{
	struct call *c = s->calls;

	while (c && (c->dead || c->question.serial != verdict->serial))
		c = c->next;
	if (c) /* else the caller is gone */
		judged(c, verdict);
}

static void on_aaa_broke(struct server *s, const char *why)
{
	for (struct call *c = s->calls; c; c = c->next)
		if (!c->dead && c->question.serial) {
			c->question.serial = 0;
			call_hang_up(c, EXIT_NEGOTIATION_FAILED, why);
		}
}

const struct aaa_events call_aaa_events = {on_judged, on_aaa_broke, queue_kick, queue_recorded};

/* The session speaks for a caller that nobody trusts: every value is checked again. */
static const char *fault_of(const struct call *c, const struct request_network *n)
{
	const struct conf_listener *l = &c->server->conf.listener[c->type];
	struct request_account_answer wanted = {0};
	const char *fault = NULL;

	if (!call_secret(c))
		return "it asks for a network before it asked who calls";
	fill_answer(c, &wanted);
	if (n->local.s_addr != wanted.local.s_addr || n->remote.s_addr != c->remote.s_addr)
		fault = "the addresses are not those that were given";
	else if (n->mtu < MTU_MIN || n->mtu > request_mtu_most(l->max_mtu, l->mrru))
		fault = "the negotiated MTU is out of range";
	wipe(&wanted, sizeof wanted);
	return fault;
}

static bool name_in_use(const struct call *c, const char *name)
{
	for (const struct call *o = c->server->calls; o; o = o->next)
		if (o != c && !o->dead && strcmp(o->tun.ifname, name) == 0)
			return true;
	return if_nametoindex(name) != 0;
}

/* A static entry of this user whose name is free, else <pptp-USER>, cut, with a number if need
 * be. */
static void choose_name(struct call *c, const char *user, char name[static IFNAMSIZ])
{
	const struct conf_server *conf = &c->server->conf;
	const char *type = word_of(protocol_words, c->type);
	unsigned bit = PROTOCOL_BIT(c->type);
	char clean[IFNAMSIZ], number[8] = "";
	size_t len = 0;

	for (size_t i = 0; i < conf->interface_count; i++) {
		const struct conf_interface *e = &conf->interfaces[i];

		if (!e->disabled && (e->service & bit) && strcmp(e->user, user) == 0 &&
		    !name_in_use(c, e->name)) {
			c->interface = e;
			str_copy(name, IFNAMSIZ, e->name);
			return;
		}
	}
	for (; len < sizeof clean - 1 && user[len]; len++) {
		clean[len] = '_';
		if (user[len] > ' ' && user[len] < 0x7f && !strchr("/:%<>", user[len]))
			clean[len] = user[len];
	}
	clean[len] = '\0';
	for (unsigned n = 1; n < 10000; n++) {
		snprintf(name, IFNAMSIZ, "<%s-%.*s%s>", type, (int)(8 - strlen(number)), clean,
			 number);
		if (!name_in_use(c, name))
			return;
		snprintf(number, sizeof number, "-%u", n);
	}
}

/* An account's own address goes to its newest call: the older one is most likely a line that
 * broke unseen.  This one has proved the password. */
static void take_over(struct call *c)
{
	for (struct call *o = c->server->calls; o; o = o->next) {
		if (o == c || o->dead || !o->open || o->remote.s_addr != c->remote.s_addr)
			continue;
		log_notice(&o->log, "%s called again: the older call is ended",
			   call_secret(o)->name);
		host_undo(o->host);
		o->remote.s_addr = 0;
		call_hang_up(o, EXIT_HANGUP, "the same user called again");
	}
}

/* Zero unless IPv6 was to be negotiated and is. */
static struct in6_addr link_local(const struct call *c, const uint8_t ifid[static 8])
{
	static const uint8_t none[8];
	struct in6_addr a = {0};

	if (!c->server->conf.ppp[c->type].use_ipv6 || memcmp(ifid, none, sizeof none) == 0)
		return a;
	a.s6_addr[0] = 0xfe;
	a.s6_addr[1] = 0x80;
	memcpy(a.s6_addr + 8, ifid, 8);
	return a;
}

static int apply(struct call *c, const struct request_network *n, struct reason *reason)
{
	const char *arp = c->server->conf.listener[c->type].proxy_arp;
	const struct conf_secret *secret = call_secret(c);
	struct host_applied applied;
	struct host_config config = {
		.ifindex = c->tun.ifindex,
		.local = n->local,
		.remote = n->remote,
		.local6 = link_local(c, n->local_ifid),
		.mtu = c->grant && c->grant->mtu && c->grant->mtu < n->mtu ? c->grant->mtu : n->mtu,
		.dns_mode = HOST_DNS_NO,
	};
	char name[IFNAMSIZ] = "";
	int rc = 0;

	if (!secret) /* fault_of has looked already */
		return -EINVAL;
	config.routes = secret->routes;
	config.route_count = secret->route_count;
	if (arp[0]) {
		config.proxy_ifindex = if_nametoindex(arp);
		if (!config.proxy_ifindex)
			log_warn(&c->log, "proxy-arp: there is no interface %s", arp);
	}
	if (!c->open) {
		choose_name(c, secret->name, name);
		rc = host_tun_rename(c->host, &c->tun, name, reason);
	}
	if (rc < 0)
		return rc;
	take_over(c);
	str_copy(config.ifname, sizeof config.ifname, c->tun.ifname);
	return host_apply(c->host, &config, &applied, reason);
}

static void on_network(struct call *c, const struct request_network *n)
{
	struct request_applied answer = {0};
	const char *fault = fault_of(c, n);
	struct server *s = c->server;

	if (c->ending)
		return;
	if (!fault && !c->open) /* another call of the user may have been faster */
		fault = limit_fault(c);
	if (fault)
		reason_set(&answer.reason, EXIT_NEGOTIATION_FAILED, "%s", fault);
	answer.error = fault ? -EINVAL : apply(c, n, &answer.reason);
	request_send(&c->session.channel, REQUEST_APPLIED, &answer, NULL, 0);
	if (answer.error) {
		log_error(&c->log, "%s", answer.reason.text);
		return;
	}
	c->network = *n;
	if (c->grant && c->grant->mtu && c->grant->mtu < n->mtu)
		c->network.mtu = (uint16_t)c->grant->mtu;
	if (!c->open) {
		c->open = true;
		c->up_since_ms = loop_now(s->loop);
		loop_timer_del(s->loop, &c->limit_timer);
		s->rules->opened(s->policy, c->slot);
		ledger_started(c);
	}
	request_send(&c->session.channel, REQUEST_GET_STATS, NULL, NULL, 0);
}

static void on_stats(struct call *c, const struct request_stats *stats)
{
	char from[INET6_ADDRSTRLEN], local[INET_ADDRSTRLEN], remote[INET_ADDRSTRLEN];
	bool first = c->stats.encoding[0] == '\0';

	c->stats = *stats;
	ledger_counted(c);
	if (!first || !c->open)
		return;
	inet_ntop(AF_INET, &c->network.local, local, sizeof local);
	inet_ntop(AF_INET, &c->network.remote, remote, sizeof remote);
	log_notice(&c->log, "%s connected from %s: %s, address %s (ours %s), mtu %u, %s%s%s",
		   call_secret(c)->name, address_text(&c->peer, from, sizeof from), c->tun.ifname,
		   remote, local, c->network.mtu, stats->encoding,
		   stats->ipsec[0] ? ", IPsec " : "", stats->ipsec);
}

static void ready_came(struct call *c, const struct request_message *m)
{
	(void)m;
	start(c);
}

static void state_came(struct call *c, const struct request_message *m)
{
	/* The state that follows the check of the password. */
	c->proved |= m->state.state == CONTROL_STATE_NETWORK;
	log_info(&c->log, "%s", m->state.message);
}

static void network_came(struct call *c, const struct request_message *m)
{
	on_network(c, &m->network);
}

static void account_came(struct call *c, const struct request_message *m)
{
	on_account(c, &m->account);
}

static void stats_came(struct call *c, const struct request_message *m)
{
	on_stats(c, &m->stats);
}

static void secured_came(struct call *c, const struct request_message *m)
{
	struct call *before;

	(void)m;
	c->secured.proved = c->secured.use;
	while (c->secured.proved && (before = secured_before(c))) {
		log_notice(&before->log,
			   "the same client began IPsec anew: the older call is ended");
		call_kill(before);
	}
}

static void moved_came(struct call *c, const struct request_message *m)
{
	if (!secured_on_moved(c, &m->moved))
		call_kill(c);
}

static void stray_came(struct call *c, const struct request_message *m)
{
	struct request_datagram datagram = m->datagram;

	if (c->secured.proved)
		secured_on_stray(c, &datagram);
}

static void end_came(struct call *c, const struct request_message *m)
{
	finish(c, &m->ended.reason);
}

/* What is not here no server's session has to ask. */
static void on_request(void *ctx, struct request_message *m)
{
	static void (*const handlers[REQUEST_TYPE_COUNT])(struct call *,
							  const struct request_message *) = {
		[REQUEST_READY] = ready_came,	  [REQUEST_STATE] = state_came,
		[REQUEST_NETWORK] = network_came, [REQUEST_ACCOUNT] = account_came,
		[REQUEST_STATS] = stats_came,	  [REQUEST_ENDED] = end_came,
		[REQUEST_SECURED] = secured_came, [REQUEST_MOVED] = moved_came,
		[REQUEST_STRAY] = stray_came,
	};

	if (handlers[m->type])
		handlers[m->type](ctx, m);
}

static void on_died(void *ctx, const struct reason *reason)
{
	finish(ctx, reason);
}

/* Begin and end */

/* In the guardian of a call. */
static void forget(void *ctx)
{
	struct server *s = ctx;

	conf_server_free(&s->conf);
}

/* The lowest number from N on that no call has: names of journals stay few. */
static unsigned free_number(const struct server *s, unsigned n)
{
	bool taken;

	do {
		taken = false;
		for (const struct call *c = s->calls; c && !taken; c = c->next)
			taken = c->number == n;
		n += taken;
	} while (taken);
	return n;
}

static void set_number(struct call *c, unsigned n)
{
	c->number = n;
	snprintf(c->log.name, sizeof c->log.name, "%s-%u", word_of(protocol_words, c->type), n);
}

/* A journal at which the guardian of an earlier server is at work still is left to it. */
static struct host *open_host(struct call *c, struct reason *reason)
{
	struct server *s = c->server;
	struct host *host = NULL;
	char name[32];

	for (int tries = 0; !host && tries < NUMBER_TRIES; tries++) {
		if (tries > 0)
			set_number(c, free_number(s, c->number + 1));
		*reason = (struct reason){0};
		snprintf(name, sizeof name, ".server-%u", c->number);
		host = host_new(s->run_dir, name, 0, &c->log, reason);
		if (reason->code != EXIT_BUSY)
			break;
	}
	return host;
}

static int open_all(struct call *c, struct reason *reason)
{
	static const struct process_events events = {on_request, on_died};
	struct server *s = c->server;
	const struct process_config config = {.run_dir = s->run_dir,
					      .loop = s->loop,
					      .log = &c->log,
					      .events = &events,
					      .ctx = c};
	int rc = call_sockets_open(c);

	if (rc < 0) {
		reason_set(reason, EXIT_OPEN_FAILED, "no socket for the call's data: %s",
			   strerror(-rc));
		return rc;
	}
	c->host = open_host(c, reason);
	if (!c->host)
		return -EIO;
	host_set_forget(c->host, forget, s);
	rc = host_tun_open(c->host, "vpdial-N", offload_tun(), &c->tun, reason);
	if (rc == 0)
		rc = process_spawn(&c->session, &config, reason);
	return rc;
}

static void note_turned_away(struct server *s, const struct call *known, const char *why)
{
	char from[INET6_ADDRSTRLEN], more[32] = "";
	uint32_t suppressed = 0;

	s->turned_away++;
	if (!log_limit_allow(&s->limit, loop_now(s->loop), &suppressed))
		return;
	if (suppressed)
		snprintf(more, sizeof more, " (%u more were before)", suppressed);
	log_warn(&s->log, "call from %s turned away: %s%s",
		 address_text(&known->peer, from, sizeof from), why, more);
}

void call_begin(struct server *s, enum protocol type, const struct call *known)
{
	uint64_t now = loop_now(s->loop);
	struct reason reason = {0};
	struct call *c;
	const char *why;
	bool tell = false;
	size_t slot = 0;

	why = s->stopping ? "the server is stopping"
			  : s->rules->admit(s->policy, type, (const struct sockaddr *)&known->peer,
					    now, &slot, &tell);
	if (why) {
		note_turned_away(s, known, why);
		/* Who is told nothing asks again, and gets in when there is room. */
		if (type == PROTOCOL_L2TP && !known->secured.use && (tell || s->stopping))
			reader_turn_away(s, known, "no room now");
		tell = tell && type == PROTOCOL_PPTP;
	}
	c = why && !tell ? NULL : malloc(sizeof *c);
	if (!c) {
		if (!why) {
			note_turned_away(s, known, "out of memory");
			s->rules->release(s->policy, slot, false, now);
		}
		if (known->control >= 0)
			close(known->control);
		return;
	}
	reader_tell(s);
	*c = *known;
	c->server = s;
	c->type = type;
	c->slot = slot;
	c->refused = tell;
	c->secret = -1;
	c->tun.fd = -1;
	c->log = s->log;
	set_number(c, free_number(s, 1));
	aaa_name(&s->aaa, c->session_id);
	c->limit_timer = (struct loop_timer){DEADLINE_NONE, on_limit, c, NULL, NULL};
	ledger_prepare(c);
	c->next = s->calls;
	s->calls = c;
	loop_timer_set(s->loop, &c->limit_timer,
		       now + (tell ? s->rules->refusal_ms : s->rules->half_open_ms));
	if (open_all(c, &reason) < 0) {
		log_error(&c->log, "%s", reason.text);
		reason.code = EXIT_HANGUP; /* not the caller's fault */
		finish(c, &reason);
	}
}

static void forget_grant(struct call *c)
{
	if (c->granted)
		wipe(c->granted, sizeof *c->granted);
	free(c->granted);
	free(c->grant);
}

void calls_reap(struct server *s)
{
	struct call **at = &s->calls;

	while (*at) {
		struct call *c = *at;

		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		close_sockets(c);
		drop_early(c);
		if (c->tun.fd >= 0)
			close(c->tun.fd);
		host_free(c->host);
		forget_grant(c);
		wipe(c, sizeof *c);
		free(c);
	}
}
