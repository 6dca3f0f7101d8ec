/* SPDX-License-Identifier: MIT */
/* IKE: the codec of ISAKMP, and both roles of the engine in any state.  An honest peer takes them
 * there; the script decides what arrives, what is lost, spoilt or forged - in clear, and under the
 * right keys, as a peer that knows the secret could - and when. */
#include "fuzz.h"

#include "base/address.h"
#include "ipsec/internal.h"

#define QUEUE	24
#define STEPS	200
#define INBOUND 16
#define TICKS	400 /* of a minute, at most */

struct datagram {
	enum ipsec_port port;
	size_t len;
	uint8_t octets[ISAKMP_MESSAGE_MAX];
};

struct end {
	struct end *other;
	struct ipsec *s;
	struct datagram queue[QUEUE]; /* on their way to this end */
	unsigned count, said;
	uint32_t inbound[INBOUND];
	bool up, closed;
};

static uint64_t now;
static struct end ends[2];

static void on_send(void *ctx, enum ipsec_port port, const uint8_t *octets, size_t len)
{
	struct end *e = ctx, *to = e->other;
	struct isakmp_header h;

	FUZZ_CHECK(!e->closed);
	FUZZ_CHECK(isakmp_header_decode(octets, len, &h) && h.length == len && len <= SENT_MAX);
	e->said++;
	if (to->count == QUEUE)
		return;
	struct datagram *d = &to->queue[to->count++];
	d->port = port;
	d->len = len;
	memcpy(d->octets, octets, len);
}

static uint32_t *find_inbound(struct end *e, uint32_t spi)
{
	for (unsigned i = 0; i < INBOUND; i++)
		if (e->inbound[i] == spi)
			return &e->inbound[i];
	return NULL;
}

static void check_keys(const struct esp_keys *keys)
{
	FUZZ_CHECK(keys->spi >= 256 && keys->key_len == keys->suite.key_bits / 8);
	FUZZ_CHECK((keys->suite.cipher == IPSEC_AES_GCM) == (keys->integrity_len == 0));
}

static void on_event(void *ctx, const struct ipsec_event *event)
{
	struct end *e = ctx;
	uint32_t *at;

	FUZZ_CHECK(!e->closed);
	switch (event->kind) {
	case IPSEC_EVENT_PROGRESS:
		fuzz_check_text(event->text, strlen(event->text));
		break;
	case IPSEC_EVENT_IKE_KEY:
		if (event->ike_key->len > sizeof event->ike_key->key)
			abort();
		break;
	case IPSEC_EVENT_RECEIVE:
		check_keys(event->keys);
		FUZZ_CHECK(!find_inbound(e, event->keys->spi) && (at = find_inbound(e, 0)));
		*at = event->keys->spi;
		break;
	case IPSEC_EVENT_SEND:
		check_keys(event->keys);
		break;
	case IPSEC_EVENT_UP:
		FUZZ_CHECK(!e->up);
		e->up = true;
		break;
	case IPSEC_EVENT_FORGET:
		FUZZ_CHECK(event->spi && (at = find_inbound(e, event->spi)));
		*at = 0;
		break;
	case IPSEC_EVENT_CLOSED:
		FUZZ_CHECK(event->reason->text[0]);
		fuzz_check_text(event->reason->text, strlen(event->reason->text));
		e->closed = true;
		break;
	}
}

static void input(struct end *e, enum ipsec_port port, const uint8_t *octets, size_t len)
{
	uint8_t *copy = fuzz_copy(octets, len);

	e->said = 0;
	ipsec_input(e->s, port, copy, len, now);
	/* No message makes an end say more than this. */
	FUZZ_CHECK(e->said <= ISAKMP_PAYLOADS + PAIRS + PHASES + 2);
	free(copy);
}

static bool take(struct end *e, struct datagram *d)
{
	if (!e->count)
		return false;
	*d = e->queue[0];
	e->count--;
	memmove(e->queue, e->queue + 1, e->count * sizeof e->queue[0]);
	return true;
}

static void deliver(struct end *e, unsigned most)
{
	static struct datagram d;

	while (most-- && take(e, &d))
		input(e, d.port, d.octets, d.len);
}

static void pass_time(uint64_t until)
{
	for (unsigned ticks = 0;; ticks++) {
		uint64_t a = ipsec_deadline(ends[0].s), b = ipsec_deadline(ends[1].s);
		uint64_t due = deadline_min(a, b);
		if (due > until)
			break;
		FUZZ_CHECK(ticks < TICKS);
		if (due > now)
			now = due;
		ipsec_tick(ends[a <= b ? 0 : 1].s, now);
	}
	now = until;
}

/* A message of the other end's to E: header of one of its phases, what follows is of the script. */
static void forge_clear(struct end *e, struct cursor *script)
{
	static const uint8_t exchanges[] = {ISAKMP_MAIN, ISAKMP_INFORMATIONAL, ISAKMP_QUICK,
					    ISAKMP_AGGRESSIVE};
	uint8_t packet[512], how = fuzz_u8(script);
	const struct phase *p = &e->s->phases[how & 3];
	struct isakmp_header h = {
		.exchange = exchanges[how >> 2 & 3], .flags = how >> 4 & 1, .id = how >> 5};
	struct isakmp_writer m;
	const uint8_t *more;
	size_t len;

	memcpy(h.initiator, p->cookie[INITIATOR], ISAKMP_COOKIE);
	if (how & 0x80)
		h.initiator[7] ^= 1;
	else
		memcpy(h.responder, p->cookie[RESPONDER], ISAKMP_COOKIE);
	isakmp_begin(&m, packet, sizeof packet, &h);
	packet[16] = fuzz_u8(script);
	more = fuzz_octets(script, fuzz_u8(script), &len);
	writer_bytes(&m.w, more, len);
	len = isakmp_end(&m, how & 16 ? 16 : 1);
	FUZZ_CHECK(len);
	input(e, how >> 6 & 1, packet, len);
}

/* The other end says under its keys what the script wants: payloads behind a right HASH. */
static void forge_sealed(struct end *e, struct cursor *script)
{
	static struct sent sent;
	uint8_t how = fuzz_u8(script), type = fuzz_u8(script), iv[IKE_BLOCK_MAX];
	const uint8_t *more;
	size_t len;
	struct ipsec *s = e->other->s;
	struct phase *p = &s->phases[how & 3];
	struct isakmp_writer m;
	uint32_t id = 1 + fuzz_u8(script);

	more = fuzz_octets(script, fuzz_u8(script), &len);
	if (p->state != PHASE_UP || e->other->closed)
		return;
	message_begin(p, &m, &sent, how & 4 ? ISAKMP_QUICK : ISAKMP_INFORMATIONAL, id);
	uint8_t *hash = isakmp_reserve(&m, ISAKMP_HASH, p->keys.len);
	isakmp_add(&m, type, more, how & 8 ? len : len / 2);
	if (!(how & 8)) /* what is left, as it is */
		writer_bytes(&m.w, more + len / 2, len - len / 2);
	if (how & 16)
		m.w.start[m.next] = ISAKMP_NOTIFY;
	message_hash_fill(p, &m, hash, id, (struct crypto_part){NULL, 0});
	message_iv(p, id, iv);
	(void)message_send(s, p, &m, &sent, iv, false);
	deliver(e, QUEUE);
}

static void spoil(struct end *e, struct cursor *script)
{
	static struct datagram d;
	uint16_t at = fuzz_u16(script);
	uint8_t value = fuzz_u8(script);

	if (!take(e, &d))
		return;
	d.octets[at % d.len] ^= value ? value : 1;
	if (value & 1)
		d.len = 1 + at % d.len;
	input(e, value & 2 ? IPSEC_PORT_IKE : d.port, d.octets, d.len);
}

static void call(struct end *e, uint8_t how)
{
	struct reason reason = {0};

	switch (how & 7) {
	case 0:
		reason_set(&reason, EXIT_OK, "on request");
		ipsec_close(e->s, &reason, now);
		FUZZ_CHECK(e->closed && ipsec_deadline(e->s) == DEADLINE_NONE);
		break;
	case 1:
		ipsec_heard(e->s, now);
		break;
	case 2:
		ipsec_sent_sequence(e->s, 0xfffffff0u);
		break;
	case 3:
		ipsec_lost(e->s, how >> 7, 111, now);
		break;
	default:
		ipsec_heard(ends[0].s, now);
		ipsec_heard(ends[1].s, now);
		pass_time(now + 1000u * (how >> 2));
	}
}

static void step(struct cursor *script)
{
	static struct datagram d;
	uint8_t op = fuzz_u8(script);
	struct end *e = &ends[op >> 7];

	switch (op & 7) {
	case 0:
		deliver(e, 1 + (op >> 3 & 3));
		break;
	case 1:
		for (unsigned i = 0; i < 8; i++)
			deliver(&ends[i & 1], 4);
		break;
	case 2:
		(void)take(e, &d);
		break;
	case 3:
		if (e->count)
			input(e, e->queue[0].port, e->queue[0].octets, e->queue[0].len);
		break;
	case 4:
		spoil(e, script);
		break;
	case 5:
		pass_time(now + 250 * (uint64_t)fuzz_u8(script));
		break;
	case 6:
		(op & 8 ? forge_clear : forge_sealed)(e, script);
		break;
	case 7:
		call(e, op & 8 ? op : fuzz_u8(script));
		break;
	}
}

static void engine(struct cursor *script)
{
	uint32_t seed = 7;
	const struct random_source random = {fuzz_random, &seed};
	uint8_t how = fuzz_u8(script);

	memset(ends, 0, sizeof ends);
	now = 1000;
	for (unsigned i = 0; i < 2; i++) {
		struct end *e = &ends[i];
		struct ipsec_config c = {.role = i ? ROLE_ANSWERER : ROLE_CALLER,
					 .server = "vpn.example.com",
					 .inner_port = i || how & 1 ? 1701 : 41001,
					 .setup_limit_ms = 30000,
					 .silence_limit_ms = how & 2 ? 5000 : 0};
		const struct ipsec_callbacks callbacks = {on_send, on_event, e};
		address_parse(&c.local, AF_INET, i ? "192.0.2.1" : "198.51.100.7");
		address_parse(&c.peer, AF_INET, i ? "198.51.100.7" : "192.0.2.1");
		secret_set(&c.settings.secret, i && how & 4 ? "other" : "Lab-Psk1", 5);
		ipsec_suites_named(how & 8 ? "old" : "modern", false, &c.settings.ike);
		ipsec_suites_named(how & 16 ? "old" : "modern", true, &c.settings.esp);
		c.settings.ike_lifetime = how & 32 ? 20 : 28800;
		c.settings.lifetime = how & 64 ? 20 : 3600;
		e->other = &ends[!i];
		e->s = ipsec_new(&c, &callbacks, &random, &fuzz_log);
		FUZZ_CHECK(e->s);
	}
	ipsec_start(ends[1].s, now);
	ipsec_start(ends[0].s, now);
	for (unsigned n = 0; n < STEPS && cursor_left(script); n++)
		step(script);
	pass_time(now + 60000);
	ipsec_free(ends[0].s);
	ipsec_free(ends[1].s);
}

static void codec(const uint8_t *octets, size_t len)
{
	struct isakmp_header h;
	static struct isakmp_chain chain;
	static struct isakmp_sa sa, one;
	uint8_t again[4096];
	struct isakmp_notification n;
	struct isakmp_deletion d;

	if (isakmp_sa_decode(octets, len, &sa) && sa.at[0].attributes_len < 2000) {
		struct writer w = writer_make(again, sizeof again);
		isakmp_sa_choose(&w, &sa.at[0], 1234);
		FUZZ_CHECK(!w.failed && isakmp_sa_decode(again, writer_len(&w), &one));
		FUZZ_CHECK(one.count == 1 && one.at[0].usable == sa.at[0].usable &&
			   ipsec_suite_equal(&one.at[0].suite, &sa.at[0].suite));
	}
	if (!isakmp_header_decode(octets, len, &h) ||
	    !isakmp_chain_decode(h.first, octets + ISAKMP_HEADER, h.length - ISAKMP_HEADER, &chain))
		return;
	for (unsigned i = 0; i < chain.count; i++) {
		const struct isakmp_payload *p = &chain.at[i];
		FUZZ_CHECK(p->body + p->len <= octets + len);
		if (isakmp_notify_decode(p, &n))
			FUZZ_CHECK(n.spi_len + n.data_len + 8 == p->len);
		if (isakmp_delete_decode(p, &d))
			FUZZ_CHECK((size_t)d.count * d.spi_len + 8 <= p->len);
		(void)isakmp_sa_decode(p->body, p->len, &sa);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cursor script = cursor_make(data, len);
	uint8_t which = fuzz_u8(&script);

	fuzz_crypto();
	if (which & 1) {
		uint8_t *copy = fuzz_copy(script.at, cursor_left(&script));
		codec(copy, cursor_left(&script));
		free(copy);
	} else {
		engine(&script);
	}
	return 0;
}
