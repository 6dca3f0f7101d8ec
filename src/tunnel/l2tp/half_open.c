/* SPDX-License-Identifier: MIT */
/* What strangers say to an L2TP server, and what they are answered. */
#include "tunnel/half_open.h"

#include "crypto/avp_hide.h"
#include "tunnel/l2tp/half_open_table.h"

#include <stdlib.h>
#include <string.h>

/* Offsets of Ns and Nr in a control header. */
#define OFFSET_NS 8
#define OFFSET_NR 10
#define SHUT_MAX  64

struct half_open {
	struct half_open_config config;
	const struct random_source *random;
	const struct log *log;
	struct l2tp_cipher cipher;
	bool shut, stopping;
	char shut_why[SHUT_MAX];
	struct half_open_table table;
};

/* One datagram, while it is handled. */
struct visit {
	struct half_open *h;
	const struct half_open_key *from;
	struct half_open_entry *entry; /* NULL = none */
	size_t most;		       /* octets of an answer */
	uint64_t now_ms;
	struct half_open_result *result;
	uint16_t peer_tunnel_id, local_tunnel_id; /* for the answer */
	uint16_t ns, nr;
};

static void cipher_unhide(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len,
			  uint8_t *octets, size_t len)
{
	const struct half_open *h = ctx;

	avp_unhide(octets, octets, len, type, &h->config.secret, rv, rv_len);
}

struct half_open *half_open_new(const struct half_open_config *config,
				const struct random_source *random, const struct log *log)
{
	struct half_open *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->config = *config;
	h->random = random;
	h->log = log;
	h->cipher = (struct l2tp_cipher){NULL, cipher_unhide, h};
	table_init(&h->table, random);
	return h;
}

void half_open_free(struct half_open *h)
{
	if (!h)
		return;
	secret_wipe(&h->config.secret);
	free(h);
}

void half_open_shut(struct half_open *h, const char *why, bool stopping)
{
	h->shut = why;
	h->stopping = stopping;
	(void)str_copy(h->shut_why, sizeof h->shut_why, why ? why : "");
}

size_t half_open_count(const struct half_open *h)
{
	return h->table.asked.count + h->table.taken.count;
}

/* --- answers --- */

static void answer_begin(struct visit *v, struct l2tp_builder *b, enum l2tp_type type)
{
	l2tp_build(b, v->result->answer, sizeof v->result->answer, type, v->peer_tunnel_id, 0);
	writer_patch_u16(&b->w, OFFSET_NS, v->ns);
	writer_patch_u16(&b->w, OFFSET_NR, v->nr);
}

static void answer_end(struct visit *v, struct l2tp_builder *b)
{
	size_t len = l2tp_build_end(b);

	v->result->answer_len = len <= v->most ? len : 0;
}

/* The end of this tunnel, said once.  Where the text does not fit it is left out. */
static void stop(struct visit *v, uint16_t result, uint16_t error, const char *text)
{
	struct l2tp_builder b;

	for (int i = 0; i < 2 && v->result->answer_len == 0; i++, text = NULL) {
		answer_begin(v, &b, L2TP_STOPCCN);
		l2tp_add_u16(&b, AVP_ASSIGNED_TUNNEL_ID, v->local_tunnel_id);
		l2tp_add_result(&b, result, error != 0 || text, error, text);
		answer_end(v, &b);
	}
	if (v->entry)
		table_remove(&v->h->table, v->entry);
	v->entry = NULL;
}

/* What not everybody needs is added as far as the answer may be so large. */
static void add_optional(const struct visit *v, struct l2tp_builder *b)
{
	static const struct {
		enum l2tp_avp avp;
		const char *value;
		size_t len;
	} optional[] = {
		{AVP_BEARER_CAPABILITIES, "\0\0\0\3", 4},
		{AVP_VENDOR_NAME, "vpdial", 6},
		{AVP_FIRMWARE_REVISION, "\0\1", 2},
	};
	const size_t header = 6; /* of an AVP */

	for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
		if (writer_len(&b->w) + header + optional[i].len <= v->most)
			l2tp_add(b, optional[i].avp, optional[i].value, optional[i].len);
}

static void send_sccrp(struct visit *v, const struct l2tp_message *m)
{
	const struct half_open_config *config = &v->h->config;
	const char *host = config->host_name[0] ? config->host_name : "vpdial";
	uint8_t response[L2TP_RESPONSE_LEN];
	struct l2tp_builder b;

	answer_begin(v, &b, L2TP_SCCRP);
	l2tp_add_u16(&b, AVP_PROTOCOL_VERSION, L2TP_VERSION);
	l2tp_add(&b, AVP_HOST_NAME, host, strlen(host));
	if (config->secret.len)
		l2tp_add(&b, AVP_CHALLENGE, v->entry->challenge, sizeof v->entry->challenge);
	l2tp_add_u32(&b, AVP_FRAMING_CAPABILITIES, L2TP_CAPABILITIES);
	l2tp_add_u16(&b, AVP_ASSIGNED_TUNNEL_ID, v->local_tunnel_id);
	l2tp_add_u16(&b, AVP_RECEIVE_WINDOW_SIZE, RELIABLE_HOLD);
	if (l2tp_has(m, AVP_CHALLENGE)) {
		l2tp_challenge_response(response, L2TP_SCCRP, &config->secret,
					m->avp[AVP_CHALLENGE].octets, m->avp[AVP_CHALLENGE].len);
		l2tp_add(&b, AVP_CHALLENGE_RESPONSE, response, sizeof response);
	}
	add_optional(v, &b);
	answer_end(v, &b);
}

/* --- SCCRQ --- */

/* Why no tunnel can come of this SCCRQ; it has been said. */
static bool refused(struct visit *v, const struct l2tp_message *m)
{
	struct reason *why = &v->result->refused;
	uint16_t version = l2tp_u16(m, AVP_PROTOCOL_VERSION);

	if (v->h->shut) {
		reason_set(why, EXIT_CONNECT_FAILED, "%s", v->h->shut_why);
		v->result->turned_away = true;
		if (v->h->stopping)
			stop(v, STOPCCN_SHUTTING_DOWN, 0, NULL);
		else
			stop(v, STOPCCN_ERROR, L2TP_ERROR_RESOURCES, "no room now");
	} else if (table_must_wait(&v->h->table, v->from, v->now_ms)) {
		reason_set(why, EXIT_CONNECT_FAILED, "it gave too many wrong tunnel secrets");
		v->result->turned_away = true;
		stop(v, STOPCCN_NOT_AUTHORIZED, 0, "too many failures");
	} else if (version != L2TP_VERSION) {
		reason_set(why, EXIT_CONNECT_FAILED,
			   "the client speaks L2TP version %u.%u, vpdial 1.0", version >> 8,
			   version & 0xff);
		stop(v, STOPCCN_VERSION, L2TP_VERSION, NULL);
	} else if (l2tp_has(m, AVP_CHALLENGE) && !v->h->config.secret.len) {
		reason_set(why, EXIT_CONNECT_FAILED,
			   "the client asks for a tunnel secret, but none is configured");
		stop(v, STOPCCN_NOT_AUTHORIZED, 0, "no tunnel secret");
	}
	return reason_is_set(why);
}

/* As much of a text as there is room for; its length. */
static uint8_t copy(uint8_t *to, size_t cap, const struct l2tp_message *m, enum l2tp_avp avp)
{
	size_t len = l2tp_has(m, avp) ? m->avp[avp].len : 0;

	len = len < cap ? len : cap;
	if (len)
		memcpy(to, m->avp[avp].octets, len);
	return (uint8_t)len;
}

/* A new tunnel, in place of one that this peer had half open. */
static void begin(struct visit *v, const struct l2tp_message *m)
{
	struct half_open *h = v->h;
	struct adopted_tunnel *t;

	if (v->entry)
		table_remove(&h->table, v->entry);
	v->entry = table_add(&h->table, v->from, v->now_ms);
	random_fill(h->random, v->entry->challenge, sizeof v->entry->challenge);
	t = &v->entry->tunnel;
	t->local_tunnel_id = random_u16_nonzero(h->random);
	t->peer_tunnel_id = v->peer_tunnel_id;
	t->window = l2tp_u16(m, AVP_RECEIVE_WINDOW_SIZE);
	t->firmware = l2tp_u16(m, AVP_FIRMWARE_REVISION);
	t->host_len = copy(t->host, sizeof t->host, m, AVP_HOST_NAME);
	t->vendor_len = copy(t->vendor, sizeof t->vendor, m, AVP_VENDOR_NAME);
}

static void on_sccrq(struct visit *v, const struct l2tp_message *m)
{
	v->peer_tunnel_id = l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID);
	v->local_tunnel_id = random_u16_nonzero(v->h->random);
	v->ns = 0;
	v->nr = 1;
	if (v->entry && v->entry->taken && v->entry->tunnel.peer_tunnel_id == v->peer_tunnel_id)
		return; /* a copy that was late */
	if (refused(v, m))
		return;
	if (!v->entry || v->entry->tunnel.peer_tunnel_id != v->peer_tunnel_id)
		begin(v, m);
	v->local_tunnel_id = v->entry->tunnel.local_tunnel_id;
	send_sccrp(v, m);
}

/* --- what follows it --- */

static void on_scccn(struct visit *v, const struct l2tp_message *m)
{
	const struct secret *secret = &v->h->config.secret;
	bool sent = l2tp_has(m, AVP_CHALLENGE_RESPONSE);
	uint8_t want[L2TP_RESPONSE_LEN];

	if (secret->len) {
		l2tp_challenge_response(want, L2TP_SCCCN, secret, v->entry->challenge,
					sizeof v->entry->challenge);
		if (!sent ||
		    !bytes_equal_ct(want, m->avp[AVP_CHALLENGE_RESPONSE].octets, sizeof want)) {
			reason_set(&v->result->refused, EXIT_PEER_AUTH_FAILED,
				   sent ? "the client does not know the tunnel secret: check "
					  "tunnel-secret on both ends"
					: "the client does not prove that it knows the tunnel "
					  "secret: it may have none");
			table_note_failure(&v->h->table, v->from, v->now_ms);
			stop(v, STOPCCN_NOT_AUTHORIZED, 0, "wrong challenge response");
			return;
		}
	}
	v->result->verdict = HALF_OPEN_PROVED;
	v->result->tunnel = v->entry->tunnel;
	table_set_taken(&v->h->table, v->entry);
}

/* It may come at any time; an acknowledgment is all that it wants. */
static void on_stopccn(struct visit *v)
{
	const struct l2tp_header zlb = {.tunnel_id = v->peer_tunnel_id, .ns = v->ns, .nr = v->nr};

	l2tp_control_header_write(v->result->answer, &zlb, L2TP_CONTROL_HEADER_LEN);
	v->result->answer_len = L2TP_CONTROL_HEADER_LEN;
	reason_set(&v->result->refused, EXIT_CONNECT_FAILED,
		   "the client closed the tunnel before it was up");
	table_remove(&v->h->table, v->entry);
	v->entry = NULL;
}

static void on_fault(struct visit *v, const struct l2tp_message *m, const struct l2tp_fault *fault)
{
	char which[80];
	struct str s = str_make(which, sizeof which);

	if (fault->vendor != 0)
		str_printf(&s, " (AVP %u of vendor %u)", fault->avp, fault->vendor);
	else if (fault->avp != AVP_MESSAGE_TYPE)
		str_printf(&s, " (AVP %u, %s)", fault->avp, l2tp_avp_name(fault->avp));
	reason_set(&v->result->refused, EXIT_CONNECT_FAILED, "the client sent %s%s", fault->what,
		   which);
	if (m->type == L2TP_SCCRQ) {
		v->peer_tunnel_id = l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID);
		v->local_tunnel_id = random_u16_nonzero(v->h->random);
		v->nr = 1;
	}
	/* A full server explains nothing: who calls it again will hear. */
	if (!v->h->shut)
		stop(v, STOPCCN_ERROR, fault->error, fault->what);
}

static void message_input(struct visit *v, const struct l2tp_header *head)
{
	const struct l2tp_rules rules = {.cipher = v->h->config.secret.len ? &v->h->cipher : NULL};
	struct l2tp_message m;
	struct l2tp_fault fault;
	enum l2tp_verdict verdict =
		l2tp_message_decode(&m, head->payload, head->payload_len, &rules, &fault);

	if (verdict == L2TP_SKIP)
		return;
	l2tp_log(v->h->log, '<', head, verdict == L2TP_GOOD ? &m : NULL);
	if (verdict == L2TP_BAD)
		on_fault(v, &m, &fault);
	else if (m.type == L2TP_SCCRQ && head->tunnel_id == 0)
		on_sccrq(v, &m);
	else if (m.type == L2TP_SCCCN && v->entry)
		on_scccn(v, &m);
	else if (m.type == L2TP_STOPCCN && v->entry)
		on_stopccn(v);
}

/* To a tunnel: only who has heard our SCCRP knows its id. */
static void follow(struct visit *v, const struct l2tp_header *head)
{
	struct half_open_entry *e = v->entry;
	unsigned type = l2tp_message_type(head->payload, head->payload_len);

	if (!e || !head->payload_len)
		return;
	if (head->tunnel_id != e->tunnel.local_tunnel_id) {
		if (++e->guesses >= HALF_OPEN_GUESSES && !e->taken)
			table_remove(&v->h->table, e);
		return;
	}
	v->peer_tunnel_id = e->tunnel.peer_tunnel_id;
	v->local_tunnel_id = e->tunnel.local_tunnel_id;
	v->ns = 1;
	v->nr = 2;
	if (e->taken && (type != L2TP_SCCCN || head->ns != 1)) {
		if (e->early++ < HALF_OPEN_EARLY) {
			v->result->verdict = HALF_OPEN_EARLY_DATAGRAM;
			v->result->tunnel = e->tunnel;
		} else {
			e->early = HALF_OPEN_EARLY;
		}
	} else if (head->ns == 1 && head->nr == 1) {
		message_input(v, head);
	}
}

/* In the log, as those of a session. */
static void log_answer(const struct half_open *h, const struct half_open_result *r)
{
	const struct l2tp_rules rules = {0};
	struct l2tp_message m;
	struct l2tp_header head;
	struct l2tp_fault fault;

	if (!r->answer_len || !log_enabled(h->log, LOG_LEVEL_DEBUG) ||
	    !l2tp_decode(r->answer, r->answer_len, &head))
		return;
	l2tp_log(h->log, '>', &head,
		 head.payload_len && l2tp_message_decode(&m, head.payload, head.payload_len, &rules,
							 &fault) == L2TP_GOOD
			 ? &m
			 : NULL);
}

void half_open_input(struct half_open *h, const struct half_open_key *from, const uint8_t *octets,
		     size_t len, uint64_t now_ms, struct half_open_result *result)
{
	struct visit v = {.h = h,
			  .from = from,
			  .most = HALF_OPEN_FACTOR * len,
			  .now_ms = now_ms,
			  .result = result};
	struct l2tp_header head;

	memset(result, 0, sizeof *result);
	if (!l2tp_decode(octets, len, &head) || !head.control ||
	    head.payload_len > L2TP_MESSAGE_MAX)
		return;
	v.entry = table_find(&h->table, from, now_ms);
	if (head.tunnel_id != 0)
		follow(&v, &head);
	else if (head.ns == 0 && l2tp_message_type(head.payload, head.payload_len) == L2TP_SCCRQ)
		message_input(&v, &head);
	log_answer(h, result);
}

void half_open_turn_away(struct half_open *h, const struct half_open_key *from,
			 uint16_t local_tunnel_id, const char *text, uint64_t now_ms,
			 struct half_open_result *result)
{
	struct visit v = {.h = h,
			  .from = from,
			  .entry = table_find(&h->table, from, now_ms),
			  .most = sizeof result->answer,
			  .now_ms = now_ms,
			  .result = result,
			  .ns = 1,
			  .nr = 2};

	memset(result, 0, sizeof *result);
	if (!v.entry || v.entry->tunnel.local_tunnel_id != local_tunnel_id)
		return;
	v.local_tunnel_id = local_tunnel_id;
	v.peer_tunnel_id = v.entry->tunnel.peer_tunnel_id;
	stop(&v, STOPCCN_ERROR, L2TP_ERROR_RESOURCES, text);
	log_answer(h, result);
}
