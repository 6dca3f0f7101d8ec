/* SPDX-License-Identifier: MIT */
/* Strangers before an L2TP server: the script says from which of a few addresses what comes and
 * when; forged, repeated, with the right id or a guessed one.  No answer may be larger than it may,
 * none comes by itself, nothing is proved but by the id that an answer told, and a session can take
 * over what was proved. */
#include "fuzz.h"

#include "tunnel/half_open.h"
#include "wire/avp.h"
#include "wire/l2tp.h"

#define CALLERS 6
#define STEPS	300

static uint64_t now;

static struct caller {
	struct half_open_key key;
	uint16_t told, peer; /* ids of the newest SCCRP to it */
	uint16_t early;
} callers[CALLERS];

static struct half_open *h;
static struct half_open_result r;

static void adopted_send(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	FUZZ_CHECK(octets && len >= L2TP_CONTROL_HEADER_LEN);
}

static void adopted_event(void *ctx, const struct tunnel_event *event)
{
	(void)ctx;
	(void)event;
}

/* What a session would do with it. */
static void take_over(const struct adopted_tunnel *from)
{
	static uint32_t seed = 9;
	const struct random_source random = {fuzz_random, &seed};
	const struct tunnel_callbacks callbacks = {adopted_send, adopted_event, NULL};
	const struct tunnel_config config = {
		.type = PROTOCOL_L2TP, .role = ROLE_ANSWERER, .setup_limit_ms = 30000};
	struct tunnel *t = tunnel_new(&config, &callbacks, &random, &fuzz_log);

	FUZZ_CHECK(t);
	tunnel_adopt(t, from, now);
	tunnel_tick(t, now + 100);
	tunnel_tick(t, now + 40000);
	tunnel_free(t);
}

static void check_answer(struct caller *c, size_t len)
{
	const struct l2tp_rules rules = {0};
	struct l2tp_message m;
	struct l2tp_header head;
	struct l2tp_fault fault;

	FUZZ_CHECK(r.answer_len <= HALF_OPEN_FACTOR * len);
	FUZZ_CHECK(l2tp_decode(r.answer, r.answer_len, &head) && head.control);
	if (!head.payload_len)
		return;
	FUZZ_CHECK(l2tp_message_decode(&m, head.payload, head.payload_len, &rules, &fault) ==
		   L2TP_GOOD);
	FUZZ_CHECK(m.type == L2TP_SCCRP || m.type == L2TP_STOPCCN);
	if (m.type == L2TP_SCCRP) {
		c->told = l2tp_u16(&m, AVP_ASSIGNED_TUNNEL_ID);
		c->peer = head.tunnel_id;
		c->early = 0;
		FUZZ_CHECK(c->told && c->peer);
	}
}

static void input(struct caller *c, const uint8_t *octets, size_t len)
{
	uint8_t *copy = fuzz_copy(octets, len);

	half_open_input(h, &c->key, copy, len, now, &r);
	free(copy);
	FUZZ_CHECK(half_open_count(h) <= CALLERS);
	if (reason_is_set(&r.refused))
		fuzz_check_text(r.refused.text, strlen(r.refused.text));
	if (r.answer_len)
		check_answer(c, len);
	if (r.verdict == HALF_OPEN_NOTHING)
		return;
	FUZZ_CHECK(!r.answer_len && c->told && r.tunnel.local_tunnel_id == c->told &&
		   r.tunnel.peer_tunnel_id == c->peer);
	FUZZ_CHECK(r.tunnel.host_len <= sizeof r.tunnel.host &&
		   r.tunnel.vendor_len <= sizeof r.tunnel.vendor);
	if (r.verdict == HALF_OPEN_PROVED)
		take_over(&r.tunnel);
	else
		FUZZ_CHECK(++c->early <= HALF_OPEN_EARLY);
}

/* A message of TYPE with a fitting head; the script gives the AVPs behind those that it needs. */
static void forge(struct caller *c, enum l2tp_type type, struct cursor *script)
{
	uint8_t packet[512], how = fuzz_u8(script);
	struct l2tp_builder b;
	const uint8_t *more;
	size_t len;

	l2tp_build(&b, packet, sizeof packet, type,
		   type == L2TP_SCCRQ ? 0 : (uint16_t)(c->told ^ (how & 8 ? 1 : 0)), 0);
	if (type == L2TP_SCCRQ) {
		l2tp_add_u16(&b, AVP_PROTOCOL_VERSION, how & 16 ? 0x0200 : L2TP_VERSION);
		l2tp_add_u32(&b, AVP_FRAMING_CAPABILITIES, 3);
		l2tp_add(&b, AVP_HOST_NAME, "lac", 3);
		l2tp_add_u16(&b, AVP_ASSIGNED_TUNNEL_ID, (uint16_t)(1 + (how & 7)));
	}
	more = fuzz_octets(script, fuzz_u8(script), &len);
	writer_bytes(&b.w, more, len);
	if (type != L2TP_SCCRQ) {
		writer_patch_u16(&b.w, 8, (uint16_t)(1 + (how >> 6)));
		writer_patch_u16(&b.w, 10, how & 32 ? 0 : 1);
	}
	len = l2tp_build_end(&b);
	FUZZ_CHECK(len > 0);
	input(c, packet, len);
}

static void step(struct cursor *script)
{
	uint8_t op = fuzz_u8(script);
	struct caller *c = &callers[(op >> 3) % CALLERS];
	const uint8_t *octets;
	size_t len;

	switch (op & 7) {
	case 0:
	case 1:
		forge(c, L2TP_SCCRQ, script);
		break;
	case 2:
		forge(c, L2TP_SCCCN, script);
		break;
	case 3:
		forge(c, (enum l2tp_type)(fuzz_u8(script) % L2TP_TYPE_COUNT), script);
		break;
	case 4:
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		input(c, octets, len);
		break;
	case 5:
		now += 256 * (uint64_t)fuzz_u8(script);
		break;
	case 6:
		half_open_shut(h, op & 64 ? "it is full" : NULL, op & 128);
		break;
	case 7:
		half_open_turn_away(h, &c->key, c->told, "no", now, &r);
		FUZZ_CHECK(r.answer_len <= sizeof r.answer && r.verdict == HALF_OPEN_NOTHING);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cursor script = cursor_make(data, len);
	uint32_t seed = 1;
	const struct random_source random = {fuzz_random, &seed};
	struct half_open_config config = {.host_name = "host"};

	fuzz_crypto();
	memset(callers, 0, sizeof callers);
	now = 1000;
	if (fuzz_u8(&script) & 1)
		secret_set(&config.secret, "tunnel-secret", 13);
	for (unsigned i = 0; i < CALLERS; i++) {
		callers[i].key.peer[10] = callers[i].key.peer[11] = 0xff;
		callers[i].key.peer[15] = (uint8_t)(i / 2); /* two of an address */
		callers[i].key.port = (uint16_t)(1700 + i % 2);
	}
	fuzz_fail_allocation(1);
	FUZZ_CHECK(!half_open_new(&config, &random, NULL));
	h = half_open_new(&config, &random, &fuzz_log);
	FUZZ_CHECK(h);
	for (unsigned n = 0; n < STEPS && cursor_left(&script); n++)
		step(&script);
	half_open_free(h);
	half_open_free(NULL);
	return 0;
}
