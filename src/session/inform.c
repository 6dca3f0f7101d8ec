/* SPDX-License-Identifier: MIT */
/* Routes, domain and name servers that the server tells by DHCP (RFC 2131 section 3.4), asked for
 * as Windows clients do. */
#include "session/internal.h"

#include "base/random.h"
#include "base/str.h"

#include <string.h>

#define QUESTIONS_MAX 4
#define FIRST_WAIT_MS 2000 /* then twice as long each time, up to: */
#define LAST_WAIT_MS  8000

static void stop_asking(struct session *s)
{
	loop_timer_del(s->loop, &s->inform.timer);
	path_watch_inner(s->path, false);
}

static void ask(void *ctx)
{
	struct session *s = ctx;
	struct session_inform *inform = &s->inform;
	uint64_t now = loop_now(s->loop), wait = (uint64_t)FIRST_WAIT_MS << inform->sent;
	uint8_t packet[DHCP_INFORM_LEN];
	size_t len;

	if (s->closing || inform->sent == QUESTIONS_MAX) {
		log_debug(s->log, "no answer to %u DHCP questions", inform->sent);
		stop_asking(s);
		return;
	}
	inform->question.secs = (uint16_t)((now - inform->first_ms) / 1000);
	len = dhcp_inform_write(&inform->question, packet, sizeof packet);
	/* One that is lost is asked again. */
	(void)path_send_packet(s->path, packet, len);
	loop_timer_set(s->loop, &inform->timer, now + (wait < LAST_WAIT_MS ? wait : LAST_WAIT_MS));
	inform->sent++;
}

void inform_begin(struct session *s, struct in_addr local)
{
	struct session_inform *inform = &s->inform;

	if (!s->start.dhcp_inform || local.s_addr == 0 ||
	    local.s_addr == inform->question.client.s_addr)
		return;
	inform->timer.expired = ask;
	inform->timer.ctx = s;
	inform->question = (struct dhcp_inform){.client = local, .xid = random_u32(&random_kernel)};
	inform->first_ms = loop_now(s->loop);
	inform->sent = 0;
	path_watch_inner(s->path, true);
	ask(s);
}

static void tell(struct session *s, const struct dhcp_answer *answer)
{
	struct request_routes body = {.server = answer->server};

	while (body.count < answer->route_count && body.count < REQUEST_ROUTES_MAX) {
		body.routes[body.count] = answer->routes[body.count];
		body.count++;
	}
	memcpy(body.dns, answer->dns, sizeof body.dns);
	str_copy(body.domain, sizeof body.domain, answer->domain);
	if (answer->routes_beyond)
		log_warn(s->log, "the server tells %zu routes more than the %d that are taken",
			 answer->routes_beyond, REQUEST_ROUTES_MAX);
	if (answer->routes_broken)
		log_warn(s->log, "routes in the server's DHCP answer make no sense: left out");
	request_send(&s->channel, REQUEST_ROUTES, &body, NULL, 0);
}

bool inform_take(void *ctx, const uint8_t *ip, size_t len)
{
	struct session *s = ctx;
	struct dhcp_answer answer;

	if (!dhcp_answer_decode(ip, len, &s->inform.question, &answer))
		return false;
	stop_asking(s);
	tell(s, &answer);
	return true;
}
