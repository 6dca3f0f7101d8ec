/* SPDX-License-Identifier: MIT */
/* One dial: the server's name, the path to it, sockets and session, over all its addresses. */
#include "connection/dial.h"

#include "base/address.h"
#include "base/str.h"
#include "connection/cover.h"
#include "connection/judge.h"
#include "connection/last.h"
#include "connection/sockets.h"
#include "connection/spawn.h"
#include "connection/status.h"
#include "connection/way.h"

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

/* With the event that is returned comes REASON. */
static enum life_event with(struct life_input *in, const struct reason *reason,
			    enum life_event event)
{
	in->why = *reason;
	in->weight = REASON_LOCAL;
	return event;
}

/* Our routes may cover the server already: the path is the one without them, and pinned. */
enum life_event dial_try(struct supervisor *s, struct life_input *in)
{
	const struct sockaddr_storage *to = dialer_server(&s->dialer);
	struct reason reason = {0};

	way_watch(s);
	address_text(to, s->status.server_address, sizeof s->status.server_address);
	if (judge_lockdown(s, &reason) < 0 ||
	    host_repin(s->host, to, bind_ifindex(s), &s->dialer.server_path, &reason) < 0 ||
	    sockets_open(&s->dialer, &reason) < 0 || cover_hold(s, &reason) < 0)
		return with(in, &reason, ON_ATTEMPT_FAILED);
	s->way_now = s->dialer.server_path;
	return s->session.ready ? ON_READY : ON_NONE;
}

/* That this attempt could not be made here, where port 1701 is taken say, ends no dial in which
 * another one was made. */
static bool may_go_on(const struct supervisor *s, const struct reason *reason)
{
	return reason->code == EXIT_CONNECT_FAILED ||
	       (reason->code == EXIT_OPEN_FAILED && reason_is_set(&s->dialer.failure));
}

/* With IPsec of ours the port is one inside ESP: before that is up, another changes nothing. */
static bool port_may_matter(const struct supervisor *s)
{
	return s->profile.ipsec.use != IPSEC_USE_YES || s->status.state >= CONTROL_STATE_CALLING;
}

enum life_event dial_try_next(struct supervisor *s, struct life_input *in)
{
	const struct reason reason = in->why;
	struct reason again = {0};

	if (!may_go_on(s, &reason))
		return ON_DIAL_FAILED;
	if (dialer_note(&s->dialer, &reason, in->weight) && in->weight >= REASON_PEER)
		last_note(s, &reason);
	if (!dialer_next(&s->dialer, in->weight, port_may_matter(s)))
		return with(in, &s->dialer.failure, ON_DIAL_FAILED);
	s->status.attempt++;
	limit_dial(s);
	log_warn(&s->log, "%s; trying %s", reason.text,
		 s->dialer.source_port ? "from UDP port 1701" : "the server's next address");
	session_stop(s, true);
	if (session_spawn(s, &again) < 0)
		return with(in, &again, ON_DIAL_FAILED);
	return dial_try(s, in);
}

static enum life_event looked_up(struct supervisor *s, const char *error, struct life_input *in)
{
	struct reason reason = {0};

	loop_timer_del(s->loop, &s->lookup_timer);
	if (dialer_resolved(&s->dialer, error, &reason) < 0)
		return with(in, &reason, ON_DIAL_FAILED);
	return ON_RESOLVED;
}

void dial_looked_up(struct supervisor *s, const char *error)
{
	struct life_input in = {0};
	enum life_event event = looked_up(s, error, &in);

	life_post(&s->life, event, &in);
}

enum life_event dial_hand_over(struct supervisor *s, struct life_input *in)
{
	struct reason reason = {0};

	if (session_start_call(s, &reason) < 0)
		return with(in, &reason, ON_ATTEMPT_FAILED);
	return ON_NONE;
}

static void on_lookup_limit(void *ctx)
{
	struct supervisor *s = ctx;

	resolver_stop(s);
	s->dialer.address_count = 0;
	dial_looked_up(s, "no answer in time");
}

enum life_event dial_look_up(struct supervisor *s, struct life_input *in)
{
	struct reason reason = {0};
	int rc;

	s->lookup_timer.expired = on_lookup_limit;
	s->lookup_timer.ctx = s;
	loop_timer_set(s->loop, &s->lookup_timer,
		       loop_now(s->loop) + (s->dialer.last_address.ss_family ? LOOKUP_AGAIN_LIMIT_MS
									     : LOOKUP_LIMIT_MS));
	rc = resolver_start(s);
	if (rc > 0)
		return looked_up(s, "", in);
	if (rc == 0)
		return ON_NONE;
	reason_set(&reason, EXIT_FATAL, "no process for the name look-up: %s", strerror(-rc));
	return with(in, &reason, ON_DIAL_FAILED);
}

static void begin_dial(struct supervisor *s)
{
	struct control_status *st = &s->status;
	uint64_t now = loop_now(s->loop);

	loop_timer_del(s->loop, &s->wait_timer);
	demand_stop(&s->demand);
	dialer_begin(&s->dialer, now);
	memset(st->state_ms, 0, sizeof st->state_ms);
	st->started_ms = s->state_since_ms = now;
	st->next_dial_ms = 0;
	/* Until this call has told its own. */
	str_copy(st->encoding, sizeof st->encoding, "none");
	st->ipsec[0] = '\0';
	st->attempt++;
}

enum life_event dial_start(struct supervisor *s, struct life_input *in)
{
	struct reason reason = {0};

	begin_dial(s);
	limit_dial(s);
	status_set(s, CONTROL_STATE_RESOLVING, "looking up the server");
	if (tun_ensure(s, &reason) < 0 || session_spawn(s, &reason) < 0)
		return with(in, &reason, ON_DIAL_FAILED);
	return dial_look_up(s, in);
}

void dial_abandon(struct supervisor *s)
{
	loop_timer_del(s->loop, &s->limit_timer);
	loop_timer_del(s->loop, &s->lookup_timer);
	loop_timer_del(s->loop, &s->wait_timer);
	session_stop(s, true);
	resolver_stop(s);
	sockets_close(&s->dialer);
}
