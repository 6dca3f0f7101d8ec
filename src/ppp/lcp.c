/* SPDX-License-Identifier: MIT */
/* LCP (RFC 1661 section 6, RFC 1570): its options, echoes and the codes beside the automaton. */
#include "ppp/auth.h"
#include "ppp/link.h"

#include <string.h>

#define LOOPS_MAX      10 /* as pppd: so many own magic numbers mean a loop */
#define ECHO_LOOPS_MAX 3
#define ECHO_MAX       1400
#define RAS_MARK       0x003ccd74

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

	/* A smaller one is followed, asked for or not; for a larger one we ask nothing, which means
	 * 1500. */
	lcp->ask_mru = mru >= MRU_FLOOR && mru < lcp->mru;
	if (lcp->ask_mru)
		lcp->mru = mru;
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

/* ---- Multilink (RFC 1990 section 5.1): either direction may use it alone ---- */

static bool wants_multilink(const void *ctx)
{
	return ((const struct ppp_link *)ctx)->config.settings.mrru != 0;
}

static void mrru_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_mrru)
		option_write_u16(w, LCP_OPTION_MRRU, lcp_of(ctx)->mrru);
}

static enum option_verdict mrru_request(void *ctx, const struct option *o, struct writer *nak)
{
	uint16_t mrru = option_u16(o);

	if (mrru < MRU_FLOOR) {
		option_write_u16(nak, LCP_OPTION_MRRU, MRRU_MUST);
		return OPTION_NAK;
	}
	lcp_of(ctx)->staged.mrru = mrru;
	return OPTION_ACK;
}

static void mrru_nak(void *ctx, const struct option *o)
{
	const struct ppp_link *link = ctx;
	uint16_t mrru = option_u16(o);
	uint32_t most = link->config.settings.mrru;

	/* Larger than what is configured we take up to what anybody must. */
	if (most < MRRU_MUST)
		most = MRRU_MUST;
	lcp_of(ctx)->ask_mrru &= mrru >= MRU_FLOOR && mrru <= most;
	if (lcp_of(ctx)->ask_mrru)
		lcp_of(ctx)->mrru = mrru;
}

static void mrru_reject(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_mrru = false;
}

static void short_sequence_build(void *ctx, struct writer *w)
{
	if (lcp_of(ctx)->ask_mrru && lcp_of(ctx)->ask_short_sequence)
		option_write(w, LCP_OPTION_SHORT_SEQUENCE, NULL, 0);
}

static enum option_verdict short_sequence_request(void *ctx, const struct option *o,
						  struct writer *nak)
{
	(void)o, (void)nak;
	lcp_of(ctx)->staged.short_sequence = true;
	return OPTION_ACK;
}

static void short_sequence_drop(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_short_sequence = false;
}

/* It is another one for each call, so that no server makes one bundle of two calls. */
static void endpoint_build(void *ctx, struct writer *w)
{
	const struct lcp *lcp = lcp_of(ctx);
	uint8_t data[1 + ENDPOINT_LEN] = {ENDPOINT_LOCAL};

	if (!lcp->ask_mrru || !lcp->ask_endpoint)
		return;
	memcpy(data + 1, lcp->endpoint, ENDPOINT_LEN);
	option_write(w, LCP_OPTION_ENDPOINT, data, sizeof(data));
}

/* Whoever it is: a call has one link. */
static enum option_verdict endpoint_request(void *ctx, const struct option *o, struct writer *nak)
{
	(void)ctx, (void)o, (void)nak;
	return OPTION_ACK;
}

static void endpoint_drop(void *ctx, const struct option *o)
{
	(void)o;
	lcp_of(ctx)->ask_endpoint = false;
}

/* Every other option (quality, callback, ...) is rejected. */
static const struct option_rule rules[] = {
	{LCP_OPTION_MRU, mru_build, mru_request, mru_nak, mru_reject, NULL},
	{LCP_OPTION_ACCM, NULL, accm_request, NULL, NULL, NULL},
	{LCP_OPTION_AUTH, lcp_auth_build, lcp_auth_request, lcp_auth_nak, lcp_auth_reject, NULL},
	{LCP_OPTION_MAGIC, magic_build, magic_request, magic_nak, magic_reject, NULL},
	{LCP_OPTION_PFC, pfc_build, pfc_request, pfc_drop, pfc_drop, NULL},
	{LCP_OPTION_ACFC, acfc_build, acfc_request, acfc_drop, acfc_drop, NULL},
	{LCP_OPTION_MRRU, mrru_build, mrru_request, mrru_nak, mrru_reject, wants_multilink},
	{LCP_OPTION_SHORT_SEQUENCE, short_sequence_build, short_sequence_request,
	 short_sequence_drop, short_sequence_drop, wants_multilink},
	{LCP_OPTION_ENDPOINT, endpoint_build, endpoint_request, endpoint_drop, endpoint_drop,
	 wants_multilink},
};

/* ---- hooks of the automaton ---- */

static void judge(void *ctx)
{
	lcp_of(ctx)->staged = (struct lcp_side){.mru = MRU_DEFAULT};
}

static void accepted(void *ctx)
{
	lcp_of(ctx)->peer = lcp_of(ctx)->staged;
}

static void up(void *ctx)
{
	struct ppp_link *link = ctx;

	link->lcp.loops = 0;
	link->lcp.echo_loops = 0;
	link->lcp.opened++;
	link->up->lcp_up(link);
}

static void down(void *ctx)
{
	struct ppp_link *link = ctx;

	link->lcp.auth_naks = 0;
	link->lcp.offered[0] = '\0';
	link->lcp.echo_pending = false;
	link->up->lcp_down(link);
}

static void stuck(void *ctx)
{
	struct ppp_link *link = ctx;

	if (lcp_auth_is_refused(link))
		lcp_auth_fail(link);
	else
		link_stuck(link, &link->lcp.fsm);
}

static void finished(void *ctx, enum automaton_event why)
{
	struct ppp_link *link = ctx;
	char refusal[PPP_REFUSAL_MAX];

	if (why == AUTOMATON_EXHAUSTED && !link->ending)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED,
			   "no answer to %u LCP requests%s (%u frames received)",
			   link->lcp.fsm.requests_sent, ppp_refusal(link, refusal, sizeof(refusal)),
			   link->counters.rx_frames);
	else if (why == AUTOMATON_REJECT_FATAL)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED, "%s does not speak LCP",
			   link_peer(link));
	link->over = true;
}

/* Windows gives its reason as a magic number, this mark and an error number of its RAS. */
static bool ras_error(const struct control_packet *p, uint32_t *error)
{
	struct cursor c = cursor_make(p->data, p->len);
	uint32_t mark;

	cursor_skip(&c, 4);
	mark = cursor_u32(&c);
	*error = cursor_u32(&c);
	return !c.failed && cursor_left(&c) == 0 && mark == RAS_MARK;
}

static void append_ras_error(struct str *s, uint32_t error)
{
	static const struct {
		uint32_t error;
		const char *words;
	} texts[] = {
		{718, "it waited too long for an answer"},
		{741, "it wants another kind of encryption"},
		{742, "it wants another kind of encryption"},
		{812, "its policy does not permit this account or way of authentication"},
		{930, "its authentication server does not answer"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].error == error) {
			str_printf(s, ": %s (error %u)", texts[i].words, error);
			return;
		}
	if (error)
		str_printf(s, ": error %u", error);
}

static void terminated(void *ctx, const struct control_packet *p)
{
	struct ppp_link *link = ctx;
	char text[160], quoted[180 + PPP_REFUSAL_MAX], refusal[PPP_REFUSAL_MAX];
	struct str s = str_make(quoted, sizeof(quoted));
	uint32_t error;
	bool ras = ras_error(p, &error);

	str_printf(&s, "%s", ppp_refusal(link, refusal, sizeof(refusal)));
	if (ras)
		append_ras_error(&s, error);
	else if (p->len > 0)
		str_printf(&s, ": \"%s\"",
			   link_clean(text, sizeof(text), (struct octets){p->data, p->len}, 140));
	link->lcp.explained |= p->len > 0;
	if (ras && auth_refusal(error) && link->config.role == ROLE_CALLER && !link->network_up)
		reason_set(&link->reason, EXIT_AUTH_FAILED, "%s (error %u)", auth_refusal(error),
			   error);
	else if (link->network_up)
		reason_set(&link->reason, EXIT_HANGUP, "%s hung up%s", link_peer(link), quoted);
	else if (link->phase == PPP_PHASE_NETWORK)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED,
			   "%s hung up while the network was being set up%s", link_peer(link),
			   quoted);
	else if (link->phase == PPP_PHASE_AUTHENTICATE)
		reason_set(&link->reason, EXIT_NEGOTIATION_FAILED,
			   "%s hung up during authentication%s", link_peer(link), quoted);
	if (automaton_opened(&link->lcp.fsm))
		return;
	/* Many servers hang up on the first method that they do not take. */
	if (lcp_auth_is_refused(link))
		lcp_auth_fail(link);
	link_fail(link, EXIT_NEGOTIATION_FAILED, "%s hung up during LCP negotiation%s",
		  link_peer(link), quoted);
}

/* ---- the codes of LCP's own ---- */

/* An Echo-Request bears our magic number.  Where a password was proved there is no loop: that peer
 * copies the number, and is answered. */
static bool echo_is_ours(struct ppp_link *link)
{
	bool first = link->lcp.echo_loops++ == 0;

	if (link->phase == PPP_PHASE_NETWORK && link->auth.method) {
		if (first)
			log_warn(link->log, "%s sends LCP echoes with our own magic number",
				 link_peer(link));
		return false;
	}
	if (link->lcp.echo_loops >= ECHO_LOOPS_MAX)
		link_fail(link, EXIT_LOOPBACK,
			  "the line is looped back: our own LCP echoes return");
	return true;
}

static void echo_request(struct ppp_link *link, const struct control_packet *p)
{
	uint8_t reply[ECHO_MAX];
	struct cursor c = cursor_make(p->data, p->len);
	struct writer w = writer_make(reply, sizeof(reply));
	uint32_t magic = cursor_u32(&c);
	size_t rest = cursor_left(&c), room;

	if (magic != 0 && magic == link->lcp.magic && echo_is_ours(link))
		return;
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

	/* Nobody who tries ids and numbers knows it; the reply may be to an earlier request. */
	if (magic && magic == lcp->peer.magic)
		link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_PROOF});
	if (!lcp->echo_pending || p->id != lcp->echo_id || (magic && magic == lcp->magic)) {
		link->counters.unexpected++;
		return;
	}
	lcp->echo_pending = false;
	if (!lcp->peer.magic) /* it has none: the identifier must do */
		link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_PROOF});
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
		link->up->protocol_rejected(link, protocol);
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
	.missing = lcp_auth_missing,
	.accepted = accepted,
	.exchange = exchange,
	.terminated = terminated,
	.up = up,
	.down = down,
	.finished = finished,
	.stuck = stuck,
};

void lcp_init(struct ppp_link *link)
{
	struct lcp *lcp = &link->lcp;

	memset(lcp, 0, sizeof(*lcp));
	automaton_init(&lcp->fsm, &driver, link, &link->host);
	lcp->mru = link->config.settings.mru;
	lcp->ask_mru = link->config.settings.mru != 0 && link->config.settings.mru != MRU_DEFAULT;
	lcp->ask_magic = true;
	lcp->ask_pfc = link->config.settings.ask_pfc;
	lcp->ask_acfc = link->config.settings.ask_acfc;
	lcp->mrru = (uint16_t)link->config.settings.mrru;
	lcp->ask_mrru = lcp->ask_endpoint = lcp->mrru != 0;
	lcp->ask_short_sequence = link->config.settings.ask_short_sequence;
	if (lcp->ask_endpoint)
		random_fill(link->random, lcp->endpoint, ENDPOINT_LEN);
	lcp->peer.mru = MRU_DEFAULT;
	new_magic(link);
	if (link->config.role == ROLE_ANSWERER) {
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
