/* SPDX-License-Identifier: MIT */
/* The authentication phase: which protocol runs, when its packets are repeated. */
#include "ppp/auth.h"

#include <string.h>

#define TRIES_MAX	 10
#define ACCOUNT_LIMIT_MS 20000

static const struct auth_role *role_of(const struct ppp_link *link)
{
	bool caller = link->config.role == ROLE_CALLER;

	switch (link->auth.method) {
	case METHOD_PAP:
		return caller ? &pap_caller : &pap_answerer;
	case METHOD_CHAP:
	case METHOD_MSCHAP1:
	case METHOD_MSCHAP2:
		return caller ? &chap_caller : &chap_answerer;
	case METHOD_EAP:
		return caller ? &eap_caller : &eap_answerer;
	}
	return NULL;
}

/* One packet; if it cannot be judged before somebody said whether the caller has an account, it
 * waits, and so do our own repetitions. */
static void take(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct auth *auth = &link->auth;

	role_of(link)->input(link, info, len);
	if (auth->question != ASKED)
		return;
	memcpy(auth->held, info, len);
	auth->held_len = len;
	auth->deadline_ms = link_now(link) + ACCOUNT_LIMIT_MS;
}

void auth_start(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	struct early_frame *early = &link->early[EARLY_AUTH];

	wipe(auth, sizeof(*auth));
	auth->deadline_ms = DEADLINE_NONE;
	auth->method = link->config.role == ROLE_CALLER ? link->lcp.peer.auth : link->lcp.ask_auth;
	if (!auth->method) {
		auth->done = true;
		link->up->auth_done(link, 0);
		return;
	}
	if (role_of(link)->start)
		role_of(link)->start(link);
	if (early->len > 0 && early->protocol == auth_protocol(auth->method))
		take(link, early->info, early->len);
	early->len = 0;
}

void auth_stop(struct ppp_link *link)
{
	wipe(&link->auth, sizeof(link->auth));
	wipe(&link->account, sizeof(link->account));
	link->auth.deadline_ms = DEADLINE_NONE;
}

void auth_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len)
{
	bool caller = link->config.role == ROLE_CALLER;

	if (!link->auth.method || protocol != auth_protocol(link->auth.method) ||
	    link->auth.question == ASKED) {
		link->counters.unexpected++;
		return;
	}
	if (!caller && len > AUTH_PACKET_MAX) { /* no method of ours needs so much */
		link->counters.malformed++;
		return;
	}
	take(link, info, len);
}

bool auth_answer(struct ppp_link *link, const struct ppp_account *account)
{
	struct auth *auth = &link->auth;
	uint8_t packet[AUTH_PACKET_MAX];
	size_t len = auth->held_len;

	if (auth->question != ASKED || link->ending)
		return false;
	auth->question = ANSWERED;
	link->account = *account;
	if (account->known && account->dns[0].s_addr)
		memcpy(link->config.dns, account->dns, sizeof(link->config.dns));
	if (account->known && account->mppe_set)
		link->config.settings.mppe = account->mppe;
	if (len == 0) /* the callback that asks has not returned yet: auth_lookup goes on */
		return false;
	auth_timer_stop(link);
	memcpy(packet, auth->held, len);
	wipe(auth->held, sizeof(auth->held));
	auth->held_len = 0;
	take(link, packet, len);
	wipe(packet, sizeof(packet));
	return true;
}

void auth_tick(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	const struct auth_role *role = role_of(link);
	uint64_t doubled = (uint64_t)auth->interval_ms * 2;

	if (!role || auth->deadline_ms == DEADLINE_NONE || link_now(link) < auth->deadline_ms)
		return;
	if (auth->question == ASKED) {
		auth->deadline_ms = DEADLINE_NONE;
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "nobody said within %u s whether the caller has an account",
			  ACCOUNT_LIMIT_MS / 1000);
		return;
	}
	if (auth->tries++ >= TRIES_MAX) {
		auth->deadline_ms = DEADLINE_NONE;
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s does not answer during authentication with %s", link_peer(link),
			  word_of(auth_words, auth->method));
		return;
	}
	auth->interval_ms = doubled < link->config.restart_max_ms ? (uint32_t)doubled
								  : link->config.restart_max_ms;
	auth_timer_arm(auth, link_now(link));
	if (role->timeout)
		role->timeout(link);
	else
		auth_repeat(link);
}

void auth_network_heard(struct ppp_link *link)
{
	struct auth *auth = &link->auth;

	if (link->config.role != ROLE_CALLER || !auth->waiting || auth->done)
		return;
	/* RFC 3748 section 4.2: a lost EAP-Success may be taken from what the peer does next. */
	if (auth->method == METHOD_EAP && auth->eap_method_done)
		auth_succeeded(link);
	else if (link_now(link) >= auth->repeat_after_ms) {
		auth_repeat(link);
		/* That one, or its answer, may be lost as well; the peer says nothing more of it.
		 */
		if (auth->deadline_ms == DEADLINE_NONE)
			auth_timer_start(link, link->config.restart_ms);
	}
}
