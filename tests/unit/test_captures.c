/* SPDX-License-Identifier: MIT */
/* Recorded PPTP and L2TP sessions of real peers (tests/captures): every control message, data
 * packet and PPP frame is decoded, every MPPE packet decrypted with the keys of the recorded
 * password, every ESP packet with those of the recorded kernel, every proof of the tunnel secret
 * computed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "base/reason.h"
#include "base/str.h"
#include "crypto/avp_hide.h"
#include "crypto/crypto.h"
#include "crypto/esp.h"
#include "crypto/mschap.h"
#include "path/mppe.h"
#include "vectors.h"
#include "wire/auth.h"
#include "wire/avp.h"
#include "wire/esp.h"
#include "wire/frame.h"
#include "wire/gre.h"
#include "wire/l2tp.h"
#include "wire/pptp.h"
#include "wire/print.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct direction {
	uint8_t stream[8192]; /* control octets not yet a whole message */
	size_t stream_len;
	uint32_t tcp_next;
	bool tcp_any;
	bool mppe_on;
	struct mppe_rx rx;
	struct mppe_kept kept[MPPE_KEPT_KEYS];
	unsigned decrypted, lost_step, wrong;
	/* L2TP */
	uint16_t tunnel_id, session_id; /* that this side has assigned */
	uint16_t ns_next;
	uint8_t tunnel_challenge[64];
	size_t tunnel_challenge_len;
};

/* Of ESP, one direction, with the recorded keys. */
struct association {
	uint32_t spi;
	struct esp_cipher *cipher;
	struct esp_window window;
	unsigned opened;
};

struct session {
	const char *file;
	uint32_t client; /* who opened the TCP connection or sent the SCCRQ */
	uint8_t challenge[16], nt_response[24];
	size_t challenge_len;
	struct direction side[2]; /* 0 = from the client */
	unsigned messages, frames, control_frames;
	unsigned seen_types; /* of L2TP messages, bit by number */
	unsigned proofs;     /* of the tunnel secret */
	unsigned random_vectors;
	unsigned ike, esp, l2tp_in_clear; /* packets of IPsec, or that should have been */
	bool ipsec;
	struct association associations[2];
	unsigned association_count;
};

static const char password_text[] = "Lab-Pass1";
static const char tunnel_secret_text[] = "lab-tunnel-secret";

static bool name_has(const struct session *s, const char *part)
{
	return strstr(s->file, part) != NULL;
}

/* Wrong guesses at the meaning of a reset show as garbage: Linux changes the key too. */
static void start_mppe(struct session *s, unsigned from_server, uint32_t option)
{
	struct direction *d = &s->side[from_server];
	unsigned bits = option & 0x40 ? 128 : option & 0x80 ? 56 : 40;
	uint8_t nt[16], lm[16], start[16];
	struct secret password;

	secret_set(&password, password_text, strlen(password_text));
	mschap_nt_hash(nt, &password);
	mschap_lm_hash(lm, &password);
	if (s->challenge_len == 8)
		mppe_start_key_v1(start, bits, lm, nt, s->challenge);
	else
		mppe_start_key_v2(start, bits, !from_server, nt, s->nt_response);
	d->mppe_on = true;
	d->rx.rekey_on_flush = true;
	mppe_rx_init(&d->rx, bits, !(option & 0x01000000), start, d->kept);
}

static void note_chap(struct session *s, const uint8_t *info, size_t len)
{
	struct octets value, name;

	if (len < 4 || info[0] > 2)
		return;
	assert_true(
		chap_value_decode(info + 4, (size_t)(info[2] << 8 | info[3]) - 4, &value, &name));
	if (info[0] == CHAP_CHALLENGE && value.len <= sizeof s->challenge) {
		memcpy(s->challenge, value.at, value.len);
		s->challenge_len = value.len;
	} else if (info[0] == CHAP_RESPONSE && value.len == MSCHAP_RESPONSE_LEN) {
		memcpy(s->nt_response, value.at + MSCHAP_NT_RESPONSE_AT, 24);
	}
}

/* A Configure-Ack of MPPE goes to the side that will receive in this mode. */
static void note_ccp(struct session *s, unsigned from_server, const uint8_t *info, size_t len)
{
	struct cursor c = cursor_make(info, len);

	if (cursor_u8(&c) != 2)
		return;
	cursor_skip(&c, 3);
	if (cursor_u16(&c) == 0x1206)
		start_mppe(s, from_server, cursor_u32(&c));
}

static void take_encrypted(struct session *s, unsigned from_server, const uint8_t *info, size_t len)
{
	struct direction *d = &s->side[from_server];
	uint8_t packet[2048];

	if (!d->mppe_on)
		return; /* another compressor: pptp-mschapv2-pppd-defaults */
	assert_in_range(len, 4, sizeof packet);
	memcpy(packet, info, len);
	switch (mppe_decrypt(&d->rx, packet, len, (struct mppe_place){0})) {
	case MPPE_OK:
	case MPPE_OK_LATE:
		d->decrypted++;
		break;
	case MPPE_RESYNC:
	case MPPE_TOO_LATE:
	case MPPE_DUPLICATE:
		d->lost_step++;
		break;
	case MPPE_BAD:
		d->wrong++;
		break;
	}
}

static void take_frame(struct session *s, unsigned from_server, const uint8_t *p, size_t len)
{
	uint16_t protocol = 0;
	size_t head = 0;
	char line[1024];
	struct str text = str_make(line, sizeof line);

	if (!frame_decode(p, len, &protocol, &head))
		fail_msg("%s: a PPP frame is not decoded", s->file);
	s->frames++;
	if (!frame_is_control(protocol)) {
		if (protocol == FRAME_COMPRESSED)
			take_encrypted(s, from_server, p + head, len - head);
		return;
	}
	s->control_frames++;
	print_frame(&text, protocol, p + head, len - head);
	assert_true(text.len > 4);
	assert_null(strstr(line, password_text));
	if (protocol == FRAME_CHAP)
		note_chap(s, p + head, len - head);
	else if (protocol == FRAME_CCP)
		note_ccp(s, from_server, p + head, len - head);
}

static void take_stream(struct session *s, struct direction *d)
{
	const char *fault = NULL;
	int n;

	while ((n = pptp_frame(d->stream, d->stream_len, &fault)) > 0) {
		struct pptp_message message;
		uint8_t again[256];
		unsigned number;
		char line[1024];
		struct str text = str_make(line, sizeof line);

		assert_true(pptp_decode(&message, d->stream, (size_t)n, &number));
		pptp_print(&text, &message);
		assert_true(text.len > 4);
		assert_int_equal(pptp_encode(again, sizeof again, &message), n);
		s->messages++;
		d->stream_len -= (size_t)n;
		memmove(d->stream, d->stream + n, d->stream_len);
	}
	if (n < 0)
		fail_msg("%s: control stream: %s", s->file, fault);
}

static void take_tcp(struct session *s, uint32_t from, struct cursor c)
{
	uint16_t source = cursor_u16(&c), target = cursor_u16(&c);
	uint32_t number = cursor_u32(&c);
	uint16_t offset;
	struct direction *d;
	size_t len;

	if (source != 1723 && target != 1723)
		return;
	cursor_skip(&c, 4);
	offset = cursor_u16(&c);
	cursor_skip(&c, (size_t)(offset >> 12) * 4 - 14);
	if (target == 1723 && !s->client)
		s->client = from;
	d = &s->side[from != s->client];
	len = cursor_left(&c);
	if (offset & 2) { /* SYN */
		d->tcp_next = number + 1;
		d->tcp_any = true;
		return;
	}
	if (len == 0 || !d->tcp_any || number != d->tcp_next)
		return; /* a repetition */
	assert_true(d->stream_len + len <= sizeof d->stream);
	memcpy(d->stream + d->stream_len, c.at, len);
	d->stream_len += len;
	d->tcp_next += (uint32_t)len;
	take_stream(s, d);
}

/* --- L2TP --- */

static void check_proof(struct session *s, unsigned from_server, const struct l2tp_message *m)
{
	const struct direction *challenger = &s->side[!from_server];
	struct secret secret;
	uint8_t want[16];

	if (!l2tp_has(m, AVP_CHALLENGE_RESPONSE))
		return;
	assert_true(challenger->tunnel_challenge_len > 0);
	secret_set(&secret, tunnel_secret_text, strlen(tunnel_secret_text));
	l2tp_challenge_response(want, (uint8_t)m->type, &secret, challenger->tunnel_challenge,
				challenger->tunnel_challenge_len);
	assert_memory_equal(m->avp[AVP_CHALLENGE_RESPONSE].octets, want, sizeof want);
	s->proofs++;
}

static void note_avps(struct session *s, unsigned from_server, const struct l2tp_message *m)
{
	struct direction *d = &s->side[from_server];

	if (l2tp_has(m, AVP_ASSIGNED_TUNNEL_ID) && m->type != L2TP_STOPCCN)
		d->tunnel_id = l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID);
	if (l2tp_has(m, AVP_ASSIGNED_SESSION_ID) && m->type != L2TP_CDN)
		d->session_id = l2tp_u16(m, AVP_ASSIGNED_SESSION_ID);
	if (l2tp_has(m, AVP_CHALLENGE)) {
		d->tunnel_challenge_len = m->avp[AVP_CHALLENGE].len;
		assert_in_range(d->tunnel_challenge_len, 1, sizeof d->tunnel_challenge);
		memcpy(d->tunnel_challenge, m->avp[AVP_CHALLENGE].octets, d->tunnel_challenge_len);
	}
	if (l2tp_has(m, AVP_RANDOM_VECTOR))
		s->random_vectors++;
}

static void take_l2tp_control(struct session *s, unsigned from_server, const struct l2tp_header *h)
{
	struct direction *d = &s->side[from_server];
	const struct l2tp_rules rules = {0};
	struct l2tp_message message;
	struct l2tp_fault fault;
	char line[1024];
	struct str text = str_make(line, sizeof line);

	if (h->payload_len == 0) { /* a ZLB consumes no number */
		l2tp_print(&text, h, NULL);
		assert_true(text.len > 2);
		return;
	}
	if (l2tp_message_decode(&message, h->payload, h->payload_len, &rules, &fault) != L2TP_GOOD)
		fail_msg("%s: control message %u refused: %s (AVP %u)", s->file, h->ns, fault.what,
			 fault.avp);
	assert_int_equal(fault.error, 0);
	l2tp_print(&text, h, &message);
	assert_true(text.len > 4);
	assert_null(strstr(line, tunnel_secret_text));
	if ((int16_t)(uint16_t)(h->ns - d->ns_next) < 0)
		return; /* a repetition */
	assert_int_equal(h->ns, d->ns_next);
	d->ns_next++;
	s->messages++;
	s->seen_types |= 1u << message.type;
	check_proof(s, from_server, &message);
	note_avps(s, from_server, &message);
}

static void take_l2tp(struct session *s, uint32_t from, const uint8_t *p, size_t len)
{
	struct l2tp_header h;
	const struct direction *to;

	assert_true(l2tp_decode(p, len, &h));
	if (h.control && !s->client) {
		assert_int_equal(l2tp_message_type(h.payload, h.payload_len), L2TP_SCCRQ);
		s->client = from;
	}
	to = &s->side[from == s->client];
	/* Both ids are the receiver's; 0 before it has told one. */
	assert_int_equal(h.tunnel_id, to->tunnel_id);
	if (h.control && h.session_id == 0) {
		take_l2tp_control(s, from != s->client, &h);
		return;
	}
	assert_int_equal(h.session_id, to->session_id);
	if (h.control)
		take_l2tp_control(s, from != s->client, &h);
	else
		take_frame(s, from != s->client, h.payload, h.payload_len);
}

/* --- IPsec --- */

/* Reads NAME.keys beside NAME.pcap: what `ip xfrm state` printed. */
static void read_keys(struct session *s)
{
	char path[512], line[256], integrity[80], key[80];
	size_t stem = strlen(s->file) - strlen("pcap");
	struct esp_keys keys = {0};
	struct str name = str_make(path, sizeof path);
	FILE *f;

	str_printf(&name, "%.*skeys", (int)stem, s->file);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		(void)sscanf(line, " proto esp spi 0x%x", &keys.spi);
		if (sscanf(line, " auth-trunc hmac(sha1) 0x%79s 96", integrity) == 1)
			keys.integrity_len = (uint8_t)vector_decode(integrity, keys.integrity,
								    sizeof keys.integrity);
		if (sscanf(line, " enc cbc(aes) 0x%79s", key) != 1)
			continue;
		assert_in_range(s->association_count, 0, COUNT(s->associations) - 1);
		keys.key_len = (uint8_t)vector_decode(key, keys.key, sizeof keys.key);
		keys.suite = (struct ipsec_suite){IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE,
						  (uint16_t)(keys.key_len * 8)};
		s->associations[s->association_count++] = (struct association){
			.spi = keys.spi, .cipher = esp_cipher_new(&keys, false)};
	}
	fclose(f);
	assert_int_equal(s->association_count, 2);
}

static void free_keys(struct session *s)
{
	for (unsigned i = 0; i < s->association_count; i++)
		esp_cipher_free(s->associations[i].cipher);
}

static struct association *find_association(struct session *s, uint32_t spi)
{
	for (unsigned i = 0; i < s->association_count; i++)
		if (s->associations[i].spi == spi)
			return &s->associations[i];
	fail_msg("%s: no key for SPI %08x", s->file, spi);
	return NULL;
}

/* An ESP packet, whole: all that is in it is L2TP of port 1701. */
static void take_esp(struct session *s, uint32_t from, const struct cursor *c)
{
	uint8_t packet[2048], *plain;
	size_t len = cursor_left(c), plain_len;
	struct cursor head = cursor_make(packet, len);
	struct esp_inner inner;

	assert_in_range(len, ESP_HEADER, sizeof packet);
	memcpy(packet, c->at, len);
	struct association *a = find_association(s, cursor_u32(&head));
	uint32_t number = cursor_u32(&head);

	s->esp++;
	assert_true(esp_window_is_new(&a->window, number));
	assert_true(esp_open(a->cipher, packet, len, &plain, &plain_len));
	esp_window_mark(&a->window, number);
	a->opened++;
	assert_true(esp_unwrap(plain, plain_len, &inner));
	assert_int_equal(inner.next, ESP_NEXT_UDP);
	assert_int_equal(inner.source_port, L2TP_PORT);
	assert_int_equal(inner.destination_port, L2TP_PORT);
	take_l2tp(s, from, inner.payload, inner.len);
}

/* IKE, and ESP in UDP behind a NAT (RFC 3948): ESP unless four octets of zero stand in front. */
static void take_udp(struct session *s, uint32_t from, struct cursor c)
{
	uint16_t source = cursor_u16(&c), target = cursor_u16(&c), len = cursor_u16(&c);
	struct cursor body;

	cursor_skip(&c, 2);
	assert_in_range(len, 8, 8 + cursor_left(&c));
	body = cursor_sub(&c, len - 8u);
	if (target == L2TP_PORT || source == L2TP_PORT) {
		s->l2tp_in_clear++;
		if (!s->ipsec)
			take_l2tp(s, from, body.at, cursor_left(&body));
	} else if (target == 500 || source == 500) {
		s->ike++;
	} else if ((target == 4500 || source == 4500) && cursor_left(&body) >= 8) {
		struct cursor marker = body;
		if (cursor_u32(&marker) == 0)
			s->ike++;
		else
			take_esp(s, from, &body);
	}
}

/* --- any capture --- */

static void take_packet(struct session *s, struct cursor c)
{
	struct cursor ip;
	uint8_t head, protocol;
	uint32_t from;
	uint16_t total;
	struct gre_packet gre;

	cursor_skip(&c, 12);
	if (cursor_u16(&c) != 0x0800)
		return;
	ip = c;
	head = cursor_u8(&ip);
	cursor_skip(&ip, 1);
	total = cursor_u16(&ip);
	ip = cursor_sub(&c, total); /* behind it is Ethernet's padding */
	cursor_skip(&ip, 9);
	protocol = cursor_u8(&ip);
	cursor_skip(&ip, 2);
	from = cursor_u32(&ip);
	cursor_skip(&ip, (size_t)(head & 15) * 4 - 16);
	assert_false(ip.failed);
	if (protocol == 6) {
		take_tcp(s, from, ip);
	} else if (protocol == GRE_IP_PROTOCOL) {
		assert_true(gre_decode(ip.at, cursor_left(&ip), &gre));
		if (gre.payload_len)
			take_frame(s, from != s->client, gre.payload, gre.payload_len);
	} else if (protocol == 17) {
		take_udp(s, from, ip);
	} else if (protocol == 50) {
		take_esp(s, from, &ip);
	}
}

static uint32_t little32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void read_capture(struct session *s)
{
	static uint8_t octets[1 << 20];
	FILE *f = fopen(s->file, "rb");
	size_t len, at = 24;

	assert_non_null(f);
	len = fread(octets, 1, sizeof octets, f);
	fclose(f);
	assert_in_range(len, 24, sizeof octets - 1);
	assert_int_equal(little32(octets), 0xa1b2c3d4);
	while (at + 16 <= len) {
		uint32_t size = little32(octets + at + 8);

		assert_true(at + 16 + size <= len);
		take_packet(s, cursor_make(octets + at + 16, size));
		at += 16 + size;
	}
}

/* What every session with MPPE must show; LOSS_UP: packets of the client that a receiver who sees
 * all of the stateful one with losses can read. */
static void judge_mppe(const struct session *s, unsigned loss_up)
{
	const struct direction *up = &s->side[0], *down = &s->side[1];

	if (!name_has(s, "mppe128") && !name_has(s, "mppe40"))
		return;
	if (name_has(s, "refused"))
		return;
	assert_true(up->mppe_on && down->mppe_on);
	/* The packets that the wire lost are in the file: the receiver here reads all of them, and
	 * with the resets between them it must follow Linux' rule for the key. */
	if (name_has(s, "stateful-loss"))
		assert_int_equal(up->decrypted, loss_up);
	assert_int_equal(up->wrong + down->wrong, 0);
	assert_int_equal(up->lost_step + down->lost_step, 0);
	if (name_has(s, "wrap"))
		assert_true(up->decrypted > 4200);
	else
		assert_true(up->decrypted >= 3 && down->decrypted >= 3);
}

static void judge_pptp(const struct session *s)
{
	assert_true(s->messages >= 4);
	assert_true(s->control_frames >= 10);
	assert_int_equal(s->side[0].stream_len + s->side[1].stream_len, 0);
	judge_mppe(s, 152);
}

#define BIT(type) (1u << (type))
#define DIAL                                                                                     \
	(BIT(L2TP_SCCRQ) | BIT(L2TP_SCCRP) | BIT(L2TP_SCCCN) | BIT(L2TP_ICRQ) | BIT(L2TP_ICRP) | \
	 BIT(L2TP_ICCN))

static void judge_l2tp(const struct session *s)
{
	assert_int_equal(s->seen_types & DIAL, DIAL);
	/* Every session ends: by the call's end or the tunnel's. */
	assert_true(s->seen_types & (BIT(L2TP_CDN) | BIT(L2TP_STOPCCN)));
	assert_true(s->control_frames >= 6);
	if (name_has(s, "l2tp-idle"))
		assert_true(s->seen_types & BIT(L2TP_HELLO));
	assert_int_equal(s->proofs, !name_has(s, "tunnel-auth") && !name_has(s, "hidden") ? 0
				    : name_has(s, "l2tpns")				  ? 1
											  : 2);
	assert_int_equal(s->random_vectors > 0, name_has(s, "hidden"));
	judge_mppe(s, 152);
}

/* From outside only IKE and ESP are seen; inside is a whole session, from the dial to its end. */
static void judge_ipsec(const struct session *s)
{
	assert_true(s->ike >= 4);
	assert_true(s->esp >= 30);
	assert_int_equal(s->l2tp_in_clear, 0);
	for (unsigned i = 0; i < s->association_count; i++)
		assert_true(s->associations[i].opened >= 15);
	judge_l2tp(s);
}

/* Reads every capture that PATTERN names, at least LEAST of them. */
static void each_capture(const char *pattern, size_t least, bool ipsec,
			 void (*judge)(const struct session *s))
{
	char path[512];
	glob_t files;
	size_t read = 0;

	snprintf(path, sizeof path, "%s/captures/%s", vector_dir(), pattern);
	assert_int_equal(glob(path, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct session *s = calloc(1, sizeof *s);

		assert_non_null(s);
		s->file = files.gl_pathv[i];
		s->ipsec = ipsec;
		if (name_has(s, "ipsec") == ipsec) {
			read++;
			if (ipsec)
				read_keys(s);
			read_capture(s);
			print_message("%s: %u messages, %u frames; decrypted %u + %u, out of step "
				      "%u + %u, wrong %u + %u; %u IKE, %u ESP\n",
				      s->file, s->messages, s->frames, s->side[0].decrypted,
				      s->side[1].decrypted, s->side[0].lost_step,
				      s->side[1].lost_step, s->side[0].wrong, s->side[1].wrong,
				      s->ike, s->esp);
			judge(s);
			free_keys(s);
		}
		free(s);
	}
	assert_true(read >= least);
	globfree(&files);
}

static int start_crypto(void **state)
{
	(void)state;
	return crypto_init(&(struct reason){0});
}

static int end_crypto(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

static void every_pptp_session_is_decoded_and_decrypted(void **state)
{
	(void)state;
	each_capture("pptp-*.pcap", 21, false, judge_pptp);
}

static void every_l2tp_session_is_decoded_and_decrypted(void **state)
{
	(void)state;
	each_capture("l2tp*.pcap", 23, false, judge_l2tp);
}

static void every_ipsec_session_is_decrypted_and_decoded(void **state)
{
	(void)state;
	each_capture("l2tp-ipsec-*.pcap", 3, true, judge_ipsec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pptp_session_is_decoded_and_decrypted),
		cmocka_unit_test(every_l2tp_session_is_decoded_and_decrypted),
		cmocka_unit_test(every_ipsec_session_is_decrypted_and_decoded),
	};

	return cmocka_run_group_tests(tests, start_crypto, end_crypto);
}
