/* SPDX-License-Identifier: MIT */
/* The answerer's question to the server process: who is this caller?
 *
 * PPP wants the answer at once, and a session has nothing else to do for its one caller: so it
 * waits, with a limit, for a process on the same machine. */
#include "session/internal.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ANSWER_LIMIT_MS 3000

static void take_account(struct session *s, const struct request_account_answer *answer,
			 struct ppp_account *account)
{
	account->known = answer->known;
	if (!answer->known)
		return;
	account->password = answer->password;
	account->local = answer->local;
	account->remote = answer->remote;
	memcpy(account->dns, answer->dns, sizeof account->dns);
	account->mppe_set = answer->mppe.policy < MPPE_POLICIES && answer->mppe.mode < MPPE_MODES;
	account->mppe = answer->mppe;
	s->start.idle_ms = answer->idle_ms;
	s->start.session_ms = answer->session_ms;
	s->start.clamp_mss = answer->clamp_mss;
}

/* One request of those that may come now; true for what is awaited: the answer for ACCOUNT, or
 * without one the word that the network is applied. */
static bool take_request(struct session *s, const struct request_message *m,
			 struct ppp_account *account)
{
	if (m->type == REQUEST_APPLIED) {
		s->answers.applied = true;
		s->answers.application = m->applied;
		return !account;
	}
	if (account && m->type == REQUEST_ACCOUNT_ANSWER) {
		/* An earlier question's answer that came too late is none to this one. */
		if (m->account_answer.number != s->answers.asked)
			return false;
		take_account(s, &m->account_answer, account);
		return true;
	}
	if (m->type == REQUEST_HANGUP && !s->answers.hangup) {
		s->answers.hangup = true;
		s->answers.hangup_reason = m->reason;
		return !account; /* no word will come any more */
	} else if (m->type == REQUEST_GET_STATS) {
		s->answers.stats = true;
	}
	return false;
}

static void await(struct session *s, struct ppp_account *account)
{
	struct epoll_event event = {.events = EPOLLIN};
	uint64_t end = clock_now_ms() + ANSWER_LIMIT_MS, now;
	int waiter = epoll_create1(EPOLL_CLOEXEC), rc;
	struct request_message m;
	bool done = waiter < 0 || epoll_ctl(waiter, EPOLL_CTL_ADD, s->channel.fd, &event) < 0;

	while (!done && (now = clock_now_ms()) < end) {
		if (epoll_wait(waiter, &event, 1, (int)(end - now)) <= 0)
			continue;
		rc = request_receive(&s->channel, &m);
		done = rc < 0 || (rc > 0 && take_request(s, &m, account));
		s->answers.gone |= rc < 0;
		wipe(&m, sizeof m);
	}
	if (waiter >= 0)
		close(waiter);
}

void session_account(void *ctx, const uint8_t *user, size_t len, struct ppp_account *account)
{
	struct session *s = ctx;
	struct request_account question = {.user_len = (uint16_t)len};

	if (len > sizeof question.user || s->answers.gone ||
	    s->answers.asked++ >= REQUEST_ACCOUNTS_MAX)
		return;
	question.number = s->answers.asked;
	memcpy(question.user, user, len);
	if (request_send(&s->channel, REQUEST_ACCOUNT, &question, NULL, 0) == 0)
		await(s, account);
}

void session_await_applied(struct session *s)
{
	if (!s->answers.gone)
		await(s, NULL);
}
