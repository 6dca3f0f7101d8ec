/* SPDX-License-Identifier: MIT */
/* One dial: the server's name, the path to it, sockets and session, over all its addresses. */
#include "base/address.h"
#include "base/str.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <string.h>

#define LOOKUP_LIMIT_MS	      30000
#define LOOKUP_AGAIN_LIMIT_MS 3000 /* where an address of the call before would do */

/* --timeout counts from the start, over all attempts, until a call is up. */
static void limit_dial(struct supervisor *s)
{
	loop_timer_set(s->loop, &s->limit_timer,
		       s->options.timeout_s && !s->redial.ever_up
			       ? s->begun_ms + (uint64_t)s->options.timeout_s * 1000
			       : DEADLINE_NONE);
}

/* With IPsec of ours the port is one inside ESP: before that is up, another changes nothing. */
static bool port_may_matter(const struct supervisor *s)
{
	return s->profile.ipsec.use != IPSEC_USE_YES || s->status.state >= CONTROL_STATE_CALLING;
}

/* Moves on to what was not tried yet: the other source port, unless the server has answered what it
 * would answer there too, then the next address. */
static bool next_attempt(struct supervisor *s, enum reason_weight weight)
{
	if (s->profile.type == PROTOCOL_L2TP && s->profile.source_port == CONF_SOURCE_AUTO &&
	    !s->source_port_1701 && weight < REASON_REFUSAL && port_may_matter(s)) {
		s->source_port_1701 = true;
		return true;
	}
	s->source_port_1701 = s->profile.source_port == CONF_SOURCE_1701;
	return ++s->address_at < s->address_count;
}

/* A server that was heard at one address outranks another that is silent. */
static void note_failure(struct supervisor *s, const struct reason *reason,
			 enum reason_weight weight)
{
	if (reason_is_set(&s->failure) && weight < s->failure_weight)
		return;
	s->failure = *reason;
	s->failure_weight = weight;
	if (weight >= REASON_PEER)
		last_note(s, reason);
}

static void try_address(struct supervisor *s);

/* That this attempt could not be made here, where port 1701 is taken say, ends no dial in which
 * another one was made. */
static bool may_go_on(const struct supervisor *s, const struct reason *reason)
{
	if (s->hanging_up || s->network_up)
		return false;
	return reason->code == EXIT_CONNECT_FAILED ||
	       (reason->code == EXIT_OPEN_FAILED && reason_is_set(&s->failure));
}

static void dial_failed(struct supervisor *s, const struct reason *reason,
			enum reason_weight weight)
{
	struct reason again = {0};

	if (!may_go_on(s, reason)) {
		persist_over(s, reason);
		return;
	}
	note_failure(s, reason, weight);
	if (!next_attempt(s, weight)) {
		persist_over(s, &s->failure);
		return;
	}
	s->status.attempt++;
	s->ending = false;
	limit_dial(s);
	log_warn(&s->log, "%s; trying %s", reason->text,
		 s->source_port_1701 ? "from UDP port 1701" : "the server's next address");
	session_stop(s, true);
	if (session_spawn(s, &again) < 0)
		persist_over(s, &again);
	else
		try_address(s);
}

void dial_session_ended(struct supervisor *s, const struct reason *reason,
			enum reason_weight weight)
{
	struct reason r = *reason; /* it may lie in what is freed now */

	session_stop(s, false);
	dial_failed(s, &r, weight);
}

/* Our routes may cover the server already: the path is the one without them, and pinned. */
static void try_address(struct supervisor *s)
{
	const struct sockaddr_storage *to = &s->addresses[s->address_at];
	struct reason reason = {0};

	roam_set(s);
	address_text(to, s->status.server_address, sizeof s->status.server_address);
	if (judge_lockdown(s, &reason) < 0 ||
	    host_repin(s->host, to, bind_ifindex(s), &s->server_path, &reason) < 0 ||
	    sockets_open(s, &reason) < 0)
		dial_failed(s, &reason, REASON_LOCAL);
	else
		dial_session_ready(s);
}

/* The server's address of a call that was up serves again where its name does not resolve. */
static bool use_last_address(struct supervisor *s, const char *error)
{
	if (!s->last_address.ss_family)
		return false;
	log_notice(&s->log, "the server's name %s does not resolve (%s): using its last address",
		   s->profile.connect_to, error);
	s->addresses[0] = s->last_address;
	s->address_count = 1;
	return true;
}

void dial_addresses(struct supervisor *s, const char *error)
{
	struct reason reason = {0};

	loop_timer_del(s->loop, &s->lookup_timer);
	s->address_at = 0;
	if ((error || s->address_count == 0) &&
	    !use_last_address(s, error ? error : "no address")) {
		reason_set(&reason, EXIT_CONNECT_FAILED,
			   "the server's name %s does not resolve: %s", s->profile.connect_to,
			   error ? error : "no address");
		persist_over(s, &reason);
		return;
	}
	if (s->preparing)
		demand_prepare(s);
	else
		try_address(s);
}

void dial_session_ready(struct supervisor *s)
{
	struct reason reason = {0};

	if (s->done || !s->session.ready || s->session.started || s->sockets.wire < 0)
		return;
	if (session_start_call(s, &reason) < 0)
		dial_failed(s, &reason, REASON_LOCAL);
}

static void on_lookup_limit(void *ctx)
{
	struct supervisor *s = ctx;

	resolver_stop(s);
	s->address_count = 0;
	dial_addresses(s, "no answer in time");
}

void dial_look_up(struct supervisor *s)
{
	struct reason reason = {0};
	int rc;

	s->lookup_timer.expired = on_lookup_limit;
	s->lookup_timer.ctx = s;
	loop_timer_set(s->loop, &s->lookup_timer,
		       loop_now(s->loop) + (s->last_address.ss_family ? LOOKUP_AGAIN_LIMIT_MS
								      : LOOKUP_LIMIT_MS));
	rc = resolver_start(s);
	if (rc < 0) {
		reason_set(&reason, EXIT_FATAL, "no process for the name look-up: %s",
			   strerror(-rc));
		persist_over(s, &reason);
	}
}

void dial_start(struct supervisor *s)
{
	struct control_status *st = &s->status;
	struct reason reason = {0};
	uint64_t now = loop_now(s->loop);

	loop_timer_del(s->loop, &s->wait_timer);
	demand_stop(s);
	s->source_port_1701 = s->profile.source_port == CONF_SOURCE_1701;
	s->failure = (struct reason){0};
	s->failure_weight = REASON_LOCAL;
	s->ending = false;
	s->dialed_ms = now;
	memset(st->state_ms, 0, sizeof st->state_ms);
	st->started_ms = s->state_since_ms = now;
	st->next_dial_ms = 0;
	st->attempt++;
	limit_dial(s);
	supervisor_set_state(s, CONTROL_STATE_RESOLVING, "looking up the server");
	if (tun_ensure(s, &reason) < 0 || session_spawn(s, &reason) < 0)
		persist_over(s, &reason);
	else
		dial_look_up(s);
}

void dial_abandon(struct supervisor *s)
{
	loop_timer_del(s->loop, &s->limit_timer);
	loop_timer_del(s->loop, &s->lookup_timer);
	loop_timer_del(s->loop, &s->wait_timer);
	session_stop(s, true);
	resolver_stop(s);
	sockets_close(s);
	s->ending = false;
}
