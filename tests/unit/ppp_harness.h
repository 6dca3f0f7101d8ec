/* SPDX-License-Identifier: MIT */
/* One end of a PPP link under test: what it sent and told, virtual time, seeded random octets. */
#ifndef VPDIAL_TESTS_PPP_HARNESS_H
#define VPDIAL_TESTS_PPP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "ppp/ppp.h"
#include "vectors.h"
#include "wire/control_packet.h"
#include "wire/frame.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX  1600
#define FRAMES_MAX 512

struct frame {
	uint16_t protocol;
	size_t len;
	uint8_t info[FRAME_MAX];
};

struct end {
	struct ppp_link *link;
	struct ppp_config config;
	struct frame sent[FRAMES_MAX];
	size_t sent_count, read_count;
	/* told by events */
	struct ppp_data data;
	struct ppp_addresses addresses;
	struct reason reason;
	enum ppp_phase phase;
	enum auth_method method;
	unsigned networks, authenticated, resets, echoes, proofs, closed;
	uint32_t rtt_ms;
	bool broke_promise; /* data could have passed in clear although encryption is required */
	/* answerer: the one account */
	const char *account_user, *account_password;
	bool account_later;	 /* the test answers */
	unsigned accounts;	 /* questions so far */
	struct auth_proof proof; /* of the last one */
	/* a pair's network takes frames instead of the array */
	void (*carry)(void *ctx, struct end *from, uint16_t protocol, const uint8_t *info,
		      size_t len);
	void *carry_ctx;
	uint64_t now_ms;
	const uint64_t *clock; /* of a pair's world, if it is part of one */
	uint64_t seed;
	struct random_source random;
	struct log log;
};

static inline uint32_t prng(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 16);
}

static inline void end_random(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)prng(ctx);
}

static inline void end_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct end *e = ctx;
	struct frame *f;

	assert_true(len >= CONTROL_HEADER && len <= 1500);
	if (e->carry) {
		e->carry(e->carry_ctx, e, protocol, info, len);
		return;
	}
	assert_true(e->sent_count < FRAMES_MAX);
	f = &e->sent[e->sent_count++];
	f->protocol = protocol;
	f->len = len;
	memcpy(f->info, info, len);
}

static inline void end_event(void *ctx, const struct ppp_event *event)
{
	struct end *e = ctx;

	assert_int_equal(e->closed, 0); /* nothing follows CLOSED */
	switch (event->kind) {
	case PPP_EVENT_PHASE:
		e->phase = event->phase;
		break;
	case PPP_EVENT_AUTHENTICATED:
		e->authenticated++;
		e->method = event->method;
		break;
	case PPP_EVENT_DATA:
		e->data = *event->data;
		if (e->config.settings.mppe.policy == MPPE_REQUIRE &&
		    (e->data.rx_clear || (!e->data.tx_blocked && e->data.tx.bits == 0)))
			e->broke_promise = true;
		break;
	case PPP_EVENT_NETWORK:
		e->networks++;
		e->addresses = *event->addresses;
		break;
	case PPP_EVENT_RESET_PEER:
		e->resets++;
		break;
	case PPP_EVENT_PROOF:
		e->proofs++;
		break;
	case PPP_EVENT_ECHO:
		e->echoes++;
		e->rtt_ms = event->echo_rtt_ms;
		break;
	case PPP_EVENT_CLOSED:
		e->closed++;
		e->reason = *event->reason;
		break;
	}
}

static inline void end_answer(struct end *e, bool known)
{
	struct ppp_account account = {.known = known};

	if (known)
		secret_set(&account.password, e->account_password, strlen(e->account_password));
	ppp_account_answer(e->link, &account, e->clock ? *e->clock : e->now_ms);
}

static inline void end_account(void *ctx, const uint8_t *user, size_t len)
{
	struct end *e = ctx;

	e->accounts++;
	ppp_proof(e->link, &e->proof);
	if (!e->account_later)
		end_answer(e, e->account_user && len == strlen(e->account_user) &&
				      memcmp(user, e->account_user, len) == 0);
}

static inline struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

/* A configuration for most tests: MS-CHAPv2 allowed, MPPE not wanted, IPv4 only. */
static inline struct ppp_config caller_config(void)
{
	struct ppp_config c = {
		.role = ROLE_CALLER,
		.user = "User",
		.settings.allow =
			METHOD_PAP | METHOD_CHAP | METHOD_MSCHAP1 | METHOD_MSCHAP2 | METHOD_EAP,
		.settings.mppe.policy = MPPE_NO,
		.settings.mppe.strengths = MPPE_128,
		.settings.mppe.mode = MPPE_STATELESS,
		.settings.mru = 1460,
		.ask_dns = true,
		.ipv4 = true,
		.restart_ms = 500,
		.restart_max_ms = 3000,
		.phase_limit_ms = 60000,
	};

	secret_set(&c.password, "clientPass", 10);
	return c;
}

static inline struct end *end_new(const struct ppp_config *config, uint64_t seed)
{
	struct end *e = calloc(1, sizeof(*e));
	struct ppp_callbacks callbacks = {end_send, end_event, end_account, e};

	assert_non_null(e);
	e->config = *config;
	e->seed = seed;
	e->random = (struct random_source){end_random, &e->seed};
	e->log = (struct log){.fd = 2, .level = LOG_LEVEL_ERROR};
	if (getenv("PPP_TEST_LOG"))
		e->log.level = LOG_LEVEL_DEBUG;
	snprintf(e->log.name, sizeof(e->log.name), "%s",
		 config->role == ROLE_CALLER ? "caller" : "answerer");
	e->link = ppp_new(config, &callbacks, &e->random, &e->log);
	assert_non_null(e->link);
	e->data = (struct ppp_data){.tx_blocked = true};
	return e;
}

static inline void end_free(struct end *e)
{
	assert_false(e->broke_promise);
	ppp_free(e->link);
	free(e);
}

/* ---- a scripted peer ---- */

static inline void input_frame(struct end *e, uint16_t protocol, const uint8_t *info, size_t len)
{
	/* A copy of just that size: the address sanitizer sees reads past the end. */
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, info, len);
	ppp_input(e->link, protocol, copy, len, e->now_ms);
	free(copy);
}

/* A frame of the peer, its information in hexadecimal. */
static inline void inject(struct end *e, uint16_t protocol, const char *hex)
{
	uint8_t octets[FRAME_MAX];

	input_frame(e, protocol, octets, vector_decode(hex, octets, sizeof(octets)));
}

static inline void inject_vector(struct end *e, uint16_t protocol, const char *section,
				 const char *name)
{
	uint8_t octets[FRAME_MAX];

	input_frame(e, protocol, octets,
		    vector_hex("auth.txt", section, name, octets, sizeof(octets)));
}

/* The next frame sent of that kind; earlier ones are passed over. */
static inline struct frame *find_sent(struct end *e, uint16_t protocol, uint8_t code)
{
	while (e->read_count < e->sent_count) {
		struct frame *f = &e->sent[e->read_count++];

		if (f->protocol == protocol && f->info[0] == code)
			return f;
	}
	return NULL;
}

static inline struct frame *take(struct end *e, uint16_t protocol, uint8_t code)
{
	struct frame *f = find_sent(e, protocol, code);

	if (!f)
		fail_msg("no frame of protocol %04x, code %u was sent", protocol, code);
	return f;
}

static inline void none_sent(struct end *e, uint16_t protocol, uint8_t code)
{
	size_t at = e->read_count;

	assert_null(find_sent(e, protocol, code));
	e->read_count = at;
}

static inline void expect_frame(const struct frame *f, const char *hex)
{
	uint8_t octets[FRAME_MAX];
	size_t len = vector_decode(hex, octets, sizeof(octets));

	assert_int_equal(f->len, len);
	assert_memory_equal(f->info, octets, len);
}

/* Sends a frame back under another code, as Acks and Rejects are made. */
static inline void send_back(struct end *e, const struct frame *f, uint8_t code)
{
	struct frame copy = *f;

	copy.info[0] = code;
	input_frame(e, copy.protocol, copy.info, copy.len);
}

static inline void run_timers(struct end *e, uint64_t ms)
{
	uint64_t until = e->now_ms + ms;

	while (ppp_deadline(e->link) <= until) {
		uint64_t d = ppp_deadline(e->link);

		e->now_ms = d > e->now_ms ? d : e->now_ms;
		ppp_tick(e->link, e->now_ms);
	}
	e->now_ms = until;
}

static inline struct end *dial_new(const struct ppp_config *config)
{
	struct end *e = end_new(config, 42);

	e->now_ms = 5000;
	ppp_up(e->link, e->now_ms);
	return e;
}

/* The peer's Configure-Request, with options in hexadecimal. */
static inline void peer_request(struct end *e, uint16_t protocol, uint8_t id, const char *options)
{
	char hex[512];
	size_t octets = strcmp(options, "EMPTY") == 0 ? 0 : strlen(options) / 2;

	snprintf(hex, sizeof(hex), "01%02x%04zx%s", id, octets + 4, octets ? options : "");
	inject(e, protocol, hex);
}

/* LCP opens; the peer asks for authentication by AUTH (an option in hexadecimal, or ""). */
static inline void open_lcp(struct end *e, const char *auth)
{
	char options[64];

	send_back(e, take(e, FRAME_LCP, 1), 2);
	snprintf(options, sizeof(options), "%s050655667788", auth);
	peer_request(e, FRAME_LCP, 1, options);
	take(e, FRAME_LCP, 2);
	assert_true(e->phase >= PPP_PHASE_AUTHENTICATE);
}

#define AUTH_PAP "0304c023"
#define AUTH_MD5 "0305c22305"
#define AUTH_MS1 "0305c22380"
#define AUTH_MS2 "0305c22381"
#define AUTH_EAP "0304c227"

static inline void open_ipcp(struct end *e)
{
	peer_request(e, FRAME_IPCP, 1, "03060a000001");
	take(e, FRAME_IPCP, 2);
}

static inline void open_ipcp_ours(struct end *e)
{
	struct frame *f = take(e, FRAME_IPCP, 1);
	char hex[64];

	snprintf(hex, sizeof(hex), "03%02x001003060a00000281060a000035", f->info[1]);
	inject(e, FRAME_IPCP, hex);
	send_back(e, take(e, FRAME_IPCP, 1), 2);
}

static inline void expect_end(const struct end *e, enum exit_status code, const char *words)
{
	if (!e->closed && !strstr(e->reason.text, words))
		fail_msg("the link is not closed");
	if (e->reason.code != code || !strstr(e->reason.text, words))
		fail_msg("ended with %d \"%s\", expected %d \"%s\"", e->reason.code, e->reason.text,
			 code, words);
}

static inline int crypto_set_up(void **state)
{
	struct reason reason = {0};

	(void)state;
	return crypto_init(&reason);
}

static inline int crypto_tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

/* An answerer in the authentication phase. */
static inline struct end *answerer_dial(unsigned allow)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;

	c.role = ROLE_ANSWERER;
	c.settings.allow = allow;
	c.settings.local = ip("10.0.0.1");
	c.settings.remote = ip("10.0.0.2");
	snprintf(c.host_name, sizeof(c.host_name), "srv");
	e = dial_new(&c);
	e->account_user = "User";
	e->account_password = "clientPass";
	f = take(e, FRAME_LCP, 1);
	peer_request(e, FRAME_LCP, 1, "050655667788");
	send_back(e, f, 2);
	assert_int_equal(e->phase, PPP_PHASE_AUTHENTICATE);
	return e;
}

#endif
