/* SPDX-License-Identifier: MIT */
/* The machines of PPTP and L2TP, both roles, in any state: an honest peer takes them there, the
 * script decides what arrives, what is lost, changed or forged, and when. */
#include "fuzz.h"

#include "base/clock.h"
#include "door.h"
#include "tunnel/tunnel.h"
#include "wire/avp.h"
#include "wire/l2tp.h"
#include "wire/pptp.h"

#define QUEUE	 24
#define DATAGRAM 2100
#define STEPS	 200

struct datagram {
	size_t len;
	uint8_t octets[DATAGRAM];
};

struct end {
	struct end *other;
	struct tunnel *tunnel;
	struct door door;	      /* before L2TP's answerer */
	struct datagram queue[QUEUE]; /* on their way to this end */
	unsigned count, sent;
	bool up, closed;
	/* L2TP: the head of the newest message to this end; PPTP: the ids of the call */
	struct l2tp_header head;
	uint16_t call_id, peer_call_id;
};

static uint64_t now;
static enum protocol type;

static void on_send(void *ctx, const uint8_t *octets, size_t len)
{
	struct end *e = ctx, *to = e->other;
	struct datagram *d = &to->queue[to->count];
	struct l2tp_header h;

	FUZZ_CHECK(!e->closed);
	FUZZ_CHECK(len > 0 && len <= DATAGRAM);
	e->sent++;
	if (type == PROTOCOL_L2TP) {
		FUZZ_CHECK(l2tp_decode(octets, len, &h) && h.control);
		to->head = h;
	} else {
		const char *fault;
		struct pptp_message m;

		FUZZ_CHECK(pptp_frame(octets, len, &fault) > 0);
		if (pptp_decode(&m, octets, len, NULL)) {
			to->call_id = m.call_id;
			to->peer_call_id = m.peer_call_id;
		}
	}
	if (to->count == QUEUE)
		return;
	d->len = len;
	memcpy(d->octets, octets, len);
	to->count++;
}

static void on_event(void *ctx, const struct tunnel_event *event)
{
	struct end *e = ctx;

	FUZZ_CHECK(!e->closed);
	if (event->kind == TUNNEL_EVENT_CALL_UP) {
		FUZZ_CHECK(!e->up); /* one call, once */
		e->up = true;
	}
	if (event->kind == TUNNEL_EVENT_CLOSED) {
		FUZZ_CHECK(event->reason->text[0]);
		e->closed = true;
	}
}

static void input(struct end *e, const uint8_t *octets, size_t len)
{
	const struct tunnel_callbacks callbacks = {on_send, on_event, e};
	uint8_t *copy;

	copy = fuzz_copy(octets, len);
	e->sent = 0;
	if (!e->door.half_open)
		tunnel_input(e->tunnel, copy, len, now);
	else if (!e->closed)
		door_input(&e->door, e->tunnel, &callbacks, copy, len, now);
	/* PPTP may answer each whole message in a piece. */
	FUZZ_CHECK(e->sent <= 16 + len / 12);
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

static bool deliver(struct end *e)
{
	static struct datagram d;

	if (!take(e, &d))
		return false;
	input(e, d.octets, d.len);
	return true;
}

static void pass_time(struct end *ends, uint64_t until)
{
	for (unsigned ticks = 0;; ticks++) {
		uint64_t due = DEADLINE_NONE;

		for (int i = 0; i < 2; i++)
			if (!ends[i].closed)
				due = deadline_min(due, tunnel_deadline(ends[i].tunnel));
		if (due > until)
			break;
		FUZZ_CHECK(ticks < 5000); /* a deadline that stays behind is an endless loop */
		if (due > now)
			now = due;
		for (int i = 0; i < 2; i++)
			if (!ends[i].closed && tunnel_deadline(ends[i].tunnel) <= now)
				tunnel_tick(ends[i].tunnel, now);
	}
	if (until > now)
		now = until;
}

/* A message with a fitting head; the script gives type and body. */
static void forge(struct end *e, struct cursor *script)
{
	uint8_t packet[L2TP_CONTROL_HEADER_LEN + 8 + 255], how = fuzz_u8(script);
	struct l2tp_header h = e->head;
	struct writer w = writer_make(packet, sizeof packet);
	const uint8_t *body;
	size_t len, want;

	if (type == PROTOCOL_L2TP) {
		h.ns = (uint16_t)(h.ns + (how >> 6));
		if (how & 0x20)
			h.nr = (uint16_t)(h.nr + 1);
		writer_zeros(&w, L2TP_CONTROL_HEADER_LEN);
		writer_u16(&w, 0x8008);
		writer_u16(&w, 0);
		writer_u16(&w, 0);
		writer_u16(&w, how & 31);
		body = fuzz_octets(script, fuzz_u8(script), &len);
		writer_bytes(&w, body, len);
		l2tp_control_header_write(packet, &h, writer_len(&w));
	} else {
		want = pptp_type_length(how & 15);
		want = want ? want : 16;
		writer_u16(&w, (uint16_t)want);
		writer_u16(&w, 1);
		writer_u32(&w, 0x1a2b3c4d);
		writer_u16(&w, how & 15);
		writer_u16(&w, 0);
		/* Most messages begin with the id of the call. */
		writer_u16(&w, how & 0x40 ? e->peer_call_id : e->call_id);
		body = fuzz_octets(script, fuzz_u8(script), &len);
		len = len < want - 14 ? len : want - 14;
		writer_bytes(&w, body, len);
		writer_zeros(&w, want - 14 - len);
	}
	FUZZ_CHECK(!w.failed);
	input(e, packet, writer_len(&w));
}

static void step(struct end *ends, struct cursor *script)
{
	uint8_t op = fuzz_u8(script), at;
	struct end *e = &ends[op >> 7];
	struct reason reason = {EXIT_SIGNAL, "asked to"};
	static struct datagram d;
	const uint8_t *octets;
	size_t len;

	switch ((op & 0x7f) % 14) {
	case 0:
		for (unsigned n = 0; n < 64 && (deliver(&ends[0]) || deliver(&ends[1])); n++)
			;
		break;
	case 1:
		deliver(e);
		break;
	case 2:
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		input(e, octets, len);
		break;
	case 3:
		at = fuzz_u8(script);
		if (take(e, &d)) {
			d.octets[at % d.len] = fuzz_u8(script);
			input(e, d.octets, d.len);
		}
		break;
	case 4:
		(void)take(e, &d);
		break;
	case 5: /* L2TP: again; PPTP: in two pieces */
		if (e->count && type == PROTOCOL_L2TP) {
			d = e->queue[0];
			input(e, d.octets, d.len);
		} else if (take(e, &d)) {
			len = fuzz_u8(script) % d.len;
			input(e, d.octets, len);
			input(e, d.octets + len, d.len - len);
		}
		break;
	case 6:
		pass_time(ends, now + 500);
		break;
	case 7:
		pass_time(ends, now + 512 * (uint64_t)fuzz_u8(script));
		break;
	case 8:
		tunnel_close(e->tunnel, &reason, NULL, now);
		break;
	case 9:
		tunnel_lost(e->tunnel, fuzz_u8(script) % 120, now);
		break;
	case 10:
		pass_time(ends, now + fuzz_u16(script));
		break;
	case 11:
	case 12:
		forge(e, script);
		break;
	case 13: /* the newest overtakes the others */
		if (e->count > 1 && type == PROTOCOL_L2TP) {
			d = e->queue[--e->count];
			input(e, d.octets, d.len);
		}
		break;
	}
}

static void configure(struct tunnel_config *c, uint8_t how, enum call_role role)
{
	*c = (struct tunnel_config){.type = type,
				    .role = role,
				    .host_name = "host",
				    .local_call_id = (uint16_t)(role ? 0x5678 : 0x1234),
				    .receive_window = how & 2 ? 1 : 16,
				    .silence_limit_ms = how & 4 ? 4000 : 0,
				    .setup_limit_ms = 30000,
				    .echo_interval_ms = 60000,
				    .echo_limit_ms = 60000,
				    .settings.hide_avps = how & 8,
				    .settings.sequencing = how & 16,
				    .refuse = role == ROLE_ANSWERER && (how & 12) == 12};
	if (how & 128) { /* as bare as it goes */
		c->host_name[0] = '\0';
		c->receive_window = 0;
		c->setup_limit_ms = c->echo_interval_ms = 0;
	}
	if (how & 64)
		secret_set(&c->settings.secret, "tunnel-secret", 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct end ends[2];
	struct cursor script = cursor_make(data, len);
	uint32_t seed[2] = {1, 2};
	const struct random_source random[2] = {{fuzz_random, &seed[0]}, {fuzz_random, &seed[1]}};
	struct reason reason = {EXIT_SIGNAL, "the end"};
	uint8_t how[2] = {fuzz_u8(&script), fuzz_u8(&script)}, farewell[64];
	struct tunnel_ids ids;

	fuzz_crypto();
	memset(ends, 0, sizeof ends);
	now = 1000;
	type = how[0] & 1 ? PROTOCOL_L2TP : PROTOCOL_PPTP;
	for (int i = 0; i < 2; i++) {
		const struct tunnel_callbacks callbacks = {on_send, on_event, &ends[i]};
		struct tunnel_config config;

		configure(&config, how[i], i ? ROLE_ANSWERER : ROLE_CALLER);
		ends[i].other = &ends[!i];
		fuzz_fail_allocation(1);
		FUZZ_CHECK(!tunnel_new(&config, &callbacks, &random[i], NULL));
		ends[i].tunnel =
			tunnel_new(&config, &callbacks, &random[i], how[1] & 1 ? &fuzz_log : NULL);
		FUZZ_CHECK(ends[i].tunnel);
		FUZZ_CHECK(i == 0 || type == PROTOCOL_PPTP ||
			   door_open(&ends[i].door, &config, &random[i],
				     how[1] & 1 ? &fuzz_log : NULL));
	}
	for (int i = 0; i < 2; i++)
		tunnel_start(ends[i].tunnel, now);
	for (unsigned n = 0; n < STEPS && cursor_left(&script); n++)
		step(ends, &script);
	/* What another process would say in their place. */
	for (int i = 0; i < 2; i++)
		if (tunnel_ids(ends[i].tunnel, &ids)) {
			FUZZ_CHECK(tunnel_farewell(&ids, farewell, 8) == 0);
			FUZZ_CHECK(tunnel_farewell(&ids, farewell, sizeof farewell) > 0);
		}
	/* Both come to an end in time, whatever was: nobody answers any more. */
	for (int i = 0; i < 2; i++)
		tunnel_close(ends[i].tunnel, &reason, NULL, now);
	pass_time(ends, now + 40000);
	for (int i = 0; i < 2; i++) {
		FUZZ_CHECK(ends[i].closed);
		FUZZ_CHECK(tunnel_deadline(ends[i].tunnel) == DEADLINE_NONE);
		tunnel_tick(ends[i].tunnel, now);
		tunnel_free(ends[i].tunnel);
		door_close(&ends[i].door);
	}
	tunnel_free(NULL);
	return 0;
}
