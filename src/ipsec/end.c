/* SPDX-License-Identifier: MIT */
/* The end and its one sentence: what was seen, and what it means. */
#include "ipsec/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const struct {
	uint16_t type;
	const char *text;
} notifies[] = {
	{1, "invalid payload type"},
	{ISAKMP_INVALID_COOKIE, "invalid cookie"},
	{ISAKMP_INVALID_SPI, "invalid SPI"},
	{ISAKMP_NO_PROPOSAL, "no proposal chosen"},
	{ISAKMP_BAD_PROPOSAL, "bad proposal syntax"},
	{16, "payload malformed"},
	{ISAKMP_INVALID_KEY, "invalid key information"},
	{ISAKMP_INVALID_ID, "invalid id information"},
	{ISAKMP_INVALID_HASH, "invalid hash information"},
	{ISAKMP_AUTHENTICATION_FAILED, "authentication failed"},
};

const char *notify_text(uint16_t type)
{
	for (unsigned i = 0; i < sizeof notifies / sizeof notifies[0]; i++)
		if (notifies[i].type == type)
			return notifies[i].text;
	return "an error without a name";
}

/* What IKE ends with, if the keys are there to say it. */
static void say_farewell(struct ipsec *s)
{
	for (unsigned i = 0; i < PAIRS; i++)
		if (s->pairs[i].used && s->pairs[i].out)
			inform_delete_pair(s, &s->pairs[i]);
	for (unsigned i = 0; i < PHASES; i++)
		if (s->phases[i].state == PHASE_UP)
			inform_delete_phase(s, &s->phases[i]);
}

void end_with(struct ipsec *s, enum exit_status code, enum reason_weight weight, const char *fmt,
	      ...)
{
	va_list ap;

	if (s->closed)
		return;
	if (!reason_is_set(&s->reason)) {
		va_start(ap, fmt);
		s->reason.code = code;
		vsnprintf(s->reason.text, sizeof s->reason.text, fmt, ap);
		va_end(ap);
		s->weight = weight;
	}
	s->closed = true;
	say_farewell(s);
	for (unsigned i = 0; i < PHASES; i++)
		phase_clear(&s->phases[i]);
	for (unsigned i = 0; i < QUICKS; i++)
		quick_clear(&s->quicks[i]);
	wipe(s->pairs, sizeof s->pairs);
	wipe(s->clear, sizeof s->clear);
	emit_closed(s);
}

/* Of two hints the one that tells more stays; the words are ordered by that. */
void hint_take(struct ipsec *s, enum hint hint)
{
	if (hint >= s->hint)
		s->hint = hint;
}

static void end_notified(struct ipsec *s)
{
	const char *who = s->config.server;

	if (s->last_notify == ISAKMP_NO_PROPOSAL)
		end_with(s, EXIT_NEGOTIATION_FAILED, REASON_REFUSAL,
			 "%.60s takes none of our IKE proposals: name in ipsec-ike what it knows "
			 "(ipsec-ike = old offers old algorithms, too)",
			 who);
	else if (s->last_notify == ISAKMP_AUTHENTICATION_FAILED ||
		 s->last_notify == ISAKMP_INVALID_ID || s->last_notify == ISAKMP_INVALID_HASH)
		end_with(s, EXIT_AUTH_FAILED, REASON_REFUSAL,
			 "%.60s refuses our identity or pre-shared key (%s): see ipsec-id and "
			 "ipsec-secret",
			 who, notify_text(s->last_notify));
	else
		end_with(s, EXIT_NEGOTIATION_FAILED, REASON_REFUSAL,
			 "%.60s ends IKE with notification %u, %s", who, s->last_notify,
			 notify_text(s->last_notify));
}

/* Nothing that would explain it was heard. */
static void end_silent(struct ipsec *s, const struct phase *p)
{
	const char *who = s->config.server;

	if (p && p->state == PHASE_ID_SENT && s->nat_open)
		end_with(s, EXIT_AUTH_FAILED, REASON_PEER,
			 "%.60s answers on UDP port 4500, and not our proof: the pre-shared key "
			 "(ipsec-secret) is wrong there, or it wants another identity (ipsec-id)",
			 who);
	else if (p && p->state == PHASE_ID_SENT)
		end_with(s, EXIT_CONNECT_FAILED, REASON_PEER,
			 "%.60s answers on UDP port 500 and not on 4500: something on the way "
			 "blocks UDP port 4500, or the pre-shared key is wrong and the %s says "
			 "nothing",
			 who, peer_word(s));
	else if (s->config.role == ROLE_ANSWERER)
		end_with(s, EXIT_CONNECT_FAILED, s->heard ? REASON_PEER : REASON_SILENCE,
			 "the client did not bring IPsec up in time");
	else if (s->heard)
		end_with(s, EXIT_CONNECT_FAILED, REASON_PEER,
			 "%.60s began IKE and then fell silent", who);
	else
		end_with(s, EXIT_CONNECT_FAILED, REASON_SILENCE,
			 "no answer to IKE from %.60s, UDP port 500: a firewall, a wrong address, "
			 "or no IPsec there (then use-ipsec = no)",
			 who);
}

static void end_icmp(struct ipsec *s, const struct phase *p)
{
	const char *port = p && p->port == IPSEC_PORT_NAT ? "4500" : "500";

	if (s->last_error == ECONNREFUSED)
		end_with(s, EXIT_CONNECT_FAILED, REASON_NETWORK,
			 "nothing listens on UDP port %s of %.60s (ICMP): IPsec does not run there",
			 port, s->config.server);
	else
		end_with(s, EXIT_CONNECT_FAILED, REASON_NETWORK,
			 "%.60s cannot be reached by IKE, UDP port %s: %s", s->config.server, port,
			 strerror(s->last_error));
}

void end_phase_failed(struct ipsec *s, const struct phase *p)
{
	const char *who = s->config.server;

	switch (s->hint) {
	case HINT_ICMP:
		end_icmp(s, p);
		break;
	case HINT_REPEATED:
		end_silent(s, p);
		break;
	case HINT_REPEATED_NAT:
	case HINT_GARBAGE:
		end_with(s,
			 s->config.role == ROLE_CALLER ? EXIT_AUTH_FAILED : EXIT_PEER_AUTH_FAILED,
			 REASON_REFUSAL,
			 "the pre-shared key (ipsec-secret) is not that of %.60s: what it sends "
			 "does not decrypt, or it cannot read us",
			 who);
		break;
	case HINT_NOTIFY:
		end_notified(s);
		break;
	case HINT_NO_NATT:
		end_with(
			s, EXIT_NEGOTIATION_FAILED, REASON_REFUSAL,
			"%.60s does not know NAT traversal, which vpdial needs: ESP travels in UDP",
			who);
		break;
	default:
		end_silent(s, p);
	}
}

void end_quick_failed(struct ipsec *s, uint16_t notify)
{
	const char *who = s->config.server;

	if (notify == ISAKMP_NO_PROPOSAL)
		end_with(s, EXIT_NEGOTIATION_FAILED, REASON_REFUSAL,
			 "%.60s takes none of our ESP proposals: name in ipsec-esp what it knows; "
			 "a %s that wants PFS needs a group there (aes256-sha1-modp2048)",
			 who, peer_word(s));
	else if (notify == ISAKMP_INVALID_ID)
		end_with(
			s, EXIT_NEGOTIATION_FAILED, REASON_REFUSAL,
			"%.60s does not want L2TP in IPsec with us (invalid id information): is it "
			"an L2TP server?",
			who);
	else if (notify)
		end_with(s, EXIT_NEGOTIATION_FAILED, REASON_REFUSAL,
			 "%.60s refuses keys for ESP: notification %u, %s", who, notify,
			 notify_text(notify));
	else
		end_with(s, EXIT_CONNECT_FAILED, REASON_PEER,
			 "%.60s accepted the pre-shared key and then did not answer Quick Mode",
			 who);
}
