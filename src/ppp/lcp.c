/* SPDX-License-Identifier: MIT */
/* LCP (RFC 1661 section 6, RFC 1570): its options, echoes and the codes beside the automaton. */
#include "ppp/link.h"
#include "wire/print.h"

#include <string.h>

#define AUTH_ROUNDS_MAX 6
#define LOOPS_MAX	10 /* as pppd: so many own magic numbers mean a loop */
#define ECHO_LOOPS_MAX	3
#define ECHO_MAX	1400

static struct lcp *lcp_of(void *ctx)
{
	return &((struct ppp_link *)ctx)->lcp;
}

/* ---- MRU ---- */

static void mru_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_mru)
		option_write_u16(w, LCP_OPTION_MRU, lcp_of(ctx)->mru);
}

static enum option_verdict mru_request(void *ctx, const struct option *o, struct writer *nak)
{
	uint16_t mru = option_u16(o);

	if (mru < MRU_FLOOR) {
		option_write_u16(nak, LCP_OPTION_MRU, MRU_FLOOR);
		return OPTION_NAK;
	}
	lcp_of(ctx)->staged.mru = mru;
	return OPTION_ACK;
}

static void mru_nak(void *ctx, const struct option *o)
{
	struct lcp *lcp = lcp_of(ctx);
	uint16_t mru = option_u16(o);

	/* A smaller one is followed; for a larger one we ask nothing, which means 1500. */
	if (mru >= MRU_FLOOR && mru < lcp->mru)
		lcp->mru = mru;
	else
		lcp->ask_mru = false;
}

static void mru_reject(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_mru = false;
}

/* ---- ACCM: without meaning on a tunnel, any value is fine ---- */

static enum option_verdict accm_request(void *ctx, const struct option *o, struct writer *nak)
{
	(void)ctx, (void)o, (void)nak;
	return OPTION_ACK;
}

/* ---- authentication ---- */

static const struct auth_option {
	enum ppp_auth method;
	uint16_t protocol;
	uint8_t len; /* of the option's data */
	uint8_t algorithm;
} auth_options[] = {
	/* strongest first */
	{PPP_AUTH_MSCHAP2, FRAME_CHAP, 3, CHAP_ALGORITHM_MSCHAP2},
	{PPP_AUTH_EAP, FRAME_EAP, 2, 0},
	{PPP_AUTH_MSCHAP1, FRAME_CHAP, 3, CHAP_ALGORITHM_MSCHAP1},
	{PPP_AUTH_CHAP, FRAME_CHAP, 3, CHAP_ALGORITHM_MD5},
	{PPP_AUTH_PAP, FRAME_PAP, 2, 0},
};
#define AUTH_OPTIONS (sizeof(auth_options) / sizeof(auth_options[0]))

enum ppp_auth lcp_auth_strongest(unsigned set)
{
	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (set & auth_options[i].method)
			return auth_options[i].method;
	return 0;
}

unsigned lcp_auth_allowed(const struct ppp_link *link)
{
	/* Only these give keys (RFC 3079). */
	if (link_encrypts(link))
		return link->config.allow & (PPP_AUTH_MSCHAP1 | PPP_AUTH_MSCHAP2 | PPP_AUTH_EAP);
	return link->config.allow;
}

uint16_t auth_protocol(enum ppp_auth method)
{
	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (auth_options[i].method == method)
			return auth_options[i].protocol;
	return 0;
}

static enum ppp_auth auth_of_option(const struct option *o)
{
	struct cursor c = cursor_make(o->data, o->len);
	uint16_t protocol = cursor_u16(&c);
	uint8_t algorithm = o->len >= 3 ? cursor_u8(&c) : 0;

	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (auth_options[i].protocol == protocol && auth_options[i].len == o->len &&
		    auth_options[i].algorithm == algorithm)
			return auth_options[i].method;
	return 0;
}

static void auth_write(struct writer *w, enum ppp_auth method)
{
	for (size_t i = 0; i < AUTH_OPTIONS; i++) {
		uint8_t data[3] = {(uint8_t)(auth_options[i].protocol >> 8),
				   (uint8_t)auth_options[i].protocol, auth_options[i].algorithm};

		if (auth_options[i].method == method)
			option_write(w, LCP_OPTION_AUTH, data, auth_options[i].len);
	}
}

static void note_offer(struct lcp *lcp, const struct option *o)
{
	char name[32];
	struct str s = str_make(name, sizeof(name));
	size_t used = strlen(lcp->offered);
	enum ppp_auth method = auth_of_option(o);

	if (method)
		str_printf(&s, "%s", ppp_auth_name(method));
	else
		print_auth_option(&s, o->data, o->len);
	if (strstr(lcp->offered, name) || used + strlen(name) + 3 > sizeof(lcp->offered))
		return;
	s = str_make(lcp->offered + used, sizeof(lcp->offered) - used);
	str_printf(&s, "%s%s", used ? ", " : "", name);
}

static const char *list_methods(char *buf, size_t cap, unsigned set)
{
	struct str s = str_make(buf, cap);

	for (size_t i = 0; i < AUTH_OPTIONS; i++)
		if (set & auth_options[i].method)
			str_printf(&s, "%s%s", s.len ? ", " : "",
				   ppp_auth_name(auth_options[i].method));
	if (s.len == 0)
		str_printf(&s, "empty");
	return buf;
}

static void fail_no_method(struct ppp_link *link)
{
	char allowed[64];

	if (link_encrypts(link) && lcp_auth_allowed(link) != link->config.allow)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s only offers %s, but the encryption that the profile requires needs "
			  "MS-CHAP or EAP, and its allow list is %s",
			  link_peer(link), link->lcp.offered,
			  list_methods(allowed, sizeof(allowed), link->config.allow));
	else
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s only offers %s, which the profile's allow list (%s) does not permit",
			  link_peer(link), link->lcp.offered,
			  list_methods(allowed, sizeof(allowed), link->config.allow));
}

/* The method to name in the Nth Nak: each of the allowed ones in turn, the strongest first. */
static enum ppp_auth method_of_round(unsigned allowed, unsigned n)
{
	unsigned left = allowed;

	for (;; n--) {
		enum ppp_auth method;

		if (left == 0)
			left = allowed;
		method = lcp_auth_strongest(left);
		if (n == 0)
			return method;
		left &= ~(unsigned)method;
	}
}

static void auth_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_auth)
		auth_write(w, lcp_of(ctx)->ask_auth);
}

static enum option_verdict auth_request(void *ctx, const struct option *o, struct writer *nak)
{
	struct ppp_link *link = ctx;
	enum ppp_auth method = auth_of_option(o);
	unsigned allowed = lcp_auth_allowed(link);

	if (link->config.role == PPP_ANSWERER)
		return OPTION_REJECT; /* we have no name and password to prove */
	if (method && (allowed & method)) {
		link->lcp.staged.auth = method;
		return OPTION_ACK;
	}
	note_offer(&link->lcp, o);
	if (!allowed || link->lcp.auth_naks >= AUTH_ROUNDS_MAX) {
		fail_no_method(link);
		return OPTION_REJECT;
	}
	auth_write(nak, method_of_round(allowed, link->lcp.auth_naks++));
	return OPTION_NAK_FIRM;
}

/* Answerer: takes the method that the caller names, if it may, else the next weaker one. */
static void auth_nak(void *ctx, const struct option *o)
{
	struct ppp_link *link = ctx;
	struct lcp *lcp = &link->lcp;
	enum ppp_auth method = auth_of_option(o);

	if (!lcp->ask_auth)
		return; /* a caller does not ask the server to log on */
	lcp->auth_left &= ~(unsigned)lcp->ask_auth;
	if (!method || !(lcp->auth_left & method)) {
		note_offer(lcp, o);
		method = lcp_auth_strongest(lcp->auth_left);
	}
	if (!method || ++lcp->auth_naks > AUTH_ROUNDS_MAX) {
		fail_no_method(link);
		return;
	}
	lcp->ask_auth = method;
}

static void auth_reject(void *ctx, const struct option *o)
{
	(void)o;
	link_fail(ctx, EXIT_PEER_AUTH_FAILED, "%s refuses to authenticate itself", link_peer(ctx));
}

/* ---- magic number ---- */

static void new_magic(struct ppp_link *link)
{
	do
		link->lcp.magic = random_u32(link->random);
	while (link->lcp.magic == 0);
}

static bool count_loop(struct ppp_link *link)
{
	if (++link->lcp.loops < LOOPS_MAX)
		return false;
	link_fail(link, EXIT_LOOPBACK, "the line is looped back: our own LCP requests return");
	return true;
}

static void magic_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_magic)
		option_write_u32(w, LCP_OPTION_MAGIC, lcp_of(ctx)->magic);
}

static enum option_verdict magic_request(void *ctx, const struct option *o, struct writer *nak)
{
	struct ppp_link *link = ctx;
	uint32_t magic = option_u32(o), other;

	if (magic != 0 && !(link->lcp.ask_magic && magic == link->lcp.magic)) {
		link->lcp.staged.magic = magic;
		return OPTION_ACK;
	}
	if (magic != 0)
		(void)count_loop(link);
	do
		other = random_u32(link->random);
	while (other == 0 || other == link->lcp.magic);
	option_write_u32(nak, LCP_OPTION_MAGIC, other);
	/* Firm against a loop, which must not end as a Reject of our own option. */
	return magic != 0 ? OPTION_NAK_FIRM : OPTION_NAK;
}

static void magic_nak(void *ctx, const struct option *o)
{
	(void)o; /* the suggestion is not needed: any other number will do */
	new_magic(ctx);
}

static void magic_reject(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_magic = false;
	lcp_of(ctx)->magic = 0;
}

/* ---- field compression ---- */

static void pfc_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_pfc)
		option_write(w, LCP_OPTION_PFC, NULL, 0);
}

static enum option_verdict pfc_request(void *ctx, const struct option *o, struct writer *nak)
{
	(void)o, (void)nak;
	lcp_of(ctx)->staged.pfc = true;
	return OPTION_ACK;
}

static void pfc_drop(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_pfc = false;
}

static void acfc_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_acfc)
		option_write(w, LCP_OPTION_ACFC, NULL, 0);
}

static enum option_verdict acfc_request(void *ctx, const struct option *o, struct writer *nak)
{
	(void)o, (void)nak;
	lcp_of(ctx)->staged.acfc = true;
	return OPTION_ACK;
}

static void acfc_drop(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_acfc = false;
}

/* Every other option (quality, callback, MRRU, endpoint discriminator, ...) is rejected. */
static const struct option_rule rules[] = {
	{LCP_OPTION_MRU, mru_build, mru_request, mru_nak, mru_reject},
	{LCP_OPTION_ACCM, NULL, accm_request, NULL, NULL},
	{LCP_OPTION_AUTH, auth_build, auth_request, auth_nak, auth_reject},
	{LCP_OPTION_MAGIC, magic_build, magic_request, magic_nak, magic_reject},
	{LCP_OPTION_PFC, pfc_build, pfc_request, pfc_drop, pfc_drop},
	{LCP_OPTION_ACFC, acfc_build, acfc_request, acfc_drop, acfc_drop},
};

/* ---- hooks of the automaton ---- */

static void judge(void *ctx)
{
	lcp_of(ctx)->staged = (struct lcp_side){.mru = MRU_DEFAULT};
}

/* Encryption takes its keys from authentication, so ask to be asked for it. */
static bool missing(void *ctx, struct writer *nak)
{
	struct ppp_link *link = ctx;

	if (link->config.role == PPP_ANSWERER || link->lcp.staged.auth || !link_encrypts(link) ||
	    writer_len(nak) > 0)
		return false;
	if (!lcp_auth_allowed(link)) {
		(void)str_copy(link->lcp.offered, sizeof(link->lcp.offered), "no authentication");
		fail_no_method(link);
		return false;
	}
	if (link->lcp.auth_naks >= AUTH_ROUNDS_MAX) {
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "encryption is required, but %s asks for no authentication, without "
			  "which there are no keys",
			  link_peer(link));
		return false;
	}
	auth_write(nak, method_of_round(lcp_auth_allowed(link), link->lcp.auth_naks++));
	return true;
}

static void accepted(void *ctx)
{
	lcp_of(ctx)->peer = lcp_of(ctx)->staged;
}

static void up(void *ctx)
{
	lcp_of(ctx)->loops = 0;
	lcp_of(ctx)->echo_loops = 0;
	link_lcp_up(ctx);
}

static void down(void *ctx)
{
	lcp_of(ctx)->auth_naks = 0;
	lcp_of(ctx)->offered[0] = '\0';
	lcp_of(ctx)->echo_pending = false;
	link_lcp_down(ctx);
}

static void finished(void *ctx, enum automaton_event why)
{
	struct ppp_link *link = ctx;

	if (why == AUTOMATON_EXHAUSTED && !link->ending)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED,
			   "no answer to %u LCP requests (%u frames received)",
			   link->lcp.fsm.requests_sent, link->counters.rx_frames);
	else if (why == AUTOMATON_REJECT_FATAL)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED, "%s does not speak LCP",
			   link_peer(link));
	link->over = true;
}

static void terminated(void *ctx, const struct control_packet *p)
{
	struct ppp_link *link = ctx;
	char text[160], quoted[180];
	struct str s = str_make(quoted, sizeof(quoted));

	if (p->len > 0)
		str_printf(&s, ": \"%s\"",
			   link_clean(text, sizeof(text), (struct octets){p->data, p->len}, 100));
	if (link->network_up)
		reason_set(&link->reason, EXIT_HANGUP, "%s hung up%s", link_peer(link), quoted);
	else if (link->phase == PPP_PHASE_NETWORK)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED,
			   "%s hung up while the network was being set up%s", link_peer(link),
			   quoted);
	else if (link->phase == PPP_PHASE_AUTHENTICATE)
		reason_set(&link->reason, EXIT_HANGUP, "%s hung up during authentication%s",
			   link_peer(link), quoted);
	if (!automaton_opened(&link->lcp.fsm))
		link_fail(link, EXIT_NEGOTIATION_FAILED, "%s hung up during LCP negotiation%s",
			  link_peer(link), quoted);
}

/* ---- the codes of LCP's own ---- */

static void echo_request(struct ppp_link *link, const struct control_packet *p)
{
	uint8_t reply[ECHO_MAX];
	struct cursor c = cursor_make(p->data, p->len);
	struct writer w = writer_make(reply, sizeof(reply));
	uint32_t magic = cursor_u32(&c);
	size_t rest = cursor_left(&c), room;

	if (magic != 0 && magic == link->lcp.magic) {
		if (++link->lcp.echo_loops >= ECHO_LOOPS_MAX)
			link_fail(link, EXIT_LOOPBACK,
				  "the line is looped back: our own LCP echoes return");
		return;
	}
	room = sizeof(reply) < link->lcp.peer.mru ? sizeof(reply) : link->lcp.peer.mru;
	room -= 2 * CONTROL_HEADER; /* MRU_FLOOR leaves room for them */
	writer_u32(&w, link->lcp.magic);
	writer_bytes(&w, c.at, rest < room ? rest : room);
	automaton_send(&link->lcp.fsm, CONTROL_ECHO_REPLY, p->id, reply, writer_len(&w));
}

static void echo_reply(struct ppp_link *link, const struct control_packet *p)
{
	struct lcp *lcp = &link->lcp;
	struct cursor c = cursor_make(p->data, p->len);
	uint32_t magic = cursor_u32(&c);

	if (!lcp->echo_pending || p->id != lcp->echo_id || (magic && magic == lcp->magic)) {
		link->counters.unexpected++;
		return;
	}
	lcp->echo_pending = false;
	link_emit(link, &(struct ppp_event){
				.kind = PPP_EVENT_ECHO,
				.echo_rtt_ms = (uint32_t)(link_now(link) - lcp->echo_sent_ms),
			});
}

static void identification(struct ppp_link *link, const struct control_packet *p)
{
	char text[200];

	log_info(link->log, "%s identifies itself as \"%s\"", link_peer(link),
		 link_clean(text, sizeof(text), (struct octets){p->data + 4, p->len - 4}, 120));
}

static void time_remaining(struct ppp_link *link, const struct control_packet *p)
{
	struct cursor c = cursor_make(p->data, p->len);
	char duration[32];
	uint32_t seconds;

	cursor_skip(&c, 4);
	seconds = cursor_u32(&c);
	if (!c.failed && seconds != UINT32_MAX) /* which means: for ever */
		log_notice(link->log, "%s will end the call in %s", link_peer(link),
			   duration_format(duration, sizeof(duration), seconds));
}

static void protocol_reject(struct ppp_link *link, const struct control_packet *p)
{
	struct cursor c = cursor_make(p->data, p->len);
	uint16_t protocol = cursor_u16(&c);

	if (c.failed)
		link->counters.malformed++;
	else
		link_protocol_rejected(link, protocol);
}

static void discard(struct ppp_link *link, const struct control_packet *p)
{
	(void)link, (void)p;
}

static void exchange(void *ctx, const struct control_packet *p)
{
	static const struct {
		size_t min;
		void (*handle)(struct ppp_link *link, const struct control_packet *p);
	} codes[] = {
		[CONTROL_PROTOCOL_REJECT] = {2, protocol_reject},
		[CONTROL_ECHO_REQUEST] = {4, echo_request},
		[CONTROL_ECHO_REPLY] = {4, echo_reply},
		[CONTROL_DISCARD_REQUEST] = {4, discard},
		[CONTROL_IDENTIFICATION] = {4, identification},
		[CONTROL_TIME_REMAINING] = {8, time_remaining},
	};
	struct ppp_link *link = ctx;

	if (p->code >= sizeof(codes) / sizeof(codes[0]) || !codes[p->code].handle ||
	    p->len < codes[p->code].min)
		link->counters.malformed++;
	else
		codes[p->code].handle(link, p);
}

static const struct automaton_driver driver = {
	.protocol = FRAME_LCP,
	.name = "LCP",
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.own_codes = 1u << CONTROL_PROTOCOL_REJECT | 1u << CONTROL_ECHO_REQUEST |
		     1u << CONTROL_ECHO_REPLY | 1u << CONTROL_DISCARD_REQUEST |
		     1u << CONTROL_IDENTIFICATION | 1u << CONTROL_TIME_REMAINING,
	.judge = judge,
	.missing = missing,
	.accepted = accepted,
	.exchange = exchange,
	.terminated = terminated,
	.up = up,
	.down = down,
	.finished = finished,
};

void lcp_init(struct ppp_link *link)
{
	struct lcp *lcp = &link->lcp;

	memset(lcp, 0, sizeof(*lcp));
	automaton_init(&lcp->fsm, &driver, link, &link->host);
	lcp->mru = link->config.mru;
	lcp->ask_mru = link->config.mru != 0 && link->config.mru != MRU_DEFAULT;
	lcp->ask_magic = true;
	lcp->ask_pfc = link->config.ask_pfc;
	lcp->ask_acfc = link->config.ask_acfc;
	lcp->peer.mru = MRU_DEFAULT;
	new_magic(link);
	if (link->config.role == PPP_ANSWERER) {
		lcp->auth_left = lcp_auth_allowed(link);
		lcp->ask_auth = lcp_auth_strongest(lcp->auth_left);
	}
}

void lcp_send_echo(struct ppp_link *link)
{
	struct lcp *lcp = &link->lcp;
	uint8_t data[4];
	struct writer w = writer_make(data, sizeof(data));

	writer_u32(&w, lcp->magic);
	automaton_send(&lcp->fsm, CONTROL_ECHO_REQUEST, -1, data, sizeof(data));
	lcp->echo_id = lcp->fsm.id;
	lcp->echo_sent_ms = link_now(link);
	lcp->echo_pending = true;
}
