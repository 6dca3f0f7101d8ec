/* SPDX-License-Identifier: MIT */
/* The PPTP control connection, both roles, under a fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tunnel/tunnel.h"
#include "vectors.h"
#include "wire/pptp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCAL_ID  0x1234 /* of the vectors */
#define REMOTE_ID 0x5678

struct end {
	struct tunnel *t;
	uint8_t out[16384]; /* sent and not yet taken */
	size_t out_len;
	unsigned progress, up, echo, closed;
	uint32_t rtt_ms;
	struct tunnel_call call;
	enum reason_weight weight;
	struct reason reason;
	const struct reason *close_when_up;
};

static void end_send(void *ctx, const uint8_t *octets, size_t len)
{
	struct end *e = ctx;
	assert_int_equal(e->closed, 0);
	assert_true(e->out_len + len <= sizeof e->out);
	memcpy(e->out + e->out_len, octets, len);
	e->out_len += len;
}

static void end_event(void *ctx, const struct tunnel_event *event)
{
	struct end *e = ctx;
	assert_int_equal(e->closed, 0);
	switch (event->kind) {
	case TUNNEL_EVENT_PROGRESS:
		e->progress++;
		assert_true(strlen(event->text) > 0);
		break;
	case TUNNEL_EVENT_CALL_UP:
		e->up++;
		e->call = *event->call;
		if (e->close_when_up)
			tunnel_close(e->t, e->close_when_up, NULL, 0);
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

static void end_open_with(struct end *e, enum call_role role, bool refuse, const struct log *log)
{
	const struct tunnel_config config = {
		.port = 2723,
		.type = PROTOCOL_PPTP,
		.role = role,
		.host_name = "local",
		.local_call_id = role == ROLE_CALLER ? LOCAL_ID : REMOTE_ID,
		.receive_window = 64,
		.setup_limit_ms = 30000,
		.echo_interval_ms = 40000,
		.echo_limit_ms = 60000,
		.refuse = refuse,
	};
	const struct tunnel_callbacks callbacks = {end_send, end_event, e};
	memset(e, 0, sizeof *e);
	e->t = tunnel_new(&config, &callbacks, &prng_source, log);
	assert_non_null(e->t);
}

static void end_open(struct end *e, enum call_role role)
{
	end_open_with(e, role, false, NULL);
}

/* Takes the first message that was sent; fails if it is not of TYPE. */
static struct pptp_message end_take(struct end *e, enum pptp_type type)
{
	const char *fault = NULL;
	struct pptp_message m;
	int n = pptp_frame(e->out, e->out_len, &fault);
	assert_true(n > 0);
	assert_true(pptp_decode(&m, e->out, (size_t)n, NULL));
	assert_string_equal(pptp_type_name(m.type), pptp_type_name(type));
	e->out_len -= (size_t)n;
	memmove(e->out, e->out + n, e->out_len);
	return m;
}

static void assert_silent(const struct end *e)
{
	assert_int_equal(e->out_len, 0);
}

static void feed(struct end *e, const struct pptp_message *m, uint64_t now)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	size_t len = pptp_encode(octets, sizeof octets, m);
	assert_true(len > 0);
	tunnel_input(e->t, octets, len, now);
}

static void feed_vector(struct end *e, const char *name, uint64_t now)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	size_t len = vector_hex("pptp.txt", "control", name, octets, sizeof octets);
	tunnel_input(e->t, octets, len, now);
}

static void assert_closed(const struct end *e, enum exit_status code, const char *words)
{
	assert_int_equal(e->closed, 1);
	if (!strstr(e->reason.text, words))
		fail_msg("\"%s\" does not contain \"%s\"", e->reason.text, words);
	assert_int_equal(e->reason.code, code);
	assert_int_not_equal(e->reason.text[strlen(e->reason.text) - 1], '.');
	assert_true(tunnel_deadline(e->t) == DEADLINE_NONE);
	assert_silent(e);
}

/* A caller that waits for the Outgoing-Call-Reply, and one whose call is up, at time 1000. */
static void caller_wait_call(struct end *e)
{
	end_open(e, ROLE_CALLER);
	tunnel_start(e->t, 1000);
	end_take(e, PPTP_START_REQUEST);
	feed_vector(e, "sccrp_ok", 1000);
	end_take(e, PPTP_OUTGOING_CALL_REQUEST);
	assert_int_equal(e->progress, 1);
}

static void caller_up(struct end *e)
{
	caller_wait_call(e);
	feed_vector(e, "ocrp_ok", 1000);
	end_take(e, PPTP_SET_LINK_INFO);
	assert_int_equal(e->up, 1);
}

static void answerer_up(struct end *e)
{
	end_open(e, ROLE_ANSWERER);
	tunnel_start(e->t, 1000);
	feed_vector(e, "sccrq", 1000);
	end_take(e, PPTP_START_REPLY);
	feed_vector(e, "ocrq", 1000);
	end_take(e, PPTP_OUTGOING_CALL_REPLY);
	assert_int_equal(e->up, 1);
}

static void caller_dials_and_tells_the_call(void **state)
{
	struct end e;
	struct pptp_message m;
	uint8_t want[PPTP_MESSAGE_MAX];
	(void)state;
	end_open(&e, ROLE_CALLER);
	assert_true(tunnel_deadline(e.t) == DEADLINE_NONE);
	tunnel_start(e.t, 1000);
	m = end_take(&e, PPTP_START_REQUEST);
	assert_int_equal(m.version, 0x0100);
	assert_int_equal(m.framing, 3);
	assert_int_equal(m.bearer, 3);
	assert_int_equal(m.channels, 0);
	assert_string_equal((char *)m.host, "local");
	feed_vector(&e, "sccrp_ok", 1010);
	m = end_take(&e, PPTP_OUTGOING_CALL_REQUEST);
	assert_int_equal(m.call_id, LOCAL_ID);
	assert_int_not_equal(m.serial, 0);
	assert_int_equal(m.window, 64);
	assert_int_equal(m.bearer, 3);
	feed_vector(&e, "ocrp_ok", 1020);
	assert_int_equal(vector_hex("pptp.txt", "control", "set_link_info", want, sizeof want),
			 e.out_len);
	assert_memory_equal(e.out, want, e.out_len);
	assert_int_equal(e.up, 1);
	assert_int_equal(e.call.local_call_id, LOCAL_ID);
	assert_int_equal(e.call.peer_call_id, REMOTE_ID);
	assert_int_equal(e.call.peer_window, 64);
	assert_int_equal(e.call.speed_bps, 100000000);
	assert_string_equal(e.call.peer.host_name, "server");
	assert_string_equal(e.call.peer.vendor, "vendor");
	assert_int_equal(e.call.peer.firmware, 1);
	assert_int_equal(tunnel_counters(e.t)->rx_messages, 2);
	assert_int_equal(tunnel_counters(e.t)->tx_messages, 3);
	tunnel_free(e.t);
}

static void caller_takes_call_id_zero_of_the_server(void **state)
{
	struct end e;
	const struct pptp_message m = {.type = PPTP_OUTGOING_CALL_REPLY,
				       .call_id = 0,
				       .peer_call_id = LOCAL_ID,
				       .result = 1};
	(void)state;
	caller_wait_call(&e);
	feed(&e, &m, 1000);
	assert_int_equal(e.up, 1);
	assert_int_equal(e.call.peer_call_id, 0);
	assert_int_equal(end_take(&e, PPTP_SET_LINK_INFO).peer_call_id, 0);
	tunnel_free(e.t);
}

static void stream_may_come_in_pieces_of_any_size(void **state)
{
	static const char *const names[] = {"echo_request",	"sccrp_ok", "ocrp_ok",
					    "wan_error_notify", "icrq",	    "set_link_info"};
	uint8_t all[1024];
	size_t len = 0;
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		len += vector_hex("pptp.txt", "control", names[i], all + len, sizeof all - len);
	for (size_t piece = 1; piece <= len; piece++) {
		struct end e;
		end_open(&e, ROLE_CALLER);
		tunnel_start(e.t, 1000);
		for (size_t at = 0; at < len; at += piece)
			tunnel_input(e.t, all + at, len - at < piece ? len - at : piece, 1000);
		end_take(&e, PPTP_START_REQUEST);
		end_take(&e, PPTP_ECHO_REPLY);
		end_take(&e, PPTP_OUTGOING_CALL_REQUEST);
		end_take(&e, PPTP_SET_LINK_INFO);
		end_take(&e, PPTP_INCOMING_CALL_REPLY);
		assert_silent(&e);
		assert_int_equal(e.up, 1);
		assert_int_equal(e.closed, 0);
		assert_int_equal(tunnel_counters(e.t)->rx_messages, 6);
		assert_int_equal(tunnel_counters(e.t)->wan_errors, 1);
		tunnel_free(e.t);
	}
}

static void refused_control_connection_is_told_with_result_and_error(void **state)
{
	static const struct {
		uint8_t result, error;
		const char *words;
	} cases[] = {
		{2, 4,
		 "refused the control connection: general error (not enough resources); it has no "
		 "room for another call now, try again later"},
		{3, 0, "exists already; hang up the other call"},
		{4, 0, "not authorized"},
		{5, 0, "protocol version not supported"},
		{77, 0, "unknown result 77"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct end e;
		const struct pptp_message m = {.type = PPTP_START_REPLY,
					       .version = 0x0100,
					       .result = cases[i].result,
					       .error = cases[i].error};
		end_open(&e, ROLE_CALLER);
		tunnel_start(e.t, 0);
		end_take(&e, PPTP_START_REQUEST);
		feed(&e, &m, 0);
		assert_closed(&e, EXIT_CONNECT_FAILED, cases[i].words);
		assert_int_equal(e.weight, REASON_REFUSAL);
		tunnel_free(e.t);
	}
}

static void wrong_version_of_the_server_is_told(void **state)
{
	struct end e;
	const struct pptp_message m = {.type = PPTP_START_REPLY, .version = 0x0203, .result = 1};
	(void)state;
	end_open(&e, ROLE_CALLER);
	tunnel_start(e.t, 0);
	end_take(&e, PPTP_START_REQUEST);
	feed(&e, &m, 0);
	assert_int_equal(end_take(&e, PPTP_STOP_REQUEST).reason, PPTP_STOP_REASON_PROTOCOL);
	feed_vector(&e, "stop_reply", 0);
	assert_closed(&e, EXIT_CONNECT_FAILED, "PPTP version 2.3");
	tunnel_free(e.t);
}

static void refused_call_is_told_and_the_connection_stopped(void **state)
{
	static const struct {
		uint8_t result, error;
		uint16_t cause;
		const char *words;
	} cases[] = {
		{2, 4, 0, "general error (not enough resources); it has no room for another call"},
		{3, 0, 0, "refused the call: no carrier"},
		{4, 0, 17, "busy (cause 17); it has no room for another call now, try again later"},
		{5, 0, 0, "no dial tone"},
		{6, 0, 0, "took too long"},
		{7, 0, 0, "not accepted"},
		{2, 6, 9, "(an error of the access concentrator, cause 9)"},
		{0, 0, 0, "unknown result 0"},
		{200, 0, 0, "unknown result 200"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct end e;
		const struct pptp_message m = {.type = PPTP_OUTGOING_CALL_REPLY,
					       .peer_call_id = LOCAL_ID,
					       .result = cases[i].result,
					       .error = cases[i].error,
					       .cause = cases[i].cause};
		caller_wait_call(&e);
		feed(&e, &m, 1000);
		end_take(&e, PPTP_STOP_REQUEST);
		assert_int_equal(e.closed, 0);
		feed_vector(&e, "stop_reply", 1001);
		assert_closed(&e, EXIT_CONNECT_FAILED, cases[i].words);
		assert_int_equal(e.up, 0);
		tunnel_free(e.t);
	}
}

static void reply_to_another_call_is_refused(void **state)
{
	struct end e;
	const struct pptp_message m = {.type = PPTP_OUTGOING_CALL_REPLY,
				       .call_id = 1,
				       .peer_call_id = LOCAL_ID + 1,
				       .result = 1};
	(void)state;
	caller_wait_call(&e);
	feed(&e, &m, 1000);
	end_take(&e, PPTP_STOP_REQUEST);
	tunnel_tick(e.t, 2000);
	assert_closed(&e, EXIT_CONNECT_FAILED, "answered call 4661, but ours is 4660");
	tunnel_free(e.t);
}

static void broken_stream_closes_with_a_reason(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *words;
	} cases[] = {
		{"HTTP/1.1 400", 12, "does not speak PPTP: it sent an impossible message length"},
		{"SSH-2.0-", 8, "does not speak PPTP"},
		{"\0\x10\0\x01\x1a\x2b\x3c\x4e", 8, "a wrong magic cookie"},
		{"\0\x10\0\x05", 4, "an unknown PPTP message type"},
		{"\0\x0b", 2, "an impossible message length"},
		{"\0\x10\0\x01\x1a\x2b\x3c\x4d\0\x02", 10, "shorter than its type allows"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct end e;
		end_open(&e, ROLE_CALLER);
		tunnel_start(e.t, 0);
		end_take(&e, PPTP_START_REQUEST);
		for (size_t n = 0; n < cases[i].len; n++)
			tunnel_input(e.t, (const uint8_t *)cases[i].octets + n, 1, 0);
		assert_closed(&e, EXIT_CONNECT_FAILED, cases[i].words);
		assert_int_equal(tunnel_counters(e.t)->malformed, 1);
		/* Nothing wakes it up again. */
		feed_vector(&e, "sccrp_ok", 1);
		tunnel_tick(e.t, 100000);
		tunnel_lost(e.t, ECONNRESET, 1);
		tunnel_close(e.t, &e.reason, NULL, 1);
		tunnel_free(e.t);
		caller_up(&e);
		tunnel_input(e.t, (const uint8_t *)cases[i].octets, cases[i].len, 2000);
		assert_closed(&e, EXIT_HANGUP, "broke the PPTP protocol");
		tunnel_free(e.t);
	}
}

static void unknown_types_are_skipped(void **state)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	struct end e;
	size_t len = vector_hex("pptp.txt", "control", "echo_request", octets, sizeof octets);
	(void)state;
	caller_wait_call(&e);
	octets[9] = 77;
	tunnel_input(e.t, octets, len, 1000);
	assert_silent(&e);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 1);
	feed_vector(&e, "ocrp_ok", 1000);
	assert_int_equal(e.up, 1);
	tunnel_free(e.t);
}

static void echo_requests_are_answered_before_and_during_the_call(void **state)
{
	struct end e;
	(void)state;
	end_open(&e, ROLE_CALLER);
	tunnel_start(e.t, 0);
	end_take(&e, PPTP_START_REQUEST);
	feed_vector(&e, "echo_request", 0);
	struct pptp_message m = end_take(&e, PPTP_ECHO_REPLY);
	assert_int_equal(m.identifier, 0x01020304);
	assert_int_equal(m.result, 1);
	tunnel_free(e.t);
	answerer_up(&e);
	feed_vector(&e, "echo_request", 1000);
	assert_int_equal(end_take(&e, PPTP_ECHO_REPLY).identifier, 0x01020304);
	tunnel_free(e.t);
}

static void own_echo_is_sent_after_silence_and_measures(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e); /* heard at 1000 */
	assert_int_equal(tunnel_deadline(e.t), 41000);
	tunnel_tick(e.t, 40999);
	assert_silent(&e);
	feed_vector(&e, "wan_error_notify", 30000); /* not silent */
	assert_int_equal(tunnel_deadline(e.t), 70000);
	tunnel_tick(e.t, 70000);
	struct pptp_message request = end_take(&e, PPTP_ECHO_REQUEST);
	assert_int_equal(tunnel_deadline(e.t), 130000);
	struct pptp_message reply = {
		.type = PPTP_ECHO_REPLY, .identifier = request.identifier + 1, .result = 1};
	feed(&e, &reply, 70050); /* not ours, yet a sign of life */
	assert_int_equal(e.echo, 0);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 1);
	reply.identifier = request.identifier;
	feed(&e, &reply, 70070);
	assert_int_equal(e.echo, 1);
	assert_int_equal(e.rtt_ms, 70);
	feed(&e, &reply, 70080); /* twice */
	assert_int_equal(e.echo, 1);
	assert_int_equal(tunnel_deadline(e.t), 110080);
	tunnel_free(e.t);
}

static void unanswered_echo_means_a_dead_peer(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e);
	tunnel_tick(e.t, 41000);
	end_take(&e, PPTP_ECHO_REQUEST);
	tunnel_tick(e.t, 100999);
	assert_int_equal(e.closed, 0);
	tunnel_tick(e.t, 101000);
	assert_closed(&e, EXIT_PEER_DEAD, "has not answered an Echo-Request for 60 s");
	tunnel_free(e.t);
}

static void setup_limit_names_what_was_waited_for(void **state)
{
	struct end e;
	(void)state;
	end_open(&e, ROLE_CALLER);
	tunnel_start(e.t, 1000);
	end_take(&e, PPTP_START_REQUEST);
	assert_int_equal(tunnel_deadline(e.t), 31000);
	tunnel_tick(e.t, 30999);
	assert_int_equal(e.closed, 0);
	tunnel_tick(e.t, 31000);
	assert_closed(&e, EXIT_CONNECT_FAILED,
		      "its Start-Control-Connection-Reply did not come within 30 s");
	tunnel_free(e.t);

	caller_wait_call(&e);
	assert_int_equal(tunnel_deadline(e.t), 31000);
	tunnel_tick(e.t, 31000);
	end_take(&e, PPTP_STOP_REQUEST);
	assert_closed(&e, EXIT_CONNECT_FAILED, "its Outgoing-Call-Reply did not come");
	tunnel_free(e.t);

	end_open(&e, ROLE_ANSWERER);
	tunnel_start(e.t, 0);
	tunnel_tick(e.t, 30000);
	assert_closed(&e, EXIT_CONNECT_FAILED, "its Start-Control-Connection-Request did not");
	tunnel_free(e.t);
}

static void lost_connection_gives_status_and_sentence(void **state)
{
	static const struct {
		int error;
		const char *words;
	} cases[] = {
		{ECONNREFUSED, "nothing listens on TCP port 2723 of the server"},
		{ETIMEDOUT, "does not answer on TCP port 2723"},
		{EHOSTUNREACH, "no route"},
		{ENETUNREACH, "online"},
		{EPERM, "firewall on this machine"},
		{EIO, "failed: Input/output error"},
	};
	struct end e;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		end_open(&e, ROLE_CALLER);
		tunnel_lost(e.t, cases[i].error, 0);
		assert_closed(&e, EXIT_CONNECT_FAILED, cases[i].words);
		assert_int_equal(e.weight,
				 cases[i].error == ETIMEDOUT ? REASON_SILENCE : REASON_NETWORK);
		tunnel_free(e.t);
		caller_up(&e);
		tunnel_lost(e.t, cases[i].error, 2000);
		assert_closed(&e, EXIT_HANGUP, cases[i].words);
		tunnel_free(e.t);
	}
	end_open(&e, ROLE_CALLER);
	tunnel_start(e.t, 0);
	end_take(&e, PPTP_START_REQUEST);
	tunnel_lost(e.t, ECONNRESET, 1);
	assert_closed(&e, EXIT_CONNECT_FAILED,
		      "reset the control connection while we waited for its Start-");
	assert_non_null(strstr(e.reason.text, "may have no room for another call"));
	assert_int_equal(e.weight, REASON_PEER);
	tunnel_free(e.t);
	caller_wait_call(&e);
	tunnel_lost(e.t, 0, 1001);
	assert_closed(&e, EXIT_CONNECT_FAILED, "while we waited for its Outgoing-Call-Reply");
	assert_null(strstr(e.reason.text, "room")); /* it would have said so */
	tunnel_free(e.t);
	caller_up(&e);
	tunnel_lost(e.t, 0, 1001);
	assert_closed(&e, EXIT_HANGUP, "the server closed the control connection");
	assert_null(strstr(e.reason.text, "waited"));
	tunnel_free(e.t);
}

static void incoming_call_is_declined_and_the_call_stays_up(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e);
	feed_vector(&e, "icrq", 1000);
	struct pptp_message m = end_take(&e, PPTP_INCOMING_CALL_REPLY);
	assert_int_equal(m.result, 3);
	assert_int_equal(m.peer_call_id, 9);
	feed_vector(&e, "icrp", 1000);
	feed_vector(&e, "iccn", 1000);
	assert_silent(&e);
	assert_int_equal(e.closed, 0);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 2);
	tunnel_free(e.t);
}

static void messages_of_the_wrong_side_or_time_are_counted_and_dropped(void **state)
{
	static const char *const for_caller[] = {"sccrq",     "sccrp_ok",	    "ocrq",
						 "ocrp_ok",   "call_clear_request", "stop_reply",
						 "echo_reply"};
	static const char *const for_answerer[] = {
		"sccrp_ok",	    "ocrp_ok",	 "icrq", "call_disconnect_notify",
		"wan_error_notify", "stop_reply"};
	struct end e;
	(void)state;
	caller_up(&e);
	for (size_t i = 0; i < 7; i++)
		feed_vector(&e, for_caller[i], 1000);
	assert_silent(&e);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 7);
	assert_int_equal(e.closed, 0);
	tunnel_free(e.t);
	answerer_up(&e);
	for (size_t i = 0; i < 6; i++)
		feed_vector(&e, for_answerer[i], 1000);
	assert_silent(&e);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 6);
	assert_int_equal(e.closed, 0);
	tunnel_free(e.t);
}

static void disconnect_notify_with_any_call_id_ends_the_call(void **state)
{
	static const uint16_t ids[] = {REMOTE_ID, LOCAL_ID, 0x3412, 0, 0xffff};
	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct end e;
		struct pptp_message m = {.type = PPTP_CALL_DISCONNECT_NOTIFY,
					 .call_id = ids[i],
					 .result = 3,
					 .cause = 16};
		pptp_text_set(m.statistics, sizeof m.statistics, "rx 5\n\x1b[31m");
		caller_up(&e);
		feed(&e, &m, 2000);
		end_take(&e, PPTP_STOP_REQUEST);
		feed_vector(&e, "stop_reply", 2001);
		assert_closed(&e, EXIT_HANGUP,
			      "the server ended the call: administrative shutdown (cause 16), it "
			      "says \"rx 5\\x0a\\x1b[31m\"");
		tunnel_free(e.t);
	}
}

static void full_statistics_text_is_cut(void **state)
{
	struct end e;
	struct pptp_message m = {.type = PPTP_CALL_DISCONNECT_NOTIFY, .result = 2, .error = 6};
	(void)state;
	memset(m.statistics, 0x01, sizeof m.statistics);
	caller_up(&e);
	feed(&e, &m, 2000);
	end_take(&e, PPTP_STOP_REQUEST);
	tunnel_tick(e.t, 3000);
	assert_closed(&e, EXIT_HANGUP, "general error (an error of the access concentrator)");
	tunnel_free(e.t);
}

static void stop_request_is_answered_and_ends_everything(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e);
	feed_vector(&e, "stop_request_shutdown", 2000);
	assert_int_equal(end_take(&e, PPTP_STOP_REPLY).result, 1);
	assert_closed(&e, EXIT_HANGUP, "the server closed the control connection: shutting down");
	tunnel_free(e.t);
	caller_wait_call(&e);
	feed_vector(&e, "stop_request", 2000);
	end_take(&e, PPTP_STOP_REPLY);
	assert_closed(&e, EXIT_CONNECT_FAILED, "the server closed the control connection");
	tunnel_free(e.t);
}

static void link_info_of_the_peer_is_taken_in_silence(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e);
	feed_vector(&e, "set_link_info", 1000);
	assert_silent(&e);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 0);
	tunnel_free(e.t);
	answerer_up(&e);
	feed_vector(&e, "set_link_info", 1000);
	assert_silent(&e);
	assert_int_equal(tunnel_counters(e.t)->unexpected, 0);
	tunnel_free(e.t);
}

static const struct reason asked = {EXIT_OK, "hung up by the user"};

static void orderly_close_clears_stops_and_ends(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e);
	tunnel_close(e.t, &asked, NULL, 5000);
	assert_int_equal(end_take(&e, PPTP_CALL_CLEAR_REQUEST).call_id, LOCAL_ID);
	tunnel_close(e.t, &(struct reason){EXIT_FATAL, "again"}, NULL, 5000);
	assert_silent(&e);
	feed_vector(&e, "call_disconnect_notify", 5100);
	end_take(&e, PPTP_STOP_REQUEST);
	assert_int_equal(e.closed, 0);
	feed_vector(&e, "stop_reply", 5200);
	assert_closed(&e, EXIT_OK, "hung up by the user");
	tunnel_free(e.t);
}

static void orderly_close_waits_one_second_for_each_answer(void **state)
{
	struct end e;
	(void)state;
	caller_up(&e);
	tunnel_close(e.t, &asked, NULL, 5000);
	end_take(&e, PPTP_CALL_CLEAR_REQUEST);
	assert_int_equal(tunnel_deadline(e.t), 6000);
	tunnel_tick(e.t, 5999);
	assert_silent(&e);
	tunnel_tick(e.t, 6000);
	end_take(&e, PPTP_STOP_REQUEST);
	assert_int_equal(tunnel_deadline(e.t), 7000);
	tunnel_tick(e.t, 7000);
	assert_closed(&e, EXIT_OK, "hung up by the user");
	tunnel_free(e.t);
}

static void close_in_each_state_ends_with_the_given_reason(void **state)
{
	struct end e;
	(void)state;
	end_open(&e, ROLE_CALLER);
	tunnel_close(e.t, &asked, NULL, 0);
	assert_closed(&e, EXIT_OK, "hung up by the user");
	tunnel_free(e.t);

	end_open(&e, ROLE_CALLER);
	tunnel_start(e.t, 0);
	end_take(&e, PPTP_START_REQUEST);
	tunnel_close(e.t, &asked, NULL, 0);
	assert_closed(&e, EXIT_OK, "hung up by the user");
	tunnel_free(e.t);

	caller_wait_call(&e);
	tunnel_close(e.t, &asked, NULL, 1000);
	end_take(&e, PPTP_CALL_CLEAR_REQUEST);
	tunnel_lost(e.t, 0, 1500); /* the server just hangs up: still our reason */
	assert_closed(&e, EXIT_OK, "hung up by the user");
	tunnel_free(e.t);

	end_open(&e, ROLE_CALLER);
	e.close_when_up = &asked; /* from within the event */
	tunnel_start(e.t, 0);
	feed_vector(&e, "sccrp_ok", 0);
	feed_vector(&e, "ocrp_ok", 0);
	end_take(&e, PPTP_START_REQUEST);
	end_take(&e, PPTP_OUTGOING_CALL_REQUEST);
	end_take(&e, PPTP_SET_LINK_INFO);
	end_take(&e, PPTP_CALL_CLEAR_REQUEST);
	tunnel_free(e.t);

	caller_up(&e);
	tunnel_close(e.t, &(struct reason){.code = EXIT_IDLE_TIMEOUT}, NULL, 1000);
	end_take(&e, PPTP_CALL_CLEAR_REQUEST);
	tunnel_lost(e.t, 0, 1000);
	assert_closed(&e, EXIT_IDLE_TIMEOUT, "hung up");
	tunnel_free(e.t);
}

static void answerer_accepts_one_call_and_tells_it(void **state)
{
	struct end e;
	(void)state;
	end_open(&e, ROLE_ANSWERER);
	tunnel_start(e.t, 0);
	assert_silent(&e);
	feed_vector(&e, "ocrq", 0); /* too early */
	assert_silent(&e);
	feed_vector(&e, "sccrq", 0);
	struct pptp_message m = end_take(&e, PPTP_START_REPLY);
	assert_int_equal(m.result, 1);
	assert_int_equal(m.version, 0x0100);
	feed_vector(&e, "sccrq", 0); /* a second one */
	assert_int_equal(end_take(&e, PPTP_START_REPLY).result, PPTP_START_CHANNEL_EXISTS);
	feed_vector(&e, "ocrq", 0);
	m = end_take(&e, PPTP_OUTGOING_CALL_REPLY);
	assert_int_equal(m.call_id, REMOTE_ID);
	assert_int_equal(m.peer_call_id, LOCAL_ID);
	assert_int_equal(m.result, 1);
	assert_int_equal(m.window, 64);
	assert_int_equal(e.call.peer_call_id, LOCAL_ID);
	assert_int_equal(e.call.local_call_id, REMOTE_ID);
	assert_string_equal(e.call.peer.vendor, "client");
	feed_vector(&e, "ocrq", 0);
	assert_int_equal(end_take(&e, PPTP_OUTGOING_CALL_REPLY).result, PPTP_CALL_BUSY);
	assert_int_equal(e.up, 1);
	tunnel_free(e.t);
}

static void answerer_refuses_another_version(void **state)
{
	struct end e;
	struct pptp_message m = {.type = PPTP_START_REQUEST, .version = 0x0201};
	(void)state;
	end_open(&e, ROLE_ANSWERER);
	tunnel_start(e.t, 0);
	feed(&e, &m, 0);
	assert_int_equal(end_take(&e, PPTP_START_REPLY).result, PPTP_START_BAD_VERSION);
	assert_closed(&e, EXIT_CONNECT_FAILED, "the client speaks PPTP version 2.1");
	tunnel_free(e.t);
}

static void full_answerer_says_busy_and_waits_for_stop(void **state)
{
	struct end e;
	struct pptp_message m;
	(void)state;
	for (unsigned stops = 0; stops < 2; stops++) {
		end_open_with(&e, ROLE_ANSWERER, true, NULL);
		tunnel_start(e.t, 1000);
		feed_vector(&e, "sccrq", 1000);
		assert_int_equal(end_take(&e, PPTP_START_REPLY).result, PPTP_RESULT_OK);
		feed_vector(&e, "ocrq", 2000);
		m = end_take(&e, PPTP_OUTGOING_CALL_REPLY);
		assert_int_equal(m.result, PPTP_CALL_BUSY);
		assert_int_equal(m.call_id, 0);
		assert_int_equal(m.peer_call_id, LOCAL_ID);
		feed_vector(&e, "ocrq", 2000); /* asking twice gives no second answer */
		assert_silent(&e);
		if (stops) {
			feed_vector(&e, "stop_request", 2500);
			end_take(&e, PPTP_STOP_REPLY);
		} else { /* who does not go is left in two seconds */
			tunnel_tick(e.t, 3000);
			end_take(&e, PPTP_STOP_REQUEST);
			tunnel_tick(e.t, 4000);
		}
		assert_closed(&e, EXIT_CONNECT_FAILED, "there is no room for it");
		assert_int_equal(e.up, 0);
		tunnel_free(e.t);
	}
}

static void answerer_confirms_call_clear_and_waits_for_stop(void **state)
{
	struct end e;
	(void)state;
	answerer_up(&e);
	feed_vector(&e, "call_clear_request", 2000);
	struct pptp_message m = end_take(&e, PPTP_CALL_DISCONNECT_NOTIFY);
	assert_int_equal(m.call_id, REMOTE_ID);
	assert_int_equal(m.result, PPTP_DISCONNECT_REQUEST);
	assert_int_equal(tunnel_deadline(e.t), 3000);
	tunnel_tick(e.t, 3000);
	end_take(&e, PPTP_STOP_REQUEST);
	tunnel_tick(e.t, 4000);
	assert_closed(&e, EXIT_HANGUP, "the client ended the call");
	tunnel_free(e.t);
}

static void answerer_close_notifies_and_stops(void **state)
{
	struct end e;
	(void)state;
	answerer_up(&e);
	tunnel_close(e.t, &asked, NULL, 2000);
	assert_int_equal(end_take(&e, PPTP_CALL_DISCONNECT_NOTIFY).result,
			 PPTP_DISCONNECT_ADMINISTRATIVE);
	assert_int_equal(end_take(&e, PPTP_STOP_REQUEST).reason, PPTP_STOP_REASON_SHUTDOWN);
	feed_vector(&e, "stop_reply", 2100);
	assert_closed(&e, EXIT_OK, "hung up by the user");
	tunnel_free(e.t);
}

/* Moves what one end has sent to the other in pieces of random size; true if there was any. */
static bool carry(struct end *from, struct end *to, uint64_t now)
{
	if (from->out_len == 0)
		return false;
	size_t n = 1 + prng((uint32_t)from->out_len);
	uint8_t octets[sizeof from->out];
	memcpy(octets, from->out, n);
	from->out_len -= n;
	memmove(from->out, from->out + n, from->out_len);
	if (!to->closed)
		tunnel_input(to->t, octets, n, now);
	return true;
}

static void run_pair(struct end *a, struct end *b, uint64_t *now)
{
	for (bool busy = true; busy;) {
		*now += prng(20);
		busy = carry(a, b, *now);
		busy |= carry(b, a, *now);
	}
}

static void both_roles_talk_to_each_other(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		struct end caller, answerer;
		uint64_t now = 1000;
		prng_state = seed;
		end_open(&caller, ROLE_CALLER);
		end_open(&answerer, ROLE_ANSWERER);
		tunnel_start(answerer.t, now);
		tunnel_start(caller.t, now);
		run_pair(&caller, &answerer, &now);
		assert_int_equal(caller.up, 1);
		assert_int_equal(answerer.up, 1);
		assert_int_equal(caller.call.peer_call_id, answerer.call.local_call_id);
		assert_int_equal(answerer.call.peer_call_id, caller.call.local_call_id);
		/* Both measure echoes for an hour. */
		for (uint64_t end = now + 3600000; now < end;) {
			now = deadline_min(tunnel_deadline(caller.t), tunnel_deadline(answerer.t));
			tunnel_tick(caller.t, now);
			tunnel_tick(answerer.t, now);
			run_pair(&caller, &answerer, &now);
		}
		assert_true(caller.echo + answerer.echo > 80);
		tunnel_close(seed % 2 ? caller.t : answerer.t, &asked, "time is up", now);
		run_pair(&caller, &answerer, &now);
		assert_int_equal(caller.closed, 1);
		assert_int_equal(answerer.closed, 1);
		assert_int_equal(caller.reason.code, seed % 2 ? EXIT_OK : EXIT_HANGUP);
		assert_int_equal(answerer.reason.code, seed % 2 ? EXIT_HANGUP : EXIT_OK);
		if (seed % 2 == 0) /* only a server gives one */
			assert_non_null(strstr(caller.reason.text, "it says \"time is up\""));
		assert_int_equal(tunnel_counters(caller.t)->unexpected, 0);
		assert_int_equal(tunnel_counters(answerer.t)->unexpected, 0);
		tunnel_free(caller.t);
		tunnel_free(answerer.t);
	}
}

static void caller_of_a_full_answerer_is_told_so(void **state)
{
	struct end caller, answerer;
	uint64_t now = 1;
	(void)state;
	end_open(&caller, ROLE_CALLER);
	end_open_with(&answerer, ROLE_ANSWERER, true, NULL);
	tunnel_start(answerer.t, now);
	tunnel_start(caller.t, now);
	run_pair(&caller, &answerer, &now);
	assert_closed(&caller, EXIT_CONNECT_FAILED,
		      "the server refused the call: busy; it has no room for another call now, try "
		      "again later");
	assert_closed(&answerer, EXIT_CONNECT_FAILED, "there is no room for it");
	tunnel_free(caller.t);
	tunnel_free(answerer.t);
}

static const char *const all_vectors[] = {"sccrq",
					  "sccrp_ok",
					  "sccrp_badver",
					  "sccrp_generr",
					  "stop_request",
					  "stop_reply",
					  "echo_request",
					  "echo_reply",
					  "ocrq",
					  "ocrp_ok",
					  "ocrp_busy",
					  "icrq",
					  "icrp",
					  "iccn",
					  "call_clear_request",
					  "call_disconnect_notify",
					  "wan_error_notify",
					  "set_link_info"};

/* Messages in any order with random octets changed: no crash, one CLOSED at most, deadlines kept.
 */
static void damaged_messages_never_harm(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		struct end e;
		uint64_t now = 1000;
		prng_state = seed;
		if (prng(2))
			caller_up(&e);
		else
			answerer_up(&e);
		for (unsigned n = 0; n < 20 && !e.closed; n++) {
			uint8_t octets[PPTP_MESSAGE_MAX];
			size_t len = vector_hex("pptp.txt", "control", all_vectors[prng(18)],
						octets, sizeof octets);
			for (uint32_t i = prng(3); i > 0; i--)
				octets[10 + prng((uint32_t)len - 10)] = (uint8_t)prng(256);
			if (prng(10) == 0)
				octets[prng(10)] ^= (uint8_t)(1u << prng(8));
			size_t cut = prng((uint32_t)len);
			tunnel_input(e.t, octets, cut, now);
			tunnel_input(e.t, octets + cut, len - cut, now);
			now += prng(2000);
			tunnel_tick(e.t, now);
			e.out_len = 0;
		}
		tunnel_free(e.t);
	}
}

static void debug_log_has_one_line_for_each_message(void **state)
{
	char text[4096] = {0};
	int fds[2];
	struct end e;
	(void)state;
	assert_int_equal(pipe(fds), 0);
	const struct log log = {.fd = fds[1], .level = LOG_LEVEL_DEBUG, .format = LOG_FORMAT_PLAIN};
	end_open_with(&e, ROLE_CALLER, false, &log);
	tunnel_start(e.t, 0);
	feed_vector(&e, "sccrp_ok", 0);
	assert_true(read(fds[0], text, sizeof text - 1) > 0);
	assert_non_null(strstr(
		text, "[PPTP > Start-Control-Connection-Request <version 1.0> <framing 0x3>"));
	assert_non_null(
		strstr(text, "[PPTP < Start-Control-Connection-Reply <version 1.0> <result 1>"));
	assert_non_null(strstr(text, "<host \"server\"> <vendor \"vendor\">]"));
	assert_non_null(strstr(text, "[PPTP > Outgoing-Call-Request <call 4660>"));
	tunnel_free(e.t);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caller_dials_and_tells_the_call),
		cmocka_unit_test(caller_takes_call_id_zero_of_the_server),
		cmocka_unit_test(stream_may_come_in_pieces_of_any_size),
		cmocka_unit_test(refused_control_connection_is_told_with_result_and_error),
		cmocka_unit_test(wrong_version_of_the_server_is_told),
		cmocka_unit_test(refused_call_is_told_and_the_connection_stopped),
		cmocka_unit_test(reply_to_another_call_is_refused),
		cmocka_unit_test(broken_stream_closes_with_a_reason),
		cmocka_unit_test(unknown_types_are_skipped),
		cmocka_unit_test(echo_requests_are_answered_before_and_during_the_call),
		cmocka_unit_test(own_echo_is_sent_after_silence_and_measures),
		cmocka_unit_test(unanswered_echo_means_a_dead_peer),
		cmocka_unit_test(setup_limit_names_what_was_waited_for),
		cmocka_unit_test(lost_connection_gives_status_and_sentence),
		cmocka_unit_test(incoming_call_is_declined_and_the_call_stays_up),
		cmocka_unit_test(messages_of_the_wrong_side_or_time_are_counted_and_dropped),
		cmocka_unit_test(disconnect_notify_with_any_call_id_ends_the_call),
		cmocka_unit_test(full_statistics_text_is_cut),
		cmocka_unit_test(stop_request_is_answered_and_ends_everything),
		cmocka_unit_test(link_info_of_the_peer_is_taken_in_silence),
		cmocka_unit_test(orderly_close_clears_stops_and_ends),
		cmocka_unit_test(orderly_close_waits_one_second_for_each_answer),
		cmocka_unit_test(close_in_each_state_ends_with_the_given_reason),
		cmocka_unit_test(answerer_accepts_one_call_and_tells_it),
		cmocka_unit_test(answerer_refuses_another_version),
		cmocka_unit_test(full_answerer_says_busy_and_waits_for_stop),
		cmocka_unit_test(caller_of_a_full_answerer_is_told_so),
		cmocka_unit_test(answerer_confirms_call_clear_and_waits_for_stop),
		cmocka_unit_test(answerer_close_notifies_and_stops),
		cmocka_unit_test(both_roles_talk_to_each_other),
		cmocka_unit_test(damaged_messages_never_harm),
		cmocka_unit_test(debug_log_has_one_line_for_each_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
