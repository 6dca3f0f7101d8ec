/* SPDX-License-Identifier: MIT */
/* The authentication phase: which protocol runs, when its packets are repeated. */
#include "ppp/auth.h"

#define TRIES_MAX 10

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
		role_of(link)->input(link, early->info, early->len);
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
	if (!link->auth.method || protocol != auth_protocol(link->auth.method)) {
		link->counters.unexpected++;
		return;
	}
	role_of(link)->input(link, info, len);
}

void auth_tick(struct ppp_link *link)
{
	struct auth *auth = &link->auth;
	const struct auth_role *role = role_of(link);
	uint64_t doubled = (uint64_t)auth->interval_ms * 2;

	if (!role || auth->deadline_ms == DEADLINE_NONE || link_now(link) < auth->deadline_ms)
		return;
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
