/* SPDX-License-Identifier: MIT */
/* CHAP with MD5 (RFC 1994), MS-CHAPv1 (RFC 2433) and MS-CHAPv2 (RFC 2759), both roles. */
#include "ppp/auth.h"

#include <string.h>

#define MD5_CHALLENGE_LEN 16

/* Length of a challenge; 0: any. */
static size_t challenge_len(enum auth_method method)
{
	return method == METHOD_MSCHAP1	  ? MSCHAP1_CHALLENGE_LEN
	       : method == METHOD_MSCHAP2 ? MSCHAP2_CHALLENGE_LEN
					  : 0;
}

/* ---- caller ---- */

static size_t make_response(struct ppp_link *link, uint8_t value[static MSCHAP_RESPONSE_LEN])
{
	struct auth *auth = &link->auth;

	if (auth->method == METHOD_MSCHAP1) {
		auth_mschap1_respond(link, auth->challenge, value);
		return MSCHAP_RESPONSE_LEN;
	}
	if (auth->method == METHOD_MSCHAP2) {
		auth_mschap2_respond(link, auth->challenge, value);
		return MSCHAP_RESPONSE_LEN;
	}
	chap_md5_response(value, auth->id, &link->config.password, auth->challenge,
			  auth->challenge_len);
	return 16;
}

static void on_challenge(struct ppp_link *link, const struct control_packet *p)
{
	struct auth *auth = &link->auth;
	uint8_t value[MSCHAP_RESPONSE_LEN], buf[AUTH_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));
	size_t wanted = challenge_len(auth->method), value_len;
	struct octets challenge, name;

	if (!chap_value_decode(p->data, p->len, &challenge, &name) ||
	    (wanted && challenge.len != wanted)) {
		link->counters.malformed++;
		return;
	}
	/* A repeated challenge gets the same octets: the first copy may have been heard. */
	if (auth->packet_len > 0 && p->id == auth->id && challenge.len == auth->challenge_len &&
	    memcmp(challenge.at, auth->challenge, challenge.len) == 0) {
		auth_repeat(link);
		return;
	}
	auth->id = p->id;
	auth->challenge_len = challenge.len;
	memcpy(auth->challenge, challenge.at, challenge.len);
	value_len = make_response(link, value);
	chap_value_encode(&w, CHAP_RESPONSE, auth->id, value, value_len, link->config.user,
			  strlen(link->config.user));
	auth->waiting = true;
	auth_send_kept(link, &w);
	if (auth->method != METHOD_CHAP && !auth->done)
		link->up->proof_sent(link);
}

static void on_result(struct ppp_link *link, const struct control_packet *p)
{
	struct auth *auth = &link->auth;
	struct octets text = {p->data, p->len};
	struct mschap_failure failure;

	if (!auth->waiting || p->id != auth->id) {
		link->counters.unexpected++; /* a repeated Success, for one */
		return;
	}
	if (p->code == CHAP_SUCCESS) {
		if (auth->method != METHOD_MSCHAP2 || auth_mschap2_proved(link, text))
			auth_succeeded(link);
		return;
	}
	auth->waiting = false;
	if (auth->method == METHOD_CHAP) {
		auth_refused(link, text);
		return;
	}
	mschap_failure_parse(text.at, text.len, &failure);
	auth_refused_mschap(link, &failure);
}

static void caller_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct control_packet p;

	if (!control_packet_decode(info, len, &p))
		link->counters.malformed++;
	else if (p.code == CHAP_CHALLENGE)
		on_challenge(link, &p);
	else if (p.code == CHAP_SUCCESS || p.code == CHAP_FAILURE)
		on_result(link, &p);
	else
		link->counters.unexpected++;
}

const struct auth_role chap_caller = {NULL, caller_input, NULL};

/* ---- answerer ---- */

static void answerer_start(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	uint8_t buf[AUTH_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));

	auth->challenge_len = challenge_len(auth->method);
	if (auth->challenge_len == 0)
		auth->challenge_len = MD5_CHALLENGE_LEN;
	random_fill(link->random, auth->challenge, auth->challenge_len);
	random_fill(link->random, &auth->id, 1);
	auth->waiting = true;
	chap_value_encode(&w, CHAP_CHALLENGE, auth->id, auth->challenge, auth->challenge_len,
			  link->config.host_name, strlen(link->config.host_name));
	auth_send_kept(link, &w);
	auth_timer_start(link, link->config.restart_ms);
}

static void send_result(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	struct writer w = writer_make(auth->result, sizeof(auth->result));

	w.at += auth->result_len;
	link_send(link, FRAME_CHAP, &w);
}

static void make_result(struct ppp_link *link, bool good)
{
	struct auth *auth = &link->auth;
	struct writer w = writer_make(auth->result, sizeof(auth->result));
	const char *text = auth_words_for(link, good ? "Welcome" : "Authentication failed");
	char buf[AUTH_RESULT_MAX - CONTROL_HEADER];

	if (good && auth->method == METHOD_MSCHAP2) {
		size_t len = auth_success_text(link, (uint8_t *)buf, sizeof(buf));

		chap_message_encode(&w, CHAP_SUCCESS, auth->id, buf, len);
	} else {
		if (!good && auth->method != METHOD_CHAP)
			text = auth_failure_text(link, buf, sizeof(buf));
		chap_message_encode(&w, good ? CHAP_SUCCESS : CHAP_FAILURE, auth->id, text,
				    strlen(text));
	}
	auth->result_len = writer_len(&w);
}

static bool check(struct ppp_link *link, struct octets value)
{
	if (link->auth.method == METHOD_MSCHAP1)
		return auth_check_mschap1(link, value);
	if (link->auth.method == METHOD_MSCHAP2)
		return auth_check_mschap2(link, value);
	return auth_check_md5(link, link->auth.id, value);
}

static void answerer_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct auth *auth = &link->auth;
	struct control_packet p;
	struct octets value, name;
	enum auth_found found;
	bool good;

	if (!control_packet_decode(info, len, &p) || p.code != CHAP_RESPONSE ||
	    !chap_value_decode(p.data, p.len, &value, &name)) {
		link->counters.malformed++;
		return;
	}
	if (p.id != auth->id) {
		link->counters.unexpected++;
		return;
	}
	if (auth->result_len > 0) { /* it was lost on the way */
		send_result(link);
		return;
	}
	found = auth_lookup(link, name, value);
	if (found == AUTH_WAIT)
		return;
	good = found == AUTH_DONE && check(link, value);
	make_result(link, good);
	send_result(link);
	if (good)
		auth_succeeded(link);
	else
		auth_deny(link);
}

const struct auth_role chap_answerer = {answerer_start, answerer_input, NULL};
