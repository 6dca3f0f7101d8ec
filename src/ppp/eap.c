/* SPDX-License-Identifier: MIT */
/* EAP as a caller (RFC 3748): Identity, Notification, MD5 and MSCHAPv2; all else is refused. */
#include "ppp/auth.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS_MAX     20
#define IDENTITIES_MAX 3

static void respond(struct ppp_link *link, uint8_t type, const void *data, size_t len)
{
	uint8_t buf[AUTH_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));

	eap_encode(&w, EAP_RESPONSE, link->auth.id, type, data, len);
	auth_send_kept(link, &w);
}

static void on_identity(struct ppp_link *link, struct octets data)
{
	(void)data; /* a prompt, for which there is nobody to show it to */
	if (++link->auth.eap_identities > IDENTITIES_MAX) {
		link_fail(link, EXIT_AUTH_FAILED, "%s keeps asking who we are", link_peer(link));
		return;
	}
	respond(link, EAP_IDENTITY, link->config.user, strlen(link->config.user));
}

static void on_notification(struct ppp_link *link, struct octets data)
{
	char text[300];

	log_notice(link->log, "%s says \"%s\"", link_peer(link),
		   link_clean(text, sizeof(text), data, 200));
	respond(link, EAP_NOTIFICATION, NULL, 0);
}

static void refuse_method(struct ppp_link *link, uint8_t type)
{
	static const uint8_t wanted[] = {EAP_MSCHAPV2, EAP_MD5};

	log_info(link->log, "EAP: refusing method %u", type);
	link->auth.eap_refused = type;
	respond(link, EAP_NAK, wanted, auth_eap_md5_allowed(link) ? 2 : 1);
}

static void on_md5(struct ppp_link *link, struct octets data)
{
	uint8_t body[17 + PPP_NAME_MAX];
	struct writer w = writer_make(body, sizeof(body));
	struct octets value, name;
	uint8_t response[16];

	if (!auth_eap_md5_allowed(link)) {
		refuse_method(link, EAP_MD5);
		return;
	}
	if (!chap_value_decode(data.at, data.len, &value, &name)) {
		link->counters.malformed++;
		return;
	}
	chap_md5_response(response, link->auth.id, &link->config.password, value.at, value.len);
	writer_u8(&w, sizeof(response));
	writer_bytes(&w, response, sizeof(response));
	writer_bytes(&w, link->config.user, strlen(link->config.user));
	link->auth.eap_method_done = true;
	respond(link, EAP_MD5, body, writer_len(&w));
}

/* ---- MSCHAPv2 inside EAP ---- */

static void mschap_challenge(struct ppp_link *link, const struct eap_mschap *m)
{
	uint8_t buf[AUTH_PACKET_MAX], body[50 + PPP_NAME_MAX], value[MSCHAP_RESPONSE_LEN];
	struct writer w = writer_make(buf, sizeof(buf)), b = writer_make(body, sizeof(body));
	struct octets challenge, name;

	if (!chap_value_decode(m->body.at, m->body.len, &challenge, &name) ||
	    challenge.len != MSCHAP2_CHALLENGE_LEN) {
		link->counters.malformed++;
		return;
	}
	auth_mschap2_respond(link, challenge.at, value);
	writer_u8(&b, sizeof(value));
	writer_bytes(&b, value, sizeof(value));
	writer_bytes(&b, link->config.user, strlen(link->config.user));
	link->auth.eap_ms_id = m->id;
	link->auth.eap_type = EAP_MSCHAPV2;
	link->auth.eap_method_done = false;
	eap_mschap_encode(&w, EAP_RESPONSE, link->auth.id, EAP_MSCHAP_RESPONSE, m->id, body,
			  writer_len(&b));
	auth_send_kept(link, &w);
}

static void mschap_success(struct ppp_link *link, const struct eap_mschap *m)
{
	static const uint8_t answer = EAP_MSCHAP_SUCCESS;

	if (link->auth.eap_type != EAP_MSCHAPV2) { /* no response of ours stands */
		link->counters.unexpected++;
		return;
	}
	if (!auth_mschap2_proved(link, m->body))
		return;
	link->auth.eap_method_done = true;
	respond(link, EAP_MSCHAPV2, &answer, 1);
}

static void mschap_failure(struct ppp_link *link, const struct eap_mschap *m)
{
	static const uint8_t answer = EAP_MSCHAP_FAILURE;
	struct mschap_failure failure;

	mschap_failure_parse(m->body.at, m->body.len, &failure);
	respond(link, EAP_MSCHAPV2, &answer, 1);
	link->auth.waiting = false;
	auth_refused_mschap(link, &failure);
}

static void on_mschap(struct ppp_link *link, struct octets data)
{
	struct eap_mschap m;

	if (!eap_mschap_decode(data, &m) || m.body.len == 0) {
		link->counters.malformed++;
		return;
	}
	if (m.length_differs)
		log_debug(link->log, "EAP: the length inside MSCHAPv2 is wrong, ignored");
	if (m.op == EAP_MSCHAP_CHALLENGE)
		mschap_challenge(link, &m);
	else if (m.op == EAP_MSCHAP_SUCCESS)
		mschap_success(link, &m);
	else if (m.op == EAP_MSCHAP_FAILURE)
		mschap_failure(link, &m);
	else
		link->counters.unexpected++;
}

/* ---- requests and results ---- */

/* A request that the network delivered late: the conversation has gone on since. */
static bool past_request(const struct auth *auth, uint8_t id)
{
	return memchr(auth->eap_past, id, auth->eap_past_count) != NULL;
}

static void next_request(struct auth *auth, uint8_t id)
{
	size_t kept = sizeof(auth->eap_past);

	if (auth->packet_len > 0 && auth->waiting) {
		memmove(auth->eap_past + 1, auth->eap_past, kept - 1);
		auth->eap_past[0] = auth->id;
		if (auth->eap_past_count < kept)
			auth->eap_past_count++;
	}
	auth->id = id;
	auth->packet_len = 0;
	auth->eap_refused = 0;
	auth->waiting = true;
}

static void on_request(struct ppp_link *link, const struct eap_packet *e)
{
	static const struct {
		uint8_t type;
		void (*handle)(struct ppp_link *link, struct octets data);
	} methods[] = {
		{EAP_IDENTITY, on_identity},
		{EAP_NOTIFICATION, on_notification},
		{EAP_MD5, on_md5},
		{EAP_MSCHAPV2, on_mschap},
	};
	struct auth *auth = &link->auth;

	if (auth->packet_len > 0 && e->id == auth->id) { /* repeated: so is our answer */
		auth_repeat(link);
		return;
	}
	if (past_request(auth, e->id)) {
		link->counters.unexpected++;
		return;
	}
	if (++auth->eap_rounds > ROUNDS_MAX) {
		link_fail(link, EXIT_NEGOTIATION_FAILED, "%s asks without end in EAP",
			  link_peer(link));
		return;
	}
	next_request(auth, e->id);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].type == e->type) {
			methods[i].handle(link, e->data);
			return;
		}
	refuse_method(link, e->type);
}

/* Some servers give the result the next identifier. */
static bool result_id(const struct auth *auth, uint8_t id)
{
	return id == auth->id || id == (uint8_t)(auth->id + 1);
}

/* A server that gives up after our Nak has no method in common with us. */
static void on_failure(struct ppp_link *link)
{
	uint8_t type = link->auth.eap_refused;
	const char *name = type == EAP_MD5    ? "MD5"
			   : type == EAP_TLS  ? "TLS"
			   : type == EAP_TTLS ? "TTLS"
			   : type == EAP_PEAP ? "PEAP"
					      : NULL;
	char number[24];

	if (!type) {
		auth_refused(link, (struct octets){0});
		return;
	}
	snprintf(number, sizeof(number), "method %u", type);
	link_fail(link, EXIT_NEGOTIATION_FAILED,
		  "%s only offers %s in EAP, but here only %s may be used", link_peer(link),
		  name ? name : number,
		  auth_eap_md5_allowed(link) ? "MSCHAPv2 or MD5" : "MSCHAPv2");
}

static void caller_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct auth *auth = &link->auth;
	struct eap_packet e;

	if (!eap_decode(info, len, &e)) {
		link->counters.malformed++;
		return;
	}
	if (e.code == EAP_REQUEST) {
		on_request(link, &e);
		return;
	}
	if (e.code == EAP_RESPONSE || !auth->waiting || !result_id(auth, e.id) ||
	    (e.code == EAP_SUCCESS && !auth->eap_method_done)) {
		link->counters.unexpected++;
		return;
	}
	if (e.code == EAP_SUCCESS)
		auth_succeeded(link);
	else
		on_failure(link);
}

const struct auth_role eap_caller = {NULL, caller_input, NULL};
