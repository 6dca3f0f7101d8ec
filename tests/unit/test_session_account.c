/* SPDX-License-Identifier: MIT */
/* An answering session that asks the server process who its caller is: which answers count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "path/internal.h"
#include "session/internal.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct bench {
	struct session s;
	struct request_channel supervisor;
	struct log log;
	int fds[2], wire[2];
	unsigned acks, naks; /* of PAP */
	uint8_t lcp[256];    /* our last Configure-Request */
	size_t lcp_len;
};

static void on_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct bench *b = ctx;

	if (protocol == FRAME_PAP && info[0] == 2)
		b->acks++;
	if (protocol == FRAME_PAP && info[0] == 3)
		b->naks++;
	if (protocol == FRAME_LCP && info[0] == 1 && len <= sizeof b->lcp) {
		memcpy(b->lcp, info, len);
		b->lcp_len = len;
	}
}

static void on_event(void *ctx, const struct ppp_event *event)
{
	struct bench *b = ctx;

	if (event->kind == PPP_EVENT_CLOSED)
		b->s.ppp_closed = true;
}

static void ask(void *ctx, const uint8_t *user, size_t len)
{
	session_account(&((struct bench *)ctx)->s, user, len);
}

static void make_rooms(struct bench *b)
{
	const struct path_config path = {
		.encap = PROTOCOL_PPTP, .wire_fd = b->wire[0], .tun_fd = -1, .packet_fd = -1};
	const struct path_callbacks path_cb = {.ctx = &b->s};
	const struct tunnel_config tunnel = {.type = PROTOCOL_PPTP, .role = ROLE_ANSWERER};
	const struct tunnel_callbacks tunnel_cb = {.ctx = &b->s};
	const struct ppp_callbacks ppp_cb = {on_send, on_event, ask, b};
	const struct ppp_config ppp = {.role = ROLE_ANSWERER,
				       .host_name = "srv",
				       .ipv4 = true,
				       .settings.allow = METHOD_PAP,
				       .settings.mru = 1400,
				       .restart_max_ms = 3000};

	b->s.path = path_new(&path, &path_cb, &b->log);
	b->s.tunnel = tunnel_new(&tunnel, &tunnel_cb, &random_kernel, &b->log);
	b->s.ppp = ppp_new(&ppp, &ppp_cb, &random_kernel, &b->log);
	assert_true(b->s.path && b->s.tunnel && b->s.ppp);
}

/* The caller has asked to be let in by PAP. */
static int set_up(void **state)
{
	static const uint8_t request[] = {1, 1, 0, 4}, pap[] = "\1\1\0\x0e\4john\4word";
	struct bench *b = calloc(1, sizeof *b);
	struct session *s = &b->s;
	uint64_t now;

	assert_non_null(b);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, b->fds), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, b->wire), 0);
	b->log = (struct log){.fd = -1, .level = LOG_LEVEL_ERROR};
	b->supervisor = (struct request_channel){b->fds[0], true, REQUEST_PHASE_CALL};
	s->channel = (struct request_channel){b->fds[1], false, REQUEST_PHASE_CALL};
	s->log = &b->log;
	s->loop = loop_new();
	s->start.role = ROLE_ANSWERER;
	s->wire_handle.fd = b->wire[0];
	s->control_connected = s->call_up = true;
	assert_int_equal(loop_fd_add(s->loop, &s->wire_handle, EPOLLIN), 0);
	make_rooms(b);
	now = loop_now(s->loop);
	ppp_up(s->ppp, now);
	b->lcp[0] = 2;
	ppp_input(s->ppp, FRAME_LCP, b->lcp, b->lcp_len, now);
	ppp_input(s->ppp, FRAME_LCP, request, sizeof request, now);
	ppp_input(s->ppp, FRAME_PAP, pap, sizeof pap - 1, now);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	ppp_free(b->s.ppp);
	tunnel_free(b->s.tunnel);
	path_free(b->s.path);
	loop_free(b->s.loop);
	for (int i = 0; i < 2; i++) {
		close(b->fds[i]);
		close(b->wire[i]);
	}
	free(b);
	return 0;
}

/* The number of the next question that the server process gets; 0 = there is none. */
static uint32_t asked(struct bench *b)
{
	static struct request_message m;

	while (request_receive(&b->supervisor, &m) == 1)
		if (m.type == REQUEST_ACCOUNT) {
			assert_int_equal(m.account.user_len, 4);
			assert_memory_equal(m.account.user, "john", 4);
			return m.account.number;
		}
	return 0;
}

static struct request_account_answer answer_to(uint32_t number)
{
	struct request_account_answer answer = {.number = number, .known = true, .idle_ms = 7000};

	secret_set(&answer.password, "word", 4);
	return answer;
}

static void the_answer_lets_the_caller_in_with_the_accounts_settings(void **state)
{
	struct bench *b = *state;
	struct request_account_answer answer = answer_to(asked(b));

	assert_int_equal(answer.number, 1);
	assert_int_equal(b->acks + b->naks, 0);
	session_account_answer(&b->s, &answer);
	assert_int_equal(b->acks, 1);
	assert_int_equal(b->s.start.idle_ms, 7000);
	assert_false(b->s.closing);
}

static void an_answer_with_another_number_does_nothing(void **state)
{
	struct bench *b = *state;
	struct request_account_answer answer = answer_to(asked(b) + 1);

	session_account_answer(&b->s, &answer);
	answer.number = 0;
	session_account_answer(&b->s, &answer);
	assert_int_equal(b->acks + b->naks, 0);
	assert_int_equal(b->s.start.idle_ms, 0);
	answer.number = 1;
	session_account_answer(&b->s, &answer);
	assert_int_equal(b->acks, 1);
}

static void a_repeat_of_the_caller_asks_nobody(void **state)
{
	static const uint8_t pap[] = "\1\1\0\x0e\4john\4word";
	struct bench *b = *state;

	assert_int_equal(asked(b), 1);
	ppp_input(b->s.ppp, FRAME_PAP, pap, sizeof pap - 1, loop_now(b->s.loop));
	assert_int_equal(asked(b), 0);
}

static void a_refusal_ends_the_call_of_one_who_proved_the_password(void **state)
{
	struct bench *b = *state;
	struct request_account_answer answer = answer_to(asked(b));

	reason_set(&answer.refusal, EXIT_NEGOTIATION_FAILED, "no address is free");
	session_account_answer(&b->s, &answer);
	assert_int_equal(b->acks, 1);
	assert_true(b->s.closing);
	assert_string_equal(b->s.reason.text, "no address is free");
	assert_string_equal(ppp_farewell(b->s.ppp), "no address is free");
}

static void a_hang_up_while_asked_ends_the_call_at_once(void **state)
{
	const struct reason why = {EXIT_SIGNAL, "asked to"};
	struct bench *b = *state;
	struct request_account_answer answer = answer_to(asked(b));

	session_close(&b->s, &why);
	assert_true(b->s.closing);
	session_account_answer(&b->s, &answer);
	assert_int_equal(b->acks + b->naks, 0);
	assert_string_equal(ppp_reason(b->s.ppp)->text, "asked to");
}

static void one_that_cannot_ask_turns_the_caller_away(void **state)
{
	struct bench *b = *state;

	for (b->s.accounts_asked = 0; b->s.accounts_asked < REQUEST_ACCOUNTS_MAX;)
		session_account(&b->s, (const uint8_t *)"john", 4);
	assert_int_equal(b->naks, 0);
	session_account(&b->s, (const uint8_t *)"john", 4);
	assert_int_equal(b->naks, 1);
}

static void the_wire_waits_until_the_call_ends(void **state)
{
	const struct reason why = {EXIT_SIGNAL, "asked to"};
	struct bench *b = *state;

	session_hold_wire(&b->s);
	session_settle(&b->s);
	assert_true(b->s.path->rx_held);
	session_close(&b->s, &why);
	session_settle(&b->s);
	assert_false(b->s.path->rx_held);
	assert_false(b->s.wire_held);
}

static int crypto_set_up(void **state)
{
	struct reason reason = {0};

	(void)state;
	return crypto_init(&reason);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_answer_lets_the_caller_in_with_the_accounts_settings),
		T(an_answer_with_another_number_does_nothing),
		T(a_repeat_of_the_caller_asks_nobody),
		T(a_refusal_ends_the_call_of_one_who_proved_the_password),
		T(a_hang_up_while_asked_ends_the_call_at_once),
		T(one_that_cannot_ask_turns_the_caller_away),
		T(the_wire_waits_until_the_call_ends),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, NULL);
}
