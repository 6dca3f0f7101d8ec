/* SPDX-License-Identifier: MIT */
/* The L2TP tunnel, both roles, and its reliable delivery, under a fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/avp_hide.h"
#include "crypto/crypto.h"
#include "door.h"
#include "tunnel/l2tp/internal.h"
#include "tunnel/l2tp/reliable.h"
#include "tunnel/tunnel.h"
#include "wire/avp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_TUNNEL   0x1111
#define OWN_SESSION  0x3333
#define PEER_TUNNEL  0x2222
#define PEER_SESSION 0x4444

static int set_up(void **state)
{
	struct reason reason = {0};
	(void)state;
	return crypto_init(&reason);
}

static int tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

struct datagram {
	size_t len;
	uint8_t octets[800];
};

struct end {
	struct tunnel *t;
	struct door door;	  /* before an answerer */
	struct datagram out[256]; /* sent and not yet taken */
	size_t out_count;
	uint16_t ns, nr; /* of the scripted peer */
	unsigned progress, up, echo, closed;
	uint32_t rtt_ms;
	struct tunnel_call call;
	enum reason_weight weight;
	struct reason reason;
};

static void end_send(void *ctx, const uint8_t *octets, size_t len)
{
	struct end *e = ctx;
	assert_int_equal(e->closed, 0);
	assert_true(e->out_count < sizeof e->out / sizeof e->out[0]);
	struct datagram *d = &e->out[e->out_count++];
	assert_true(len <= sizeof d->octets);
	memcpy(d->octets, octets, len);
	d->len = len;
}

static void end_event(void *ctx, const struct tunnel_event *event)
{
	struct end *e = ctx;
	assert_int_equal(e->closed, 0);
	switch (event->kind) {
	case TUNNEL_EVENT_PROGRESS:
		e->progress++;
		break;
	case TUNNEL_EVENT_CALL_UP:
		e->up++;
		e->call = *event->call;
		break;
	case TUNNEL_EVENT_ECHO:
		e->echo++;
		e->rtt_ms = event->echo_rtt_ms;
		break;
	case TUNNEL_EVENT_CLOSED:
		e->closed++;
		e->reason = *event->reason;
		e->weight = event->weight;
		break;
	}
}

static uint32_t prng_state;

static void prng_fill(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;
	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		prng_state = prng_state * 1664525u + 1013904223u;
		p[i] = (uint8_t)(prng_state >> 24);
	}
}

static uint32_t prng(uint32_t bound)
{
	uint32_t v;
	prng_fill(NULL, &v, sizeof v);
	return v % bound;
}

static const struct random_source prng_source = {prng_fill, NULL};

struct options {
	const char *secret;
	bool hide, sequencing;
	uint32_t silence_limit_ms;
	uint32_t hello_ms; /* 0 = 60 s */
	const struct log *log;
};

static void end_open(struct end *e, enum call_role role, struct options o)
{
	bool caller = role == ROLE_CALLER;
	struct tunnel_config config = {
		.type = PROTOCOL_L2TP,
		.role = role,
		.host_name = "lac.example",
		.port = 1701,
		.receive_window = 64,
		.setup_limit_ms = 30000,
		.silence_limit_ms = o.silence_limit_ms,
		.echo_interval_ms = o.hello_ms ? o.hello_ms : 60000,
		.echo_limit_ms = 60000,
		.local_tunnel_id = caller ? OWN_TUNNEL : PEER_TUNNEL,
		.local_session_id = caller ? OWN_SESSION : PEER_SESSION,
		.settings.hide_avps = o.hide,
		.settings.sequencing = o.sequencing,
	};
	const struct tunnel_callbacks callbacks = {end_send, end_event, e};
	if (o.secret)
		assert_true(secret_set(&config.settings.secret, o.secret, strlen(o.secret)));
	memset(e, 0, sizeof *e);
	e->t = tunnel_new(&config, &callbacks, &prng_source, o.log);
	assert_non_null(e->t);
	if (!caller)
		assert_true(door_open(&e->door, &config, &prng_source, o.log));
}

static void end_free(struct end *e)
{
	door_close(&e->door);
	tunnel_free(e->t);
}

static void end_input(struct end *e, const uint8_t *octets, size_t len, uint64_t now)
{
	const struct tunnel_callbacks callbacks = {end_send, end_event, e};

	if (e->door.half_open)
		door_input(&e->door, e->t, &callbacks, octets, len, now);
	else
		tunnel_input(e->t, octets, len, now);
}

/* --- a scripted peer --- */

struct taken {
	struct datagram d;
	struct l2tp_header h;
	struct l2tp_message m;
};

static struct secret script_secret;

static void script_unhide(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len,
			  uint8_t *octets, size_t len)
{
	(void)ctx;
	avp_unhide(octets, octets, len, type, &script_secret, rv, rv_len);
}

static const struct l2tp_cipher script_cipher = {NULL, script_unhide, NULL};

/* Takes the first datagram that was sent; fails if it is not of TYPE (0 = ZLB). */
static void end_take(struct end *e, unsigned type, struct taken *v)
{
	const struct l2tp_rules rules = {.cipher = &script_cipher};
	struct l2tp_fault fault;

	assert_true(e->out_count > 0);
	v->d = e->out[0];
	e->out_count--;
	memmove(e->out, e->out + 1, e->out_count * sizeof e->out[0]);
	assert_true(l2tp_decode(v->d.octets, v->d.len, &v->h));
	unsigned got = v->h.payload_len ? l2tp_message_type(v->h.payload, v->h.payload_len) : 0;
	if (got != type)
		fail_msg("took %s, not %s", l2tp_type_name(got), l2tp_type_name(type));
	if (type != 0) {
		assert_int_equal(
			l2tp_message_decode(&v->m, v->h.payload, v->h.payload_len, &rules, &fault),
			L2TP_GOOD);
		e->nr = (uint16_t)(v->h.ns + 1);
	}
}

static void take(struct end *e, unsigned type)
{
	struct taken v;
	end_take(e, type, &v);
}

static void assert_silent(const struct end *e)
{
	assert_int_equal(e->out_count, 0);
}

struct script {
	struct l2tp_builder b;
	uint8_t octets[RELIABLE_MESSAGE_MAX];
};

static void script_begin(struct script *s, enum l2tp_type type, uint16_t session)
{
	l2tp_build(&s->b, s->octets, sizeof s->octets, type, OWN_TUNNEL, session);
}

/* Sends the message to the end under the given numbers. */
static void script_send_numbered(struct end *e, struct script *s, uint16_t ns, uint16_t nr,
				 uint64_t now)
{
	struct l2tp_header h;
	size_t len = l2tp_build_end(&s->b);
	assert_true(len > 0 && l2tp_decode(s->octets, len, &h));
	h.ns = ns;
	h.nr = nr;
	l2tp_control_header_write(s->octets, &h, len);
	end_input(e, s->octets, len, now);
}

static void script_send(struct end *e, struct script *s, uint64_t now)
{
	script_send_numbered(e, s, e->ns, e->nr, now);
	e->ns++;
}

static void script_zlb(struct end *e, uint64_t now)
{
	const struct l2tp_header h = {.tunnel_id = OWN_TUNNEL, .ns = e->ns, .nr = e->nr};
	uint8_t octets[L2TP_CONTROL_HEADER_LEN];
	l2tp_control_header_write(octets, &h, sizeof octets);
	tunnel_input(e->t, octets, sizeof octets, now);
}

static void script_sccrp(struct script *s)
{
	script_begin(s, L2TP_SCCRP, 0);
	l2tp_add_u16(&s->b, AVP_PROTOCOL_VERSION, L2TP_VERSION);
	l2tp_add_u32(&s->b, AVP_FRAMING_CAPABILITIES, 3);
	l2tp_add(&s->b, AVP_HOST_NAME, "lns\n", 4);
	l2tp_add(&s->b, AVP_VENDOR_NAME, "acme", 4);
	l2tp_add_u16(&s->b, AVP_ASSIGNED_TUNNEL_ID, PEER_TUNNEL);
	l2tp_add_u16(&s->b, AVP_RECEIVE_WINDOW_SIZE, 8);
}

static void script_icrp(struct script *s)
{
	script_begin(s, L2TP_ICRP, OWN_SESSION);
	l2tp_add_u16(&s->b, AVP_ASSIGNED_SESSION_ID, PEER_SESSION);
}

static void script_cdn(struct script *s, uint16_t session)
{
	script_begin(s, L2TP_CDN, session);
	l2tp_add_result(&s->b, CDN_ADMINISTRATIVE, true, 0, "go\taway");
	l2tp_add_u16(&s->b, AVP_ASSIGNED_SESSION_ID, PEER_SESSION);
}

static void assert_closed(const struct end *e, enum exit_status code, const char *words)
{
	assert_int_equal(e->closed, 1);
	if (!strstr(e->reason.text, words))
		fail_msg("\"%s\" does not contain \"%s\"", e->reason.text, words);
	assert_int_equal(e->reason.code, code);
	assert_int_not_equal(e->reason.text[strlen(e->reason.text) - 1], '.');
	assert_true(tunnel_deadline(e->t) == DEADLINE_NONE);
}

/* A caller at the given points, at time 1000. */
static void caller_started(struct end *e, struct options o)
{
	end_open(e, ROLE_CALLER, o);
	tunnel_start(e->t, 1000);
	take(e, L2TP_SCCRQ);
}

static void caller_wait_call(struct end *e, struct options o)
{
	struct script s;
	caller_started(e, o);
	script_sccrp(&s);
	script_send(e, &s, 1000);
	take(e, L2TP_SCCCN);
	take(e, L2TP_ICRQ);
	assert_int_equal(e->progress, 1);
}

static void caller_up(struct end *e, struct options o)
{
	struct script s;
	caller_wait_call(e, o);
	script_icrp(&s);
	script_send(e, &s, 1000);
	take(e, L2TP_ICCN);
	assert_int_equal(e->up, 1);
	script_zlb(e, 1000);
	assert_silent(e);
}

static const struct options plain = {0};

static void caller_dials_and_tells_the_call(void **state)
{
	struct end e;
	struct taken v;
	struct script s;
	(void)state;
	end_open(&e, ROLE_CALLER, plain);
	assert_true(tunnel_deadline(e.t) == DEADLINE_NONE);
	tunnel_start(e.t, 1000);
	end_take(&e, L2TP_SCCRQ, &v);
	assert_int_equal(v.h.tunnel_id, 0);
	assert_int_equal(v.h.session_id, 0);
	assert_int_equal(v.h.ns, 0);
	assert_int_equal(v.h.nr, 0);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_TUNNEL_ID), OWN_TUNNEL);
	assert_int_equal(l2tp_u16(&v.m, AVP_RECEIVE_WINDOW_SIZE), 8);
	assert_memory_equal(v.m.avp[AVP_HOST_NAME].octets, "lac.example", 11);
	assert_false(l2tp_has(&v.m, AVP_CHALLENGE));
	assert_true(l2tp_has(&v.m, AVP_TIE_BREAKER));
	script_sccrp(&s);
	script_send(&e, &s, 1010);
	end_take(&e, L2TP_SCCCN, &v);
	assert_int_equal(v.h.tunnel_id, PEER_TUNNEL);
	assert_int_equal(v.h.ns, 1);
	assert_int_equal(v.h.nr, 1);
	end_take(&e, L2TP_ICRQ, &v);
	assert_int_equal(v.h.ns, 2);
	assert_int_equal(v.h.session_id, 0);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_SESSION_ID), OWN_SESSION);
	script_icrp(&s);
	script_send(&e, &s, 1020);
	end_take(&e, L2TP_ICCN, &v);
	assert_int_equal(v.h.session_id, PEER_SESSION);
	assert_int_equal(v.h.ns, 3);
	assert_int_equal(v.h.nr, 2);
	assert_false(l2tp_has(&v.m, AVP_SEQUENCING_REQUIRED));
	assert_int_equal(e.up, 1);
	assert_int_equal(e.call.local_tunnel_id, OWN_TUNNEL);
	assert_int_equal(e.call.peer_tunnel_id, PEER_TUNNEL);
	assert_int_equal(e.call.local_call_id, OWN_SESSION);
	assert_int_equal(e.call.peer_call_id, PEER_SESSION);
	assert_false(e.call.sequencing);
	assert_string_equal(e.call.peer.host_name, "lns\\x0a");
	assert_string_equal(e.call.peer.vendor, "acme");
	end_free(&e);
}

static void sequencing_is_required_when_configured(void **state)
{
	struct end e;
	struct taken v;
	struct script s;
	(void)state;
	caller_wait_call(&e, (struct options){.sequencing = true});
	script_icrp(&s);
	script_send(&e, &s, 1000);
	end_take(&e, L2TP_ICCN, &v);
	assert_true(l2tp_has(&v.m, AVP_SEQUENCING_REQUIRED));
	assert_true(e.call.sequencing);
	end_free(&e);
}

static void ids_are_drawn_when_none_are_given(void **state)
{
	const struct tunnel_config config = {.type = PROTOCOL_L2TP, .role = ROLE_CALLER};
	struct end e = {0};
	struct taken v;
	const struct tunnel_callbacks callbacks = {end_send, end_event, &e};
	(void)state;
	e.t = tunnel_new(&config, &callbacks, &prng_source, NULL);
	tunnel_start(e.t, 0);
	end_take(&e, L2TP_SCCRQ, &v);
	assert_int_not_equal(l2tp_u16(&v.m, AVP_ASSIGNED_TUNNEL_ID), 0);
	assert_memory_equal(v.m.avp[AVP_HOST_NAME].octets, "vpdial", 6);
	end_free(&e);
}

/* --- tunnel authentication --- */

static const struct options with_secret = {.secret = "tunnelsecret"};

/* Dials with a secret; the server answers with RESPONSE_SECRET's proof (NULL = none) and a
 * challenge of its own. */
static void dial_with_secret(struct end *e, struct options o, const char *response_secret)
{
	struct taken v;
	struct script s;
	struct secret secret = {0};
	uint8_t response[16];

	end_open(e, ROLE_CALLER, o);
	tunnel_start(e->t, 1000);
	end_take(e, L2TP_SCCRQ, &v);
	script_sccrp(&s);
	if (response_secret) {
		assert_true(l2tp_has(&v.m, AVP_CHALLENGE));
		secret_set(&secret, response_secret, strlen(response_secret));
		l2tp_challenge_response(response, L2TP_SCCRP, &secret,
					v.m.avp[AVP_CHALLENGE].octets, v.m.avp[AVP_CHALLENGE].len);
		l2tp_add(&s.b, AVP_CHALLENGE_RESPONSE, response, 16);
	}
	l2tp_add(&s.b, AVP_CHALLENGE, "0123456789", 10);
	script_send(e, &s, 1000);
}

static void challenges_are_answered_both_ways(void **state)
{
	struct end e;
	struct taken v;
	struct secret secret;
	uint8_t want[16];
	(void)state;
	dial_with_secret(&e, with_secret, "tunnelsecret");
	end_take(&e, L2TP_SCCCN, &v);
	secret_set(&secret, "tunnelsecret", 12);
	l2tp_challenge_response(want, L2TP_SCCCN, &secret, (const uint8_t *)"0123456789", 10);
	assert_memory_equal(v.m.avp[AVP_CHALLENGE_RESPONSE].octets, want, 16);
	take(&e, L2TP_ICRQ);
	end_free(&e);
}

static void stopccn_result(struct end *e, unsigned result, unsigned error)
{
	struct taken v;
	struct l2tp_result r;
	end_take(e, L2TP_STOPCCN, &v);
	assert_true(l2tp_result(&v.m, &r));
	assert_int_equal(r.result, result);
	assert_int_equal(r.error, error);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_TUNNEL_ID), OWN_TUNNEL);
}

static void wrong_or_missing_proofs_end_the_tunnel(void **state)
{
	struct end e;
	(void)state;
	dial_with_secret(&e, with_secret, "other");
	stopccn_result(&e, STOPCCN_NOT_AUTHORIZED, 0);
	script_zlb(&e, 1001);
	assert_closed(&e, EXIT_PEER_AUTH_FAILED, "the server does not know the tunnel secret");
	end_free(&e);
	dial_with_secret(&e, with_secret, NULL);
	stopccn_result(&e, STOPCCN_NOT_AUTHORIZED, 0);
	script_zlb(&e, 1001);
	assert_closed(&e, EXIT_PEER_AUTH_FAILED, "does not prove");
	end_free(&e);
	dial_with_secret(&e, plain, NULL);
	stopccn_result(&e, STOPCCN_NOT_AUTHORIZED, 0);
	script_zlb(&e, 1001);
	assert_closed(&e, EXIT_AUTH_FAILED, "asks for a tunnel secret, but none is configured");
	end_free(&e);
}

/* --- refusals and faults --- */

static void other_version_ends_the_tunnel(void **state)
{
	struct end e;
	struct script s;
	(void)state;
	caller_started(&e, plain);
	script_begin(&s, L2TP_SCCRP, 0);
	l2tp_add_u16(&s.b, AVP_PROTOCOL_VERSION, 0x0200);
	l2tp_add_u32(&s.b, AVP_FRAMING_CAPABILITIES, 3);
	l2tp_add(&s.b, AVP_HOST_NAME, "lns", 3);
	l2tp_add_u16(&s.b, AVP_ASSIGNED_TUNNEL_ID, PEER_TUNNEL);
	script_send(&e, &s, 1000);
	stopccn_result(&e, STOPCCN_VERSION, 0x0100);
	script_zlb(&e, 1001);
	assert_closed(&e, EXIT_CONNECT_FAILED, "speaks L2TP version 2.0");
	end_free(&e);
}

static void stopccn_is_acknowledged_and_told(void **state)
{
	static const struct {
		uint16_t result, error;
		const char *text, *words;
	} cases[] = {
		{1, 0, NULL, "closed the tunnel: no special reason"},
		{2, 4, "full\n",
		 "closed the tunnel: general error (not enough resources), it says \"full\\x0a\"; "
		 "it "
		 "has no room for another call now, try again later"},
		{4, 0, NULL, "not authorized to set up a tunnel; check the tunnel secret"},
		{5, 0x0100, NULL, "protocol version not supported (it knows 1.0)"},
		{6, 0, NULL, "shutting down"},
		{99, 0, NULL, "unknown result"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct end e;
		struct script s;
		struct taken v;
		caller_started(&e, plain);
		script_begin(&s, L2TP_STOPCCN, 0);
		l2tp_add_u16(&s.b, AVP_ASSIGNED_TUNNEL_ID, PEER_TUNNEL);
		l2tp_add_result(&s.b, cases[i].result, cases[i].error || cases[i].text,
				cases[i].error, cases[i].text);
		script_send(&e, &s, 1000);
		assert_closed(&e, EXIT_CONNECT_FAILED, cases[i].words);
		/* No special reason, or one that may stand for anything, is worth another try. */
		assert_int_equal(e.weight, cases[i].result == 1 || cases[i].result == 4
						   ? REASON_PEER
						   : REASON_REFUSAL);
		end_take(&e, 0, &v);
		assert_int_equal(v.h.tunnel_id, PEER_TUNNEL);
		assert_int_equal(v.h.nr, 1);
		end_free(&e);
	}
}

static void stopccn_in_the_call_is_a_hangup(void **state)
{
	struct end e;
	struct script s;
	(void)state;
	caller_up(&e, plain);
	script_begin(&s, L2TP_STOPCCN, 0);
	l2tp_add_u16(&s.b, AVP_ASSIGNED_TUNNEL_ID, PEER_TUNNEL);
	l2tp_add_result(&s.b, STOPCCN_SHUTTING_DOWN, false, 0, NULL);
	script_send(&e, &s, 2000);
	assert_closed(&e, EXIT_HANGUP, "the server closed the tunnel: shutting down");
	take(&e, 0);
	end_free(&e);
}

static void cdn_ends_the_call_with_all_that_it_tells(void **state)
{
	static const uint8_t cause[] = {0, 16, 0xc2, 0x23, 1, 'n', 'o', 1};
	struct end e;
	struct script s;
	(void)state;
	caller_up(&e, plain);
	script_cdn(&s, OWN_SESSION);
	l2tp_add(&s.b, AVP_DISCONNECT_CAUSE, cause, sizeof cause);
	script_send(&e, &s, 2000);
	stopccn_result(&e, STOPCCN_GENERAL, 0);
	assert_int_equal(e.closed, 0);
	script_zlb(&e, 2001);
	assert_closed(&e, EXIT_HANGUP,
		      "the server ended the call: administrative reasons, it says \"go\\x09away\"; "
		      "PPP: authentication failed: user name or password wrong, it says "
		      "\"no\\x01\"");
	end_free(&e);
}

static void cdn_for_want_of_room_is_told_before_the_call_only(void **state)
{
	static const struct {
		uint16_t result, error;
		const char *words;
	} cases[] = {
		{CDN_NO_FACILITIES, 0, "no facilities at the moment; it has no room"},
		{CDN_BUSY, 0, "busy; it has no room for another call now, try again later"},
		{CDN_ERROR, L2TP_ERROR_RESOURCES, "(not enough resources); it has no room"},
	};
	(void)state;
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
		bool up = i % 2;
		struct end e;
		struct script s;

		(up ? caller_up : caller_wait_call)(&e, plain);
		script_begin(&s, L2TP_CDN, OWN_SESSION);
		l2tp_add_result(&s.b, cases[i / 2].result, cases[i / 2].error, cases[i / 2].error,
				NULL);
		l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, PEER_SESSION);
		script_send(&e, &s, 2000);
		take(&e, L2TP_STOPCCN);
		script_zlb(&e, 2001);
		assert_closed(&e, up ? EXIT_HANGUP : EXIT_CONNECT_FAILED,
			      up ? "the server ended the call" : cases[i / 2].words);
		assert_true(!up || !strstr(e.reason.text, "room"));
		end_free(&e);
	}
}

static void cdn_is_known_by_header_or_by_the_peers_own_id(void **state)
{
	struct end e;
	struct script s;
	(void)state;
	caller_wait_call(&e, plain); /* refused before ICRP */
	script_cdn(&s, OWN_SESSION);
	script_send(&e, &s, 2000);
	stopccn_result(&e, STOPCCN_GENERAL, 0);
	script_zlb(&e, 2001);
	assert_closed(&e, EXIT_CONNECT_FAILED, "ended the call: administrative reasons");
	end_free(&e);

	caller_up(&e, plain);
	script_cdn(&s, 0x7777); /* another session */
	script_send(&e, &s, 2000);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 1);
	assert_silent(&e);
	script_cdn(&s, 0); /* header 0, but the AVP names its session of this call */
	script_send(&e, &s, 2000);
	stopccn_result(&e, STOPCCN_GENERAL, 0);
	end_free(&e);
}

static void unknown_mandatory_avp_ends_the_tunnel(void **state)
{
	static const uint8_t vendor_avp[] = {0x80, 6, 0, 9, 0, 77};
	struct end e;
	struct script s;
	(void)state;
	caller_started(&e, plain);
	script_sccrp(&s);
	writer_bytes(&s.b.w, vendor_avp, sizeof vendor_avp);
	script_send(&e, &s, 1000);
	stopccn_result(&e, STOPCCN_ERROR, L2TP_ERROR_UNKNOWN_AVP);
	script_zlb(&e, 1001);
	assert_closed(&e, EXIT_CONNECT_FAILED,
		      "the server sent a mandatory AVP that is unknown (AVP 77 of vendor 9)");
	end_free(&e);
}

static void fault_in_a_session_message_ends_call_and_tunnel(void **state)
{
	struct end e;
	struct script s;
	struct taken v;
	struct l2tp_result r;
	(void)state;
	caller_wait_call(&e, plain);
	script_begin(&s, L2TP_ICRP, OWN_SESSION);
	script_send(&e, &s, 1000);
	end_take(&e, L2TP_CDN, &v);
	assert_true(l2tp_result(&v.m, &r));
	assert_int_equal(r.result, CDN_ERROR);
	assert_int_equal(r.error, L2TP_ERROR_VALUE);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_SESSION_ID), OWN_SESSION);
	stopccn_result(&e, STOPCCN_GENERAL, 0);
	script_zlb(&e, 1001);
	assert_closed(&e, EXIT_CONNECT_FAILED,
		      "without a required AVP (AVP 14, Assigned-Session-ID)");
	end_free(&e);
}

static void repeated_setup_messages_are_state_machine_errors(void **state)
{
	static const enum l2tp_type types[] = {L2TP_SCCRP, L2TP_SCCCN};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct end e;
		struct script s;
		caller_up(&e, plain);
		if (types[i] == L2TP_SCCRP)
			script_sccrp(&s);
		else
			script_begin(&s, types[i], 0);
		script_send(&e, &s, 2000);
		struct taken v;
		struct l2tp_result r;
		end_take(&e, L2TP_STOPCCN, &v);
		assert_true(l2tp_result(&v.m, &r));
		assert_int_equal(r.result, STOPCCN_FSM);
		script_zlb(&e, 2001);
		assert_closed(&e, EXIT_HANGUP, "out of order");
		end_free(&e);
	}
}

static void calls_from_the_server_are_refused_and_ours_stays_up(void **state)
{
	static const enum l2tp_type types[] = {L2TP_ICRQ, L2TP_OCRQ};
	struct end e;
	struct script s;
	(void)state;
	caller_up(&e, plain);
	for (size_t i = 0; i < 2; i++) {
		struct taken v;
		struct l2tp_result r;
		script_begin(&s, types[i], 0);
		l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, 0x5555);
		l2tp_add_u32(&s.b, AVP_CALL_SERIAL_NUMBER, 1);
		if (types[i] == L2TP_OCRQ) {
			l2tp_add_u32(&s.b, AVP_MINIMUM_BPS, 1);
			l2tp_add_u32(&s.b, AVP_MAXIMUM_BPS, 1);
			l2tp_add_u32(&s.b, AVP_BEARER_TYPE, 1);
			l2tp_add_u32(&s.b, AVP_FRAMING_TYPE, 1);
			l2tp_add(&s.b, AVP_CALLED_NUMBER, "1", 1);
		}
		script_send(&e, &s, 2000);
		end_take(&e, L2TP_CDN, &v);
		assert_int_equal(v.h.session_id, 0x5555);
		assert_true(l2tp_result(&v.m, &r));
		assert_int_equal(r.result, CDN_NO_FACILITIES);
		assert_int_not_equal(l2tp_u16(&v.m, AVP_ASSIGNED_SESSION_ID), OWN_SESSION);
		script_zlb(&e, 2001);
	}
	/* One that is faulty is refused alone, too. */
	script_begin(&s, L2TP_ICRQ, 0);
	l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, 0x5556);
	script_send(&e, &s, 2000);
	take(&e, L2TP_CDN);
	script_begin(&s, L2TP_OCCN, OWN_SESSION);
	l2tp_add_u32(&s.b, AVP_TX_CONNECT_SPEED, 1);
	l2tp_add_u32(&s.b, AVP_FRAMING_TYPE, 1);
	script_send(&e, &s, 2000);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 1);
	assert_int_equal(e.closed, 0);
	end_free(&e);
}

static void collision_is_decided_by_the_tie_breaker(void **state)
{
	static const struct {
		uint8_t fill;
		bool present, lose;
	} cases[] = {{0x00, true, true}, {0xff, true, false}, {0, false, false}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct end e;
		struct script s;
		uint8_t tie[8];
		prng_state = 5;
		caller_started(&e, plain);
		memset(tie, cases[i].fill, sizeof tie);
		l2tp_build(&s.b, s.octets, sizeof s.octets, L2TP_SCCRQ, 0, 0);
		l2tp_add_u16(&s.b, AVP_PROTOCOL_VERSION, L2TP_VERSION);
		l2tp_add_u32(&s.b, AVP_FRAMING_CAPABILITIES, 3);
		l2tp_add(&s.b, AVP_HOST_NAME, "lns", 3);
		l2tp_add_u16(&s.b, AVP_ASSIGNED_TUNNEL_ID, PEER_TUNNEL);
		if (cases[i].present)
			l2tp_add(&s.b, AVP_TIE_BREAKER, tie, 8);
		script_send_numbered(&e, &s, 0, 0, 1000);
		if (cases[i].lose) {
			assert_closed(&e, EXIT_CONNECT_FAILED, "dials this machine at the same");
		} else {
			assert_int_equal(e.closed, 0);
			script_sccrp(&s);
			script_send(&e, &s, 1000);
			take(&e, L2TP_SCCCN);
		}
		end_free(&e);
	}
}

static void datagrams_for_others_and_broken_ones_are_dropped(void **state)
{
	struct end e;
	struct script s;
	struct l2tp_header h;
	(void)state;
	caller_started(&e, plain);
	script_sccrp(&s);
	size_t len = l2tp_build_end(&s.b);
	assert_true(l2tp_decode(s.octets, len, &h));
	for (unsigned id = 0; id < 2; id++) { /* 0 and a stranger's */
		h.tunnel_id = (uint16_t)(id * 0x1112);
		l2tp_control_header_write(s.octets, &h, len);
		end_input(&e, s.octets, len, 1000);
	}
	assert_int_equal(tunnel_counters(e.t)->unexpected, 2);
	end_input(&e, s.octets, 11, 1000);
	end_input(&e, (const uint8_t *)"\0\x02\x11\x11\0\0", 6, 1000); /* data */
	end_input(&e, s.octets, 0, 1000);
	assert_int_equal(tunnel_counters(e.t)->malformed, 3);
	assert_silent(&e);
	assert_int_equal(e.closed, 0);
	end_free(&e);
}

/* --- time and loss --- */

static void silent_server_is_told_after_retransmissions(void **state)
{
	static const uint64_t times[] = {1500, 2500, 4500, 8500, 16500};
	struct end e;
	(void)state;
	caller_started(&e, plain);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(tunnel_deadline(e.t), times[i]);
		tunnel_tick(e.t, times[i] - 1);
		assert_silent(&e);
		tunnel_tick(e.t, times[i]);
		take(&e, L2TP_SCCRQ);
	}
	assert_int_equal(tunnel_counters(e.t)->retransmitted, 5);
	assert_int_equal(tunnel_deadline(e.t), 24500);
	tunnel_tick(e.t, 24500);
	assert_closed(&e, EXIT_CONNECT_FAILED, "SCCRQ sent, nothing came back; it is down");
	assert_int_equal(e.weight, REASON_SILENCE);
	end_free(&e);
}

/* xl2tpd is silent when it cannot read what we hide. */
static void silence_after_hidden_avps_is_told_so(void **state)
{
	struct end e;
	(void)state;
	secret_set(&script_secret, "tunnelsecret", 12);
	caller_started(&e, (struct options){.secret = "tunnelsecret", .hide = true});
	for (unsigned i = 0; i < 5; i++) {
		tunnel_tick(e.t, tunnel_deadline(e.t));
		take(&e, L2TP_SCCRQ);
	}
	secret_wipe(&script_secret);
	tunnel_tick(e.t, tunnel_deadline(e.t));
	assert_closed(&e, EXIT_CONNECT_FAILED,
		      "6 SCCRQ sent, nothing came back; it is down, or cannot read what hide-avps");
	end_free(&e);
}

/* The limit for silence holds only as long as there is silence. */
static void silence_limit_ends_with_the_first_word(void **state)
{
	const struct options o = {.silence_limit_ms = 3000};
	struct end e;
	(void)state;
	caller_started(&e, o);
	tunnel_tick(e.t, 3999);
	assert_int_equal(e.closed, 0);
	take(&e, L2TP_SCCRQ);
	tunnel_tick(e.t, 4000);
	assert_closed(&e, EXIT_CONNECT_FAILED, "nothing came back");
	end_free(&e);
	caller_wait_call(&e, o);
	tunnel_tick(e.t, 4000);
	assert_int_equal(e.closed, 0);
	tunnel_tick(e.t, 31000);
	assert_int_equal(e.closed, 1);
	assert_non_null(strstr(e.reason.text, "its ICRP did not come within 30 s"));
	end_free(&e);
}

static void icmp_errors_count_only_while_nothing_was_heard(void **state)
{
	struct end e;
	(void)state;
	caller_started(&e, plain);
	tunnel_lost(e.t, ECONNREFUSED, 1001);
	tunnel_lost(e.t, ECONNREFUSED, 1501);
	assert_int_equal(e.closed, 0);
	tunnel_lost(e.t, ECONNREFUSED, 2501);
	assert_closed(&e, EXIT_CONNECT_FAILED, "nothing listens on UDP port 1701");
	end_free(&e);
	caller_up(&e, plain);
	for (unsigned n = 0; n < 10; n++)
		tunnel_lost(e.t, EHOSTUNREACH, 2000);
	assert_int_equal(e.closed, 0);
	tunnel_lost(e.t, EBADF, 2000);
	assert_closed(&e, EXIT_HANGUP, "socket of the tunnel failed");
	end_free(&e);
}

static void setup_limit_names_what_was_waited_for(void **state)
{
	struct end e;
	(void)state;
	caller_wait_call(&e, plain);
	script_zlb(&e, 1100);
	assert_int_equal(tunnel_deadline(e.t), 31000);
	tunnel_tick(e.t, 31000);
	assert_closed(&e, EXIT_CONNECT_FAILED,
		      "the server answers, but its ICRP did not come within 30 s");
	take(&e, L2TP_STOPCCN);
	end_free(&e);
}

static void hello_is_acknowledged_and_sent_after_silence(void **state)
{
	struct end e;
	struct script s;
	struct taken v;
	(void)state;
	caller_up(&e, plain); /* heard at 1000 */
	script_begin(&s, L2TP_HELLO, 0);
	script_send(&e, &s, 3000);
	assert_silent(&e);
	assert_int_equal(tunnel_deadline(e.t), 3050);
	tunnel_tick(e.t, 3050);
	end_take(&e, 0, &v);
	assert_int_equal(v.h.nr, 3);
	assert_int_equal(v.h.ns, 4);
	assert_int_equal(tunnel_deadline(e.t), 63000);
	tunnel_tick(e.t, 63000);
	end_take(&e, L2TP_HELLO, &v);
	assert_int_equal(v.h.session_id, 0);
	script_zlb(&e, 63077);
	assert_int_equal(e.echo, 1);
	assert_int_equal(e.rtt_ms, 77);
	assert_int_equal(tunnel_deadline(e.t), 123077);
	end_free(&e);
}

/* Which copy an acknowledgment is for cannot be known. */
static void hello_that_was_sent_twice_is_no_measure_of_the_round_trip(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e, plain);
	tunnel_tick(e.t, 61000);
	take(&e, L2TP_HELLO);
	tunnel_tick(e.t, tunnel_deadline(e.t));
	take(&e, L2TP_HELLO);
	script_zlb(&e, 62040);
	assert_int_equal(e.echo, 0);
	tunnel_tick(e.t, 122040);
	take(&e, L2TP_HELLO);
	script_zlb(&e, 122080);
	assert_int_equal(e.echo, 1);
	assert_int_equal(e.rtt_ms, 40);
	end_free(&e);
}

static void unacknowledged_hello_means_a_dead_peer_after_31_s(void **state)
{
	struct end e;
	uint64_t now;
	(void)state;
	caller_up(&e, plain);
	for (now = 61000; !e.closed; now = tunnel_deadline(e.t)) {
		tunnel_tick(e.t, now);
		assert_true(now <= 92000);
	}
	assert_closed(&e, EXIT_PEER_DEAD, "the server is dead");
	assert_int_equal(e.out_count, 6);
	end_free(&e);
}

static void duplicates_are_acknowledged_and_not_handled_again(void **state)
{
	struct end e;
	struct script s;
	struct taken v;
	(void)state;
	caller_wait_call(&e, plain);
	script_sccrp(&s);
	script_send_numbered(&e, &s, 0, 1, 1001);
	end_take(&e, 0, &v);
	assert_int_equal(v.h.nr, 1);
	assert_int_equal(v.h.ns, 3); /* that of the next message */
	assert_silent(&e);
	assert_int_equal(e.progress, 1);
	end_free(&e);
}

static void messages_out_of_order_are_put_in_order(void **state)
{
	struct end e;
	struct script s;
	struct taken v;
	(void)state;
	caller_wait_call(&e, plain);
	script_begin(&s, L2TP_HELLO, 0);
	script_send_numbered(&e, &s, 3, 3, 1001);
	script_begin(&s, L2TP_HELLO, 0);
	script_send_numbered(&e, &s, 2, 3, 1001);
	script_send_numbered(&e, &s, 2, 3, 1001);
	script_begin(&s, L2TP_HELLO, 0);
	script_send_numbered(&e, &s, 40, 3, 1001); /* beyond any window */
	assert_silent(&e);
	script_icrp(&s);
	script_send_numbered(&e, &s, 1, 3, 1002);
	end_take(&e, L2TP_ICCN, &v);
	assert_int_equal(v.h.nr, 2);
	tunnel_tick(e.t, 1052);
	end_take(&e, 0, &v);
	assert_int_equal(v.h.nr, 4); /* both held ones are in */
	assert_int_equal(e.up, 1);
	end_free(&e);
}

static const struct reason asked = {EXIT_OK, "hung up by the user"};

static void orderly_close_waits_for_its_acknowledgments(void **state)
{
	struct end e;
	struct taken v;
	struct l2tp_result r;
	(void)state;
	caller_up(&e, plain);
	tunnel_close(e.t, &asked, NULL, 5000);
	end_take(&e, L2TP_CDN, &v);
	assert_int_equal(v.h.session_id, PEER_SESSION);
	assert_true(l2tp_result(&v.m, &r));
	assert_int_equal(r.result, CDN_ADMINISTRATIVE);
	stopccn_result(&e, STOPCCN_SHUTTING_DOWN, 0);
	e.nr--; /* only the CDN is acknowledged */
	script_zlb(&e, 5100);
	assert_int_equal(e.closed, 0);
	tunnel_tick(e.t, tunnel_deadline(e.t));
	take(&e, L2TP_STOPCCN);
	script_zlb(&e, 5700);
	assert_closed(&e, EXIT_OK, "hung up by the user");
	end_free(&e);

	caller_up(&e, plain);
	tunnel_close(e.t, &asked, NULL, 5000);
	while (!e.closed)
		tunnel_tick(e.t, tunnel_deadline(e.t));
	assert_closed(&e, EXIT_OK, "hung up by the user");
	end_free(&e);
}

/* RFC 2661 section 5.7: the peer's StopCCN, right behind its CDN, has its acknowledgment too. */
static void closing_peer_is_answered_to_its_end(void **state)
{
	struct script s;
	struct end e;
	(void)state;

	for (unsigned comes = 0; comes < 2; comes++) {
		caller_up(&e, plain);
		tunnel_close(e.t, &asked, NULL, 5000);
		take(&e, L2TP_CDN);
		take(&e, L2TP_STOPCCN);
		script_cdn(&s, OWN_SESSION);
		script_send(&e, &s, 5040);
		take(&e, 0);
		assert_int_equal(e.closed, 0);
		assert_true(tunnel_deadline(e.t) <= 5140);
		if (comes) {
			script_begin(&s, L2TP_STOPCCN, 0);
			l2tp_add_u16(&s.b, AVP_ASSIGNED_TUNNEL_ID, PEER_TUNNEL);
			l2tp_add_result(&s.b, STOPCCN_GENERAL, false, 0, NULL);
			script_send(&e, &s, 5041);
			take(&e, 0);
		} else {
			tunnel_tick(e.t, 5140);
		}
		assert_silent(&e);
		assert_closed(&e, EXIT_OK, "hung up by the user");
		end_free(&e);
	}
}

/* Without a session id in its header, since the peer made no session. */
static void refused_call_without_a_session_is_heard(void **state)
{
	struct script s;
	struct end e;
	(void)state;

	caller_wait_call(&e, plain);
	script_begin(&s, L2TP_CDN, 0);
	l2tp_add_result(&s.b, CDN_NO_FACILITIES, true, 0, "all lines are busy");
	l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, 0);
	script_send(&e, &s, 1200);
	while (!e.closed)
		tunnel_tick(e.t, tunnel_deadline(e.t));
	assert_closed(&e, EXIT_CONNECT_FAILED, "all lines are busy");
	end_free(&e);
}

static void close_ends_within_three_seconds_in_each_state(void **state)
{
	(void)state;
	for (unsigned stage = 0; stage < 4; stage++) {
		struct end e;
		uint64_t now = 5000;
		if (stage == 0)
			end_open(&e, ROLE_CALLER, plain);
		else if (stage == 1)
			caller_started(&e, plain);
		else if (stage == 2)
			caller_wait_call(&e, plain);
		else
			caller_up(&e, plain);
		tunnel_close(e.t, &asked, NULL, now);
		tunnel_close(e.t, &(struct reason){EXIT_FATAL, "again"}, NULL, now);
		while (!e.closed) {
			now = tunnel_deadline(e.t);
			tunnel_tick(e.t, now);
		}
		assert_true(now <= 8000);
		assert_closed(&e, EXIT_OK, "hung up by the user");
		end_free(&e);
	}
}

/* --- reliable delivery by itself --- */

static struct datagram sent[64];
static size_t sent_count;

static void note_sent(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	assert_true(sent_count < 64);
	sent[sent_count].len = len;
	memcpy(sent[sent_count++].octets, octets, len);
}

static uint16_t sent_ns(size_t i)
{
	return (uint16_t)(sent[i].octets[8] << 8 | sent[i].octets[9]);
}

static void queue_one(struct reliable *r, uint64_t now)
{
	static const uint8_t message[20] = {0xc8, 2, 0, 20};
	assert_true(reliable_queue(r, message, sizeof message, now));
}

static void acknowledge(struct reliable *r, uint16_t nr, uint64_t now)
{
	const struct l2tp_header zlb = {.nr = nr, .ns = r->nr};
	assert_int_equal(reliable_receive(r, &zlb, now), RELIABLE_EMPTY);
}

static void reliable_starts_slowly_and_keeps_the_window(void **state)
{
	static struct reliable r;
	(void)state;
	sent_count = 0;
	reliable_init(&r, note_sent, NULL);
	reliable_set_window(&r, 4);
	for (unsigned n = 0; n < 12; n++)
		queue_one(&r, 0);
	assert_int_equal(sent_count, 1);
	acknowledge(&r, 1, 10); /* cwnd 2 */
	assert_int_equal(sent_count, 3);
	acknowledge(&r, 3, 20); /* cwnd 4 */
	assert_int_equal(sent_count, 7);
	acknowledge(&r, 7, 30); /* the window holds */
	assert_int_equal(sent_count, 11);
	acknowledge(&r, 11, 40);
	acknowledge(&r, 12, 50);
	assert_true(reliable_idle(&r));
	assert_true(reliable_deadline(&r) == DEADLINE_NONE);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(sent_ns(i), i);
	assert_int_equal(r.retransmitted, 0);
}

static void reliable_backs_off_and_gives_up_after_31_s(void **state)
{
	static const uint64_t times[] = {1000, 3000, 7000, 15000, 23000};
	static struct reliable r;
	(void)state;
	sent_count = 0;
	reliable_init(&r, note_sent, NULL);
	queue_one(&r, 0);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(reliable_deadline(&r), times[i]);
		assert_true(reliable_tick(&r, times[i]));
		assert_int_equal(sent_count, i + 2);
	}
	assert_int_equal(reliable_deadline(&r), 31000);
	assert_false(reliable_tick(&r, 31000));
}

static void reliable_shrinks_after_a_loss_and_sends_each_missing_one_again(void **state)
{
	static struct reliable r;
	(void)state;
	sent_count = 0;
	reliable_init(&r, note_sent, NULL);
	reliable_set_window(&r, 8);
	r.cwnd = 8;
	for (unsigned n = 0; n < 4; n++)
		queue_one(&r, 0);
	assert_int_equal(sent_count, 4);
	assert_true(reliable_tick(&r, 1000)); /* none acknowledged: one again */
	assert_int_equal(sent_count, 5);
	assert_int_equal(sent_ns(4), 0);
	acknowledge(&r, 4, 1010); /* all had arrived but the first */
	assert_true(reliable_idle(&r));
	assert_int_equal(sent_count, 5);
	assert_int_equal(r.retransmitted, 1);
}

static void reliable_ignores_acknowledgments_of_what_was_not_sent(void **state)
{
	static struct reliable r;
	(void)state;
	sent_count = 0;
	reliable_init(&r, note_sent, NULL);
	queue_one(&r, 0);
	queue_one(&r, 0); /* not sent yet: cwnd is 1 */
	acknowledge(&r, 2, 1);
	acknowledge(&r, 0x8000, 1);
	acknowledge(&r, 0xffff, 1);
	assert_int_equal(r.una, 0);
	acknowledge(&r, 1, 2);
	assert_int_equal(sent_count, 2);
}

static void reliable_numbers_wrap_around(void **state)
{
	static struct reliable r;
	(void)state;
	sent_count = 0;
	reliable_init(&r, note_sent, NULL);
	r.una = r.ns_sent = r.ns_top = r.ns_next = 65530;
	r.nr = 65530;
	for (unsigned n = 0; n < 20; n++) {
		const struct l2tp_header h = {
			.ns = (uint16_t)(65530 + n), .nr = r.ns_next, .payload_len = 8};
		const struct l2tp_header old = {
			.ns = (uint16_t)(65529 + n), .nr = r.ns_next, .payload_len = 8};
		queue_one(&r, n);
		assert_int_equal(reliable_receive(&r, &old, n), RELIABLE_DUPLICATE);
		assert_int_equal(reliable_receive(&r, &h, n), RELIABLE_NEXT);
		reliable_accept(&r, n);
		acknowledge(&r, r.ns_next, n);
		assert_true(reliable_idle(&r));
		sent_count = 0;
	}
	assert_int_equal(r.nr, (uint16_t)(65530 + 20));
}

static void reliable_refuses_what_does_not_fit(void **state)
{
	static struct reliable r;
	static const uint8_t big[RELIABLE_MESSAGE_MAX + 1];
	(void)state;
	sent_count = 0;
	reliable_init(&r, note_sent, NULL);
	assert_false(reliable_queue(&r, big, sizeof big, 0));
	assert_false(reliable_queue(&r, big, 11, 0));
	for (unsigned n = 0; n < RELIABLE_QUEUE; n++)
		queue_one(&r, 0);
	assert_int_equal(reliable_room(&r), 0);
	assert_false(reliable_queue(&r, big, 20, 0));
}

/* --- the answerer --- */

static void carry_all(struct end *from, struct end *to, uint64_t now)
{
	while (from->out_count > 0) {
		struct datagram d = from->out[0];
		from->out_count--;
		memmove(from->out, from->out + 1, from->out_count * sizeof from->out[0]);
		if (!to->closed)
			end_input(to, d.octets, d.len, now);
	}
}

static void pair_open(struct end *caller, struct end *answerer, struct options c, struct options a)
{
	end_open(caller, ROLE_CALLER, c);
	end_open(answerer, ROLE_ANSWERER, a);
	tunnel_start(caller->t, 0);
}

static void pair_run(struct end *caller, struct end *answerer, uint64_t now)
{
	while (caller->out_count > 0 || answerer->out_count > 0) {
		carry_all(caller, answerer, now);
		carry_all(answerer, caller, now);
	}
}

static void both_roles_agree_with_and_without_secret_and_hiding(void **state)
{
	static const struct options variants[] = {
		{0},
		{.secret = "s"},
		{.secret = "tunnelsecret", .hide = true},
		{.secret = "tunnelsecret", .hide = true, .sequencing = true},
	};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		static struct end caller, answerer;
		pair_open(&caller, &answerer, variants[i], variants[i]);
		pair_run(&caller, &answerer, 0);
		assert_int_equal(caller.up, 1);
		assert_int_equal(answerer.up, 1);
		assert_int_equal(caller.call.peer_tunnel_id, answerer.door.local_tunnel_id);
		assert_int_equal(answerer.call.peer_tunnel_id, OWN_TUNNEL);
		assert_int_equal(caller.call.peer_call_id, PEER_SESSION);
		assert_int_equal(answerer.call.peer_call_id, OWN_SESSION);
		assert_int_equal(answerer.call.sequencing, variants[i].sequencing);
		assert_string_equal(answerer.call.peer.vendor, "vpdial");
		tunnel_close(caller.t, &asked, NULL, 10);
		pair_run(&caller, &answerer, 10);
		assert_closed(&caller, EXIT_OK, "hung up by the user");
		assert_closed(&answerer, EXIT_HANGUP, "the client ended the call");
		end_free(&caller);
		end_free(&answerer);
	}
}

static void the_caller_reads_why_the_answerer_ends_the_call(void **state)
{
	static struct end caller, answerer;
	char longest[400];

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		pair_open(&caller, &answerer, plain, plain);
		pair_run(&caller, &answerer, 0);
		tunnel_close(answerer.t, &asked, i ? longest : "time is up", 10);
		pair_run(&caller, &answerer, 10);
		assert_closed(&answerer, EXIT_OK, "hung up by the user");
		assert_closed(&caller, EXIT_HANGUP,
			      i ? ", it says \"xxxx" : ", it says \"time is up\"");
		end_free(&caller);
		end_free(&answerer);
	}
}

static void hidden_avps_show_nothing_on_the_wire(void **state)
{
	struct end e;
	struct taken v;
	(void)state;
	end_open(&e, ROLE_CALLER, (struct options){.secret = "tunnelsecret", .hide = true});
	tunnel_start(e.t, 0);
	secret_set(&script_secret, "tunnelsecret", 12);
	end_take(&e, L2TP_SCCRQ, &v);
	secret_wipe(&script_secret);
	assert_true(v.m.avp[AVP_ASSIGNED_TUNNEL_ID].hidden);
	assert_true(v.m.avp[AVP_VENDOR_NAME].hidden);
	assert_false(v.m.avp[AVP_CHALLENGE].hidden); /* l2tpns could not read it */
	assert_false(v.m.avp[AVP_HOST_NAME].hidden);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_TUNNEL_ID), OWN_TUNNEL);
	assert_null(memmem(v.d.octets, v.d.len, "\x00\x09\x11\x11", 4));
	assert_null(memmem(v.d.octets, v.d.len, "tunnelsecret", 12));
	end_free(&e);
}

static void answerer_checks_the_secret_of_the_caller(void **state)
{
	static struct end caller, answerer;
	(void)state;
	pair_open(&caller, &answerer, plain, with_secret);
	pair_run(&caller, &answerer, 0);
	assert_closed(&caller, EXIT_AUTH_FAILED, "none is configured");
	end_free(&caller);
	end_free(&answerer);
	pair_open(&caller, &answerer, with_secret, plain);
	pair_run(&caller, &answerer, 0);
	assert_false(answerer.door.passed);
	assert_closed(&caller, EXIT_CONNECT_FAILED, "check the tunnel secret");
	end_free(&caller);
	end_free(&answerer);
	pair_open(&caller, &answerer, with_secret, (struct options){.secret = "other"});
	pair_run(&caller, &answerer, 0);
	assert_closed(&caller, EXIT_PEER_AUTH_FAILED, "does not know the tunnel secret");
	assert_int_equal(answerer.up, 0);
	end_free(&caller);
	end_free(&answerer);
}

static void answerer_counts_the_errors_of_a_wen(void **state)
{
	static struct end caller, answerer;
	struct script s;
	(void)state;
	pair_open(&caller, &answerer, plain, plain);
	pair_run(&caller, &answerer, 0);
	/* A WEN from the client: numbers as the caller would use them. */
	l2tp_build(&s.b, s.octets, sizeof s.octets, L2TP_WEN, answerer.door.local_tunnel_id,
		   PEER_SESSION);
	l2tp_add(&s.b, AVP_CALL_ERRORS, (uint8_t[26]){0}, 26);
	script_send_numbered(&answerer, &s, 4, 3, 1);
	assert_int_equal(tunnel_counters(answerer.t)->wan_errors, 1);
	end_free(&caller);
	end_free(&answerer);
}

static void answerer_refuses_a_second_call(void **state)
{
	static struct end caller, answerer;
	struct taken v;
	struct script s;
	(void)state;
	pair_open(&caller, &answerer, plain, plain);
	pair_run(&caller, &answerer, 0);
	l2tp_build(&s.b, s.octets, sizeof s.octets, L2TP_ICRQ, answerer.door.local_tunnel_id, 0);
	l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, 0x6666);
	l2tp_add_u32(&s.b, AVP_CALL_SERIAL_NUMBER, 2);
	script_send_numbered(&answerer, &s, 4, 2, 1);
	end_take(&answerer, L2TP_CDN, &v);
	assert_int_equal(v.h.session_id, 0x6666);
	assert_int_equal(answerer.closed, 0);
	end_free(&caller);
	end_free(&answerer);
}

static void caller_of_a_full_answerer_is_told_so(void **state)
{
	static const struct options variants[] = {
		{0},
		{.secret = "tunnelsecret", .hide = true},
	};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static struct end caller, answerer;

		pair_open(&caller, &answerer, variants[i], variants[i]);
		half_open_shut(answerer.door.half_open, "full", false);
		carry_all(&caller, &answerer, 0);
		carry_all(&answerer, &caller, 0);
		assert_closed(&caller, EXIT_CONNECT_FAILED,
			      "the server closed the tunnel: general error (not enough "
			      "resources), it says \"no room now\"; it has no room for another "
			      "call now, try again later");
		assert_false(answerer.door.passed);
		end_free(&caller);
		end_free(&answerer);
	}
}

/* An answerer whose tunnel was adopted at time 0, its call up; the scripted peer's turn. */
static void answerer_up(struct end *e)
{
	const struct adopted_tunnel from = {.local_tunnel_id = PEER_TUNNEL,
					    .peer_tunnel_id = OWN_TUNNEL,
					    .window = 8,
					    .host_len = 4,
					    .host = "la\nc"};
	struct script s;

	end_open(e, ROLE_ANSWERER, plain);
	e->door.passed = true;
	tunnel_adopt(e->t, &from, 0);
	assert_silent(e);
	e->ns = 2;
	e->nr = 1;
	l2tp_build(&s.b, s.octets, sizeof s.octets, L2TP_ICRQ, PEER_TUNNEL, 0);
	l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, OWN_SESSION);
	l2tp_add_u32(&s.b, AVP_CALL_SERIAL_NUMBER, 1);
	script_send(e, &s, 10);
	take(e, L2TP_ICRP);
	l2tp_build(&s.b, s.octets, sizeof s.octets, L2TP_ICCN, PEER_TUNNEL, PEER_SESSION);
	l2tp_add_u32(&s.b, AVP_TX_CONNECT_SPEED, 1);
	l2tp_add_u32(&s.b, AVP_FRAMING_TYPE, 1);
	script_send(e, &s, 20);
	assert_int_equal(e->up, 1);
	tunnel_tick(e->t, 100);
	take(e, 0);
	assert_silent(e);
}

/* The peer acknowledges all that was sent to it so far. */
static void client_zlb(struct end *e, uint64_t now)
{
	const struct l2tp_header h = {.tunnel_id = PEER_TUNNEL, .ns = e->ns, .nr = e->nr};
	uint8_t octets[L2TP_CONTROL_HEADER_LEN];

	l2tp_control_header_write(octets, &h, sizeof octets);
	end_input(e, octets, sizeof octets, now);
}

static void adopted_tunnel_acknowledges_the_scccn_and_waits_for_the_call(void **state)
{
	static struct end e;
	struct taken v;
	(void)state;
	answerer_up(&e);
	assert_string_equal(e.call.peer.host_name, "la\\x0ac");
	assert_int_equal(e.call.peer_tunnel_id, OWN_TUNNEL);
	end_free(&e);
	/* A client that falls silent is given up, and so is one that is not adopted, on request. */
	end_open(&e, ROLE_ANSWERER, plain);
	tunnel_start(e.t, 0);
	assert_true(tunnel_deadline(e.t) == DEADLINE_NONE);
	tunnel_adopt(e.t, &(struct adopted_tunnel){.local_tunnel_id = 5, .peer_tunnel_id = 6}, 0);
	tunnel_tick(e.t, 50);
	end_take(&e, 0, &v);
	assert_int_equal(v.h.tunnel_id, 6);
	assert_int_equal(v.h.ns, 1);
	assert_int_equal(v.h.nr, 2);
	tunnel_tick(e.t, 30000);
	assert_closed(&e, EXIT_CONNECT_FAILED, "its ICRQ did not come within 30 s");
	end_free(&e);
}

/* A SCCRQ of the peer's port, for tunnel id TUNNEL. */
static void client_sccrq(struct end *e, uint16_t tunnel, uint64_t now)
{
	struct script s;

	l2tp_build(&s.b, s.octets, sizeof s.octets, L2TP_SCCRQ, 0, 0);
	l2tp_add_u16(&s.b, AVP_PROTOCOL_VERSION, L2TP_VERSION);
	l2tp_add_u32(&s.b, AVP_FRAMING_CAPABILITIES, 3);
	l2tp_add(&s.b, AVP_HOST_NAME, "h", 1);
	l2tp_add_u16(&s.b, AVP_ASSIGNED_TUNNEL_ID, tunnel);
	script_send_numbered(e, &s, 0, 0, now);
}

static void client_that_began_anew_is_not_locked_out(void **state)
{
	static struct end e;
	(void)state;
	answerer_up(&e);
	client_sccrq(&e, 0x7777, 1000);
	take(&e, L2TP_HELLO);
	assert_true(tunnel_deadline(e.t) <= 1500);
	/* It asks again and again, and knows nothing of our HELLO. */
	for (uint64_t now = 1100; now < 3500; now += 100) {
		client_sccrq(&e, 0x7777, now);
		tunnel_tick(e.t, now);
		assert_int_equal(e.closed, 0);
	}
	take(&e, L2TP_HELLO);
	take(&e, L2TP_HELLO);
	assert_silent(&e);
	tunnel_tick(e.t, 3500);
	assert_closed(&e, EXIT_HANGUP, "the client began anew");
	assert_silent(&e);
	end_free(&e);
}

static void forged_sccrq_costs_a_client_nothing_but_a_hello(void **state)
{
	static struct end e;
	unsigned hellos = 0;
	(void)state;
	answerer_up(&e);
	/* A thousand a second for ten seconds; the client answers, but not at once. */
	for (uint64_t now = 1000; now < 11000; now++) {
		client_sccrq(&e, (uint16_t)(0x8000 | now), now);
		tunnel_tick(e.t, now);
		if (now % 900 == 0)
			client_zlb(&e, now);
		for (; e.out_count; hellos++)
			take(&e, L2TP_HELLO);
	}
	assert_int_equal(e.closed, 0);
	if (hellos > 6)
		fail_msg("%u HELLOs", hellos);
	assert_true(e.echo <= 2);
	client_zlb(&e, 11000);
	tunnel_tick(e.t, 20000);
	assert_int_equal(e.closed, 0);
	end_free(&e);
}

static void copies_of_the_first_sccrq_are_acknowledged_only(void **state)
{
	static struct end e;
	(void)state;
	answerer_up(&e);
	client_sccrq(&e, OWN_TUNNEL, 1000);
	take(&e, 0);
	tunnel_tick(e.t, 5000);
	assert_silent(&e);
	assert_int_equal(e.closed, 0);
	end_free(&e);
}

/* --- a bad network --- */

struct flight {
	bool used;
	uint64_t at;
	struct end *to;
	struct datagram d;
};

struct net {
	uint32_t loss, duplicate; /* per cent */
	uint32_t delay_ms;	  /* up to so long: reorders */
	uint32_t damage;	  /* per cent of datagrams with a changed octet */
	struct flight flights[512];
};

static void net_launch(struct net *net, const struct datagram *d, struct end *to, uint64_t now)
{
	for (size_t i = 0; i < 512; i++) {
		struct flight *f = &net->flights[i];
		if (f->used)
			continue;
		*f = (struct flight){true, now + 1 + prng(net->delay_ms), to, *d};
		if (prng(100) < net->damage)
			f->d.octets[prng((uint32_t)f->d.len)] = (uint8_t)prng(256);
		return;
	}
	fail_msg("too many datagrams in flight");
}

static void net_collect(struct net *net, struct end *from, struct end *to, uint64_t now)
{
	for (size_t i = 0; i < from->out_count; i++) {
		if (prng(100) >= net->loss)
			net_launch(net, &from->out[i], to, now);
		if (prng(100) < net->duplicate)
			net_launch(net, &from->out[i], to, now);
	}
	from->out_count = 0;
}

/* Runs until time UNTIL or until nothing more will happen. */
static uint64_t net_run(struct net *net, struct end *a, struct end *b, uint64_t now, uint64_t until)
{
	for (;;) {
		struct flight *next = NULL;
		net_collect(net, a, b, now);
		net_collect(net, b, a, now);
		uint64_t timer = deadline_min(tunnel_deadline(a->t), tunnel_deadline(b->t));
		for (size_t i = 0; i < 512; i++) {
			struct flight *f = &net->flights[i];
			if (f->used && (!next || f->at < next->at))
				next = f;
		}
		uint64_t due = deadline_min(timer, next ? next->at : DEADLINE_NONE);
		if (due > until)
			return until;
		if (due > now)
			now = due;
		if (next && next->at <= now) {
			next->used = false;
			if (!next->to->closed)
				end_input(next->to, next->d.octets, next->d.len, now);
			continue;
		}
		tunnel_tick(a->t, now);
		tunnel_tick(b->t, now);
	}
}

static void calls_survive_loss_duplication_and_reordering(void **state)
{
	static struct end caller, answerer;
	static struct net net;
	unsigned failed = 0;
	(void)state;
	for (uint32_t seed = 1; seed <= 400; seed++) {
		struct options o = {.secret = seed % 3 ? "secret" : NULL, .hide = seed % 3 == 2};
		prng_state = seed * 7919;
		net = (struct net){
			.loss = seed % 25, .duplicate = seed % 20, .delay_ms = 1 + seed % 400};
		pair_open(&caller, &answerer, o, o);
		uint64_t now = net_run(&net, &caller, &answerer, 0, 29000);
		if (!caller.up || !answerer.up) {
			/* At the worst every fourth datagram is lost each way; that a message
			 * fails six times is possible, but rare. */
			failed++;
			end_free(&caller);
			end_free(&answerer);
			continue;
		}
		assert_int_equal(caller.up, 1);
		assert_int_equal(answerer.up, 1);
		now = net_run(&net, &caller, &answerer, now, now + 600000);
		if (caller.closed || answerer.closed) {
			failed++;
		} else {
			/* Each message is handled exactly once. */
			assert_int_equal(tunnel_counters(caller.t)->unexpected, 0);
			assert_int_equal(tunnel_counters(answerer.t)->unexpected, 0);
			assert_true(caller.echo + answerer.echo >= 4);
			struct end *first = seed % 2 ? &caller : &answerer;
			tunnel_close(first->t, &asked, NULL, now);
			now = net_run(&net, &caller, &answerer, now, now + 3000);
			assert_closed(first, EXIT_OK, "hung up by the user");
			net_run(&net, &caller, &answerer, now, now + 200000);
			assert_int_equal(caller.closed, 1);
			assert_int_equal(answerer.closed, 1);
		}
		end_free(&caller);
		end_free(&answerer);
	}
	if (failed > 8)
		fail_msg("%u of 400 calls failed", failed);
}

static void damaged_datagrams_never_harm(void **state)
{
	static struct end caller, answerer;
	static struct net net;
	(void)state;
	for (uint32_t seed = 1; seed <= 1500; seed++) {
		struct options o = {.secret = seed % 2 ? "secret" : NULL, .hide = seed % 4 == 1};
		prng_state = seed * 104729;
		net = (struct net){
			.loss = 5, .duplicate = 10, .delay_ms = 50, .damage = 10 + seed % 60};
		pair_open(&caller, &answerer, o, o);
		uint64_t now = net_run(&net, &caller, &answerer, 0, 200000);
		tunnel_close(caller.t, &asked, NULL, now);
		tunnel_close(answerer.t, &asked, NULL, now);
		net_run(&net, &caller, &answerer, now, now + 3000);
		assert_int_equal(caller.closed, 1);
		assert_int_equal(answerer.closed, 1);
		end_free(&caller);
		end_free(&answerer);
	}
}

static void flood_of_call_requests_is_bounded(void **state)
{
	struct end e;
	struct script s;
	(void)state;
	caller_up(&e, plain);
	for (unsigned n = 0; n < 500; n++) {
		script_begin(&s, L2TP_ICRQ, 0);
		l2tp_add_u16(&s.b, AVP_ASSIGNED_SESSION_ID, (uint16_t)(1000 + n));
		l2tp_add_u32(&s.b, AVP_CALL_SERIAL_NUMBER, n);
		script_send(&e, &s, 2000);
	}
	/* Nothing of ours is acknowledged: only what the queue holds was taken. */
	assert_true(tunnel_counters(e.t)->rx_messages < 2 + RELIABLE_QUEUE);
	assert_true(e.out_count <= RELIABLE_QUEUE);
	end_free(&e);
}

/* With a full queue there is no room for a Hello: its time, which comes before the peer counts as
 * dead, must not stay in the past, or the clock would be asked again and again. */
static void a_full_queue_never_leaves_a_deadline_behind(void **state)
{
	struct end e;
	uint64_t now = 2000;
	unsigned ticks = 0;
	(void)state;
	caller_up(&e, (struct options){.hello_ms = 10000});
	tunnel_tick(e.t, now);
	while (reliable_room(&l2tp_of(e.t)->reliable) > 0)
		l2tp_send_cdn(l2tp_of(e.t), 1, 1, CDN_ADMINISTRATIVE, 0, NULL);
	while (!e.closed) {
		uint64_t due = tunnel_deadline(e.t);

		assert_true(due != DEADLINE_NONE);
		now = due > now ? due : now;
		tunnel_tick(e.t, now);
		assert_true(e.closed || tunnel_deadline(e.t) > now);
		assert_true(++ticks < 100);
	}
	assert_closed(&e, EXIT_PEER_DEAD, "is dead");
	end_free(&e);
}

static void debug_log_has_one_line_for_each_message_and_no_secret(void **state)
{
	static struct end caller, answerer;
	static char text[65536];
	char iccn[80];
	int fds[2];
	ssize_t len;
	(void)state;
	assert_int_equal(pipe(fds), 0);
	const struct log log = {.fd = fds[1], .level = LOG_LEVEL_DEBUG, .format = LOG_FORMAT_PLAIN};
	const struct options o = {.secret = "tunnelsecret", .hide = true, .log = &log};
	pair_open(&caller, &answerer, o, (struct options){.secret = "tunnelsecret"});
	pair_run(&caller, &answerer, 0);
	len = read(fds[0], text, sizeof text - 1);
	assert_true(len > 0);
	text[len] = '\0';
	assert_non_null(strstr(text, "[L2TP > SCCRQ <tunnel 0> <session 0> <Ns 0> <Nr 0>"));
	assert_non_null(strstr(text, "[L2TP < SCCRP <tunnel 4369>"));
	assert_non_null(strstr(text, "<Vendor-Name \"vpdial\" hidden>"));
	snprintf(iccn, sizeof iccn, "[L2TP > ICCN <tunnel %u> <session 17476>",
		 answerer.door.local_tunnel_id);
	assert_non_null(strstr(text, iccn));
	assert_null(strstr(text, "tunnelsecret"));
	end_free(&caller);
	end_free(&answerer);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caller_dials_and_tells_the_call),
		cmocka_unit_test(sequencing_is_required_when_configured),
		cmocka_unit_test(ids_are_drawn_when_none_are_given),
		cmocka_unit_test(challenges_are_answered_both_ways),
		cmocka_unit_test(wrong_or_missing_proofs_end_the_tunnel),
		cmocka_unit_test(other_version_ends_the_tunnel),
		cmocka_unit_test(stopccn_is_acknowledged_and_told),
		cmocka_unit_test(stopccn_in_the_call_is_a_hangup),
		cmocka_unit_test(cdn_ends_the_call_with_all_that_it_tells),
		cmocka_unit_test(cdn_for_want_of_room_is_told_before_the_call_only),
		cmocka_unit_test(cdn_is_known_by_header_or_by_the_peers_own_id),
		cmocka_unit_test(unknown_mandatory_avp_ends_the_tunnel),
		cmocka_unit_test(fault_in_a_session_message_ends_call_and_tunnel),
		cmocka_unit_test(repeated_setup_messages_are_state_machine_errors),
		cmocka_unit_test(calls_from_the_server_are_refused_and_ours_stays_up),
		cmocka_unit_test(collision_is_decided_by_the_tie_breaker),
		cmocka_unit_test(datagrams_for_others_and_broken_ones_are_dropped),
		cmocka_unit_test(silent_server_is_told_after_retransmissions),
		cmocka_unit_test(silence_after_hidden_avps_is_told_so),
		cmocka_unit_test(silence_limit_ends_with_the_first_word),
		cmocka_unit_test(icmp_errors_count_only_while_nothing_was_heard),
		cmocka_unit_test(setup_limit_names_what_was_waited_for),
		cmocka_unit_test(hello_is_acknowledged_and_sent_after_silence),
		cmocka_unit_test(hello_that_was_sent_twice_is_no_measure_of_the_round_trip),
		cmocka_unit_test(unacknowledged_hello_means_a_dead_peer_after_31_s),
		cmocka_unit_test(duplicates_are_acknowledged_and_not_handled_again),
		cmocka_unit_test(messages_out_of_order_are_put_in_order),
		cmocka_unit_test(orderly_close_waits_for_its_acknowledgments),
		cmocka_unit_test(closing_peer_is_answered_to_its_end),
		cmocka_unit_test(refused_call_without_a_session_is_heard),
		cmocka_unit_test(close_ends_within_three_seconds_in_each_state),
		cmocka_unit_test(reliable_starts_slowly_and_keeps_the_window),
		cmocka_unit_test(reliable_backs_off_and_gives_up_after_31_s),
		cmocka_unit_test(reliable_shrinks_after_a_loss_and_sends_each_missing_one_again),
		cmocka_unit_test(reliable_ignores_acknowledgments_of_what_was_not_sent),
		cmocka_unit_test(reliable_numbers_wrap_around),
		cmocka_unit_test(reliable_refuses_what_does_not_fit),
		cmocka_unit_test(both_roles_agree_with_and_without_secret_and_hiding),
		cmocka_unit_test(the_caller_reads_why_the_answerer_ends_the_call),
		cmocka_unit_test(hidden_avps_show_nothing_on_the_wire),
		cmocka_unit_test(answerer_checks_the_secret_of_the_caller),
		cmocka_unit_test(answerer_counts_the_errors_of_a_wen),
		cmocka_unit_test(answerer_refuses_a_second_call),
		cmocka_unit_test(caller_of_a_full_answerer_is_told_so),
		cmocka_unit_test(adopted_tunnel_acknowledges_the_scccn_and_waits_for_the_call),
		cmocka_unit_test(client_that_began_anew_is_not_locked_out),
		cmocka_unit_test(forged_sccrq_costs_a_client_nothing_but_a_hello),
		cmocka_unit_test(copies_of_the_first_sccrq_are_acknowledged_only),
		cmocka_unit_test(calls_survive_loss_duplication_and_reordering),
		cmocka_unit_test(damaged_datagrams_never_harm),
		cmocka_unit_test(flood_of_call_requests_is_bounded),
		cmocka_unit_test(a_full_queue_never_leaves_a_deadline_behind),
		cmocka_unit_test(debug_log_has_one_line_for_each_message_and_no_secret),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
