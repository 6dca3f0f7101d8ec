/* SPDX-License-Identifier: MIT */
/* EAP as an answerer: asks for the identity, then MSCHAPv2, or MD5 where that may be. */
#include "ppp/auth.h"

#include <string.h>

static void send_request(struct ppp_link *link, uint8_t type, const void *data, size_t len)
{
	uint8_t buf[AUTH_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));

	eap_encode(&w, EAP_REQUEST, ++link->auth.id, type, data, len);
	link->auth.eap_type = type;
	auth_send_kept(link, &w);
	auth_timer_start(link, link->config.restart_ms);
}

static void send_mschap(struct ppp_link *link, uint8_t op, const void *body, size_t len)
{
	uint8_t buf[AUTH_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));
	struct auth *auth = &link->auth;

	auth->id++;
	if (op == EAP_MSCHAP_CHALLENGE)
		auth->eap_ms_id = auth->id;
	eap_mschap_encode(&w, EAP_REQUEST, auth->id, op, auth->eap_ms_id, body, len);
	auth->eap_type = EAP_MSCHAPV2;
	auth_send_kept(link, &w);
	auth_timer_start(link, link->config.restart_ms);
}

/* The value and name of a challenge, for either method. */
static size_t write_challenge(struct ppp_link *link, uint8_t *body, size_t cap)
{
	struct auth *auth = &link->auth;
	struct writer w = writer_make(body, cap);

	auth->challenge_len = MSCHAP2_CHALLENGE_LEN;
	random_fill(link->random, auth->challenge, auth->challenge_len);
	writer_u8(&w, (uint8_t)auth->challenge_len);
	writer_bytes(&w, auth->challenge, auth->challenge_len);
	writer_bytes(&w, link->config.host_name, strlen(link->config.host_name));
	return writer_len(&w);
}

static void ask_mschap(struct ppp_link *link)
{
	uint8_t body[17 + PPP_NAME_MAX];

	send_mschap(link, EAP_MSCHAP_CHALLENGE, body, write_challenge(link, body, sizeof(body)));
}

static void ask_md5(struct ppp_link *link)
{
	uint8_t body[17 + PPP_NAME_MAX];

	send_request(link, EAP_MD5, body, write_challenge(link, body, sizeof(body)));
}

static void send_result(struct ppp_link *link, uint8_t code)
{
	struct auth *auth = &link->auth;
	struct writer w = writer_make(auth->result, sizeof(auth->result));

	eap_result_encode(&w, code, auth->id);
	auth->result_len = writer_len(&w);
	link_send(link, FRAME_EAP, &w);
}

static void admit(struct ppp_link *link)
{
	send_result(link, EAP_SUCCESS);
	auth_succeeded(link);
}

static void turn_away(struct ppp_link *link)
{
	send_result(link, EAP_FAILURE);
	auth_deny(link);
}

static void on_identity(struct ppp_link *link, struct octets data)
{
	if (link->auth.eap_type != EAP_IDENTITY) {
		link->counters.unexpected++;
		return;
	}
	switch (auth_lookup(link, data, (struct octets){0})) {
	case AUTH_NO:
		turn_away(link);
		break;
	case AUTH_WAIT:
		break;
	case AUTH_DONE:
		ask_mschap(link);
		break;
	}
}

static void on_nak(struct ppp_link *link, struct octets data)
{
	bool wants_md5 = data.len > 0 && memchr(data.at, EAP_MD5, data.len);

	if (link->auth.eap_type == EAP_MSCHAPV2 && wants_md5 && auth_eap_md5_allowed(link))
		ask_md5(link);
	else
		turn_away(link);
}

static void on_md5(struct ppp_link *link, struct octets data)
{
	struct octets value, name;

	if (link->auth.eap_type == EAP_MD5 && chap_value_decode(data.at, data.len, &value, &name) &&
	    auth_check_md5(link, link->auth.id, value))
		admit(link);
	else
		turn_away(link);
}

static void on_mschap_response(struct ppp_link *link, const struct eap_mschap *m)
{
	char text[AUTH_RESULT_MAX];
	struct octets value, name;
	enum auth_found found = AUTH_NO;

	if (chap_value_decode(m->body.at, m->body.len, &value, &name))
		found = auth_lookup(link, name, (struct octets){0});
	if (found == AUTH_WAIT)
		return;
	if (found == AUTH_DONE && auth_check_mschap2(link, value)) {
		link->auth.eap_method_done = true;
		send_mschap(link, EAP_MSCHAP_SUCCESS, text,
			    auth_success_text(link, (uint8_t *)text, sizeof(text)));
		return;
	}
	link->auth.eap_method_done = false;
	auth_failure_text(link, text, sizeof(text));
	send_mschap(link, EAP_MSCHAP_FAILURE, text, strlen(text));
}

static void on_mschap(struct ppp_link *link, struct octets data)
{
	struct auth *auth = &link->auth;
	struct eap_mschap m;

	if (auth->eap_type != EAP_MSCHAPV2 || !eap_mschap_decode(data, &m)) {
		link->counters.malformed++;
		return;
	}
	/* After a response the last packet out is our verdict, which the caller confirms. */
	bool judged = auth->packet_len > 5 && auth->packet[5] != EAP_MSCHAP_CHALLENGE;

	if (m.op == EAP_MSCHAP_RESPONSE && !judged)
		on_mschap_response(link, &m);
	else if (m.op == EAP_MSCHAP_SUCCESS && judged && auth->eap_method_done)
		admit(link);
	else if (judged) /* a confirmed refusal, or what fits no verdict */
		turn_away(link);
	else
		link->counters.unexpected++;
}

static void answerer_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct auth *auth = &link->auth;
	struct eap_packet e;

	if (!eap_decode(info, len, &e) || e.code != EAP_RESPONSE) {
		link->counters.malformed++;
		return;
	}
	if (e.id != auth->id) {
		link->counters.unexpected++;
		return;
	}
	if (auth->result_len > 0) { /* our Success was lost */
		struct writer w = writer_make(auth->result, sizeof(auth->result));

		w.at += auth->result_len;
		link_send(link, FRAME_EAP, &w);
		return;
	}
	if (e.type == EAP_IDENTITY)
		on_identity(link, e.data);
	else if (e.type == EAP_NAK)
		on_nak(link, e.data);
	else if (e.type == EAP_MD5)
		on_md5(link, e.data);
	else if (e.type == EAP_MSCHAPV2)
		on_mschap(link, e.data);
	else
		link->counters.unexpected++;
}

static void answerer_start(struct ppp_link *link)
{
	random_fill(link->random, &link->auth.id, 1);
	link->auth.waiting = true;
	send_request(link, EAP_IDENTITY, NULL, 0);
}

const struct auth_role eap_answerer = {answerer_start, answerer_input, NULL};
