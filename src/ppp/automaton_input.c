/* SPDX-License-Identifier: MIT */
/* What the peer sends: judged by the driver's option rules, turned into the automaton's events. */
#include "ppp/automaton.h"
#include "wire/frame.h"

#include <string.h>

#define MAX_FAILURE	  5   /* RFC 1661 section 4.6 */
#define MAX_NAKS_RECEIVED 10  /* then a Nak counts as a Reject: the request must become smaller */
#define NAKS_HOPELESS	  20  /* then we do not answer Naks any more and the tries run out */
#define REPEAT_MIN_MS	  200 /* between requests repeated because the peer is heard */
#define MAX_REACKS	  4
#define MAX_REFUSALS	  7 /* of the same, in sequence: the peer will not come round */

static const struct option_rule *find_rule(const struct automaton *a, uint8_t type)
{
	for (size_t i = 0; i < a->driver->rule_count; i++) {
		const struct option_rule *rule = &a->driver->rules[i];

		if (rule->type == type)
			return !rule->wanted || rule->wanted(a->ctx) ? rule : NULL;
	}
	return NULL;
}

static bool legal_length(const struct automaton *a, const struct option *o)
{
	const struct option_info *info = option_info(a->driver->protocol, o->type);

	return !info || (o->len >= info->min && o->len <= info->max);
}

/* An option of wrong length has no value to correct: rejecting it makes the peer do without, which
 * is safe for every option that we know. */
static const struct option_rule *rule_of(const struct automaton *a, const struct option *o)
{
	const struct option_rule *rule = find_rule(a, o->type);

	return rule && rule->request && legal_length(a, o) ? rule : NULL;
}

static enum option_verdict judge_option(struct automaton *a, const struct option_rule *rule,
					const struct option *o, struct writer *nak)
{
	enum option_verdict verdict = rule->request(a->ctx, o, nak);

	if (verdict == OPTION_NAK && a->naks_sent >= MAX_FAILURE)
		verdict = OPTION_REJECT;
	return verdict;
}

static void reject_option(const struct automaton *a, struct writer *reject, const struct option *o)
{
	const struct option_info *info = option_info(a->driver->protocol, o->type);

	option_write_raw(reject, o);
	if (info)
		log_debug(a->host->log, "%s: rejecting option %s", a->driver->name, info->name);
	else
		log_debug(a->host->log, "%s: rejecting unknown option %u", a->driver->name,
			  o->type);
}

/* Fills the reply: Rejects alone, else Naks alone (RFC 1661 sections 5.3 and 5.4).  Returns
 * whether the request is good, and *FIT false when no reply can hold it. */
static bool judge_request(struct automaton *a, bool *fit)
{
	uint8_t nak_buf[AUTOMATON_PACKET_MAX - CONTROL_HEADER];
	struct writer nak = writer_make(nak_buf, sizeof(nak_buf));
	struct writer reject = writer_make(a->reply, sizeof(nak_buf));
	struct cursor c = cursor_make(a->packet.data, a->packet.len);
	struct option o;

	if (a->driver->judge)
		a->driver->judge(a->ctx);
	while (option_next(&c, &o))
		if (!rule_of(a, &o))
			reject_option(a, &reject, &o);
	/* The rules count their Naks: they are not asked for any that would not be sent. */
	c = cursor_make(a->packet.data, writer_len(&reject) > 0 ? 0 : a->packet.len);
	while (option_next(&c, &o)) {
		const struct option_rule *rule = rule_of(a, &o);
		size_t before = writer_len(&nak);

		if (!rule || judge_option(a, rule, &o, &nak) != OPTION_REJECT)
			continue;
		if (!nak.failed)
			nak.at = nak.start + before;
		reject_option(a, &reject, &o);
	}
	if (writer_len(&reject) == 0 && a->driver->missing)
		(void)a->driver->missing(a->ctx, &nak);
	*fit = !nak.failed && !reject.failed;
	a->reply_code = CONTROL_CONFIGURE_REJECT;
	a->reply_len = writer_len(&reject);
	if (a->reply_len > 0)
		return false;
	a->reply_code = CONTROL_CONFIGURE_NAK;
	a->reply_len = writer_len(&nak);
	memcpy(a->reply, nak_buf, a->reply_len);
	if (a->reply_len > 0)
		a->naks_sent++;
	return a->reply_len == 0;
}

static bool judging(enum automaton_state s)
{
	return s == AUTOMATON_STOPPED || s >= AUTOMATON_REQ_SENT;
}

/* The peer is there, but our request went out before it could listen (LCP's first one usually
 * does: its pppd is still being started) or while the layer was closed there: say it again now
 * rather than after the timer.  It goes before the reply, so that a peer that was listening does
 * not see it in Opened; and only where it was unheard in all likelihood, since pppd hangs up when
 * a request for CCP reaches it in Opened. */
static void repeat_unheard_request(struct automaton *a)
{
	if (a->driver->protocol != FRAME_LCP && !a->refused)
		return;
	if (a->state != AUTOMATON_REQ_SENT && a->state != AUTOMATON_ACK_SENT)
		return;
	if (a->answered || a->host->now_ms < a->repeat_after_ms)
		return;
	a->repeat_after_ms = a->host->now_ms + REPEAT_MIN_MS;
	a->tries_left++;
	automaton_send_request(a);
}

static bool seen_before(const struct automaton *a)
{
	const struct control_packet *p = &a->packet;

	return a->seen && p->id == a->seen_id && p->len == a->seen_len &&
	       memcmp(p->data, a->seen_options, p->len) == 0;
}

static void note_seen(struct automaton *a, bool good)
{
	a->seen = a->packet.len <= sizeof(a->seen_options);
	if (!a->seen)
		return;
	a->seen_good = good;
	a->seen_id = a->packet.id;
	a->seen_len = a->packet.len;
	memcpy(a->seen_options, a->packet.data, a->packet.len);
}

/* Our Ack was lost, or the network doubled the request: saying Ack again is enough, where the
 * table would tear down what has just come up.  A peer that means it anew goes on asking. */
static bool repeat_ack(struct automaton *a)
{
	if (a->state != AUTOMATON_OPENED || a->reacks >= MAX_REACKS || !seen_before(a) ||
	    !a->seen_good)
		return false;
	a->reacks++;
	automaton_send(a, CONTROL_CONFIGURE_ACK, a->packet.id, a->packet.data, a->packet.len);
	return true;
}

/* A repeated request gets the Nak or Reject that stands in the reply already: judging it again
 * would count one disagreement twice. */
static bool judge_once(struct automaton *a, bool *fit)
{
	bool good;

	if (seen_before(a) && !a->seen_good)
		return false;
	good = judge_request(a, fit);
	if (*fit)
		note_seen(a, good);
	else
		a->seen = false;
	return good;
}

/* Does the reply refuse the same as the one before it? */
static bool is_same_refusal(const struct automaton *a)
{
	size_t known = a->reply_len < sizeof(a->refusal) ? a->reply_len : sizeof(a->refusal);

	return a->reply_len == a->refusal_len && memcmp(a->reply, a->refusal, known) == 0;
}

static void count_refusal(struct automaton *a, bool good)
{
	size_t known = a->reply_len < sizeof(a->refusal) ? a->reply_len : sizeof(a->refusal);

	if (good || !is_same_refusal(a)) {
		a->refusals = good ? 0 : 1;
		a->refusal_len = a->reply_len;
		memcpy(a->refusal, a->reply, known);
	} else if (++a->refusals == MAX_REFUSALS && a->driver->stuck) {
		a->driver->stuck(a->ctx);
	}
}

static void input_request(struct automaton *a)
{
	bool good = true, fit = true;

	a->refused = false;
	if (!options_valid(a->packet.data, a->packet.len) ||
	    a->packet.len > AUTOMATON_PACKET_MAX - CONTROL_HEADER) {
		a->host->counters->malformed++;
		return;
	}
	if (repeat_ack(a))
		return;
	if (judging(a->state)) {
		good = judge_once(a, &fit);
		if (!fit) {
			a->host->counters->malformed++;
			return;
		}
		count_refusal(a, good);
		repeat_unheard_request(a);
	}
	automaton_raise(a, good ? AUTOMATON_REQUEST_GOOD : AUTOMATON_REQUEST_BAD);
	/* CCP says itself when that is safe. */
	if (a->driver->protocol != FRAME_CCP)
		automaton_hurry(a);
}

static void measure(struct automaton *a)
{
	uint64_t took = a->host->now_ms - a->asked_ms;

	if (a->repeated)
		return;
	if (a->host->rtt_ms == 0 || took < a->host->rtt_ms)
		a->host->rtt_ms = took ? (uint32_t)took : 1;
}

/* The identifier is that of our last request, and its first answer. */
static bool expected_answer(struct automaton *a)
{
	if (a->state >= AUTOMATON_CLOSED && a->state <= AUTOMATON_STOPPING)
		return true; /* the table answers or ignores it whatever it holds */
	if (a->requests_sent > 0 && a->packet.id == a->request_id && !a->answered) {
		a->answers++;
		measure(a);
		return true;
	}
	a->host->counters->unexpected++;
	return false;
}

static void input_ack(struct automaton *a)
{
	if (!expected_answer(a))
		return;
	if (a->state >= AUTOMATON_REQ_SENT) {
		if (a->packet.len != a->request_len ||
		    memcmp(a->packet.data, a->request, a->request_len) != 0) {
			a->host->counters->malformed++;
			return;
		}
		a->answered = true;
		a->refused = false;
		a->naks_received = 0;
	}
	automaton_raise(a, AUTOMATON_ACKED);
}

/* A Reject holds options of our request, unchanged and in their order (RFC 1661 section 5.4). */
static bool is_subset(const struct automaton *a)
{
	struct cursor ours = cursor_make(a->request, a->request_len);
	struct cursor theirs = cursor_make(a->packet.data, a->packet.len);
	struct option o, r;

	while (option_next(&theirs, &r)) {
		do {
			if (!option_next(&ours, &o))
				return false;
		} while (o.len != r.len || memcmp(o.raw, r.raw, (size_t)o.len + 2) != 0);
	}
	return true;
}

static void apply_answer(struct automaton *a, bool rejected)
{
	struct cursor c = cursor_make(a->packet.data, a->packet.len);
	struct option o;

	while (option_next(&c, &o)) {
		const struct option_rule *rule = find_rule(a, o.type);

		if (!rule || !legal_length(a, &o))
			continue;
		if (rejected && rule->reject)
			rule->reject(a->ctx, &o);
		else if (!rejected && rule->nak)
			rule->nak(a->ctx, &o);
	}
}

static void input_nak(struct automaton *a)
{
	bool reject = a->packet.code == CONTROL_CONFIGURE_REJECT;

	if (!expected_answer(a))
		return;
	if (a->state >= AUTOMATON_REQ_SENT) {
		if (!options_valid(a->packet.data, a->packet.len) || (reject && !is_subset(a))) {
			a->host->counters->malformed++;
			return;
		}
		if (++a->naks_received > NAKS_HOPELESS)
			return;
		a->answered = true;
		a->refused = false;
		apply_answer(a, reject || a->naks_received > MAX_NAKS_RECEIVED);
	}
	automaton_raise(a, AUTOMATON_NAKED);
}

static void input_terminate(struct automaton *a)
{
	if (a->driver->terminated && a->state >= AUTOMATON_REQ_SENT)
		a->driver->terminated(a->ctx, &a->packet);
	automaton_raise(a, AUTOMATON_TERMINATE);
}

static void input_terminated(struct automaton *a)
{
	/* A peer that is not ready answers our Configure-Request with a Terminate-Ack; one that
	 * comes late must not tear down what was agreed since. */
	if (a->state >= AUTOMATON_REQ_SENT && a->answered) {
		a->host->counters->unexpected++;
		return;
	}
	a->refused = true;
	automaton_raise(a, AUTOMATON_TERMINATED);
}

static void input_code_reject(struct automaton *a)
{
	if (a->packet.len < 1) {
		a->host->counters->malformed++;
		return;
	}
	log_info(a->host->log, "%s: the peer rejects code %u", a->driver->name, a->packet.data[0]);
	automaton_raise(a, a->packet.data[0] <= CONTROL_CODE_REJECT ? AUTOMATON_REJECT_FATAL
								    : AUTOMATON_REJECT_MILD);
}

void automaton_input(struct automaton *a, const uint8_t *info, size_t len)
{
	static void (*const handlers[])(struct automaton *) = {
		[CONTROL_CONFIGURE_REQUEST] = input_request,
		[CONTROL_CONFIGURE_ACK] = input_ack,
		[CONTROL_CONFIGURE_NAK] = input_nak,
		[CONTROL_CONFIGURE_REJECT] = input_nak,
		[CONTROL_TERMINATE_REQUEST] = input_terminate,
		[CONTROL_TERMINATE_ACK] = input_terminated,
		[CONTROL_CODE_REJECT] = input_code_reject,
	};
	struct control_packet p;

	if (!control_packet_decode(info, len, &p)) {
		a->host->counters->malformed++;
		return;
	}
	if (a->state <= AUTOMATON_STARTING) {
		a->host->counters->unexpected++;
		return;
	}
	a->packet = p;
	if (p.code < sizeof(handlers) / sizeof(handlers[0]) && handlers[p.code])
		handlers[p.code](a);
	else if (p.code < 32 && (a->driver->own_codes & 1u << p.code))
		automaton_raise(a, AUTOMATON_OWN_CODE);
	else
		automaton_raise(a, AUTOMATON_UNKNOWN_CODE);
}
