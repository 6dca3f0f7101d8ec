/* SPDX-License-Identifier: MIT */
/* What an answerer asks the server process and must have the answer to before it goes on: who the
 * caller is, and whether its network is applied.  Nothing waits: the answers are events. */
#include "session/internal.h"

#include <string.h>

static const struct ppp_account unknown;

static void fill_account(struct ppp_account *account, const struct request_account_answer *answer)
{
	account->known = true;
	account->judged = answer->judged;
	account->judged.said[sizeof account->judged.said - 1] = '\0';
	account->password = answer->password;
	account->local = answer->local;
	account->remote = answer->remote;
	memcpy(account->dns, answer->dns, sizeof account->dns);
	account->mppe_set = answer->mppe.policy < MPPE_POLICIES && answer->mppe.mode < MPPE_MODES;
	account->mppe = answer->mppe;
}

void session_account(void *ctx, const uint8_t *user, size_t len)
{
	struct session *s = ctx;
	struct request_account question = {.user_len = (uint16_t)len};
	bool asked = false;

	if (len <= sizeof question.user && s->accounts_asked < REQUEST_ACCOUNTS_MAX) {
		question.number = ++s->accounts_asked;
		memcpy(question.user, user, len);
		if (s->start.show_proofs)
			ppp_proof(s->ppp, &question.proof);
		asked = request_send(&s->channel, REQUEST_ACCOUNT, &question, NULL, 0) == 0;
	}
	wipe(&question, sizeof question);
	if (!asked)
		ppp_account_answer(s->ppp, &unknown, loop_now(s->loop));
}

void session_account_answer(struct session *s, const struct request_account_answer *answer)
{
	struct ppp_account account = {0};
	struct reason refusal = answer->refusal;

	if (s->start.role != ROLE_ANSWERER || answer->number != s->accounts_asked)
		return;
	if (answer->known) {
		fill_account(&account, answer);
		s->start.idle_ms = answer->idle_ms;
		s->start.session_ms = answer->session_ms;
		s->start.clamp_mss = answer->clamp_mss;
	}
	ppp_account_answer(s->ppp, &account, loop_now(s->loop));
	wipe(&account, sizeof account);
	/* Right after the check, before the caller can ask for an address: only who has proved the
	 * password learns why. */
	refusal.text[sizeof refusal.text - 1] = '\0';
	if (reason_is_set(&refusal))
		session_close(s, &refusal);
}

void session_hold_wire(struct session *s)
{
	s->wire_held = true;
	path_hold_rx(s->path);
	loop_fd_events(s->loop, &s->wire_handle, 0);
}

void session_release_wire(struct session *s)
{
	if (!s->wire_held)
		return;
	s->wire_held = false;
	loop_fd_events(s->loop, &s->wire_handle, EPOLLIN);
	path_release_rx(s->path, loop_now(s->loop));
}
