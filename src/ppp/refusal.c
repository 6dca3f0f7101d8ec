/* SPDX-License-Identifier: MIT */
/* What the peer asked for and we refused: the likely reason when it hangs up right after. */
#include "ppp/mppe_option.h"

#include <stdio.h>

#define RECENT_MS 30000 /* what was refused longer ago is not what it hangs up for */

static bool is_recent(const struct ppp_link *link, uint64_t ms)
{
	return ms != 0 && link_now(link) - ms <= RECENT_MS;
}

/* Whether a Configure-Request of CCP wants MPPE of any strength, among other things. */
static bool wants_mppe(const struct control_packet *p)
{
	struct cursor c = cursor_make(p->data, p->len);
	struct option o;

	while (option_next(&c, &o))
		if (o.type == CCP_OPTION_MPPE && (option_u32(&o) & MPPE_OPTION_STRENGTHS))
			return true;
	return false;
}

void link_note_rejected(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len)
{
	bool covered = link->rejected.mppe && is_recent(link, link->rejected.at_ms);
	struct control_packet p;

	/* Encryption is what servers insist on: other protocols do not cover it. */
	if (!control_packet_decode(info, len, &p) || p.code != CONTROL_CONFIGURE_REQUEST ||
	    (covered && protocol != FRAME_CCP))
		return;
	link->rejected.protocol = protocol;
	link->rejected.at_ms = link_now(link);
	link->rejected.mppe = protocol == FRAME_CCP && wants_mppe(&p);
}

static void append_no_encryption(const struct ppp_link *link, struct str *s)
{
	enum auth_method method = link->auth.method;

	if (link->config.settings.mppe.policy == MPPE_NO)
		str_printf(s, "encryption (use-encryption = no)");
	else if (method)
		str_printf(
			s,
			"encryption: authentication with %s gives no keys for it (allow = mschap2 "
			"does)",
			word_of(auth_words, method));
	else
		str_printf(s, "encryption: without authentication there are no keys for it");
}

static void append_rejected(const struct ppp_link *link, struct str *s)
{
	const char *name = frame_protocol_name(link->rejected.protocol);

	if (link->rejected.mppe)
		append_no_encryption(link, s);
	else if (link->rejected.protocol == FRAME_CCP)
		str_printf(s, "compression");
	else if (link->rejected.protocol == FRAME_IPV6CP)
		str_printf(s, "IPv6 (ipv6 = no)");
	else if (name)
		str_printf(s, "%s", name);
	else
		str_printf(s, "protocol 0x%04x", link->rejected.protocol);
}

static const char *words_of(uint16_t protocol, uint8_t type)
{
	static const struct {
		uint16_t protocol;
		uint8_t type;
		const char *words;
	} options[] = {
		{FRAME_LCP, LCP_OPTION_MRU, "packets of less than 128 bytes (mru)"},
		{FRAME_LCP, LCP_OPTION_AUTH, "to log on by its method (allow)"},
		{FRAME_LCP, LCP_OPTION_QUALITY, "reports of line quality"},
		{FRAME_LCP, LCP_OPTION_CALLBACK, "to be called back"},
		{FRAME_LCP, LCP_OPTION_MRRU, "Multilink (mrru)"},
		{FRAME_IPCP, IPCP_OPTION_ADDRESS, "the address that it wants (remote-address)"},
		{FRAME_IPCP, IPCP_OPTION_COMPRESSION, "compression of headers"},
		{FRAME_IPCP, IPCP_OPTION_DNS1, "name servers"},
		{FRAME_IPCP, IPCP_OPTION_DNS2, "name servers"},
	};
	const struct option_info *info = option_info(protocol, type);

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].protocol == protocol && options[i].type == type)
			return options[i].words;
	return info ? info->name : "an option unknown here";
}

/* The first option stands for all. */
static void append_option(const struct automaton *fsm, struct str *s)
{
	struct cursor c = cursor_make(fsm->reply, fsm->reply_len);
	uint16_t protocol = fsm->driver->protocol;
	struct option o;

	if (option_next(&c, &o))
		str_printf(s, "%s%s", protocol == FRAME_CCP ? "compression by " : "",
			   words_of(protocol, o.type));
}

/* Its last request was refused, and it has not come round since. */
static bool is_refused(const struct ppp_link *link, const struct automaton *fsm)
{
	return fsm->seen && !fsm->seen_good && fsm->reply_len > 0 &&
	       is_recent(link, fsm->refused_ms);
}

static const struct automaton *refused_layer(const struct ppp_link *link)
{
	const struct automaton *order[] = {&link->ccp.fsm, &link->ipcp.fsm, &link->lcp.fsm,
					   &link->ipv6cp.fsm};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (is_refused(link, order[i]))
			return order[i];
	return NULL;
}

void link_stuck(struct ppp_link *link, const struct automaton *fsm)
{
	char words[PPP_REFUSAL_MAX];
	struct str s = str_make(words, sizeof(words));

	append_option(fsm, &s);
	link_fail(link, EXIT_NEGOTIATION_FAILED, "%s insists in %s after we refused %s",
		  link_peer(link), fsm->driver->name, words);
}

const char *ppp_refusal(const struct ppp_link *link, char *buf, size_t cap)
{
	const struct automaton *layer = refused_layer(link);
	bool rejected = is_recent(link, link->rejected.at_ms);
	bool mppe = is_recent(link, link->ccp.refused_ms);
	struct str s = str_make(buf, cap);

	if (layer || rejected || mppe)
		str_printf(&s, " after we refused ");
	if (mppe)
		mppe_append_refused(link, &s);
	else if (rejected && (!layer || link->rejected.mppe))
		append_rejected(link, &s);
	else if (layer)
		append_option(layer, &s);
	return buf;
}
