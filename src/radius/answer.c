/* SPDX-License-Identifier: MIT */
/* What an answer to an Access-Request says: a table of the attributes that are known.  What an
 * attribute may hold is judged here as far as its form goes; the server judges what it means. */
#include "base/str.h"
#include "radius/ask.h"
#include "radius/route.h"
#include "radius/sign.h"
#include "vocabulary/authentication.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_FRAMED 2
#define INTERIM_MIN_S  60 /* RFC 2869 section 5.16 */
#define USER_CHOOSES   0xffffffffu
#define NAS_CHOOSES    0xfffffffeu

/* One answer while it is read. */
struct reading {
	const struct radius_server *server;
	const struct radius_question *question;
	const uint8_t *authenticator;
	struct radius_verdict *to;
	const struct log *log;
	bool send_key, receive_key;
	bool wrong_service;
};

struct attribute_rule {
	const char *name;
	uint32_t vendor;
	uint8_t type;
	/* False if the value makes no sense. */
	bool (*take)(struct reading *r, const struct radius_value *v);
};

static bool take_service(struct reading *r, const struct radius_value *v)
{
	uint32_t service = 0;
	bool good = radius_number(v, &service);

	r->wrong_service |= service != SERVICE_FRAMED;
	return good;
}

static bool take_address(struct reading *r, const struct radius_value *v)
{
	struct radius_grant *g = &r->to->grant;
	uint32_t n;

	if (!radius_number(v, &n))
		return false;
	g->address_kind =
		n == USER_CHOOSES || n == NAS_CHOOSES ? RADIUS_ADDRESS_OURS : RADIUS_ADDRESS_GIVEN;
	g->address.s_addr = htonl(n);
	return true;
}

static bool take_in_addr(struct in_addr *to, const struct radius_value *v)
{
	uint32_t n;

	if (!radius_number(v, &n))
		return false;
	to->s_addr = htonl(n);
	return true;
}

static bool take_netmask(struct reading *r, const struct radius_value *v)
{
	return take_in_addr(&r->to->grant.netmask, v);
}

static bool take_dns_1(struct reading *r, const struct radius_value *v)
{
	return take_in_addr(&r->to->grant.dns[0], v);
}

static bool take_dns_2(struct reading *r, const struct radius_value *v)
{
	return take_in_addr(&r->to->grant.dns[1], v);
}

static bool take_mtu(struct reading *r, const struct radius_value *v)
{
	return radius_number(v, &r->to->grant.mtu);
}

static bool take_session(struct reading *r, const struct radius_value *v)
{
	return radius_number(v, &r->to->grant.session_s);
}

static bool take_idle(struct reading *r, const struct radius_value *v)
{
	return radius_number(v, &r->to->grant.idle_s);
}

static bool take_interim(struct reading *r, const struct radius_value *v)
{
	uint32_t n;

	if (!radius_number(v, &n) || n < INTERIM_MIN_S)
		return false;
	r->to->grant.interim_s = n;
	return true;
}

static bool take_route(struct reading *r, const struct radius_value *v)
{
	struct radius_grant *g = &r->to->grant;

	if (g->route_count == RADIUS_ROUTES_MAX ||
	    !radius_route_parse(v->at, v->len, &g->routes[g->route_count]))
		return false;
	g->route_count++;
	return true;
}

static bool take_pool(struct reading *r, const struct radius_value *v)
{
	struct str s = str_make(r->to->grant.pool, sizeof r->to->grant.pool);

	str_clean(&s, v->at, v->len, sizeof r->to->grant.pool - 1);
	return v->len < sizeof r->to->grant.pool;
}

static bool take_class(struct reading *r, const struct radius_value *v)
{
	struct radius_grant *g = &r->to->grant;
	struct radius_class *to = &g->classes[g->class_count];

	if (g->class_count == RADIUS_CLASSES_MAX || v->len > sizeof to->octets)
		return false;
	to->len = (uint8_t)v->len;
	memcpy(to->octets, v->at, v->len);
	g->class_count++;
	return true;
}

static bool take_reply(struct reading *r, const struct radius_value *v)
{
	char *said = r->to->judged.said;
	struct str s = str_make(said, sizeof r->to->judged.said);

	s.len = strlen(said);
	if (s.len)
		str_printf(&s, " ");
	str_clean(&s, v->at, v->len, sizeof r->to->judged.said - 1);
	return true;
}

static bool take_policy(struct reading *r, const struct radius_value *v)
{
	r->to->grant.mppe_said = 1;
	return radius_number(v, &r->to->grant.mppe_policy);
}

static bool take_types(struct reading *r, const struct radius_value *v)
{
	return radius_number(v, &r->to->grant.mppe_types);
}

static bool is_digit(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* Ident, then "S=" and forty digits (RFC 2548 section 2.3.3). */
static bool take_success(struct reading *r, const struct radius_value *v)
{
	struct auth_judged *j = &r->to->judged;

	if (v->len < 1 + PROOF_SUCCESS_LEN || memcmp(v->at + 1, "S=", 2) != 0)
		return false;
	for (size_t i = 2; i < PROOF_SUCCESS_LEN; i++)
		if (!is_digit(v->at[1 + i]))
			return false;
	memcpy(j->success, v->at + 1, PROOF_SUCCESS_LEN);
	j->has_success = 1;
	return true;
}

/* Ident, then "E=691 R=1 C=... V=3 M=..." (RFC 2548 section 2.1.2).  The number and the words are
 * taken; a new challenge is ours to give. */
static bool take_error(struct reading *r, const struct radius_value *v)
{
	struct auth_judged *j = &r->to->judged;
	char text[RADIUS_VALUE_MAX + 1];
	const char *number, *words;
	unsigned error = 0;

	if (v->len < 2)
		return false;
	memcpy(text, v->at + 1, v->len - 1);
	text[v->len - 1] = '\0';
	number = strstr(text, "E=");
	/* NOLINTNEXTLINE(cert-err34-c): four digits cannot overflow */
	if (!number || sscanf(number + 2, "%4u", &error) != 1)
		return false;
	j->error = error;
	words = strstr(text, "M=");
	if (words && !j->said[0]) {
		struct str s = str_make(j->said, sizeof j->said);

		str_clean(&s, words + 2, strlen(words + 2), sizeof j->said - 1);
	}
	return true;
}

static bool take_send_key(struct reading *r, const struct radius_value *v)
{
	r->send_key = radius_open_key(&r->server->secret, r->authenticator, v,
				      r->to->judged.send_key, 16);
	return r->send_key;
}

static bool take_receive_key(struct reading *r, const struct radius_value *v)
{
	r->receive_key = radius_open_key(&r->server->secret, r->authenticator, v,
					 r->to->judged.receive_key, 16);
	return r->receive_key;
}

static bool take_keys_v1(struct reading *r, const struct radius_value *v)
{
	struct auth_judged *j = &r->to->judged;
	uint8_t clear[32];

	if (v->len != sizeof clear)
		return false;
	memcpy(clear, v->at, sizeof clear);
	radius_unhide(&r->server->secret, r->authenticator, clear, sizeof clear);
	memcpy(j->lm_key, clear, sizeof j->lm_key);
	memcpy(j->nt_hash_hash, clear + 8, sizeof j->nt_hash_hash);
	j->has_keys_v1 = 1;
	wipe(clear, sizeof clear);
	return true;
}

static const struct attribute_rule rules[] = {
	{"Service-Type", 0, RADIUS_AT_SERVICE_TYPE, take_service},
	{"Framed-IP-Address", 0, RADIUS_AT_FRAMED_IP_ADDRESS, take_address},
	{"Framed-IP-Netmask", 0, RADIUS_AT_FRAMED_IP_NETMASK, take_netmask},
	{"Framed-MTU", 0, RADIUS_AT_FRAMED_MTU, take_mtu},
	{"Reply-Message", 0, RADIUS_AT_REPLY_MESSAGE, take_reply},
	{"Framed-Route", 0, RADIUS_AT_FRAMED_ROUTE, take_route},
	{"Class", 0, RADIUS_AT_CLASS, take_class},
	{"Session-Timeout", 0, RADIUS_AT_SESSION_TIMEOUT, take_session},
	{"Idle-Timeout", 0, RADIUS_AT_IDLE_TIMEOUT, take_idle},
	{"Acct-Interim-Interval", 0, RADIUS_AT_ACCT_INTERIM_INTERVAL, take_interim},
	{"Framed-Pool", 0, RADIUS_AT_FRAMED_POOL, take_pool},
	{"MS-CHAP-Error", RADIUS_MICROSOFT, RADIUS_MS_CHAP_ERROR, take_error},
	{"MS-MPPE-Encryption-Policy", RADIUS_MICROSOFT, RADIUS_MS_MPPE_POLICY, take_policy},
	{"MS-MPPE-Encryption-Types", RADIUS_MICROSOFT, RADIUS_MS_MPPE_TYPES, take_types},
	{"MS-CHAP-MPPE-Keys", RADIUS_MICROSOFT, RADIUS_MS_CHAP_MPPE_KEYS, take_keys_v1},
	{"MS-MPPE-Send-Key", RADIUS_MICROSOFT, RADIUS_MS_MPPE_SEND_KEY, take_send_key},
	{"MS-MPPE-Recv-Key", RADIUS_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY, take_receive_key},
	{"MS-CHAP2-Success", RADIUS_MICROSOFT, RADIUS_MS_CHAP2_SUCCESS, take_success},
	{"MS-Primary-DNS-Server", RADIUS_MICROSOFT, RADIUS_MS_PRIMARY_DNS, take_dns_1},
	{"MS-Secondary-DNS-Server", RADIUS_MICROSOFT, RADIUS_MS_SECONDARY_DNS, take_dns_2},
};

static void take(struct reading *r, const struct radius_value *v)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (rules[i].vendor != v->vendor || rules[i].type != v->type)
			continue;
		if (!rules[i].take(r, v))
			log_warn(r->log, "radius %s: its %s makes no sense and is left out",
				 r->server->name, rules[i].name);
		return;
	}
	log_debug(r->log, "radius %s: attribute %u of vendor %u is ignored", r->server->name,
		  v->type, v->vendor);
}

static void reject(struct radius_verdict *v)
{
	v->outcome = RADIUS_REJECTED;
	v->judged.verdict = VERDICT_BAD;
	v->judged.has_success = v->judged.has_keys = v->judged.has_keys_v1 = 0;
}

void radius_read(const struct radius_server *server, const struct radius_question *question,
		 const uint8_t authenticator[static 16], const struct radius_packet *answer,
		 struct radius_verdict *verdict, const struct log *log)
{
	struct reading r = {.server = server,
			    .question = question,
			    .authenticator = authenticator,
			    .to = verdict,
			    .log = log};
	struct radius_walk walk = radius_walk(answer);
	struct radius_value v;

	memset(verdict, 0, sizeof *verdict);
	verdict->serial = question->serial;
	while (radius_next(&walk, &v))
		take(&r, &v);
	verdict->judged.has_keys = r.send_key && r.receive_key;
	verdict->outcome = RADIUS_ACCEPTED;
	verdict->judged.verdict = VERDICT_GOOD;
	if (answer->code != RADIUS_ACCESS_ACCEPT) {
		reject(verdict);
	} else if (r.wrong_service) {
		log_warn(log,
			 "radius %s: accepts for another service than Framed, which is taken "
			 "as a reject",
			 server->name);
		reject(verdict);
	} else if (question->proof.method == METHOD_MSCHAP2 && !verdict->judged.has_success) {
		log_warn(log,
			 "radius %s: accepts MS-CHAPv2 without MS-CHAP2-Success, which no caller "
			 "takes: a reject",
			 server->name);
		reject(verdict);
	}
}
