/* SPDX-License-Identifier: MIT */
/* The engine as ipsec.h wants it: datagrams, timers, what is to be done next. */
#include "ipsec/internal.h"

#include <errno.h>
#include <stdlib.h>

/* ICMP can be forged: so many errors are taken for true while nothing was heard. */
#define SOFT_ERRORS_MAX	   3
#define IKE_LIFE_DEFAULT_S 28800
#define LIFE_DEFAULT_S	   3600
#define SEQUENCE_REKEY	   0xd0000000u
#define PROBE_TRIES	   2 /* message 5 was said so often before port 4500 is doubted */

struct ipsec *ipsec_new(const struct ipsec_config *config, const struct ipsec_callbacks *callbacks,
			const struct random_source *random, const struct log *log)
{
	struct ipsec *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->config = *config;
	if (!s->config.settings.ike_lifetime)
		s->config.settings.ike_lifetime = IKE_LIFE_DEFAULT_S;
	if (!s->config.settings.lifetime)
		s->config.settings.lifetime = LIFE_DEFAULT_S;
	s->callbacks = *callbacks;
	s->random = random;
	s->log = log;
	s->setup_ms = s->silence_ms = DEADLINE_NONE;
	s->inner_port = config->inner_port;
	for (unsigned i = 0; i < QUICKS; i++)
		quick_clear(&s->quicks[i]);
	return s;
}

void ipsec_free(struct ipsec *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < PHASES; i++)
		phase_clear(&s->phases[i]);
	for (unsigned i = 0; i < QUICKS; i++)
		quick_clear(&s->quicks[i]);
	wipe(s, sizeof *s);
	free(s);
}

/* What is to be done next */

/* Is something going on that may end in a pair that sends? */
static bool is_negotiating(struct ipsec *s)
{
	bool quick = false;

	for (unsigned i = 0; i < QUICKS; i++)
		quick |= s->quicks[i].state == QUICK_1_SENT || s->quicks[i].state == QUICK_2_SENT;
	return quick || phase_pending(s);
}

static void end_no_keys(struct ipsec *s)
{
	if (s->expired)
		end_with(s, EXIT_PEER_DEAD, REASON_PEER,
			 "the keys of IPsec ran out, and the %s agreed on no new ones",
			 peer_word(s));
	else
		end_with(s, EXIT_HANGUP, REASON_PEER, "the %s ended the IPsec association",
			 peer_word(s));
}

/* The caller's first Quick Mode follows its phase 1; later ones are wanted when keys get old.  They
 * need a phase 1, which may be gone. */
static void go_on(struct ipsec *s)
{
	struct phase *p = phase_current(s);

	if (s->closed || !s->started)
		return;
	if (s->up && !pair_sending(s) && !is_negotiating(s)) {
		end_no_keys(s);
		return;
	}
	if (!s->want_quick || quick_pending(s) || s->now_ms < s->retry_ms)
		return;
	if (p)
		quick_start(s, p);
	else if (!phase_pending(s))
		main_start(s);
}

void ipsec_start(struct ipsec *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	s->started = true;
	if (s->config.setup_limit_ms)
		s->setup_ms = now_ms + s->config.setup_limit_ms;
	if (s->config.silence_limit_ms)
		s->silence_ms = now_ms + s->config.silence_limit_ms;
	s->want_quick = s->config.role == ROLE_CALLER;
	go_on(s);
}

/* Input */

static void handle(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		   const uint8_t *octets, enum ipsec_port port)
{
	switch (h->exchange) {
	case ISAKMP_MAIN:
		main_input(s, p, h, octets, port);
		break;
	case ISAKMP_QUICK:
		quick_input(s, p, h, octets);
		break;
	case ISAKMP_INFORMATIONAL:
		inform_input(s, p, h, octets);
		break;
	default:
		s->status.unexpected++;
	}
}

/* A new phase 1 of the peer: the answerer's first, or a later one of either. */
static bool begins_phase(const struct ipsec *s, const struct isakmp_header *h)
{
	static const uint8_t none[ISAKMP_COOKIE];

	return h->exchange == ISAKMP_MAIN && !h->id &&
	       memcmp(h->responder, none, sizeof none) == 0 &&
	       (s->config.role == ROLE_ANSWERER || s->up);
}

void ipsec_input(struct ipsec *s, enum ipsec_port port, const uint8_t *octets, size_t len,
		 uint64_t now_ms)
{
	struct isakmp_header h;

	if (s->closed || !s->started)
		return;
	s->now_ms = now_ms;
	if (len > ISAKMP_MESSAGE_MAX || !isakmp_header_decode(octets, len, &h)) {
		s->status.malformed++;
		return;
	}
	if (port == IPSEC_PORT_NAT && main_probe_is_answered(s, &h)) {
		s->nat_open = true;
		return;
	}
	struct phase *p = phase_find(s, &h);
	if (p || begins_phase(s, &h))
		s->heard = true;
	if (p)
		handle(s, p, &h, octets, port);
	else if (begins_phase(s, &h))
		main_answer(s, &h, octets, port);
	else
		s->status.unexpected++;
	wipe(s->clear, sizeof s->clear);
	go_on(s);
}

bool ipsec_is_concerned(struct ipsec *s, const uint8_t *octets, size_t len)
{
	struct isakmp_header h;

	return isakmp_header_decode(octets, len, &h) && (phase_find(s, &h) || begins_phase(s, &h));
}

void ipsec_lost(struct ipsec *s, enum ipsec_port port, int error, uint64_t now_ms)
{
	if (s->closed || s->up || !error)
		return;
	s->now_ms = now_ms;
	s->last_error = error;
	log_debug(s->log, "IKE: port %s: %s", port == IPSEC_PORT_NAT ? "4500" : "500",
		  strerror(error));
	hint_take(s, HINT_ICMP);
	if (!s->heard && ++s->soft_errors >= SOFT_ERRORS_MAX)
		end_phase_failed(s, phase_pending(s));
}

void ipsec_heard(struct ipsec *s, uint64_t when_ms)
{
	if (when_ms <= s->heard_ms)
		return;
	s->heard_ms = when_ms;
	s->dpd_asked = 0;
}

void ipsec_sent_sequence(struct ipsec *s, uint32_t newest)
{
	struct pair *pair = pair_sending(s);

	if (pair && newest >= SEQUENCE_REKEY && pair->rekey_ms > s->now_ms &&
	    pair->rekey_ms != DEADLINE_NONE)
		pair->rekey_ms = s->now_ms;
}

void ipsec_close(struct ipsec *s, const struct reason *reason, uint64_t now_ms)
{
	s->now_ms = now_ms;
	end_with(s, reason->code, REASON_LOCAL, "%s", reason->text);
}

/* Timers */

/* A phase 1 of ours did not come up. */
static void phase_failed(struct ipsec *s, struct phase *p)
{
	bool ours = p->side == INITIATOR;

	if (!s->up && ours) {
		end_phase_failed(s, p);
		return;
	}
	phase_clear(p);
	if (!ours)
		return;
	s->retry_ms = s->now_ms + RETRY_MS;
	log_warn(s->log, "IPsec: a new phase 1 did not come up");
	if (s->now_ms >= s->heard_ms + DPD_IDLE_MS && !phase_current(s))
		end_with(s, EXIT_PEER_DEAD, REASON_SILENCE,
			 "the %s does not answer any more (neither ESP nor IKE)", peer_word(s));
}

static void say_again(struct ipsec *s, struct phase *p)
{
	if (!message_due(s, p, &p->sent))
		phase_failed(s, p);
	else if (!s->up && !s->nat_open && p->state == PHASE_ID_SENT && p->port == IPSEC_PORT_NAT &&
		 p->sent.tries > PROBE_TRIES)
		main_probe(s, p);
}

static void tick_phase(struct ipsec *s, struct phase *p)
{
	uint64_t now = s->now_ms;
	bool hinted = s->hint && !s->up && p->sent.len && now >= p->sent.first_ms + HINTED_MS;
	bool stale =
		p->side == RESPONDER && p->state != PHASE_UP && now >= p->began_ms + DONE_GRACE_MS;

	if (p->state == PHASE_FREE)
		return;
	if (now >= p->end_ms) {
		inform_delete_phase(s, p);
		phase_clear(p);
	} else if ((now >= p->sent.due_ms && hinted) || stale) {
		phase_failed(s, p);
	} else if (now >= p->sent.due_ms) {
		say_again(s, p);
	} else if (p->state == PHASE_UP && now >= p->rekey_ms) {
		p->rekey_ms = now + RETRY_MS; /* again, if nothing comes of it */
		if (!phase_pending(s))
			main_start(s);
	}
}

/* Nobody answered Quick Mode: the peer may have lost the phase 1. */
static void quick_failed(struct ipsec *s, struct quick *q)
{
	struct phase *p = &s->phases[q->phase];

	quick_clear(q);
	if (!s->up) {
		end_quick_failed(s, 0);
		return;
	}
	log_warn(s->log, "IPsec: the %s did not answer Quick Mode", peer_word(s));
	phase_clear(p);
	s->want_quick = true;
}

static void tick_quick(struct ipsec *s, struct quick *q)
{
	struct phase *p = &s->phases[q->phase];

	if (q->state == QUICK_FREE)
		return;
	if (p->state != PHASE_UP) {
		s->want_quick |= q->state == QUICK_1_SENT;
		quick_clear(q);
	} else if (s->now_ms >= q->sent.due_ms && !message_due(s, p, &q->sent)) {
		if (q->side == INITIATOR)
			quick_failed(s, q);
		else
			quick_clear(q);
	} else if (s->now_ms >= q->end_ms) {
		quick_clear(q);
	}
}

static bool has_exchange(const struct ipsec *s, const struct pair *pair)
{
	for (unsigned i = 0; i < QUICKS; i++)
		if (s->quicks[i].state == QUICK_2_SENT &&
		    s->quicks[i].spi[RESPONDER] == pair->spi_in)
			return true;
	return false;
}

static void tick_pair(struct ipsec *s, struct pair *pair)
{
	if (!pair->used)
		return;
	if (s->now_ms >= pair->end_ms ||
	    (!pair->out && pair->end_ms == DEADLINE_NONE && !has_exchange(s, pair))) {
		s->expired |= pair == pair_sending(s);
		pair_end(s, pair);
	} else if (s->now_ms >= pair->rekey_ms) {
		pair->rekey_ms = s->now_ms + RETRY_MS; /* again, if nothing comes of it */
		s->want_quick |= !quick_pending(s);
	}
}

/* Nothing was heard for so long: asks, or where there is no phase 1 to ask in, makes one. */
static void ask(struct ipsec *s)
{
	struct phase *p = phase_current(s);

	if (p && p->dpd && s->dpd_asked >= DPD_REPEATS) {
		end_with(s, EXIT_PEER_DEAD, REASON_SILENCE,
			 "the %s does not answer any more (dead peer detection)", peer_word(s));
	} else if (p && p->dpd) {
		s->dpd_asked++;
		s->dpd_ms = s->now_ms + DPD_REPEAT_MS;
		inform_ask(s, p);
	} else {
		s->dpd_ms = s->now_ms + DPD_IDLE_MS;
		if (!p && !phase_pending(s))
			main_start(s);
	}
}

static void tick_dpd(struct ipsec *s)
{
	if (!s->up || s->now_ms < s->dpd_ms)
		return;
	s->dpd_ms = s->heard_ms + DPD_IDLE_MS;
	if (s->now_ms >= s->dpd_ms)
		ask(s);
}

static void tick_setup(struct ipsec *s)
{
	if (s->up)
		s->setup_ms = s->silence_ms = DEADLINE_NONE;
	if (s->now_ms < s->setup_ms && (s->heard || s->now_ms < s->silence_ms))
		return;
	if (quick_pending(s) && !phase_pending(s))
		end_quick_failed(s, 0);
	else
		end_phase_failed(s, phase_pending(s));
}

void ipsec_tick(struct ipsec *s, uint64_t now_ms)
{
	if (s->closed || !s->started)
		return;
	s->now_ms = now_ms;
	tick_setup(s);
	for (unsigned i = 0; i < PHASES && !s->closed; i++)
		tick_phase(s, &s->phases[i]);
	for (unsigned i = 0; i < QUICKS && !s->closed; i++)
		tick_quick(s, &s->quicks[i]);
	for (unsigned i = 0; i < PAIRS && !s->closed; i++)
		tick_pair(s, &s->pairs[i]);
	if (!s->closed)
		tick_dpd(s);
	go_on(s);
}

static uint64_t phase_deadline(const struct phase *p)
{
	uint64_t at = deadline_min(p->sent.due_ms, deadline_min(p->rekey_ms, p->end_ms));

	if (p->state == PHASE_FREE)
		return DEADLINE_NONE;
	return p->side == RESPONDER && p->state != PHASE_UP
		       ? deadline_min(at, p->began_ms + DONE_GRACE_MS)
		       : at;
}

uint64_t ipsec_deadline(const struct ipsec *s)
{
	uint64_t at = DEADLINE_NONE;

	if (s->closed || !s->started)
		return at;
	if (!s->up)
		at = deadline_min(s->setup_ms, s->heard ? DEADLINE_NONE : s->silence_ms);
	for (unsigned i = 0; i < PHASES; i++)
		at = deadline_min(at, phase_deadline(&s->phases[i]));
	for (unsigned i = 0; i < QUICKS; i++)
		if (s->quicks[i].state)
			at = deadline_min(
				at, deadline_min(s->quicks[i].sent.due_ms, s->quicks[i].end_ms));
	for (unsigned i = 0; i < PAIRS; i++)
		if (s->pairs[i].used)
			at = deadline_min(at,
					  deadline_min(s->pairs[i].rekey_ms, s->pairs[i].end_ms));
	if (s->up)
		at = deadline_min(at, s->dpd_ms);
	if (s->want_quick && s->retry_ms > s->now_ms)
		at = deadline_min(at, s->retry_ms);
	return at;
}

void ipsec_status(const struct ipsec *s, struct ipsec_status *out)
{
	const struct pair *pair = &s->pairs[s->sending];

	*out = s->status;
	out->up = s->up && !s->closed;
	out->inner_port = s->inner_port;
	out->peer_inner_port = s->peer_inner_port;
	out->rekey_at_ms = pair->used ? pair->rekey_ms : UINT64_MAX;
}
