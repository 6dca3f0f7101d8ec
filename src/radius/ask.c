/* SPDX-License-Identifier: MIT */
/* Access-Requests. */
#include "radius/ask.h"

#include "radius/sign.h"
#include "vocabulary/authentication.h"
#include "vocabulary/protocol.h"

#include <string.h>

#define PASSWORD_MAX 128 /* RFC 2865 section 5.2 */
#define RESPONSE_LEN 49	 /* of MS-CHAP, both versions */

enum { PORT_VIRTUAL = 5, SERVICE_FRAMED = 2, FRAMED_PPP = 1, TUNNEL_PPTP = 1, TUNNEL_L2TP = 3 };

/* With the realm, unless the caller names one. */
static void put_user(struct writer *w, const struct radius_server *server,
		     const struct radius_caller *caller)
{
	uint8_t name[RADIUS_USER_MAX + 1 + RADIUS_NAME_MAX];
	struct writer text = writer_make(name, sizeof name);

	writer_bytes(&text, caller->user, caller->user_len);
	if (server->realm[0] && !memchr(caller->user, '@', caller->user_len)) {
		writer_u8(&text, '@');
		writer_bytes(&text, server->realm, strlen(server->realm));
	}
	radius_put(w, RADIUS_AT_USER_NAME, name, writer_len(&text));
}

/* RFC 2868 sections 3.3 and 3.4: a tag octet, here of no tunnel's, then the text. */
static void put_endpoint(struct writer *w, uint8_t type, const char *address)
{
	uint8_t value[1 + INET6_ADDRSTRLEN];
	struct writer text = writer_make(value, sizeof value);

	writer_u8(&text, 0);
	writer_bytes(&text, address, strlen(address));
	if (address[0])
		radius_put(w, type, value, writer_len(&text));
}

void radius_put_caller(struct writer *w, const struct radius_server *server,
		       const struct radius_caller *caller)
{
	if (caller->user_len)
		put_user(w, server, caller);
	radius_put_text(w, RADIUS_AT_NAS_IDENTIFIER, server->nas_id);
	radius_put_text(w, RADIUS_AT_ACCT_SESSION_ID, caller->session_id);
	if (!caller->from[0]) /* Accounting-On and -Off are of no call */
		return;
	radius_put_number(w, RADIUS_AT_NAS_PORT, caller->port);
	radius_put_number(w, RADIUS_AT_NAS_PORT_TYPE, PORT_VIRTUAL);
	radius_put_number(w, RADIUS_AT_SERVICE_TYPE, SERVICE_FRAMED);
	radius_put_number(w, RADIUS_AT_FRAMED_PROTOCOL, FRAMED_PPP);
	radius_put_text(w, RADIUS_AT_CALLING_STATION_ID, caller->from);
	radius_put_text(w, RADIUS_AT_CALLED_STATION_ID,
			server->called_id[0] ? server->called_id : caller->to);
	radius_put_number(w, RADIUS_AT_TUNNEL_TYPE,
			  caller->tunnel == PROTOCOL_L2TP ? TUNNEL_L2TP : TUNNEL_PPTP);
	radius_put_number(w, RADIUS_AT_TUNNEL_MEDIUM_TYPE, strchr(caller->from, ':') ? 2 : 1);
	put_endpoint(w, RADIUS_AT_TUNNEL_CLIENT_ENDPOINT, caller->from);
	put_endpoint(w, RADIUS_AT_TUNNEL_SERVER_ENDPOINT, caller->to);
}

static void put_password(struct writer *w, const struct radius_server *server,
			 const struct auth_proof *p, const uint8_t *authenticator)
{
	uint8_t hidden[PASSWORD_MAX] = {0};
	size_t len = p->value_len ? (p->value_len + 15u) / 16 * 16 : 16;

	if (p->value_len > PASSWORD_MAX) {
		w->failed = true;
		return;
	}
	memcpy(hidden, p->value, p->value_len);
	radius_hide(&server->secret, authenticator, hidden, len);
	radius_put(w, RADIUS_AT_USER_PASSWORD, hidden, len);
}

static void put_chap(struct writer *w, const struct auth_proof *p)
{
	uint8_t value[17] = {p->id};

	w->failed |= p->value_len != 16;
	memcpy(value + 1, p->value, 16);
	radius_put(w, RADIUS_AT_CHAP_PASSWORD, value, sizeof value);
	radius_put(w, RADIUS_AT_CHAP_CHALLENGE, p->challenge, p->challenge_len);
}

/* RFC 2548 sections 2.1.3 and 2.3.2: identifier and flags before the same octets, but that v1 has
 * LM and NT in places of their own already, and flags behind. */
static void put_mschap(struct writer *w, const struct auth_proof *p)
{
	bool second = p->method == METHOD_MSCHAP2;
	uint8_t value[2 + RESPONSE_LEN - 1] = {p->id};

	w->failed |= p->value_len != RESPONSE_LEN;
	value[1] = second ? 0 : p->value[RESPONSE_LEN - 1];
	memcpy(value + 2, p->value, RESPONSE_LEN - 1);
	radius_put_microsoft(w, RADIUS_MS_CHAP_CHALLENGE, p->challenge, p->challenge_len);
	radius_put_microsoft(w, second ? RADIUS_MS_CHAP2_RESPONSE : RADIUS_MS_CHAP_RESPONSE, value,
			     sizeof value);
}

static void put_proof(struct writer *w, const struct radius_server *server,
		      const struct auth_proof *p, const uint8_t *authenticator)
{
	if (p->method == METHOD_PAP)
		put_password(w, server, p, authenticator);
	else if (p->method == METHOD_CHAP)
		put_chap(w, p);
	else if (p->method == METHOD_MSCHAP1 || p->method == METHOD_MSCHAP2)
		put_mschap(w, p);
	else
		w->failed = true;
}

size_t radius_ask(const struct radius_server *server, const struct radius_question *question,
		  uint8_t id, const uint8_t authenticator[static 16], uint8_t *packet)
{
	static const uint8_t zeros[16];
	struct writer w = writer_make(packet, RADIUS_PACKET_MAX);

	radius_begin(&w, RADIUS_ACCESS_REQUEST, id);
	memcpy(packet + 4, authenticator, 16);
	radius_put(&w, RADIUS_AT_MESSAGE_AUTHENTICATOR, zeros, sizeof zeros);
	radius_put_caller(&w, server, &question->caller);
	put_proof(&w, server, &question->proof, authenticator);
	radius_end(&w);
	if (w.failed)
		return 0;
	radius_sign_access(&server->secret, packet, writer_len(&w));
	return writer_len(&w);
}
