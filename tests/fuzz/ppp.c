/* SPDX-License-Identifier: MIT */
/* A PPP link of either role in any state: an honest peer takes it there, the script decides what
 * arrives, what is lost, changed or forged, and when. */
#include "fuzz.h"

#include "base/clock.h"
#include "ppp/ppp.h"
#include "wire/control_packet.h"
#include "wire/frame.h"
#include "wire/print.h"

#include <arpa/inet.h>

#define QUEUE	  16
#define FRAME_MAX 2048
#define STEPS	  200

struct frame {
	uint16_t protocol;
	size_t len;
	uint8_t info[FRAME_MAX];
};

struct end {
	struct end *other;
	struct ppp_link *link;
	const struct ppp_config *config;
	struct frame queue[QUEUE]; /* on their way to this end */
	unsigned count, sent;
	bool closed;
	uint8_t last_id[256]; /* of our requests, by low octet of the protocol */
};

static const uint16_t protocols[] = {FRAME_LCP,	 FRAME_PAP,	 FRAME_CHAP,   FRAME_EAP,
				     FRAME_CCP,	 FRAME_IPCP,	 FRAME_IPV6CP, FRAME_IPV4,
				     FRAME_CBCP, FRAME_LINK_CCP, FRAME_ECP,    FRAME_MP};

static uint64_t now;
static uint8_t wishes; /* the last octet of the script */
static uint8_t oddity; /* the one before: configurations and callers out of the ordinary */

static void on_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct end *e = ctx;
	struct frame *f = &e->other->queue[e->other->count];

	FUZZ_CHECK(!e->closed);
	FUZZ_CHECK(len >= CONTROL_HEADER && len <= FRAME_MAX);
	e->sent++;
	if (info[0] == CONTROL_CONFIGURE_REQUEST)
		e->last_id[protocol & 0xff] = info[1];
	if (e->other->count == QUEUE)
		return;
	f->protocol = protocol;
	f->len = len;
	memcpy(f->info, info, len);
	e->other->count++;
}

static void on_event(void *ctx, const struct ppp_event *event)
{
	struct end *e = ctx;
	/* An account may have a policy of its own. */
	bool require = e->config->settings.mppe.policy == MPPE_REQUIRE &&
		       (e->config->role == ROLE_CALLER || !(wishes & 16));

	FUZZ_CHECK(!e->closed);
	if (event->kind == PPP_EVENT_DATA && require) {
		FUZZ_CHECK(!event->data->rx_clear);
		FUZZ_CHECK(event->data->tx_blocked || event->data->tx.bits);
	}
	if (event->kind == PPP_EVENT_DATA)
		FUZZ_CHECK(event->data->peer_mru >= 128);
	if (event->kind == PPP_EVENT_DATA && !e->config->settings.mrru)
		FUZZ_CHECK(!event->data->peer_mrru && !event->data->own_mrru);
	if (event->kind == PPP_EVENT_NETWORK && event->addresses->local.s_addr)
		FUZZ_CHECK(event->addresses->local.s_addr != e->config->outer_peer.s_addr);
	if (event->kind == PPP_EVENT_CLOSED) {
		FUZZ_CHECK(event->reason->text[0]);
		e->closed = true;
	}
}

static void answer(struct end *e, bool known)
{
	struct ppp_account account = {.known = known};

	secret_set(&account.password, "secret", 6);
	if (wishes & 16) {
		account.mppe_set = true;
		account.mppe.policy = (enum mppe_policy)((wishes >> 6) % 3);
		account.mppe.strengths = 7;
		account.local.s_addr = htonl(0x0a000101);
		account.remote.s_addr = htonl(0x0a000102);
		account.dns[0].s_addr = htonl(0x0a000136);
	}
	ppp_account_answer(e->link, &account, now);
}

/* Answered at once, or when the script says so. */
static void on_account(void *ctx, const uint8_t *user, size_t len)
{
	bool known = len == 4 && memcmp(user, "john", 4) == 0;

	if ((wishes & 0x90) != 0x80)
		answer(ctx, known);
}

static void configure(struct ppp_config *c, struct cursor *script, enum call_role role)
{
	uint8_t a = fuzz_u8(script), b = fuzz_u8(script);

	*c = (struct ppp_config){.role = role,
				 .user = "john",
				 .host_name = "server",
				 .settings.allow = a & 31 ? a & 31 : 31,
				 .settings.mppe.policy = (enum mppe_policy)((a >> 5) % 3),
				 .settings.mppe.strengths = b & 7 ? b & 7 : 7,
				 .settings.mppe.mode = (enum mppe_mode)((b >> 3 & 3) % 3),
				 .settings.mru = b & 0x20    ? 1400
						 : a == 0xff ? 9000
							     : 1500,
				 .settings.ask_pfc = b >> 6 & 1,
				 .settings.ask_acfc = b >> 6 & 1,
				 .ask_dns = true,
				 .ask_wins = b >> 5 & 1,
				 .ipv4 = true,
				 .settings.ipv6 = b >> 7 & 1,
				 .restart_ms = 400,
				 .restart_max_ms = 3000,
				 .phase_limit_ms = 60000,
				 .keepalive_ms = 10000};
	secret_set(&c->password, "secret", 6);
	if ((wishes & 0x50) == 0x40) { /* Multilink */
		c->settings.mrru = a & 0x10 ? 0xffff : 1614;
		c->settings.ask_short_sequence = a & 8;
	}
	if (oddity & 1)
		c->phase_limit_ms = 2000;
	if (oddity & 2)
		c->restart_ms = c->restart_max_ms = c->phase_limit_ms = c->keepalive_ms = 0;
	if (oddity & 4)
		c->settings.mru = b & 0x20 ? 0 : 0xffff;
	if (oddity & 8 && b & 0x80)
		c->ipv4 = false;
	if (oddity & 16) { /* longer than PAP can say */
		memset(c->user, 'j', sizeof c->user - 1);
		memset(c->password.bytes, 's', c->password.len = 300);
	}
	c->outer_peer.s_addr = htonl(0xc0000201);
	if (role == ROLE_CALLER && wishes & 7) {
		c->settings.local.s_addr = htonl(wishes & 4 ? 0x0a000002 : 0x0a000009);
		c->settings.remote.s_addr = htonl(wishes & 4 ? 0x0a000001 : 0x0a000008);
		c->settings.local_must = wishes & 1;
		c->settings.remote_must = wishes & 2;
	}
	if (role == ROLE_ANSWERER && wishes & 8) {
		c->dns[1].s_addr = htonl(0x0a000036);
		c->wins[0].s_addr = c->wins[1].s_addr = htonl(0x0a000037);
	}
	if (role == ROLE_ANSWERER && !(wishes & 32)) {
		c->settings.local.s_addr = htonl(0x0a000001);
		c->settings.remote.s_addr = htonl(0x0a000002);
		c->dns[0].s_addr = htonl(0x0a000035);
	}
}

static void input(struct end *e, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t *copy;
	struct str text;
	char line[256];

	copy = fuzz_copy(info, len);
	text = str_make(line, sizeof line);
	print_frame(&text, protocol, copy, len);
	e->sent = 0;
	ppp_input(e->link, protocol, copy, len, now);
	/* No frame makes many: a peer must not be able to use us as an amplifier. */
	FUZZ_CHECK(e->sent <= 8);
	free(copy);
}

/* Takes the oldest frame on its way to E. */
static bool take(struct end *e, struct frame *f)
{
	if (!e->count)
		return false;
	*f = e->queue[0];
	e->count--;
	memmove(e->queue, e->queue + 1, e->count * sizeof e->queue[0]);
	return true;
}

static bool deliver(struct end *e)
{
	static struct frame f;

	if (!take(e, &f))
		return false;
	input(e, f.protocol, f.info, f.len);
	return true;
}

static void pass_time(struct end *ends, uint64_t until)
{
	for (unsigned ticks = 0;; ticks++) {
		uint64_t due = DEADLINE_NONE;

		for (int i = 0; i < 2; i++)
			if (!ends[i].closed && ppp_deadline(ends[i].link) < due)
				due = ppp_deadline(ends[i].link);
		if (due > until)
			break;
		FUZZ_CHECK(ticks < 5000); /* a deadline that stays behind is an endless loop */
		if (due > now)
			now = due;
		for (int i = 0; i < 2; i++)
			if (!ends[i].closed && ppp_deadline(ends[i].link) <= now)
				ppp_tick(ends[i].link, now);
	}
	if (until != DEADLINE_NONE && until > now)
		now = until;
}

/* A packet with a fitting head: code of the script, an identifier that is waited for. */
static void forge(struct end *e, struct cursor *script)
{
	uint16_t protocol = protocols[fuzz_u8(script) % (sizeof protocols / sizeof protocols[0])];
	uint8_t packet[4 + 255], how = fuzz_u8(script);
	const uint8_t *octets;
	size_t len;

	packet[0] = how & 15;
	packet[1] = (uint8_t)(e->last_id[protocol & 0xff] + (how >> 6));
	octets = fuzz_octets(script, fuzz_u8(script), &len);
	if (len)
		memcpy(packet + 4, octets, len);
	packet[2] = (uint8_t)((len + 4) >> 8);
	packet[3] = (uint8_t)(len + 4);
	input(e, protocol, packet, len + 4);
}

static void spoil(struct end *e, struct cursor *script)
{
	static struct frame f;
	uint8_t at = fuzz_u8(script), value = fuzz_u8(script);

	if (!take(e, &f))
		return;
	f.info[at % f.len] = value;
	input(e, f.protocol, f.info, f.len);
}

/* What E sent comes back to it: as it is, as from a line that is looped, or a Configure-Request as
 * its answer, all of it acknowledged, refused or not liked. */
static void come_back(struct end *e, struct cursor *script)
{
	static struct frame f;
	uint8_t how = fuzz_u8(script), at = fuzz_u8(script);

	if (!take(e->other, &f))
		return;
	if (f.info[0] == CONTROL_CONFIGURE_REQUEST)
		f.info[0] = (uint8_t)(f.info[0] + (how & 3));
	if (how & 4)
		f.info[at % f.len] ^= how >> 3;
	input(e, f.protocol, f.info, f.len);
}

static void step(struct end *ends, struct cursor *script)
{
	uint8_t op = fuzz_u8(script);
	struct end *e = &ends[op >> 7];
	struct reason reason = {EXIT_SIGNAL, "asked to"};
	static struct frame lost;
	const uint8_t *octets;
	uint16_t protocol;
	size_t len;

	switch (op & 0x7f) {
	case 0x7f:
		come_back(e, script);
		return;
	case 0x7e: /* the tunnel is gone; or it is there, which the link knows */
		if (fuzz_u8(script) & 1)
			ppp_down(e->link, now);
		else
			ppp_up(e->link, now);
		return;
	case 0x7d: /* also where nobody asked */
		answer(e, fuzz_u8(script) & 1);
		return;
	}
	switch ((op & 0x7f) % 14) {
	case 0:
		for (unsigned n = 0; n < 64 && (deliver(&ends[0]) || deliver(&ends[1])); n++)
			;
		break;
	case 1:
		deliver(e);
		break;
	case 2:
		protocol = protocols[fuzz_u8(script) % (sizeof protocols / sizeof protocols[0])];
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		input(e, protocol, octets, len);
		break;
	case 3:
		spoil(e, script);
		break;
	case 4:
		(void)take(e, &lost);
		break;
	case 5:
		if (e->count)
			input(e, e->queue[0].protocol, e->queue[0].info, e->queue[0].len);
		break;
	case 6:
		pass_time(ends, now + 500);
		break;
	case 7:
		pass_time(ends, now + 256 * (uint64_t)fuzz_u8(script));
		break;
	case 8:
		ppp_close(e->link, &reason, now);
		break;
	case 9:
		ppp_request_reset(e->link, now);
		break;
	case 10:
		protocol = fuzz_u16(script);
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		ppp_unknown_protocol(e->link, protocol, octets, len, now);
		break;
	case 11:
	case 12:
		forge(e, script);
		break;
	case 13:
		ppp_heard(e->link, now);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct end ends[2];
	static struct ppp_config config[2];
	struct cursor script = cursor_make(data, len);
	uint32_t seed[2] = {1, 2};
	const struct random_source random[2] = {{fuzz_random, &seed[0]}, {fuzz_random, &seed[1]}};
	struct reason reason = {EXIT_SIGNAL, "the end"};

	fuzz_crypto();
	memset(ends, 0, sizeof ends);
	wishes = len > 8 ? data[len - 1] : 0;
	oddity = len > 8 ? data[len - 2] : 0;
	now = 1000;
	for (int i = 0; i < 2; i++) {
		const struct ppp_callbacks callbacks = {on_send, on_event,
							oddity & 32 ? NULL : on_account, &ends[i]};

		configure(&config[i], &script, i ? ROLE_ANSWERER : ROLE_CALLER);
		ends[i].other = &ends[!i];
		ends[i].config = &config[i];
		fuzz_fail_allocation(1);
		FUZZ_CHECK(!ppp_new(&config[i], &callbacks, &random[i], NULL));
		ends[i].link =
			ppp_new(&config[i], &callbacks, &random[i], oddity & 64 ? &fuzz_log : NULL);
		FUZZ_CHECK(ends[i].link);
	}
	for (int i = 0; i < 2; i++)
		if (!(oddity & 128) || i) /* else the script says when */
			ppp_up(ends[i].link, now);
	for (unsigned n = 0; n < STEPS && cursor_left(&script); n++)
		step(ends, &script);
	/* Both come to an end in time, whatever was: nobody answers any more. */
	for (int i = 0; i < 2; i++)
		ppp_close(ends[i].link, &reason, now);
	pass_time(ends, now + 70000);
	for (int i = 0; i < 2; i++) {
		FUZZ_CHECK(ends[i].closed);
		FUZZ_CHECK(ppp_deadline(ends[i].link) == DEADLINE_NONE);
		ppp_tick(ends[i].link, now);
		ppp_free(ends[i].link);
	}
	ppp_free(NULL);
	return 0;
}
