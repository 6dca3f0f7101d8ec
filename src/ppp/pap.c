/* SPDX-License-Identifier: MIT */
/* PAP (RFC 1334 section 2), both roles. */
#include "ppp/auth.h"

#include <string.h>

/* ---- caller ---- */

static void send_request(struct ppp_link *link)
{
	uint8_t buf[AUTH_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));

	link->auth.id++;
	link->auth.ids_out++;
	pap_request_encode(&w, link->auth.id, link->config.user, strlen(link->config.user),
			   &link->config.password);
	if (w.failed) {
		link_fail(link, EXIT_AUTH_FAILED,
			  "user name or password is longer than PAP can carry (255 octets)");
		return;
	}
	auth_send_kept(link, &w);
	wipe(buf, sizeof(buf));
}

static void caller_start(struct ppp_link *link)
{
	/* A random start, so that an Ack from before LCP was renegotiated does not fit. */
	random_fill(link->random, &link->auth.id, 1);
	link->auth.waiting = true;
	send_request(link);
	/* A server that asks another one takes its time, and some count each copy of a wrong
	 * password as a try: no haste. */
	auth_timer_start(link, link->config.restart_max_ms);
}

static void caller_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct auth *auth = &link->auth;
	struct control_packet p;

	if (!control_packet_decode(info, len, &p)) {
		link->counters.malformed++;
		return;
	}
	/* Each repetition has its own identifier; an answer to any of them is one. */
	if (!auth->waiting || (uint8_t)(auth->id - p.id) >= auth->ids_out) {
		link->counters.unexpected++;
		return;
	}
	if (p.code == PAP_ACK) {
		auth_succeeded(link);
	} else if (p.code == PAP_NAK) {
		auth_timer_stop(link);
		auth_refused(link, pap_message_decode(p.data, p.len));
	} else {
		link->counters.unexpected++;
	}
}

const struct auth_role pap_caller = {caller_start, caller_input, send_request};

/* ---- answerer: waits, and the caller repeats ---- */

static void answerer_start(struct ppp_link *link)
{
	link->auth.waiting = true;
}

static void answerer_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct control_packet p;
	struct octets user, password;
	uint8_t buf[AUTH_RESULT_MAX];
	struct writer w = writer_make(buf, sizeof(buf));
	enum auth_found found;
	bool good;

	if (!control_packet_decode(info, len, &p) || p.code != PAP_REQUEST ||
	    !pap_request_decode(p.data, p.len, &user, &password)) {
		link->counters.malformed++;
		return;
	}
	if (link->auth.done) { /* our Ack was lost */
		pap_message_encode(&w, PAP_ACK, p.id, "");
		link_send(link, FRAME_PAP, &w);
		return;
	}
	found = auth_lookup(link, user, password);
	if (found == AUTH_WAIT)
		return;
	good = found == AUTH_DONE && auth_check_password(link, password);
	pap_message_encode(&w, good ? PAP_ACK : PAP_NAK, p.id,
			   auth_words_for(link, good ? "" : "Authentication failed"));
	link_send(link, FRAME_PAP, &w);
	if (good)
		auth_succeeded(link);
	else
		auth_deny(link);
}

const struct auth_role pap_answerer = {answerer_start, answerer_input, NULL};
