/* SPDX-License-Identifier: MIT */
/* RADIUS: the RFCs' examples, what is asked, every way in which an answer can be wrong, servers
 * that are silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "radius/account.h"
#include "radius/ask.h"
#include "radius/client.h"
#include "radius/route.h"
#include "radius/sign.h"
#include "vectors.h"
#include "vocabulary/authentication.h"
#include "vocabulary/protocol.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "radius.txt"
#define SENT_MAX  64

static const uint8_t zeros[16];

static int load(void **state)
{
	struct reason reason = {0};

	(void)state;
	return crypto_init(&reason);
}

static struct secret secret_of(const char *section)
{
	struct secret s = {0};

	s.len = vector_hex(FILE_NAME, section, "secret", s.bytes, sizeof s.bytes);
	return s;
}

/* ---- the RFCs' examples ---- */

static void password_hidden_as_in_rfc2865(void **state)
{
	struct secret s = secret_of("user_password");
	uint8_t authenticator[16], expected[48], data[48] = {0};
	size_t len;

	(void)state;
	vector_hex_exact(FILE_NAME, "user_password", "authenticator", authenticator, 16);
	vector_text(FILE_NAME, "user_password", "password_txt", (char *)data, sizeof data);
	vector_hex_exact(FILE_NAME, "user_password", "hidden", expected, 16);
	radius_hide(&s, authenticator, data, 16);
	assert_memory_equal(data, expected, 16);
	radius_unhide(&s, authenticator, data, 16);
	assert_string_equal((char *)data, "arctangent");
	memset(data, 0, sizeof data);
	len = vector_hex(FILE_NAME, "user_password", "long_password", data, sizeof data);
	assert_true(len > 16);
	vector_hex_exact(FILE_NAME, "user_password", "long_hidden", expected, 32);
	radius_hide(&s, authenticator, data, 32);
	assert_memory_equal(data, expected, 32);
}

static void answer_of_rfc2865_is_signed_and_read(void **state)
{
	struct secret s = secret_of("user_password"), other = {.len = 1, .bytes = "x"};
	uint8_t request[64], response[64], authenticator[16];
	size_t len = vector_hex(FILE_NAME, "user_password", "response", response, sizeof response);
	struct radius_packet p;
	struct radius_walk walk;
	struct radius_value v;
	unsigned count = 0;

	(void)state;
	vector_hex_exact(FILE_NAME, "user_password", "authenticator", authenticator, 16);
	assert_true(radius_decode(response, len, &p));
	assert_int_equal(radius_judge(&s, authenticator, &p), RADIUS_SIGNED);
	assert_int_equal(radius_judge(&other, authenticator, &p), RADIUS_FORGED);
	assert_int_equal(radius_judge(&s, zeros, &p), RADIUS_FORGED);
	walk = radius_walk(&p);
	while (radius_next(&walk, &v))
		count++;
	assert_int_equal(count, 3);
	len = vector_hex(FILE_NAME, "user_password", "request", request, sizeof request);
	assert_true(radius_decode(request, len, &p));
	assert_int_equal(p.code, RADIUS_ACCESS_REQUEST);
}

static void keys_of_mppe_are_opened(void **state)
{
	static const char *const names[2][2] = {{"ms_mppe_send_key", "server_send_start_key"},
						{"ms_mppe_recv_key", "server_recv_start_key"}};
	struct secret s = secret_of("mschap2");
	uint8_t authenticator[16], packet[64] = {2, 1, 0}, key[16], expected[16];

	(void)state;
	vector_hex_exact(FILE_NAME, "mschap2", "authenticator", authenticator, 16);
	for (int i = 0; i < 2; i++) {
		struct radius_packet p;
		struct radius_walk walk;
		struct radius_value v;
		size_t len = 20 + vector_hex(FILE_NAME, "mschap2", names[i][0], packet + 20, 44);

		packet[3] = (uint8_t)len;
		vector_hex_exact(FILE_NAME, "mschap2", names[i][1], expected, 16);
		assert_true(radius_decode(packet, len, &p));
		walk = radius_walk(&p);
		assert_true(radius_next(&walk, &v));
		assert_int_equal(v.vendor, RADIUS_MICROSOFT);
		assert_int_equal(v.type, i ? RADIUS_MS_MPPE_RECV_KEY : RADIUS_MS_MPPE_SEND_KEY);
		assert_true(radius_open_key(&s, authenticator, &v, key, 16));
		assert_memory_equal(key, expected, 16);
		assert_false(radius_open_key(&s, authenticator, &v, key, 8));
		v.len--;
		assert_false(radius_open_key(&s, authenticator, &v, key, 16));
		v.len = 2;
		assert_false(radius_open_key(&s, authenticator, &v, key, 16));
	}
}

static void keys_of_mschap1_are_opened(void **state)
{
	struct secret s = secret_of("mschap2");
	uint8_t authenticator[16], hidden[32], clear[32];

	(void)state;
	vector_hex_exact(FILE_NAME, "mschap2", "authenticator", authenticator, 16);
	vector_hex_exact(FILE_NAME, "mschap1", "hidden", hidden, 32);
	vector_hex_exact(FILE_NAME, "mschap1", "clear", clear, 32);
	radius_unhide(&s, authenticator, hidden, sizeof hidden);
	assert_memory_equal(hidden, clear, 32);
}

/* The vector as an answer to a request with its authenticator: the same octets go into both. */
static void message_authenticator_is_that_of_the_vector(void **state)
{
	struct secret s = secret_of("message_authenticator");
	uint8_t packet[64], authenticator[16];
	size_t len =
		vector_hex(FILE_NAME, "message_authenticator", "request", packet, sizeof packet);
	struct radius_packet p;

	(void)state;
	memcpy(authenticator, packet + 4, 16);
	for (int spoiled = 0; spoiled < 2; spoiled++) {
		uint8_t sum[16];

		packet[len - 1] ^= (uint8_t)spoiled; /* in the Message-Authenticator */
		memcpy(packet + 4, authenticator, 16);
		crypto_md5(sum, (const struct crypto_part[]){{packet, len}, {s.bytes, s.len}}, 2);
		memcpy(packet + 4, sum, 16);
		assert_true(radius_decode(packet, len, &p));
		assert_int_equal(radius_judge(&s, authenticator, &p),
				 spoiled ? RADIUS_FORGED : RADIUS_VOUCHED);
	}
}

/* ---- what is asked ---- */

static struct radius_server server_one(void)
{
	struct radius_server s = {.name = "one",
				  .secret = {.len = 10, .bytes = "testing123"},
				  .timeout_ms = 3000,
				  .tries = 3,
				  .signed_only = true,
				  .nas_id = "nas"};

	return s;
}

static struct radius_question question_of(enum auth_method method)
{
	struct radius_question q = {.serial = 7,
				    .caller = {.session_id = "abc-1",
					       .port = 3,
					       .tunnel = PROTOCOL_L2TP,
					       .from = "192.0.2.9",
					       .to = "198.51.100.1",
					       .user_len = 3,
					       .user = "rad"},
				    .proof = {.method = (uint8_t)method, .id = 0x1a}};

	return q;
}

/* The first value of VENDOR and TYPE in a packet. */
static bool find(const uint8_t *packet, size_t len, uint32_t vendor, uint8_t type,
		 struct radius_value *out)
{
	struct radius_packet p;
	struct radius_walk walk;

	assert_true(radius_decode(packet, len, &p));
	walk = radius_walk(&p);
	while (radius_next(&walk, out))
		if (out->vendor == vendor && out->type == type)
			return true;
	return false;
}

static void mschap2_is_asked_as_in_the_vectors(void **state)
{
	struct radius_server server = server_one();
	struct radius_question q = question_of(METHOD_MSCHAP2);
	uint8_t packet[RADIUS_PACKET_MAX], authenticator[16], challenge[64], response[64];
	struct radius_value v;
	size_t len;

	(void)state;
	vector_hex_exact(FILE_NAME, "mschap2", "authenticator", authenticator, 16);
	vector_hex_exact(FILE_NAME, "mschap2", "ms_chap_challenge", challenge, 24);
	vector_hex_exact(FILE_NAME, "mschap2", "ms_chap2_response", response, 58);
	q.proof.id = response[8];
	q.proof.challenge_len = 16;
	memcpy(q.proof.challenge, challenge + 8, 16);
	q.proof.value_len = 49;
	memcpy(q.proof.value, response + 10, 48);
	len = radius_ask(&server, &q, 9, authenticator, packet);
	assert_true(len > 0);
	assert_int_equal(packet[20], RADIUS_AT_MESSAGE_AUTHENTICATOR); /* the first of all */
	assert_true(find(packet, len, RADIUS_MICROSOFT, RADIUS_MS_CHAP2_RESPONSE, &v));
	assert_int_equal(v.len, 50);
	assert_memory_equal(v.at - 8, response, 58);
	assert_true(find(packet, len, RADIUS_MICROSOFT, RADIUS_MS_CHAP_CHALLENGE, &v));
	assert_memory_equal(v.at - 8, challenge, 24);
	assert_true(find(packet, len, 0, RADIUS_AT_TUNNEL_TYPE, &v));
	assert_memory_equal(v.at, "\0\0\0\3", 4);
	q.proof.value_len = 48;
	assert_int_equal(radius_ask(&server, &q, 9, authenticator, packet), 0);
}

static void mschap1_and_chap_are_asked_as_in_the_vectors(void **state)
{
	struct radius_server server = server_one();
	struct radius_question q = question_of(METHOD_MSCHAP1);
	uint8_t packet[RADIUS_PACKET_MAX], response[64], chap[19];
	struct radius_value v;
	size_t len;

	(void)state;
	vector_hex_exact(FILE_NAME, "mschap1", "ms_chap_response", response, 58);
	q.proof.id = response[8];
	q.proof.challenge_len = 8;
	q.proof.value_len = 49;
	memcpy(q.proof.value, response + 10, 48);
	q.proof.value[48] = response[9]; /* the flags: in PPP they are the last octet */
	len = radius_ask(&server, &q, 9, zeros, packet);
	assert_true(find(packet, len, RADIUS_MICROSOFT, RADIUS_MS_CHAP_RESPONSE, &v));
	assert_memory_equal(v.at - 8, response, 58);
	vector_hex_exact(FILE_NAME, "chap_password", "attr", chap, 19);
	q = question_of(METHOD_CHAP);
	q.proof.id = chap[2];
	q.proof.challenge_len = 16;
	q.proof.value_len = 16;
	memcpy(q.proof.value, chap + 3, 16);
	len = radius_ask(&server, &q, 9, zeros, packet);
	assert_true(find(packet, len, 0, RADIUS_AT_CHAP_PASSWORD, &v));
	assert_memory_equal(v.at - 2, chap, 19);
}

static void realm_is_put_behind_names_without_one(void **state)
{
	struct radius_server server = server_one();
	struct radius_question q = question_of(METHOD_PAP);
	uint8_t packet[RADIUS_PACKET_MAX];
	struct radius_value v;
	size_t len;

	(void)state;
	(void)str_copy(server.realm, sizeof server.realm, "lab");
	len = radius_ask(&server, &q, 9, zeros, packet);
	assert_true(find(packet, len, 0, RADIUS_AT_USER_NAME, &v));
	assert_int_equal(v.len, 7);
	assert_memory_equal(v.at, "rad@lab", 7);
	memcpy(q.caller.user, "a@b", 3);
	len = radius_ask(&server, &q, 9, zeros, packet);
	assert_true(find(packet, len, 0, RADIUS_AT_USER_NAME, &v));
	assert_memory_equal(v.at, "a@b", 3);
	/* What is longer than an attribute is not asked at all. */
	q.caller.user_len = RADIUS_USER_MAX;
	memset(q.caller.user, 'x', sizeof q.caller.user);
	assert_int_equal(radius_ask(&server, &q, 9, zeros, packet), 0);
	q.caller.user_len = 3;
	q.proof.value_len = 129;
	assert_int_equal(radius_ask(&server, &q, 9, zeros, packet), 0);
}

/* ---- the client ---- */

struct world {
	struct radius_client *client;
	struct {
		size_t server;
		enum radius_service service;
		size_t len;
		uint8_t octets[RADIUS_PACKET_MAX];
	} sent[SENT_MAX];
	size_t sent_count;
	int send_result;
	unsigned verdicts, taken, lost;
	struct radius_verdict verdict;
	uint64_t now_ms;
};

static int on_send(void *ctx, size_t server, enum radius_service service, const uint8_t *octets,
		   size_t len)
{
	struct world *w = ctx;

	if (w->sent_count < SENT_MAX) {
		w->sent[w->sent_count].server = server;
		w->sent[w->sent_count].service = service;
		w->sent[w->sent_count].len = len;
		memcpy(w->sent[w->sent_count++].octets, octets, len);
	}
	return w->send_result;
}

static void on_verdict(void *ctx, const struct radius_verdict *verdict)
{
	struct world *w = ctx;

	w->verdicts++;
	w->verdict = *verdict;
}

static void on_recorded(void *ctx, uint32_t serial, bool taken)
{
	struct world *w = ctx;

	assert_int_equal(serial, 5);
	if (taken)
		w->taken++;
	else
		w->lost++;
}

static struct world *world_new(unsigned servers)
{
	struct world *w = calloc(1, sizeof *w);
	const struct radius_callbacks callbacks = {on_send, on_verdict, on_recorded, w};

	assert_non_null(w);
	w->now_ms = 1000;
	w->client = radius_client_new(&callbacks, &random_kernel, NULL);
	assert_non_null(w->client);
	for (unsigned i = 0; i < servers; i++) {
		struct radius_server s = server_one();

		if (i)
			(void)str_copy(s.name, sizeof s.name, "two");
		assert_true(radius_client_add(w->client, &s));
	}
	return w;
}

static void world_free(struct world *w)
{
	radius_client_free(w->client);
	free(w);
}

static void ask(struct world *w, enum auth_method method)
{
	struct radius_question q = question_of(method);

	radius_client_ask(w->client, &q, w->now_ms);
}

/* Until MS later. */
static void pass(struct world *w, uint64_t ms)
{
	uint64_t end = w->now_ms + ms, at;

	while ((at = radius_client_deadline(w->client)) <= end) {
		w->now_ms = at;
		radius_client_tick(w->client, at, at);
	}
	w->now_ms = end;
}

/* An answer to the last datagram. */
struct answer {
	uint8_t octets[RADIUS_PACKET_MAX];
	struct writer w;
};

static void answer_begin(struct answer *a, const struct world *w, uint8_t code, bool vouched)
{
	a->w = writer_make(a->octets, sizeof a->octets);
	radius_begin(&a->w, code, w->sent[w->sent_count - 1].octets[1]);
	if (vouched)
		radius_put(&a->w, RADIUS_AT_MESSAGE_AUTHENTICATOR, zeros, 16);
}

static size_t answer_sign(struct answer *a, const struct world *w, bool vouched)
{
	const struct radius_server s = server_one();
	const uint8_t *request = w->sent[w->sent_count - 1].octets;
	size_t len;

	radius_end(&a->w);
	assert_false(a->w.failed);
	len = writer_len(&a->w);
	memcpy(a->octets + 4, request + 4, 16);
	if (vouched)
		radius_sign_access(&s.secret, a->octets, len);
	crypto_md5(a->octets + 4,
		   (const struct crypto_part[]){{a->octets, len}, {s.secret.bytes, s.secret.len}},
		   2);
	return len;
}

static void give(struct world *w, const uint8_t *octets, size_t len)
{
	radius_client_input(w->client, w->sent[w->sent_count - 1].server,
			    w->sent[w->sent_count - 1].service, octets, len, w->now_ms);
}

static void accept_with(struct world *w, void (*fill)(struct writer *w, const struct world *world))
{
	struct answer a;

	answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, true);
	if (fill)
		fill(&a.w, w);
	give(w, a.octets, answer_sign(&a, w, true));
}

static void accept_is_taken_once(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	ask(w, METHOD_PAP);
	assert_int_equal(w->sent_count, 1);
	accept_with(w, NULL);
	assert_int_equal(w->verdicts, 1);
	assert_int_equal(w->verdict.serial, 7);
	assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
	accept_with(w, NULL); /* again: nobody waits for it */
	assert_int_equal(w->verdicts, 1);
	assert_int_equal(radius_client_deadline(w->client), DEADLINE_NONE);
	world_free(w);
}

static void silence_is_repeated_unchanged_then_explained(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	ask(w, METHOD_PAP);
	pass(w, 8999);
	assert_int_equal(w->sent_count, 3);
	assert_int_equal(w->sent[0].len, w->sent[2].len);
	assert_memory_equal(w->sent[0].octets, w->sent[2].octets, w->sent[0].len);
	assert_int_equal(w->verdicts, 0);
	pass(w, 1);
	assert_int_equal(w->verdicts, 1);
	assert_int_equal(w->verdict.outcome, RADIUS_NOBODY);
	assert_int_equal(w->verdict.judged.verdict, VERDICT_BAD);
	assert_non_null(strstr(w->verdict.why.text, "does not answer (9 s waited)"));
	world_free(w);
}

static void late_answer_to_the_first_copy_counts(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	ask(w, METHOD_PAP);
	pass(w, 5000);
	accept_with(w, NULL);
	assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
	world_free(w);
}

static void dead_server_is_passed_over_then_remembered(void **state)
{
	struct world *w = world_new(2);

	(void)state;
	ask(w, METHOD_PAP);
	pass(w, 9000);
	assert_int_equal(w->sent[3].server, 1);
	/* Another request, with an authenticator of its own. */
	assert_memory_not_equal(w->sent[2].octets + 4, w->sent[3].octets + 4, 16);
	accept_with(w, NULL);
	assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
	ask(w, METHOD_PAP);
	assert_int_equal(w->sent[4].server, 1); /* at once */
	accept_with(w, NULL);
	pass(w, 60000);
	ask(w, METHOD_PAP);
	assert_int_equal(w->sent[5].server, 0);
	world_free(w);
}

static void closed_port_is_passed_over_at_once(void **state)
{
	struct world *w = world_new(2);

	(void)state;
	ask(w, METHOD_PAP);
	radius_client_refused(w->client, 0, RADIUS_AUTH, w->now_ms);
	assert_int_equal(w->sent_count, 2);
	assert_int_equal(w->sent[1].server, 1);
	radius_client_refused(w->client, 1, RADIUS_AUTH, w->now_ms); /* the last one: it may come */
	assert_int_equal(w->verdicts, 0);
	pass(w, 9000);
	assert_int_equal(w->verdicts, 1);
	assert_non_null(strstr(w->verdict.why.text, "nobody listens"));
	world_free(w);
}

static void no_way_is_explained(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	w->send_result = -101; /* ENETUNREACH */
	ask(w, METHOD_PAP);
	pass(w, 9000);
	assert_non_null(strstr(w->verdict.why.text, "is not reached"));
	world_free(w);
}

static void unsigned_answer_counts_for_nothing_unless_permitted(void **state)
{
	struct world *w = world_new(1);
	struct radius_server lax = server_one();
	struct answer a;

	(void)state;
	ask(w, METHOD_PAP);
	answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, false);
	give(w, a.octets, answer_sign(&a, w, false));
	assert_int_equal(w->verdicts, 0);
	pass(w, 9000);
	assert_int_equal(w->verdict.outcome, RADIUS_NOBODY);
	assert_non_null(strstr(w->verdict.why.text, "require-message-auth = no"));
	assert_true(strlen(w->verdict.why.text) < REASON_TEXT_MAX - 1);
	world_free(w);

	w = world_new(0);
	lax.signed_only = false;
	assert_true(radius_client_add(w->client, &lax));
	ask(w, METHOD_PAP);
	answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, false);
	give(w, a.octets, answer_sign(&a, w, false));
	assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
	world_free(w);
}

/* Each spoils a good Accept; none may be believed, and the true one is believed after it. */
static void forged_answers_count_for_nothing(void **state)
{
	struct world *w = world_new(1);
	struct answer a;
	size_t len;

	(void)state;
	ask(w, METHOD_PAP);
	answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, true);
	radius_put_number(&a.w, RADIUS_AT_SESSION_TIMEOUT, 60);
	len = answer_sign(&a, w, true);
	for (size_t bit = 0; bit < len * 8; bit++) {
		a.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		give(w, a.octets, len);
		a.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		give(w, a.octets, cut);
	assert_int_equal(w->verdicts, 0);
	give(w, a.octets, len);
	assert_int_equal(w->verdicts, 1);
	assert_int_equal(w->verdict.grant.session_s, 60);
	world_free(w);
}

static void answer_of_another_server_or_service_counts_for_nothing(void **state)
{
	struct world *w = world_new(2);
	struct answer a;
	size_t len;

	(void)state;
	ask(w, METHOD_PAP);
	answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, true);
	len = answer_sign(&a, w, true);
	radius_client_input(w->client, 1, RADIUS_AUTH, a.octets, len, w->now_ms);
	radius_client_input(w->client, 0, RADIUS_ACCT, a.octets, len, w->now_ms);
	radius_client_input(w->client, 7, RADIUS_AUTH, a.octets, len, w->now_ms);
	assert_int_equal(w->verdicts, 0);
	/* A replay: signed for a question that is over. */
	give(w, a.octets, len);
	assert_int_equal(w->verdicts, 1);
	for (int i = 0; i < 300; i++) {
		ask(w, METHOD_PAP);
		give(w, a.octets, len);
	}
	assert_int_equal(w->verdicts, 1 + 44); /* "too many wait" */
	assert_int_equal(w->verdict.outcome, RADIUS_NOBODY);
	world_free(w);
}

static void put_everything(struct writer *w, const struct world *world)
{
	(void)world;
	radius_put_number(w, RADIUS_AT_SERVICE_TYPE, 2);
	radius_put_number(w, RADIUS_AT_FRAMED_IP_ADDRESS, 0x0a006364);
	radius_put_number(w, RADIUS_AT_FRAMED_IP_NETMASK, 0xffffff00);
	radius_put_number(w, RADIUS_AT_FRAMED_MTU, 1300);
	radius_put_number(w, RADIUS_AT_IDLE_TIMEOUT, 600);
	radius_put_number(w, RADIUS_AT_ACCT_INTERIM_INTERVAL, 60);
	radius_put_text(w, RADIUS_AT_FRAMED_ROUTE, "10.9.0.0/16 10.0.0.2 1");
	radius_put_text(w, RADIUS_AT_FRAMED_POOL, "pool\x1b[31m");
	radius_put_text(w, RADIUS_AT_CLASS, "one");
	radius_put_text(w, RADIUS_AT_CLASS, "two");
	radius_put_text(w, RADIUS_AT_REPLY_MESSAGE, "Hello\n");
	radius_put_text(w, RADIUS_AT_REPLY_MESSAGE, "again");
	radius_put_text(w, 250, "nobody knows it");
	radius_put_microsoft(w, RADIUS_MS_PRIMARY_DNS, "\x0a\0\0\1", 4);
	radius_put_microsoft(w, RADIUS_MS_MPPE_POLICY, "\0\0\0\2", 4);
	radius_put_microsoft(w, RADIUS_MS_MPPE_TYPES, "\0\0\0\4", 4);
}

static void everything_an_accept_says_is_read(void **state)
{
	struct world *w = world_new(1);
	const struct radius_grant *g = &w->verdict.grant;

	(void)state;
	ask(w, METHOD_PAP);
	accept_with(w, put_everything);
	assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
	assert_int_equal(g->address_kind, RADIUS_ADDRESS_GIVEN);
	assert_int_equal(ntohl(g->address.s_addr), 0x0a006364);
	assert_int_equal(ntohl(g->netmask.s_addr), 0xffffff00);
	assert_int_equal(g->mtu, 1300);
	assert_int_equal(g->idle_s, 600);
	assert_int_equal(g->interim_s, 60);
	assert_int_equal(g->route_count, 1);
	assert_int_equal(g->routes[0].prefix_len, 16);
	assert_int_equal(g->class_count, 2);
	assert_memory_equal(g->classes[1].octets, "two", 3);
	assert_null(strchr(g->pool, '\x1b'));
	assert_non_null(strstr(w->verdict.judged.said, "again"));
	assert_null(strchr(w->verdict.judged.said, 10));
	assert_int_equal(ntohl(g->dns[0].s_addr), 0x0a000001);
	assert_int_equal(g->mppe_said, 1);
	assert_int_equal(g->mppe_policy, 2);
	assert_int_equal(g->mppe_types, 4);
	world_free(w);
}

/* ---- answers that are signed well and make no sense ---- */

static void put_nothing(struct writer *w, const struct world *world)
{
	(void)w;
	(void)world;
}
static void put_login(struct writer *w, const struct world *world)
{
	(void)world;
	radius_put_number(w, RADIUS_AT_SERVICE_TYPE, 1);
}
static void put_short_service(struct writer *w, const struct world *world)
{
	(void)world;
	radius_put(w, RADIUS_AT_SERVICE_TYPE, "\2", 1);
}
static void put_broken_success(struct writer *w, const struct world *world)
{
	(void)world;
	radius_put_microsoft(w, RADIUS_MS_CHAP2_SUCCESS, "\1S=00112233", 11);
}
static void put_success_without_digits(struct writer *w, const struct world *world)
{
	(void)world;
	radius_put_microsoft(w, RADIUS_MS_CHAP2_SUCCESS,
			     "\1S=00112233445566778899001122334455667788\x1b[", 43);
}

static void accepts_that_cannot_be_are_rejects(void **state)
{
	static const struct {
		enum auth_method method;
		void (*fill)(struct writer *w, const struct world *world);
	} cases[] = {
		{METHOD_PAP, put_login},
		{METHOD_PAP, put_short_service},
		{METHOD_MSCHAP2, put_nothing},
		{METHOD_MSCHAP2, put_broken_success},
		{METHOD_MSCHAP2, put_success_without_digits},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world *w = world_new(1);
		struct radius_question q = question_of(cases[i].method);

		if (cases[i].method == METHOD_MSCHAP2) {
			q.proof.value_len = 49;
			q.proof.challenge_len = 16;
		}
		radius_client_ask(w->client, &q, w->now_ms);
		accept_with(w, cases[i].fill);
		assert_int_equal(w->verdicts, 1);
		assert_int_equal(w->verdict.outcome, RADIUS_REJECTED);
		assert_int_equal(w->verdict.judged.verdict, VERDICT_BAD);
		world_free(w);
	}
}

/* Values of the wrong length, each in an Accept of its own: left out, nothing else. */
static void values_of_wrong_length_are_left_out(void **state)
{
	static const uint8_t types[] = {
		RADIUS_AT_FRAMED_IP_ADDRESS, RADIUS_AT_FRAMED_IP_NETMASK,
		RADIUS_AT_FRAMED_MTU,	     RADIUS_AT_SESSION_TIMEOUT,
		RADIUS_AT_IDLE_TIMEOUT,	     RADIUS_AT_ACCT_INTERIM_INTERVAL,
		RADIUS_AT_FRAMED_ROUTE};
	static const uint8_t ms[] = {RADIUS_MS_CHAP_ERROR,     RADIUS_MS_MPPE_TYPES,
				     RADIUS_MS_CHAP_MPPE_KEYS, RADIUS_MS_MPPE_SEND_KEY,
				     RADIUS_MS_MPPE_RECV_KEY,  RADIUS_MS_CHAP2_SUCCESS,
				     RADIUS_MS_PRIMARY_DNS,    RADIUS_MS_SECONDARY_DNS};
	static const struct radius_grant nothing;

	(void)state;
	for (size_t i = 0; i < sizeof types + sizeof ms; i++)
		for (size_t len = 1; len <= 5; len += 2) {
			struct world *w = world_new(1);
			struct answer a;

			ask(w, METHOD_PAP);
			answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, true);
			if (i < sizeof types)
				radius_put(&a.w, types[i], "\x7f\xff\xff\xff\xff", len);
			else
				radius_put_microsoft(&a.w, ms[i - sizeof types],
						     "\x7f\xff\xff\xff\xff", len);
			give(w, a.octets, answer_sign(&a, w, true));
			assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
			assert_memory_equal(&w->verdict.grant, &nothing, sizeof nothing);
			assert_int_equal(w->verdict.judged.has_keys, 0);
			assert_int_equal(w->verdict.judged.has_success, 0);
			world_free(w);
		}
}

static void many_of_a_kind_fill_no_more_than_there_is(void **state)
{
	struct world *w = world_new(1);
	struct answer a;

	(void)state;
	ask(w, METHOD_PAP);
	answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, true);
	for (int i = 0; i < 60; i++) {
		radius_put_text(&a.w, RADIUS_AT_FRAMED_ROUTE, "10.9.0.0/16");
		radius_put_text(&a.w, RADIUS_AT_CLASS, "class");
		radius_put_text(&a.w, RADIUS_AT_REPLY_MESSAGE, "all work and no play");
	}
	give(w, a.octets, answer_sign(&a, w, true));
	assert_int_equal(w->verdict.grant.route_count, RADIUS_ROUTES_MAX);
	assert_int_equal(w->verdict.grant.class_count, RADIUS_CLASSES_MAX);
	assert_true(strlen(w->verdict.judged.said) < sizeof w->verdict.judged.said);
	world_free(w);
}

static void broken_vendor_attribute_is_left_out(void **state)
{
	static const uint8_t broken[][8] = {
		{0, 0, 1, 0x37, 7, 9, 0, 0}, /* longer than there is */
		{0, 0, 1, 0x37, 7, 0, 0, 0}, /* shorter than its head */
		{0, 0, 1, 0x37, 7, 1, 0, 0},
		{0, 0, 1, 0x37, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct world *w = world_new(1);
		struct answer a;

		ask(w, METHOD_PAP);
		answer_begin(&a, w, RADIUS_ACCESS_ACCEPT, true);
		radius_put(&a.w, RADIUS_AT_VENDOR, broken[i], i == 3 ? 5 : 8);
		radius_put(&a.w, RADIUS_AT_VENDOR, broken[i], 3);
		radius_put_number(&a.w, RADIUS_AT_SESSION_TIMEOUT, 5);
		give(w, a.octets, answer_sign(&a, w, true));
		assert_int_equal(w->verdict.outcome, RADIUS_ACCEPTED);
		assert_int_equal(w->verdict.grant.mppe_said, 0);
		assert_int_equal(w->verdict.grant.session_s, 5);
		world_free(w);
	}
}

static void reject_brings_words_and_number_and_no_keys(void **state)
{
	struct world *w = world_new(1);
	struct answer a;

	(void)state;
	ask(w, METHOD_PAP);
	answer_begin(&a, w, RADIUS_ACCESS_REJECT, true);
	radius_put_microsoft(&a.w, RADIUS_MS_CHAP_ERROR, "\1E=648 R=1 V=3 M=Expired\x1b[2J", 28);
	radius_put_microsoft(&a.w, RADIUS_MS_CHAP2_SUCCESS,
			     "\1S=0011223344556677889900112233445566778899", 43);
	give(w, a.octets, answer_sign(&a, w, true));
	assert_int_equal(w->verdict.outcome, RADIUS_REJECTED);
	assert_int_equal(w->verdict.judged.error, 648);
	assert_non_null(strstr(w->verdict.judged.said, "Expired"));
	assert_null(strchr(w->verdict.judged.said, '\x1b'));
	assert_int_equal(w->verdict.judged.has_success, 0);
	world_free(w);
}

/* ---- routes ---- */

static void routes_are_read_or_refused(void **state)
{
	static const struct {
		const char *text;
		int prefix; /* -1 = none */
		const char *dst;
		unsigned metric;
	} cases[] = {
		{"10.9.0.0/16 10.0.0.2 1", 16, "10.9.0.0", 1},
		{"10.9.8.7/16", 16, "10.9.0.0", 0},
		{"192.168.1.0 0.0.0.0 5 -1 3", 24, "192.168.1.0", 5},
		{"0.0.0.0/0", 0, "0.0.0.0", 0},
		{"10.9.0.0/33", -1, NULL, 0},
		{"10.9.0.0/", -1, NULL, 0},
		{"10.9.0.0/-1", -1, NULL, 0},
		{"10.9.0.0/16 gateway", -1, NULL, 0},
		{"10.9.0.0/16 10.0.0.2 99999", -1, NULL, 0},
		{"", -1, NULL, 0},
		{"   ", -1, NULL, 0},
		{"2001:db8::/32", -1, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct route r = {0};
		bool good = radius_route_parse((const uint8_t *)cases[i].text,
					       strlen(cases[i].text), &r);

		assert_int_equal(good, cases[i].prefix >= 0);
		if (!good)
			continue;
		assert_int_equal(r.prefix_len, cases[i].prefix);
		assert_int_equal(r.dst4.s_addr, inet_addr(cases[i].dst));
		assert_int_equal(r.metric, cases[i].metric);
		assert_false(r.has_gateway);
	}
}

/* ---- accounting ---- */

static struct radius_record record_of(uint32_t status)
{
	struct radius_record r = {.status = status,
				  .day_ms = 1000000,
				  .caller = question_of(METHOD_PAP).caller,
				  .session_s = 61,
				  .rx_octets = 0x100000005,
				  .tx_octets = 7,
				  .cause = 4,
				  .class_count = 1,
				  .classes = {{3, "lab"}}};

	return r;
}

static void stop_has_counters_and_cause(void **state)
{
	struct radius_server s = server_one();
	struct radius_record r = record_of(RADIUS_STOP);
	uint8_t packet[RADIUS_PACKET_MAX], expected[16], as_sent[16];
	size_t len = radius_account(&s, &r, 3, 1005000, packet);
	struct radius_value v;

	(void)state;
	assert_true(len > 0);
	assert_int_equal(packet[0], RADIUS_ACCOUNTING_REQUEST);
	assert_true(find(packet, len, 0, RADIUS_AT_ACCT_INPUT_OCTETS, &v));
	assert_memory_equal(v.at, "\0\0\0\5", 4);
	assert_true(find(packet, len, 0, RADIUS_AT_ACCT_INPUT_GIGAWORDS, &v));
	assert_memory_equal(v.at, "\0\0\0\1", 4);
	assert_false(find(packet, len, 0, RADIUS_AT_ACCT_OUTPUT_GIGAWORDS, &v));
	assert_true(find(packet, len, 0, RADIUS_AT_ACCT_TERMINATE_CAUSE, &v));
	assert_true(find(packet, len, 0, RADIUS_AT_ACCT_DELAY_TIME, &v));
	assert_memory_equal(v.at, "\0\0\0\5", 4);
	assert_true(find(packet, len, 0, RADIUS_AT_CLASS, &v));
	assert_memory_equal(v.at, "lab", 3);
	assert_false(find(packet, len, 0, RADIUS_AT_MESSAGE_AUTHENTICATOR, &v));
	/* RFC 2866 section 3: over sixteen zeros in its place. */
	memcpy(as_sent, packet + 4, 16);
	memset(packet + 4, 0, 16);
	crypto_md5(expected,
		   (const struct crypto_part[]){{packet, len}, {s.secret.bytes, s.secret.len}}, 2);
	assert_memory_equal(as_sent, expected, 16);
}

static void start_and_on_have_none(void **state)
{
	struct radius_server s = server_one();
	struct radius_record r = record_of(RADIUS_START);
	uint8_t packet[RADIUS_PACKET_MAX];
	struct radius_value v;
	size_t len = radius_account(&s, &r, 3, 1000000, packet);

	(void)state;
	assert_false(find(packet, len, 0, RADIUS_AT_ACCT_INPUT_OCTETS, &v));
	assert_false(find(packet, len, 0, RADIUS_AT_ACCT_TERMINATE_CAUSE, &v));
	assert_true(find(packet, len, 0, RADIUS_AT_CALLING_STATION_ID, &v));
	r = (struct radius_record){.status = RADIUS_ON, .caller.session_id = "x"};
	len = radius_account(&s, &r, 3, 1000000, packet);
	assert_true(len > 0);
	assert_false(find(packet, len, 0, RADIUS_AT_CALLING_STATION_ID, &v));
	assert_false(find(packet, len, 0, RADIUS_AT_USER_NAME, &v));
}

static void record_is_repeated_anew_until_taken(void **state)
{
	struct world *w = world_new(1);
	struct radius_record r = record_of(RADIUS_STOP);
	struct answer a;
	size_t len;

	(void)state;
	radius_client_record(w->client, 5, &r, w->now_ms, 1000000);
	pass(w, 3000);
	assert_int_equal(w->sent_count, 2);
	assert_int_not_equal(w->sent[0].octets[1], w->sent[1].octets[1]);
	answer_begin(&a, w, RADIUS_ACCOUNTING_RESPONSE, false);
	len = answer_sign(&a, w, false);
	a.octets[0] = RADIUS_ACCESS_ACCEPT; /* no answer to this */
	give(w, a.octets, len);
	assert_int_equal(w->taken, 0);
	a.octets[0] = RADIUS_ACCOUNTING_RESPONSE;
	give(w, a.octets, len);
	assert_int_equal(w->taken, 1);
	radius_client_record(w->client, 5, &r, w->now_ms, 1000000);
	pass(w, 9000);
	assert_int_equal(w->lost, 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(password_hidden_as_in_rfc2865),
		cmocka_unit_test(answer_of_rfc2865_is_signed_and_read),
		cmocka_unit_test(keys_of_mppe_are_opened),
		cmocka_unit_test(keys_of_mschap1_are_opened),
		cmocka_unit_test(message_authenticator_is_that_of_the_vector),
		cmocka_unit_test(mschap2_is_asked_as_in_the_vectors),
		cmocka_unit_test(mschap1_and_chap_are_asked_as_in_the_vectors),
		cmocka_unit_test(realm_is_put_behind_names_without_one),
		cmocka_unit_test(accept_is_taken_once),
		cmocka_unit_test(silence_is_repeated_unchanged_then_explained),
		cmocka_unit_test(late_answer_to_the_first_copy_counts),
		cmocka_unit_test(dead_server_is_passed_over_then_remembered),
		cmocka_unit_test(closed_port_is_passed_over_at_once),
		cmocka_unit_test(no_way_is_explained),
		cmocka_unit_test(unsigned_answer_counts_for_nothing_unless_permitted),
		cmocka_unit_test(forged_answers_count_for_nothing),
		cmocka_unit_test(answer_of_another_server_or_service_counts_for_nothing),
		cmocka_unit_test(everything_an_accept_says_is_read),
		cmocka_unit_test(accepts_that_cannot_be_are_rejects),
		cmocka_unit_test(values_of_wrong_length_are_left_out),
		cmocka_unit_test(many_of_a_kind_fill_no_more_than_there_is),
		cmocka_unit_test(broken_vendor_attribute_is_left_out),
		cmocka_unit_test(reject_brings_words_and_number_and_no_keys),
		cmocka_unit_test(routes_are_read_or_refused),
		cmocka_unit_test(stop_has_counters_and_cause),
		cmocka_unit_test(start_and_on_have_none),
		cmocka_unit_test(record_is_repeated_anew_until_taken),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
