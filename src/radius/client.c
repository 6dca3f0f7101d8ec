/* SPDX-License-Identifier: MIT */
/* Which server is asked, how often, and what its answers are worth. */
#include "radius/client.h"

#include "base/clock.h"
#include "radius/account.h"
#include "radius/ask.h"
#include "radius/sign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ASIDE_MS 60000 /* a silent server is asked last for so long */

/* What is wrong with a server, the least telling first. */
enum fault { FAULT_SILENT, FAULT_SEND, FAULT_REFUSED, FAULT_UNSIGNED, FAULT_FORGED };

/* A question or a record that waits for an answer. */
struct pending {
	struct pending *next;
	enum radius_service service;
	size_t server;
	unsigned asked; /* set of servers */
	unsigned tries;
	enum fault fault; /* of the server that is asked */
	int error;	  /* of FAULT_SEND */
	uint64_t since_ms, deadline_ms;
	uint8_t id, authenticator[16];
	uint8_t packet[RADIUS_PACKET_MAX];
	size_t len;
	uint32_t serial; /* of a record */
	union {
		struct radius_question question;
		struct radius_record record;
	};
};

struct place {
	struct pending *by_id[256];
	uint8_t next_id;
};

struct known_server {
	struct radius_server conf;
	struct place places[RADIUS_SERVICES];
	uint64_t aside_until_ms[RADIUS_SERVICES];
};

struct radius_client {
	struct radius_callbacks callbacks;
	const struct random_source *random;
	const struct log *log;
	struct log_limit odd; /* of lines about answers that count for nothing */
	struct known_server servers[RADIUS_SERVERS_MAX];
	size_t server_count;
	struct pending *pending[RADIUS_SERVICES];
	unsigned count[RADIUS_SERVICES];
	uint64_t day_offset_ms; /* from the clock's time to that of the day */
};

struct radius_client *radius_client_new(const struct radius_callbacks *callbacks,
					const struct random_source *random, const struct log *log)
{
	struct radius_client *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->callbacks = *callbacks;
	c->random = random;
	c->log = log;
	return c;
}

bool radius_client_add(struct radius_client *c, const struct radius_server *server)
{
	struct known_server *s = &c->servers[c->server_count];

	if (c->server_count == RADIUS_SERVERS_MAX)
		return false;
	s->conf = *server;
	for (int i = 0; i < RADIUS_SERVICES; i++)
		random_fill(c->random, &s->places[i].next_id, 1);
	c->server_count++;
	return true;
}

/* --- ids --- */

static void leave_id(struct radius_client *c, struct pending *p)
{
	struct place *place = &c->servers[p->server].places[p->service];

	if (place->by_id[p->id] == p)
		place->by_id[p->id] = NULL;
}

/* There are no more of them pending than a place has ids. */
static void take_id(struct radius_client *c, struct pending *p)
{
	struct place *place = &c->servers[p->server].places[p->service];

	for (unsigned i = 0; i < 256 && place->by_id[place->next_id]; i++)
		place->next_id++;
	p->id = place->next_id++;
	place->by_id[p->id] = p;
}

static void drop(struct radius_client *c, struct pending *p)
{
	struct pending **at = &c->pending[p->service];

	leave_id(c, p);
	while (*at && *at != p)
		at = &(*at)->next;
	if (*at) {
		*at = p->next;
		c->count[p->service]--;
	}
	wipe(p, sizeof *p);
	free(p);
}

void radius_client_free(struct radius_client *c)
{
	if (!c)
		return;
	for (int i = 0; i < RADIUS_SERVICES; i++)
		while (c->pending[i])
			drop(c, c->pending[i]);
	wipe(c, sizeof *c);
	free(c);
}

/* --- sending --- */

static void write_packet(struct radius_client *c, struct pending *p, uint64_t now_ms)
{
	const struct radius_server *server = &c->servers[p->server].conf;

	if (p->service == RADIUS_AUTH) {
		random_fill(c->random, p->authenticator, sizeof p->authenticator);
		p->len = radius_ask(server, &p->question, p->id, p->authenticator, p->packet);
		return;
	}
	p->len = radius_account(server, &p->record, p->id, now_ms + c->day_offset_ms, p->packet);
	memcpy(p->authenticator, p->packet + 4, sizeof p->authenticator);
}

static void send_try(struct radius_client *c, struct pending *p, uint64_t now_ms)
{
	int rc = c->callbacks.send(c->callbacks.ctx, p->server, p->service, p->packet, p->len);

	p->tries++;
	p->deadline_ms = now_ms + c->servers[p->server].conf.timeout_ms;
	if (rc < 0 && rc != -ECONNREFUSED && p->fault <= FAULT_SEND) {
		p->fault = FAULT_SEND;
		p->error = -rc;
	}
}

static void first_try(struct radius_client *c, struct pending *p, size_t server, uint64_t now_ms)
{
	p->server = server;
	p->asked |= 1u << server;
	p->tries = 0;
	p->fault = FAULT_SILENT;
	take_id(c, p);
	write_packet(c, p, now_ms);
	send_try(c, p, now_ms);
}

/* The next one for P: in order, those set aside last.  False if all were asked. */
static bool choose(const struct radius_client *c, const struct pending *p, uint64_t now_ms,
		   size_t *server)
{
	for (int aside = 0; aside < 2; aside++)
		for (size_t i = 0; i < c->server_count; i++) {
			bool is_aside = c->servers[i].aside_until_ms[p->service] > now_ms;

			if (!(p->asked & 1u << i) && is_aside == aside) {
				*server = i;
				return true;
			}
		}
	return false;
}

/* --- ends --- */

static void explain(const struct radius_client *c, const struct pending *p, uint64_t now_ms,
		    struct reason *reason)
{
	const char *name = c->servers[p->server].conf.name;
	unsigned seconds = (unsigned)((now_ms - p->since_ms + 500) / 1000);

	switch (p->fault) {
	case FAULT_SILENT:
		reason_set(reason, EXIT_NEGOTIATION_FAILED,
			   "RADIUS server %s does not answer (%u s waited): is its address right, "
			   "and is this machine one of its clients?",
			   name, seconds);
		break;
	case FAULT_SEND:
		reason_set(reason, EXIT_NEGOTIATION_FAILED, "RADIUS server %s is not reached: %s",
			   name, strerror(p->error));
		break;
	case FAULT_REFUSED:
		reason_set(reason, EXIT_NEGOTIATION_FAILED,
			   "RADIUS server %s: nobody listens at its port, is it running?", name);
		break;
	case FAULT_UNSIGNED:
		reason_set(reason, EXIT_NEGOTIATION_FAILED,
			   "RADIUS server %s does not sign its answers: update it, in FreeRADIUS "
			   "add Message-Authenticator = 0x00 to the reply, or write "
			   "require-message-auth = no",
			   name);
		break;
	case FAULT_FORGED:
		reason_set(reason, EXIT_NEGOTIATION_FAILED,
			   "RADIUS server %s: its answers do not match the secret, is that the "
			   "same at both ends?",
			   name);
		break;
	}
}

static void give_up(struct radius_client *c, struct pending *p, const struct reason *why)
{
	struct radius_verdict verdict = {.outcome = RADIUS_NOBODY, .why = *why};
	enum radius_service service = p->service;
	uint32_t serial = p->serial;

	verdict.serial = serial;
	verdict.judged.verdict = VERDICT_BAD;
	drop(c, p);
	if (service == RADIUS_AUTH)
		c->callbacks.verdict(c->callbacks.ctx, &verdict);
	else
		c->callbacks.recorded(c->callbacks.ctx, serial, false);
}

static void set_aside(struct radius_client *c, const struct pending *p, uint64_t now_ms,
		      const struct reason *why)
{
	uint64_t *until = &c->servers[p->server].aside_until_ms[p->service];

	if (*until <= now_ms)
		log_warn(c->log, "%s", why->text);
	*until = now_ms + ASIDE_MS;
}

/* The server of P has had its tries. */
static void next_server(struct radius_client *c, struct pending *p, uint64_t now_ms)
{
	struct reason why = {0};
	size_t server;

	explain(c, p, now_ms, &why);
	set_aside(c, p, now_ms, &why);
	if (!choose(c, p, now_ms, &server)) {
		give_up(c, p, &why);
		return;
	}
	leave_id(c, p);
	first_try(c, p, server, now_ms);
}

/* --- from the server process --- */

static struct pending *begin(struct radius_client *c, enum radius_service service, uint64_t now_ms)
{
	struct pending *p = c->count[service] < RADIUS_PENDING_MAX ? calloc(1, sizeof *p) : NULL;

	if (!p)
		return NULL;
	p->service = service;
	p->since_ms = now_ms;
	p->next = c->pending[service];
	c->pending[service] = p;
	c->count[service]++;
	return p;
}

static void ask_first(struct radius_client *c, struct pending *p, uint64_t now_ms)
{
	struct reason why = {0};
	size_t server;

	if (choose(c, p, now_ms, &server))
		first_try(c, p, server, now_ms);
	if (p->len)
		return;
	reason_set(&why, EXIT_NEGOTIATION_FAILED,
		   p->asked ? "the caller's proof is longer than RADIUS can carry"
			    : "there is no RADIUS server to ask");
	give_up(c, p, &why);
}

void radius_client_ask(struct radius_client *c, const struct radius_question *question,
		       uint64_t now_ms)
{
	struct pending *p = begin(c, RADIUS_AUTH, now_ms);
	struct radius_verdict none = {.serial = question->serial, .outcome = RADIUS_NOBODY};

	if (!p) {
		none.judged.verdict = VERDICT_BAD;
		reason_set(&none.why, EXIT_NEGOTIATION_FAILED,
			   "too many questions wait for RADIUS servers");
		c->callbacks.verdict(c->callbacks.ctx, &none);
		return;
	}
	p->question = *question;
	p->serial = question->serial;
	ask_first(c, p, now_ms);
}

void radius_client_record(struct radius_client *c, uint32_t serial,
			  const struct radius_record *record, uint64_t now_ms, uint64_t day_ms)
{
	struct pending *p = begin(c, RADIUS_ACCT, now_ms);

	c->day_offset_ms = day_ms - now_ms;
	if (!p) {
		c->callbacks.recorded(c->callbacks.ctx, serial, false);
		return;
	}
	p->record = *record;
	p->serial = serial;
	ask_first(c, p, now_ms);
}

/* --- from the network --- */

/* An answer that counts for nothing: the true one may come still. */
static void note_odd(struct radius_client *c, struct pending *p, enum fault fault, uint64_t now_ms)
{
	if (fault > p->fault)
		p->fault = fault;
	if (log_limit_allow(&c->odd, now_ms, NULL))
		log_info(c->log, "radius %s: an answer is left out: %s",
			 c->servers[p->server].conf.name,
			 fault == FAULT_FORGED ? "it does not match the secret"
					       : "it has no Message-Authenticator");
}

static bool is_answer(const struct pending *p, uint8_t code)
{
	if (p->service == RADIUS_ACCT)
		return code == RADIUS_ACCOUNTING_RESPONSE;
	return code == RADIUS_ACCESS_ACCEPT || code == RADIUS_ACCESS_REJECT ||
	       code == RADIUS_ACCESS_CHALLENGE;
}

static void answered(struct radius_client *c, struct pending *p, const struct radius_packet *answer)
{
	struct known_server *s = &c->servers[p->server];
	struct radius_verdict verdict;
	uint32_t serial = p->serial;

	if (s->aside_until_ms[p->service])
		log_notice(c->log, "RADIUS server %s answers again", s->conf.name);
	s->aside_until_ms[p->service] = 0;
	if (p->service == RADIUS_ACCT) {
		drop(c, p);
		c->callbacks.recorded(c->callbacks.ctx, serial, true);
		return;
	}
	radius_read(&s->conf, &p->question, p->authenticator, answer, &verdict, c->log);
	drop(c, p);
	c->callbacks.verdict(c->callbacks.ctx, &verdict);
	wipe(&verdict, sizeof verdict);
}

void radius_client_input(struct radius_client *c, size_t server, enum radius_service service,
			 const uint8_t *octets, size_t len, uint64_t now_ms)
{
	struct radius_packet answer;
	struct pending *p;
	enum radius_signature signature;

	if (server >= c->server_count || !radius_decode(octets, len, &answer))
		return;
	p = c->servers[server].places[service].by_id[answer.id];
	if (!p || !is_answer(p, answer.code))
		return;
	signature = radius_judge(&c->servers[server].conf.secret, p->authenticator, &answer);
	if (signature == RADIUS_FORGED)
		note_odd(c, p, FAULT_FORGED, now_ms);
	else if (service == RADIUS_AUTH && signature != RADIUS_VOUCHED &&
		 c->servers[server].conf.signed_only)
		note_odd(c, p, FAULT_UNSIGNED, now_ms);
	else
		answered(c, p, &answer);
}

void radius_client_refused(struct radius_client *c, size_t server, enum radius_service service,
			   uint64_t now_ms)
{
	struct pending *next;

	for (struct pending *p = c->pending[service]; p; p = next) {
		size_t other;

		next = p->next;
		if (p->server != server)
			continue;
		if (p->fault < FAULT_REFUSED)
			p->fault = FAULT_REFUSED;
		if (choose(c, p, now_ms, &other)) /* else it may start again yet */
			next_server(c, p, now_ms);
	}
}

/* --- time --- */

uint64_t radius_client_deadline(const struct radius_client *c)
{
	uint64_t deadline = DEADLINE_NONE;

	for (int i = 0; i < RADIUS_SERVICES; i++)
		for (const struct pending *p = c->pending[i]; p; p = p->next)
			deadline = deadline_min(deadline, p->deadline_ms);
	return deadline;
}

static void expire(struct radius_client *c, struct pending *p, uint64_t now_ms)
{
	if (p->tries >= c->servers[p->server].conf.tries) {
		next_server(c, p, now_ms);
		return;
	}
	if (p->service == RADIUS_ACCT) {
		leave_id(c, p);
		take_id(c, p);
		write_packet(c, p, now_ms);
	}
	send_try(c, p, now_ms);
}

void radius_client_tick(struct radius_client *c, uint64_t now_ms, uint64_t day_ms)
{
	struct pending *next;

	c->day_offset_ms = day_ms - now_ms;
	for (int i = 0; i < RADIUS_SERVICES; i++)
		for (struct pending *p = c->pending[i]; p; p = next) {
			next = p->next;
			if (p->deadline_ms <= now_ms)
				expire(c, p, now_ms);
		}
}
