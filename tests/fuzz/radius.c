/* SPDX-License-Identifier: MIT */
/* The RADIUS client: octets of the network as they are, and attributes that a server which knows
 * the secret could send, signed here.  The first octet says which, and how the caller proved
 * itself. */
#include "fuzz.h"

#include "crypto/crypto.h"
#include "ipc/request.h"
#include "radius/client.h"
#include "radius/route.h"
#include "radius/sign.h"
#include "vocabulary/authentication.h"

static struct {
	uint8_t request[RADIUS_PACKET_MAX];
	unsigned verdicts;
} seen;

static int on_send(void *ctx, size_t server, enum radius_service service, const uint8_t *octets,
		   size_t len)
{
	(void)ctx;
	(void)server;
	(void)service;
	FUZZ_CHECK(len >= RADIUS_HEADER && len <= sizeof seen.request);
	memcpy(seen.request, octets, len);
	return 0;
}

/* What the server's process relies on, and what it judges again. */
static void on_verdict(void *ctx, const struct radius_verdict *v)
{
	(void)ctx;
	seen.verdicts++;
	FUZZ_CHECK(v->serial == 1 && v->outcome < RADIUS_OUTCOMES);
	FUZZ_CHECK((v->outcome == RADIUS_ACCEPTED) == (v->judged.verdict == VERDICT_GOOD));
	FUZZ_CHECK(v->grant.route_count <= RADIUS_ROUTES_MAX);
	FUZZ_CHECK(v->grant.class_count <= RADIUS_CLASSES_MAX);
	FUZZ_CHECK(request_text_valid(v->judged.said, sizeof v->judged.said));
	FUZZ_CHECK(request_text_valid(v->grant.pool, sizeof v->grant.pool));
	FUZZ_CHECK(v->outcome == RADIUS_ACCEPTED || !v->judged.has_keys);
	for (uint32_t i = 0; i < v->grant.route_count; i++)
		FUZZ_CHECK(v->grant.routes[i].prefix_len <= 32);
}

static void on_recorded(void *ctx, uint32_t serial, bool taken)
{
	(void)ctx;
	(void)serial;
	(void)taken;
	FUZZ_CHECK(false);
}

/* ATTRIBUTES behind a Message-Authenticator, signed. */
static size_t sign(const struct secret *secret, uint8_t code, const uint8_t *attributes, size_t len,
		   uint8_t *packet)
{
	static const uint8_t zeros[16];
	struct writer w = writer_make(packet, RADIUS_PACKET_MAX);

	radius_begin(&w, code, seen.request[1]);
	radius_put(&w, RADIUS_AT_MESSAGE_AUTHENTICATOR, zeros, sizeof zeros);
	writer_bytes(&w, attributes, len);
	radius_end(&w);
	if (w.failed)
		return 0;
	memcpy(packet + 4, seen.request + 4, 16);
	radius_sign_access(secret, packet, writer_len(&w));
	crypto_md5(packet + 4,
		   (const struct crypto_part[]){{packet, writer_len(&w)},
						{secret->bytes, secret->len}},
		   2);
	return writer_len(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t codes[] = {RADIUS_ACCESS_ACCEPT, RADIUS_ACCESS_REJECT,
					RADIUS_ACCESS_CHALLENGE, RADIUS_ACCOUNTING_RESPONSE};
	static const uint8_t methods[] = {METHOD_PAP, METHOD_CHAP, METHOD_MSCHAP1, METHOD_MSCHAP2};
	static const uint8_t lengths[] = {7, 16, 49, 49};
	const struct radius_callbacks callbacks = {on_send, on_verdict, on_recorded, NULL};
	struct radius_server server = {.name = "one",
				       .secret = {.len = 4, .bytes = "fuzz"},
				       .timeout_ms = 1000,
				       .tries = 2,
				       .signed_only = true,
				       .nas_id = "nas"};
	struct radius_question q = {.serial = 1, .caller = {.from = "192.0.2.1", .user_len = 1}};
	struct radius_client *client;
	uint8_t packet[RADIUS_PACKET_MAX];
	struct reason reason = {0};
	struct route route;
	size_t len;

	if (size == 0 || crypto_init(&reason) < 0)
		return 0;
	(void)radius_route_parse(data + 1, size - 1, &route);
	client = radius_client_new(&callbacks, &random_kernel, NULL);
	if (!client)
		return 0;
	FUZZ_CHECK(radius_client_add(client, &server));
	q.proof.method = methods[data[0] & 3];
	q.proof.value_len = lengths[data[0] & 3];
	q.proof.challenge_len = 16;
	seen.verdicts = 0;
	radius_client_ask(client, &q, 1);
	/* Nobody can sign by chance. */
	radius_client_input(client, 0, RADIUS_AUTH, data + 1, size - 1, 2);
	FUZZ_CHECK(seen.verdicts == 0);
	len = sign(&server.secret, codes[data[0] >> 2 & 3], data + 1, size - 1, packet);
	if (len)
		radius_client_input(client, 0, RADIUS_AUTH, packet, len, 3);
	radius_client_tick(client, 5000, 5000);
	radius_client_tick(client, 9000, 9000);
	FUZZ_CHECK(seen.verdicts == 1);
	radius_client_free(client);
	return 0;
}
